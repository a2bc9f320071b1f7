//! `longear live start`, `live stop`, `live list`; `live chapter` stands in a file of its own.

mod intake;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use longear_core::{Address, ItemId, Kind, Opening, Roles, SecretKey, StreamId};
use longear_store::Store;
use serde_json::json;

use super::items::chapters_json;
use super::publish::variants;
use super::serve::urls;
use super::{Context, chapter, own_channel, time_json};
use crate::arguments::live::{LiveCommand, StartArguments, StopArguments};
use crate::arguments::node::LISTEN_DEFAULT;
use crate::failure::Failure;
use crate::home::{Home, LiveSession, LiveToken};
use crate::live::broadcast::Broadcast;
use crate::live::ingest::INGEST;
use crate::live::ladder::encoder_line;
use crate::newsroom::signing::Signer;
use crate::terminal::printable;

const HOUR_MS: u64 = 3_600_000;
/// How long the process that serves is given to end a broadcast.
const ENDING_MAX: Duration = Duration::from_secs(10);
/// How often it is looked whether it has.
const ENDING_PAUSE: Duration = Duration::from_millis(50);

/// Begins, ends and lists broadcasts.
pub fn run(context: &Context<'_>, command: &LiveCommand) -> Result<(), Failure> {
    match command {
        LiveCommand::Start(arguments) => start(context, arguments),
        LiveCommand::Stop(arguments) => stop(context, arguments),
        LiveCommand::Chapter(arguments) => chapter::run(context, arguments),
        LiveCommand::List => list(context),
    }
}

fn start(context: &Context<'_>, arguments: &StartArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let channel = own_channel(context, &store, arguments.channel.as_deref())?;
    let mut random = || context.random();
    let signer = Signer::with_role(&home, &store, &channel, &mut random, (Roles::LIVE, "broadcast"))?;
    let intake = intake::wished(arguments, &sessions(&home)?)?;
    let (key, now_ms) = (SecretKey::from_seed(context.random()?), context.now_ms());
    let mut stream = StreamId([0; 16]);
    stream.0.copy_from_slice(&context.random()?[..16]);
    let until = now_ms.saturating_add(arguments.hours * HOUR_MS);
    let opening = Opening { stream, key: key.public(), until, variants: variants(context, &arguments.texts)? };
    let payload = opening.encode();
    Opening::decode(&payload).map_err(|reason| Failure::refused(format!("This cannot be published: {reason}")))?;
    let item = signer.publish(&store, Kind::Live, &payload, now_ms)?;
    let title = opening.variants.iter().map(|variant| variant.title.as_str()).find(|title| !title.is_empty());
    let live = LiveSession {
        channel,
        log: signer.opening().log(&channel),
        item,
        stream,
        key,
        token: LiveToken::new(context.random()?),
        until,
        intake,
        is_stopping: false,
        title: title.unwrap_or_default().to_owned(),
    };
    // Nobody has heard of the key yet: an opening without its file would be a broadcast that never begins.
    home.write_live_session(&live)?;
    tell_start(context, &home, &live, arguments.hours)
}

fn tell_start(context: &Context<'_>, home: &Home, live: &LiveSession, hours: u64) -> Result<(), Failure> {
    let (bases, is_served) = bases(home);
    let here = &bases[0];
    let ingest = format!("{here}{INGEST}{}/", live.token.word());
    let watch = watch(here, &live.item);
    if context.screen.json() {
        return context.screen.print_json(&json!({
            "version": 1, "id": live.item.to_string(), "stream": live.stream.to_string(), "token": live.token.word(),
            "ingest": ingest, "watch": watch, "until": time_json(live.until), "served": is_served,
            "rtmp": intake::rtmp_json(live), "srt": intake::srt_json(live),
        }));
    }
    let elsewhere = bases[1..].iter().map(|base| format!("  from elsewhere {base}{INGEST}{}/\n", live.token.word()));
    context.screen.print(&format!(
        "Live: {title}\n\n\
         An encoder writes (PUT) to\n  {ingest}\n{elsewhere}\
         or to the same address without the token, with the header\n  Authorization: Bearer {token}\n\n\
         With ffmpeg, sound and two sizes of picture from one INPUT:\n  {ffmpeg}\n\n\
         {senders}\
         Watch at\n  {watch}\n\
         It ends with `longear live stop`, or by itself in {hours} h.\n",
        title = printable(&live.title),
        elsewhere = elsewhere.collect::<String>(),
        token = live.token.word(),
        ffmpeg = encoder_line(&ingest),
        senders = intake::told(live),
    ))?;
    context.screen.note(match is_served {
        true => "The box runs. Whoever has the token can speak in this broadcast: give it to nobody else.",
        false => "No box serves this home yet, so that nothing can arrive. Start it now: longear serve",
    });
    Ok(())
}

/// Where this home is or will be served: first for this machine itself, then for others.
fn bases(home: &Home) -> (Vec<String>, bool) {
    let served = home.served_at();
    let address = served.unwrap_or(LISTEN_DEFAULT);
    let mut bases = urls(address);
    if address.ip().is_unspecified() {
        let here = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port());
        bases.insert(0, format!("http://{here}"));
    }
    bases.dedup();
    (bases, served.is_some())
}

fn watch(base: &str, item: &ItemId) -> String {
    format!("{base}{}", longear_pages::paths::item(&item.to_string()))
}

fn stop(context: &Context<'_>, arguments: &StopArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let mut live = named(sessions(&home)?, arguments.id.as_deref(), "longear live stop ID")?;
    live.is_stopping = true;
    home.write_live_session(&live)?;
    let (stream, item) = (live.stream, live.item);
    match home.serve_lock() {
        // Nobody serves this home: then nobody else signs its ticks.
        Ok(_lock) => end_here(&home, store, live, context.now_ms())?,
        Err(_) => wait_for_end(&home, &stream)?,
    }
    if context.screen.json() {
        return context.screen.print_json(&json!({"version": 1, "id": item.to_string(), "stream": stream.to_string()}));
    }
    context.screen.note("The broadcast is over. It stays, as a recording.");
    Ok(())
}

fn end_here(home: &Home, store: Store, live: LiveSession, now_ms: u64) -> Result<(), Failure> {
    let stream = live.stream;
    match Broadcast::resume(home.clone(), Arc::new(store), live, now_ms)? {
        Some(broadcast) => broadcast.end(now_ms),
        None => home.remove_live_session(&stream),
    }
}

fn wait_for_end(home: &Home, stream: &StreamId) -> Result<(), Failure> {
    let since = Instant::now();
    while sessions(home)?.iter().any(|live| live.stream == *stream) {
        if since.elapsed() > ENDING_MAX {
            return Err(Failure::partial("The box was told, and has not ended the broadcast yet")
                .hint("Look at what it says. A box that is --read-only ends nothing: run it without"));
        }
        std::thread::sleep(ENDING_PAUSE);
    }
    Ok(())
}

fn list(context: &Context<'_>) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let (bases, is_served) = bases(&home);
    let sessions = sessions(&home)?;
    for live in &sessions {
        let watch = watch(&bases[0], &live.item);
        if context.screen.json() {
            // No token: what lists is often logged.
            context.screen.print_json(&json!({
                "version": 1, "id": live.item.to_string(), "stream": live.stream.to_string(),
                "channel": live.channel.to_string(), "title": live.title, "until": time_json(live.until),
                "stopping": live.is_stopping, "watch": watch, "served": is_served,
                "chapters": chapters_json(&chapter::timeline(&store, live)?),
                "rtmp": live.intake.rtmp, "srt": live.intake.srt,
            }))?;
        } else {
            context.screen.print(&format!(
                "{}  {}\n  {watch}\n",
                &live.item.to_string()[..12],
                printable(&live.title)
            ))?;
        }
    }
    if sessions.is_empty() {
        context.screen.note("This device makes no broadcast now. To begin one: longear live start --title TITLE");
    } else if !is_served {
        context.screen.note("No box serves this home, so that nothing can arrive. Start it: longear serve");
    }
    Ok(())
}

/// The broadcasts that this device makes.
pub(super) fn sessions(home: &Home) -> Result<Vec<LiveSession>, Failure> {
    home.live_sessions()?.into_iter().collect()
}

/// The broadcast that an item's ID, or the beginning of one, names; without one the only one. `command` names one.
pub(super) fn named(sessions: Vec<LiveSession>, id: Option<&str>, command: &str) -> Result<LiveSession, Failure> {
    let is_meant = |live: &LiveSession| {
        id.is_none_or(|id| {
            let names = [live.item.to_string(), live.stream.to_string(), Address::new(live.channel).to_string()];
            !id.is_empty() && names.iter().any(|name| name.starts_with(id))
        })
    };
    let several = sessions.len() > 1;
    let names = sessions.iter().map(|live| format!("  {}  {}", &live.item.to_string()[..12], printable(&live.title)));
    let names = names.collect::<Vec<_>>().join("\n");
    let mut meant = sessions.into_iter().filter(is_meant);
    match (meant.next(), meant.next()) {
        (Some(live), None) => Ok(live),
        (None, _) if !several && id.is_none() => {
            Err(Failure::refused("This device makes no broadcast now").hint("See what it made: longear list"))
        }
        _ => {
            Err(Failure::refused(format!("Which broadcast? These run:\n{names}")).hint(format!("Name one: {command}")))
        }
    }
}
