//! The private file of a writer: the key under which this device writes in one room, and whom and what it does not want to read there.

use std::fs;
use std::path::{Path, PathBuf};

use longear_core::id::from_hex;
use longear_core::room::{RoomId, TicketWord};
use longear_core::{PublicKey, SecretKey};
use longear_store::rooms::words::fold;
use zeroize::Zeroizing;

use super::{Home, check_digits, checked, file_failure, hex, make_private_folder, not_a_key_file};
use super::{read_secret, token, write_secret};
use crate::failure::Failure;

/// Where these files stand.
const FOLDER: &str = "rooms";
/// What the secrets begin with.
const TOKEN: &str = "longear-writer-";
/// What stands before a ticket.
const TICKET: &str = "ticket=";
/// What tells a muted writer from all other words.
const MUTED: &str = "muted=";
/// What tells a word that is not to be read from all other words.
const AVOIDED: &str = "avoided=";
/// Writers that can be muted in one room, and words.
const MUTED_MAX: usize = 128;

/// Who this device is in one room, and nowhere else.
#[derive(Clone)]
pub struct Writer {
    /// Signs notes.
    pub key: SecretKey,
    /// Gives them a place on the roll.
    pub ticket: Option<TicketWord>,
    /// Whose notes are not shown here.
    pub muted: Vec<PublicKey>,
    /// Notes with words that begin like one of these are not shown here. They are folded, as for search.
    pub avoided: Vec<String>,
}

impl Writer {
    /// A new one from randomness.
    pub fn new(seed: [u8; 32]) -> Self {
        Writer { key: SecretKey::from_seed(seed), ticket: None, muted: Vec::new(), avoided: Vec::new() }
    }

    /// Mutes a writer, or hears him again. False if it was so before, or if too many are muted.
    pub fn mute(&mut self, writer: PublicKey, is_muted: bool) -> bool {
        put(&mut self.muted, writer, is_muted)
    }

    /// Avoids a folded word, or reads it again. False if it was so before, or if too many are avoided.
    pub fn avoid(&mut self, word: String, is_avoided: bool) -> bool {
        put(&mut self.avoided, word, is_avoided)
    }

    /// Whether a text has a word that is avoided.
    pub fn avoids(&self, text: &str) -> bool {
        !self.avoided.is_empty()
            && fold(text).split(' ').any(|word| self.avoided.iter().any(|avoided| word.starts_with(avoided)))
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let text = Zeroizing::new(read_secret(path)?);
        let what = "the file of a writer";
        let secret = token(&text, TOKEN).ok_or_else(|| not_a_key_file(path, what))?;
        let seed = from_hex::<32>(checked(secret, path)?).map_err(|_| not_a_key_file(path, what))?;
        let ticket = token(&text, TICKET).map(TicketWord::read).transpose();
        let ticket = ticket.map_err(|_| not_a_key_file(path, what))?;
        let muted = text.split_whitespace().filter_map(|word| word.strip_prefix(MUTED));
        let muted = muted.map(|key| from_hex(key).map(PublicKey)).collect::<Result<Vec<_>, _>>();
        let muted = muted.map_err(|_| not_a_key_file(path, what))?;
        let avoided = text.split_whitespace().filter_map(|word| word.strip_prefix(AVOIDED));
        let avoided = avoided.map(str::to_owned).collect();
        Ok(Writer { key: SecretKey::from_seed(seed), ticket, muted, avoided })
    }

    fn text(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(hex(&*self.key.seed()));
        let ticket = self.ticket.as_ref().map(|ticket| Zeroizing::new(format!("{TICKET}{}\n", *ticket.word())));
        let muted = self.muted.iter().map(|key| format!("{MUTED}{key}\n")).collect::<String>();
        let avoided = self.avoided.iter().map(|word| format!("{AVOIDED}{word}\n")).collect::<String>();
        Zeroizing::new(format!(
            "The key under which this device writes in one room\n\
             Whoever has it can write in your place, and can tell which notes are yours.\n\
             {ticket}{muted}{avoided}{TOKEN}{seed}-{digits}\n",
            ticket = ticket.as_deref().map_or("", |line| line),
            seed = *seed,
            digits = check_digits(&seed),
        ))
    }
}

/// Puts something into a list, or takes it out. False if that changes nothing, or if the list is full.
fn put<T: PartialEq>(list: &mut Vec<T>, one: T, is_in: bool) -> bool {
    match (list.iter().position(|other| *other == one), is_in) {
        (Some(at), false) => drop(list.remove(at)),
        (None, true) if list.len() < MUTED_MAX => list.push(one),
        _ => return false,
    }
    true
}

impl Home {
    /// Who this device is in a room, if it has ever said something there.
    pub fn writer(&self, room: &RoomId) -> Result<Option<Writer>, Failure> {
        let path = self.writer_path(room);
        match path.try_exists() {
            Ok(false) => Ok(None),
            _ => Writer::read(&path).map(Some),
        }
    }

    /// Keeps who this device is in a room.
    pub fn write_writer(&self, room: &RoomId, writer: &Writer) -> Result<(), Failure> {
        make_private_folder(&self.folder.join(FOLDER))?;
        write_secret(&self.writer_path(room), &writer.text(), true)
    }

    /// Forgets who this device was in a room.
    pub fn forget_writer(&self, room: &RoomId) -> Result<(), Failure> {
        let path = self.writer_path(room);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_failure("remove", &path, &error)),
            _ => Ok(()),
        }
    }

    fn writer_path(&self, room: &RoomId) -> PathBuf {
        self.folder.join(FOLDER).join(format!("{room}.writer"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId([9; 32]);

    #[test]
    fn a_writer_is_kept_with_ticket_and_muted_and_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path().join("home")).unwrap();
        assert!(home.writer(&ROOM).unwrap().is_none());
        let mut writer = Writer::new([3; 32]);
        writer.ticket = Some(TicketWord::new([4; 16], &ROOM));
        let other = SecretKey::from_seed([5; 32]).public();
        assert!(writer.mute(other, true) && !writer.mute(other, true));
        assert!(writer.avoid(fold("Әже"), true) && !writer.avoid(fold("әже"), true));
        home.write_writer(&ROOM, &writer).unwrap();
        let read = home.writer(&ROOM).unwrap().unwrap();
        assert_eq!(read.key.public(), writer.key.public());
        assert_eq!(*read.ticket.as_ref().unwrap().word(), *writer.ticket.as_ref().unwrap().word());
        assert_eq!(read.muted, [other]);
        assert!(read.avoids("Біздің ӘЖЕМІЗ келді") && read.avoids("ажем") && !read.avoids("Біз келдік"));
        assert!(writer.avoid(fold("әже"), false) && !writer.avoids("әже"));
        assert!(writer.mute(other, false) && writer.muted.is_empty());
        home.forget_writer(&ROOM).unwrap();
        home.forget_writer(&ROOM).unwrap();
        assert!(home.writer(&ROOM).unwrap().is_none());
    }
}
