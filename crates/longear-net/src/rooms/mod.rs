//! Notes of rooms between nodes: what one asks another, beside the tree. `docs/spec/rooms.md` says the same.

mod path;

pub use path::{RoomAsk, RoomPath};

/// Now, by this machine's clock.
pub(crate) fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(0)
}
