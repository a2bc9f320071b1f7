//! Making a channel.

use std::path::Path;

use longear_core::charter::{Delegate, Origin, founding};
use longear_core::{ChannelId, Charter, CharterBody, Lineage, Roles, RootSet, SecretKey, verify};
use longear_store::Store;

use crate::failure::Failure;
use crate::home::{DelegateKey, Home, RootFile, store_failure};

/// Root keys of a new channel, and how many of them must sign.
const ROOTS: usize = 3;
const THRESHOLD: u8 = 2;
/// Label of the device that made the channel.
const FIRST_LABEL: &str = "first device";

/// A source of random bytes.
pub type Random<'r> = &'r mut dyn FnMut() -> Result<[u8; 32], Failure>;

/// Makes a channel with 2-of-3 root keys in `roots`, and a delegate key here.
pub fn found(
    home: &Home,
    store: &Store,
    name: &str,
    roots: &Path,
    now_ms: u64,
    random: Random<'_>,
) -> Result<ChannelId, Failure> {
    let holders = new_holders(random)?;
    let set = RootSet::new(THRESHOLD, holders.iter().map(|holder| holder.current.public()).collect());
    let next = holders[0].next_set.commitment();
    let salt = random()?;
    let mut key = DelegateKey::new(random()?, random_number(random)?);
    let roles = Roles::POST.with(Roles::EDIT).with(Roles::LIVE).with(Roles::MODERATE);
    let delegate = Delegate {
        key: key.secret.public(),
        roles,
        region: String::new(),
        not_before: 0,
        not_after: 0,
        label: FIRST_LABEL.into(),
        enrolment: Delegate::enrol(&key.secret, &founding(&salt, &next, &set), roles, ""),
    };
    let body = CharterBody {
        number: 1,
        origin: Origin::Salt(salt),
        time: now_ms,
        name: name.to_owned(),
        roots: set,
        next,
        delegates: vec![delegate],
        closings: Vec::new(),
        extensions: Vec::new(),
    };
    let mut charter = Charter::unsigned(body);
    holders.iter().for_each(|holder| charter.sign(&holder.current));
    let channel = charter.body.channel();
    let charter = Charter::decode(&charter.encode()).and_then(|charter| verify(&Lineage::new(channel), charter));
    let charter = charter.map_err(|reason| {
        Failure::refused(format!("The channel cannot be made: {reason}")).hint("Use a name of 1 to 128 bytes")
    })?;
    // Keys first: a channel that is known but cannot be written to would be worse than keys without a channel.
    for (index, holder) in holders.iter().enumerate() {
        let path = roots.join(format!("root-{}-of-{ROOTS}.key", index + 1));
        holder.write(&path, &channel, name, (index + 1, ROOTS), false)?;
    }
    home.write_delegate_key(&channel, &mut key)?;
    let failure = |error| store_failure(&error);
    let mut batch = store.write().map_err(failure)?;
    batch.follow(&channel).map_err(failure)?;
    batch.charter(charter).map_err(failure)?;
    batch.commit().map_err(failure)?;
    Ok(channel)
}

fn new_holders(random: Random<'_>) -> Result<Vec<RootFile>, Failure> {
    let mut secrets = Vec::with_capacity(ROOTS);
    for _ in 0..ROOTS {
        secrets.push((SecretKey::from_seed(random()?), SecretKey::from_seed(random()?)));
    }
    let next_set = RootSet::new(THRESHOLD, secrets.iter().map(|(_, next)| next.public()).collect());
    let holder = |(current, next)| RootFile { current, next, next_set: next_set.clone() };
    Ok(secrets.into_iter().map(holder).collect())
}

/// A random number for an incarnation.
pub fn random_number(random: Random<'_>) -> Result<u64, Failure> {
    let bytes = random()?;
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[..8]);
    Ok(u64::from_le_bytes(number))
}
