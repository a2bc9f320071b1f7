//! When a syncer that goes on looks again, and for what.

use std::time::{Duration, Instant};

use super::options::SyncOptions;
use super::report::SyncReport;

/// The pause between rounds while a broadcast goes on.
const LIVE_PAUSE: Duration = Duration::from_secs(1);

/// How long other files may come, once a minute, while a broadcast goes on.
const OTHER_FILES_MAX: Duration = Duration::from_secs(15);

/// How long files may come before it is looked whether there are newer words.
const FILES_MAX: Duration = Duration::from_secs(60);

/// How long behind the end of a broadcast its last segments are asked for each second: sources hear of the end before they have them.
const ENDING_MAX: Duration = Duration::from_secs(30);

/// Sets the pace of rounds: the usual one, or, while a followed broadcast goes on, one each second that brings only that.
///
/// ```
/// use std::time::Duration;
/// use longear_net::sync::{Pace, SyncOptions, SyncReport};
///
/// let mut pace = Pace::new(Duration::from_secs(60));
/// let mut options = SyncOptions::default();
/// pace.begin(&mut options);
/// // … a round …
/// assert_eq!(pace.pause(&SyncReport::default()), Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct Pace {
    usual: Duration,
    is_live: bool,
    /// When the last broadcast ended here.
    ended: Option<Instant>,
    /// When the last round began that asked for everything.
    whole_since: Option<Instant>,
}

impl Pace {
    /// Looks again after `usual` where nothing is going on.
    pub fn new(usual: Duration) -> Self {
        Pace { usual, is_live: false, ended: None, whole_since: None }
    }

    /// Sets what the next round is to bring. Tells whether that is only what goes on.
    pub fn begin(&mut self, options: &mut SyncOptions) -> bool {
        let is_due = self.whole_since.is_none_or(|since| since.elapsed() >= self.usual);
        options.only_live = self.is_live && !is_due;
        options.files_time_max = Some(if self.is_live { OTHER_FILES_MAX } else { FILES_MAX });
        if !options.only_live {
            self.whole_since = Some(Instant::now());
        }
        options.only_live
    }

    /// How long to wait after a round.
    pub fn pause(&mut self, report: &SyncReport) -> Duration {
        let has_ended = self.is_live && !report.is_live;
        self.is_live = report.is_live;
        if has_ended {
            self.ended = Some(Instant::now());
        }
        let is_ending = self.ended.is_some_and(|ended| ended.elapsed() < ENDING_MAX);
        match report {
            SyncReport { is_live: true, .. } => LIVE_PAUSE,
            // What was coming goes on.
            SyncReport { paused: true, .. } => Duration::ZERO,
            // Rounds for what goes on do not ask for the last segments of what is over.
            _ if has_ended || is_ending && report.still_missing_blobs > 0 => {
                self.whole_since = None;
                LIVE_PAUSE
            }
            _ => self.usual,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_short_while_a_broadcast_goes_on_and_whole_at_the_usual_pace() {
        let (mut pace, mut options) = (Pace::new(Duration::from_secs(60)), SyncOptions::default());
        assert!(!pace.begin(&mut options), "the first round brings everything");
        let live = SyncReport { is_live: true, ..SyncReport::default() };
        assert_eq!(pace.pause(&live), LIVE_PAUSE);
        assert!(pace.begin(&mut options) && options.only_live);
        pace.whole_since = Some(Instant::now().checked_sub(Duration::from_secs(60)).unwrap_or_else(Instant::now));
        assert!(!pace.begin(&mut options) && !options.only_live, "other news comes too");
        assert_eq!(options.files_time_max, Some(OTHER_FILES_MAX));
        assert_eq!(pace.pause(&SyncReport::default()), LIVE_PAUSE, "its last segments");
        assert_eq!(pace.pause(&SyncReport::default()), Duration::from_secs(60));
    }

    /// The round that heard of the end brought no files of what was over, and the next one came after a minute: so long the last
    /// seconds were missing at every box.
    #[test]
    fn the_last_segments_of_a_broadcast_are_asked_for_at_once() {
        let (mut pace, mut options) = (Pace::new(Duration::from_secs(60)), SyncOptions::default());
        let lacking = SyncReport { still_missing_blobs: 1, ..SyncReport::default() };
        assert_eq!(pace.pause(&lacking), Duration::from_secs(60), "nothing was on the air");
        pace.pause(&SyncReport { is_live: true, ..SyncReport::default() });
        for report in [&SyncReport::default(), &lacking] {
            pace.begin(&mut options);
            assert_eq!(pace.pause(report), LIVE_PAUSE);
            assert!(!pace.begin(&mut options), "it brings everything");
        }
        assert_eq!(pace.pause(&SyncReport::default()), Duration::from_secs(60), "all is here");
        pace.ended = Instant::now().checked_sub(ENDING_MAX);
        assert_eq!(pace.pause(&lacking), Duration::from_secs(60), "nobody seems to have it");
    }

    #[test]
    fn files_that_were_cut_short_for_newer_words_go_on_at_once() {
        let mut pace = Pace::new(Duration::from_secs(60));
        assert_eq!(pace.pause(&SyncReport { paused: true, ..SyncReport::default() }), Duration::ZERO);
    }
}
