//! A broadcast of a day, of segments of a few bytes: what it costs a box to show it, and what of it players are told.
#![allow(clippy::unwrap_used)]

mod disk;
mod lists;
#[path = "../../../longear-store/tests/items/publisher.rs"]
#[allow(dead_code)]
mod publisher;
mod studio;

use longear_core::blob::BlobHash;
use studio::{SEGMENT_MS, Studio, segments};

/// A day of segments of two seconds.
const DAY: u64 = 43_200;
/// Segments that one list of what was holds at most: those of six hours.
const LISTED_MAX: usize = 10_800;
/// Bytes of any answer but such a list.
const ANSWER_BYTES_MAX: usize = 32 << 10;
/// Memory that a box needs for 129,600 segments, in KiB, and for any answer once it has looked at them.
const MEMORY_KIB_MAX: u64 = 96 << 10;
const ANSWER_KIB_MAX: u64 = 32 << 10;
/// How often the disk is asked for an answer to somebody who watches, however long the broadcast is.
const LOOKS_MAX: u64 = 500;

fn listed(list: &str) -> usize {
    list.matches("#EXTINF").count()
}

#[test]
fn a_day_of_broadcast_is_shown_in_bounded_pieces() {
    let mut studio = Studio::new(DAY - 60);
    let (cost, page) = studio.cost(|studio| studio.page(None));
    assert!(cost.memory_kib < MEMORY_KIB_MAX, "{cost:?}");
    // A link every ten minutes, none of them twice.
    assert_eq!(page.matches("?from=").count(), 144, "{page}");
    for round in 0..4 {
        studio.import(studio.next);
        studio.tick();
        if round == 2 {
            studio.roll_up(false);
        }
        let (cost, page) = studio.cost(|studio| studio.page(None));
        assert!(cost.looks < LOOKS_MAX && page.len() < ANSWER_BYTES_MAX, "{cost:?}, {} bytes", page.len());
        for name in ["index.m3u8", "audio", "144p", "360p"] {
            let (cost, list) = studio.cost(|studio| studio.list(name, None).unwrap());
            assert!(cost.looks < LOOKS_MAX && cost.memory_kib < ANSWER_KIB_MAX, "{name}: {cost:?}");
            assert!(list.len() < ANSWER_BYTES_MAX && listed(&list) <= 61, "{name}: {}", list.len());
        }
    }
    // From the beginning six hours, then the next six: nothing twice, nothing left out.
    let hours_ms = LISTED_MAX as u64 * SEGMENT_MS;
    let parts = (0..4).map(|part| studio.list("360p", Some(part * hours_ms)).unwrap()).collect::<Vec<_>>();
    let counts = parts.iter().map(|list| listed(list)).collect::<Vec<_>>();
    assert_eq!(counts, [LISTED_MAX, LISTED_MAX, LISTED_MAX, LISTED_MAX - 56]);
    let names = parts.iter().flat_map(|list| list.lines().filter(|line| line.ends_with(".m4s")));
    assert!(names.eq((0..DAY - 56).map(|number| format!("{}.m4s", BlobHash::from_bytes(segments(number)[2].blob)))));
    studio.roll_up(true);
    assert!(studio.page(None).contains("Save video"), "it is over: whole, and a recording");
    assert_eq!(listed(&studio.list("audio", None).unwrap()), LISTED_MAX);
}

/// Whoever opens a box's page of yesterday's broadcast at some hour: only that hour is looked at.
#[test]
fn beginning_at_some_hour_costs_that_hour() {
    let mut studio = Studio::new(DAY);
    studio.restart();
    let from_ms = 80_000_000;
    let (master, _) = studio.cost(|studio| studio.list("index.m3u8", Some(from_ms)).unwrap());
    let (media, list) = studio.cost(|studio| studio.list("360p", Some(from_ms)).unwrap());
    let expected = (DAY * SEGMENT_MS - from_ms) / SEGMENT_MS;
    assert_eq!(listed(&list) as u64, expected);
    assert!(media.looks < expected + LOOKS_MAX, "{media:?}");
    assert!(master.looks < DAY, "{master:?}");
}

/// A box adds the next roll-up to those that it has read; it must notice where one of those does not count any more, and where
/// the payload of one comes late.
#[test]
fn roll_ups_that_come_and_go_are_noticed() {
    let mut studio = Studio::new(300);
    let heard = |studio: &Studio| listed(&studio.list("audio", Some(0)).unwrap_or_default());
    assert_eq!(heard(&studio), 300);
    (0..30).for_each(|_| studio.hear());
    studio.roll_up_in_pieces(|studio| assert_eq!(heard(studio), 300));
    assert_eq!(heard(&studio), 330);
    (0..30).for_each(|_| studio.hear());
    studio.roll_up(false);
    assert_eq!(heard(&studio), 360);
    studio.take_back(4);
    assert_eq!(heard(&studio), 330);
    studio.restart();
    assert_eq!(heard(&studio), 330, "the same as who reads all of them anew");
}

/// Boxes delete nothing by themselves; but a disk may be damaged, and files may go with a roll-up that was taken back.
#[test]
fn what_has_gone_is_not_listed() {
    let mut studio = Studio::new(3_000);
    let first_hour = (0..1_800).map(|number| segments(number)[2].blob).collect::<std::collections::HashSet<_>>();
    assert_eq!(listed(&studio.list("360p", Some(0)).unwrap()), 3_000);
    studio.disk.forget(|hash| first_hour.contains(hash));
    // A box that runs finds out when somebody asks.
    let gone = segments(1_700)[2].blob;
    studio.broadcast().forget(&gone);
    let list = studio.list("360p", Some(0)).unwrap();
    assert!(listed(&list) == 2_999 && !list.contains(&BlobHash::from_bytes(gone).to_string()));
    assert_eq!(list.matches("#EXT-X-DISCONTINUITY\n").count(), 1);
    studio.restart();
    let list = studio.list("360p", Some(0)).unwrap();
    assert_eq!((listed(&list), listed(&studio.list("audio", Some(0)).unwrap())), (1_200, 3_000));
    // The sound of that hour is here: it can be begun there, and only with what plays.
    let page = studio.page(None);
    assert!(page.contains("?from=600000") && page.contains("?from=4200000"), "{page}");
    assert_eq!(studio.list("360p", Some(0)).map(|list| listed(&list)), Some(1_200));
    let master = studio.list("index.m3u8", Some(0)).unwrap();
    assert!(master.contains("audio.m3u8") && master.contains("144p.m3u8"), "{master}");
    studio.disk.forget(|_| true);
    studio.restart();
    assert_eq!(studio.list("index.m3u8", Some(0)), None);
    assert!(!studio.page(None).contains("?from="));
}
