//! The state machine of a channel: objects of a newsroom, of a thief and of a liar arrive in any order.
//!
//! A fixed story gives a pool of signed objects. An input chooses which of them arrive, in which order and how often, and
//! spoils some on the way. What is shown afterwards depends on the set alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use longear_core::closing::inclusion_proof;
use longear_core::header::Payload;
use longear_core::keys::Roles;
use longear_core::{
    Applied, ChannelId, Charter, ForkProof, ItemId, Kind, Lineage, Run, SignedHeader, Statement, Status, verify,
};
use longear_store::backend::MemoryBackend;
use longear_store::{Batch, Store, StoreError, StoreOptions};

use crate::script::{Script, spoil};
use crate::support::holder::{Held, Holder};
use crate::support::naive;
use crate::support::publisher::{HOUR_MS, Log, NOON_MS, Publisher, article, key, retraction};

/// Objects of one story, and the channel they claim to be of.
pub(crate) struct Pool {
    pub(crate) channel: ChannelId,
    pub(crate) objects: Vec<Held>,
    /// Every ID that a delegate really signed.
    pub(crate) signed: BTreeSet<ItemId>,
    /// The branches of all logs, those that are forged too.
    pub(crate) logs: Vec<Log>,
    /// Which of them nobody disputes and no charter ends.
    pub(crate) undisputed: usize,
}

pub(crate) static POOL: LazyLock<Pool> = LazyLock::new(pool);

/// Aida writes and is robbed; Bolat edits and cites; Cholpan's key expires; the roots close Aida's log and argue.
fn pool() -> Pool {
    let delegates = [
        ("Aida", Roles::POST, 0),
        ("Bolat", Roles::POST.with(Roles::EDIT), 0),
        ("Cholpan", Roles::POST, NOON_MS + HOUR_MS),
    ];
    let mut newsroom = Publisher::found("Arrival", &delegates);
    let mut objects = vec![Held::Charter(newsroom.lineage.charters()[0].clone())];
    let (mut aida, mut bolat) = (newsroom.log("Aida", 1), newsroom.log("Bolat", 1));
    let (mut again, mut cholpan) = (newsroom.log("Aida", 2), newsroom.log("Cholpan", 1));
    (0..5).for_each(|number| {
        aida.post(&format!("a{number}"));
    });
    let mut stolen = aida.branch(3);
    (0..3).for_each(|number| {
        stolen.post(&format!("s{number}"));
    });
    again.post("again");
    bolat.post("b0");
    bolat.write(Kind::Retraction, NOON_MS, retraction(vec![aida.ids()[1], stolen.ids()[3]]).encode());
    bolat.write(Kind::Post, NOON_MS, article("better", Some(aida.ids()[2])).encode());
    cholpan.write(Kind::Post, NOON_MS + 2 * HOUR_MS, article("late", None).encode());
    cholpan.write(Kind::Live, NOON_MS, b"no right to".to_vec());
    let mut stranger = newsroom.log("Aida", 1);
    stranger.key = key("nobody");
    stranger.post("forged");
    for log in [&aida, &stolen, &again, &bolat, &cholpan, &stranger] {
        objects.extend(of_log(log));
    }
    objects.push(Held::Statement(aida.statement(2, vec![bolat.cite(1)])));
    objects.push(Held::Statement(bolat.statement(1, vec![aida.cite(4)])));
    objects.push(Held::Statement(cholpan.statement(1, vec![stolen.cite(4)])));
    objects.push(Held::Statement(bolat.statement(2, vec![stolen.cite(3)])));
    objects.extend(ForkProof::between(aida.opening, &aida.items[3].header, &stolen.items[3].header).map(Held::Fork));
    let mut body = newsroom.next_body();
    body.delegates.retain(|entry| entry.key != aida.opening.key);
    body.closings = vec![aida.closing(4)];
    let closing = newsroom.signed(body.clone());
    objects.push(Held::Charter(closing.clone()));
    body.closings = vec![stolen.closing(5)];
    objects.push(Held::Charter(newsroom.signed(body)));
    newsroom.apply(closing);
    let mut third = newsroom.next_body();
    third.delegates.push(newsroom.entry("Erlan", Roles::POST));
    objects.push(Held::Charter(newsroom.signed(third)));
    let ids = aida.ids();
    let proof = inclusion_proof(&ids[..4], 1).unwrap_or_default();
    objects.push(Held::Proof { item: ids[1], hashes: proof.clone() });
    objects.push(Held::Proof { item: ids[2], hashes: proof });
    let signed = [&aida, &stolen, &again, &bolat, &cholpan].iter().flat_map(|log| log.ids()).collect();
    let logs = vec![aida, bolat, stolen, again, cholpan, stranger];
    Pool { channel: newsroom.channel(), objects, signed, logs, undisputed: 1 }
}

fn of_log(log: &Log) -> impl Iterator<Item = Held> + '_ {
    log.items.iter().flat_map(|item| {
        let (opening, header) = (log.opening, item.header.clone());
        [Held::Item { opening, header }, Held::Payload { item: item.header.id(), bytes: item.payload.clone() }]
    })
}

/// The objects that an input chooses, some of them spoiled; at most so many.
fn chosen(bytes: &[u8]) -> Vec<Held> {
    const OBJECTS_MAX: usize = 48;
    let mut script = Script::new(bytes);
    let mut objects = Vec::new();
    while let (Some(choice), true) = (script.byte(), objects.len() < OBJECTS_MAX) {
        let object = POOL.objects[usize::from(choice) % POOL.objects.len()].clone();
        if choice >= 224 {
            let count = usize::from(script.byte().unwrap_or(0)) % 24;
            objects.extend(spoiled(&object, &mut Script::new(script.bytes(count))));
        } else {
            objects.push(object);
        }
    }
    objects
}

/// An object as it arrives when its bytes were changed on the way; nothing where they cannot be read any more.
fn spoiled(object: &Held, script: &mut Script<'_>) -> Option<Held> {
    let mut bytes = match object {
        Held::Charter(charter) => charter.encode(),
        Held::Item { header, .. } => header.bytes().to_vec(),
        Held::Payload { bytes, .. } => bytes.clone(),
        Held::Proof { hashes, .. } => hashes.concat(),
        Held::Statement(statement) => statement.encode(),
        Held::Fork(proof) => proof.encode(),
    };
    spoil(&mut bytes, script);
    match object {
        Held::Charter(_) => Charter::decode(&bytes).ok().map(Held::Charter),
        Held::Item { opening, .. } => {
            let header = SignedHeader::decode(&bytes).ok()?;
            Some(Held::Item { opening: *opening, header })
        }
        Held::Payload { item, .. } => Some(Held::Payload { item: *item, bytes }),
        Held::Proof { item, .. } => Some(Held::Proof { item: *item, hashes: bytes.as_chunks::<32>().0.to_vec() }),
        Held::Statement(_) => Statement::decode(&bytes).ok().map(Held::Statement),
        Held::Fork(_) => ForkProof::decode(&bytes).ok().map(Held::Fork),
    }
}

/// A holder in memory: the order does not matter, the plain rules say the same, and nothing forged is held.
pub fn arrival(bytes: &[u8]) {
    let objects = chosen(bytes);
    let hold = |objects: &mut dyn Iterator<Item = &Held>| {
        let mut holder = Holder::with_lineage(Lineage::new(POOL.channel));
        objects.for_each(|object| holder.insert(object.clone()));
        holder
    };
    let (holder, turned) = (hold(&mut objects.iter()), hold(&mut objects.iter().rev()));
    assert_eq!(holder.lineage().hash(), turned.lineage().hash(), "the order of charters mattered");
    let statuses = holder.statuses();
    assert_eq!(statuses, turned.statuses(), "the order of arrival mattered");
    assert_eq!(statuses, naive::statuses(POOL.channel, &objects), "the plain rules say otherwise");
    assert!(statuses.keys().all(|id| POOL.signed.contains(id)), "something forged is held");
    if holder.lineage().number() == 0 {
        assert!(statuses.is_empty(), "something is held without a charter");
    }
}

/// A store on a disk of memory: the order of arrival does not matter to what an item is worth, nor does closing the store
/// and building its index anew.
pub fn store(bytes: &[u8]) {
    let objects = chosen(bytes);
    let disk = MemoryBackend::new();
    let first = open(&disk);
    take_in(&first, &objects).expect("a disk of memory has no faults");
    let statuses = shown(&first);
    let turned = objects.iter().rev().cloned().collect::<Vec<_>>();
    let other = open(&MemoryBackend::new());
    take_in(&other, &turned).expect("a disk of memory has no faults");
    // Which branch of an undecided fork stands at a place is for the first with a payload to say; what it is worth is not.
    for (id, (status, _)) in shown(&other) {
        assert!(statuses.get(&id).is_none_or(|(held, _)| *held == status), "the order of arrival mattered to {id}");
    }
    drop(first);
    assert_eq!(statuses, shown(&open(&disk)), "the index says otherwise when it is built anew");
    assert!(statuses.keys().all(|id| POOL.signed.contains(id)), "something forged is held");
}

pub(crate) fn open(disk: &MemoryBackend) -> Store {
    let opened = Store::open_with(StoreOptions { backend: Arc::new(disk.clone()), index: None });
    opened.expect("a disk of memory has no faults")
}

/// Makes a store ready for the channel.
pub(crate) fn follow(store: &Store) -> Result<(), StoreError> {
    let mut batch = store.write()?;
    batch.follow(&POOL.channel)?;
    batch.commit()
}

/// Hands over all objects again and again until nothing new is taken: as contacts with one peer would.
fn take_in(store: &Store, objects: &[Held]) -> Result<(), StoreError> {
    follow(store)?;
    let mut takes = true;
    while takes {
        takes = false;
        let mut batch = store.write()?;
        for object in objects {
            takes |= give(&mut batch, object, objects)?;
        }
        batch.commit()?;
    }
    Ok(())
}

/// Hands over one object as intake does; tells whether something of it was new.
fn give(batch: &mut Batch<'_>, object: &Held, all: &[Held]) -> Result<bool, StoreError> {
    let lineage = batch.channel(&POOL.channel)?.lineage().clone();
    match object.clone() {
        Held::Charter(charter) => match verify(&lineage, charter) {
            Ok(charter) => Ok(matches!(batch.charter(charter)?, Applied::Next | Applied::Rival)),
            Err(_) => Ok(false),
        },
        Held::Statement(statement) => match verify(&lineage, statement) {
            Ok(statement) => batch.statement(&POOL.channel, &statement),
            Err(_) => Ok(false),
        },
        Held::Fork(proof) => match verify(&lineage, proof) {
            Ok(proof) => batch.fork(&POOL.channel, &proof),
            Err(_) => Ok(false),
        },
        Held::Item { opening, header } => {
            let run = Run::new(opening, vec![header]).and_then(|run| verify(&lineage, run));
            run.map_or(Ok(false), |run| Ok(batch.run(&POOL.channel, &run)?.new > 0))
        }
        Held::Payload { item, bytes } => {
            let header = all.iter().find_map(|object| match object {
                Held::Item { opening, header } if header.id() == item => Some((opening, header)),
                _ => None,
            });
            let Some((opening, header)) = header else { return Ok(false) };
            let payload = verify(header, Payload::new(item, &bytes));
            payload.map_or(Ok(false), |payload| batch.payload(&POOL.channel, opening, header.header().seq, &payload))
        }
        // A store takes proofs in with its runs only.
        Held::Proof { .. } => Ok(false),
    }
}

/// What of each place is held, with its status, and whether its payload is here.
pub(crate) fn shown(store: &Store) -> BTreeMap<ItemId, (Status, bool)> {
    let state = store.channel(&POOL.channel).expect("a disk of memory has no faults").expect("it is followed");
    let logs = state.logs().keys().copied().collect::<Vec<_>>();
    let items = logs.iter().flat_map(|log| store.log_items(log, 0, 100).expect("a disk of memory has no faults"));
    let lineage = state.lineage();
    let checked = items.inspect(|item| {
        if item.status == Status::Shown {
            assert!(lineage.entry(&item.opening.key).is_some(), "shown, though no charter lists its key");
            assert_eq!(item.signed.check_signature(&lineage.channel(), &item.opening), Ok(()));
        }
    });
    checked.map(|item| (item.id(), (item.status, item.has_payload()))).collect()
}
