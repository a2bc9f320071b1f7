//! A hostile disk: segments and maps that hold anything at all.

use std::sync::{Arc, LazyLock};

use longear_core::blob::{BlobHash, Hashed, TreeHasher};
use longear_core::header::Payload;
use longear_core::holdings::Holdings;
use longear_core::keys::Roles;
use longear_core::verify;
use longear_store::backend::{MemoryBackend, OpenMode, StorageBackend};
use longear_store::blobs::{BlobState, BlobStore};
use longear_store::{Store, StoreOptions};

use crate::script::{Script, spoil};
use crate::support::publisher::{Log, Publisher};

/// Bodies of records as a store writes them, by their kinds.
static RECORDS: LazyLock<Vec<(u8, Vec<u8>)>> = LazyLock::new(records);

const SALT: u64 = 7;

fn records() -> Vec<(u8, Vec<u8>)> {
    let mut newsroom = Publisher::found("Disk", &[("Aida", Roles::POST, 0), ("Bolat", Roles::POST, 0)]);
    let channel = newsroom.channel().0;
    let mut log = newsroom.log("Aida", 1);
    (0..4).for_each(|number| {
        log.post(&format!("{number}"));
    });
    let mut stolen = log.branch(2);
    stolen.post("stolen");
    let mut records = vec![(6, channel.to_vec()), (7, channel.to_vec())];
    let mut add = |kind: u8, parts: &[&[u8]]| records.push((kind, [&[&channel[..]], parts].concat().concat()));
    add(1, &[&newsroom.lineage.charters()[0].encode()]);
    add(2, &[&log.statement(3, vec![]).encode()]);
    for (log, range) in [(&log, 0..4), (&log, 1..3), (&stolen, 2..3)] {
        add(3, &[&run(log, range)]);
    }
    for (seq, item) in log.items.iter().enumerate() {
        let place = [&log.id.0[..], &(seq as u64).to_le_bytes(), &item.header.id().0].concat();
        add(4, &[&place, &item.payload]);
        add(9, &[&place]);
    }
    let fork = longear_core::ForkProof::between(log.opening, &log.items[2].header, &stolen.items[2].header);
    add(5, &[&fork.map(|proof| proof.encode()).unwrap_or_default()]);
    let front = [&log.opening.key.0[..], &log.opening.incarnation.to_le_bytes()].concat();
    add(10, &[&front, stolen.items[2].header.bytes()]);
    let unsigned = log.items[3].header.header().encode();
    add(8, &[&front, &(unsigned.len() as u16).to_le_bytes(), &unsigned, &log.items[3].payload]);
    let mut body = newsroom.next_body();
    body.closings = vec![log.closing(2)];
    let closing = newsroom.signed(body);
    newsroom.apply(closing.clone());
    add(1, &[&closing.encode()]);
    records.extend([(11, Vec::new()), (12, vec![0; 20])]);
    records
}

fn run(log: &Log, range: std::ops::Range<usize>) -> Vec<u8> {
    let mut bytes = [&log.opening.key.0[..], &log.opening.incarnation.to_le_bytes()].concat();
    for item in &log.items[range] {
        bytes.extend((item.header.bytes().len() as u16).to_le_bytes());
        bytes.extend(item.header.bytes());
    }
    bytes
}

/// Segments that were written by somebody else: the store opens, reads, checks and mends them, or says what is wrong.
///
/// The first byte says whether the rest is the file itself, or a script of records, spoiled where it says so.
pub fn segment(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let is_raw = script.byte().unwrap_or(0) == 0;
    let disk = MemoryBackend::new();
    let mut file = front();
    if is_raw {
        file = script.rest().to_vec();
    }
    while let Some(choice) = script.byte() {
        let (kind, body) = &RECORDS[usize::from(choice) % RECORDS.len()];
        let mut body = body.clone();
        let changes = script.byte().unwrap_or(0);
        // Every fourth record is spoiled, by a few changes.
        if changes % 4 == 3 {
            spoil(&mut body, &mut Script::new(script.bytes(usize::from(changes >> 2))));
        }
        push_record(&mut file, *kind, &body);
        if changes % 4 == 2 {
            push_record(&mut file, 11, &[]);
            push_record(&mut file, 11, &[]);
        }
    }
    write(&disk, "items", "items/00000001", &file);
    let Ok(store) = open(&disk) else { return };
    look(&store);
    let _ = store.check(false, |_| {});
    if store.check(true, |_| {}).is_ok() {
        look(&store);
        drop(store);
        let mended = open(&disk).expect("what was mended can be opened");
        look(&mended);
        assert!(mended.rebuild_index().is_ok());
        look(&mended);
    }
}

fn front() -> Vec<u8> {
    let mut copy = [&b"LEG\x02"[..], &SALT.to_le_bytes()].concat();
    copy.extend(crc32fast::hash(&copy).to_le_bytes());
    copy.repeat(2)
}

fn push_record(file: &mut Vec<u8>, kind: u8, body: &[u8]) {
    let mut front = (body.len() as u32).to_le_bytes().to_vec();
    front.extend([kind, 0, 0, 0]);
    let crc = crc32fast::hash(&[&SALT.to_le_bytes()[..], &front, body].concat());
    file.extend(front);
    file.extend(crc.to_le_bytes());
    file.extend(body);
}

fn open(disk: &MemoryBackend) -> Result<Store, longear_store::StoreError> {
    Store::open_with(StoreOptions { backend: Arc::new(disk.clone()), index: None })
}

fn write(disk: &MemoryBackend, folder: &str, path: &str, bytes: &[u8]) {
    let file = disk.create_dir(folder).and_then(|_| disk.open(path, OpenMode::Create));
    file.and_then(|file| file.write_at(0, bytes)).expect("a disk of memory takes everything");
}

/// Everything that can be asked of a store; a payload that is given out is the one that its header names.
fn look(store: &Store) {
    for state in store.channels().unwrap_or_default() {
        let _ = (state.head(), state.holes(), state.last_word());
        for (log, _) in state.known_logs() {
            let Ok(items) = store.log_items(&log, 0, 100) else { continue };
            for item in items {
                let _ = store.article(&item);
                if let Ok(Some(payload)) = store.payload(&item) {
                    assert!(verify(&item.signed, Payload::new(item.id(), &payload)).is_ok(), "a false payload");
                }
            }
            for name in [(0, 0), (0, 3), (1, 0)]
                .into_iter()
                .filter_map(|(level, index)| longear_core::PackName::new(level, index))
            {
                if let Ok(Some(pack)) = store.pack(&state.id(), &log, name) {
                    (0..pack.payload_count()).for_each(|index| drop(store.pack_payload(&pack, index)));
                }
            }
        }
        let _ = store.articles(Some(&state.id()), None, 100);
    }
}

/// A blob of two groups and a bit, and its map as a clean writer leaves it.
struct Begun {
    hash: BlobHash,
    bytes: Vec<u8>,
    map_path: String,
    data_path: String,
    map: Vec<u8>,
    data: Vec<u8>,
}

static BEGUN: LazyLock<Begun> = LazyLock::new(|| {
    let bytes = (0..(2 << 20) + 40_000u32).map(|at| (at / 251 + at) as u8).collect::<Vec<_>>();
    let mut hasher = TreeHasher::new();
    hasher.update(&bytes).expect("it is small");
    let Hashed { hash, groups, .. } = hasher.finish();
    let disk = MemoryBackend::new();
    let store = BlobStore::open(Arc::new(disk.clone()));
    let writer = store.begin(hash, bytes.len() as u64, Some(groups)).expect("there is room");
    writer.write(0, &bytes[..1 << 20]).expect("there is room");
    writer.write(1 << 20, &bytes[1 << 20..(1 << 20) + 20_000]).expect("there is room");
    writer.finish().err();
    writer.flush().expect("there is room");
    drop((writer, store));
    let path = format!("blobs/{}/{hash}", &hash.to_string()[..2]);
    let (map_path, data_path) = (format!("{path}.map"), format!("{path}.part"));
    let read = |path: &str| {
        let file = disk.open(path, OpenMode::Read).expect("it is there");
        let mut bytes = vec![0; file.len().expect("it has one") as usize];
        file.read_at(0, &mut bytes).expect("it is readable");
        bytes
    };
    let (map, data) = (read(&map_path), read(&data_path));
    Begun { hash, bytes, map_path, data_path, map, data }
});

/// A map that says anything at all: what the store gives out of the blob is the blob, and it can be completed.
pub fn blobmap(bytes: &[u8]) {
    let begun = &*BEGUN;
    let mut script = Script::new(bytes);
    let mode = script.byte().unwrap_or(0);
    let mut map = begun.map.clone();
    match mode & 1 {
        0 => spoil(&mut map, &mut script),
        _ => map = [&map[..8], begun.hash.as_bytes(), script.rest()].concat(),
    }
    if mode & 2 != 0 && map.len() >= 56 {
        // A check sum that holds, so that the marks are believed.
        let sum = crc32fast::hash(&[&map[..52], &map[56..]].concat());
        map[52..56].copy_from_slice(&sum.to_le_bytes());
    }
    let disk = MemoryBackend::new();
    let folder = begun.map_path.rsplit_once('/').map_or("", |(folder, _)| folder);
    write(&disk, folder, &begun.map_path, &map);
    if mode & 4 == 0 {
        write(&disk, folder, &begun.data_path, &begun.data);
    }
    let store = BlobStore::open(Arc::new(disk));
    let _ = (store.verified_ranges(begun.hash, 0, 100), store.groups(begun.hash), store.list(), store.bytes_held());
    if let Ok(BlobState::Complete { size }) = store.state(begun.hash) {
        assert_eq!(size, begun.bytes.len() as u64, "a blob that is not all here counts as complete");
    }
    let Ok(writer) = store.begin(begun.hash, begun.bytes.len() as u64, None) else { return };
    let _ = (writer.wanted(0, 100), writer.settle(), writer.verified_bytes());
}
