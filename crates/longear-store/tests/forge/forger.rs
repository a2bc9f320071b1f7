//! Candidates: honest objects that were spoiled, spliced, built anew or signed by somebody else.

use longear_core::blob::{MeasuredGroup, TreeHasher};
use longear_core::charter::Origin;
use longear_core::hash::plain;
use longear_core::keys::Roles;
use longear_core::pack::{PackSlot, encode_front};
use longear_core::{
    Charter, Delegate, ForkProof, Head, ItemId, LogId, LogOpening, PackName, SecretKey, SignedHeader, Statement,
};

use crate::dice::{Dice, add_order};
use crate::gate::{Gate, Judged};
use crate::publisher::{article, key, keys, root_set, signed_by};
use crate::world::{Family, Packed, World, word_of};

/// An object that somebody hands over, and where it is said to stand.
pub struct Candidate {
    pub bytes: Vec<u8>,
    place: Place,
}

enum Place {
    Of(Family),
    Pack(LogId, PackName),
    Fork(LogId),
    Groups { size: u64 },
    Slice(u32),
    Block(u32),
}

impl Candidate {
    pub fn new(dice: &mut Dice, world: &World, family: Family) -> Self {
        let of = |bytes| Candidate { bytes, place: Place::Of(family) };
        match family {
            Family::Founding => of(founding(dice, world)),
            Family::Charter => of(charter(dice, world)),
            Family::Statement => of(statement(dice, world)),
            Family::Head => of(head(dice, world)),
            Family::Item => pack(dice, world, 0),
            Family::Pack => pack(dice, world, 1),
            Family::Fork => fork(dice, world),
            Family::Groups => groups(dice, world),
            Family::Slice => slice(dice, world),
            Family::Block => block(dice, world),
            Family::File => of(file(dice, world)),
            Family::Proof => of(proof(dice, world)),
        }
    }

    /// Hands it in.
    pub fn knock(&self, gate: &dyn Gate, world: &World) -> Judged {
        let bytes = &self.bytes;
        match self.place {
            Place::Pack(log, name) => gate.pack(world, log, name, bytes),
            Place::Fork(log) => gate.fork(world, log, bytes),
            Place::Groups { size } => gate.groups(world, size, bytes),
            Place::Slice(group) => gate.slice(world, group, bytes),
            Place::Block(block) => gate.block(world, block, bytes),
            Place::Of(Family::Founding) => gate.founding(world, bytes),
            Place::Of(Family::Charter) => gate.charter(world, bytes),
            Place::Of(Family::Statement) => gate.statement(world, bytes),
            Place::Of(Family::Head) => gate.head(world, bytes),
            Place::Of(Family::File) => gate.file(world, bytes),
            Place::Of(_) => gate.proof(world, bytes),
        }
    }
}

/// Every second candidate is honest bytes spoiled; the others are built with care.
fn spoiled(dice: &mut Dice, honest: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = dice.pick(honest).clone();
    let other = dice.pick(honest).clone();
    dice.spoil(&mut bytes, &other);
    bytes
}

fn founding(dice: &mut Dice, world: &World) -> Vec<u8> {
    if dice.chance(2) {
        return spoiled(dice, &[world.charters[0].encode(), world.other.lineage.charters()[0].encode()]);
    }
    let mut body = world.charters[0].body.clone();
    match dice.below(5) {
        0 => body.origin = Origin::Salt(plain(&dice.bytes(8))),
        1 => body.roots = root_set(2, &keys("Nobody")),
        2 => body.name = format!("Forge{}", dice.below(9)),
        3 => body.next = plain(&dice.bytes(8)),
        _ => body = world.other.lineage.charters()[0].body.clone(),
    }
    let signers = [&world.other.roots[..], &keys("Nobody"), &world.publisher.roots[..1]].concat();
    signed_by(body, &some(dice, &signers)).encode()
}

fn some<T: Clone>(dice: &mut Dice, of: &[T]) -> Vec<T> {
    let mut chosen = of.iter().filter(|_| dice.chance(2)).cloned().collect::<Vec<_>>();
    chosen.extend(dice.chance(3).then(|| dice.pick(of).clone()));
    chosen
}

fn charter(dice: &mut Dice, world: &World) -> Vec<u8> {
    let next = &world.charters[3];
    if dice.chance(2) {
        return spoiled(dice, &world.charters.iter().map(Charter::encode).collect::<Vec<_>>());
    }
    let mut body = next.body.clone();
    let founding = *world.publisher.lineage.founding();
    match dice.below(7) {
        0 => body.name = format!("Forge{}", dice.below(9)),
        1 => body.time ^= 1 << dice.below(50),
        2 => {
            let thief = key("Thief");
            let enrolment = Delegate::enrol(&thief, &founding, Roles::POST, "");
            let entry = Delegate { key: thief.public(), enrolment, ..world.publisher.entry("Dana", Roles::POST) };
            body.delegates.push(entry);
        }
        3 => drop(body.delegates.remove(dice.below(body.delegates.len()))),
        4 => body.closings.push(world.logs[0].closing(dice.below(72))),
        5 => body.roots = root_set(1 + dice.below(2) as u8, &some(dice, &world.strangers())),
        _ => body.number = 3 + dice.below(3) as u64,
    }
    body.sort();
    // One root was stolen, and two would be the channel.
    let thieves = [&world.strangers()[..], &world.publisher.roots[..1]].concat();
    let mut forged = signed_by(body, &some(dice, &thieves));
    if dice.chance(2) {
        forged.signatures = next.signatures.clone();
    } else if dice.chance(2) {
        forged.signatures.push(*dice.pick(&next.signatures));
        forged.signatures.sort();
        forged.signatures.dedup_by_key(|(key, _)| *key);
    }
    if dice.chance(4) && !forged.signatures.is_empty() {
        let at = dice.below(forged.signatures.len());
        add_order(&mut forged.signatures[at].1[32..]);
    }
    forged.encode()
}

fn statement(dice: &mut Dice, world: &World) -> Vec<u8> {
    if dice.chance(2) {
        let all = world.statements.iter().chain(&world.foreign_statements);
        return spoiled(dice, &all.map(Statement::encode).collect::<Vec<_>>());
    }
    forged_word(dice, world).encode()
}

fn forged_word(dice: &mut Dice, world: &World) -> Statement {
    let mut word = dice.pick(&world.statements).clone();
    match dice.below(8) {
        0 => word.counter = dice.edge(),
        1 => word.time = dice.edge() % (1 << 53),
        2 => word.items = 1 + dice.edge() % 1000,
        3 => word.tip = world.foreign[0].items[0].header.id(),
        4 => word.citations = world.statements[dice.below(4)].citations.clone(),
        5 => word.charter = 1 + dice.below(9) as u64,
        6 => word.opening.incarnation = dice.edge(),
        _ => word = dice.pick(&world.foreign_statements).clone(),
    }
    let stranger = dice.pick(&world.strangers()).clone();
    match dice.below(6) {
        // By its own key, for the channel in which that key may speak.
        0 => word.sign(&world.other.channel(), &stranger),
        1 if stranger.public() != key("Aida").public() => {
            word.opening.key = stranger.public();
            word.sign(&world.channel(), &stranger)
        }
        2 => word_of(&world.other.channel(), &stranger),
        3 => {
            word.signature = dice.pick(&world.statements).signature;
            word
        }
        4 => {
            word = dice.pick(&world.statements).clone();
            add_order(&mut word.signature[32..]);
            word
        }
        _ => word,
    }
}

fn head(dice: &mut Dice, world: &World) -> Vec<u8> {
    if dice.chance(2) {
        let mut heads = world.heads.iter().map(Head::encode).collect::<Vec<_>>();
        let mut foreign = Head { charter: 1, ..Head::empty(world.other.channel()) };
        world.foreign_statements.iter().for_each(|word| foreign.insert(word.clone()));
        heads.push(foreign.encode());
        return spoiled(dice, &heads);
    }
    let channel = if dice.chance(4) { world.other.channel() } else { world.channel() };
    let mut head = Head::empty(channel);
    head.charter = dice.edge().max(1);
    for _ in 0..dice.below(4) {
        head.insert(forged_word(dice, world));
    }
    if dice.chance(2) {
        head.insert(dice.pick(&world.foreign_statements).clone());
    }
    head.encode()
}

/// A pack of level 0 is one item.
fn pack(dice: &mut Dice, world: &World, level_min: u8) -> Candidate {
    let fits = |packed: &&Packed| if level_min == 0 { packed.name.level == 0 } else { packed.name.level > 0 };
    let packs = world.packs.iter().filter(fits).collect::<Vec<_>>();
    let Packed { log, name, bytes } = (*dice.pick(&packs)).clone();
    let bytes = if dice.chance(2) {
        let other = dice.pick(&packs).bytes.clone();
        let mut bytes = bytes;
        dice.spoil(&mut bytes, &other);
        bytes
    } else {
        rebuilt_pack(dice, world, log, name)
    };
    Candidate { bytes, place: Place::Pack(log, name) }
}

/// Who signs forged headers.
enum Hand {
    /// Nobody: signatures stay as they were.
    Kept,
    /// Somebody else.
    Stranger(Box<SecretKey>),
    /// The right key, for another channel.
    Foreign,
}

fn rebuilt_pack(dice: &mut Dice, world: &World, log: LogId, name: PackName) -> Vec<u8> {
    let of = world.logs.iter().find(|of| of.id == log && of.items.len() as u64 >= name.items().end).unwrap();
    let mut opening = of.opening;
    let mut items = of.items[name.items().start as usize..name.items().end as usize].to_vec();
    if dice.chance(6) {
        // The same number in another log, as if it were this one's.
        let foreign = &dice.pick(&world.foreign).items;
        items.iter_mut().zip(foreign).for_each(|(item, other)| *item = other.clone());
    }
    let from = dice.below(items.len());
    let text = article(&format!("forged {}", dice.next()), None).encode();
    let hand = match dice.below(4) {
        0 => Hand::Kept,
        1 => Hand::Foreign,
        _ => Hand::Stranger(Box::new(dice.pick(&world.strangers()).clone())),
    };
    if let (Hand::Stranger(stranger), true) = (&hand, dice.chance(3)) {
        opening = LogOpening { key: stranger.public(), incarnation: 1 };
    }
    let change = dice.below(4);
    let mut before = None;
    for (at, item) in items.iter_mut().enumerate() {
        if at < from {
            before = Some(item.header.id());
            continue;
        }
        let mut header = item.header.header().clone();
        if at == from {
            match change {
                0 => header.time = dice.edge() % (1 << 53),
                1 => header.expiry = dice.edge() % (1 << 53),
                2 => header.previous = ItemId(plain(&dice.bytes(4))),
                _ => {
                    (header.payload_length, header.payload_hash) = (text.len() as u32, plain(&text));
                    item.payload = text.clone();
                }
            }
        }
        header.previous = before.filter(|_| change != 2 || at > from).unwrap_or(header.previous);
        header.log = if dice.chance(40) { LogId([9; 16]) } else { log };
        item.header = signed(header, &item.header, &hand, world);
        before = Some(item.header.id());
    }
    if dice.chance(6) {
        items[from].payload = text;
    }
    let slots = items
        .iter()
        .map(|item| Some(PackSlot { header: item.header.bytes(), payload_length: item.payload.len() as u32 }));
    let mut bytes = encode_front(name, &opening, &slots.collect::<Vec<_>>());
    items.iter().for_each(|item| bytes.extend_from_slice(&item.payload));
    bytes
}

fn signed(header: longear_core::Header, former: &SignedHeader, hand: &Hand, world: &World) -> SignedHeader {
    match hand {
        Hand::Stranger(key) if key.public() != self::key("Aida").public() => header.sign(&world.channel(), key),
        Hand::Foreign | Hand::Stranger(_) => header.sign(&world.other.channel(), &self::key("Aida")),
        Hand::Kept => {
            let mut bytes = header.encode();
            bytes.extend_from_slice(former.bytes().last_chunk::<64>().unwrap());
            SignedHeader::decode(&bytes).unwrap_or_else(|_| former.clone())
        }
    }
}

fn fork(dice: &mut Dice, world: &World) -> Candidate {
    let log = world.forks[0].opening.log(&world.channel());
    if dice.chance(2) {
        let bytes = spoiled(dice, &world.forks.iter().map(ForkProof::encode).collect::<Vec<_>>());
        return Candidate { bytes, place: Place::Fork(log) };
    }
    let aida = &world.logs[0];
    let at = 1 + dice.below(aida.items.len() - 1);
    let honest = &aida.items[at].header;
    let mut header = honest.header().clone();
    header.time ^= 1 << dice.below(40);
    let hand = match dice.below(3) {
        0 => Hand::Kept,
        1 => Hand::Foreign,
        _ => Hand::Stranger(Box::new(dice.pick(&world.strangers()).clone())),
    };
    let forged = signed(header, honest, &hand, world);
    let (first, second) = if honest.id() <= forged.id() { (honest, &forged) } else { (&forged, honest) };
    let mut proof = ForkProof { opening: aida.opening, first: first.clone(), second: second.clone() };
    if dice.chance(4) {
        // Two that follow each other, said not to.
        proof = ForkProof { first: aida.items[at - 1].header.clone(), second: honest.clone(), ..proof };
    }
    Candidate { bytes: proof.encode(), place: Place::Fork(log) }
}

/// Another file, with everything that proves it.
fn other_file(dice: &mut Dice, world: &World) -> (Vec<u8>, longear_core::blob::Groups) {
    let mut content = world.file.content.clone();
    let at = dice.below(content.len());
    content[at] ^= 1 << dice.below(8);
    let mut hasher = TreeHasher::new();
    hasher.update(&content).unwrap();
    (content, hasher.finish().groups)
}

fn groups(dice: &mut Dice, world: &World) -> Candidate {
    let size = world.file.content.len() as u64;
    let honest = world.file.groups.encode();
    // Hashing another file is dear; now and then is enough.
    let bytes = match dice.below(16) {
        0 => other_file(dice, world).1.encode(),
        1 => [&honest[32..64], &honest[..32], &honest[64..]].concat(),
        _ => spoiled(dice, &[honest]),
    };
    // A size with as many groups is proven by the last group only.
    let size = if dice.chance(4) { dice.edge() } else { size };
    Candidate { bytes, place: Place::Groups { size } }
}

fn slice(dice: &mut Dice, world: &World) -> Candidate {
    let count = world.file.slices.len();
    let group = dice.below(count);
    let bytes = match dice.below(16) {
        0 => {
            let (content, groups) = other_file(dice, world);
            let range = groups.layout().group_range(group as u32);
            let bytes = &content[range.start as usize..range.end as usize];
            MeasuredGroup::new(groups.layout(), group as u32, bytes).unwrap().slice()
        }
        1 | 2 => world.file.slices[(group + 1) % count].clone(),
        _ => spoiled(dice, &world.file.slices),
    };
    Candidate { bytes, place: Place::Slice(group as u32) }
}

fn block(dice: &mut Dice, world: &World) -> Candidate {
    let blocks = world.file.content.chunks(16 << 10).collect::<Vec<_>>();
    let block = dice.below(blocks.len());
    let mut bytes = blocks[block].to_vec();
    match dice.below(4) {
        0 => bytes = blocks[(block + 1) % blocks.len()].to_vec(),
        1 => {
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
        }
        _ => dice.spoil(&mut bytes, blocks[0]),
    }
    Candidate { bytes, place: Place::Block(block as u32) }
}

fn file(dice: &mut Dice, world: &World) -> Vec<u8> {
    let mut bytes = world.small_file.content.clone();
    if dice.chance(4) {
        let at = dice.below(bytes.len());
        bytes[at] ^= 1 << dice.below(8);
    } else {
        let other = world.file.content[..bytes.len()].to_vec();
        dice.spoil(&mut bytes, &other);
    }
    bytes
}

fn proof(dice: &mut Dice, world: &World) -> Vec<u8> {
    let proofs = &world.closed.proofs;
    if dice.chance(2) {
        return spoiled(dice, proofs);
    }
    let mut bytes = dice.pick(proofs).clone();
    match dice.below(4) {
        0 => bytes[..8].copy_from_slice(&(dice.below(24) as u64).to_le_bytes()),
        1 => bytes[8..40].copy_from_slice(&dice.pick(&world.closed.ids).0),
        2 => bytes[8..40].copy_from_slice(&plain(&dice.bytes(3))),
        _ => {
            let other = dice.pick(proofs);
            let from = 40.min(other.len());
            bytes.truncate(40);
            bytes.extend_from_slice(&other[from..]);
        }
    }
    bytes
}
