//! A process that takes notes in is killed at some moment: what it said it had is there, and the rest is whole.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

/// Names the folder in which the process that is killed takes notes in.
const FOLDER: &str = "LONGEAR_ROOM_TO_BE_KILLED";
/// How often it is killed.
const KILLS: u64 = 24;
/// Notes of a batch: small ones are acknowledged often, large ones are killed in the middle.
const BATCHES: [u64; 3] = [1, 20, 150];

/// The notes of a number: always the same ones, each in a place of its own. Half of them answer others.
fn batch(number: u64) -> Vec<Verified<Note>> {
    let size = BATCHES[number as usize % BATCHES.len()];
    let mut notes = Vec::<Verified<Note>>::new();
    for at in 0..size {
        let time = number / 60 * DAY_MS + number * 1_000 + at;
        let parent = notes.last().filter(|_| at % 2 == 1).map(|note| note.id());
        let draft = NoteDraft { parent, ..draft((number % 60) as u8, time, &format!("batch {number} note {at}")) };
        notes.push(signed(at as u8, draft));
    }
    notes
}

/// Not a test of its own: the process that is killed.
#[test]
fn takes_in_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let room = Rooms::open(folder.as_ref()).room(&VENUE).unwrap();
    for number in 0.. {
        room.take_in(batch(number)).unwrap();
        println!("acknowledged {number}");
    }
}

#[test]
fn whatever_was_acknowledged_is_there_after_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let reference = room();
    let mut expected = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "rooms::tests::crash::takes_in_until_it_is_killed", "--nocapture"])
            .env(FOLDER, home.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Somewhere behind one of the first acknowledgements; the pause ends in the middle of anything.
        let mut acknowledged = 0;
        let last = 1 + kill * 7 % 13;
        let killer = |child: &mut std::process::Child| {
            std::thread::sleep(Duration::from_micros(kill * 397 % 4_000));
            child.kill().unwrap();
        };
        for line in lines.map_while(Result::ok) {
            let Some(number) = line.strip_prefix("acknowledged ") else { continue };
            acknowledged = number.parse::<u64>().unwrap() + 1;
            if acknowledged == last {
                killer(&mut child);
            }
        }
        child.wait().unwrap();
        assert!(acknowledged >= last, "kill {kill}: the process ended by itself");

        while expected < acknowledged {
            reference.take_in(batch(expected)).unwrap();
            expected += 1;
        }
        let survivor = Rooms::open(home.path()).room(&VENUE).unwrap();
        assert_sound(&survivor);
        // What was not acknowledged may be there, by whole batches.
        let held = all(&survivor).len();
        while all(&reference).len() < held {
            reference.take_in(batch(expected)).unwrap();
            expected += 1;
        }
        assert!(all(&survivor) == all(&reference), "kill {kill}: something is missing, or part of a batch is there");
    }
}
