//! What a node has taken in, object by object, so that it can be put together anew in another order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longear_core::header::Payload;
use longear_core::pack::PackPart;
use longear_core::{
    ChannelId, Charter, ForkProof, ItemId, LogId, PackName, PackReader, SignedHeader, Statement, Status, verify,
};
use longear_store::backend::MemoryBackend;
use longear_store::{Batch, Store, StoreError, StoreOptions, StoredItem};

use crate::checked::{Checked, Proven};
use crate::oracle::holder::Held;

/// Statuses of everything that stands in a store.
pub type View = BTreeMap<ItemId, Status>;

/// The objects that a node took in, each once.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// In the order of their first arrival.
    pub list: Vec<Held>,
    known: BTreeSet<[u8; 32]>,
}

impl Objects {
    /// Notes an object, unless it is known.
    pub fn add(&mut self, object: Held) {
        let bytes = match &object {
            Held::Charter(charter) => charter.encode(),
            Held::Item { header, .. } => header.bytes().to_vec(),
            Held::Payload { item, bytes } => [&b"payload"[..], &item.0, bytes].concat(),
            Held::Proof { item, .. } => [&b"proof"[..], &item.0].concat(),
            Held::Statement(statement) => statement.encode(),
            Held::Fork(proof) => proof.encode(),
        };
        if self.known.insert(*blake3::hash(&bytes).as_bytes()) {
            self.list.push(object);
        }
    }

    /// Notes what the bytes of a charter hold.
    pub fn add_charter(&mut self, bytes: &[u8]) {
        Charter::decode(bytes).into_iter().for_each(|charter| self.add(Held::Charter(charter)));
    }

    /// Notes what the bytes of a fork proof hold. Its headers are kept also when a proof that says more takes its place.
    pub fn add_fork(&mut self, bytes: &[u8]) {
        let Ok(proof) = ForkProof::decode(bytes) else { return };
        for header in [&proof.first, &proof.second] {
            self.add(Held::Item { opening: proof.opening, header: header.clone() });
        }
        self.add(Held::Fork(proof));
    }

    /// Notes a statement of the node's own.
    pub fn list_statement(&mut self, statement: Option<Statement>) {
        statement.into_iter().for_each(|statement| self.add(Held::Statement(statement)));
    }

    /// Notes what can be read of a pack, whole or not.
    pub fn add_pack(&mut self, channel: ChannelId, log: LogId, name: PackName, bytes: &[u8]) {
        let mut reader = PackReader::new(channel, log, name);
        reader.push(bytes);
        let (mut headers, mut payloads) = (Vec::new(), Vec::new());
        while let Ok(Some(part)) = reader.next_part() {
            match part {
                PackPart::Headers(found) => headers.extend(found.items),
                PackPart::Payload { seq, bytes } => payloads.push((seq, bytes.to_vec())),
            }
        }
        headers.extend(reader.cut().items);
        let Some(opening) = reader.opening() else { return };
        for header in headers {
            let item = header.id();
            let payload = payloads.iter().find(|(seq, _)| *seq == header.header().seq);
            self.add(Held::Item { opening, header });
            if let Some((_, bytes)) = payload {
                self.add(Held::Payload { item, bytes: bytes.clone() });
            }
        }
    }

    /// IDs of the items among them.
    pub fn items(&self) -> impl Iterator<Item = ItemId> {
        self.list.iter().filter_map(|held| match held {
            Held::Item { header, .. } => Some(header.id()),
            _ => None,
        })
    }

    /// Notes an item of the node's own.
    pub fn add_own(&mut self, opening: longear_core::LogOpening, header: SignedHeader, payload: Vec<u8>) {
        let item = header.id();
        self.add(Held::Item { opening, header });
        self.add(Held::Payload { item, bytes: payload });
    }
}

/// Opens a store on a disk, as a node does: with its index in memory, built from the segments.
pub fn open(disk: Arc<dyn longear_store::backend::StorageBackend>) -> Result<Store, StoreError> {
    Store::open_with(StoreOptions { backend: disk, index: None })
}

/// Everything that stands in a store.
pub fn items(store: &Store, channel: &ChannelId) -> Result<Vec<StoredItem>, StoreError> {
    let mut items = Vec::new();
    let Some(state) = store.channel(channel)? else { return Ok(items) };
    for log in state.logs().keys() {
        items.extend(store.log_items(log, 0, usize::MAX >> 1)?);
    }
    Ok(items)
}

/// Statuses of what stands in a store.
pub fn view(store: &Store, channel: &ChannelId) -> Result<View, StoreError> {
    Ok(items(store, channel)?.iter().map(|item| (item.id(), item.status)).collect())
}

/// Statuses in a new store that takes in these objects in this order; what cannot be verified yet comes again later.
pub fn view_of(channel: &ChannelId, objects: &[&Held], checked: &mut Checked) -> Result<View, StoreError> {
    let store = open(Arc::new(MemoryBackend::new()))?;
    let mut batch = store.write()?;
    batch.follow(channel)?;
    batch.commit()?;
    // Twice and once more: what waited for its charter, and payloads of places that were settled meanwhile.
    for _ in 0..3 {
        let mut batch = store.write()?;
        for object in objects {
            let lineage = batch.channel(channel)?.lineage().clone();
            if let Some(proven) = checked.check(&lineage, object) {
                give(&mut batch, channel, &proven, objects)?;
            }
        }
        batch.commit()?;
    }
    view(&store, channel)
}

fn give(batch: &mut Batch<'_>, channel: &ChannelId, proven: &Proven, all: &[&Held]) -> Result<(), StoreError> {
    match proven {
        Proven::Charter(charter) => drop(batch.charter(charter.clone())?),
        Proven::Statement(statement) => drop(batch.statement(channel, statement)?),
        Proven::Fork(proof) => drop(batch.fork(channel, proof)?),
        Proven::Item(run) => {
            batch.run(channel, run)?;
            let header = &run.headers()[0];
            let payload = all.iter().find_map(|held| match held {
                // A liar may have sent another one before.
                Held::Payload { item, bytes } if *item == header.id() => {
                    verify(header, Payload::new(header.id(), bytes)).ok()
                }
                _ => None,
            });
            if let Some(payload) = payload {
                batch.payload(channel, run.opening(), header.header().seq, &payload)?;
            }
        }
    }
    Ok(())
}
