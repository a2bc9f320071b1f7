//! The pages.

mod about;
mod channel;
mod error;
mod feed;
mod frame;
mod item;
mod live;
mod media;
mod notes;
mod post;
mod room;
mod tickets;
mod write;

pub use about::about;
pub use channel::address;
pub use error::error;
pub use feed::feed;
pub use item::item;
pub use media::file_name;
pub use room::{note, room, rooms};
pub use tickets::tickets;
