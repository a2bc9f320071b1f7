//! The applied charters of a channel: the authority for everything else in it.

use crate::charter::{Charter, CharterBody, Closing, Delegate, Origin};
use crate::id::{ChannelId, CharterHash, LogId, LogOpening};
use crate::keys::PublicKey;
use crate::limits::CHARTERS_MAX;
use crate::reason::Reason;
use crate::sorted::{SortedMap, SortedSet};
use crate::verify::{Claim, Verified, sealed};

/// Contradicting charters that are kept: two are a proof.
const RIVALS_KEPT: usize = 2;

/// The chain of charters from the pinned channel ID on.
///
/// Empty at first: then only the charter whose hash is the channel ID is accepted.
#[derive(Clone, Debug)]
pub struct Lineage {
    channel: ChannelId,
    founding: [u8; 32],
    charters: Vec<Charter>,
    newest_entries: SortedMap<PublicKey, Delegate>,
    left_out: SortedSet<PublicKey>,
    closings: SortedMap<LogId, Closing>,
    rivals: Vec<Charter>,
}

/// What became of a charter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is the newest now.
    Next,
    /// It was known already, or two rivals prove as much as a third would.
    Known,
    /// It contradicts a charter held: both are proof, nothing later is applied.
    Rival,
    /// It was verified against another channel, or before rivals came between; nothing changed. Verify it again.
    Stale,
}

/// Whether a log may still grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Its key is a delegate.
    Open,
    /// A charter closed it.
    Closed(&'a Closing),
    /// Its key was left out, and no charter names it.
    Void,
}

impl Lineage {
    /// A lineage that knows nothing but the pinned ID.
    pub fn new(channel: ChannelId) -> Self {
        Lineage {
            channel,
            founding: [0; 32],
            charters: Vec::new(),
            newest_entries: SortedMap::new(),
            left_out: SortedSet::new(),
            closings: SortedMap::new(),
            rivals: Vec::new(),
        }
    }

    /// The pinned channel.
    pub fn channel(&self) -> ChannelId {
        self.channel
    }

    /// The newest applied charter; `None` before charter 1.
    pub fn newest(&self) -> Option<&CharterBody> {
        self.charters.last().map(|charter| &charter.body)
    }

    /// Number of the newest applied charter, 0 before charter 1.
    pub fn number(&self) -> u64 {
        self.charters.len() as u64
    }

    /// Hash of the newest applied charter, zeros before charter 1.
    pub fn hash(&self) -> CharterHash {
        self.newest().map_or(CharterHash([0; 32]), CharterBody::hash)
    }

    /// All applied charters, from 1.
    pub fn charters(&self) -> &[Charter] {
        &self.charters
    }

    /// Two valid successors of the newest charter, ascending by hash, if the roots contradicted each other; else empty.
    ///
    /// Of more than two those with the smallest hashes, so that all copies name the same proof.
    pub fn rivals(&self) -> &[Charter] {
        &self.rivals
    }

    /// What enrolments of this channel sign.
    pub fn founding(&self) -> &[u8; 32] {
        &self.founding
    }

    /// The newest entry of a key in any charter, also of one that was left out since.
    pub fn entry(&self, key: &PublicKey) -> Option<&Delegate> {
        self.newest_entries.get(key)
    }

    /// Whether the key is a delegate of the newest charter.
    pub fn is_delegate(&self, key: &PublicKey) -> bool {
        self.newest().is_some_and(|body| body.delegate(key).is_some())
    }

    /// Whether the log of this opening is open, closed or void.
    pub fn standing(&self, opening: &LogOpening) -> Standing<'_> {
        match self.closings.get(&opening.log(&self.channel)) {
            Some(closing) => Standing::Closed(closing),
            None if self.left_out.contains(&opening.key) => Standing::Void,
            None => Standing::Open,
        }
    }

    /// All closings in force.
    pub fn closings(&self) -> impl Iterator<Item = &Closing> {
        self.closings.values()
    }

    /// Takes in a charter that was verified against this lineage.
    ///
    /// With two valid successors the lineage falls back to the charter before them: neither counts.
    pub fn apply(&mut self, charter: Verified<Charter>) -> Applied {
        let charter = charter.into_inner();
        let number = charter.body.number;
        if charter.body.channel() != self.channel || number > self.number() + 1 {
            return Applied::Stale;
        }
        if let Some(held) = self.held(number) {
            if held.body.hash() == charter.body.hash() {
                return Applied::Known;
            }
            let dropped = self.charters.split_off(number as usize - 1);
            *self = self.replayed();
            self.rivals = dropped.into_iter().take(1).collect();
            return self.add_rival(charter);
        }
        if !self.rivals.is_empty() {
            return self.add_rival(charter);
        }
        self.extend(charter);
        Applied::Next
    }

    /// Keeps the two rivals with the smallest hashes.
    fn add_rival(&mut self, charter: Charter) -> Applied {
        let hash = charter.body.hash();
        let place = self.rivals.partition_point(|rival| rival.body.hash() < hash);
        let known = self.rivals.get(place).is_some_and(|rival| rival.body.hash() == hash);
        if known || place == RIVALS_KEPT {
            return Applied::Known;
        }
        self.rivals.insert(place, charter);
        self.rivals.truncate(RIVALS_KEPT);
        Applied::Rival
    }

    fn held(&self, number: u64) -> Option<&Charter> {
        self.charters.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    fn extend(&mut self, charter: Charter) {
        if let Some(founding) = charter.body.founding() {
            self.founding = founding;
        }
        if let Some(before) = self.newest() {
            let gone = before.delegates.iter().filter(|delegate| charter.body.delegate(&delegate.key).is_none());
            let gone = gone.map(|delegate| delegate.key).collect::<Vec<_>>();
            self.left_out.extend(gone);
        }
        for delegate in &charter.body.delegates {
            self.newest_entries.insert(delegate.key, delegate.clone());
        }
        for closing in &charter.body.closings {
            self.closings.insert(closing.log, closing.clone());
        }
        self.charters.push(charter);
    }

    /// The state that the remaining charters alone give.
    fn replayed(&mut self) -> Lineage {
        let mut lineage = Lineage::new(self.channel);
        core::mem::take(&mut self.charters).into_iter().for_each(|charter| lineage.extend(charter));
        lineage
    }
}

impl sealed::Sealed for Charter {}

impl Claim for Charter {
    type Authority = Lineage;

    /// Accepts the next charter, and any charter that could have stood in the place of one held.
    fn check(&self, lineage: &Lineage) -> Result<(), Reason> {
        let body = &self.body;
        // A charter may have been put together in memory: a root that stands twice in it must not count twice.
        if Charter::decode(&self.encode())? != *self {
            return Err(Reason::NotCanonical { what: "charter" });
        }
        match body.origin {
            Origin::Salt(_) if body.channel() != lineage.channel => return Err(Reason::WrongChannel),
            Origin::Channel(channel) if channel != lineage.channel => return Err(Reason::WrongChannel),
            _ => {}
        }
        let expected = lineage.number() + 1;
        if body.number > expected || body.number > CHARTERS_MAX {
            return Err(Reason::OutOfSequence { found: body.number, expected });
        }
        if body.number == 1 {
            let founding = body.founding().ok_or(Reason::WrongChannel)?;
            return self.check_alone(None, &founding);
        }
        let earlier = &lineage.charters[..body.number as usize - 1];
        let before = &earlier[earlier.len() - 1].body;
        self.check_alone(Some(before), &lineage.founding)?;
        self.check_succession(before)?;
        let was_delegate = |key: &PublicKey| earlier.iter().any(|charter| charter.body.delegate(key).is_some());
        if body.delegates.iter().any(|entry| was_delegate(&entry.key) && before.delegate(&entry.key).is_none()) {
            return Err(Reason::DelegateReturned);
        }
        let known =
            |closing: &Closing| was_delegate(&closing.opening.key) || body.delegate(&closing.opening.key).is_some();
        if body.closings.iter().all(known) { Ok(()) } else { Err(Reason::UnknownKey) }
    }
}
