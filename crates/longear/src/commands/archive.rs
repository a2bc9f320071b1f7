//! `longear archive`: a tree in one file, that people hand to each other.

use std::path::Path;
use std::sync::Arc;

use longear_core::limits::CHARTERS_MAX;
use longear_core::tree::TreePath;
use longear_core::{Address, Applied, ChannelId, Charter, Lineage, verify};
use longear_net::carrier::{ArchiveFlaw, ArchiveWriter, Carrier, CarrierError, CarrierOptions, FolderCarrier};
use longear_net::push::{BlobsWritten, PushError, PushOptions};
use serde_json::json;

use super::carriers::{Plan, carrier_failure, count, pull_and_push, push_failure, push_with_progress, tell_push};
use super::{Context, channel_argument, followed};
use crate::arguments::archive::{ArchiveCommand, ArchiveReadArguments, ArchiveShowArguments, ArchiveWriteArguments};
use crate::failure::Failure;
use crate::terminal::{bytes, printable};

/// Writes, reads or shows an archive.
pub fn run(context: &Context<'_>, command: &ArchiveCommand) -> Result<(), Failure> {
    match command {
        ArchiveCommand::Write(arguments) => write(context, arguments),
        ArchiveCommand::Read(arguments) => read(context, arguments),
        ArchiveCommand::Show(arguments) => show(context, arguments),
    }
}

fn write(context: &Context<'_>, arguments: &ArchiveWriteArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let channels = arguments.channels.iter().map(|channel| channel_argument(&store, Some(channel)));
    let channels = channels.collect::<Result<Vec<_>, _>>()?;
    let here = followed(&store)?;
    if here.is_empty() {
        return Err(Failure::refused("There is nothing to write: no channel is here yet")
            .hint("Follow one: longear follow ADDRESS"));
    }
    if let Some(other) = channels.iter().find(|channel| here.iter().all(|state| state.id() != **channel)) {
        return Err(Failure::refused(format!("{} is not followed here", Address::new(*other)))
            .hint("See what is here: longear status"));
    }
    let label = arguments.file.display().to_string();
    let writer = ArchiveWriter::create(&arguments.file).map_err(|error| carrier_failure(&label, &error))?;
    let blobs = match arguments {
        ArchiveWriteArguments { without_files: true, .. } => BlobsWritten::None,
        ArchiveWriteArguments { without_films: true, .. } => BlobsWritten::WithoutFilms,
        _ => BlobsWritten::All,
    };
    let options = PushOptions {
        budget_bytes: arguments.budget.as_ref().map(|size| size.bytes),
        channels: (!channels.is_empty()).then_some(channels),
        blobs,
        ..PushOptions::default()
    };
    let report = match push_with_progress(context, &store, &writer, &arguments.file, options) {
        Ok(report) => report,
        // A piece of it would take the place of an older one that may be whole.
        Err(error @ PushError::DiskFull { .. }) => {
            return Err(Failure::refused(format!("{label}: {error}. What stood there is as it was"))
                .hint("Free some space there, or make it smaller: --budget SIZE"));
        }
        Err(error) => return Err(push_failure(&label, &error)),
    };
    let length = writer.finish().map_err(|error| carrier_failure(&label, &error))?;
    let told = tell_push(context, &report, "");
    context.screen.note(&format!("{label}: {}", bytes(length)));
    told
}

fn read(context: &Context<'_>, arguments: &ArchiveReadArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let files = arguments.files.iter().map(|file| as_path(file)).collect::<Vec<_>>();
    let plan = Plan { carriers: &files, proxy: None, watch_seconds: None, pull_only: true };
    pull_and_push(context, Arc::new(store), &plan)
}

/// A file whose name looks like an address is still a file.
fn as_path(file: &Path) -> String {
    let text = file.to_string_lossy().into_owned();
    if file.is_absolute() { text } else { format!("./{text}") }
}

fn show(context: &Context<'_>, arguments: &ArchiveShowArguments) -> Result<(), Failure> {
    let label = arguments.file.display().to_string();
    let failure = |error: CarrierError| carrier_failure(&label, &error);
    let carrier = Carrier::open(&as_path(&arguments.file), &CarrierOptions::default()).map_err(failure)?;
    let Some(archive) = archive_of(&carrier) else { return Err(failure(CarrierError::NotACarrier)) };
    let (files, file_bytes) = files_in(archive);
    let channels = offers(&carrier)?;
    if context.screen.json() {
        context.screen.print_json(&json!({
            "channels": channels.iter().map(Offer::json).collect::<Vec<_>>(), "files": files, "file_bytes": file_bytes,
            "flaws": archive.flaws().iter().map(|flaw| flaw_json(None, flaw)).collect::<Vec<_>>(),
        }))?;
    } else {
        for offer in &channels {
            context.screen.print(&format!("{}\n", offer.words()))?;
        }
        context.screen.print(&format!("{}, {}\n", count(files, "file", "files"), bytes(file_bytes)))?;
    }
    for flaw in archive.flaws() {
        context.screen.note(&printable(&format!("{label}: {} refused: {}", flaw.object, flaw.reason)));
    }
    match archive.flaws() {
        [] => Ok(()),
        flaws => Err(flawed(flaws.len(), !channels.is_empty())),
    }
}

/// How many blobs stand in an archive, and their bytes, by the names alone: nothing of them was checked.
fn files_in(archive: &FolderCarrier) -> (u64, u64) {
    let is_file = |path: &TreePath| matches!(path, TreePath::Blob { .. } | TreePath::BlobPart { .. });
    let files = archive.archived().into_iter().flatten().filter(|(path, _)| is_file(path));
    files.fold((0, 0), |(count, sum), (_, bytes)| (count + 1, sum + bytes))
}

/// A channel that an archive holds, by charters that were verified.
pub(super) struct Offer {
    channel: ChannelId,
    name: String,
    charters: u64,
}

impl Offer {
    /// The same for scripts.
    pub(super) fn json(&self) -> serde_json::Value {
        let address = Address::new(self.channel);
        json!({"id": self.channel.to_string(), "address": address.to_string(), "digits": address.digits(),
            "name": self.name, "charters": self.charters})
    }

    /// Name, address and digits, for people.
    fn words(&self) -> String {
        let address = Address::new(self.channel);
        let name = if self.charters == 0 { "A channel without a charter here" } else { &self.name };
        format!("{}\n  {address}\n  {}", printable(name), address.digits())
    }
}

/// The archive behind a carrier, if it is one.
fn archive_of(carrier: &Carrier) -> Option<&FolderCarrier> {
    match carrier {
        Carrier::Folder(folder) if folder.is_archive() => Some(folder),
        _ => None,
    }
}

/// Every channel of which the archive holds something.
fn offers(carrier: &Carrier) -> Result<Vec<Offer>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| Failure::refused(format!("Cannot start: {error}")))?;
    let failure = |error: CarrierError| carrier_failure(&carrier.label(), &error);
    runtime.block_on(async {
        let channels = carrier.list_channels().await.map_err(failure)?;
        let mut offers = Vec::new();
        for channel in channels.into_iter().flat_map(|listing| listing.entries) {
            let lineage = lineage(carrier, ChannelId(channel)).await.map_err(failure)?;
            let name = lineage.newest().map(|charter| charter.name.clone()).unwrap_or_default();
            offers.push(Offer { channel: ChannelId(channel), name, charters: lineage.number() });
        }
        Ok(offers)
    })
}

/// The charters in a carrier as far as they verify, one after the other.
async fn lineage(carrier: &Carrier, channel: ChannelId) -> Result<Lineage, CarrierError> {
    let mut lineage = Lineage::new(channel);
    for number in 1..=CHARTERS_MAX {
        let Ok(number) = u32::try_from(number) else { break };
        let path = TreePath::Charter { channel: channel.0, number };
        let Some(found) = carrier.fetch_small(&path, path.bytes_max()).await? else { break };
        let charter = Charter::decode(&found).and_then(|charter| verify(&lineage, charter));
        match charter.map(|charter| lineage.apply(charter)) {
            Ok(Applied::Next) => {}
            _ => break,
        }
    }
    Ok(lineage)
}

/// What is to be said of the archives among some carriers before they are read.
#[derive(Default)]
pub(super) struct Archives {
    /// Labels of archives, and what of them cannot be used.
    pub flaws: Vec<(String, ArchiveFlaw)>,
    /// Channels that they hold and nobody follows here.
    pub not_followed: Vec<Offer>,
}

impl Archives {
    /// Looks for what is damaged, and for channels that are not among those followed here.
    pub(super) fn look_into(carriers: &[Carrier], followed: &[ChannelId]) -> Result<Self, Failure> {
        let mut archives = Archives::default();
        for carrier in carriers {
            let Some(archive) = archive_of(carrier) else { continue };
            let flaws = archive.flaws().iter().map(|flaw| (carrier.label(), flaw.clone()));
            archives.flaws.extend(flaws);
            for offer in offers(carrier)? {
                let is_told = archives.not_followed.iter().any(|other| other.channel == offer.channel);
                if !is_told && !followed.contains(&offer.channel) {
                    archives.not_followed.push(offer);
                }
            }
        }
        Ok(archives)
    }

    /// Says it to people.
    pub(super) fn tell(&self, context: &Context<'_>) {
        for offer in &self.not_followed {
            context.screen.note(&format!("Not followed here, so nothing of it is taken: {}", offer.words()));
        }
        for (label, flaw) in &self.flaws {
            context.screen.note(&printable(&format!("{label}: {} refused: {}", flaw.object, flaw.reason)));
        }
    }

    pub(super) fn flaws_json(&self) -> impl Iterator<Item = serde_json::Value> {
        self.flaws.iter().map(|(label, flaw)| flaw_json(Some(label), flaw))
    }

    /// The failure where nobody is followed here yet.
    pub(super) fn nothing_followed(&self) -> Failure {
        let offers = self.not_followed.iter().map(Offer::words).collect::<Vec<_>>();
        if offers.is_empty() {
            return Failure::refused("No channel is followed here, so there is nothing to fetch")
                .hint("Follow one first: longear follow ADDRESS");
        }
        let words = "No channel is followed here, so nothing was taken. These are offered:";
        Failure::refused(format!("{words}\n{}", offers.join("\n")))
            .hint("Compare the digits with the publisher's, then: longear follow ADDRESS --from FILE")
    }
}

fn flaw_json(carrier: Option<&str>, flaw: &ArchiveFlaw) -> serde_json::Value {
    json!({"carrier": carrier, "object": flaw.object, "reason": flaw.reason.to_string(), "code": flaw.reason.code()})
}

/// The failure of an archive that is damaged, whether or not something good of it was of use.
pub(super) fn flawed(flaws: usize, was_of_use: bool) -> Failure {
    let places = count(flaws as u64, "place", "places");
    let failure = if was_of_use {
        Failure::partial(format!("The archive is damaged in {places}. What is good in it was kept"))
    } else {
        Failure::verification(format!("The archive is damaged in {places}, and holds nothing new besides"))
    };
    failure.hint("Ask for the file again, or take what is missing from another carrier")
}
