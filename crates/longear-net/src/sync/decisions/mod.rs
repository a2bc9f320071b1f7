//! What a sync decides: functions of what is held and of what came, without waiting, threads or a clock.
//!
//! [`Syncer`](super::Syncer) carries the questions to carriers over files and HTTP. `longear-sim` carries them over
//! links that lose and delay, on a virtual clock. Both ask these same functions, in this order: [`SourceMemory::take_head`],
//! [`next_charter`] with [`keep_charter`], [`keep_statements`], [`SourceMemory::forks_to_ask`] with [`keep_fork`],
//! [`plan_packs`] with [`Intake`] and [`write_batch`], [`running`] with [`keep_edge`], and last [`wanted_blobs`].

mod blobs;
mod intake;
mod lies;
mod live;
mod memory;
mod packs;
mod rooms;
mod words;

pub use blobs::{WantedBlob, wanted_blobs, wanted_live_blobs};
pub use intake::{Intake, IntakeEnd, PackOrigin, Piece, RefusedPart, Sink, Spare, write_batch};
pub use lies::Lies;
pub use live::{EDGES_ASKED_MAX, LiveFile, Running, keep_edge, running};
pub use memory::{ABSENT_ROUNDS, KnownHead, SourceMemory};
pub use packs::{Listings, LogWant, Offer, PackJob, WAVES_MAX, contradicting_packs, plan_packs, wanted_packs};
pub use rooms::{SheafTaken, WrittenSheaf, day_sums, sheaf_of, take_sheaf};
pub use words::{Offered, Promises, Taken, is_stale, keep_charter, keep_fork, keep_statements, promise_closed_logs};

pub use longear_core::holdings::{charter_contradicts, next_charter};
