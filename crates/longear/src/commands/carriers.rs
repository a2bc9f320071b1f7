//! `longear follow`, `unfollow`, `sync` and `stick`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use longear_core::Address;
use longear_net::carrier::{Carrier, CarrierError, CarrierOptions, FolderCarrier, FolderLayout, Place};
use longear_net::push::{PushError, PushEvent, PushOptions, PushReport, push};
use longear_net::sync::{Cancel, Pace, SyncError, SyncEvent, SyncOptions, SyncOutcome, SyncReport, Syncer};
use longear_store::Store;
use serde_json::json;

use super::archive::{Archives, Offer, flawed};
use super::publish::blob_failure;
use super::{Context, channel_argument, followed};
use crate::arguments::carriers::{
    FollowArguments, StickCommand, StickReadArguments, StickWriteArguments, SyncArguments, UnfollowArguments,
};
use crate::failure::Failure;
use crate::home::{Home, store_failure};
use crate::terminal::{Progress, Track, Unit, bytes, grouped, printable};

/// Threads that wait for the network; the work is done on others.
const NETWORK_THREADS: usize = 2;
/// Refusals that are told in words; the others are counted.
const REFUSALS_TOLD_MAX: usize = 12;

/// Starts to read a channel here.
pub fn follow(context: &Context<'_>, arguments: &FollowArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let address = arguments.address.parse::<Address>().map_err(|error| {
        Failure::refused(format!("This is no address: {error}")).hint(
            "An address looks like longear:k4vq2m7x… with 52 characters; it was printed by `longear channel show`",
        )
    })?;
    let mut batch = store.write().map_err(|error| store_failure(&error))?;
    batch.follow(&address.channel).map_err(|error| store_failure(&error))?;
    batch.commit().map_err(|error| store_failure(&error))?;
    let digits = address.digits();
    if context.screen.json() {
        let text = Address::new(address.channel).to_string();
        context.screen.print_json(&json!({"id": address.channel.to_string(), "address": text, "digits": digits}))?;
    } else {
        context.screen.note(&format!("Following. Compare these digits with the publisher's: {digits}"));
    }
    let carriers = arguments.from.iter().chain(&address.hints).cloned().collect::<Vec<_>>();
    if carriers.is_empty() {
        return Ok(());
    }
    let plan = Plan { carriers: &carriers, proxy: None, watch_seconds: None, pull_only: true };
    pull_and_push(context, Arc::new(store), &plan)
}

/// Stops reading a channel here.
pub fn unfollow(context: &Context<'_>, arguments: &UnfollowArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let channel = channel_argument(&store, Some(&arguments.address))?;
    let mut batch = store.write().map_err(|error| store_failure(&error))?;
    batch.unfollow(&channel).map_err(|error| store_failure(&error))?;
    batch.commit().map_err(|error| store_failure(&error))?;
    if arguments.delete {
        delete_blobs(&store, &channel)?;
        delete_rooms(&home, &store, &channel)?;
        context.screen.note(
            "Its files, the notes of its rooms and your keys there were deleted. Texts stay in the store, out of sight; this is no wipe.",
        );
    }
    if context.screen.json() {
        return context.screen.print_json(&json!({"id": channel.to_string(), "followed": false}));
    }
    Ok(())
}

/// Deletes blobs that no channel followed here names.
fn delete_blobs(store: &Store, channel: &longear_core::ChannelId) -> Result<(), Failure> {
    let failure = |error| store_failure(&error);
    let kept = followed(store)?.iter().map(|state| state.id()).collect::<Vec<_>>();
    for item in store.media(channel).map_err(failure)? {
        for (rendition, _) in store.files(&item).map_err(failure)? {
            let named = store.items_with_blob(&rendition.blob).map_err(failure)?;
            if !named.iter().any(|item| kept.contains(&item.channel)) {
                let hash = longear_core::blob::BlobHash::from_bytes(rendition.blob);
                store.blobs().remove(hash).map_err(|error| blob_failure(&error))?;
            }
        }
    }
    Ok(())
}

/// Deletes the notes of a channel's rooms, and who this device was in them.
fn delete_rooms(home: &Home, store: &Store, channel: &longear_core::ChannelId) -> Result<(), Failure> {
    for (room, _) in store.rooms_of(channel).map_err(|error| store_failure(&error))? {
        let room = room.id().into();
        store.rooms().remove(&room).map_err(|error| crate::talk::room_failure(&error))?;
        home.forget_writer(&room)?;
    }
    Ok(())
}

/// Fetches what is missing, and brings writable carriers what they lack.
pub fn sync(context: &Context<'_>, arguments: &SyncArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let plan = Plan {
        carriers: &arguments.carriers,
        proxy: arguments.proxy.clone(),
        watch_seconds: arguments.watch_seconds.map(u64::from),
        pull_only: arguments.pull_only,
    };
    pull_and_push(context, Arc::new(store), &plan)
}

/// Reads or writes a stick.
pub fn stick(context: &Context<'_>, command: &StickCommand) -> Result<(), Failure> {
    match command {
        StickCommand::Write(arguments) => write_stick(context, arguments),
        StickCommand::Read(arguments) => read_stick(context, arguments),
    }
}

fn read_stick(context: &Context<'_>, arguments: &StickReadArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let folder = arguments.dir.to_string_lossy().into_owned();
    // A folder whose name looks like an address is still a folder.
    let folder = if arguments.dir.is_absolute() { folder } else { format!("./{folder}") };
    let plan = Plan { carriers: &[folder], proxy: None, watch_seconds: None, pull_only: true };
    pull_and_push(context, Arc::new(store), &plan)
}

fn write_stick(context: &Context<'_>, arguments: &StickWriteArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    if followed(&store)?.is_empty() {
        return Err(Failure::refused("There is nothing to write: no channel is here yet")
            .hint("Follow one: longear follow ADDRESS"));
    }
    if arguments.plain {
        context.screen.note(
            "Files will also stand there under their ordinary titles. They play anywhere, and anybody who finds the \
             stick sees what it is.",
        );
    }
    let folder = FolderCarrier::create(
        &arguments.dir,
        layout_of(&arguments.dir, FolderLayout::Stick),
        &CarrierOptions::default(),
    );
    let folder = folder.map_err(|error| carrier_failure(&arguments.dir.display().to_string(), &error))?;
    let budget_bytes = arguments.budget.as_ref().map(|size| size.bytes);
    let options = PushOptions { budget_bytes, plain: arguments.plain, ..PushOptions::default() };
    let report = push_with_progress(context, &store, &folder, &arguments.dir, options);
    let report = report.map_err(|error| push_failure(&arguments.dir.display().to_string(), &error))?;
    tell_push(context, &report, " A second stick takes them.")
}

/// A tree that stands in a folder already stays where it is.
fn layout_of(folder: &Path, otherwise: FolderLayout) -> FolderLayout {
    if folder.join(longear_core::tree::STICK_FOLDER).is_dir() {
        FolderLayout::Stick
    } else if folder.join("c").is_dir() || folder.join("b").is_dir() {
        FolderLayout::Bare
    } else {
        otherwise
    }
}

/// Writes to a folder or archive, with a line of progress.
pub(super) fn push_with_progress(
    context: &Context<'_>,
    store: &Store,
    place: &dyn Place,
    name: &Path,
    options: PushOptions,
) -> Result<PushReport, PushError> {
    let progress = context.screen.progress();
    let label = name.display().to_string();
    let mut track: Option<Track> = None;
    let mut written = 0;
    let pushed = push(store, place, options, |event| match event {
        PushEvent::Planned { bytes: 0 } => {}
        PushEvent::Planned { bytes } => track = Some(progress.track(&label, "writing", Unit::Bytes, bytes)),
        PushEvent::Progress { bytes_written } => {
            if let Some(track) = &track {
                track.arrived(written..bytes_written);
            }
            written = bytes_written;
        }
        PushEvent::Refused(refused) => progress.say(&label, &refused.name, &refused.reason),
        _ => {}
    });
    if let Some(track) = track {
        track.finish("");
    }
    progress.close();
    pushed
}

/// Tells what was written.
pub(super) fn tell_push(context: &Context<'_>, report: &PushReport, hint: &str) -> Result<(), Failure> {
    if context.screen.json() {
        context.screen.print_json(&json!({
            "files_written": report.files_written, "bytes_written": report.bytes_written, "items": report.items,
            "files_whole": report.blobs_whole, "files_in_part": report.blobs_in_part,
            "plain_copies": report.plain_copies, "left_out": report.left_out.count,
            "left_out_bytes": report.left_out.bytes,
            "refused": report.refused.iter().map(|refused| json!({"object": refused.name, "reason": refused.reason}))
                .collect::<Vec<_>>(),
        }))?;
    } else {
        context.screen.print(&format!(
            "{} items and {} files stand there, {} written now.\n",
            grouped(report.items),
            grouped(report.blobs_whole),
            bytes(report.bytes_written)
        ))?;
        if report.left_out.count > 0 {
            context.screen.note(&format!(
                "{} did not fit whole ({} left out).{hint}",
                count(report.left_out.count, "file", "files"),
                bytes(report.left_out.bytes)
            ));
        }
    }
    if report.refused.is_empty() {
        return Ok(());
    }
    Err(Failure::partial(format!("{} could not be written", count(report.refused.len() as u64, "object", "objects")))
        .hint("See what is damaged here: longear check"))
}

/// From where, by which way and how often to fetch.
pub(super) struct Plan<'p> {
    pub carriers: &'p [String],
    pub proxy: Option<String>,
    pub watch_seconds: Option<u64>,
    /// Whether nothing is brought to folders, and no notes are given to nodes.
    pub pull_only: bool,
}

/// Fetches what is missing, and brings writable carriers what they lack.
pub(super) fn pull_and_push(context: &Context<'_>, store: Arc<Store>, plan: &Plan<'_>) -> Result<(), Failure> {
    let mut options = CarrierOptions::default();
    options.proxy = plan.proxy.clone();
    let mut carriers = Vec::new();
    let mut fresh = Vec::new();
    for name in plan.carriers {
        match Carrier::open(name, &options) {
            Ok(carrier) => carriers.push(carrier),
            // An empty folder holds nothing yet, but it can be filled.
            Err(CarrierError::NotACarrier) if !plan.pull_only && is_empty_folder(Path::new(name)) => {
                fresh.push(name.as_str());
            }
            Err(error) => return Err(carrier_failure(name, &error)),
        }
    }
    let here = followed(&store)?.iter().map(|state| state.id()).collect::<Vec<_>>();
    let archives = Archives::look_into(&carriers, &here)?;
    if here.is_empty() {
        return Err(archives.nothing_followed());
    }
    archives.tell(context);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(NETWORK_THREADS).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::refused(format!("Cannot start: {error}")))?;
    let folders = plan.carriers.iter().map(String::as_str).filter(|name| Path::new(name).is_dir());
    let folders = folders.filter(|_| !plan.pull_only).collect::<Vec<_>>();
    let mut syncer = Syncer::new(store.clone(), carriers);
    let usual = plan.watch_seconds.map(Duration::from_secs);
    let mut pace = usual.map(Pace::new);
    loop {
        let mut options = SyncOptions::default();
        options.give_notes = !plan.pull_only;
        let only_live = pace.as_mut().is_some_and(|pace| pace.begin(&mut options));
        let pulled = round(context, &runtime, &mut syncer, options);
        let mut pause = usual;
        let told = pulled.and_then(|report| {
            pause = pace.as_mut().map(|pace| pace.pause(&report));
            // Each second there is something new: who watches a broadcast sees that elsewhere.
            let is_quiet = only_live && report.new_items == 0 && report.refused.is_empty();
            if is_quiet { Ok(()) } else { tell_sync(context, &report, &archives) }
        });
        // Before others are brought what is here: what is due to go goes no further.
        if !only_live {
            context.delete_what_is_due(&store);
        }
        for folder in &folders {
            bring(context, &store, folder, fresh.contains(folder), only_live)?;
        }
        let Some(pause) = pause else { return told };
        if let Err(failure) = told {
            context.screen.note(&printable(&failure.message));
        }
        let interrupted = runtime.block_on(async {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => true,
                () = tokio::time::sleep(pause) => false,
            }
        });
        if interrupted {
            return Ok(());
        }
    }
}

fn is_empty_folder(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// Writes to a folder carrier what it lacks. One that cannot be written is left as it is.
fn bring(context: &Context<'_>, store: &Store, name: &str, is_new: bool, is_quiet: bool) -> Result<(), Failure> {
    let path = Path::new(name);
    let layout = layout_of(path, FolderLayout::Bare);
    let folder = match FolderCarrier::create(path, layout, &CarrierOptions::default()) {
        Ok(folder) => folder,
        Err(error) if is_new => return Err(carrier_failure(name, &error)),
        Err(_) => return Ok(()),
    };
    let report = push_with_progress(context, store, &folder, path, PushOptions::default());
    let report = report.map_err(|error| push_failure(name, &error))?;
    if report.files_written > 0 && !is_quiet && !context.screen.json() {
        context.screen.note(&format!("{name} got {} it lacked.", bytes(report.bytes_written)));
    }
    Ok(())
}

fn round(
    context: &Context<'_>,
    runtime: &tokio::runtime::Runtime,
    syncer: &mut Syncer,
    mut options: SyncOptions,
) -> Result<SyncReport, Failure> {
    let seed = context.random()?;
    options.session_seed = seed;
    options.jitter_seed = u64::from_le_bytes([seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7]]);
    let cancel = options.cancel.clone();
    let board = Board::new(context.screen.progress());
    let events = |event| board.show(event);
    let report = runtime.block_on(async {
        let interrupts = tokio::spawn(cancel_on_interrupt(cancel));
        let report = syncer.round(&options, &events).await;
        interrupts.abort();
        report
    });
    board.close();
    report.map_err(|error| sync_failure(&error))
}

async fn cancel_on_interrupt(cancel: Cancel) {
    if tokio::signal::ctrl_c().await.is_ok() {
        cancel.cancel();
    }
}

/// Turns events into lines of progress.
struct Board {
    progress: Progress,
    tracks: Mutex<BTreeMap<String, (Track, u64)>>,
}

impl Board {
    fn new(progress: Progress) -> Self {
        Board { progress, tracks: Mutex::new(BTreeMap::new()) }
    }

    fn show(&self, event: SyncEvent) {
        match event {
            SyncEvent::Posts { have, total, .. } => self.advance("posts", "posts", Unit::Pieces, total, have),
            SyncEvent::Blob { hash, name, size, have } => {
                let key = longear_core::blob::BlobHash::from_bytes(hash).to_string();
                self.advance(&key, &name, Unit::Bytes, size, have);
            }
            SyncEvent::Refused(refusal) => {
                let words = format!("refused: {}", refusal.reason);
                self.progress.say(&refusal.carrier, &refusal.object, &words);
            }
            SyncEvent::SetAside { carrier, why } => self.progress.say(&carrier, "set aside", &why),
            SyncEvent::WithoutChannel { carrier, .. } => self.progress.say(&carrier, "channel", "not there"),
            _ => {}
        }
    }

    fn advance(&self, key: &str, what: &str, unit: Unit, size: u64, have: u64) {
        let mut tracks = self.tracks.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (track, shown) =
            tracks.entry(key.to_owned()).or_insert_with(|| (self.progress.track("", what, unit, size), 0));
        track.arrived(*shown..have.max(*shown));
        *shown = have.max(*shown);
        if have >= size {
            track.finish("");
        }
    }

    fn close(&self) {
        self.progress.close();
    }
}

fn tell_sync(context: &Context<'_>, report: &SyncReport, archives: &Archives) -> Result<(), Failure> {
    if context.screen.json() {
        context.screen.print_json(&json!({
            "new_items": report.new_items, "new_charters": report.new_charters, "new_files": report.new_blobs,
            "new_notes": report.new_notes, "given_notes": report.given_notes,
            "file_bytes": report.blob_bytes, "missing_items": report.still_missing_items,
            "missing_files": report.still_missing_blobs, "cut": report.cut,
            "refused": report.refused.iter().map(|refusal| json!({
                "carrier": refusal.carrier, "object": refusal.object, "reason": refusal.reason, "code": refusal.code,
            })).chain(archives.flaws_json()).collect::<Vec<_>>(),
            "not_followed": archives.not_followed.iter().map(Offer::json).collect::<Vec<_>>(),
            "carriers": report.carriers.iter().map(|carrier| json!({
                "carrier": carrier.carrier, "set_aside": carrier.set_aside,
            })).collect::<Vec<_>>(),
        }))?;
    } else {
        context.screen.print(&format!("{}\n", summary(report)))?;
    }
    for refusal in report.refused.iter().take(REFUSALS_TOLD_MAX) {
        context
            .screen
            .note(&printable(&format!("{}: {} refused: {}", refusal.carrier, refusal.object, refusal.reason)));
    }
    let why = report.carriers.iter().filter_map(|carrier| {
        carrier.set_aside.as_ref().map(|why| printable(&format!("{}: {why}", carrier.carrier)).into_owned())
    });
    let why = why.collect::<Vec<_>>().join("\n");
    let refused = report.refused.len() as u64 + report.refused_unlisted;
    match report.outcome() {
        SyncOutcome::Well if !archives.flaws.is_empty() => Err(flawed(archives.flaws.len(), report.kept_anything())),
        SyncOutcome::Well if why.is_empty() => Ok(()),
        SyncOutcome::Well => {
            context.screen.note(&why);
            Ok(())
        }
        SyncOutcome::Refused => Err(Failure::verification(format!(
            "{} refused; nothing new was kept. Nothing that was here is lost",
            count(refused, "object was", "objects were")
        ))
        .hint("Try another carrier, or compare the 30 digits: longear channel show")),
        SyncOutcome::Partial => Err(Failure::partial(partial_words(report, refused, &why))
            .hint("Run it again to go on, with the same or another carrier")),
        SyncOutcome::Unreachable => Err(Failure::refused(format!("No carrier could be used.\n{why}"))
            .hint("Look at the address, or try another carrier")),
    }
}

fn partial_words(report: &SyncReport, refused: u64, why: &str) -> String {
    let mut parts = Vec::new();
    if report.still_missing_items > 0 {
        parts.push(format!("{} still missing", count(report.still_missing_items, "post", "posts")));
    }
    if report.still_missing_blobs > 0 {
        parts.push(format!("{} not complete", count(report.still_missing_blobs, "file", "files")));
    }
    if refused > 0 {
        parts.push(format!("{} refused", count(refused, "object", "objects")));
    }
    let parts = if parts.is_empty() { "A transfer broke off".into() } else { parts.join(", ") };
    if why.is_empty() { format!("{parts}. Nothing was lost") } else { format!("{parts}. Nothing was lost\n{why}") }
}

fn summary(report: &SyncReport) -> String {
    let mut parts = Vec::new();
    if report.new_charters > 0 {
        parts.push(count(report.new_charters, "charter", "charters"));
    }
    if report.new_items > 0 {
        parts.push(count(report.new_items, "post", "posts"));
    }
    if report.new_blobs > 0 || report.blob_bytes > 0 {
        parts.push(format!("{} ({})", count(report.new_blobs, "file", "files"), bytes(report.blob_bytes)));
    }
    if report.new_notes > 0 {
        parts.push(format!("{} in rooms", count(report.new_notes, "note", "notes")));
    }
    let new = if parts.is_empty() { "Nothing new.".into() } else { format!("New here: {}.", parts.join(", ")) };
    match report.given_notes {
        0 => new,
        given => format!("{new} {} given.", count(given, "note", "notes")),
    }
}

/// A number with its noun.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// Says in words what a carrier could not do.
pub fn carrier_failure(name: &str, error: &CarrierError) -> Failure {
    Failure::refused(format!("{}: {error}", without_password(name))).hint(error.hint())
}

/// An address without the name and password that somebody typed into it: a screen can be photographed.
fn without_password(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let start = rest[..host_end].rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[start..])
        }
        None => address.to_owned(),
    }
}

/// Says in words why writing ended early.
pub(super) fn push_failure(label: &str, error: &PushError) -> Failure {
    match error {
        PushError::Store(error) => store_failure(error),
        PushError::Blob(error) => blob_failure(error),
        PushError::DiskFull { .. } => Failure::partial(format!("{label}: {error}. What was written is good"))
            .hint("Free some space there, or use a second stick, and run it again"),
        PushError::Target { source, report } if report.files_written > 0 => {
            Failure::partial(format!("{label}: {source}. What was written is good")).hint(source.hint())
        }
        PushError::Target { source, .. } => carrier_failure(label, source),
        other => Failure::refused(format!("{label}: {other}")),
    }
}

/// Says in words what the own store could not do while fetching.
pub fn sync_failure(error: &SyncError) -> Failure {
    match error {
        SyncError::Store(error) => store_failure(error),
        SyncError::Blob(error) => blob_failure(error),
        other => Failure::bug(other.to_string()),
    }
}
