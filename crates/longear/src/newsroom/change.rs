//! Changing a charter: drafts that root holders sign one after the other, on different machines.

use std::path::{Path, PathBuf};

use longear_core::bytes::{Reader, Writer};
use longear_core::charter::{Delegate, Origin};
use longear_core::closing::closing_root;
use longear_core::holdings::Holdings;
use longear_core::id::LogOpening;
use longear_core::limits::{LABEL_BYTES_MAX, LOG_ITEMS_MAX};
use longear_core::{
    Applied, ChannelId, Charter, CharterBody, Closing, ItemId, LogId, PublicKey, Roles, RootSet, SecretKey, verify,
};
use longear_store::{ChannelState, Store};

use crate::failure::Failure;
use crate::home::{RootFile, file_failure, store_failure};
use crate::newsroom::founding::Random;
use crate::newsroom::signing::known;

/// Longest charter or request file that is read.
const FILE_BYTES_MAX: u64 = 262_144;

/// What a new device asks for: to be enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// In which channel.
    pub channel: ChannelId,
    /// The device's key.
    pub key: PublicKey,
    /// What it wants to sign.
    pub roles: Roles,
    /// What people call the device.
    pub label: String,
    /// Its agreement.
    pub enrolment: [u8; 64],
}

impl Request {
    /// The bytes of a request file.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(b"LER").u8(1).raw(&self.channel.0).raw(&self.key.0).u16(self.roles.bits()).text(&self.label);
        out.raw(&self.enrolment);
        out.into_bytes()
    }

    /// Reads a request file.
    pub fn decode(bytes: &[u8]) -> Result<Self, longear_core::Reason> {
        let mut input = Reader::new(bytes);
        input.magic(b"LER", "an enrolment request")?;
        let request = Request {
            channel: ChannelId(input.array()?),
            key: PublicKey(input.array()?),
            roles: Roles::from_bits(input.u16()?)?,
            label: input.text("label", LABEL_BYTES_MAX)?,
            enrolment: input.array()?,
        };
        input.finish()?;
        Ok(request)
    }
}

/// The charter that would follow, with nothing changed yet.
pub fn draft(state: &ChannelState, now_ms: u64) -> Result<CharterBody, Failure> {
    if !state.lineage().rivals().is_empty() {
        return Err(Failure::refused("Two charters of the same number contradict each other; no third can follow")
            .hint("Found a new channel, and tell readers its 30 digits in person"));
    }
    let newest = state.lineage().newest().ok_or_else(|| Failure::refused("This channel has no charter here"))?;
    let mut body = newest.clone();
    body.number += 1;
    body.origin = Origin::Channel(state.id());
    body.time = now_ms;
    body.closings.clear();
    Ok(body)
}

/// Enrols a device, or prolongs the life of one that is enrolled.
pub fn add_delegate(body: &mut CharterBody, request: Request, until_ms: Option<u64>) {
    let not_after = until_ms.unwrap_or(0);
    match body.delegates.iter_mut().find(|delegate| delegate.key == request.key) {
        Some(delegate) => {
            delegate.roles = request.roles;
            delegate.enrolment = request.enrolment;
            delegate.not_after = not_after;
        }
        None => body.delegates.push(Delegate {
            key: request.key,
            roles: request.roles,
            region: String::new(),
            not_before: 0,
            not_after,
            label: request.label,
            enrolment: request.enrolment,
        }),
    }
    body.sort();
}

/// Leaves a key out and closes its logs behind the last good item.
pub fn revoke(
    store: &Store,
    state: &ChannelState,
    body: &mut CharterBody,
    key: &PublicKey,
    last_good: Option<&ItemId>,
) -> Result<(), Failure> {
    let failure = |error| store_failure(&error);
    let last = last_good.map(|id| store.item(id).map_err(failure)).transpose()?.flatten();
    if let Some(id) = last_good
        && last.as_ref().is_none_or(|item| item.opening.key != *key)
    {
        return Err(Failure::refused(format!("The item {id} is not here, or another device signed it"))
            .hint("Find it in: longear list --all --json"));
    }
    body.delegates.retain(|delegate| delegate.key != *key);
    for (log, opening) in state.known_logs().into_iter().filter(|(_, opening)| opening.key == *key) {
        let items = match &last {
            Some(item) if item.log == log => item.header().seq + 1,
            Some(item) => good_until(store, &log, item.header().time)?,
            None => state.logs().get(&log).map_or(0, |held| whole_prefix(held.headers())),
        };
        body.closings.push(closing(store, &log, opening, items)?);
    }
    body.sort();
    Ok(())
}

fn whole_prefix(held: &longear_core::Intervals) -> u64 {
    held.ranges().first().filter(|range| range.start == 0).map_or(0, |range| range.end)
}

/// How many items of another log of the same key are dated no later than the last good one.
fn good_until(store: &Store, log: &LogId, time: u64) -> Result<u64, Failure> {
    let items = store.log_items(log, 0, LOG_ITEMS_MAX as usize).map_err(|error| store_failure(&error))?;
    let good = items.iter().enumerate();
    Ok(good.take_while(|(seq, item)| item.header().seq == *seq as u64 && item.header().time <= time).count() as u64)
}

fn closing(store: &Store, log: &LogId, opening: LogOpening, items: u64) -> Result<Closing, Failure> {
    let held = store.log_items(log, 0, items as usize).map_err(|error| store_failure(&error))?;
    let ids = held.iter().map(|item| item.id()).collect::<Vec<_>>();
    if ids.len() as u64 != items || held.last().is_some_and(|item| item.header().seq + 1 != items) {
        return Err(Failure::refused("Not all items before the last good one are here, so the log cannot be closed")
            .hint("Fetch them first: longear sync CARRIER; or name an earlier one: --last-good ID"));
    }
    let tip = ids.last().copied().unwrap_or(ItemId::NONE);
    Ok(Closing { opening, log: *log, items, tip, root: closing_root(ids) })
}

/// Puts the committed root set in force and commits to a fresh one. Returns the files for the holders.
pub fn rotate(body: &mut CharterBody, holders: &[RootFile], random: Random<'_>) -> Result<Vec<RootFile>, Failure> {
    let needed = usize::from(body.roots.threshold);
    if holders.len() < needed {
        return Err(Failure::refused(format!("Changing the roots needs {needed} root files at once"))
            .hint("Name each with --root FILE"));
    }
    let set = holders[0].next_set.clone();
    if set.commitment() != body.next || holders.iter().any(|holder| holder.next_set != set) {
        return Err(Failure::refused("These root files are not those of the newest charter")
            .hint("Use the files that were written at the last change of roots"));
    }
    // A holder who is missing today gets a seat in the set after this one, under a new key.
    let mut secrets = Vec::new();
    for index in 0..set.keys.len() {
        let current = match holders.get(index) {
            Some(holder) => holder.next.clone(),
            None => SecretKey::from_seed(random()?),
        };
        secrets.push((current, SecretKey::from_seed(random()?)));
    }
    let next_set = RootSet::new(set.threshold, secrets.iter().map(|(_, next)| next.public()).collect());
    body.roots = set;
    body.next = next_set.commitment();
    let file = |(current, next)| RootFile { current, next, next_set: next_set.clone() };
    Ok(secrets.into_iter().map(file).collect())
}

/// Signs with every key of a holder that counts for this charter. False if none does.
pub fn sign(charter: &mut Charter, before: Option<&CharterBody>, holder: &RootFile) -> bool {
    let mut signed = false;
    for key in [&holder.current, &holder.next] {
        let public = key.public();
        let in_set = |set: &RootSet| set.keys.contains(&public);
        if in_set(&charter.body.roots) || before.is_some_and(|before| in_set(&before.roots)) {
            charter.sign(key);
            signed = true;
        }
    }
    signed
}

/// How many more signatures the charter needs, of the roots before and of its own.
pub fn missing(charter: &Charter, before: Option<&CharterBody>) -> usize {
    let sets = std::iter::once(&charter.body.roots).chain(before.map(|before| &before.roots));
    let missing = sets.map(|set| usize::from(set.threshold).saturating_sub(charter.signers_of(set)));
    missing.max().unwrap_or(0)
}

/// Verifies a charter and applies it here.
pub fn apply(store: &Store, charter: Charter) -> Result<Applied, Failure> {
    let state = known(store, &charter.body.channel())?;
    let number = charter.body.number;
    let verified = verify(state.lineage(), charter).map_err(|reason| {
        Failure::verification(format!("Charter {number} is refused: {reason}. Nothing was changed"))
    })?;
    let failure = |error| store_failure(&error);
    let mut batch = store.write().map_err(failure)?;
    let applied = batch.charter(verified).map_err(failure)?;
    batch.commit().map_err(failure)?;
    Ok(applied)
}

/// Reads a charter file, signed or not.
pub fn read_charter(path: &Path) -> Result<Charter, Failure> {
    Charter::decode_draft(&read_file(path)?)
        .map_err(|reason| Failure::refused(format!("{} is not a charter: {reason}", path.display())))
}

/// Reads a request file.
pub fn read_request(path: &Path) -> Result<Request, Failure> {
    Request::decode(&read_file(path)?)
        .map_err(|reason| Failure::refused(format!("{} is not an enrolment request: {reason}", path.display())))
}

/// Reads the root files.
pub fn read_roots(paths: &[PathBuf]) -> Result<Vec<RootFile>, Failure> {
    paths.iter().map(|path| RootFile::read(path)).collect()
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| file_failure("read", path, &error))?;
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| file_failure("read", path, &error))?;
    Ok(bytes)
}
