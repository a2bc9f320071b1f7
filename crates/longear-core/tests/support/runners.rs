//! Runs single vectors of `tests/vectors/`, and whatever is made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use longear_core::archive::{ArchivePart, ArchiveReader};
use longear_core::blob::{
    BLOCK_BYTES, BlobHash, BlobLayout, BlobRefused, GROUP_BLOCKS, GroupProof, Groups as BlobGroups, TreeHasher,
};
use longear_core::closing::{closing_root, inclusion_proof, proof_holds};
use longear_core::header::Payload;
use longear_core::kind::{Class, Kind};
use longear_core::limits::PACK_LEVEL_MAX;
use longear_core::live::{Chapter, Medium, Timeline};
use longear_core::pack::PackPart;
use longear_core::tree::TreePath;
use longear_core::{
    Address, Applied, Article, ChannelId, Charter, Edge, ForkProof, Groups, Head, ItemId, Lineage, LogOpening, Opening,
    PackName, PackReader, PublicKey, Retraction, RollUp, Run, Segment, Session, SignedHeader, Statement, Status,
    StreamId, Tick, Variant, verify,
};
use serde_json::{Value, json};

use super::holder::{Held, Holder};
use super::reconciling::run_reconcile;

/// What a case gives: its result, or the code of the refusal.
pub type Outcome = Result<Value, String>;

/// Runs one case, given what its file shares.
pub type Runner = fn(&Value, &Value) -> Outcome;

pub const RUNNERS: &[(&str, Runner)] = &[
    ("address", run_address),
    ("archive", run_archive),
    ("batch", run_signature),
    ("charter", run_charter),
    ("closing", run_closing),
    ("head", run_head),
    ("header", run_header),
    ("item", run_item),
    ("live", run_live),
    ("live-chapters", run_live),
    ("outboard", run_outboard),
    ("pack", run_pack),
    ("pack-lies", run_pack),
    ("reconcile", run_reconcile),
    ("room", super::rooms::run_room),
    ("signature", run_signature),
    ("signature-random", run_signature),
    ("signature-wycheproof", run_signature),
    ("statement", run_statement),
    ("status", run_status),
    ("tree", run_tree),
];

pub fn code(reason: longear_core::Reason) -> String {
    reason.code().to_owned()
}

/// A field of hexadecimal digits, with `zeros` zero bytes behind it if the case says so.
pub fn raw(case: &Value, field: &str) -> Vec<u8> {
    let mut bytes = hex(&case[field]);
    let zeros = case.get("zeros").and_then(Value::as_u64).unwrap_or(0);
    bytes.resize(bytes.len() + zeros as usize, 0);
    bytes
}

pub fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub fn array<const N: usize>(value: &Value) -> [u8; N] {
    hex(value).try_into().unwrap()
}

pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn channel(case: &Value) -> ChannelId {
    ChannelId(array(&case["channel"]))
}

fn opening(case: &Value) -> LogOpening {
    LogOpening { key: PublicKey(array(&case["key"])), incarnation: case["incarnation"].as_u64().unwrap() }
}

/// The charters that the case names as accepted.
fn lineage(case: &Value, file: &Value) -> Lineage {
    let mut lineage = Lineage::new(channel(case));
    for name in case["accepted"].as_array().unwrap() {
        let charter = Charter::decode(&hex(&file["charters"][name.as_str().unwrap()])).unwrap();
        lineage.apply(verify(&lineage, charter).unwrap());
    }
    lineage
}

/// The newsroom of the vectors: charter 1 of `charter.json`, whose delegates the other files name by their keys.
fn newsroom() -> Lineage {
    // Built in, because these runners also run where there are no files.
    let text = include_str!("../../../../tests/vectors/charter.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let charter = Charter::decode(&hex(&file["charters"]["first"])).unwrap();
    let mut lineage = Lineage::new(charter.body.channel());
    lineage.apply(verify(&lineage, charter).unwrap());
    lineage
}

/// Verifies against the newsroom. What stands outside of it (another channel, a key that the case does not list) must fail
/// there as well; the case says by which code.
fn require_listed(case: &Value, key: &PublicKey) -> Result<(), String> {
    let keys = case["delegates"].as_array().unwrap().iter().map(|key| PublicKey(array(key))).collect::<BTreeSet<_>>();
    if keys.contains(key) { Ok(()) } else { Err("unknown-key".into()) }
}

pub fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

fn run_address(case: &Value, _: &Value) -> Outcome {
    let address = case["text"].as_str().unwrap().parse::<Address>().map_err(|error| error.code().to_owned())?;
    Ok(json!({
        "channel": address.channel.to_string(), "hints": address.hints, "written": address.to_string(),
        "digits": address.digits(),
    }))
}

fn run_charter(case: &Value, file: &Value) -> Outcome {
    let mut lineage = lineage(case, file);
    let charter = Charter::decode(&raw(case, "charter")).map_err(code)?;
    let charter = verify(&lineage, charter).map_err(code)?;
    let applied = match lineage.apply(charter.clone()) {
        Applied::Next => "next",
        Applied::Known => "known",
        Applied::Rival => "rival",
        Applied::Stale => "stale",
    };
    let body = &charter.body;
    Ok(json!({
        "applied": applied, "hash": body.hash().to_string(), "channel": body.channel().to_string(), "number": body.number, "name": body.name,
        "threshold": body.roots.threshold, "roots": body.roots.keys.len(), "delegates": body.delegates.len(),
        "closings": body.closings.len(), "signatures": charter.signatures.len(),
    }))
}

fn run_closing(case: &Value, file: &Value) -> Outcome {
    let ids = file["items"].as_array().unwrap().iter().map(|id| ItemId(array(id))).collect::<Vec<_>>();
    let count = || case["count"].as_u64().unwrap();
    let seq = || case["seq"].as_u64().unwrap();
    match case["op"].as_str().unwrap() {
        "root" => Ok(json!({ "root": to_hex(&closing_root(ids[..count() as usize].iter().copied())) })),
        "prove" => match inclusion_proof(&ids[..count() as usize], seq() as usize) {
            Some(proof) => Ok(json!({ "proof": to_hex(&proof.concat()) })),
            None => Err("bad-proof".into()),
        },
        "check" => {
            let proof = hex(&case["proof"]);
            let hashes = proof.chunks(32).map(|hash| hash.try_into().ok()).collect::<Option<Vec<[u8; 32]>>>();
            let id = ItemId(array(&case["id"]));
            let holds = hashes.is_some_and(|hashes| proof_holds(&array(&case["root"]), count(), seq(), &id, &hashes));
            if holds { Ok(json!({})) } else { Err("bad-proof".into()) }
        }
        "fork-winner" => {
            let proofs = ["a", "b"].map(|side| ForkProof::decode(&hex(&case[side])).unwrap());
            let rank = |proof: &ForkProof| (proof.seq(), proof.encode());
            Ok(json!({ "winner": if rank(&proofs[0]) < rank(&proofs[1]) { "a" } else { "b" } }))
        }
        _ => {
            let proof = ForkProof::decode(&raw(case, "fork")).map_err(code)?;
            require_listed(case, &proof.opening.key)?;
            let proof = verify(&newsroom(), proof).map_err(code)?;
            Ok(json!({ "log": proof.first.header().log.to_string(), "seq": proof.seq() }))
        }
    }
}

fn run_head(case: &Value, _: &Value) -> Outcome {
    let channel_of = |bytes: &[u8]| ChannelId(bytes.get(4..36).map_or([0; 32], |id| id.try_into().unwrap()));
    let decode = |bytes: &[u8]| Head::decode(&channel_of(bytes), bytes).map_err(code);
    if case["op"] == "merge" {
        let (mut a, b) = (decode(&hex(&case["a"]))?, decode(&hex(&case["b"]))?);
        if a.channel != b.channel {
            return Err("wrong-channel".into());
        }
        a.merge(&b);
        return Ok(json!({ "merged": to_hex(&a.encode()) }));
    }
    let head = decode(&raw(case, "head"))?;
    Ok(json!({
        "channel": head.channel.to_string(), "charter": head.charter, "charter_hash": head.charter_hash.to_string(),
        "logs": head.statements.keys().map(ToString::to_string).collect::<Vec<_>>(),
        "forks": head.forks.iter().map(ToString::to_string).collect::<Vec<_>>(),
    }))
}

fn run_header(case: &Value, _: &Value) -> Outcome {
    let lineage = newsroom();
    let require_listed = || require_listed(case, &opening(case).key);
    let run_of = |headers| Run::new(opening(case), headers).map_err(code);
    if case["op"] == "run" {
        require_listed()?;
        let mut headers = Vec::new();
        for one in case["headers"].as_array().unwrap() {
            // One after the other: what is wrong with those before comes first. Only the last one's signature counts.
            let sound = |headers: &Vec<_>| match verify(&lineage, run_of(headers.clone())?) {
                Err(reason) if reason != longear_core::Reason::BadSignature => Err(code(reason)),
                _ => Ok(()),
            };
            match SignedHeader::decode(&hex(one)) {
                Ok(header) => headers.push(header),
                Err(_) if !headers.is_empty() && sound(&headers).is_err() => {
                    return sound(&headers).map(|()| json!({}));
                }
                Err(reason) => return Err(code(reason)),
            }
        }
        let run = verify(&lineage, run_of(headers)?).map_err(code)?;
        return Ok(json!({ "ids": run.headers().iter().map(|item| item.id().to_string()).collect::<Vec<_>>() }));
    }
    let item = SignedHeader::decode(&raw(case, "header")).map_err(code)?;
    require_listed()?;
    let channel = channel(case);
    if channel == lineage.channel() {
        verify(&lineage, run_of(vec![item.clone()])?).map_err(code)?;
    } else if item.header().log != opening(case).log(&channel) {
        return Err("wrong-log".into());
    } else {
        item.check_signature(&channel, &opening(case)).map_err(code)?;
    }
    let header = item.header();
    Ok(json!({
        "id": item.id().to_string(), "log": header.log.to_string(), "kind": header.kind.number(), "seq": header.seq,
        "time": header.time, "expiry": header.expiry, "payload_length": header.payload_length,
        "payload_hash": to_hex(&header.payload_hash), "previous": header.previous.to_string(),
    }))
}

fn run_item(case: &Value, _: &Value) -> Outcome {
    let kind = Kind::from_number(case["kind"].as_u64().unwrap() as u8).unwrap();
    let payload = raw(case, "payload");
    if kind == Kind::Retraction {
        let found = Retraction::decode(&payload).map_err(code)?;
        let targets = found.targets.iter().map(ToString::to_string).collect::<Vec<_>>();
        return Ok(json!({ "targets": targets, "reason": found.reason }));
    }
    let article = Article::decode(kind, &payload).map_err(code)?;
    let renditions = article.renditions.iter().map(|file| {
        let groups = match &file.groups {
            Groups::None => Value::Null,
            Groups::Inline(hashes) => json!(hashes.len()),
            Groups::Blob(hash) => json!(to_hex(hash)),
            Groups::File(bytes) => json!({ "file_bytes": bytes.len() }),
        };
        json!({
            "name": file.name, "blob": to_hex(&file.blob), "size": file.size, "mime": file.mime,
            "duration": file.duration_ms, "width": file.width, "height": file.height, "groups": groups,
        })
    });
    Ok(json!({
        "corrects": article.corrects.map(|id| id.to_string()), "variants": variants_of(&article.variants),
        "renditions": renditions.collect::<Vec<_>>(),
    }))
}

fn variants_of(variants: &[Variant]) -> Value {
    let variants = variants.iter().map(|variant| {
        json!({
            "language": variant.language, "origin": variant.origin as u8, "title": variant.title,
            "body_bytes": variant.body.len(),
        })
    });
    variants.collect()
}

/// Reads a pack as a store does, and tells the state of every slot as the vectors do.
fn run_pack(case: &Value, _: &Value) -> Outcome {
    let bytes = raw(case, "pack");
    let lineage = newsroom();
    let (name, opening) = pack_front(&bytes)?;
    require_listed(case, &opening.key)?;
    let mut reader = PackReader::new(lineage.channel(), opening.log(&lineage.channel()), name);
    reader.push(&bytes);
    let mut headers = None;
    let mut payloads = BTreeMap::new();
    let end = loop {
        match reader.next_part() {
            Ok(Some(PackPart::Headers(found))) => headers = Some(found),
            Ok(Some(PackPart::Payload { seq, bytes })) => drop(payloads.insert(seq, bytes.to_vec())),
            Ok(None) => break None,
            Err(reason) => break Some(reason.code()),
        }
    };
    let end = end.unwrap_or(if reader.is_complete() { "complete" } else { "truncated" });
    let read_table = headers.is_some();
    let headers = headers.unwrap_or_else(|| reader.cut());
    let seen = headers.items.iter().map(|item| item.header().seq).collect::<BTreeSet<_>>();
    let (runs, refused) = headers.verified(opening, &lineage);
    let good =
        runs.iter().flat_map(|run| run.headers()).map(|item| (item.header().seq, item)).collect::<BTreeMap<_, _>>();
    let refused = refused.into_iter().map(|(seq, reason)| (seq, reason.code())).collect::<BTreeMap<_, _>>();
    let slots = name.items().map(|seq| {
        let item = good.get(&seq);
        let unread = slot_length(&bytes, name, seq) != Some(0);
        let header = match (item, refused.get(&seq)) {
            (Some(_), _) => "good",
            (None, Some(code)) if seen.contains(&seq) || *code != "not-canonical" => code,
            _ if unread => "unread",
            _ => "left-out",
        };
        let left_out = table_length(&bytes, name, seq) == Some(0);
        let payload = match (item, payloads.get(&seq)) {
            _ if !read_table => "unread",
            (Some(item), Some(bytes)) => match verify(*item, Payload::new(item.id(), bytes)) {
                Ok(_) => "good",
                Err(reason) => reason.code(),
            },
            (Some(item), None) if item.header().payload_length == 0 && left_out => {
                verify(*item, Payload::new(item.id(), &[])).map_or_else(|reason| reason.code(), |_| "good")
            }
            (_, None) if refused.get(&seq) == Some(&"not-canonical") => "not-canonical",
            (Some(_), None) if left_out => "left-out",
            (None, _) if header == "left-out" => "left-out",
            _ => "unread",
        };
        let reached = end == "complete" || end == "trailing-bytes" || payload_read(&bytes, name, seq);
        let payload = if reached { payload } else { "unread" };
        json!({ "seq": seq, "id": item.map(|item| item.id().to_string()), "header": header, "payload": payload })
    });
    let slots = slots.collect::<Vec<_>>();
    Ok(json!({ "level": name.level, "index": name.index, "end": end, "slots": slots }))
}

/// Level, index and opening: a pack is asked for by name, the vectors take the name from its bytes.
fn pack_front(bytes: &[u8]) -> Result<(PackName, LogOpening), String> {
    let mut input = longear_core::bytes::Reader::new(bytes);
    input.magic(b"LEP", "a pack").map_err(code)?;
    let level = input.u8().map_err(code)?;
    let bad_value = || "bad-value".to_owned();
    if level > PACK_LEVEL_MAX {
        return Err(bad_value());
    }
    let name = PackName::new(level, input.u64().map_err(code)?).ok_or_else(bad_value)?;
    let opening = LogOpening { key: input.key().map_err(code)?, incarnation: input.u64().map_err(code)? };
    Ok((name, opening))
}

/// How long the header in a slot is, if the reading came that far.
fn slot_length(bytes: &[u8], name: PackName, seq: u64) -> Option<usize> {
    let (mut at, mut length) = (53, 0);
    for _ in name.items().start..=seq {
        at += length;
        let field = bytes.get(at..at + 2)?;
        length = usize::from(u16::from_le_bytes([field[0], field[1]]));
        at += 2;
        if length > longear_core::limits::HEADER_BYTES_MAX || bytes.len() < at + length {
            return None;
        }
    }
    Some(length)
}

/// Where the table begins, if the bytes go on that far.
fn table_start(bytes: &[u8], name: PackName) -> Option<usize> {
    name.items().try_fold(53, |at, _| {
        let length = bytes.get(at..at + 2)?;
        Some(at + 2 + usize::from(u16::from_le_bytes([length[0], length[1]])))
    })
}

fn table_length(bytes: &[u8], name: PackName, seq: u64) -> Option<u32> {
    let at = table_start(bytes, name)? + (seq - name.items().start) as usize * 12 + 8;
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Whether the bytes hold all payloads up to this one.
fn payload_read(bytes: &[u8], name: PackName, seq: u64) -> bool {
    let lengths = (name.items().start..=seq).map(|seq| table_length(bytes, name, seq).map(u64::from));
    let needed = lengths.sum::<Option<u64>>();
    let area = table_start(bytes, name).map(|start| start as u64 + name.length() * 12);
    area.zip(needed).is_some_and(|(area, needed)| bytes.len() as u64 >= area + needed)
}

/// Hashes the blob of all cases, or checks what came along against its hash and size.
fn run_outboard(case: &Value, _: &Value) -> Outcome {
    let size = case["size"].as_u64().unwrap();
    let refused = |error: BlobRefused| {
        let code = match error {
            BlobRefused::GroupCount { .. } => "not-canonical",
            BlobRefused::GroupsMismatch | BlobRefused::SliceMismatch { .. } => "hash-mismatch",
            BlobRefused::Length { expected, found } if found < expected => "truncated",
            BlobRefused::Length { .. } => "trailing-bytes",
            _ => "bad-value",
        };
        code.to_owned()
    };
    if case["op"] == "write" {
        return Ok(written_outboard(&content(0, size)));
    }
    let blob = BlobHash::from_bytes(array(&case["blob"]));
    if case["op"] == "groups" {
        let list = case["groups"].as_array().unwrap().iter().map(array).collect();
        return BlobGroups::verify(blob, size, list).map(|_| json!({})).map_err(refused);
    }
    let layout = BlobLayout::new(size).map_err(refused)?;
    let outboard = hex(&case["outboard"]);
    let (expected, found) = (layout.outboard_bytes(), outboard.len() as u64);
    if expected != found {
        return Err(refused(BlobRefused::Length { expected, found }));
    }
    let groups = BlobGroups::read_upper_nodes(blob, size, |at, node| {
        *node = *outboard[at as usize..].first_chunk().unwrap();
        Ok::<_, BlobRefused>(())
    });
    let groups = groups.map_err(refused)?;
    let slice = |group| &outboard[layout.slice_range(group).start as usize..layout.slice_range(group).end as usize];
    // Holders of a part write zeros for the slices that they do not know: such a group cannot be checked, only skipped.
    let lacks = |group| case["op"] == "range" && !slice(group).is_empty() && slice(group).iter().all(|byte| *byte == 0);
    let proof = |group| match lacks(group) {
        true => Ok(None),
        false => GroupProof::verify(&groups, group, slice(group)).map(Some),
    };
    let proofs = (0..layout.group_count()).map(proof).collect::<Result<Vec<_>, _>>().map_err(refused)?;
    if case["op"] == "check" {
        return Ok(json!({}));
    }
    let (start, length) = (case["start"].as_u64().unwrap(), case["length"].as_u64().unwrap());
    if start % BLOCK_BYTES != 0 || start + length > size {
        return Err("bad-value".into());
    }
    let mut data = content(start, length);
    case["flipped"].as_array().unwrap().iter().for_each(|at| data[(at.as_u64().unwrap() - start) as usize] ^= 1);
    let mut good = 0;
    while good < length {
        let block = ((start + good) / BLOCK_BYTES) as u32;
        let whole = layout.block_range(block);
        let Some(bytes) = data.get(good as usize..(whole.end - start) as usize) else { break };
        let Some(proof) = &proofs[(block / GROUP_BLOCKS) as usize] else { break };
        if !proof.verify_block(block % GROUP_BLOCKS, bytes) {
            return Err("hash-mismatch".into());
        }
        good = whole.end - start;
    }
    Ok(json!({ "good": good }))
}

/// Bytes of the blob of all cases: byte i is i modulo 251.
fn content(start: u64, length: u64) -> Vec<u8> {
    (start..start + length).map(|place| (place % 251) as u8).collect()
}

fn written_outboard(data: &[u8]) -> Value {
    let mut hasher = TreeHasher::new();
    hasher.update(data).unwrap();
    let hashed = hasher.finish();
    let layout = hashed.groups.layout();
    let mut outboard = vec![0; layout.outboard_bytes() as usize];
    let mut put = |at: u64, bytes: &[u8]| outboard[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    hashed.slices.iter().for_each(|slice| put(layout.slice_range(slice.group).start, &slice.nodes));
    hashed
        .groups
        .write_upper_nodes(|at, node| {
            put(at, node);
            Ok::<_, ()>(())
        })
        .unwrap();
    let groups = hashed.groups.list().iter().map(|hash| to_hex(hash)).collect::<Vec<_>>();
    json!({ "blob": to_hex(hashed.hash.as_bytes()), "outboard": to_hex(&outboard), "groups": groups })
}

fn run_live(case: &Value, file: &Value) -> Outcome {
    match case["op"].as_str().unwrap() {
        "opening" => {
            let found = Opening::decode(&raw(case, "payload")).map_err(code)?;
            let (session, variants) = (to_hex(&found.key.0), variants_of(&found.variants));
            let (stream, until) = (found.stream.to_string(), found.until);
            Ok(json!({ "stream": stream, "session": session, "until": until, "variants": variants }))
        }
        "roll-up" => {
            let found = RollUp::decode(&raw(case, "payload")).map_err(code)?;
            let ticks = found.beats.iter().map(|beat| {
                let names = beat.segments.iter().map(|segment| &segment.name).collect::<Vec<_>>();
                json!({ "time": beat.time, "segments": names })
            });
            let (stream, ticks) = (found.stream.to_string(), ticks.collect::<Vec<_>>());
            let chapters = chapters_of(&found.chapters);
            Ok(
                json!({ "stream": stream, "first": found.first, "last": found.is_last, "ticks": ticks, "chapters": chapters }),
            )
        }
        _ => run_in_session(case, &session(case, file)),
    }
}

fn session(case: &Value, file: &Value) -> Session {
    let named = &file["sessions"][case["session"].as_str().unwrap()];
    let (stream, key) = (StreamId(array(&named["stream"])), PublicKey(array(&named["key"])));
    Session { channel: channel(named), stream, key, until: named["until"].as_u64().unwrap() }
}

/// What needs the session of a broadcast.
fn run_in_session(case: &Value, session: &Session) -> Outcome {
    let edge = |field: &str| Edge::decode(session, &raw(case, field)).map_err(code);
    match case["op"].as_str().unwrap() {
        "tick" => {
            let tick = verify(session, Tick::decode(&raw(case, "tick")).map_err(code)?).map_err(code)?;
            let (previous, hash) = (to_hex(&tick.previous), to_hex(&tick.hash()));
            let segments = tick.segments.iter().map(segment_of).collect::<Vec<_>>();
            let (number, time) = (tick.seq, tick.time);
            Ok(json!({
                "number": number, "time": time, "previous": previous, "hash": hash, "segments": segments
            }))
        }
        "edge" => {
            let edge = edge("edge")?;
            let ticks = edge.ticks().iter().map(|tick| json!({ "number": tick.seq, "hash": to_hex(&tick.hash()) }));
            Ok(json!({ "ticks": ticks.collect::<Vec<_>>() }))
        }
        "edge-winner" => {
            let (a, b) = (edge("a")?, edge("b")?);
            let kept = a.clone().newer(b.clone());
            assert_eq!(kept, b.newer(a.clone()), "the order of two edges mattered");
            Ok(json!({ "winner": if kept == a { "a" } else { "b" } }))
        }
        "known" => {
            let edge = if case["edge"].is_null() { None } else { Some(edge("edge")?) };
            let rolled = case["roll_ups"].as_array().unwrap().iter();
            let rolled = rolled.map(|one| RollUp::decode(&hex(one)).map_err(code)).collect::<Result<Vec<_>, _>>()?;
            let known = Timeline::of(&rolled, edge.as_ref());
            let newest = known.newest_ms().map(|time| json!({ "number": known.next_tick() - 1, "time": time }));
            let live = known.is_live(case["now"].as_u64().unwrap());
            let (tracks, chapters) = (tracks_of(&known), chapters_of(known.chapters()));
            let ended = known.is_over();
            Ok(json!({ "tracks": tracks, "chapters": chapters, "newest": newest, "ended": ended, "live": live }))
        }
        other => panic!("nothing runs {other}"),
    }
}

fn segment_of(segment: &Segment) -> Value {
    let (medium, height) = match segment.medium {
        Medium::Sound => ("sound", 0),
        Medium::Picture(height) => ("picture", height),
    };
    let class = match segment.class() {
        Class::Sound => "sound",
        Class::SmallVideo => "small-video",
        Class::Large => "large",
        other => panic!("no segment travels as {other:?}"),
    };
    json!({
        "name": segment.name, "medium": medium, "height": height, "start": segment.start_ms,
        "duration": segment.duration_ms, "initialisation": to_hex(&segment.init),
        "initialisation_size": segment.init_size, "blob": to_hex(&segment.blob), "size": segment.size,
        "groups": segment.groups.len(), "class": class,
    })
}

fn chapters_of(chapters: &[Chapter]) -> Value {
    chapters.iter().map(|chapter| json!({ "start": chapter.start_ms, "title": chapter.title })).collect()
}

fn tracks_of(known: &Timeline) -> Value {
    let tracks = known.tracks().iter().map(|track| {
        let pairs = track.parts.windows(2).filter(|pair| !pair[0].meets(&pair[1]));
        let missing = pairs.map(|pair| [pair[0].end_ms(), pair[1].start_ms]).collect::<Vec<_>>();
        let starts = track.parts.iter().map(|part| part.start_ms).collect::<Vec<_>>();
        json!({ "name": track.name, "starts": starts, "missing": missing })
    });
    tracks.collect()
}

fn run_tree(case: &Value, _: &Value) -> Outcome {
    let path = case["path"].as_str().unwrap().parse::<TreePath>().map_err(|_| "bad-path".to_owned())?;
    Ok(match path {
        TreePath::Head { channel } => json!({ "kind": "head", "channel": to_hex(&channel) }),
        TreePath::Charter { channel, number } => {
            json!({ "kind": "charter", "channel": to_hex(&channel), "number": number })
        }
        TreePath::Pack { channel, log, level, index } => {
            let (channel, log) = (to_hex(&channel), to_hex(&log));
            json!({ "kind": "pack", "channel": channel, "log": log, "level": level, "index": index })
        }
        TreePath::Fork { channel, log } => json!({ "kind": "fork", "channel": to_hex(&channel), "log": to_hex(&log) }),
        TreePath::Edge { channel, stream } => {
            json!({ "kind": "edge", "channel": to_hex(&channel), "stream": to_hex(&stream) })
        }
        TreePath::Notes { channel, room } => {
            json!({ "kind": "notes", "channel": to_hex(&channel), "room": to_hex(&room) })
        }
        TreePath::Sheaf { channel, room, name } => {
            json!({ "kind": "sheaf", "channel": to_hex(&channel), "room": to_hex(&room), "sheaf": to_hex(&name) })
        }
        TreePath::Blob { hash } => json!({ "kind": "blob", "blob": to_hex(&hash) }),
        TreePath::Outboard { hash } => json!({ "kind": "outboard", "blob": to_hex(&hash) }),
        TreePath::BlobPart { hash, start_mib } => {
            json!({ "kind": "part", "blob": to_hex(&hash), "start_mib": start_mib })
        }
    })
}

/// Splits an archive in small pieces, so that every border falls into one.
fn run_archive(case: &Value, _: &Value) -> Outcome {
    let bytes = raw(case, "archive");
    let (mut objects, mut refused) = (Vec::<(String, u64, Vec<u8>)>::new(), Vec::new());
    let mut reader = ArchiveReader::new();
    let mut end = None;
    'pieces: for piece in bytes.chunks(97) {
        reader.push(piece);
        loop {
            match reader.next_part() {
                Ok(None) => break,
                Ok(Some(ArchivePart::Entry { path, length })) => objects.push((path.to_string(), length, Vec::new())),
                Ok(Some(ArchivePart::Bytes(bytes))) => objects.last_mut().unwrap().2.extend(bytes),
                Ok(Some(ArchivePart::Refused { reason, .. })) => refused.push(reason.code()),
                Err(reason) => {
                    end = Some(reason.code());
                    break 'pieces;
                }
            }
        }
    }
    let end = end.or_else(|| reader.finish().err().map(|reason| reason.code())).unwrap_or("complete");
    if reader.position() == 0 {
        return Err(end.to_owned());
    }
    let whole = objects.into_iter().filter(|(_, length, bytes)| *length == bytes.len() as u64);
    let objects = whole.map(|(path, length, bytes)| {
        json!({ "path": path, "bytes": length, "hash": blake3::hash(&bytes).to_hex().as_str() })
    });
    Ok(json!({ "objects": objects.collect::<Vec<_>>(), "refused": refused, "end": end }))
}

fn run_signature(case: &Value, _: &Value) -> Outcome {
    let key = PublicKey(array(&case["key"]));
    key.check().map_err(code)?;
    // In the formats a signature is a field of 64 bytes.
    let bytes = hex(&case["signature"]);
    let mut field = longear_core::bytes::Reader::new(&bytes);
    let signature = field.array().map_err(code)?;
    field.finish().map_err(code)?;
    key.verify(&hex(&case["message"]), &signature).map_err(code)?;
    Ok(json!({}))
}

fn run_statement(case: &Value, _: &Value) -> Outcome {
    if case["op"] == "winner" {
        let [a, b] = ["a", "b"].map(|side| Statement::decode(&hex(&case[side])).unwrap());
        return Ok(json!({ "winner": if a.supersedes(&b) { "a" } else { "b" } }));
    }
    let statement = Statement::decode(&raw(case, "statement")).map_err(code)?;
    let lineage = newsroom();
    if channel(case) != lineage.channel() {
        // Signed for the newsroom, shown to the readers of another channel.
        let (signed, signature) = raw(case, "statement").split_last_chunk().map(|(a, b)| (a.to_vec(), *b)).unwrap();
        let message = longear_core::hash::message("statement signature", &channel(case).0, &[&signed]);
        return statement.opening.key.verify(&message, &signature).map(|()| json!({})).map_err(code);
    }
    let statement = verify(&lineage, statement).map_err(code)?;
    let citations = statement
        .citations
        .iter()
        .map(|one| json!({ "log": one.log.to_string(), "seq": one.seq, "prefix": to_hex(&one.prefix) }));
    let hash = longear_core::hash::labelled("statement", &[&statement.encode()]);
    Ok(json!({
        "log": statement.log(&channel(case)).to_string(), "hash": to_hex(&hash), "counter": statement.counter,
        "time": statement.time, "next_word": statement.next_word, "items": statement.items,
        "tip": statement.tip.to_string(), "charter": statement.charter, "citations": citations.collect::<Vec<_>>(),
    }))
}

/// Holds the objects in the case's order, then backwards, and wants the same statuses.
fn run_status(case: &Value, file: &Value) -> Outcome {
    let [forwards, backwards] = [false, true].map(|backwards| statuses(case, file, backwards));
    assert_eq!(forwards, backwards, "the order of arrival matters");
    Ok(json!({ "statuses": forwards }))
}

fn statuses(case: &Value, file: &Value, backwards: bool) -> Value {
    let mut holder = Holder::with_lineage(lineage(case, file));
    let mut objects = Vec::new();
    for one in case["items"].as_array().unwrap() {
        let payload = one.get("payload").filter(|payload| !payload.is_null()).map(hex);
        let proof = one.get("proof").filter(|proof| !proof.is_null()).map(hex);
        let header = SignedHeader::decode(&hex(&one["header"])).unwrap();
        let id = header.id();
        objects.push(Held::Item { opening: opening(one), header });
        objects.extend(payload.map(|bytes| Held::Payload { item: id, bytes }));
        objects.extend(proof.map(|proof| {
            let hashes = proof.chunks(32).map(|hash| hash.try_into().unwrap()).collect();
            Held::Proof { item: id, hashes }
        }));
    }
    let of = |name: &str| case[name].as_array().unwrap().iter().map(hex).collect::<Vec<_>>();
    objects.extend(of("statements").iter().map(|bytes| Held::Statement(Statement::decode(bytes).unwrap())));
    objects.extend(of("forks").iter().map(|bytes| Held::Fork(ForkProof::decode(bytes).unwrap())));
    if backwards {
        objects.reverse();
    }
    objects.into_iter().for_each(|object| holder.insert(object));
    let statuses = holder.statuses().into_iter().map(|(id, (status, taken))| {
        let reason = match status {
            Status::Retracted => taken.map(|taken| taken.name()),
            status => Some(status.code()).filter(|code| !code.is_empty()),
        };
        (id.to_string(), json!({ "status": status.name(), "reason": reason }))
    });
    Value::Object(statuses.collect())
}
