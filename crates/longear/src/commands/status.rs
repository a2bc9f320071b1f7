//! `longear status`.

use std::time::Duration;

use longear_core::Address;
use longear_core::blob::BlobHash;
use longear_core::holdings::Holdings;
use longear_store::{ChannelState, Store};
use serde_json::json;

use super::publish::blob_failure;
use super::{Context, followed, time_json};
use crate::failure::Failure;
use crate::home::store_failure;
use crate::terminal::{Beside, ChannelStatus, Fact, channel_status, percent, printable, store_status};

/// Incomplete files that are drawn for a channel; more are counted.
const FILES_DRAWN_MAX: usize = 8;

/// Shows how fresh each channel is and what is missing.
pub fn status(context: &Context<'_>) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let channels = followed(&store)?;
    let used = store.bytes_held().map_err(|error| store_failure(&error))?
        + store.blobs().bytes_held().map_err(|error| blob_failure(&error))?;
    if context.screen.json() {
        let mut entries = Vec::new();
        for state in &channels {
            entries.push(json!({
                "id": state.id().to_string(), "name": state.name(), "address": Address::new(state.id()).to_string(),
                "charter": state.lineage().number(), "items": items_here(state),
                "last_word": time_json(state.last_word().unwrap_or(0)), "holes": state.holes(),
                "files_incomplete": incomplete(&store, state)?.len(),
                "contradicted": !state.lineage().rivals().is_empty(),
            }));
        }
        return context.screen.print_json(&json!({"version": 1, "channels": entries, "store": {"bytes": used}}));
    }
    if channels.is_empty() {
        context.screen.note("No channel here yet. Try: longear follow ADDRESS, or longear channel new NAME");
        return Ok(());
    }
    for state in &channels {
        let drawn = channel_status(context.screen.look(), &described(context, &store, state)?);
        context.screen.print(&format!("{drawn}\n"))?;
    }
    context.screen.print(&store_status(context.screen.look(), used, None))
}

fn described(context: &Context<'_>, store: &Store, state: &ChannelState) -> Result<ChannelStatus, Failure> {
    let mut facts = Vec::new();
    let holes = state.holes();
    if state.lineage().number() == 0 {
        let beside = Beside::Words("try: longear sync CARRIER".into());
        facts.push(Fact { text: "nothing has arrived yet".into(), beside });
    }
    if !state.lineage().rivals().is_empty() {
        facts.push(Fact { text: "two charters contradict each other".into(), beside: Beside::Nothing });
    }
    if holes > 0 {
        let posts = if holes == 1 { "post" } else { "posts" };
        let beside = Beside::Words("try: longear sync CARRIER".into());
        facts.push(Fact { text: format!("{holes} {posts} missing"), beside });
    }
    let files = incomplete(store, state)?;
    for (name, size, ranges) in files.iter().take(FILES_DRAWN_MAX) {
        let have = ranges.iter().map(|range| range.end - range.start).sum();
        let text = format!("{} at {}", printable(name), percent(have, *size));
        facts.push(Fact { text, beside: Beside::Line { ranges: ranges.clone(), size: *size } });
    }
    if files.len() > FILES_DRAWN_MAX {
        let text = format!("{} more files not complete", files.len() - FILES_DRAWN_MAX);
        facts.push(Fact { text, beside: Beside::Nothing });
    }
    let last_word = state.last_word().map(|time| Duration::from_millis(context.now_ms().saturating_sub(time)));
    Ok(ChannelStatus {
        name: state.name().to_owned(),
        address: Address::new(state.id()).to_string(),
        charter: state.lineage().number(),
        items: items_here(state),
        last_word,
        facts,
    })
}

/// Items of which everything is here.
pub fn items_here(state: &ChannelState) -> u64 {
    state.logs().values().map(|log| log.complete().len()).sum()
}

type HeldFile = (String, u64, Vec<std::ops::Range<u64>>);

/// Files of shown items that are not complete: name, size, what is here.
fn incomplete(store: &Store, state: &ChannelState) -> Result<Vec<HeldFile>, Failure> {
    let failure = |error| store_failure(&error);
    let mut files = Vec::new();
    for item in store.shown_media(&state.id()).map_err(failure)? {
        for (rendition, _) in store.files(&item).map_err(failure)? {
            let hash = BlobHash::from_bytes(rendition.blob);
            let ranges = store.blobs().verified_ranges(hash, 0, 1_024).map_err(|error| blob_failure(&error))?;
            let have = ranges.iter().map(|range| range.end - range.start).sum::<u64>();
            if have < rendition.size {
                files.push((rendition.name, rendition.size, ranges));
            }
        }
    }
    Ok(files)
}
