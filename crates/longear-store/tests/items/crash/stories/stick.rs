//! A stick is read: charters, words, packs in pieces, files, and what is noted at the end, each in the batches of a sync.
//!
//! There is no story of a stick that is written: it changes nothing in the store. At stake is the folder on the stick, which
//! is written through descriptors that follow no link, and not through a `StorageBackend`. Its power cuts are played with
//! the real program, with names that reach the disk in any order.

use std::ops::Range;

use longear_core::header::VerifiedPayloads;
use longear_core::{Kind, Run, verify};
use longear_store::Store;
use longear_store::blobs::BlobError;

use super::{Cast, Outcome, bring, fetch_film, first_charter, follow, hashed, second_charter, story};
use crate::crash::states::{Fact, Ledger, Step, Story};
use crate::publisher::{Log, NOON_MS, Object, Publisher, article, retraction};

/// Items of the long log.
const FAR_ITEMS: usize = 40;

/// Forty items: posts from one line to some pages, a correction, a retraction.
pub fn far_log(publisher: &Publisher) -> Log {
    let mut log = publisher.log("three");
    for number in 0..FAR_ITEMS {
        let mut text = article(&format!("far {number}"), None);
        text.variants[0].body = format!("word {number} ").repeat(number * number % 700);
        match number {
            17 => log.write(Kind::Post, NOON_MS, article("corrected", Some(log.item(3))).encode()),
            29 => log.write(Kind::Retraction, NOON_MS, retraction(vec![log.item(5), log.item(20)])),
            _ => log.write(Kind::Post, NOON_MS + number as u64, text.encode()),
        };
    }
    log
}

pub fn stories() -> Vec<Story> {
    let words: &[Step] = &[follow, first_charter, second_charter, take_words];
    let pieces: &[Step] = &[take_piece::<0, 12>, take_piece::<12, 25>, take_piece::<25, FAR_ITEMS>, take_other];
    let files: &[Step] = &[fetch_note, fetch_film_without_list, note_what_was_taken_back];
    let read = story("stick read", &[], &[words, pieces, files].concat());
    // What the first stick brought is in the middle of what the second one brings.
    let second = story("a second stick", &[words, &pieces[1..2]].concat(), &[pieces, &[fetch_film]].concat());
    vec![Story { is_fetching: true, ..read }, Story { is_fetching: true, ..second }]
}

/// The statements of a head, in one batch.
fn take_words(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let logs = [&cast.other, &cast.far];
    cast.take(store, &logs.map(|log| Object::Statement(log.statement(9, Vec::new()))))?;
    logs.iter().for_each(|log| ledger.acknowledge(Fact::Statement(log.id, 9)));
    Ok(())
}

fn take_piece<const FROM: usize, const TO: usize>(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    piece(cast, store, &cast.far, FROM..TO)?;
    cast.far.ids()[FROM..TO].iter().for_each(|id| ledger.acknowledge(Fact::Item(*id)));
    Ok(())
}

fn take_other(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    piece(cast, store, &cast.other, 0..cast.other.items.len())?;
    cast.other.ids().iter().for_each(|id| ledger.acknowledge(Fact::Item(*id)));
    Ok(())
}

/// A part of a verified pack: its headers, then its payloads.
fn piece(cast: &Cast, store: &Store, log: &Log, part: Range<usize>) -> Outcome {
    let channel = cast.publisher.channel();
    let headers = log.items.iter().map(|(header, _)| header.clone()).collect();
    let mut batch = store.write()?;
    let lineage = batch.channel(&channel)?.lineage().clone();
    let run = verify(&lineage, Run::new(log.opening, headers).unwrap()).unwrap();
    batch.run_part(&channel, &run, part.clone())?;
    let mut payloads = VerifiedPayloads::default();
    log.items[part].iter().for_each(|(header, payload)| payloads.push(header, payload).unwrap());
    batch.payloads(&channel, &log.opening, payloads.iter())?;
    Ok(batch.commit()?)
}

/// A file of one block, which needs no list of hashes.
fn fetch_note(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let hash = hashed(&cast.note).hash;
    let fetch = || -> Result<(), BlobError> {
        let writer = match store.blobs().begin(hash, cast.note.len() as u64, None) {
            Err(BlobError::AlreadyComplete { .. }) => return Ok(()),
            begun => begun?,
        };
        bring(&writer, &cast.note)
    };
    fetch()?;
    ledger.acknowledge(Fact::File(hash));
    Ok(())
}

/// The film before its list of hashes: it can only be checked as a whole, until the list comes.
fn fetch_film_without_list(cast: &Cast, store: &Store, ledger: &mut Ledger) -> Outcome {
    let fetch = || -> Result<(), BlobError> {
        let writer = match store.blobs().begin(cast.hashed.hash, cast.hashed.size, None) {
            Err(BlobError::AlreadyComplete { .. }) => return Ok(()),
            begun => begun?,
        };
        for range in writer.wanted(900_000, 9) {
            writer.write(range.start, &cast.film[range.start as usize..range.end as usize])?;
        }
        writer.flush()?;
        writer.provide_groups(cast.hashed.groups.clone())
    };
    fetch()?;
    fetch_film(cast, store, ledger)
}

/// A sync closes with a look at what is to be deleted one day.
fn note_what_was_taken_back(_cast: &Cast, store: &Store, _ledger: &mut Ledger) -> Outcome {
    store.collect(NOON_MS).map(drop)
}
