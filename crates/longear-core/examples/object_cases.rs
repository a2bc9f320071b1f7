//! Prints whole objects, one JSON object a line, with what this core makes of each.
//!
//! `cargo run -p longear-core --example object_cases -- COUNT SEED` is checked by the independent verifier:
//! `… | python tests/verifier/signature_cases.py`. Each case is a vector of `tests/vectors/` whose object was changed: bits and
//! bytes, lengths, numbers at the ends of their ranges, pieces of other objects; most are then signed again by those whose keys
//! the vectors are made with, so that the change and not the signature decides. Equal seeds give equal lines.

#![allow(clippy::unwrap_used)]

use longear_core::hash::{message, plain};
use longear_core::{Charter, SecretKey};
use serde_json::{Map, Value, json};

#[path = "../tests/support/mod.rs"]
mod support;
use support::random::Random;
use support::runners::{RUNNERS, Runner, folder, hex, to_hex};

/// The files of vectors that are varied, and the field of the object.
const FIELDS: [(&str, &str); 14] = [
    ("charter", "charter"),
    ("header", "header"),
    ("header", "headers"),
    ("item", "payload"),
    ("statement", "statement"),
    ("head", "head"),
    ("pack", "pack"),
    ("closing", "fork"),
    ("live", "payload"),
    ("live-chapters", "payload"),
    ("live", "tick"),
    ("live", "edge"),
    ("room", "payload"),
    ("room", "note"),
];
/// Whose secrets follow from their names, as `tests/verifier/world.py` gives them.
const NAMES: [&str; 17] = [
    "root 1",
    "root 2",
    "root 3",
    "next root 1",
    "next root 2",
    "next root 3",
    "later root 1",
    "later root 2",
    "later root 3",
    "stranger",
    "Aida",
    "Bolat",
    "Cholpan",
    "Daniyar",
    "session",
    "writer one",
    "writer two",
];
/// Numbers at which something changes.
const EDGES: [u64; 14] =
    [0, 1, 2, 63, 64, 255, 1_024, 65_535, 65_536, 1 << 20, (1 << 20) + 1, (1 << 53) - 1, 1 << 53, u64::MAX];
const SIGNATURE_BYTES: usize = 64;
const CHANGES_MAX: u64 = 3;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let (Some(Ok(count)), Some(Ok(seed)), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        eprintln!("usage: object_cases COUNT SEED");
        std::process::exit(2);
    };
    let (sources, signers) = (sources(), signers());
    let mut random = Random(seed);
    for number in 0..count {
        let source = &sources[random.below(sources.len() as u64) as usize];
        let case = &source.cases[random.below(source.cases.len() as u64) as usize];
        let mut varied = vary(&mut random, source, case, &signers);
        let (expect, result) = match (source.run)(&Value::Object(varied.clone()), &source.file) {
            Ok(result) => (json!("accepted"), Some(result)),
            Err(code) => (json!(code), None),
        };
        varied.remove("why");
        varied.insert("file".into(), json!(source.name));
        varied.insert("name".into(), json!(format!("{}-{number}", case["name"].as_str().unwrap())));
        varied.insert("expect".into(), expect);
        match result {
            Some(result) => drop(varied.insert("result".into(), result)),
            None => drop(varied.remove("result")),
        }
        println!("{}", Value::Object(varied));
    }
}

/// Vectors that hold one kind of object.
struct Source {
    name: &'static str,
    field: &'static str,
    run: Runner,
    file: Value,
    cases: Vec<Map<String, Value>>,
}

fn sources() -> Vec<Source> {
    // The channel of charter 1, which the other files share; what is shown to another one's readers is a vector already.
    let text = std::fs::read_to_string(folder().join("charter.json")).unwrap();
    let charters: Value = serde_json::from_str(&text).unwrap();
    let newsroom = charters["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|case| Some(case["result"].as_object()?["channel"].clone()));
    let newsroom = newsroom.unwrap();
    let source = |(name, field): (&'static str, &'static str)| {
        let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        let cases = file["cases"].as_array().unwrap().iter().filter_map(Value::as_object);
        // What needs a million zeros behind it is about a limit only.
        let has_field = |case: &Map<String, Value>| case.get(field).is_some_and(|object| !object.is_null());
        let fit = cases.filter(|case| has_field(case) && !case.contains_key("zeros"));
        let newsroom = newsroom.clone();
        let own =
            fit.filter(|case| name == "charter" || case.get("channel").is_none_or(|channel| *channel == newsroom));
        let cases = own.cloned().collect();
        let run = RUNNERS.iter().find(|(known, _)| *known == name).unwrap().1;
        Source { name, field, run, file, cases }
    };
    FIELDS.into_iter().map(source).collect()
}

fn signers() -> Vec<SecretKey> {
    let key = |name: &&str| SecretKey::from_seed(plain(format!("longear vectors key {name}").as_bytes()));
    NAMES.iter().map(key).collect()
}

/// The case with its object changed.
fn vary(random: &mut Random, source: &Source, case: &Map<String, Value>, signers: &[SecretKey]) -> Map<String, Value> {
    let mut varied = case.clone();
    let other = &source.cases[random.below(source.cases.len() as u64) as usize][source.field];
    let named = case.get("session").and_then(Value::as_str).map(|name| &source.file["sessions"][name]);
    let field = |name: &str| named.map_or(case.get(name), |session| session.get(name)).map_or_else(Vec::new, hex);
    let channel = field("channel").try_into().unwrap_or([0; 32]);
    let key = field("key");
    let mut change = |value: &Value, other: &Value| {
        let (mut bytes, other) = (hex(value), hex(other));
        for _ in 0..random.below(CHANGES_MAX + 1) {
            alter(random, &mut bytes, &other);
        }
        if random.below(4) > 0 {
            sign_again(source.field, (&channel, &key), &mut bytes, signers);
        }
        json!(to_hex(&bytes))
    };
    let changed = match &case[source.field] {
        Value::Array(list) => {
            let others = other.as_array().unwrap();
            let each = list.iter().enumerate().map(|(place, one)| change(one, &others[place % others.len()]));
            Value::Array(each.collect())
        }
        one => change(one, other),
    };
    varied.insert(source.field.into(), changed);
    varied
}

/// One change of an object's bytes.
fn alter(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let length = bytes.len().max(1) as u64;
    let at = random.below(length) as usize;
    match random.below(9) {
        _ if bytes.is_empty() => bytes.push(random.next() as u8),
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5) as usize],
        3 => bytes.truncate(at),
        4 => bytes.extend_from_slice(&random.bytes()[..1 + random.below(4) as usize]),
        5 => {
            let count = (1 + random.below(8) as usize).min(bytes.len() - at);
            bytes.drain(at..at + count);
        }
        6 => {
            let piece = &random.bytes()[..1 + random.below(8) as usize];
            bytes.splice(at..at, piece.iter().copied());
        }
        7 => {
            let edge = EDGES[random.below(EDGES.len() as u64) as usize].to_le_bytes();
            let width = [1, 2, 4, 8][random.below(4) as usize].min(bytes.len() - at);
            bytes[at..at + width].copy_from_slice(&edge[..width]);
        }
        _ => {
            // The same place of another object of the kind: fields stay fields more often than not.
            let count = (1 + random.below(64) as usize).min(bytes.len() - at);
            let piece = other.get(at..at + count).unwrap_or(&[]);
            bytes[at..at + piece.len()].copy_from_slice(piece);
        }
    }
}

/// Replaces the signatures of an object by good ones, where its signers are known and its form still tells where they stand.
fn sign_again(field: &str, (channel, key): (&[u8; 32], &[u8]), bytes: &mut Vec<u8>, signers: &[SecretKey]) {
    let secret = |key: &[u8]| signers.iter().find(|secret| secret.public().0 == key);
    match field {
        "charter" => {
            let Ok(mut charter) = Charter::decode(bytes) else { return };
            let signed = charter.body.signing_message();
            for (root, signature) in &mut charter.signatures {
                *signature = secret(&root.0).map_or(*signature, |secret| secret.sign(&signed));
            }
            *bytes = charter.encode();
        }
        "header" | "headers" => {
            let Some(secret) = secret(key) else { return };
            sign_end(bytes, "item signature", channel, secret);
        }
        "tick" | "edge" => {
            // Of an edge, the newest tick; the ones before stand by their hashes.
            let Some(start) = bytes.windows(4).rposition(|four| four == b"LET\x01") else { return };
            let Some(secret) = secret(key) else { return };
            sign_end(&mut bytes[start..], "tick signature", channel, secret);
        }
        "statement" => {
            let Some(secret) = bytes.get(4..36).and_then(secret) else { return };
            sign_end(bytes, "statement signature", channel, secret);
        }
        "note" => {
            let Some(room) = bytes.get(4..36).and_then(|room| room.first_chunk().copied()) else { return };
            let Some(secret) = bytes.get(36..68).and_then(secret) else { return };
            sign_end(bytes, "note signature", &room, secret);
        }
        "pack" | "fork" => {
            let front = if field == "pack" { 13 } else { 4 };
            let Some(secret) = bytes.get(front..front + 32).and_then(secret).cloned() else { return };
            let slots = if field == "pack" { 8usize.pow(u32::from(bytes[4].min(4))) } else { 2 };
            let mut at = front + 40;
            for _ in 0..slots {
                let Some(length) = bytes.get(at..at + 2).map(|two| usize::from(u16::from_le_bytes([two[0], two[1]])))
                else {
                    return;
                };
                let Some(header) = bytes.get(at + 2..at + 2 + length) else { return };
                let mut header = header.to_vec();
                sign_end(&mut header, "item signature", channel, &secret);
                bytes[at + 2..at + 2 + length].copy_from_slice(&header);
                at += 2 + length;
            }
        }
        _ => {}
    }
}

fn sign_end(bytes: &mut [u8], label: &str, channel: &[u8; 32], secret: &SecretKey) {
    let Some((unsigned, signature)) = bytes.split_last_chunk_mut::<SIGNATURE_BYTES>() else { return };
    *signature = secret.sign(&message(label, channel, &[unsigned]));
}
