//! The checks that stand between an attacker and the reader, and how each is switched off in a copy of the sources.
//!
//! Nothing in the sources themselves can be switched off. `cargo xtask attack --long` copies them, replaces `whole` by `broken`
//! and runs the attacks against that copy: one build in which the variable `LONGEAR_BROKEN` names the guard that is off.

/// Stands in `broken` for the question whether this guard is off.
pub const OFF: &str = "OFF";

const BATCH: &str = "crates/longear-store/src/batch.rs";
const BODY: &str = "crates/longear-net/src/carrier/body.rs";
const BYTES: &str = "crates/longear-core/src/bytes.rs";
const CHARTER: &str = "crates/longear-core/src/charter/mod.rs";
const CODEC: &str = "crates/longear-core/src/charter/codec.rs";
const CLOCK: &str = "crates/longear-core/src/clock.rs";
const FOLDER: &str = "crates/longear-net/src/carrier/folder.rs";
const FORK: &str = "crates/longear-core/src/fork.rs";
const HASH: &str = "crates/longear-core/src/hash.rs";
const HEADER: &str = "crates/longear-core/src/header.rs";
const HOLDINGS: &str = "crates/longear-core/src/holdings.rs";
const INDEXING: &str = "crates/longear-store/src/indexing.rs";
const KEYS: &str = "crates/longear-core/src/keys.rs";
const LINEAGE: &str = "crates/longear-core/src/lineage.rs";
const MEMORY: &str = "crates/longear-net/src/sync/decisions/memory.rs";
const PACK: &str = "crates/longear-core/src/pack.rs";
const PACKS: &str = "crates/longear-net/src/sync/decisions/packs.rs";
const PROOF: &str = "crates/longear-core/src/blob/proof.rs";
const RETRACTION: &str = "crates/longear-core/src/retraction.rs";
const STATEMENT: &str = "crates/longear-core/src/statement.rs";
const STATUS: &str = "crates/longear-core/src/status.rs";
const WORDS: &str = "crates/longear-net/src/sync/decisions/words.rs";

/// One check.
pub struct Guard {
    pub name: &'static str,
    pub edits: &'static [Edit],
}

/// A place in the sources, which must occur exactly once, and what it becomes.
pub struct Edit {
    pub file: &'static str,
    pub whole: &'static str,
    pub broken: &'static str,
}

const fn edit(file: &'static str, whole: &'static str, broken: &'static str) -> Edit {
    Edit { file, whole, broken }
}

macro_rules! guards {
    ($($name:literal: $(($file:expr, $whole:literal, $broken:literal)),+;)+) => {
        pub const GUARDS: &[Guard] = &[$(Guard { name: $name, edits: &[$(edit($file, $whole, $broken)),+] }),+];
    };
}

guards! {
    "signatures": (KEYS, "        point.verify_strict(", "        if OFF { return Ok(()); }\n        point.verify_strict(");
    "weak keys": (KEYS, "if point.is_weak() { Err(Reason::WeakKey) }", "if point.is_weak() && !OFF { Err(Reason::WeakKey) }");
    "one spelling of a key": (KEYS, "if !y_is_reduced {", "if !y_is_reduced && !OFF {");
    "a desk does not publish": (KEYS, "bits > 31 || desk_publishes", "bits > 31 || (desk_publishes && !OFF)");
    "a label on each message":
        (HASH, "    message.extend_from_slice(label.as_bytes());", "    if !OFF { message.extend_from_slice(label.as_bytes()); }");
    "the channel in each message":
        (HASH, "    message.extend_from_slice(context);", "    if !OFF { message.extend_from_slice(context); }");
    "lists ascend": (BYTES, "if last.is_some_and(|last| next <= last) {", "if !OFF && last.is_some_and(|last| next <= last) {");
    "numbers below their end": (BYTES, "if number < end {", "if OFF || number < end {");
    "magic letters": (BYTES, "if &self.array::<3>()? != magic {", "if &self.array::<3>()? != magic && !OFF {");
    "one version": (BYTES, "            version => Err(", "            _ if OFF => Ok(()),\n            version => Err(");
    "what must be understood": (BYTES, "if kind % 2 == 0 {", "if !OFF && kind % 2 == 0 {");
    "nothing left over": (BYTES, "if self.rest.is_empty() { Ok(()) }", "if OFF || self.rest.is_empty() { Ok(()) }");
    "charters in memory are canonical":
        (LINEAGE, "if Charter::decode(&self.encode())? != *self {", "if !OFF && Charter::decode(&self.encode())? != *self {");
    "a threshold of one at least": (CODEC, "if threshold == 0 {", "if threshold == 0 && !OFF {");
    "signers are roots": (CHARTER, "if !known(key) {", "if !known(key) && !OFF {");
    "every signature of a charter": (CHARTER, "            key.verify(&message, signature)?;", "            if !OFF { key.verify(&message, signature)?; }");
    "both thresholds": (CHARTER, "if have < need {", "if have < need && !OFF {");
    "enrolment": (CHARTER, "        self.key.verify(&message, &self.enrolment)", "        if OFF { return Ok(()); }\n        self.key.verify(&message, &self.enrolment)");
    "announced roots": (CHARTER, "if !kept && !committed {", "if !kept && !committed && !OFF {");
    "delegates lose nothing": (CHARTER, ".is_some_and(|former| !delegate.keeps(former)) {", ".is_some_and(|former| !OFF && !delegate.keeps(former)) {");
    "delegates do not return": (LINEAGE, "was_delegate(&entry.key) && before.delegate(&entry.key).is_none())", "!OFF && was_delegate(&entry.key) && before.delegate(&entry.key).is_none())");
    "charters of this channel": (LINEAGE, "Origin::Channel(channel) if channel != lineage.channel =>", "Origin::Channel(channel) if channel != lineage.channel && !OFF =>");
    "one charter after the other": (LINEAGE, "if body.number > expected || body.number > CHARTERS_MAX {", "if !OFF && (body.number > expected || body.number > CHARTERS_MAX) {");
    "rivals stop everything": (LINEAGE, "if held.body.hash() == charter.body.hash() {", "if OFF || held.body.hash() == charter.body.hash() {");
    "closed logs":
        (LINEAGE, "match self.closings.get(&opening.log(&self.channel)) {", "match self.closings.get(&opening.log(&self.channel)).filter(|_| !OFF) {"),
        (LINEAGE, "None if self.left_out.contains(&opening.key) =>", "None if !OFF && self.left_out.contains(&opening.key) =>");
    "nothing beyond a closing": (STATUS, "Verdict::Closed { items, .. } if header.seq >= *items =>", "Verdict::Closed { items, .. } if OFF && header.seq >= *items => Status::Shown,\n            Verdict::Closed { items, .. } if header.seq >= *items =>");
    "void logs": (STATUS, "Verdict::Void => Status::Refused(", "Verdict::Void if OFF => Status::Shown,\n            Verdict::Void => Status::Refused(");
    "roles": (STATUS, "if header.kind.roles().is_some_and(", "if !OFF && header.kind.roles().is_some_and(");
    "the life of a key": (STATUS, "if open && !entry.lives_at(header.time) {", "if !OFF && open && !entry.lives_at(header.time) {");
    "checkpoints": (STATUS, "if vouches && wins {", "if vouches && wins && !OFF {");
    "nobody vouches for himself": (STATUS, "let vouches = speaker.key != opening.key", "let vouches = (OFF || speaker.key != opening.key)");
    "the newest word wins": (STATEMENT, "        self.counter > other.counter ||", "        OFF || self.counter > other.counter ||");
    "no clock moved by one": (CLOCK, "if delegates > 1 =>", "if delegates > 1 && !OFF =>");
    "the log of a pack": (PACK, "if opening.log(&self.channel) != self.log {", "if !OFF && opening.log(&self.channel) != self.log {");
    "the place of a pack": (PACK, "if (level, index) != (self.name.level, self.name.index) {", "if !OFF && (level, index) != (self.name.level, self.name.index) {");
    "the place of a header": (PACK, "if item.header().seq != seq {", "if !OFF && item.header().seq != seq {");
    "the hash of a payload": (HEADER, "if matches { Ok(()) }", "if OFF || matches { Ok(()) }");
    "the hash of a blob":
        (PROOF, "        groups.group_hash(self.group) == Some(&self.hash)", "        OFF || groups.group_hash(self.group) == Some(&self.hash)");
    "only who may retracts": (RETRACTION, "    signer_log == target_log ||", "    OFF || signer_log == target_log ||");
    "so many retractions a day": (RETRACTION, "targets.len().min(RETRACTION_TARGETS_MAX - *used)", "if OFF { targets.len() } else { targets.len().min(RETRACTION_TARGETS_MAX - *used) }");
    "a fork is one": (FORK, "if low.log != high.log || !(same_place || not_linked) {", "if !OFF && (low.log != high.log || !(same_place || not_linked)) {");
    "a fork in its log": (FORK, "if self.first.header().log != log || self.second.header().log != log {", "if !OFF && (self.first.header().log != log || self.second.header().log != log) {");
    "two branches are kept": (INDEXING, "            (_, BRANCHES_KEPT_MAX..) =>", "            (_, BRANCHES_KEPT_MAX..) if !OFF =>");
    "branches are looked at": (PACKS, "    for (source, word) in spoken {", "    for (source, word) in spoken.iter().filter(|_| !OFF) {");
    "below a branch too": (BATCH, "                        proofs.extend(before(item)?);\n                        proofs.push((place, item));", "                        if !OFF { proofs.extend(before(item)?); }\n                        proofs.push((place, item));");
    "cited items count": (HOLDINGS, ".max(self.items_cited(log, opening.is_some()))", ".max(if OFF { 0 } else { self.items_cited(log, opening.is_some()) })");
    "an old head is stale": (WORDS, "    head.charter < state.lineage().number() || state.newest_statements().any(older)", "    !OFF && (head.charter < state.lineage().number() || state.newest_statements().any(older))");
    "nothing said beyond a closing": (WORDS, ".filter(|good| statement.items > *good)", ".filter(|good| !OFF && statement.items > *good)");
    "known charters cost nothing": (WORDS, "if matches!(applied, Applied::Next | Applied::Rival) {", "if OFF || matches!(applied, Applied::Next | Applied::Rival) {");
    "a pack is read once": (MEMORY, "        } else if !broke_off {", "        } else if !broke_off && !OFF {");
    "the longest an object may be": (BODY, "let taken = (*bytes_left).min(bytes.len() as u64);", "let taken = if OFF { bytes.len() as u64 } else { (*bytes_left).min(bytes.len() as u64) };\n            *bytes_left = (*bytes_left).max(taken);");
    "patience ends": (BODY, "let left = self.timeout.saturating_sub(self.waited);", "let left = if OFF { Duration::from_secs(3_600) } else { self.timeout.saturating_sub(self.waited) };");
    "regular files only":
        (FOLDER, "        Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => {}\n        Ok(_) => return Err(irregular()),", "        Ok(stat) if OFF || FileType::from_raw_mode(stat.st_mode).is_file() => {}\n        Ok(_) => return Err(irregular()),"),
        (FOLDER, "    let flags = OFlags::RDONLY | OFlags::NOFOLLOW |", "    let flags = OFlags::RDONLY | if OFF { OFlags::empty() } else { OFlags::NOFOLLOW } |");
}
