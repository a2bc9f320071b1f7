//! A root key, in a file that is kept far from the newsroom.

use std::path::Path;

use longear_core::id::from_hex;
use longear_core::{Address, ChannelId, PublicKey, RootSet, SecretKey};
use zeroize::Zeroizing;

use super::{check_digits, checked, hex, not_a_key_file, read_secret, token, write_secret};
use crate::failure::Failure;

const TOKEN: &str = "longear-root-";

/// One holder's root secrets: the one that signs now, and the one that signs after the next change of roots.
pub struct RootFile {
    /// Signs charters.
    pub current: SecretKey,
    /// Will sign after `channel rotate`.
    pub next: SecretKey,
    /// The whole next set, public: so that a change of roots does not need every holder.
    pub next_set: RootSet,
}

impl RootFile {
    /// Reads a root file; refused when others can read it.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = Zeroizing::new(read_secret(path)?);
        let what = "a root key file";
        let secret = token(&text, TOKEN).ok_or_else(|| not_a_key_file(path, what))?;
        let both = Zeroizing::new(from_hex::<64>(checked(secret, path)?).map_err(|_| not_a_key_file(path, what))?);
        let (mut current, mut next) = ([0; 32], [0; 32]);
        current.copy_from_slice(&both[..32]);
        next.copy_from_slice(&both[32..]);
        let next_set = token(&text, "next-set=").and_then(parse_set).ok_or_else(|| not_a_key_file(path, what))?;
        Ok(RootFile { current: SecretKey::from_seed(current), next: SecretKey::from_seed(next), next_set })
    }

    /// Writes holder `number` of `count` a file of their own. An existing file is replaced only when told so.
    pub fn write(
        &self,
        path: &Path,
        channel: &ChannelId,
        name: &str,
        (number, count): (usize, usize),
        replace: bool,
    ) -> Result<(), Failure> {
        let both = Zeroizing::new(format!("{}{}", hex(&*self.current.seed()), hex(&*self.next.seed())));
        let text = Zeroizing::new(format!(
            "Root key {number} of {count} of the channel \"{name}\"\n\
             {}\n\
             Keep this file away from the newsroom and from the other root keys. Daily work needs none of them.\n\
             Two of them together decide who may speak for the channel; one alone can do nothing.\n\
             next-set={}\n\
             {TOKEN}{}-{}\n",
            Address::new(*channel),
            write_set(&self.next_set),
            *both,
            check_digits(&both),
        ));
        write_secret(path, &text, replace)
    }
}

fn write_set(set: &RootSet) -> String {
    let keys = set.keys.iter().map(PublicKey::to_string).collect::<Vec<_>>();
    format!("{}:{}", set.threshold, keys.join(","))
}

fn parse_set(text: &str) -> Option<RootSet> {
    let (threshold, keys) = text.split_once(':')?;
    let keys = keys.split(',').map(|key| from_hex(key).ok().map(PublicKey)).collect::<Option<Vec<_>>>()?;
    Some(RootSet::new(threshold.parse().ok()?, keys))
}
