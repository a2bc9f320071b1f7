//! Names, numbers and small questions.

use blake3::hazmat::{Mode, merge_subtrees_non_root, merge_subtrees_root};
use longear_core::article::{Groups, SMALL_FILE_BYTES_MAX};
use longear_core::blob::{BlobHash, Groups as BlobGroups, MeasuredGroup, TreeHasher};
use longear_core::deletion::{Clocks, Copy, Held, Noted, Step, next_step};
use longear_core::hash::plain;
use longear_core::id::from_hex;
use longear_core::keys::Roles;
use longear_core::limits::UNKNOWN_KIND_BYTES_PER_DAY;
use longear_core::quarantine::Quarantine;
use longear_core::schedule::{BlobWant, order_blobs};
use longear_core::status::{Doubt, Objection};
use longear_core::{
    Address, Article, ChannelId, CharterBody, Class, Intervals, ItemId, Kind, LogId, PublicKey, Reason, Rendition,
    Status, verify,
};

use crate::support::publisher::{Publisher, article, key, signed_by};

#[test]
fn hex_is_lower_case_of_just_the_right_length() {
    let text = "00ff10a9".repeat(8);
    let bytes = [0x00, 0xff, 0x10, 0xa9].repeat(8);
    assert_eq!(from_hex::<32>(&text).map(|bytes| bytes.to_vec()), Ok(bytes.clone()));
    assert_eq!(text.parse::<BlobHash>().map(|hash| hash.as_bytes().to_vec()), Ok(bytes));
    for wrong in [&text[1..], &text[2..], &format!("{text}00"), &text.to_uppercase(), &text.replace('a', "g")] {
        assert!(from_hex::<32>(wrong).is_err() && wrong.parse::<BlobHash>().is_err(), "{wrong}");
    }
    for digit in ('\0'..='\u{7f}').filter(|digit| !matches!(digit, '0'..='9' | 'a'..='f')) {
        assert!(from_hex::<1>(&format!("{digit}0")).is_err() && from_hex::<1>(&format!("0{digit}")).is_err());
        let text = digit.to_string().repeat(64);
        assert!(text.parse::<BlobHash>().is_err(), "{digit:?}");
    }
}

#[test]
fn roles_are_known_by_name_and_by_bits() {
    let names = ["post", "edit", "live", "moderate", "desk"];
    for (place, name) in names.iter().enumerate() {
        let role = Roles::named(name).unwrap();
        assert_eq!((role.bits(), role.to_string()), (1 << place, (*name).to_owned()));
    }
    assert_eq!(Roles::named("root"), None);
    let desk_that_moderates = Roles::from_bits(31 - 3);
    assert_eq!(desk_that_moderates.map(|roles| roles.to_string()), Ok("live, moderate, desk".to_owned()));
    let post_and_desk = Roles::POST.bits() | Roles::DESK.bits();
    let edit_and_desk = Roles::EDIT.bits() | Roles::DESK.bits();
    for bits in [0, 32, 33, 63, post_and_desk, edit_and_desk] {
        assert!(Roles::from_bits(bits).is_err(), "{bits}");
    }
    let both = Roles::POST.with(Roles::EDIT);
    assert!(both.has(Roles::POST) && !Roles::POST.has(both) && Roles::POST.has_any(both));
    assert!(!Roles::LIVE.has_any(both));
    assert_eq!(both.with(Roles::POST), both, "what is there already stays");
}

/// The kind alone decides who may sign, how long it may be and when it travels.
#[test]
fn every_kind_has_its_name_its_role_its_size_and_its_class() {
    let table = [
        (1, "post", Some(Roles::POST), 131_072, Class::Posts, true),
        (2, "media", Some(Roles::POST), 262_144, Class::Posts, true),
        (3, "notice", Some(Roles::POST), 4_096, Class::Notices, true),
        (4, "retraction", Some(Roles::POST.with(Roles::EDIT)), 4_096, Class::Closures, false),
        (5, "live", Some(Roles::LIVE), 65_536, Class::Posts, false),
        (6, "roll-up", Some(Roles::LIVE), 65_536, Class::Posts, false),
        (7, "room", Some(Roles::MODERATE), 65_536, Class::Posts, false),
        (8, "moderation", Some(Roles::MODERATE), 65_536, Class::Posts, false),
        (9, "report-keys", Some(Roles::DESK), 65_536, Class::Closures, false),
        (10, "receipts", Some(Roles::DESK), 65_536, Class::Closures, false),
        (200, "unknown", None, 65_536, Class::Unknown, false),
    ];
    for (number, name, roles, bytes, class, is_article) in table {
        let kind = Kind::from_number(number).unwrap();
        assert_eq!(
            (kind.number(), kind.name(), kind.roles(), kind.payload_bytes_max(), kind.class(), kind.is_article()),
            (number, name, roles, bytes, class, is_article)
        );
        let per_day = (number == 200).then_some(UNKNOWN_KIND_BYTES_PER_DAY);
        assert_eq!(kind.bytes_per_day_max(), per_day, "{name}");
    }
    assert_eq!(Kind::from_number(0), None);
}

#[test]
fn sound_small_files_and_the_smallest_video_go_before_the_rest() {
    let class = |mime: &str, size: u64, height: u32| {
        let (name, groups) = (String::new(), Groups::None);
        Rendition { name, blob: [0; 32], size, mime: mime.into(), duration_ms: 0, width: 0, height, groups }.class()
    };
    let large = SMALL_FILE_BYTES_MAX + 1;
    assert_eq!(class("audio/ogg", large, 0), Class::Sound);
    assert_eq!(class("image/png", SMALL_FILE_BYTES_MAX, 0), Class::Sound);
    assert_eq!(class("image/png", large, 100), Class::Large);
    assert_eq!(class("video/mp4", large, 1), Class::SmallVideo);
    assert_eq!(class("video/mp4", large, 144), Class::SmallVideo);
    assert_eq!(class("video/mp4", large, 145), Class::Large);
    assert_eq!(class("video/mp4", large, 0), Class::Large);
    let counts = [(0, 0), ((1 << 20) - 1, 0), (1 << 20, 1), ((1 << 20) + 1, 2), (5 << 20, 5)];
    assert!(counts.iter().all(|(size, count)| Rendition::group_count(*size) == *count));
}

/// The hash over a list of groups, as BLAKE3 has it: the left side is the largest power of two below all.
fn over(list: &[[u8; 32]], is_root: bool) -> [u8; 32] {
    let [one] = list else {
        let (left, right) = list.split_at(list.len().next_power_of_two() / 2);
        let (left, right) = (over(left, false), over(right, false));
        return match is_root {
            true => merge_subtrees_root(&left, &right, Mode::Hash).into(),
            false => merge_subtrees_non_root(&left, &right, Mode::Hash),
        };
    };
    *one
}

#[test]
fn a_list_of_groups_stands_in_the_item_up_to_a_gibibyte() {
    let fits = |count: u64| {
        let list = (0..count).map(|number| plain(&number.to_le_bytes())).collect::<Vec<_>>();
        let blob = BlobHash::from_bytes(over(&list, true));
        BlobGroups::verify(blob, count << 20, list).unwrap().fits_inline()
    };
    assert!(fits(2) && fits(1024));
    assert!(!fits(1025) && !fits(1100));
}

/// Wanted first: what is needed most, then what is newest, then what is smallest.
#[test]
fn blobs_are_asked_for_by_class_then_time_then_size_and_once() {
    let want = |blob: u8, class: Class, time: u64, size: u64| BlobWant {
        blob: [blob; 32],
        size,
        class,
        item: ItemId([0; 32]),
        log: LogId([0; 16]),
        time,
    };
    let mut wants = vec![
        want(1, Class::Large, 9, 1),
        want(2, Class::Sound, 1, 5),
        want(3, Class::Sound, 2, 7),
        want(4, Class::Sound, 2, 6),
        want(3, Class::Large, 9, 7),
    ];
    order_blobs(&mut wants);
    assert_eq!(wants.iter().map(|want| want.blob[0]).collect::<Vec<_>>(), [4, 3, 2, 1]);
}

#[test]
fn an_address_has_hints_by_the_name_at_only() {
    let channel = ChannelId([7; 32]);
    let plain = Address::new(channel).to_string();
    let hints = |query: &str| format!("{plain}?{query}").parse::<Address>().unwrap().hints;
    assert_eq!(hints("at=a&other=b&at=c"), ["a", "c"]);
    assert_eq!(hints("atom=a&at=c"), ["c"]);
    assert!(format!("{plain}?at").parse::<Address>().is_err());
    assert!(format!("{plain}?at=").parse::<Address>().is_err());
}

#[test]
fn a_reader_shows_what_is_left() {
    let mut input = longear_core::bytes::Reader::new(b"abc");
    assert_eq!((input.u8(), input.rest()), (Ok(b'a'), &b"bc"[..]));
}

#[test]
fn an_empty_set_is_empty_and_a_quarantine_counts() {
    assert!(Intervals::new().is_empty() && !Intervals::from_iter(std::iter::once(3..4)).is_empty());
    let mut quarantine = Quarantine::default();
    assert!(quarantine.is_empty());
    quarantine.push(1, "a");
    quarantine.push(1, "b");
    assert_eq!((quarantine.len(), quarantine.is_empty()), (2, false));
}

/// Every reason has words of its own, for people.
#[test]
fn every_status_says_why() {
    let statuses = [
        Status::Shown,
        Status::Disputed,
        Status::Retracted,
        Status::Unconfirmed(Doubt::NotLinkedYet),
        Status::Unconfirmed(Doubt::OutsideKeyLife),
        Status::Refused(Objection::WrongRole),
        Status::Refused(Objection::VoidLog),
        Status::Refused(Objection::BeyondClosing),
        Status::Refused(Objection::OtherBranch),
    ];
    let words = statuses.iter().map(|status| status.why()).collect::<std::collections::BTreeSet<_>>();
    assert!(words.len() == statuses.len(), "{words:?}");
}

/// A copy of a charter that is signed elsewhere brings its signatures along; one with another body brings none.
#[test]
fn copies_of_a_charter_share_their_signatures() {
    let newsroom = Publisher::found("Copies", &[("Aida", Roles::POST, 0)]);
    let (body, roots) = (newsroom.next_body(), &newsroom.roots);
    let copy = |name: &str, root: usize| {
        let body = CharterBody { name: name.into(), ..body.clone() };
        signed_by(body, &roots[root..=root])
    };
    let mut charter = copy("Copies", 0);
    charter.merge_signatures(&copy("Others", 1));
    assert_eq!(charter.signers_of(&body.roots), 1);
    charter.merge_signatures(&copy("Copies", 1));
    assert_eq!(charter.signers_of(&body.roots), 2);
    assert!(verify(&newsroom.lineage, charter).is_ok());
}

#[test]
fn only_who_stands_in_the_newest_charter_is_a_delegate() {
    let mut newsroom = Publisher::found("Gone", &[("Aida", Roles::POST, 0), ("Bolat", Roles::POST, 0)]);
    let (aida, bolat) = (key("Aida").public(), key("Bolat").public());
    let is_delegate = |newsroom: &Publisher, key: &PublicKey| newsroom.lineage.is_delegate(key);
    assert!(is_delegate(&newsroom, &aida) && is_delegate(&newsroom, &bolat));
    assert!(!is_delegate(&newsroom, &key("Nobody").public()));
    let mut body = newsroom.next_body();
    body.delegates.retain(|delegate| delegate.key == aida);
    newsroom.apply(newsroom.signed(body));
    assert!(is_delegate(&newsroom, &aida) && !is_delegate(&newsroom, &bolat));
    assert!(newsroom.lineage.entry(&bolat).is_some(), "what it said before is still its word");
}

#[test]
fn a_secret_key_is_written_to_its_file_as_it_is() {
    let seed = plain(b"a secret");
    assert_eq!(*longear_core::SecretKey::from_seed(seed).seed(), seed);
}

/// A head takes the newer word of a log, in whichever order the words come.
#[test]
fn the_newer_statement_of_a_log_stays_in_a_head() {
    let newsroom = Publisher::found("Words", &[("Aida", Roles::POST, 0)]);
    let log = newsroom.log("Aida", 1);
    let words = [1, 2].map(|counter| log.statement(counter, Vec::new()));
    for order in [[0, 1], [1, 0]] {
        let mut head = longear_core::Head::empty(newsroom.channel());
        order.iter().for_each(|place| head.insert(words[*place].clone()));
        assert_eq!(head.statements.values().collect::<Vec<_>>(), [&words[1]], "{order:?}");
    }
    assert!(words[1].supersedes(&words[0]) && !words[0].supersedes(&words[1]));
    assert!(!words[0].supersedes(&words[0]), "nothing is newer than itself");
}

#[test]
fn the_first_language_is_the_original() {
    let bytes = article("Title", None).encode();
    // Version, corrects, number of variants, then the language behind its length.
    let origin = 3 + 4 + 2;
    for (value, is_good) in [(0, true), (1, false), (2, false), (3, false)] {
        let mut bytes = bytes.clone();
        bytes[origin] = value;
        assert_eq!(Article::decode(Kind::Post, &bytes).is_ok(), is_good, "{value}");
    }
}

/// One file has one description, else the same article would have two hashes.
#[test]
fn a_file_below_a_mebibyte_lists_no_groups_not_even_none() {
    let bytes = b"small".to_vec();
    let with = |groups| {
        let (name, mime, size) = ("s".into(), "text/plain".into(), bytes.len() as u64);
        let (blob, duration_ms, width, height) = (plain(&bytes), 0, 0, 0);
        let rendition = Rendition { name, blob, size, mime, duration_ms, width, height, groups };
        Article { renditions: vec![rendition], ..article("Title", None) }.check()
    };
    assert_eq!(with(Groups::None), Ok(()));
    assert_eq!(with(Groups::File(bytes.clone())), Ok(()));
    for groups in [Groups::Inline(Vec::new()), Groups::Inline(vec![[0; 32]]), Groups::Blob([0; 32])] {
        assert_eq!(with(groups), Err(Reason::NotCanonical { what: "group hashes" }));
    }
}

#[test]
fn an_article_that_nobody_would_read_is_refused_before_it_is_published() {
    let good = article("Title", None);
    assert_eq!(good.check(), Ok(()));
    let empty = Article { variants: Vec::new(), ..good };
    assert_eq!(empty.check(), Err(Reason::BadValue { what: "number of languages" }));
}

#[test]
fn what_was_noted_just_now_is_not_noted_again() {
    let by = ItemId([1; 32]);
    let noted = Some(Noted { by, since: 1_000 });
    let held = Held { taken_back_by: Some(by), noted, copy: Copy::Here, names_others: false };
    let at = |device_ms| next_step(&held, Clocks { device_ms, channel_ms: None });
    assert_eq!(at(1_000), Step::Nothing);
    assert_eq!(at(999), Step::Note { since: 999 }, "a clock ran ahead");
}

#[test]
fn slices_come_while_a_blob_is_hashed_and_a_list_of_groups_ends_with_its_last_hash() {
    let bytes = vec![7; (1 << 20) + 5];
    let mut hasher = TreeHasher::new();
    hasher.update(&bytes).unwrap();
    assert_eq!(hasher.poll_slice().map(|slice| slice.group), Some(0));
    let hashed = hasher.finish();
    let (groups, list) = (&hashed.groups, hashed.groups.encode());
    let first = MeasuredGroup::new(groups.layout(), 0, &bytes[..1 << 20]).unwrap();
    assert_eq!(Some(first.hash()), groups.group_hash(0));
    let size = bytes.len() as u64;
    assert!(BlobGroups::decode(hashed.hash, size, &list).is_ok());
    assert!(BlobGroups::decode(hashed.hash, size, &[&list[..], &[0]].concat()).is_err());
    assert!(BlobGroups::decode(hashed.hash, size, &list[..32]).is_err());
}
