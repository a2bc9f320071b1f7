//! A clock that is set while a broadcast runs.

use std::sync::Arc;

use axum::body::Bytes;
use longear::home::Home;
use longear::live::broadcast::Broadcast;
use longear::live::place::Place;
use longear_core::Edge;

use crate::encoder::{Clip, playlist};
use crate::node::Newsroom;

const HOUR_MS: u64 = 3_600_000;

fn place(path: &str) -> Place {
    Place::new(path).unwrap()
}

#[test]
fn a_clock_that_jumps_neither_breaks_the_chain_nor_moves_a_segment() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let home = Home::open(newsroom.path("home")).unwrap();
    let session = home.live_sessions().unwrap().remove(0).unwrap();
    let (until, now) = (session.until, longear::boxview::now_ms());
    let broadcast = Broadcast::resume(home, Arc::new(newsroom.store()), session, now).unwrap().unwrap();
    let clip = Clip::new();
    broadcast.put(place("360p/init.mp4"), Bytes::from(clip.init())).unwrap();
    for (number, now) in [now, now + HOUR_MS, now - HOUR_MS, until + 1, now].into_iter().enumerate() {
        let number = number as u64;
        broadcast.put(place(&format!("360p/{number}.m4s")), Bytes::from(clip.segment(number))).unwrap();
        broadcast.playlist(&place("360p/index.m3u8"), playlist(0..=number).as_bytes()).unwrap();
        // Beyond its end the session's key signs nothing; what waits is signed when the clock is put right.
        assert_eq!(broadcast.beat(now).is_err(), now > until);
    }
    assert!(!broadcast.beat(now).unwrap());
    let held = newsroom.held(&live);
    let edge = held.edge.as_ref().unwrap();
    assert_eq!(Edge::decode(&held.session, &edge.encode()).as_ref(), Ok(edge));
    assert!(edge.ticks().iter().map(|tick| tick.seq).eq(0..5));
    assert_eq!(held.starts()[0].1, (0..5).map(|second| (second * 1_000, second * 1_000 + 1_000)).collect::<Vec<_>>());
    broadcast.end(until + 1).unwrap();
    assert!(newsroom.held(&live).timeline().is_over(), "it can be ended after its end");
}

#[test]
fn at_most_one_segment_of_a_rendition_is_in_a_tick() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let home = Home::open(newsroom.path("home")).unwrap();
    let session = home.live_sessions().unwrap().remove(0).unwrap();
    let now = longear::boxview::now_ms();
    let broadcast = Broadcast::resume(home, Arc::new(newsroom.store()), session, now).unwrap().unwrap();
    let clip = Clip::new();
    for folder in ["360p", "144p"] {
        broadcast.put(place(&format!("{folder}/init.mp4")), Bytes::from(clip.init())).unwrap();
        for number in 0..3 {
            broadcast.put(place(&format!("{folder}/{number}.m4s")), Bytes::from(clip.segment(number))).unwrap();
        }
        broadcast.playlist(&place(&format!("{folder}/index.m3u8")), playlist(0..=2).as_bytes()).unwrap();
    }
    assert!(newsroom.held(&live).edge.is_none(), "nothing is seen before it is signed");
    assert_eq!([now; 3].map(|now| broadcast.beat(now).unwrap()), [true, true, false]);
    let edge = newsroom.held(&live).edge.unwrap();
    assert!(edge.ticks().iter().all(|tick| tick.segments.len() == 2), "{edge:?}");
}
