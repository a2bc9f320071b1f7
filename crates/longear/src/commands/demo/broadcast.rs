//! The last chapter: a broadcast outlives a cut.

use std::time::{Duration, Instant};

use longear_core::ItemId;
use longear_core::live::FRESH_MS_MAX;

use super::encoder::{self, Encoder};
use super::holding::{DRAWN, Holding};
use super::stage::Stage;
use super::story::text;
use crate::failure::Failure;
use crate::terminal::Beside;

/// How much is sent before the cut, during it, and after it, in milliseconds.
const BEFORE_MS: u64 = 8_000;
const CUT_MS: u64 = 8_000;
const AFTER_MS: u64 = 3_000;

/// How long something may take that has to come: a box that missed the beginning looks again after a minute.
const PATIENCE: Duration = Duration::from_secs(100);
/// How often a stick is read where something is not complete.
const READS_MAX: u32 = 3;
const LOOK_PAUSE: Duration = Duration::from_millis(200);

/// By how much the length that ffprobe sees may differ: a segment.
const LENGTH_MS_MAX: u64 = 1_000;

const TOWNS: [&str; 2] = ["town one", "town two"];
const OTHERS: [&str; 3] = ["relay", TOWNS[0], TOWNS[1]];

/// Plays it, where this machine's ffmpeg can make a broadcast.
pub fn play(stage: &mut Stage<'_>, address: &str) -> Result<(), Failure> {
    if !encoder::can_broadcast() {
        return stage.say("  No broadcast: the ffmpeg of this machine was built without libopus.\n\n");
    }
    stage.say("  The next day the internet is back: a relay carries a broadcast to both towns.\n\n")?;
    let newsroom = stage.serve("newsroom", "127.0.0.1:0")?;
    let started = stage.must("newsroom", &["live", "start", "--title", "Evening news", "--lang", "en"])?;
    let id = text(&started, "id")?.parse();
    let id: ItemId = id.map_err(|_| Failure::bug("A broadcast has no ID"))?;
    let encoder = Encoder::start(stage, &text(&started, "ingest")?)?;
    stage.tell("newsroom", "goes live, sound and picture", &Beside::Nothing)?;
    let relay = serve_all(stage, address, &newsroom)?;
    let mut air = Air { stage, id, encoder };
    air.reach(BEFORE_MS)?;
    let sent = air.newsroom()?;
    air.wait_for(&TOWNS, &sent)?;
    air.tell(&TOWNS)?;

    air.stage.cut("relay");
    air.stage.tell("", "the internet is cut (the relay's process is ended)", &Beside::Nothing)?;
    air.reach(air.newsroom()?.end_ms() + CUT_MS)?;
    air.stage.tell("newsroom", "records on", &Beside::Nothing)?;
    air.tell(&TOWNS)?;
    let waiting = format!("play what is here; after {} s pages say: Waiting", FRESH_MS_MAX / 1_000);
    air.stage.tell("viewers", &waiting, &Beside::Nothing)?;
    let missed = air.stick()?;

    air.stage.serve_from("relay", listen(&relay), &[&newsroom])?;
    air.stage.tell("", "the internet is back", &Beside::Nothing)?;
    air.reach(air.newsroom()?.end_ms() + AFTER_MS)?;
    let sent = air.newsroom()?;
    air.wait_for(&TOWNS, &sent)?;
    air.tell(&TOWNS)?;
    air.end(missed)
}

/// Starts the relay and the towns' boxes, each town's with the relay and the other town to fetch from. Returns the relay's page.
fn serve_all(stage: &mut Stage<'_>, address: &str, newsroom: &str) -> Result<String, Failure> {
    stage.must("relay", &["follow", address])?;
    // A box that starts before its source knows of the broadcast looks again after a minute. That newer seconds come meanwhile counts.
    stage.run("relay", &["sync", newsroom])?;
    let relay = stage.serve_from("relay", "127.0.0.1:0", &[newsroom])?;
    // Each has to be told the address of the other: one is started twice.
    let two = stage.serve_from(TOWNS[1], "127.0.0.1:0", &[])?;
    stage.cut(TOWNS[1]);
    let one = stage.serve_from(TOWNS[0], "127.0.0.1:0", &[&relay, &two])?;
    stage.serve_from(TOWNS[1], listen(&two), &[&relay, &one])?;
    Ok(relay)
}

/// Where a page is listened at.
fn listen(page: &str) -> &str {
    page.strip_prefix("http://").unwrap_or(page)
}

/// A broadcast that is on the air.
struct Air<'s, 'c> {
    stage: &'s mut Stage<'c>,
    id: ItemId,
    encoder: Encoder,
}

impl Air<'_, '_> {
    fn held(&self, who: &str) -> Result<Holding, Failure> {
        Holding::look(&self.stage.store(who)?, &self.id)
    }

    fn newsroom(&self) -> Result<Holding, Failure> {
        self.held("newsroom")
    }

    /// Waits until the newsroom has recorded so much.
    fn reach(&mut self, end_ms: u64) -> Result<(), Failure> {
        let since = Instant::now();
        while self.newsroom()?.end_ms() < end_ms {
            self.encoder.must_run(self.stage)?;
            pause(since, "the newsroom to record")?;
        }
        Ok(())
    }

    /// Waits until each of them holds all that is in `held`, byte for byte.
    fn wait_for(&self, all: &[&str], held: &Holding) -> Result<(), Failure> {
        let since = Instant::now();
        for who in all {
            while !self.held(who)?.has(held) {
                pause(since, &format!("{who} to hold what the newsroom has sent"))?;
            }
        }
        Ok(())
    }

    /// Says what each of them holds of what the newsroom has recorded by now.
    fn tell(&self, all: &[&str]) -> Result<(), Failure> {
        let sent = self.newsroom()?.end_ms();
        for who in all {
            let held = self.held(who)?;
            let seconds = format!("holds {} of {} s", held.end_ms() / 1_000, sent / 1_000);
            self.stage.tell(who, &seconds, &held.line(sent))?;
        }
        Ok(())
    }

    /// Carries to town two what the cut has kept away; town one gets it from there. Returns how much that is, in milliseconds.
    fn stick(&self) -> Result<u64, Failure> {
        let (stick, before) = (self.stage.word("stick-3"), self.held(TOWNS[1])?);
        let sent = self.newsroom()?;
        self.stage.must("newsroom", &["stick", "write", &stick])?;
        let read = self.read(&stick, &sent)?;
        let brought = read.whole.difference(&before.whole).count();
        let what = format!("reads a stick: {brought} segments");
        self.stage.tell(TOWNS[1], &what, &read.line(self.newsroom()?.end_ms()))?;
        self.wait_for(&TOWNS[..1], &sent)?;
        let line = self.held(TOWNS[0])?.line(self.newsroom()?.end_ms());
        self.stage.tell(TOWNS[0], "gets them from town two", &line)?;
        Ok(sent.end_ms().saturating_sub(before.end_ms()))
    }

    /// Reads the stick in town two, whose box asks for the same files meanwhile. Of those that it is just asking for, the command says
    /// that they are not complete, and advises to run it again.
    fn read(&self, stick: &str, sent: &Holding) -> Result<Holding, Failure> {
        for _ in 0..READS_MAX {
            self.stage.run(TOWNS[1], &["stick", "read", stick])?;
            let read = self.held(TOWNS[1])?;
            if read.has(sent) {
                return Ok(read);
            }
        }
        Err(Failure::bug("The stick did not bring what the newsroom had recorded"))
    }

    /// Ends it, compares all that everybody holds, and looks at the recording.
    fn end(mut self, missed_ms: u64) -> Result<(), Failure> {
        self.encoder.end(self.stage)?;
        self.stage.must("newsroom", &["live", "stop"])?;
        let sent = self.newsroom()?;
        self.stage.tell("newsroom", "ends the broadcast", &sent.line(sent.end_ms()))?;
        self.wait_for(&OTHERS, &sent)?;
        self.compare(&sent)?;
        self.export(&sent)?;
        OTHERS.iter().chain(&["newsroom"]).for_each(|who| self.stage.cut(who));
        let (all, missed) = (sent.end_ms() / 1_000, missed_ms / 1_000);
        let told = format!("Of {all} s on the air {missed} came to both towns by a stick, while the internet was cut.");
        self.stage.say(&format!("\n  {told}\n  Nothing was lost.\n\n"))
    }

    /// Lets everybody's copy be read, segment by segment.
    fn compare(&self, sent: &Holding) -> Result<(), Failure> {
        let since = Instant::now();
        for who in OTHERS.iter().chain(&["newsroom"]) {
            while !self.held(who)?.is_over {
                pause(since, &format!("{who} to hear of the end"))?;
            }
            if self.held(who)?.known != sent.whole {
                return Err(Failure::bug(format!("{who} knows of other segments than the newsroom has")));
            }
            sent.compare(&self.stage.store(who)?, who)?;
        }
        let same = format!("relay and towns hold the newsroom's {} segments, hash by hash", sent.whole.len());
        self.stage.tell("", &same, &Beside::Nothing)
    }

    /// Exports the recording in town one, and lets ffprobe say how long it is.
    fn export(&self, sent: &Holding) -> Result<(), Failure> {
        let (folder, what) = (self.stage.word("recording"), "exports the recording");
        self.stage.must(TOWNS[0], &["export", &self.id.to_string(), "--to", &folder])?;
        let file = self.stage.path("recording").join(format!("{DRAWN}.mp4"));
        let Some(length_ms) = encoder::length_ms(&file) else {
            return self.stage.tell(TOWNS[0], what, &Beside::Words("no ffprobe to look at it".into()));
        };
        if length_ms.abs_diff(sent.end_ms()) > LENGTH_MS_MAX {
            let sent_ms = sent.end_ms();
            return Err(Failure::bug(format!("The recording is {length_ms} ms long, the broadcast {sent_ms} ms")));
        }
        let seen = format!("{:.1} s, says ffprobe", length_ms as f64 / 1_000.0);
        self.stage.tell(TOWNS[0], what, &Beside::Words(seen))
    }
}

fn pause(since: Instant, what: &str) -> Result<(), Failure> {
    if since.elapsed() > PATIENCE {
        return Err(Failure::bug(format!("The story waited {} s for {what}", PATIENCE.as_secs())));
    }
    std::thread::sleep(LOOK_PAUSE);
    Ok(())
}
