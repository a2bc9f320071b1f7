//! Attacks by those who have a key, or somebody else's words: roles, lives of keys, channels, logs.

use longear_core::pack::{PackSlot, encode_front};
use longear_core::status::{Doubt, Objection};
use longear_core::{Kind, LogOpening, Roles, Status};

use super::publisher::{HOUR_MS, Item, Log, NOON_MS, Publisher, article, key, retraction};
use super::stage::{Mirror, Stage, single};
use super::view::status;

/// The reader takes in this log; nothing of the page changes, and all its items have this status.
async fn kept_from_readers(stage: &Stage, log: &Log, expected: Status) {
    let page = stage.page();
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&[log.statement(5, vec![])], &[]);
    mirror.holds(log);
    let report = stage.reader.pull(&[&mirror.tree]).await;
    assert!(report.refused.is_empty(), "{report:?}");
    for id in log.ids() {
        assert_eq!(status(&stage.reader.store, &id), Some(expected));
    }
    assert_eq!(stage.page(), page);
}

/// Wants: to post as the newsroom. Has: the key of a moderator, whom the charter lets open rooms only.
/// CVE-2024-47534 (go-tuf: delegations were followed in a wrong order, so that the wrong one could decide).
#[tokio::test]
async fn a_moderator_posts() {
    let stage = Stage::new().await;
    let mut log = stage.newsroom.log("Erlan", 1);
    log.post("the newsroom is closed");
    log.write(Kind::Notice, NOON_MS, article("come to the square", None).encode());
    kept_from_readers(&stage, &log, Status::Refused(Objection::WrongRole)).await;
}

/// Wants: to post as the newsroom. Has: the key of the desk that opens reports.
#[tokio::test]
async fn a_desk_posts() {
    let stage = Stage::new().await;
    let mut log = stage.newsroom.log("Daniyar", 1);
    log.post("send your reports to another address");
    kept_from_readers(&stage, &log, Status::Refused(Objection::WrongRole)).await;
}

/// Wants: readers to take report keys of his, so that he can open reports. Has: a key that may post.
#[tokio::test]
async fn a_reporter_publishes_the_desk_s_keys() {
    let stage = Stage::new().await;
    let mut log = stage.bolat.branch(0);
    (log.opening.incarnation, log.id) = (77, LogOpening { incarnation: 77, ..log.opening }.log(&log.channel));
    log.write(Kind::ReportKeys, NOON_MS, vec![1, 2, 3]);
    kept_from_readers(&stage, &log, Status::Refused(Objection::WrongRole)).await;
}

/// Wants: to go on posting. Has: a key whose life ended an hour after noon, and no charter has closed its log yet.
/// TUF specification §5.6.5 (expired metadata), §6.1 (keys that are replaced).
#[tokio::test]
async fn an_expired_key_signs_on() {
    let stage = Stage::new().await;
    let mut log = stage.newsroom.log("Galiya", 1);
    log.write(Kind::Post, NOON_MS + HOUR_MS + 1, article("too late", None).encode());
    log.write(Kind::Post, NOON_MS + 99 * HOUR_MS, article("much too late", None).encode());
    kept_from_readers(&stage, &log, Status::Unconfirmed(Doubt::OutsideKeyLife)).await;
}

/// Wants: words from before the raid that nobody wrote then. Has: Aida's key, seized; the newsroom has left it out.
#[tokio::test]
async fn a_revoked_key_opens_another_incarnation() {
    let mut stage = Stage::new().await;
    let mut body = stage.newsroom.next_body();
    body.delegates.retain(|entry| entry.key != stage.aida.opening.key);
    body.closings.push(stage.aida.closing(12));
    stage.newsroom.apply(stage.newsroom.signed(body));
    stage.reader.pull(&[&stage.mirror().tree]).await;
    let mut log = stage.newsroom.log("Aida", 8);
    log.write(Kind::Post, NOON_MS - 99 * HOUR_MS, article("long before", None).encode());
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&[log.statement(1, vec![])], &[]);
    mirror.holds(&log);
    let before = stage.page();
    let report = stage.reader.pull(&[&mirror.tree]).await;
    assert_eq!(report.refused[0].code, Some("void-log"), "{report:?}");
    assert_eq!(stage.page(), before);
    assert!(matches!(status(&stage.reader.store, &log.items[0].header.id()), None | Some(Status::Refused(_))));
}

/// Wants: to take back what others published. Has: a key that may post, and no role to edit.
#[tokio::test]
async fn a_reporter_takes_back_an_editor_s_post() {
    let stage = Stage::new().await;
    let mut log = stage.aida.clone();
    log.write(Kind::Retraction, NOON_MS, retraction(stage.bolat.ids()).encode());
    log.write(Kind::Post, NOON_MS, article("it was all different", Some(stage.bolat.ids()[0])).encode());
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&[log.statement(5, vec![])], &[]);
    mirror.holds(&log);
    stage.reader.pull(&[&mirror.tree]).await;
    for id in stage.bolat.ids() {
        assert_eq!(status(&stage.reader.store, &id), Some(Status::Shown));
    }
}

/// Wants: to hide a whole archive in an hour. Has: an editor's key, and signs retractions of everything on one day.
#[tokio::test]
async fn an_archive_taken_back_in_an_hour() {
    let mut stage = Stage::new().await;
    for number in 12..112 {
        stage.aida.post(&format!("Aida {number}"));
    }
    let mut log = stage.bolat.clone();
    for targets in stage.aida.ids().chunks(40) {
        log.write(Kind::Retraction, NOON_MS, retraction(targets.to_vec()).encode());
    }
    let mirror = Mirror::new(&stage.newsroom);
    mirror.says(&[stage.aida.statement(2, vec![]), log.statement(2, vec![])], &[]);
    mirror.holds(&stage.aida);
    mirror.holds(&log);
    stage.reader.pull(&[&mirror.tree]).await;
    let statuses = stage.aida.ids().into_iter().map(|id| status(&stage.reader.store, &id).unwrap());
    let hidden = statuses.filter(|status| *status == Status::Retracted).count();
    assert_eq!(hidden, longear_core::limits::RETRACTION_TARGETS_MAX, "of {}", stage.aida.items.len());
}

/// Wants: Aida's words in one channel to appear in another, where they mean something else. Has: a mirror, and Aida is a
/// delegate of both. TUF specification §1.5.2 (wrong software installation, mix-and-match).
#[tokio::test]
async fn words_from_another_channel() {
    let stage = Stage::new().await;
    let other = Publisher::found("Other", &[("Aida", Roles::POST, 0)]);
    let mut elsewhere = other.log("Aida", 7);
    for number in 0..13 {
        elsewhere.post(&format!("elsewhere {number}"));
    }
    let mirror = Mirror::new(&stage.newsroom);
    // The statement is Aida's own, and her log here would have the opening that it names.
    mirror.says(&[elsewhere.statement(9, vec![])], &[]);
    let path = mirror.pack(&stage.aida, single(12));
    mirror.tree.put(&path, &elsewhere.pack(single(12)));
    stage.refuses(&mirror, &[(mirror.head(), "bad-signature"), (path, "wrong-log")]).await;
}

/// Wants: his own log to stand where Aida's does. Has: a key of his own, and a mirror that serves his packs under her log.
#[tokio::test]
async fn a_log_captured_by_another_opening() {
    let stage = Stage::new().await;
    let mut own = Log { key: key("Thief"), ..stage.aida.clone() };
    own.opening.key = own.key.public();
    own.post("by the thief");
    let mirror = Mirror::new(&stage.newsroom);
    let path = mirror.pack(&stage.aida, single(12));
    mirror.tree.put(&path, &own.pack(single(12)));
    stage.refuses(&mirror, &[(path, "wrong-log")]).await;
    // Under Aida's opening the thief's signature is none.
    own.opening = stage.aida.opening;
    mirror.tree.put(&path, &own.pack(single(12)));
    stage.refuses(&mirror, &[(path, "bad-signature")]).await;
    // And another incarnation of Aida herself is another log.
    let mut again = stage.newsroom.log("Aida", 8);
    for _ in &stage.aida.items {
        again.post("again");
    }
    again.post("again");
    mirror.tree.put(&path, &again.pack(single(12)));
    stage.refuses(&mirror, &[(path, "wrong-log")]).await;
}

/// Wants: one header to stand twice, or where another one belongs. Has: Aida's signed headers.
/// CVE-2023-33959 (notation: what was fetched was not compared with what had been asked for).
#[tokio::test]
async fn a_header_moved_to_another_place() {
    let stage = Stage::new().await;
    let mirror = Mirror::new(&stage.newsroom);
    let path = mirror.pack(&stage.aida, single(12));
    let Item { header, payload } = &stage.aida.items[3];
    let slot = PackSlot { header: header.bytes(), payload_length: payload.len() as u32 };
    let pack = [encode_front(single(12), &stage.aida.opening, &[Some(slot)]), payload.clone()].concat();
    mirror.tree.put(&path, &pack);
    stage.refuses(&mirror, &[(path, "out-of-sequence")]).await;
    // A whole pack of another place says itself where it belongs.
    mirror.tree.put(&path, &stage.aida.pack(single(3)));
    stage.refuses(&mirror, &[(path, "bad-value")]).await;
}
