//! What the items of a book mean.

use std::rc::Rc;

use longear_core::lineage::Standing;
use longear_core::retraction::{may_retract, targets_that_count};
use longear_core::status::{Evidence, checkpoints_of};
use longear_core::{ItemId, Kind, LogId, SortedSet, Status, judge};

use super::Book;
use super::log::{HeldItem, Judged, Log, TakenBack};

/// How an item was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TakenBackBy {
    /// Another item stands in its place.
    Correction,
    /// It is gone.
    Retraction,
}

impl TakenBackBy {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            TakenBackBy::Correction => "correction",
            TakenBackBy::Retraction => "retraction",
        }
    }
}

impl Book {
    /// The status of an item, and how it was taken back.
    pub(super) fn status(&self, log_id: &LogId, log: &Log, item: &HeldItem) -> (Status, Option<TakenBackBy>) {
        let status = self.status_before_retractions(log, item);
        let taken_back = status.is_visible().then(|| self.taken_back(log_id, &item.signed.id())).flatten();
        (if taken_back.is_some() { Status::Retracted } else { status }, taken_back)
    }

    /// Everything of a log that is here, and what it means.
    pub(super) fn judged(&self, log: &Log) -> Rc<Judged> {
        if let Some(judged) = &*log.judged.borrow() {
            return judged.clone();
        }
        let log_id = log.opening.log(&self.channel());
        let checkpoints = checkpoints_of(&log.opening, &self.lineage, self.words.values());
        let mut vouched = checkpoints.iter().map(|one| (one.seq, one.prefix)).collect::<Vec<_>>();
        let evidence =
            Evidence { fork: self.forks.get(&log_id).map(|proof| proof.seq()), checkpoints, ..Evidence::default() };
        let judgement = judge(&self.lineage, &log.opening, log, &evidence);
        let mut is_closed = false;
        if let Standing::Closed(closing) = self.lineage.standing(&log.opening) {
            is_closed = true;
            vouched.extend(closing.items.checked_sub(1).map(|last| (last, closing.tip.prefix())));
        }
        let status =
            |item: &HeldItem| judgement.status(&self.lineage, &log.opening, item.signed.id(), item.signed.header());
        let is_quiet = !is_closed && evidence.fork.is_none() && !log.has_branches();
        let complete = if is_quiet { log.payloads.clone() } else { log.complete(status, &vouched) };
        let judged = Rc::new(Judged { judgement, complete, taken_back: Default::default() });
        *log.judged.borrow_mut() = Some(judged.clone());
        judged
    }

    fn status_before_retractions(&self, log: &Log, item: &HeldItem) -> Status {
        let judged = self.judged(log);
        judged.judgement.status(&self.lineage, &log.opening, item.signed.id(), item.signed.header())
    }

    /// Whether an item of `log` is taken back, and how. A retraction says more than a correction.
    fn taken_back(&self, log: &LogId, target: &ItemId) -> Option<TakenBackBy> {
        let takers = self.takers.get(target).into_iter().flat_map(SortedSet::iter);
        takers.filter_map(|by| self.takes_back(by, target, log)).max()
    }

    fn takes_back(&self, by: &ItemId, target: &ItemId, target_log: &LogId) -> Option<TakenBackBy> {
        let (by_log, seq) = self.places.get(by)?;
        let log = self.log_in_force(by_log)?;
        let item = log.item(*seq, by)?;
        let roles = self.lineage.entry(&log.opening.key)?.roles;
        let counts = may_retract(*by_log, roles, *target_log)
            && self.status_before_retractions(log, item) == Status::Shown
            && self.counting_on(log, item.day()).contains(&(*seq, *target));
        let how = match item.signed.header().kind {
            Kind::Retraction => TakenBackBy::Retraction,
            _ => TakenBackBy::Correction,
        };
        counts.then_some(how)
    }

    /// What a log's retractions and corrections of one UTC day take back, within the day's limit.
    fn counting_on(&self, log: &Log, day: u64) -> TakenBack {
        let judged = self.judged(log);
        if let Some(known) = judged.taken_back.borrow().get(&day) {
            return known.clone();
        }
        let shown = log.naming_on(day).filter(|item| self.status_before_retractions(log, item) == Status::Shown);
        let named = shown.map(|item| (item.signed.header(), item.targets.as_slice()));
        let counting = Rc::new(targets_that_count(named).collect());
        judged.taken_back.borrow_mut().insert(day, Rc::clone(&counting));
        counting
    }
}
