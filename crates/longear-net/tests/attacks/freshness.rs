//! Attacks on how new the news is: old copies, frozen ones, mixtures, numbers from the far end of their range.

use longear_core::holdings::Holdings;
use longear_core::limits::{CLOCK_JUMP_MS_MAX, LOG_ITEMS_MAX};
use longear_core::{Citation, Head, ItemId, Kind, Statement, Status};
use longear_net::sync::Syncer;

use super::publisher::{HOUR_MS, Log, NOON_MS, retraction};
use super::server::{Answer, Server};
use super::stage::{Mirror, Stage, new_reader, single};
use super::view::status;

impl Stage {
    /// Aida goes on writing, and Bolat saw it.
    fn publishes(&mut self, count: usize) {
        for number in 0..count {
            self.aida.post(&format!("later {number}"));
        }
    }

    fn words(&self, counter: u64) -> [Statement; 2] {
        let seen = self.aida.cite(self.aida.items.len() - 1);
        [self.aida.statement(counter, vec![]), self.bolat.statement(counter, vec![seen])]
    }

    /// Mirrors what the newsroom has now.
    fn mirror_at(&self, counter: u64) -> Mirror {
        let mirror = self.mirror();
        mirror.says(&self.words(counter), &[]);
        mirror
    }

    fn holes(&self) -> u64 {
        self.reader.store.channel(&self.reader.channel).unwrap().unwrap().holes()
    }

    fn last_word(&self) -> Option<u64> {
        self.reader.store.channel(&self.reader.channel).unwrap().unwrap().last_word()
    }
}

/// Wants: the reader to fall back to an older state of the news. Has: a mirror, and everything as it was yesterday.
/// CVE-2022-29173 (go-tuf), CVE-2025-2887 (tough: rollback of delegated targets), CVE-2024-23332 (notation);
/// TUF specification §1.5.2 (rollback), Uptane standard (rollback attack).
#[tokio::test]
async fn rollback_to_an_older_copy() {
    let mut stage = Stage::new().await;
    let yesterday = stage.mirror();
    stage.publishes(5);
    stage.reader.pull(&[&stage.mirror_at(2).tree]).await;
    let report = stage.refuses(&yesterday, &[]).await;
    assert_eq!(report.carriers[0].stale, [stage.reader.channel]);
}

/// Wants: the reader not to learn that anything new exists. Has: the only mirror, and serves the same state for ever.
/// TUF specification §1.5.2 (indefinite freeze), Uptane standard (freeze attack).
/// Nothing expires for the reader; what he is shown is the age of the last word, and it stays what it was.
#[tokio::test]
async fn an_indefinite_freeze_is_shown_as_age() {
    let mut stage = Stage::new().await;
    let frozen = stage.mirror();
    let word = stage.last_word();
    assert_eq!(word, Some(NOON_MS + HOUR_MS));
    for _ in 0..3 {
        stage.refuses(&frozen, &[]).await;
    }
    stage.publishes(1);
    assert_eq!(stage.last_word(), word, "nobody can make the word look newer than the newest statement");
    // From anywhere else the truth comes at once, and the mirror is said to be stale.
    let fresh = stage.mirror_at(30);
    let report = stage.reader.pull(&[&frozen.tree, &fresh.tree]).await;
    assert_eq!(report.carriers[0].stale, [stage.reader.channel]);
    assert_eq!(stage.last_word(), Some(NOON_MS + 30 * HOUR_MS));
}

/// Wants: Aida's newest posts not to be missed. Has: the only mirror, and leaves them out with the statement that names them.
/// Uptane standard (partial bundle installation, drop-request); CVE-2025-2887 (tough).
///
/// The holes once counted by a log's own statement alone: a mirror that withheld a log together with its statement showed
/// nothing missing, although the other delegates' statements, which it had to serve, named the newer item.
#[tokio::test]
async fn a_withheld_log_is_a_visible_hole() {
    let mut stage = Stage::new().await;
    stage.publishes(4);
    let (hidden, mirror) = (stage.aida.branch(12), Mirror::new(&stage.newsroom));
    mirror.says(&[hidden.statement(1, vec![]), stage.words(2)[1].clone()], &[]);
    mirror.holds(&hidden);
    mirror.holds(&stage.bolat);
    let (page, report) = (stage.page(), stage.reader.pull(&[&mirror.tree]).await);
    assert_eq!((stage.page(), stage.holes(), report.still_missing_items), (page, 4, 4), "{report:?}");
    // A reader who never heard of the log misses all of it.
    let reader = new_reader(&stage.newsroom);
    let hidden = Mirror::new(&stage.newsroom);
    hidden.says(&stage.words(2)[1..], &[]);
    hidden.holds(&stage.bolat);
    let report = reader.pull(&[&hidden.tree]).await;
    assert_eq!((report.new_items, report.still_missing_items), (3, 16), "{report:?}");
}

/// Wants: every later word of Aida to look old, for ever. Has: her key, for a day, and signs the highest counter, the
/// longest log and a time in the far future.
/// TUF specification §1.5.2, §5.3.11 (fast-forward, and recovery from it).
#[tokio::test]
async fn a_fast_forward_ends_with_the_key() {
    let mut stage = Stage::new().await;
    let end = Statement {
        counter: u64::MAX,
        time: (1 << 53) - 1,
        items: LOG_ITEMS_MAX,
        tip: ItemId([9; 32]),
        charter: u64::MAX,
        ..stage.aida.statement(0, vec![])
    };
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&[end.sign(&stage.reader.channel, &stage.aida.key)], &[]);
    let (page, word) = (stage.page(), stage.last_word().unwrap());
    stage.reader.pull(&[&mirror.tree]).await;
    assert_eq!(stage.page(), page, "no item is hidden by it");
    assert!(stage.last_word().unwrap() <= word + CLOCK_JUMP_MS_MAX, "one delegate alone moves no clock");
    assert_eq!(stage.holes(), LOG_ITEMS_MAX - 12, "the lie is visible");
    // The charter that closes the log takes the word back; a new key goes on from 1.
    let mut body = stage.newsroom.next_body();
    body.delegates.retain(|entry| entry.key != stage.aida.opening.key);
    body.delegates.push(stage.newsroom.entry("Cholpan", longear_core::Roles::POST));
    body.closings.push(stage.aida.closing(12));
    stage.newsroom.apply(stage.newsroom.signed(body));
    let mut next = stage.newsroom.log("Cholpan", 1);
    next.post("we are back");
    let honest = stage.mirror();
    honest.says(&[next.statement(1, vec![]), stage.bolat.statement(2, vec![])], &[]);
    honest.holds(&next);
    let report = stage.reader.pull(&[&honest.tree]).await;
    assert_eq!((report.new_items, stage.holes(), stage.last_word()), (1, 0, Some(NOON_MS + 2 * HOUR_MS)), "{report:?}");
    let head = stage.reader.store.channel(&stage.reader.channel).unwrap().unwrap().head();
    assert!(!head.statements.contains_key(&stage.aida.id), "nobody passes it on");
}

/// Wants: the reader to wait for ever for charters that do not exist, and to take none below. Has: a mirror.
/// TUF specification §1.5.2 (fast-forward, malicious mirrors preventing updates).
#[tokio::test]
async fn a_head_that_promises_charters_for_ever() {
    let mut stage = Stage::new().await;
    for number in [2, 1_001, u64::from(u32::MAX), u64::MAX] {
        let mut mirror = stage.mirror();
        mirror.claims(number, longear_core::CharterHash([7; 32]), &[]);
        stage.refuses(&mirror, &[]).await;
    }
    // A rival that is named but not there is none. (The charter that stands there is known; each look at it once cost a
    // commit on the disk.)
    let mut mirror = stage.mirror();
    mirror.claims(1, longear_core::CharterHash([7; 32]), &[]);
    stage.refuses(&mirror, &[]).await;
    // And an honest mirror beside the liar is heard.
    stage.newsroom.apply(stage.newsroom.signed(stage.newsroom.next_body()));
    let report = stage.reader.pull(&[&mirror.tree, &stage.mirror().tree]).await;
    assert_eq!(report.new_charters, 1, "{report:?}");
}

/// Wants: a combination of items that never stood together. Has: a mirror, Aida's log of today and Bolat's of yesterday, and
/// the other way round for everybody else.
/// TUF specification §1.5.2, §5.5.4 (mix-and-match); Uptane standard (mix-and-match).
#[tokio::test]
async fn mix_and_match_shows_what_is_missing() {
    let mut stage = Stage::new().await;
    let yesterday = stage.bolat.clone();
    stage.publishes(2);
    for number in 0..6 {
        stage.bolat.post(&format!("today {number}"));
    }
    let words = [stage.aida.statement(2, vec![stage.bolat.cite(8)]), yesterday.statement(1, vec![])];
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&words, &[]);
    mirror.holds(&stage.aida);
    mirror.holds(&yesterday);
    let report = stage.reader.pull(&[&mirror.tree]).await;
    assert_eq!((report.new_items, report.still_missing_items, stage.holes()), (2, 6, 6), "{report:?}");
    // The other half completes it; the order does not matter.
    let report = stage.reader.pull(&[&stage.mirror_at(3).tree]).await;
    assert_eq!((report.new_items, stage.holes()), (6, 0), "{report:?}");
}

/// Wants: to take back a newer state that the reader has, by a head in which each part is genuine. Has: parts of many days.
/// rust-tuf #294 (the snapshot named by a timestamp was not compared with the former one); CVE-2025-2888 (tough: a timestamp
/// was refused because of its older snapshot, and kept all the same). TUF specification §5.4.3.
#[tokio::test]
async fn a_head_mixed_from_different_times() {
    let mut stage = Stage::new().await;
    let [old_aida, old_bolat] = stage.words(3);
    stage.publishes(5);
    stage.reader.pull(&[&stage.mirror_at(9).tree]).await;
    let [new_aida, new_bolat] = stage.words(9);
    for words in [[old_aida.clone(), new_bolat], [new_aida, old_bolat.clone()], [old_aida, old_bolat]] {
        let mirror = stage.mirror();
        mirror.says(&words, &[]);
        let report = stage.refuses(&mirror, &[]).await;
        assert_eq!(report.carriers[0].stale, [stage.reader.channel], "{report:?}");
    }
}

/// Wants: an old head to pass for a new one. Has: a web server, which gives it a fresh tag each time, or says that nothing
/// has changed when it has.
#[tokio::test]
async fn a_stale_head_with_a_fresh_tag() {
    let mut stage = Stage::new().await;
    let stale = stage.mirror();
    stage.publishes(3);
    stage.reader.pull(&[&stage.mirror_at(2).tree]).await;
    let (tree, tags) = (stale.tree.clone(), std::sync::atomic::AtomicU64::new(0));
    let server = Server::start(move |path, _| {
        let number = tags.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Answer::file(&tree, path).tagged(&format!("\"fresh-{number}\""))
    });
    let before = stage.state();
    let mut syncer = Syncer::new(stage.reader.store.clone(), vec![server.carrier()]);
    for _ in 0..3 {
        let report = syncer.round(&Default::default(), &|_| {}).await.unwrap();
        assert_eq!((report.carriers[0].stale.as_slice(), report.refused.len()), (&[stage.reader.channel][..], 0));
        assert_eq!(stage.state(), before);
    }
    // "Not modified" to somebody who never had anything is no head at all.
    let server = Server::start(|_, _| Answer::NotModified);
    let mut syncer = Syncer::new(stage.reader.store.clone(), vec![server.carrier()]);
    syncer.round(&Default::default(), &|_| {}).await.unwrap();
    assert_eq!(stage.state(), before);
}

/// Wants: readers to see items taken back that the newsroom stands by. Has: Aida's key, seized, and signs retractions and
/// corrections; then a charter closes her log before them. Whoever gets the retraction again, or first, sees the items.
#[tokio::test]
async fn a_replayed_retraction() {
    let mut stage = Stage::new().await;
    let mut thief = stage.aida.clone();
    thief.write(Kind::Retraction, NOON_MS, retraction(stage.aida.ids()).encode());
    let forged = |log: &Log, newsroom: &super::publisher::Publisher| {
        let mirror = Mirror::new(newsroom);
        mirror.says(&[log.statement(2, vec![])], &[]);
        mirror.holds(log);
        mirror
    };
    stage.reader.pull(&[&forged(&thief, &stage.newsroom).tree]).await;
    assert_eq!(status(&stage.reader.store, &stage.aida.ids()[0]), Some(Status::Retracted), "until it is known");
    let mut body = stage.newsroom.next_body();
    body.delegates.retain(|entry| entry.key != stage.aida.opening.key);
    body.closings.push(stage.aida.closing(12));
    stage.newsroom.apply(stage.newsroom.signed(body));
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&[], &[]);
    stage.reader.pull(&[&mirror.tree]).await;
    let new = new_reader(&stage.newsroom);
    new.pull(&[&stage.mirror().tree]).await;
    for reader in [&stage.reader, &new] {
        reader.pull(&[&forged(&thief, &stage.newsroom).tree]).await;
        for id in stage.aida.ids() {
            assert_eq!(status(&reader.store, &id), Some(Status::Shown));
        }
    }
}

/// Wants: a number to wrap round, so that the newest item is the oldest. Has: Aida's key, and signs the last seqs there are.
/// TUF specification §1.5.2 (fast-forward: a version at the end of its range).
#[tokio::test]
async fn a_sequence_beyond_its_end() {
    let stage = Stage::new().await;
    let mirror = Mirror::new(&stage.newsroom);
    let path = mirror.pack(&stage.aida, single(LOG_ITEMS_MAX - 1));
    for seq in [LOG_ITEMS_MAX, u64::from(u32::MAX) + 1, u64::MAX] {
        let mut header = stage.aida.items[11].header.header().clone();
        header.seq = seq;
        let bytes = header.sign(&stage.reader.channel, &stage.aida.key);
        let slot = longear_core::pack::PackSlot { header: bytes.bytes(), payload_length: 0 };
        let front = longear_core::pack::encode_front(single(LOG_ITEMS_MAX - 1), &stage.aida.opening, &[Some(slot)]);
        mirror.tree.put(&path, &front);
        stage.refuses(&mirror, &[(path, "bad-value")]).await;
    }
    let citations = vec![Citation { log: stage.bolat.id, seq: u64::MAX, prefix: [1; 16] }];
    mirror.says(&[stage.aida.statement(2, citations)], &[]);
    mirror.tree.remove(&path);
    stage.refuses(&mirror, &[(mirror.head(), "bad-value")]).await;
}

/// Wants: two readers never to agree. Has: two mirrors, and shows each another statement with the same counter, both signed
/// with Aida's key. Whoever sees both keeps the same one, in whatever order they came.
#[tokio::test]
async fn two_words_with_one_counter() {
    let stage = Stage::new().await;
    let words = [3, 5].map(|hours| {
        let word = Statement { time: NOON_MS + hours * HOUR_MS, ..stage.aida.statement(7, vec![]) };
        word.sign(&stage.reader.channel, &stage.aida.key)
    });
    let mut kept = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let reader = new_reader(&stage.newsroom);
        for which in order {
            let mirror = stage.mirror();
            mirror.says(&words[which..=which], &[]);
            reader.pull(&[&mirror.tree]).await;
        }
        let state = reader.store.channel(&reader.channel).unwrap().unwrap();
        kept.push(Head::encode(&state.head()));
    }
    assert_eq!(kept[0], kept[1]);
}
