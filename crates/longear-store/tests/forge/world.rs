//! What honest people made, and the keys that their enemies have.

use std::collections::HashSet;
use std::sync::Arc;

use longear_core::blob::{BlobHash, Groups, MeasuredGroup, TreeHasher};
use longear_core::closing::inclusion_proof;
use longear_core::keys::Roles;
use longear_core::{
    ChannelId, Charter, CharterBody, Closing, ForkProof, Head, ItemId, LogId, LogOpening, PackName, SecretKey,
    Statement,
};
use longear_store::backend::MemoryBackend;
use longear_store::{Store, StoreOptions};

use crate::gate;
use crate::publisher::{Log, NOON_MS, Publisher, key, keys, root_set, signed_by};

/// Bytes of the file whose groups and slices are forged: three groups, the last one of five blocks.
const FILE_BYTES: usize = (2 << 20) + 70_000;
/// Bytes of the file that is forged whole.
const SMALL_FILE_BYTES: usize = 35_000;

/// What an object claims to be; packs are named by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Founding,
    Charter,
    Statement,
    Head,
    Item,
    Pack,
    Fork,
    Groups,
    Slice,
    Block,
    File,
    Proof,
}

impl Family {
    pub const ALL: [Family; 12] = [
        Family::Founding,
        Family::Charter,
        Family::Statement,
        Family::Head,
        Family::Item,
        Family::Pack,
        Family::Fork,
        Family::Groups,
        Family::Slice,
        Family::Block,
        Family::File,
        Family::Proof,
    ];
}

/// A pack of a log, as it stands in a tree.
#[derive(Clone)]
pub struct Packed {
    pub log: LogId,
    pub name: PackName,
    pub bytes: Vec<u8>,
}

/// A closed log, whose items prove themselves against its closing.
pub struct Closed {
    pub closing: Closing,
    pub ids: Vec<ItemId>,
    /// Seq, ID and hashes, one proof after the other.
    pub proofs: Vec<Vec<u8>>,
}

/// A file with what proves its parts.
pub struct File {
    pub hash: BlobHash,
    pub content: Vec<u8>,
    pub groups: Groups,
    pub slices: Vec<Vec<u8>>,
}

/// Two channels: one whose readers are to be fooled, and one that its enemies own.
pub struct World {
    pub publisher: Publisher,
    pub other: Publisher,
    /// Charters 1 to 4; the last one is not applied yet.
    pub charters: Vec<Charter>,
    /// Of the channel, with the branch that somebody with Aida's key wrote.
    pub logs: Vec<Log>,
    /// Of the other channel. Aida speaks there too, with the same key.
    pub foreign: Vec<Log>,
    pub statements: Vec<Statement>,
    pub foreign_statements: Vec<Statement>,
    pub heads: Vec<Head>,
    pub packs: Vec<Packed>,
    pub forks: Vec<ForkProof>,
    pub file: File,
    pub small_file: File,
    pub closed: Closed,
    /// Everything that the honest signed or wrote, by its bytes.
    pub honest: HashSet<Vec<u8>>,
    /// Holds charters 1 to 3, and the first items.
    pub store: Store,
    /// Follows the channel and has nothing of it.
    pub fresh: Store,
}

impl World {
    pub fn new() -> Self {
        let mut publisher = Publisher::found(
            "Forge",
            &[("Aida", Roles::POST, 0), ("Bolat", Roles::POST.with(Roles::EDIT), 0), ("Gulnar", Roles::POST, 0)],
        );
        let other = Publisher::found("Other", &[("Aida", Roles::POST, 0), ("Thief", Roles::POST, 0)]);
        let logs = logs(&publisher);
        let gone = publisher.log("Gulnar", 3).posts(20);
        let last = amend(&mut publisher, &gone);
        let mut charters = publisher.lineage.charters().to_vec();
        charters.push(last);
        let foreign = [("Aida", 1), ("Thief", 1)].map(|(name, number)| other.log(name, number).posts(9)).to_vec();
        let statements = statements(&logs);
        let foreign_statements = foreign.iter().map(|log| log.statement(9, Vec::new())).collect::<Vec<_>>();
        let forks = forks(&logs);
        let mut world = World {
            heads: heads(&publisher, &statements),
            packs: packs(&logs),
            closed: closed(&gone),
            file: file(FILE_BYTES),
            small_file: file(SMALL_FILE_BYTES),
            honest: HashSet::new(),
            store: empty_store(),
            fresh: empty_store(),
            publisher,
            other,
            charters,
            logs,
            foreign,
            statements,
            foreign_statements,
            forks,
        };
        world.remember();
        world.stock();
        world
    }

    pub fn channel(&self) -> ChannelId {
        self.publisher.channel()
    }

    /// Keys that are not of this channel, or not of the object's kind.
    pub fn strangers(&self) -> Vec<SecretKey> {
        let mut strangers = vec![key("Thief"), key("Nobody"), key("Aida")];
        strangers.extend(self.other.roots.iter().cloned());
        strangers.extend(self.publisher.next_roots.iter().take(1).cloned());
        strangers
    }

    fn remember(&mut self) {
        let honest = &mut self.honest;
        honest.extend(self.charters.iter().map(Charter::encode));
        honest.extend(self.statements.iter().map(Statement::encode));
        for item in self.logs.iter().flat_map(|log| &log.items) {
            honest.insert(item.header.bytes().to_vec());
            honest.insert([item.header.bytes(), &item.payload].concat());
        }
        for file in [&self.file, &self.small_file] {
            honest.insert(file.groups.encode());
            honest.extend((0..).zip(&file.slices).map(|(group, slice)| at_place(group, slice)));
            honest.extend((0..).zip(file.content.chunks(16 << 10)).map(|(block, bytes)| at_place(block, bytes)));
        }
        honest.insert(self.small_file.content.clone());
        honest.extend(self.closed.proofs.iter().cloned());
    }

    /// Puts the channel and the first items into the store.
    fn stock(&self) {
        for store in [&self.store, &self.fresh] {
            let mut batch = store.write().unwrap();
            batch.follow(&self.channel()).unwrap();
            batch.commit().unwrap();
        }
        for charter in self.publisher.lineage.charters() {
            let mut batch = self.store.write().unwrap();
            let verified = longear_core::verify(batch.channel(&self.channel()).unwrap().lineage(), charter.clone());
            batch.charter(verified.unwrap()).unwrap();
            batch.commit().unwrap();
        }
        for packed in self.packs.iter().filter(|packed| packed.name.level == 1 && packed.name.index == 0) {
            let mut batch = self.store.write().unwrap();
            let judged = gate::take_pack(&mut batch, &self.channel(), packed.log, packed.name, &packed.bytes);
            assert_eq!(judged.accepted.len(), 16, "headers and texts of eight items");
            batch.commit().unwrap();
        }
    }
}

/// Something that is proven for one place only.
pub fn at_place(place: u32, bytes: &[u8]) -> Vec<u8> {
    [&place.to_le_bytes()[..], bytes].concat()
}

pub fn empty_store() -> Store {
    Store::open_with(StoreOptions { backend: Arc::new(MemoryBackend::new()), index: None }).unwrap()
}

trait Posts {
    fn posts(self, count: usize) -> Self;
}

impl Posts for Log {
    fn posts(mut self, count: usize) -> Self {
        for number in self.items.len()..count {
            self.post(&format!("{} of {}", number, self.id));
        }
        self
    }
}

fn logs(publisher: &Publisher) -> Vec<Log> {
    let aida = publisher.log("Aida", 1).posts(72);
    let mut branch = aida.branch(70);
    branch.post("another");
    branch.post("and another");
    let bolat = publisher.log("Bolat", 1).posts(16);
    vec![aida, bolat, branch]
}

/// Charter 2 closes the log of Gulnar, charter 3 changes the roots; charter 4 is signed and nobody here has it yet.
fn amend(publisher: &mut Publisher, gone: &Log) -> Charter {
    let mut body = publisher.next_body();
    body.delegates.retain(|delegate| delegate.key != gone.opening.key);
    body.closings = vec![gone.closing(gone.items.len())];
    publisher.apply(publisher.signed(body));
    let next = root_set(2, &keys("Forge third root"));
    let body =
        CharterBody { roots: root_set(2, &publisher.next_roots), next: next.commitment(), ..publisher.next_body() };
    let both = [&publisher.roots[..2], &publisher.next_roots[..2]].concat();
    publisher.apply(signed_by(body, &both));
    publisher.roots = std::mem::replace(&mut publisher.next_roots, keys("Forge third root"));
    let mut body = publisher.next_body();
    body.delegates.push(publisher.entry("Dana", Roles::POST));
    publisher.signed(body)
}

fn statements(logs: &[Log]) -> Vec<Statement> {
    let (aida, bolat) = (&logs[0], &logs[1]);
    vec![
        aida.statement(1, vec![bolat.cite(3)]),
        aida.statement(2, vec![bolat.cite(15)]),
        bolat.statement(7, vec![aida.cite(30)]),
        bolat.statement(8, Vec::new()),
    ]
}

fn heads(publisher: &Publisher, statements: &[Statement]) -> Vec<Head> {
    let head = |statements: &[Statement], forks: Vec<LogId>| {
        let mut head = Head::empty(publisher.channel());
        (head.charter, head.charter_hash) = (publisher.lineage.number(), publisher.lineage.hash());
        statements.iter().for_each(|statement| head.insert(statement.clone()));
        head.forks = forks;
        head
    };
    vec![head(&statements[..3], Vec::new()), head(&statements[1..], vec![LogId([7; 16])])]
}

fn packs(logs: &[Log]) -> Vec<Packed> {
    let packed = |log: &Log, level, index| {
        let name = PackName { level, index };
        Packed { log: log.id, name, bytes: log.pack(name) }
    };
    let (aida, bolat) = (&logs[0], &logs[1]);
    let mut packs = vec![packed(aida, 2, 0), packed(bolat, 1, 1), packed(&logs[2], 1, 8)];
    packs.extend((0..9).map(|index| packed(aida, 1, index)));
    packs.extend([0, 1, 8, 40, 71].map(|index| packed(aida, 0, index)));
    packs.extend([0, 15].map(|index| packed(bolat, 0, index)));
    packs
}

fn forks(logs: &[Log]) -> Vec<ForkProof> {
    let (aida, branch) = (&logs[0], &logs[2]);
    let between = |one: usize, other: usize| {
        ForkProof::between(aida.opening, &aida.items[one].header, &branch.items[other].header).unwrap()
    };
    vec![between(70, 70), between(71, 71), between(70, 71)]
}

fn closed(gone: &Log) -> Closed {
    let ids = gone.ids();
    let proof = |seq: usize| {
        let hashes = inclusion_proof(&ids, seq).unwrap().concat();
        [&(seq as u64).to_le_bytes()[..], &ids[seq].0, &hashes].concat()
    };
    Closed { closing: gone.closing(ids.len()), proofs: (0..ids.len()).map(proof).collect(), ids }
}

fn file(bytes: usize) -> File {
    let content = (0..bytes).map(|at| (at.wrapping_mul(0x9e37_79b1) >> 13) as u8).collect::<Vec<_>>();
    let mut hasher = TreeHasher::new();
    hasher.update(&content).unwrap();
    let hashed = hasher.finish();
    let layout = hashed.groups.layout();
    let slice = |group: u32| {
        let range = layout.group_range(group);
        MeasuredGroup::new(layout, group, &content[range.start as usize..range.end as usize]).unwrap().slice()
    };
    let slices = (0..layout.group_count()).map(slice).collect();
    File { hash: hashed.hash, groups: hashed.groups, slices, content }
}

/// A statement of whoever holds `key`, about nothing.
pub fn word_of(channel: &ChannelId, key: &SecretKey) -> Statement {
    let opening = LogOpening { key: key.public(), incarnation: 1 };
    let statement = Statement {
        opening,
        counter: 99,
        time: NOON_MS,
        next_word: 0,
        items: 0,
        tip: ItemId::NONE,
        charter: 1,
        citations: Vec::new(),
        signature: [0; 64],
    };
    statement.sign(channel, key)
}
