//! The rules of `docs/spec/charter.md`, one test each, by the code of the refusal.

use longear_core::charter::Origin;
use longear_core::hash::plain;
use longear_core::keys::Roles;
use longear_core::limits::CHARTERS_MAX;
use longear_core::{Charter, CharterBody, Lineage, PublicKey, Reason, SecretKey, verify};

use crate::support::publisher::{Publisher, key, keys, root_set, signed_by};

fn newsroom() -> Publisher {
    Publisher::found("Newsroom", &[("Aida", Roles::POST, 0), ("Bolat", Roles::POST.with(Roles::EDIT), 0)])
}

/// The code by which the charter is refused, as read from its bytes.
fn refusal(lineage: &Lineage, charter: &Charter) -> &'static str {
    let read = Charter::decode(&charter.encode());
    read.and_then(|charter| verify(lineage, charter)).map_or_else(|reason| reason.code(), |_| "accepted")
}

/// The code for the next charter with a change.
fn refusal_of(publisher: &Publisher, change: impl FnOnce(&mut CharterBody)) -> &'static str {
    let mut body = publisher.next_body();
    change(&mut body);
    refusal(&publisher.lineage, &publisher.signed(body))
}

/// The next charter, with the committed roots and a new commitment.
fn rotated(publisher: &Publisher) -> CharterBody {
    let next = root_set(2, &keys("later root")).commitment();
    CharterBody { roots: root_set(2, &publisher.next_roots), next, ..publisher.next_body() }
}

fn all<'a>(sets: impl IntoIterator<Item = &'a [SecretKey]>) -> Vec<SecretKey> {
    sets.into_iter().flatten().cloned().collect()
}

#[test]
fn the_next_charter_is_accepted() {
    assert_eq!(refusal_of(&newsroom(), |_| {}), "accepted");
    assert_eq!(refusal_of(&newsroom(), |body| body.delegates.clear()), "accepted");
}

#[test]
fn a_signer_does_not_count_twice() {
    let newsroom = newsroom();
    let mut charter = signed_by(newsroom.next_body(), &newsroom.roots[..1]);
    assert_eq!(refusal(&newsroom.lineage, &charter), "below-threshold");
    charter.signatures.push(charter.signatures[0]);
    assert_eq!(refusal(&newsroom.lineage, &charter), "not-canonical");
}

/// Only reading refused what stands twice; a charter that was put together in memory, as when signatures are gathered, was
/// accepted by the signature of one root where two were needed.
#[test]
fn a_root_that_stands_twice_in_memory_does_not_count_twice() {
    let newsroom = newsroom();
    let mut charter = signed_by(newsroom.next_body(), &newsroom.roots[..1]);
    charter.signatures.push(charter.signatures[0]);
    assert!(matches!(verify(&newsroom.lineage, charter), Err(Reason::NotCanonical { .. })));

    let mut body = newsroom.lineage.newest().unwrap().clone();
    body.roots.keys = vec![newsroom.roots[0].public(); 2];
    let charter = signed_by(body.clone(), &newsroom.roots[..1]);
    assert!(matches!(verify(&Lineage::new(body.channel()), charter), Err(Reason::NotCanonical { .. })));
}

#[test]
fn every_signature_has_to_be_good() {
    let newsroom = newsroom();
    let mut charter = signed_by(newsroom.next_body(), &newsroom.roots);
    charter.signatures[2].1[40] ^= 1;
    assert_eq!(refusal(&newsroom.lineage, &charter), "bad-signature");
    let signers = all([&newsroom.roots[..], &[key("stranger")]]);
    assert_eq!(refusal(&newsroom.lineage, &signed_by(newsroom.next_body(), &signers)), "unknown-signer");
    let mut moved = newsroom.signed(newsroom.next_body());
    moved.body.name = "Newsr00m".into();
    assert_eq!(refusal(&newsroom.lineage, &moved), "bad-signature");
}

#[test]
fn a_charter_cannot_be_skipped() {
    let newsroom = newsroom();
    let skipping = newsroom.signed(CharterBody { number: 3, ..newsroom.next_body() });
    assert_eq!(refusal(&newsroom.lineage, &skipping), "out-of-sequence");
    assert_eq!(refusal(&Lineage::new(newsroom.channel()), &skipping), "out-of-sequence");
    let far = newsroom.signed(CharterBody { number: u64::MAX, ..newsroom.next_body() });
    assert_eq!(refusal(&newsroom.lineage, &far), "out-of-sequence");
}

#[test]
fn a_charter_of_another_channel_is_refused() {
    let newsroom = newsroom();
    let other = Publisher::found("Other", &[]);
    assert_eq!(refusal(&newsroom.lineage, &other.lineage.charters()[0]), "wrong-channel");
    let origin = Origin::Channel(other.channel());
    assert_eq!(refusal_of(&newsroom, |body| body.origin = origin), "wrong-channel");
}

#[test]
fn roots_rotate_to_the_committed_set_with_both_thresholds() {
    let mut newsroom = newsroom();
    let (old, new) = (newsroom.roots.clone(), newsroom.next_roots.clone());
    let by = |signers: &[&[SecretKey]]| {
        refusal(&newsroom.lineage, &signed_by(rotated(&newsroom), &all(signers.iter().copied())))
    };
    assert_eq!(by(&[&new[..2], &old[..2]]), "accepted");
    assert_eq!(by(&[&new]), "below-threshold");
    assert_eq!(by(&[&old]), "below-threshold");
    assert_eq!(by(&[&new, &old[..1]]), "below-threshold");
    newsroom.apply(signed_by(rotated(&newsroom), &all([&new[..2], &old[..2]])));

    // From here on the former roots are strangers, however many of them sign.
    let after = |signers: &[&[SecretKey]]| {
        refusal(&newsroom.lineage, &signed_by(newsroom.next_body(), &all(signers.iter().copied())))
    };
    assert_eq!(after(&[&new[..2]]), "accepted");
    assert_eq!(after(&[&old]), "unknown-signer");
    assert_eq!(after(&[&old, &new[..1]]), "unknown-signer");
    assert_eq!(after(&[&old, &new]), "unknown-signer");
}

#[test]
fn roots_change_only_as_committed() {
    let newsroom = newsroom();
    let everybody = all([&newsroom.roots[..], &newsroom.next_roots, &keys("later root")]);
    let of = |change: &dyn Fn(&mut CharterBody)| {
        let mut body = newsroom.next_body();
        change(&mut body);
        let signers = everybody.iter().filter(|root| {
            body.roots.keys.contains(&root.public()) || newsroom.roots.iter().any(|old| old.public() == root.public())
        });
        refusal(&newsroom.lineage, &signed_by(body.clone(), &signers.cloned().collect::<Vec<_>>()))
    };
    let later = root_set(2, &keys("later root"));
    assert_eq!(of(&|body| *body = rotated(&newsroom)), "accepted");
    assert_eq!(of(&|body| body.roots = later.clone()), "roots-not-committed");
    assert_eq!(of(&|body| body.roots.threshold = 1), "roots-not-committed");
    assert_eq!(of(&|body| body.next = later.commitment()), "roots-not-committed");
    assert_eq!(of(&|body| body.roots = root_set(1, &newsroom.next_roots)), "roots-not-committed");
    assert_eq!(of(&|body| body.roots = root_set(2, &newsroom.next_roots[..2])), "roots-not-committed");
    // The commitment that was used is no commitment any more: whoever has these keys would rotate to them for ever.
    let used = root_set(2, &newsroom.next_roots).commitment();
    assert_eq!(of(&|body| *body = CharterBody { next: used, ..rotated(&newsroom) }), "roots-not-committed");
}

#[test]
fn a_delegate_that_was_left_out_does_not_return() {
    let mut newsroom = newsroom();
    let before = newsroom.next_body().delegates;
    let mut body = newsroom.next_body();
    body.delegates.clear();
    newsroom.apply(newsroom.signed(body));
    newsroom.apply(newsroom.signed(newsroom.next_body()));
    assert_eq!(refusal_of(&newsroom, |body| body.delegates = before), "delegate-returned");
}

#[test]
fn a_delegate_that_stays_loses_nothing() {
    let newsroom = newsroom();
    let founding = *newsroom.lineage.founding();
    // Enrols anew, as a delegate who agrees to the change would.
    let becomes = |name: &str, roles: Roles, region: &str, not_before: u64, not_after: u64| {
        refusal_of(&newsroom, |body| {
            let key = key(name);
            let entry = body.delegates.iter_mut().find(|entry| entry.key == key.public()).unwrap();
            (entry.roles, entry.region, entry.not_before) = (roles, region.into(), not_before);
            entry.not_after = not_after;
            entry.enrolment = longear_core::Delegate::enrol(&key, &founding, roles, region);
        })
    };
    let (post, edit) = (Roles::POST, Roles::EDIT);
    assert_eq!(becomes("Aida", post.with(edit), "", 0, 0), "accepted");
    assert_eq!(becomes("Bolat", post, "", 0, 0), "delegate-narrowed");
    assert_eq!(becomes("Aida", edit, "", 0, 0), "delegate-narrowed");
    assert_eq!(becomes("Aida", post, "KZ-75", 0, 0), "delegate-narrowed");
    assert_eq!(becomes("Aida", post, "", 1, 0), "delegate-narrowed");
    assert_eq!(becomes("Aida", post, "", 0, 1 << 50), "delegate-narrowed");
    assert_eq!(refusal_of(&newsroom, |body| body.delegates[0].label = "desk two".into()), "accepted");
}

#[test]
fn a_delegate_of_another_channel_cannot_be_captured() {
    let (newsroom, other) = (newsroom(), Publisher::found("Other", &[("Cholpan", Roles::POST, 0)]));
    let captured = other.entry("Cholpan", Roles::POST);
    assert_eq!(refusal_of(&newsroom, |body| body.delegates.push(captured)), "bad-enrolment");
    let willing = newsroom.entry("Cholpan", Roles::POST);
    assert_eq!(refusal_of(&newsroom, |body| body.delegates.push(willing.clone())), "accepted");
    // Nor can one be given more than it agreed to.
    let wider = longear_core::Delegate { roles: Roles::POST.with(Roles::EDIT), ..willing };
    assert_eq!(refusal_of(&newsroom, |body| body.delegates.push(wider)), "bad-enrolment");
}

#[test]
fn a_desk_neither_posts_nor_edits() {
    let newsroom = newsroom();
    for (roles, code) in [
        (Roles::DESK.with(Roles::POST), "bad-value"),
        (Roles::DESK.with(Roles::EDIT), "bad-value"),
        (Roles::NONE, "bad-value"),
        (Roles::DESK.with(Roles::LIVE), "accepted"),
    ] {
        let desk = newsroom.entry("Desk", roles);
        assert_eq!(refusal_of(&newsroom, |body| body.delegates.push(desk)), code, "{roles}");
    }
}

#[test]
fn a_closing_is_of_a_delegate_and_of_its_own_log() {
    let newsroom = newsroom();
    let mut log = newsroom.log("Aida", 7);
    log.post("one");
    let closes = |closing: longear_core::Closing| refusal_of(&newsroom, |body| body.closings.push(closing));
    assert_eq!(closes(log.closing(1)), "accepted");
    assert_eq!(closes(log.closing(0)), "accepted");
    assert_eq!(closes(newsroom.log("Nobody", 7).closing(0)), "unknown-key");
    let other = newsroom.log("Aida", 8).id;
    assert_eq!(closes(longear_core::Closing { log: other, ..log.closing(1) }), "wrong-log");
    assert_eq!(closes(longear_core::Closing { root: [0; 32], ..log.closing(1) }), "bad-value");
    // Of a key that left two charters ago the log can still be closed.
    let mut later = newsroom.clone();
    let without = CharterBody { delegates: Vec::new(), ..later.next_body() };
    later.apply(later.signed(without));
    assert_eq!(refusal_of(&later, |body| body.closings.push(log.closing(1))), "accepted");
}

#[test]
fn a_first_charter_closes_nothing() {
    let newsroom = newsroom();
    let mut body = newsroom.lineage.newest().unwrap().clone();
    body.closings.push(newsroom.log("Aida", 7).closing(0));
    let charter = newsroom.signed(body.clone());
    assert_eq!(refusal(&Lineage::new(body.channel()), &charter), "bad-value");
}

#[test]
fn a_weak_key_is_no_root_and_no_delegate() {
    let newsroom = newsroom();
    let mut identity = PublicKey([0; 32]);
    identity.0[0] = 1;
    assert_eq!(refusal_of(&newsroom, |body| body.roots.keys.insert(0, identity)), "weak-key");
    let entry = longear_core::Delegate { key: identity, ..newsroom.entry("Aida", Roles::POST) };
    assert_eq!(refusal_of(&newsroom, |body| body.delegates.push(entry)), "weak-key");
}

#[test]
fn a_channel_has_at_most_a_thousand_charters() {
    let mut newsroom = Publisher::found("Many", &[]);
    while newsroom.lineage.number() < CHARTERS_MAX {
        newsroom.apply(newsroom.signed(newsroom.next_body()));
    }
    assert_eq!(refusal_of(&newsroom, |_| {}), "out-of-sequence");
    assert_eq!(refusal_of(&newsroom, |body| body.number = CHARTERS_MAX), "accepted");
}

#[test]
fn the_commitment_binds_keys_and_threshold() {
    let three = keys("root");
    let commitment = root_set(2, &three).commitment();
    assert_ne!(commitment, root_set(1, &three).commitment());
    assert_ne!(commitment, root_set(2, &three[..2]).commitment());
    assert_ne!(commitment, plain(b""));
}
