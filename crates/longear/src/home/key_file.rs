//! A delegate's key, on the one device that it belongs to.

use std::path::Path;

use longear_core::id::from_hex;
use longear_core::{Address, ChannelId, LogOpening, SecretKey};
use zeroize::Zeroizing;

use super::{check_digits, checked, hex, not_a_key_file, read_secret, token, write_secret_with};
use crate::failure::Failure;

const TOKEN: &str = "longear-delegate-";

/// A delegate's secret key with the incarnation of its log.
pub struct DelegateKey {
    /// Signs items and statements.
    pub secret: SecretKey,
    /// Which of the key's logs this device writes.
    pub incarnation: u64,
    /// Whether the file is where it was made. A copied or restored home must not go on in the same log: two devices
    /// would sign the same numbers.
    pub is_at_home: bool,
}

impl DelegateKey {
    /// A new key from randomness.
    pub fn new(seed: [u8; 32], incarnation: u64) -> Self {
        DelegateKey { secret: SecretKey::from_seed(seed), incarnation, is_at_home: true }
    }

    /// Key and incarnation.
    pub fn opening(&self) -> LogOpening {
        LogOpening { key: self.secret.public(), incarnation: self.incarnation }
    }

    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = Zeroizing::new(read_secret(path)?);
        let what = "a delegate's key file";
        let secret = token(&text, TOKEN).ok_or_else(|| not_a_key_file(path, what))?;
        let seed = from_hex::<32>(checked(secret, path)?).map_err(|_| not_a_key_file(path, what))?;
        let incarnation = token(&text, "incarnation=").and_then(|number| u64::from_str_radix(number, 16).ok());
        let incarnation = incarnation.ok_or_else(|| not_a_key_file(path, what))?;
        let is_at_home = token(&text, "place=") == Some(place_of(path).as_str());
        Ok(DelegateKey { secret: SecretKey::from_seed(seed), incarnation, is_at_home })
    }

    pub(super) fn write(&mut self, path: &Path, channel: &ChannelId) -> Result<(), Failure> {
        // The place is known once the file stands under any name, and stays the same when it is renamed.
        write_secret_with(path, true, |partial| self.text(channel, &place_of(partial)))?;
        self.is_at_home = true;
        Ok(())
    }

    fn text(&self, channel: &ChannelId, place: &str) -> Zeroizing<String> {
        let seed = Zeroizing::new(hex(&*self.secret.seed()));
        let digits = check_digits(&seed);
        Zeroizing::new(format!(
            "The key of this device for {}\n\
             Whoever has it can publish in the channel's name. Never copy it to another device: enrol that one instead.\n\
             incarnation={:016x}\n\
             place={place}\n\
             {TOKEN}{}-{digits}\n",
            Address::new(*channel),
            self.incarnation,
            *seed,
        ))
    }
}

/// What changes when a file is copied: its inode, and its birth where the file system tells.
fn place_of(path: &Path) -> String {
    let Ok(metadata) = std::fs::metadata(path) else { return "-".into() };
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let inode = 0;
    let born = metadata.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{inode:x}.{:x}", born.map_or(0, |time| time.as_nanos()))
}
