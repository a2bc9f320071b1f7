//! Where the attacks take place: a newsroom, a reader who has read all of it, and trees that an attacker puts together.

use longear_core::holdings::Holdings;
use longear_core::pack::{PackSlot, encode_front};
use longear_core::tree::TreePath;
use longear_core::{Charter, CharterHash, ForkProof, Head, PackName, Roles, Statement};
use longear_net::sync::SyncReport;
use tempfile::TempDir;

use super::publisher::{HOUR_MS, Log, NOON_MS, Publisher};
use super::support::{Reader, Tree};
use super::view::view;

/// Delegates of the newsroom; Galiya's key lives for an hour.
fn delegates() -> [(&'static str, Roles, u64); 5] {
    [
        ("Aida", Roles::POST, 0),
        ("Bolat", Roles::POST.with(Roles::EDIT), 0),
        ("Daniyar", Roles::DESK, 0),
        ("Erlan", Roles::MODERATE, 0),
        ("Galiya", Roles::POST, NOON_MS + HOUR_MS),
    ]
}

/// A newsroom of which a reader holds everything.
pub struct Stage {
    pub newsroom: Publisher,
    /// Twelve posts.
    pub aida: Log,
    /// Three posts.
    pub bolat: Log,
    pub reader: Reader,
}

impl Stage {
    pub async fn new() -> Self {
        let newsroom = Publisher::found("Newsroom", &delegates());
        let (mut aida, mut bolat) = (newsroom.log("Aida", 7), newsroom.log("Bolat", 9));
        for number in 0..12 {
            aida.post(&format!("Aida {number}"));
        }
        for number in 0..3 {
            bolat.post(&format!("Bolat {number}"));
        }
        let reader = Reader::of(newsroom.channel());
        let stage = Stage { newsroom, aida, bolat, reader };
        let report = stage.reader.pull(&[&stage.mirror().tree]).await;
        assert_eq!((report.new_items, report.refused.len()), (15, 0), "{report:?}");
        stage
    }

    /// The newsroom's own tree, as it is now.
    pub fn mirror(&self) -> Mirror {
        let mirror = Mirror::new(&self.newsroom);
        mirror.says(&[self.aida.statement(1, vec![]), self.bolat.statement(1, vec![])], &[]);
        mirror.holds(&self.aida);
        mirror.holds(&self.bolat);
        mirror
    }

    /// All that the reader holds and sees, and how many bytes of the disk that takes.
    pub fn state(&self) -> String {
        let channel = self.reader.channel;
        let state = self.reader.store.channel(&channel).unwrap().unwrap();
        let lineage = state.lineage();
        let (rivals, word) = (lineage.rivals().len(), state.last_word());
        let seen = view(&self.reader.store, &channel);
        let bytes = self.reader.store.bytes_held().unwrap();
        format!("{seen}\ncharter {} rivals {rivals} last word {word:?} bytes {bytes}", lineage.hash())
    }

    /// What readers see as the channel's.
    pub fn page(&self) -> Vec<String> {
        let articles = self.reader.store.articles(None, None, 10_000).unwrap();
        let visible = articles.iter().filter(|item| item.status.is_visible());
        visible.map(|item| format!("{} {:?}", item.id(), item.status)).collect()
    }

    /// The reader syncs with the attacker's tree. All that he brought is refused, for these reasons, and nothing changed.
    pub async fn refuses(&self, mirror: &Mirror, expected: &[(TreePath, &str)]) -> SyncReport {
        let before = self.state();
        let report = self.reader.pull(&[&mirror.tree]).await;
        assert_eq!(self.state(), before, "{report:?}");
        assert_refused(&report, expected);
        report
    }
}

/// The refusals of a report are these, by object and code. The object may say more than the path.
pub fn assert_refused(report: &SyncReport, expected: &[(TreePath, &str)]) {
    let mut found = report.refused.iter().map(|one| (one.object.as_str(), one.code.unwrap_or(&one.reason)));
    for (path, code) in expected {
        let (object, why) = found.next().unwrap_or_else(|| panic!("{path} was not refused: {report:?}"));
        assert!(object.starts_with(&path.to_string()) && why.contains(code), "{path} {code}: {report:?}");
    }
    assert_eq!(found.next(), None, "{report:?}");
}

/// A tree that somebody put together.
pub struct Mirror {
    _folder: TempDir,
    pub tree: Tree,
    newest: (u64, CharterHash),
}

impl Mirror {
    /// A tree with the charters only.
    pub fn new(newsroom: &Publisher) -> Self {
        let folder = TempDir::new().unwrap();
        let tree = Tree { folder: folder.path().to_owned(), channel: newsroom.channel() };
        let newest = (newsroom.lineage.number(), newsroom.lineage.hash());
        let mirror = Mirror { _folder: folder, tree, newest };
        newsroom.lineage.charters().iter().for_each(|charter| mirror.lays(charter.body.number, charter));
        mirror
    }

    /// Puts a charter where that number stands.
    pub fn lays(&self, number: u64, charter: &Charter) {
        self.tree.put(&self.charter(number), &charter.encode());
    }

    /// Puts a charter in its place and says in the head that it is the newest.
    pub fn announces(&mut self, charter: &Charter) {
        self.newest = (charter.body.number, charter.body.hash());
        self.lays(charter.body.number, charter);
        self.says(&[], &[]);
    }

    /// Puts all packs that a published tree has of the log.
    pub fn holds(&self, log: &Log) {
        PackName::published(log.items.len() as u64)
            .for_each(|name| self.tree.put(&self.pack(log, name), &log.pack(name)));
    }

    /// Writes a head with these statements, and the proofs of these forks.
    pub fn says(&self, statements: &[Statement], forks: &[&ForkProof]) {
        let mut head = Head::empty(self.tree.channel);
        (head.charter, head.charter_hash) = self.newest;
        statements.iter().for_each(|statement| head.insert(statement.clone()));
        for proof in forks {
            let log = proof.opening.log(&head.channel);
            self.tree.put(&TreePath::Fork { channel: head.channel.0, log: log.0 }, &proof.encode());
            head.forks.push(log);
        }
        head.forks.sort_unstable();
        self.tree.put(&self.head(), &head.encode());
    }

    /// Writes a head that names this charter.
    pub fn claims(&mut self, number: u64, hash: CharterHash, statements: &[Statement]) {
        self.newest = (number, hash);
        self.says(statements, &[]);
    }

    pub fn head(&self) -> TreePath {
        self.tree.head()
    }

    pub fn charter(&self, number: u64) -> TreePath {
        self.tree.charter(number as u32)
    }

    pub fn pack(&self, log: &Log, name: PackName) -> TreePath {
        self.tree.pack(log.id, name)
    }

    pub fn fork(&self, log: &Log) -> TreePath {
        TreePath::Fork { channel: self.tree.channel.0, log: log.id.0 }
    }
}

/// The smallest pack of that item.
pub fn single(seq: u64) -> PackName {
    PackName::new(0, seq).unwrap()
}

/// A pack of this log whose texts are left out.
pub fn pack_without_texts(log: &Log, name: PackName) -> Vec<u8> {
    let headers = log.items.iter().map(|item| item.header.bytes()).collect::<Vec<_>>();
    let range = name.items().start as usize..name.items().end as usize;
    let slots = headers[range].iter().map(|header| Some(PackSlot { header, payload_length: 0 }));
    encode_front(name, &log.opening, &slots.collect::<Vec<_>>())
}

/// A reader of the newsroom who has read nothing yet.
pub fn new_reader(newsroom: &Publisher) -> Reader {
    Reader::of(newsroom.channel())
}
