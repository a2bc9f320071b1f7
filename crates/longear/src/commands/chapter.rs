//! `longear live chapter`.

use std::time::{Duration, Instant};

use longear_core::limits::CHAPTERS_MAX;
use longear_core::live::{Chapter, Timeline};
use longear_store::Store;
use serde_json::json;

use super::Context;
use super::live::{named, sessions};
use crate::arguments::live::ChapterArguments;
use crate::arguments::values::Moment;
use crate::failure::Failure;
use crate::home::{Home, LiveSession, store_failure};
use crate::recording;
use crate::terminal::printable;

/// How long the process that serves is given to publish a name: a few segments of two seconds.
const NAMING_MAX: Duration = Duration::from_secs(8);
/// How often it is looked whether it has.
const NAMING_PAUSE: Duration = Duration::from_millis(50);
/// Moments are named to the second, so that the same one can be named again.
const MOMENT_MS: u64 = 1_000;

/// Names a moment of a running broadcast.
pub fn run(context: &Context<'_>, arguments: &ChapterArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let live = named(sessions(&home)?, arguments.id.as_deref(), "longear live chapter TITLE ID")?;
    let known = timeline(&store, &live)?;
    let now_ms = moment(&known, context.now_ms())?;
    let start_ms = arguments.at.map_or(now_ms, |at| at.ms);
    if start_ms > now_ms {
        let (asked, now) = (Moment { ms: start_ms }, Moment { ms: now_ms });
        return Err(Failure::refused(format!("{asked} has not come yet: the broadcast is at {now}"))
            .hint("Leave --at out to name this moment"));
    }
    let is_known = known.chapters().iter().any(|chapter| chapter.start_ms == start_ms);
    if !is_known && known.chapters().len() == CHAPTERS_MAX {
        return Err(Failure::refused(format!("This broadcast has {CHAPTERS_MAX} chapters, and can have no more"))
            .hint("Name one of them anew: --at and its time"));
    }
    let chapter = Chapter { start_ms, title: arguments.title.clone() };
    home.wish_chapter(&live.stream, &chapter)?;
    let is_served = home.served_at().is_some();
    let is_named = is_served && wait_for_name(&home, &store, &live, &chapter)?;
    tell(context, &live, &chapter, is_named, is_served)
}

/// How far the broadcast is, to the second.
fn moment(known: &Timeline, now_ms: u64) -> Result<u64, Failure> {
    let zero_ms = known.zero_ms().ok_or_else(|| {
        Failure::refused("Nothing of this broadcast has come yet, so that it has no moments to be named")
            .hint("Look whether the encoder runs, and then again")
    })?;
    Ok(now_ms.saturating_sub(zero_ms) / MOMENT_MS * MOMENT_MS)
}

/// Waits until the name is in the log; false where that takes long. Asks once more where another one of the same moment came
/// in between.
fn wait_for_name(home: &Home, store: &Store, live: &LiveSession, chapter: &Chapter) -> Result<bool, Failure> {
    let since = Instant::now();
    while since.elapsed() < NAMING_MAX {
        if !home.is_wished(&live.stream, chapter.start_ms) {
            if timeline(store, live)?.chapters().contains(chapter) {
                return Ok(true);
            }
            if !sessions(home)?.iter().any(|other| other.stream == live.stream) {
                return Err(Failure::refused("The broadcast ended before this moment was named"));
            }
            home.wish_chapter(&live.stream, chapter)?;
        }
        std::thread::sleep(NAMING_PAUSE);
    }
    Ok(false)
}

/// What is known here of a broadcast that this device makes.
pub(super) fn timeline(store: &Store, live: &LiveSession) -> Result<Timeline, Failure> {
    let failure = |error| store_failure(&error);
    let Some(item) = store.item(&live.item).map_err(failure)? else { return Ok(Timeline::default()) };
    Ok(recording::timeline(store, &item).map_err(failure)?.unwrap_or_default())
}

fn tell(
    context: &Context<'_>,
    live: &LiveSession,
    chapter: &Chapter,
    is_named: bool,
    is_served: bool,
) -> Result<(), Failure> {
    if context.screen.json() {
        return context.screen.print_json(&json!({
            "version": 1, "id": live.item.to_string(), "stream": live.stream.to_string(),
            "start_ms": chapter.start_ms, "title": chapter.title, "named": is_named,
        }));
    }
    context.screen.print(&format!("{}  {}\n", Moment { ms: chapter.start_ms }, printable(&chapter.title)))?;
    if !is_named {
        context.screen.note(match is_served {
            true => "It is kept, and named when the next piece comes or the broadcast ends.",
            false => "It is kept, and named when the broadcast goes on or ends. No box serves this home: longear serve",
        });
    }
    Ok(())
}
