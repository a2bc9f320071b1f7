//! What players were told stays as it was, in whatever order things come.

use std::collections::HashMap;

use longear_core::blob::BlobHash;

use crate::studio::{Studio, segments};

/// Steps of one story, each a tick or a pause.
const STEPS: u64 = 120;
const STORIES: u64 = 6;

/// Numbers that follow from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// What was told of one rendition: by number, which segment, and how many discontinuities lie before it.
#[derive(Default)]
struct Told {
    numbers: HashMap<u64, (String, u64)>,
    first: u64,
    discontinuities: u64,
}

impl Told {
    fn hear(&mut self, list: &str, at: &str) {
        let tag = |name: &str| list.lines().find_map(|line| line.strip_prefix(name)?.parse::<u64>().ok());
        let first = tag("#EXT-X-MEDIA-SEQUENCE:").unwrap();
        let mut discontinuities = tag("#EXT-X-DISCONTINUITY-SEQUENCE:").unwrap_or(0);
        assert!(first >= self.first && discontinuities >= self.discontinuities, "{at}: went back\n{list}");
        (self.first, self.discontinuities) = (first, discontinuities);
        let mut number = first;
        for line in list.lines() {
            discontinuities += u64::from(line == "#EXT-X-DISCONTINUITY");
            if line.ends_with(".m4s") {
                let new = (line.to_owned(), discontinuities);
                let old = self.numbers.entry(number).or_insert(new.clone());
                assert_eq!(*old, new, "{at}: number {number} was something else\n{list}");
                number += 1;
            }
        }
    }
}

/// A player that asks again finds what it was told before: the same numbers for the same segments, and a list at all.
#[test]
fn lists_are_never_taken_back_and_never_change_what_they_said() {
    for seed in 1..=STORIES {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut studio = Studio::new(0);
        let (mut waiting, mut told) = (Vec::<[u8; 32]>::new(), HashMap::<&str, Told>::new());
        for step in 0..STEPS {
            // A cut: the newsroom goes on, and nothing of it is heard.
            if random.below(20) == 0 {
                let first = studio.next;
                studio.cut(random.below(100));
                if studio.next - studio.first > 30 {
                    studio.roll_up(false);
                }
                waiting.extend((first..studio.next).flat_map(segments).map(|segment| segment.blob));
            }
            studio.tick();
            waiting.extend(segments(studio.next - 1).iter().map(|segment| segment.blob));
            if studio.next - studio.first > 30 {
                studio.roll_up(false);
            }
            // Some come, mostly the newest first; a few never do.
            for _ in 0..random.below(8) {
                if waiting.is_empty() {
                    break;
                }
                let back = random.below(waiting.len() as u64).min(random.below(9)) as usize;
                let came = waiting.remove(waiting.len() - 1 - back);
                if random.below(30) > 0 {
                    studio.disk.say(came);
                }
            }
            for name in ["audio", "144p", "360p"] {
                let at = format!("seed {seed}, step {step}, {name}");
                let Some(list) = studio.list(name, None) else {
                    assert!(!told.contains_key(name), "{at}: the list was taken back");
                    continue;
                };
                told.entry(name).or_default().hear(&list, &at);
                for name in list.lines().filter_map(|line| line.strip_suffix(".m4s")) {
                    let hash = name.parse::<BlobHash>().unwrap();
                    assert!(studio.disk.has(hash.as_bytes()), "{at}: {name} is not here");
                }
            }
        }
        assert!(told.values().all(|told| told.numbers.len() > 20), "seed {seed}: hardly anything was told");
    }
}
