//! The private file of a running broadcast: its key, and the word that encoders are let in by.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use longear_core::hash::labelled;
use longear_core::id::from_hex;
use longear_core::{Address, ChannelId, ItemId, LogId, SecretKey, Session, StreamId};
use zeroize::Zeroizing;

use super::{Home, check_digits, checked, file_failure, folder_of, hex, make_private_folder, not_a_key_file};
use super::{read_secret, sync_folder, token, write_secret};
use crate::failure::Failure;

/// Where these files stand.
const FOLDER: &str = "live";
/// What their names end with.
const ENDING: &str = ".session";
/// What the names of files end with that make ffmpeg show a token.
const PRESET_ENDING: &str = ".preset";
/// What the secrets begin with.
const TOKEN: &str = "longear-live-";
/// Bytes of an encoder's token.
const TOKEN_BYTES: usize = 16;
/// What tells the hash of an encoder's token from all other hashes.
const TOKEN_LABEL: &str = "live token";
/// What tells what senders of RTMP and SRT have to know from all other hashes.
const SENDER_LABEL: &str = "live sender key";
/// Says that the broadcast is to be ended.
const STOPPING: &str = "stopping";
/// Says that it goes on.
const RUNNING: &str = "running";
/// Where it is listened for senders of RTMP; left out where it is not.
const RTMP: &str = "rtmp=";
/// The same for SRT.
const SRT: &str = "srt=";
/// What stands before the title, which is the last thing in the file: it may hold any words.
const TITLE: &str = "title=";

/// A broadcast that this device makes. There is such a file from "go live" until its last roll-up is published.
#[derive(Clone)]
pub struct LiveSession {
    /// In which channel.
    pub channel: ChannelId,
    /// In which log it was opened; roll-ups count there only.
    pub log: LogId,
    /// The item that opened it.
    pub item: ItemId,
    /// Which broadcast.
    pub stream: StreamId,
    /// Signs its ticks.
    pub key: SecretKey,
    /// Lets encoders in.
    pub token: LiveToken,
    /// Until when its ticks count, in milliseconds since 1970.
    pub until: u64,
    /// Where it is listened for senders, beside encoders that put files.
    pub intake: Intake,
    /// Whether somebody asked for its end.
    pub is_stopping: bool,
    /// What people call it.
    pub title: String,
}

/// Where the process that serves is to let ffmpeg listen for senders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// For RTMP, over TCP.
    pub rtmp: Option<SocketAddr>,
    /// For SRT, over UDP.
    pub srt: Option<SocketAddr>,
}

/// The word that an encoder shows. It has no `Debug` and is wiped from memory when dropped.
#[derive(Clone)]
pub struct LiveToken(Zeroizing<String>);

impl LiveToken {
    /// A token from randomness.
    pub fn new(random: [u8; 32]) -> Self {
        let random = Zeroizing::new(random);
        LiveToken(Zeroizing::new(hex(&random[..TOKEN_BYTES])))
    }

    /// The word itself, to be shown to whoever begins the broadcast.
    pub fn word(&self) -> &str {
        &self.0
    }

    /// What senders of RTMP and SRT have to know. It lets nobody put files, and the token cannot be found from it.
    pub fn sender_key(&self) -> Zeroizing<String> {
        let hash = Zeroizing::new(labelled(SENDER_LABEL, &[self.0.as_bytes()]));
        Zeroizing::new(hex(&hash[..TOKEN_BYTES]))
    }

    /// What is compared instead of the word: how long that takes says nothing about the word.
    pub fn hash(&self) -> [u8; 32] {
        Self::hash_of(&self.0)
    }

    /// The same of a word that somebody shows.
    pub fn hash_of(word: &str) -> [u8; 32] {
        labelled(TOKEN_LABEL, &[word.as_bytes()])
    }
}

impl LiveSession {
    /// Who may sign ticks of this broadcast.
    pub fn session(&self) -> Session {
        Session { channel: self.channel, stream: self.stream, key: self.key.public(), until: self.until }
    }

    fn read(path: &Path, stream: StreamId) -> Result<Self, Failure> {
        let text = Zeroizing::new(read_secret(path)?);
        let not_one = || not_a_key_file(path, "the file of a broadcast");
        let secret = checked(token(&text, TOKEN).ok_or_else(not_one)?, path)?;
        let (seed, word) = secret.split_at_checked(64).ok_or_else(not_one)?;
        let seed = Zeroizing::new(from_hex::<32>(seed).map_err(|_| not_one())?);
        from_hex::<TOKEN_BYTES>(word).map_err(|_| not_one())?;
        // The title may hold any words, also such as stand before it.
        let (front, title) = text.split_once(TITLE).ok_or_else(not_one)?;
        Ok(LiveSession {
            channel: word_of(&text, "channel=").ok_or_else(not_one)?,
            log: word_of(&text, "log=").ok_or_else(not_one)?,
            item: word_of(&text, "item=").ok_or_else(not_one)?,
            stream,
            key: SecretKey::from_seed(*seed),
            token: LiveToken(Zeroizing::new(word.to_owned())),
            until: word_of(&text, "until=").ok_or_else(not_one)?,
            intake: Intake { rtmp: word_of(front, RTMP), srt: word_of(front, SRT) },
            is_stopping: token(&text, "state=").ok_or_else(not_one)? == STOPPING,
            title: title.trim_end().to_owned(),
        })
    }

    fn text(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(format!("{}{}", hex(&*self.key.seed()), self.token.word()));
        Zeroizing::new(format!(
            "A running broadcast of {}\n\
             Whoever has this file can speak in it until it ends. Never copy it.\n\
             channel={}\nlog={}\nitem={}\nuntil={}\nstate={}\n{}{}\
             {TOKEN}{}-{}\n\
             {TITLE}{}\n",
            Address::new(self.channel),
            self.channel,
            self.log,
            self.item,
            self.until,
            if self.is_stopping { STOPPING } else { RUNNING },
            line(RTMP, self.intake.rtmp),
            line(SRT, self.intake.srt),
            *secret,
            check_digits(&secret),
            self.title,
        ))
    }
}

impl Home {
    /// The broadcasts that this device makes, each with its file or with why that cannot be read.
    pub fn live_sessions(&self) -> Result<Vec<Result<LiveSession, Failure>>, Failure> {
        let folder = self.live_folder();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| file_failure("read", &folder, &error))?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut streams = names.filter_map(|name| from_hex(name.strip_suffix(ENDING)?).ok()).collect::<Vec<[u8; 16]>>();
        streams.sort_unstable();
        let mut sessions = Vec::new();
        for stream in streams {
            let path = self.session_path(&StreamId(stream));
            let session = LiveSession::read(&path, StreamId(stream));
            // One that ended in between is none.
            if session.is_ok() || path.exists() {
                sessions.push(session);
            }
        }
        Ok(sessions)
    }

    /// Writes the file of a broadcast, or replaces it.
    pub fn write_live_session(&self, session: &LiveSession) -> Result<(), Failure> {
        make_private_folder(&self.live_folder())?;
        write_secret(&self.session_path(&session.stream), &session.text(), true)
    }

    /// Writes the private file that makes an ffmpeg show the token of a broadcast, and says where it is. It goes with the broadcast.
    pub fn write_live_preset(&self, session: &LiveSession) -> Result<PathBuf, Failure> {
        let path = self.preset_path(&session.stream);
        let text = Zeroizing::new(format!("headers=Authorization: Bearer {}\n", session.token.word()));
        write_secret(&path, &text, true)?;
        Ok(path)
    }

    /// Removes the files of a broadcast that has ended, and what was asked for of it.
    pub fn remove_live_session(&self, stream: &StreamId) -> Result<(), Failure> {
        self.remove_wishes(stream)?;
        let path = self.session_path(stream);
        for path in [&self.preset_path(stream), &path] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(file_failure("remove", path, &error));
                }
                _ => {}
            }
        }
        sync_folder(folder_of(&path)).map_err(|error| file_failure("remove", &path, &error))
    }

    pub(super) fn live_folder(&self) -> PathBuf {
        self.folder.join(FOLDER)
    }

    fn preset_path(&self, stream: &StreamId) -> PathBuf {
        self.live_folder().join(format!("{stream}{PRESET_ENDING}"))
    }

    fn session_path(&self, stream: &StreamId) -> PathBuf {
        self.live_folder().join(format!("{stream}{ENDING}"))
    }
}

fn word_of<T: std::str::FromStr>(text: &str, name: &str) -> Option<T> {
    token(text, name)?.parse().ok()
}

fn line(name: &str, address: Option<SocketAddr>) -> String {
    address.map_or(String::new(), |address| format!("{name}{address}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(title: &str) -> LiveSession {
        LiveSession {
            channel: ChannelId([1; 32]),
            log: LogId([2; 16]),
            item: ItemId([3; 32]),
            stream: StreamId([4; 16]),
            key: SecretKey::from_seed([5; 32]),
            token: LiveToken::new([6; 32]),
            until: 7,
            intake: Intake::default(),
            is_stopping: false,
            title: title.to_owned(),
        }
    }

    #[test]
    fn what_was_written_is_read_whatever_the_title_says() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let home = Home::open(folder.path().join("home")).expect("a home");
        assert!(home.live_sessions().expect("none").is_empty());
        let title = "state=stopping channel=00 rtmp=127.0.0.1:1 title=\nlongear-live-00 Наурыз";
        home.write_live_session(&session(title)).expect("it is written");
        let mut read = home.live_sessions().expect("one").remove(0).expect("it reads");
        assert_eq!((read.title.as_str(), read.is_stopping, read.until), (title, false, 7));
        assert_eq!(read.session(), session("").session());
        assert_eq!(read.token.hash(), LiveToken::hash_of("06".repeat(16).as_str()));
        assert_eq!(read.intake, Intake::default());
        read.is_stopping = true;
        read.intake = Intake { rtmp: Some(([127, 0, 0, 1], 1935).into()), srt: "[::]:9000".parse().ok() };
        let intake = read.intake;
        home.write_live_session(&read).expect("it is replaced");
        let again = home.live_sessions().expect("one").remove(0).expect("it reads");
        assert_eq!((again.is_stopping, again.intake), (true, intake));
        let preset = home.write_live_preset(&read).expect("it is written");
        home.remove_live_session(&read.stream).expect("it is removed");
        home.remove_live_session(&read.stream).expect("twice is no harm");
        assert!(home.live_sessions().expect("none").is_empty());
        assert!(!preset.exists(), "it holds the token");
    }

    #[test]
    fn what_senders_know_is_not_the_token() {
        let token = LiveToken::new([6; 32]);
        let key = token.sender_key();
        assert!(key.len() == 2 * TOKEN_BYTES && key.as_str() != token.word());
        assert_ne!(LiveToken::hash_of(&key), token.hash(), "nobody is let in with it");
        assert_ne!(*key, *LiveToken::new([7; 32]).sender_key());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_or_that_was_changed_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::TempDir::new().expect("a folder");
        let home = Home::open(folder.path().join("home")).expect("a home");
        home.write_live_session(&session("A")).expect("it is written");
        let path = home.session_path(&StreamId([4; 16]));
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
        assert!(home.live_sessions().expect("one").remove(0).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
        let text = fs::read_to_string(&path).expect("there").replace("longear-live-05", "longear-live-06");
        fs::write(&path, text).expect("ours");
        assert!(home.live_sessions().expect("one").remove(0).is_err());
    }
}
