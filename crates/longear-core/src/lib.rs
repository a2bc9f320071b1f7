//! Formats, keys, log rules and scheduling of Longear. No IO, no clock, no randomness.
//!
//! Which type to use when:
//!
//! * [`ChannelId`] and [`Address`]: what a reader follows.
//! * [`Charter`] and [`Lineage`]: who may speak for a channel; a lineage is the applied chain of charters.
//! * [`Header`], [`SignedHeader`], [`Run`]: entries of a delegate's log; [`Article`] and [`Retraction`] are their payloads.
//! * [`Statement`] and [`Head`]: how new a copy of a channel is.
//! * [`room`]: what is said in a room, and what its moderators decided.
//! * [`verify()`] and [`Verified`]: the only way from received bytes to something that may be stored or shown.
//! * [`reconcile`]: what two nodes lack of each other's notes.
//! * [`judge()`]: the status of items, a pure function of what is held.
//!
//! The byte formats are specified in `docs/spec/`.

pub mod address;
pub mod archive;
pub mod article;
pub mod blob;
mod branches;
pub mod bytes;
pub mod charter;
pub mod clock;
pub mod closing;
pub mod deletion;
pub mod fork;
pub mod hash;
pub mod head;
pub mod header;
pub mod holdings;
pub mod id;
pub mod intervals;
pub mod keys;
pub mod kind;
pub mod limits;
pub mod lineage;
pub mod live;
pub mod pack;
pub mod quarantine;
pub mod reason;
pub mod reconcile;
pub mod retraction;
pub mod room;
pub mod schedule;
pub mod sorted;
pub mod statement;
pub mod status;
pub mod tree;
pub mod verify;

pub use address::Address;
pub use article::{Article, Groups, Origin, Rendition, Variant};
pub use charter::{Charter, CharterBody, Closing, Delegate, RootSet};
pub use fork::ForkProof;
pub use head::Head;
pub use header::{Header, Run, SignedHeader};
pub use id::{ChannelId, CharterHash, ItemId, LogId, LogOpening};
pub use intervals::Intervals;
pub use keys::{PublicKey, Roles, SecretKey};
pub use kind::{Class, Kind};
pub use lineage::{Applied, Lineage};
pub use live::{Edge, Opening, RollUp, Segment, Session, StreamId, Tick};
pub use pack::{PackName, PackReader};
pub use reason::Reason;
pub use retraction::Retraction;
pub use room::{Note, NoteId, RoomId};
pub use sorted::{SortedMap, SortedSet};
pub use statement::{Citation, Statement};
pub use status::{Judgement, Status, judge};
pub use verify::{Claim, Verified, verify};
