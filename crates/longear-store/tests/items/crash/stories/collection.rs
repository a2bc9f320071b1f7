//! Thirty days later: several items and files are deleted at once, and what others need stays.

use longear_core::{Article, Kind};
use longear_store::Store;

use super::{AFTER_MS, Cast, Outcome, SECRET, film, first_charter, follow, hashed, import_film, publish_post, story};
use crate::crash::states::{Fact, Ledger, Step, Story};
use crate::publisher::{NOON_MS, Object, article, retraction};

pub fn stories() -> Vec<Story> {
    let written: &[Step] = &[import_film, import_note, publish_file::<0, true>, publish_file::<1, false>];
    let taken_back: &[Step] = &[publish_file::<2, true>, correct::<3>, retract::<4>, note];
    let before = [&[follow, first_charter], written, taken_back].concat();
    vec![
        story("garbage collection", &before, &[collect_some, publish_post::<5>, collect_some]),
        story("note what was taken back", &before[..before.len() - 1], &[note, publish_post::<5>, note]),
    ]
}

fn import_note(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let imported = store.blobs().import(&cast.note[..], |_| {})?;
    ledger.acknowledge(Fact::File(imported.hash));
    Ok(())
}

/// Items 0 and 2 name the film, and item 1 the note.
fn publish_file<const SEQ: u64, const IS_FILM: bool>(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    cast.publish(store, ledger, SEQ, |_| {
        let file = if IS_FILM { film(&cast.hashed) } else { film(&hashed(&cast.note)) };
        let mut media = Article { renditions: vec![file], ..article(&format!("file {SEQ}"), None) };
        media.variants[0].body = if SEQ == 2 { "stays".into() } else { SECRET.repeat(1 + 300 * SEQ as usize) };
        (Kind::Media, media.encode())
    })
}

fn correct<const SEQ: u64>(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let target = cast.own_log(store)?.item(0);
    cast.publish(store, ledger, SEQ, |_| (Kind::Post, article("without names", Some(target)).encode()))
}

fn retract<const SEQ: u64>(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let target = cast.own_log(store)?.item(1);
    cast.publish(store, ledger, SEQ, |_| (Kind::Retraction, retraction(vec![target])))
}

/// Notes what is taken back; then the channel's clock goes on.
fn note(cast: &Cast, store: &Store, _ledger: &mut Ledger) -> Outcome {
    store.collect(NOON_MS)?;
    let log = cast.own_log(store)?;
    cast.take(store, &[Object::Statement(log.statement_at(100, Vec::new(), AFTER_MS))])
}

/// Two texts and the note go; the film stays, because item 2 names it, too.
fn collect_some(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let (gone, note) = (cast.own_log(store)?.ids()[..2].to_vec(), hashed(&cast.note).hash);
    gone.iter().for_each(|id| ledger.withdraw(&Fact::Item(*id)));
    ledger.withdraw(&Fact::File(note));
    store.collect(AFTER_MS)?;
    gone.iter().for_each(|id| ledger.acknowledge(Fact::Deleted(*id)));
    ledger.acknowledge(Fact::NoFile(note));
    Ok(())
}
