//! Broadcasts from the encoder to the log: a real box, and the real ffmpeg with the line that `live start` prints.
#![allow(clippy::unwrap_used)]

mod chapters;
mod clock;
mod conformance;
mod encoder;
mod forgers;
mod hostile;
mod neighbours;
mod node;
mod senders;
mod viewers;

use std::io::Write;
use std::net::TcpStream;
use std::time::Instant;

use encoder::{Clip, Encoder};
use longear_core::Edge;
use longear_core::blob::BlobHash;
use longear_core::live::{Beat, Medium};
use longear_store::blobs::BlobState;
use node::{Newsroom, answer};
use serde_json::Value;

/// Every file that a broadcast names is whole and is what its name says.
fn assert_files_are_whole(held: &node::Held) {
    for track in held.timeline().tracks() {
        for part in &track.parts {
            for blob in [part.init, part.blob] {
                let hash = BlobHash::from_bytes(blob);
                let BlobState::Complete { size } = held.store.blobs().state(hash).unwrap() else {
                    panic!("{hash} is missing")
                };
                let mut bytes = vec![0; size as usize];
                assert_eq!(held.store.blobs().read_at(hash, 0, &mut bytes).unwrap(), bytes.len());
                assert_eq!(longear_core::hash::plain(&bytes), blob);
                assert!(blob != part.blob || size == u64::from(part.size));
            }
        }
    }
}

/// Nothing lies over anything else, and, in a broadcast without a fault, nothing is missing.
fn assert_in_order(held: &node::Held) {
    for (name, parts) in held.starts() {
        assert!(parts.windows(2).all(|two| two[0].1 <= two[1].0), "{name}: {parts:?}");
    }
}

#[test]
fn ffmpeg_goes_live_and_every_second_is_signed_and_kept() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let serving = newsroom.serve(&[]);
    let since = Instant::now();
    let sent = Encoder::new(&serving.address, &live.token).ladder(7);
    eprintln!("ffmpeg took {:.1} s", since.elapsed().as_secs_f32());
    // It goes on over errors, and ends well all the same.
    let complaints = String::from_utf8_lossy(&sent.stderr);
    assert!(sent.status.success() && complaints.is_empty(), "{complaints}");

    // The last frame of AAC begins behind the seventh second.
    let held = newsroom.wait_for(&live, "all has arrived", |held| held.segments() >= 29);
    let edge = held.edge.as_ref().unwrap();
    assert_eq!(Edge::decode(&held.session, &edge.encode()).as_ref(), Ok(edge), "every tick verifies");
    assert!(edge.ticks().iter().map(|tick| tick.seq).eq(0..edge.ticks().len() as u64), "no number is missing");
    let timeline = held.timeline();
    assert!(timeline.is_live(longear::boxview::now_ms()));
    for (name, medium, parts) in [
        ("audio", Medium::Sound, 7),
        ("audio-aac", Medium::Sound, 8),
        ("144p", Medium::Picture(144), 7),
        ("360p", Medium::Picture(360), 7),
    ] {
        let track = timeline.track(name).unwrap();
        assert_eq!((track.medium, track.parts.len()), (medium, parts), "{name}");
        assert_eq!(track.parts[0].start_ms, 0, "{name}: all begin at one zero");
        assert!(track.parts.windows(2).all(|two| two[0].end_ms() == two[1].start_ms), "{name}: {:?}", track.parts);
        assert!((6_900..7_200).contains(&track.parts[parts - 1].end_ms()), "{name}");
    }
    assert_files_are_whole(&held);
    let ticks = edge.ticks().to_vec();

    newsroom.done(&["live", "stop"]);
    let held = newsroom.held(&live);
    let beats = held.roll_ups.iter().flat_map(|roll_up| roll_up.beats.clone()).collect::<Vec<_>>();
    assert_eq!(beats, ticks.iter().map(Beat::of).collect::<Vec<_>>(), "the log says what the ticks said");
    assert!(held.roll_ups.last().unwrap().is_last && held.timeline().is_over());
    let sessions = std::fs::read_dir(newsroom.path("home/live")).unwrap().count();
    assert_eq!(sessions, 0, "the keys of what is over are gone");
    // Forgotten, or just about to be.
    let late = serving.put(&live, "audio/late.m4s", b"x").0;
    assert!([403, 410].contains(&late), "the token of what is over lets nobody in: {late}");
    let list = newsroom.done(&["list"]);
    let item =
        list.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|item| item["id"] == *live.id);
    let item = item.unwrap();
    assert_eq!(
        (&item["kind"], &item["title"], &item["status"]),
        (&"live".into(), &"Evening news".into(), &"shown".into())
    );
}

#[test]
fn a_box_that_dies_goes_on_with_the_same_chain() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let clip = Clip::new();
    let mut serving = newsroom.serve(&[]);
    for round in 0..3_u64 {
        for number in 0..12 {
            clip.put(&serving, &live, round * 12 + number);
            newsroom.wait_for(&live, "it is signed", |held| held.segments() as u64 > round * 12 + number);
        }
        let before = newsroom.held(&live).edge.unwrap();
        if round == 1 {
            serving.end()
        } else {
            serving.kill()
        }
        serving = newsroom.serve(&[]);
        let after = newsroom.held(&live).edge.unwrap();
        assert_eq!(before, after);
    }
    let held = newsroom.held(&live);
    let edge = held.edge.as_ref().unwrap();
    assert_eq!(edge.ticks().len(), 36);
    assert_eq!(Edge::decode(&held.session, &edge.encode()).as_ref(), Ok(edge), "one chain over three processes");
    assert_eq!(held.roll_ups.iter().map(|roll_up| (roll_up.first, roll_up.end())).collect::<Vec<_>>(), [(0, 30)]);
    assert_in_order(&held);
    serving.end();
    // Nobody serves any more: the command ends it by itself.
    newsroom.done(&["live", "stop", &live.id[..12]]);
    let held = newsroom.held(&live);
    let ends = held.roll_ups.iter().map(|roll_up| (roll_up.first, roll_up.end(), roll_up.is_last)).collect::<Vec<_>>();
    assert_eq!(ends, [(0, 30, false), (30, 36, true)]);
    assert_files_are_whole(&held);
    for (arguments, code) in [(&["live", "stop"][..], 1), (&["live", "start", "--lang", "en"], 2)] {
        assert_eq!(newsroom.run(arguments).status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn an_upload_that_is_cut_off_counts_for_nothing() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let clip = Clip::new();
    let serving = newsroom.serve(&[]);
    clip.put(&serving, &live, 0);
    let segment = clip.segment(1);
    let front = format!("PUT /live/in/{}/360p/1.m4s HTTP/1.1\r\nHost: box\r\n", live.token);
    for head in [format!("{front}Content-Length: {}\r\n\r\n", segment.len()), {
        format!("{front}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", segment.len())
    }] {
        let mut stream = TcpStream::connect(&serving.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&segment[..segment.len() / 2]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let (status, _) = answer(stream);
        assert_ne!(status, 200);
    }
    assert_eq!(clip.list(&serving, &live, 0..=1).0, 200);
    // The next one comes whole: the hole before it stays.
    clip.put(&serving, &live, 2);
    let held = newsroom.wait_for(&live, "two segments", |held| held.segments() == 2);
    assert_eq!(held.starts()[0].1, [(0, 1_000), (2_000, 3_000)]);
    assert_files_are_whole(&held);
}

#[test]
fn several_broadcasts_are_named_and_ended_one_by_one() {
    let newsroom = Newsroom::new();
    let lives = [newsroom.go_live(), newsroom.go_live()];
    let clip = Clip::new();
    let serving = newsroom.serve(&[]);
    for live in &lives {
        clip.put(&serving, live, 0);
        newsroom.wait_for(live, "it is signed", |held| held.segments() == 1);
    }
    let which = newsroom.run(&["live", "stop"]);
    assert_eq!(which.status.code(), Some(1));
    let said = String::from_utf8(which.stderr).unwrap();
    assert!(lives.iter().all(|live| said.contains(&live.id[..12])), "{said}");
    let list = newsroom.done(&["live", "list"]);
    assert_eq!(list.lines().count(), 2);
    assert!(lives.iter().all(|live| !list.contains(&live.token)), "tokens are shown once");
    newsroom.done(&["live", "stop", &lives[0].id]);
    assert!(newsroom.held(&lives[0]).timeline().is_over());
    assert_eq!(clip.put(&serving, &lives[1], 1), 200, "the other one goes on");
    // Taken back: nobody is shown any of it, so it ends.
    newsroom.done(&["retract", &lives[1].id]);
    let since = Instant::now();
    while std::fs::read_dir(newsroom.path("home/live")).unwrap().count() > 0 {
        assert!(since.elapsed() < node::PATIENCE, "it does not end");
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    let late = serving.put(&lives[1], "360p/9.m4s", b"x").0;
    assert!([403, 410].contains(&late), "{late}");
}

#[test]
fn a_lost_edge_repeats_no_number_that_somebody_may_have_seen() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let clip = Clip::new();
    let serving = newsroom.serve(&[]);
    for number in 0..31 {
        clip.put(&serving, &live, number);
        newsroom.wait_for(&live, "it is signed", |held| held.segments() as u64 > number);
    }
    serving.kill();
    let seen = newsroom.held(&live).edge.unwrap();
    let session = newsroom.held(&live).session;
    let edge = newsroom.path("home/store/live").join(session.channel.to_string()).join(session.stream.to_string());
    std::fs::write(edge, b"damaged").unwrap();
    let serving = newsroom.serve(&[]);
    clip.put(&serving, &live, 31);
    let held = newsroom.wait_for(&live, "it goes on", |held| held.edge.is_some());
    let first = held.edge.as_ref().unwrap().ticks()[0].seq;
    assert!(first > seen.newest().unwrap().seq, "{first}");
    newsroom.done(&["live", "stop"]);
    let ends = newsroom.held(&live).roll_ups.iter().map(|one| (one.first, one.end())).collect::<Vec<_>>();
    assert_eq!(ends, [(0, 30), (first, first + 1)]);
}

/// ffmpeg closes the connection behind its last playlist without waiting for the answer. The work ended with the connection, so
/// that the last segment of a rendition was sometimes missing.
#[test]
fn an_encoder_that_waits_for_no_answer_is_heard_all_the_same() {
    let newsroom = Newsroom::new();
    let live = newsroom.go_live();
    let clip = Clip::new();
    let serving = newsroom.serve(&[]);
    clip.put(&serving, &live, 0);
    for number in 1..40 {
        assert_eq!(serving.put(&live, &format!("360p/{number}.m4s"), &clip.segment(number)).0, 200);
        let list = encoder::playlist(number..=number);
        let mut stream = TcpStream::connect(&serving.address).unwrap();
        let head = format!("PUT /live/in/{}/360p/index.m3u8 HTTP/1.1\r\nHost: box\r\n", live.token);
        write!(stream, "{head}Content-Length: {}\r\n\r\n{list}", list.len()).unwrap();
        drop(stream);
        newsroom.wait_for(&live, "it is taken", |held| held.segments() as u64 > number);
    }
}
