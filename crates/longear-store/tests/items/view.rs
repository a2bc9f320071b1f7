//! Everything that a store shows, as text: two stores that show the same give the same text.

use longear_core::holdings::Holdings;
use longear_core::{ChannelId, ItemId, PackName, Status};
use longear_store::Store;

pub fn view(store: &Store, channel: &ChannelId) -> String {
    let Some(state) = store.channel(channel).unwrap() else { return "unknown".into() };
    let mut text = format!("followed {} charter {}\n", state.is_followed(), state.lineage().number());
    let mut head = Vec::new();
    state
        .newest_statements()
        .for_each(|(log, word)| head.push(format!("{log} says {} of {}", word.counter, word.items)));
    for (log, held) in state.logs() {
        let (headers, complete) = (held.headers().ranges(), held.complete().ranges());
        head.push(format!(
            "{log} headers {headers:?} complete {complete:?} fork {:?}",
            state.fork(log).map(|f| f.seq())
        ));
        for item in store.log_items(log, 0, 10_000).unwrap() {
            let payload = store.payload(&item).unwrap().map(|bytes| blake(&bytes));
            head.push(format!(
                "{} {} {:?} {:?} {payload:?}",
                item.id(),
                item.header().seq,
                item.status,
                item.retracted_by
            ));
        }
    }
    head.sort();
    text.push_str(&head.join("\n"));
    for item in store.articles(None, None, 10_000).unwrap() {
        text.push_str(&format!("\narticle {}", item.id()));
    }
    text.push_str(&format!("\nholes {}", state.holes()));
    text
}

pub fn status(store: &Store, item: &ItemId) -> Option<Status> {
    store.item(item).unwrap().map(|item| item.status)
}

/// All bytes of a pack.
pub fn pack(store: &Store, channel: &ChannelId, log: &longear_core::LogId, level: u8, index: u64) -> Option<Vec<u8>> {
    let answer = store.pack(channel, log, PackName::new(level, index).unwrap()).unwrap()?;
    let mut bytes = answer.front().to_vec();
    for at in 0..answer.payload_count() {
        bytes.extend_from_slice(&store.pack_payload(&answer, at).unwrap());
    }
    Some(bytes)
}

fn blake(bytes: &[u8]) -> String {
    longear_core::hash::plain(bytes)[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}
