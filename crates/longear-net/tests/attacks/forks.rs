//! Attacks by two truths: branches of one log, false accusations, words for one's own log.

use longear_core::holdings::Holdings;
use longear_core::limits::BRANCHES_KEPT_MAX;
use longear_core::status::Objection;
use longear_core::{ForkProof, Kind, Status};

use super::publisher::{Log, NOON_MS, article};
use super::stage::{Mirror, Stage, new_reader, pack_without_texts, single};
use super::view::{status, view};

const DEAD: Status = Status::Refused(Objection::OtherBranch);
/// So often a reader looks at a mirror that has another branch each time.
const LOOKS: usize = 24;
/// Bytes of the disk that a look may cost which brings nothing that is kept: a batch's two ends.
const LOOK_BYTES_MAX: u64 = 100;

impl Stage {
    /// What a thief of Aida's key builds on her first `items` items: as many as she has.
    fn branch(&self, items: usize) -> Log {
        let mut branch = self.aida.branch(items);
        for number in items..self.aida.items.len() {
            branch.post(&format!("thief {number}"));
        }
        branch
    }

    fn serves(&self, log: &Log, counter: u64) -> Mirror {
        let mirror = Mirror::new(&self.newsroom);
        mirror.says(&[log.statement(counter, vec![])], &[]);
        mirror.holds(log);
        mirror
    }
}

/// Wants: to show each audience another news. Has: Aida's key, and two mirrors with a branch each.
/// Whoever gets the proof, which travels with heads, sees both branches as disputed; whoever has read both sees the same,
/// in whatever order he did; nothing that stood below the fork is touched.
///
/// A branch no longer than the one held was once never looked at, as nothing of the log seemed to be missing: whoever changed
/// from one mirror to the other kept what he had, and the fork stayed unseen.
#[tokio::test]
async fn a_fork_shown_to_one_audience_only() {
    let stage = Stage::new().await;
    let branch = stage.branch(8);
    let mirrors = [stage.serves(&stage.aida, 2), stage.serves(&branch, 3)];
    let mut seen = Vec::new();
    for order in [[0, 1, 0], [1, 0, 1]] {
        let reader = new_reader(&stage.newsroom);
        for which in order {
            reader.pull(&[&mirrors[which].tree]).await;
        }
        for seq in 0..12 {
            let expected = if seq < 8 { Status::Shown } else { Status::Disputed };
            for id in [stage.aida.ids()[seq], branch.ids()[seq]] {
                let found = status(&reader.store, &id);
                assert!(found == Some(expected) || found.is_none(), "{order:?} {seq}: {found:?}");
            }
        }
        let state = reader.store.channel(&reader.channel).unwrap().unwrap();
        let proof = state.fork(&stage.aida.id).unwrap();
        seen.push((proof.seq(), state.head().forks));
    }
    assert_eq!(seen[0], seen[1]);
    // One who has one branch only learns of the fork by the proof alone.
    let proof = ForkProof::between(stage.aida.opening, &stage.aida.headers()[8], &branch.headers()[8]).unwrap();
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&[], &[&proof]);
    stage.reader.pull(&[&mirror.tree]).await;
    assert_eq!(status(&stage.reader.store, &stage.aida.ids()[8]), Some(Status::Disputed));
    assert_eq!(status(&stage.reader.store, &stage.aida.ids()[7]), Some(Status::Shown));
}

/// Wants: his branch to win over what Bolat has seen and vouched for. Has: Aida's key.
#[tokio::test]
async fn a_branch_against_a_checkpoint() {
    let stage = Stage::new().await;
    let branch = stage.branch(8);
    let mirror = stage.mirror();
    mirror.says(&[stage.bolat.statement(2, vec![stage.aida.cite(11)])], &[]);
    stage.reader.pull(&[&mirror.tree]).await;
    let page = stage.page();
    stage.reader.pull(&[&stage.serves(&branch, 3).tree]).await;
    assert_eq!(stage.page(), page);
    for seq in 8..12 {
        let found = status(&stage.reader.store, &branch.ids()[seq]);
        assert!(found.is_none() || found == Some(DEAD), "{seq}: {found:?}");
        assert_eq!(status(&stage.reader.store, &stage.aida.ids()[seq]), Some(Status::Shown));
    }
}

/// Wants: a word that confirms his branch. Has: Aida's key, opens a second log with it, and cites himself from there.
#[tokio::test]
async fn a_thief_vouches_for_himself() {
    let stage = Stage::new().await;
    let branch = stage.branch(8);
    let mut second = stage.newsroom.log("Aida", 8);
    second.post("from my other log");
    let mirror = stage.serves(&branch, 3);
    mirror.says(&[branch.statement(3, vec![]), second.statement(1, vec![branch.cite(11)])], &[]);
    mirror.holds(&second);
    stage.reader.pull(&[&mirror.tree]).await;
    for seq in 8..12 {
        assert_eq!(status(&stage.reader.store, &stage.aida.ids()[seq]), Some(Status::Disputed), "{seq}");
    }
}

/// Wants: Aida's log to look forked, so that her posts are doubted. Has: her signed items, and no key.
#[tokio::test]
async fn a_false_accusation() {
    let stage = Stage::new().await;
    let headers = stage.aida.headers();
    let mut forged = stage.branch(11);
    forged.key = super::publisher::key("Thief");
    forged.items.truncate(11);
    forged.write(Kind::Post, NOON_MS, article("never written", None).encode());
    let elsewhere = stage.newsroom.log("Aida", 8).posts_like(&stage.aida, 11);
    let proof = |first: &longear_core::SignedHeader, second: &longear_core::SignedHeader| {
        let (first, second) = if first.id() <= second.id() { (first, second) } else { (second, first) };
        ForkProof { opening: stage.aida.opening, first: first.clone(), second: second.clone() }
    };
    let accusations = [
        (proof(&headers[11], &forged.headers()[11]), "bad-signature"),
        (proof(&headers[10], &headers[10]), "not-a-fork"),
        (
            ForkProof { first: headers[10].clone(), second: headers[11].clone(), ..proof(&headers[0], &headers[0]) },
            "not-a-fork",
        ),
        (proof(&headers[10], &elsewhere.headers()[10]), "wrong-log"),
    ];
    for (proof, code) in accusations {
        let mirror = Mirror::new(&stage.newsroom);
        mirror.says(&[], &[&proof]);
        stage.refuses(&mirror, &[(mirror.fork(&stage.aida), code)]).await;
    }
}

impl Log {
    fn posts_like(mut self, other: &Log, count: usize) -> Log {
        for item in &other.items[..count] {
            self.write(Kind::Post, NOON_MS, item.payload.clone());
        }
        self
    }
}

/// Wants: Aida's log to look forked without her key, by bending a signature of hers into another valid one: the item's ID
/// covers the signature, so any second signature under the same header would be a second item in its place.
/// S + L is the best known second form (RFC 8032 §5.1.7); a sign or the encoding of R are others.
#[tokio::test]
async fn a_fork_made_by_bending_a_signature() {
    let stage = Stage::new().await;
    let mirror = Mirror::new(&stage.newsroom);
    let path = mirror.fork(&stage.aida);
    for bent in bent_signatures(stage.aida.items[11].header.bytes()) {
        let second = longear_core::SignedHeader::decode(&bent).unwrap();
        let proof = ForkProof::between(stage.aida.opening, &stage.aida.headers()[11], &second).unwrap();
        mirror.says(&[], &[&proof]);
        stage.refuses(&mirror, &[(path, "bad-signature")]).await;
    }
}

/// Other signatures that a lenient verifier takes for the same one.
fn bent_signatures(header: &[u8]) -> [Vec<u8>; 3] {
    const ORDER: [u8; 16] =
        [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14];
    let scalar = header.len() - 32;
    let mut more = header.to_vec();
    let mut carry = 0;
    for place in 0..32 {
        let order = ORDER.get(place).copied().unwrap_or(if place == 31 { 0x10 } else { 0 });
        let sum = u16::from(more[scalar + place]) + u16::from(order) + carry;
        (more[scalar + place], carry) = (sum as u8, sum >> 8);
    }
    let (mut sign, mut high) = (header.to_vec(), header.to_vec());
    sign[scalar - 1] ^= 0x80;
    high[scalar + 31] ^= 0x80;
    [more, sign, high]
}

/// Wants: to fill the reader's disk with branches of one place. Has: Aida's key, and signs hundreds.
#[tokio::test]
async fn a_thousand_branches() {
    let stage = Stage::new().await;
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&[stage.aida.statement(2, vec![])], &[]);
    let mut grown = Vec::new();
    for number in 0..12 {
        let mut branch = stage.aida.branch(11);
        branch.post(&format!("branch {number}"));
        let proof = ForkProof::between(stage.aida.opening, &stage.aida.headers()[11], &branch.headers()[11]).unwrap();
        mirror.says(&[], &[&proof]);
        let before = stage.reader.store.bytes_held().unwrap();
        stage.reader.pull(&[&mirror.tree]).await;
        grown.push(stage.reader.store.bytes_held().unwrap() - before);
    }
    // A proof that says more takes the place of another, so some grow; but the branches themselves are two.
    let seen = view(&stage.reader.store, &stage.reader.channel);
    assert_eq!(status(&stage.reader.store, &stage.aida.ids()[10]), Some(Status::Shown), "{seen}");
    assert!(grown.iter().filter(|bytes| **bytes > 0).count() < 8 && grown.iter().max() < Some(&4_096), "{grown:?}");
}

/// Wants: to fill the reader's disk with branches of one log. Has: Aida's key, and a mirror. He announces one item more,
/// leaves its text out, and puts another item in its place before each look: a place whose text is missing is asked for
/// again with every sync, so each meets another branch, and that costs him one signature.
///
/// Once no attack would have shown that all of them are kept: none brought a third branch by a pack.
#[tokio::test]
async fn another_branch_at_each_look() {
    let mut stage = Stage::new().await;
    let mirror = Mirror::new(&stage.newsroom);
    stage.aida.post("what the thief announces");
    mirror.says(&[stage.aida.statement(2, vec![])], &[]);
    let mut seen = Vec::new();
    for number in 0..LOOKS {
        let mut branch = stage.aida.branch(12);
        branch.post(&format!("branch {number}"));
        mirror.tree.put(&mirror.pack(&branch, single(12)), &pack_without_texts(&branch, single(12)));
        let report = stage.reader.pull(&[&mirror.tree]).await;
        assert_eq!(report.refused.len(), 0, "{report:?}");
        let bytes = stage.reader.store.bytes_held().unwrap();
        seen.push((view(&stage.reader.store, &stage.reader.channel), stage.page(), bytes));
    }
    // Two branches, the proof that they are two, and the thief's word; of all that follows, nothing but that there was a look.
    let (settled, last) = (&seen[BRANCHES_KEPT_MAX], &seen[LOOKS - 1]);
    assert_eq!((&last.0, &last.1), (&settled.0, &settled.1));
    let grown = seen.windows(2).map(|two| two[1].2 - two[0].2).collect::<Vec<_>>();
    println!("{grown:?} bytes with each look");
    assert!(grown[BRANCHES_KEPT_MAX..].iter().all(|bytes| *bytes <= LOOK_BYTES_MAX), "{grown:?}");
    for seq in 0..12 {
        assert_eq!(status(&stage.reader.store, &stage.aida.ids()[seq]), Some(Status::Shown), "{seq}");
    }
}
