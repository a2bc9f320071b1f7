//! How much space rooms have on this machine.

use longear_store::rooms::ROOM_BYTES_MIN;
use serde_json::json;

use super::super::Context;
use crate::arguments::room::SpaceArguments;
use crate::failure::Failure;
use crate::talk::{room_failure, rooms};
use crate::terminal::{bytes, grouped};

/// Shows how much space each room has, or chooses it.
pub fn space(context: &Context<'_>, arguments: &SpaceArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let of_notes = |now_ms| -> Result<(u64, u64), Failure> {
        let mut all = (0, 0);
        for talk in rooms(&store, now_ms)? {
            for day in talk.notes.days().map_err(|error| room_failure(&error))? {
                all = (all.0 + day.notes, all.1 + day.bytes);
            }
        }
        Ok(all)
    };
    let before = match of_notes(context.now_ms()) {
        // What cannot be read is written anew.
        Err(_) if arguments.size.is_some() && store.rooms().space_bytes().is_err() => 0,
        found => found?.0,
    };
    if let Some(size) = arguments.size {
        if size.bytes < ROOM_BYTES_MIN {
            return Err(Failure::refused(format!("A room needs {} at least", bytes(ROOM_BYTES_MIN))));
        }
        store.rooms().set_space_bytes(size.bytes).map_err(|error| room_failure(&error))?;
    }
    let space = store.rooms().space_bytes().map_err(|error| room_failure(&error))?;
    // Who looks at a room makes it follow what was chosen.
    let (notes, held) = of_notes(context.now_ms())?;
    let dropped = before.saturating_sub(notes);
    if context.screen.json() {
        let value = json!({"version": 1, "bytes": space, "notes": notes, "held_bytes": held, "dropped": dropped});
        return context.screen.print_json(&value);
    }
    context.screen.print(&format!(
        "Each room may take {}. All of them take {} now, with {} notes.\n",
        bytes(space),
        bytes(held),
        grouped(notes)
    ))?;
    if dropped > 0 {
        context.screen.note(&format!(
            "{} notes had no space any more. With more space they come again with the next sync, from who has them.",
            grouped(dropped)
        ));
    }
    Ok(())
}
