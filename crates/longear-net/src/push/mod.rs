//! From the store to a folder or archive: what a stick or a mirror lacks is written there, best first.
//!
//! [`push`] writes charters and fork proofs, then packs, then blobs by class and age: whole ones first, then parts of
//! what does not fit; last the edges of broadcasts that run, as nobody shall wait for what they name. It may be stopped at any moment; the next run goes on from there. What it reads from the store is
//! verified once more on its way out, so that a rotten disk is not copied.

mod blobs;
mod channel;
mod head;
mod live;
mod plain;
mod rooms;
mod sources;
mod target;

use longear_core::tree::TreePath;
use longear_core::{ChannelId, Rendition};
use longear_store::blobs::BlobError;
use longear_store::{RoomError, Store, StoreError};

use crate::carrier::{CarrierError, FolderCarrier, Place};

use target::Target;

/// Says what is to be written. The default writes everything that is followed here.
#[derive(Clone, Debug, Default)]
pub struct PushOptions {
    /// Bounds the bytes of the whole tree in the folder, with what stands there already and with plain copies.
    pub budget_bytes: Option<u64>,
    /// Compares the files that stand there byte by byte, instead of trusting their lengths.
    pub verify: bool,
    /// Also writes files and texts under ordinary titles, which anybody can open and anybody can read.
    pub plain: bool,
    /// Which blobs are written.
    pub blobs: BlobsWritten,
    /// Writes only these channels; `None` writes all that are followed.
    pub channels: Option<Vec<ChannelId>>,
    /// Leaves out blobs, or ranges of them, that stand on these other sticks: together they hold more.
    pub elsewhere: Vec<FolderCarrier>,
}

/// Says which blobs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlobsWritten {
    /// Everything.
    #[default]
    All,
    /// Everything but films.
    WithoutFilms,
    /// Texts only, with the small pictures that travel inside them.
    None,
}

impl BlobsWritten {
    fn includes(self, rendition: &Rendition) -> bool {
        match self {
            Self::All => true,
            Self::WithoutFilms => !rendition.mime.starts_with("video/"),
            Self::None => false,
        }
    }
}

/// Tells how far it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PushEvent {
    /// This many bytes are missing there and fit.
    Planned {
        /// Bytes that will be written.
        bytes: u64,
    },
    /// So many bytes were written until now.
    Progress {
        /// Bytes written in this run.
        bytes_written: u64,
    },
    /// Something could not be written, or is damaged here.
    Refused(Refused),
    /// All is written; now the disk is waited for.
    Finishing,
}

/// Names something that was not written, and says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The path in the tree, or the name of a plain copy.
    pub name: String,
    /// The reason, for people.
    pub reason: String,
}

/// Counts what was done and what stands there now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushReport {
    /// Files written in this run.
    pub files_written: u64,
    /// Bytes written in this run.
    pub bytes_written: u64,
    /// Items in the packs of ours that stand there now.
    pub items: u64,
    /// Blobs that stand there whole now, in one file or in parts.
    pub blobs_whole: u64,
    /// Blobs of which a part stands there now.
    pub blobs_in_part: u64,
    /// Plain copies that stand there now.
    pub plain_copies: u64,
    /// Objects that did not fit, or not wholly.
    pub left_out: LeftOut,
    /// What could not be written, or is damaged here.
    pub refused: Vec<Refused>,
}

/// Counts what did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Objects.
    pub count: u64,
    /// Their bytes that are not there.
    pub bytes: u64,
}

/// Says why pushing ended early. What was written before stays, and is valid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The store cannot be read (disk here).
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The notes of a room cannot be read (disk here).
    #[error(transparent)]
    Room(#[from] RoomError),
    /// The blobs cannot be read (disk here).
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The folder cannot be written (disk there, or user).
    #[error("{source}")]
    Target {
        /// What it says.
        source: CarrierError,
        /// What was done before.
        report: Box<PushReport>,
    },
    /// The folder's disk is full; everything that fits was written (disk there).
    #[error("the disk is full: {bytes_free} bytes are free, {} bytes did not fit", report.left_out.bytes)]
    DiskFull {
        /// Bytes that are still free.
        bytes_free: u64,
        /// What was done.
        report: Box<PushReport>,
    },
}

impl PushError {
    /// Gives what was done nevertheless.
    pub fn report(&self) -> Option<&PushReport> {
        match self {
            PushError::Target { report, .. } | PushError::DiskFull { report, .. } => Some(report),
            PushError::Store(_) | PushError::Room(_) | PushError::Blob(_) => None,
        }
    }
}

/// Writes what the folder or archive lacks of the store, best first, and waits until it is safely on the disk.
///
/// Order: charters and fork proofs of all channels, packs from the newest on, heads, notes of rooms where sound has room beside them, blobs by class and age, and the edges
/// of broadcasts that run. A budget or
/// a full disk leaves out what comes last, and of the first blob that does not fit whole it takes as many leading MiB as
/// there is room for. Reading and hashing run beside writing. Memory: about 8 MiB, and the list of what is held.
///
/// # Errors
/// [`PushError::DiskFull`] after everything that fits was written; the others as soon as they happen. Damaged sources and
/// paths that something else occupies are no errors: they are listed in [`PushReport::refused`].
///
/// ```no_run
/// use longear_net::carrier::{CarrierOptions, FolderCarrier, FolderLayout};
/// use longear_net::push::{PushOptions, push};
/// use longear_store::Store;
///
/// let store = Store::open("store".as_ref())?;
/// let stick = FolderCarrier::create("/media/stick".as_ref(), FolderLayout::Stick, &CarrierOptions::default())?;
/// let report = push(&store, &stick, PushOptions::default(), |_event| {})?;
/// println!("{} items, {} files whole", report.items, report.blobs_whole);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn push(
    store: &Store,
    target: &dyn Place,
    options: PushOptions,
    mut events: impl FnMut(PushEvent),
) -> Result<PushReport, PushError> {
    let mut target = Target::open(target, &options, &mut events)?;
    match write_all(store, &mut target, &options) {
        Ok(()) => target.finish(),
        Err(Stop::Push(error)) => Err(error),
        Err(Stop::Target(source)) => Err(PushError::Target { source, report: Box::new(target.into_report()) }),
    }
}

/// Ends a run early; the report is added by [`push`].
enum Stop {
    Push(PushError),
    Target(CarrierError),
}

impl From<CarrierError> for Stop {
    fn from(error: CarrierError) -> Self {
        Stop::Target(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Stop::Push(error.into())
    }
}

impl From<RoomError> for Stop {
    fn from(error: RoomError) -> Self {
        Stop::Push(error.into())
    }
}

impl From<BlobError> for Stop {
    fn from(error: BlobError) -> Self {
        Stop::Push(error.into())
    }
}

fn write_all(store: &Store, target: &mut Target<'_>, options: &PushOptions) -> Result<(), Stop> {
    let wanted = |id: &ChannelId| options.channels.as_ref().map(|channels| channels.contains(id));
    let states = store.channels()?.into_iter().filter(|state| {
        let is_wanted = wanted(&state.id()).unwrap_or_else(|| state.is_followed());
        is_wanted && state.lineage().number() > 0
    });
    let states = states.collect::<Vec<_>>();
    let plain = if options.plain { plain::plan(store, target, &states)? } else { Vec::new() };
    let edges = live::edges(store, &states)?;
    let wants = blobs::wants(store, &states, options.blobs)?;
    target.announce(&wants, &plain)?;
    let mut readable = Vec::new();
    for state in states {
        // Without a charter everything else of the channel would look forged.
        if channel::write_charters(target, &state)? {
            channel::write_forks(target, &state)?;
            readable.push(state);
        }
    }
    let states = readable;
    // Sticks keep no order among names, and a head without the charters that its words rest on looks forged.
    target.settle()?;
    for state in &states {
        // A stick that is pulled out early should at least say what it is about.
        if target.holds(&TreePath::Head { channel: state.id().0 })?.is_none() {
            head::write(target, state)?;
        }
    }
    let kept = channel::write_packs(store, target, &states)?;
    for state in &states {
        head::write(target, state)?;
    }
    channel::remove_superseded_packs(target, &kept)?;
    // Nobody finds the newest minutes of a broadcast without its edge, and it must not stand there before they do.
    let edges_room = if options.blobs == BlobsWritten::None { 0 } else { live::room(target, &edges)? };
    // Rooms come behind sound and before pictures that move.
    target.reserve(edges_room + blobs::missing_sound_bytes(target, &wants)?);
    let lists = rooms::write(store, target, &states)?;
    target.reserve(edges_room + rooms::lists_room(target, &lists));
    blobs::write(target, &wants, &options.elsewhere)?;
    target.reserve(0);
    rooms::write_lists(target, lists)?;
    for state in states.iter().filter(|_| options.blobs != BlobsWritten::None) {
        live::write(target, state.id(), &edges)?;
        live::remove_old(store, target, state)?;
    }
    plain::write(store, target, &plain)
}
