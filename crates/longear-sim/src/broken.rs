//! Deliberately broken builds: one for each invariant. A check that cannot fail does not count.
//!
//! The faults are put in between the world and the real code, in this crate alone: no program that ships can have them.

/// Which invariant a world shall break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// P1: of a forked log the branch that came first is shown.
    FirstComeIsShown,
    /// P2: what could be decoded is shown, verified or not.
    UnverifiedIsShown,
    /// P3: items of a closed log are shown if they claim to be older than the closing.
    BackdatingIsBelieved,
    /// P4: what is older than a year by the reader's own clock is hidden.
    OwnClockHides,
    /// P5: of two heads the one that came last wins.
    LastHeadWins,
    /// P6: items are fetched before charters and fork proofs.
    ItemsGoFirst,
    /// P7: a pack that was cut off counts as a lie.
    CutsAreLies,
    /// P8: the disk says that it has synced, and has not.
    DiskLies,
    /// P9: a node's tags and waits are the same in all its contacts.
    TagsAreKept,
    /// P10: what was missing once is never asked for again.
    NeverAskedAgain,
}

impl Broken {
    /// All of them, in the order of the invariants.
    pub const ALL: [Broken; 10] = [
        Broken::FirstComeIsShown,
        Broken::UnverifiedIsShown,
        Broken::BackdatingIsBelieved,
        Broken::OwnClockHides,
        Broken::LastHeadWins,
        Broken::ItemsGoFirst,
        Broken::CutsAreLies,
        Broken::DiskLies,
        Broken::TagsAreKept,
        Broken::NeverAskedAgain,
    ];

    /// The number of the invariant that it breaks, from 1.
    pub fn invariant(self) -> u8 {
        let place = Self::ALL.iter().position(|broken| *broken == self);
        place.map_or(0, |place| place as u8 + 1)
    }
}
