//! When what was taken back is deleted: after thirty days, and never because a clock is wrong or a thief had a key for a while.
//!
//! A retraction hides at once; the bytes stay until it is certain that the retraction stands. A charter that closes a
//! stolen log reverses the log's retractions beyond the last good item: until then everything must still be here. The
//! thirty days therefore begin when this store first saw that the item was taken back, not at the time that the
//! retraction gives for itself: a thief would date it a month ago.
//!
//! ```
//! use longear_core::ItemId;
//! use longear_core::deletion::{Clocks, Copy, Held, Noted, Step, next_step};
//! use longear_core::limits::TAKEN_BACK_KEPT_MS;
//!
//! let by = ItemId([7; 32]);
//! let held = Held { taken_back_by: Some(by), noted: None, copy: Copy::Here, names_others: false };
//! let clocks = Clocks { device_ms: 1_000, channel_ms: Some(900) };
//! assert_eq!(next_step(&held, clocks), Step::Note { since: 1_000 });
//!
//! let held = Held { noted: Some(Noted { by, since: 1_000 }), ..held };
//! let later = Clocks { device_ms: 1_000 + TAKEN_BACK_KEPT_MS, channel_ms: Some(900) };
//! assert_eq!(next_step(&held, later), Step::Nothing, "the channel's own clock has not come so far");
//! let later = Clocks { channel_ms: Some(1_000 + TAKEN_BACK_KEPT_MS), ..later };
//! assert_eq!(next_step(&held, later), Step::Delete);
//! ```

use crate::header::Header;
use crate::id::ItemId;
use crate::kind::Kind;
use crate::limits::TAKEN_BACK_KEPT_MS;
use crate::status::Status;

/// The two clocks that must agree before something is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// This machine's.
    pub device_ms: u64,
    /// The channel's, from the statements accepted now; `None` without any.
    pub channel_ms: Option<u64>,
}

impl Clocks {
    /// What has certainly passed; `None` where only one clock says so.
    fn earlier(self) -> Option<u64> {
        self.channel_ms.map(|channel| channel.min(self.device_ms))
    }

    /// What has certainly not passed yet.
    fn later(self) -> u64 {
        self.channel_ms.map_or(self.device_ms, |channel| channel.max(self.device_ms))
    }
}

/// What a store wrote down about an item that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// What took it back then.
    pub by: ItemId,
    /// When this was first seen, by the later clock.
    pub since: u64,
}

/// What a store has of an item's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// All of it.
    Here,
    /// Nothing: it never came, or was damaged.
    Missing,
    /// Nothing any more, because it was taken back.
    Deleted,
}

/// What a store knows of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// What takes it back, by the objects held now.
    pub taken_back_by: Option<ItemId>,
    /// What was written down before.
    pub noted: Option<Noted>,
    /// What of it is here.
    pub copy: Copy,
    /// Whether its payload takes other items back: a retraction, or a correction. Such a payload is never deleted, because
    /// without it what it took back would return.
    pub names_others: bool,
}

/// What is to be done about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing, or not yet.
    Nothing,
    /// Write down that it is taken back, since then.
    Note {
        /// By the later clock.
        since: u64,
    },
    /// It is not taken back any more: forget what was written down.
    Forget,
    /// Delete its files and its payload.
    Delete,
    /// Delete its files; the payload has to stay.
    DeleteFiles,
    /// What was deleted is the channel's word again: it counts as missing, to be fetched.
    Restore,
}

/// Tells what is to be done about an item now. Doing it twice does no harm.
pub fn next_step(held: &Held, clocks: Clocks) -> Step {
    let Some(by) = held.taken_back_by else {
        return match (held.copy, held.noted) {
            (Copy::Deleted, _) => Step::Restore,
            (_, Some(_)) => Step::Forget,
            (_, None) => Step::Nothing,
        };
    };
    if held.copy != Copy::Here {
        return Step::Nothing;
    }
    // What another item takes back now may have been the channel's word in between: the time begins anew.
    let Some(noted) = held.noted.filter(|noted| noted.by == by) else {
        return Step::Note { since: clocks.later() };
    };
    if noted.since > clocks.later() {
        // A clock ran ahead when it was written down; that must not keep it for years.
        return Step::Note { since: clocks.later() };
    }
    let passed = clocks.earlier().and_then(|now| now.checked_sub(noted.since));
    match passed {
        Some(passed) if passed >= TAKEN_BACK_KEPT_MS && held.names_others => Step::DeleteFiles,
        Some(passed) if passed >= TAKEN_BACK_KEPT_MS => Step::Delete,
        _ => Step::Nothing,
    }
}

/// Whether everybody may have deleted the payload of an item that is taken back, so that nobody need be asked for it.
///
/// Until then it is missing like any other, although it is hidden: it may be a correction, and then what it replaced is
/// shown as long as it does not come. Retractions are never deleted. `channel_ms` is the channel's clock: without it nobody
/// deletes anything.
pub fn may_be_gone(header: &Header, channel_ms: Option<u64>) -> bool {
    let is_old = |now: u64| now.saturating_sub(header.time) >= TAKEN_BACK_KEPT_MS;
    header.kind != Kind::Retraction && channel_ms.is_some_and(is_old)
}

/// One item that names a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileUse {
    /// What a reader is to make of the item.
    pub status: Status,
    /// Whether somebody here reads its channel.
    pub is_followed: bool,
    /// Whether the item is to be deleted now.
    pub is_due: bool,
}

/// Whether a file may go: no item of a channel that is read here shows it, may come to show it, or was taken back too
/// short a time ago.
pub fn file_may_go(uses: impl IntoIterator<Item = FileUse>) -> bool {
    let keeps = |file: FileUse| match file.status {
        Status::Shown | Status::Disputed | Status::Unconfirmed(_) => file.is_followed,
        Status::Retracted => file.is_followed && !file.is_due,
        Status::Refused(_) => false,
    };
    !uses.into_iter().any(keeps)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: ItemId = ItemId([1; 32]);
    const YEARS_MS: u64 = 10 * 365 * 86_400_000;
    const NOW_MS: u64 = 1_781_524_800_000;

    fn held(noted: Option<u64>) -> Held {
        let noted = noted.map(|since| Noted { by: BY, since });
        Held { taken_back_by: Some(BY), noted, copy: Copy::Here, names_others: false }
    }

    fn clocks(device_ms: u64, channel_ms: u64) -> Clocks {
        Clocks { device_ms, channel_ms: Some(channel_ms) }
    }

    /// Notes once, then looks until `device_ms` and `channel_ms` have both run on by `run_ms`.
    fn after(noting: Clocks, later: Clocks) -> Step {
        let Step::Note { since } = next_step(&held(None), noting) else { panic!("it is noted first") };
        next_step(&held(Some(since)), later)
    }

    #[test]
    fn thirty_days_pass_by_both_clocks_before_anything_is_deleted() {
        let begin = clocks(NOW_MS, NOW_MS);
        let end = NOW_MS + TAKEN_BACK_KEPT_MS;
        assert_eq!(after(begin, clocks(end - 1, end)), Step::Nothing);
        assert_eq!(after(begin, clocks(end, end - 1)), Step::Nothing);
        assert_eq!(after(begin, Clocks { device_ms: end, channel_ms: None }), Step::Nothing);
        assert_eq!(after(begin, clocks(end, end)), Step::Delete);
    }

    #[test]
    fn one_wrong_clock_deletes_nothing_early() {
        let day = 86_400_000;
        for wrong in [NOW_MS - YEARS_MS, NOW_MS + YEARS_MS] {
            // The device's clock is wrong when it is noted, when it is looked at, or always.
            assert_eq!(after(clocks(wrong, NOW_MS), clocks(NOW_MS + day, NOW_MS + day)), {
                if wrong > NOW_MS { Step::Note { since: NOW_MS + day } } else { Step::Nothing }
            });
            assert_eq!(after(clocks(NOW_MS, NOW_MS), clocks(wrong, NOW_MS + day)), Step::Nothing);
            let always = after(clocks(wrong, NOW_MS), clocks(wrong + day, NOW_MS + day));
            assert_ne!(always, Step::Delete);
            // A delegate lies about the time.
            assert_ne!(after(clocks(NOW_MS, wrong), clocks(NOW_MS + day, NOW_MS + day)), Step::Delete);
            assert_ne!(after(clocks(NOW_MS, NOW_MS), clocks(NOW_MS + day, wrong)), Step::Delete);
        }
    }

    #[test]
    fn nobody_is_asked_for_what_everybody_may_have_deleted() {
        let header = |kind| Header {
            kind,
            log: crate::LogId([0; 16]),
            seq: 0,
            time: NOW_MS,
            expiry: 0,
            payload_length: 0,
            payload_hash: [0; 32],
            previous: ItemId::NONE,
            extensions: Vec::new(),
        };
        let end = NOW_MS + TAKEN_BACK_KEPT_MS;
        assert!(!may_be_gone(&header(Kind::Post), Some(end - 1)), "nobody can have deleted it yet");
        assert!(may_be_gone(&header(Kind::Post), Some(end)));
        assert!(!may_be_gone(&header(Kind::Post), None));
        assert!(!may_be_gone(&header(Kind::Retraction), Some(end + YEARS_MS)), "a retraction is never deleted");
    }

    #[test]
    fn a_clock_that_ran_ahead_when_it_was_noted_keeps_nothing_for_years() {
        let since = NOW_MS + YEARS_MS;
        assert_eq!(next_step(&held(Some(since)), clocks(NOW_MS, NOW_MS)), Step::Note { since: NOW_MS });
    }

    #[test]
    fn what_another_item_takes_back_now_waits_anew() {
        let noted = Some(Noted { by: ItemId([2; 32]), since: 0 });
        assert_eq!(next_step(&Held { noted, ..held(None) }, clocks(9, NOW_MS)), Step::Note { since: NOW_MS });
    }

    #[test]
    fn what_is_not_taken_back_any_more_returns() {
        let reversed = Held { taken_back_by: None, ..held(Some(0)) };
        let end = clocks(NOW_MS, NOW_MS);
        assert_eq!(next_step(&reversed, end), Step::Forget);
        assert_eq!(next_step(&Held { copy: Copy::Deleted, ..reversed }, end), Step::Restore);
        assert_eq!(next_step(&Held { noted: None, ..reversed }, end), Step::Nothing);
    }

    #[test]
    fn what_takes_others_back_loses_its_files_only() {
        let item = Held { names_others: true, ..held(Some(0)) };
        assert_eq!(next_step(&item, clocks(NOW_MS, NOW_MS)), Step::DeleteFiles);
        assert_eq!(next_step(&Held { copy: Copy::Missing, ..held(Some(0)) }, clocks(NOW_MS, NOW_MS)), Step::Nothing);
    }

    #[test]
    fn a_file_stays_as_long_as_anybody_may_want_it() {
        use crate::status::{Doubt, Objection};
        let file = |status, is_followed, is_due| FileUse { status, is_followed, is_due };
        let due = file(Status::Retracted, true, true);
        assert!(file_may_go([due, file(Status::Refused(Objection::BeyondClosing), true, false)]));
        assert!(file_may_go([due, file(Status::Shown, false, false)]), "nobody here reads that channel");
        for status in [Status::Shown, Status::Disputed, Status::Unconfirmed(Doubt::NotLinkedYet), Status::Retracted] {
            assert!(!file_may_go([due, file(status, true, false)]), "{status:?}");
        }
    }
}
