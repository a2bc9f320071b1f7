//! Signing in the own log.

use std::sync::Arc;

use longear_core::holdings::Holdings;
use longear_core::{Kind, Roles, Statement, verify};
use longear_store::backend::MemoryBackend;
use longear_store::{Signer, Store, StoreOptions};

use crate::publisher::{NOON_MS, Object, Publisher, article, key, take_in};

/// A thief of a key signs a statement with the highest counter that there is. The owner's next one counted on from there: to
/// 0 in a release build, so that no word of theirs counted any more, and not at all with overflow checks.
#[test]
fn a_last_word_of_a_thief_ends_the_log_and_silences_nobody() {
    let publisher = Publisher::found("Silenced", &[("Aida", Roles::POST)]);
    let channel = publisher.channel();
    let backend = Arc::new(MemoryBackend::new());
    let store = Store::open_with(StoreOptions { backend, index: None }).unwrap();
    take_in(&store, &channel, &[Object::Charter(publisher.charters[0].clone())]).unwrap();
    let signer = Signer::new(channel, key("Aida"), 7);
    signer.publish(&store, Kind::Post, &article("before", None).encode(), NOON_MS).unwrap();
    let state = || store.channel(&channel).unwrap().unwrap();
    assert!(signer.may_go_on(&state(), NOON_MS));
    let stolen = publisher.log("Aida").posts(&["stolen"]).statement(1, Vec::new());
    let stolen = Statement { counter: u64::MAX, ..stolen }.sign(&channel, &key("Aida"));
    let stolen = verify(state().lineage(), stolen).unwrap();
    let mut batch = store.write().unwrap();
    batch.statement(&channel, &stolen).unwrap();
    batch.commit().unwrap();
    assert!(!signer.may_go_on(&state(), NOON_MS), "the program takes another incarnation now");
    // Whoever goes on nevertheless does no harm.
    signer.publish(&store, Kind::Post, &article("after", None).encode(), NOON_MS).unwrap();
    signer.state(&store, NOON_MS).unwrap();
    let other = Signer::new(channel, key("Aida"), 8);
    other.publish(&store, Kind::Post, &article("elsewhere", None).encode(), NOON_MS).unwrap();
    assert_eq!(state().statement(&other.opening().log(&channel)).unwrap().items, 1);
}
