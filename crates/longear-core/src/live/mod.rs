//! Broadcasts: an opening, ticks while it runs, and roll-ups. Specified in `docs/spec/live.md`.
//!
//! * [`Opening`] is the payload of a `live` item. It names the [`Session`]: the key that signs ticks for some hours.
//! * [`Tick`] names the segments that have just ended. The session's key signs it, outside of any log.
//! * [`Edge`] holds the newest ticks of a running broadcast; with the head it is what is mutable in the tree.
//! * [`RollUp`] is the payload of a `roll-up` item: the same ticks in the delegate's own log. What it says counts, whatever a
//!   tick says: the session's key lies on a machine that is in the open for hours.
//! * [`Timeline`] puts together what of all this is held.
//! * [`Description`] and [`begins_us`] read what players need to know of a segment's bytes.

mod chapter;
mod edge;
mod fragment;
mod opening;
mod roll_up;
mod segment;
mod tick;
mod timeline;

pub use chapter::Chapter;
pub use edge::Edge;
pub use fragment::{Description, begins_us};
pub use opening::{Opening, Session, StreamId};
pub use roll_up::{Beat, RollUp};
pub use segment::{Medium, Segment, is_rendition_name};
pub use tick::Tick;
pub use timeline::{FRESH_MS_MAX, Part, Phase, SPACE_MS_MAX, Timeline, Track, spans};
