//! The home of one node: its store, its keys, who serves it.
//!
//! ```text
//! store/                 what longear-store keeps
//! keys/<channel>.key     a delegate's key, private (0600)
//! live/<stream>.session  a running broadcast's key and its encoders' token, private (0600)
//! rooms/<room>.writer    who this device is in a room, private (0600)
//! serve.lock             held while `serve` runs; names the process and where it listens
//! ```

mod chapter_file;
mod key_file;
mod root_file;
mod session_file;
mod writer_file;

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use longear_core::ChannelId;
use longear_store::{Store, StoreError};
use zeroize::Zeroizing;

use crate::failure::Failure;

pub use key_file::DelegateKey;
pub use root_file::RootFile;
pub use session_file::{Intake, LiveSession, LiveToken};
pub use writer_file::Writer;

/// Longest key file that is read.
const KEY_FILE_BYTES_MAX: u64 = 16_384;

/// Longest note in the lock that is read.
const LOCK_NOTE_BYTES_MAX: u64 = 128;

/// How often it is tried to lock this home.
const LOCK_TRIALS: u32 = 3;

/// How much longer it is waited before each further trial.
const LOCK_PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

/// One node's folder.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
}

impl Home {
    /// Opens or makes the folder, private to this user.
    pub fn open(folder: PathBuf) -> Result<Self, Failure> {
        make_private_folder(&folder)?;
        make_private_folder(&folder.join("keys"))?;
        make_private_folder(&folder.join("store"))?;
        Ok(Home { folder })
    }

    /// Opens the store.
    pub fn store(&self) -> Result<Store, Failure> {
        Store::open(&self.folder.join("store")).map_err(|error| store_failure(&error))
    }

    /// The delegate key of a channel, if this node has one.
    pub fn delegate_key(&self, channel: &ChannelId) -> Result<Option<DelegateKey>, Failure> {
        let path = self.key_path(channel);
        match path.try_exists() {
            Ok(false) => Ok(None),
            _ => DelegateKey::read(&path).map(Some),
        }
    }

    /// Channels of which this node has a delegate key.
    pub fn own_channels(&self) -> Result<Vec<ChannelId>, Failure> {
        let folder = self.folder.join("keys");
        let entries = fs::read_dir(&folder).map_err(|error| file_failure("read", &folder, &error))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut channels = names.filter_map(|name| name.strip_suffix(".key")?.parse().ok()).collect::<Vec<ChannelId>>();
        channels.sort_unstable();
        Ok(channels)
    }

    /// Writes a delegate key.
    pub fn write_delegate_key(&self, channel: &ChannelId, key: &mut DelegateKey) -> Result<(), Failure> {
        key.write(&self.key_path(channel), channel)
    }

    /// Takes the right to serve this home; refused while another process has it.
    pub fn serve_lock(&self) -> Result<ServeLock, Failure> {
        let path = self.folder.join("serve.lock");
        let mut options = private_options();
        let mut file =
            options.read(true).create(true).open(&path).map_err(|error| file_failure("open", &path, &error))?;
        if !is_locked(&file) {
            let holder = lock_note(&mut file);
            let holder = holder.lines().next().unwrap_or_default();
            return Err(Failure::refused(format!("Process {holder} serves this home already"))
                .hint("Other commands work beside it. To serve again, end that process first"));
        }
        let note = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        note.map_err(|error| file_failure("write", &path, &error))?;
        Ok(ServeLock { file })
    }

    /// Where the process listens that serves this home; `None` while none does.
    pub fn served_at(&self) -> Option<SocketAddr> {
        let mut file = File::open(self.folder.join("serve.lock")).ok()?;
        // Whoever can share the lock is told by nobody who holds it; and a note may be older than the last process.
        let is_free = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockShared).is_ok();
        if is_free { None } else { lock_note(&mut file).lines().nth(1)?.parse().ok() }
    }

    fn key_path(&self, channel: &ChannelId) -> PathBuf {
        self.folder.join("keys").join(format!("{channel}.key"))
    }
}

/// Held while serving; freed by the system when the process ends.
#[derive(Debug)]
pub struct ServeLock {
    file: File,
}

impl ServeLock {
    /// Tells other commands where this process listens. A disk that refuses is no reason not to serve.
    pub fn tell(&mut self, address: SocketAddr) {
        let _ = writeln!(self.file, "{address}");
    }
}

/// What the holder of the lock wrote into it: the number of its process, and where it listens.
fn lock_note(file: &mut File) -> String {
    let mut note = String::new();
    let _ = file.take(LOCK_NOTE_BYTES_MAX).read_to_string(&mut note);
    note
}

/// Locks a file for this process alone. Whoever only asks whether it is locked holds it for a moment.
fn is_locked(file: &File) -> bool {
    let operation = rustix::fs::FlockOperation::NonBlockingLockExclusive;
    (0..LOCK_TRIALS).any(|trial| {
        std::thread::sleep(LOCK_PAUSE * trial);
        rustix::fs::flock(file, operation).is_ok()
    })
}

/// Says in words what the store could not do.
pub fn store_failure(error: &StoreError) -> Failure {
    if let Some(failure) = disk_failure(error.is_full(), error.is_read_only(), error) {
        return failure;
    }
    match error {
        StoreError::Index(_) | StoreError::Damaged { .. } => {
            Failure::refused(error.to_string()).hint("Run: longear check --repair")
        }
        StoreError::UnknownChannel => {
            Failure::refused("This channel is not known here").hint("Follow it first: longear follow ADDRESS")
        }
        _ => Failure::refused(error.to_string()),
    }
}

/// Says in words that the disk of the home is full or cannot be written, if that is what happened.
pub fn disk_failure(is_full: bool, is_read_only: bool, error: &dyn std::fmt::Display) -> Option<Failure> {
    if is_full {
        let failure = Failure::refused("The disk is full. Nothing that is here was lost");
        return Some(failure.hint("Free some space, then run it again: it goes on where it stopped"));
    }
    let failure = || Failure::refused(format!("The home folder cannot be written: {error}"));
    is_read_only.then(|| failure().hint("Use a folder that this user may write: --home DIR"))
}

/// Says which file could not be used, and why.
pub fn file_failure(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::refused(format!("Cannot {doing} {}: {error}", path.display()));
    match error.kind() {
        std::io::ErrorKind::StorageFull => failure.hint("Free some space, then run it again"),
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            failure.hint("Use a folder that this user may write")
        }
        std::io::ErrorKind::NotFound => failure.hint("Look at the name once more"),
        _ => failure,
    }
}

/// Makes a folder and those above it, private to this user and durable: what is acknowledged inside must be found again.
pub fn make_private_folder(folder: &Path) -> Result<(), Failure> {
    make_folders(folder).map_err(|error| file_failure("make", folder, &error))
}

fn make_folders(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    if !above.is_dir() {
        make_folders(above)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        // Another process was as quick.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    match sync_folder(above) {
        // A folder that is not ours to open: its owner sees to it.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a new private file, whole and durable, or replaces one.
fn write_secret(path: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    write_secret_with(path, replace, |_| Zeroizing::new(text.to_owned()))
}

/// Writes a private file whose text depends on the file that it is written into: it is given the name under which that
/// file stands until it is whole.
fn write_secret_with(path: &Path, replace: bool, text: impl Fn(&Path) -> Zeroizing<String>) -> Result<(), Failure> {
    if !replace && path.exists() {
        return Err(Failure::refused(format!("{} is there already", path.display()))
            .hint("Keys are never overwritten. Name another folder"));
    }
    write_whole(path, private_options(), |partial| Zeroizing::new(text(partial).as_bytes().to_vec()))
}

/// Writes a file that only this user can read, whole and durable, where none stands yet.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::refused(format!("{} is there already", path.display())).hint("Name another file"));
    }
    write_whole(path, private_options(), |_| Zeroizing::new(bytes.to_vec()))
}

/// Writes a file that holds no secret, whole and durable, in the place of what stood there.
pub fn write_open(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // A pipe or a terminal is written to, not replaced; a link stays, and what it leads to is replaced.
    let path = match fs::canonicalize(path) {
        Ok(path) if path.is_file() => path,
        Ok(path) => return fs::write(&path, bytes).map_err(|error| file_failure("write", &path, &error)),
        Err(_) => path.to_owned(),
    };
    let mut options = OpenOptions::new();
    options.write(true);
    write_whole(&path, options, |_| Zeroizing::new(bytes.to_vec()))
}

/// Writes a new file beside `path`, makes it durable, and only then gives it the name: whatever happens in between, what
/// stood there before stands there still.
fn write_whole(
    path: &Path,
    mut options: OpenOptions,
    bytes: impl FnOnce(&Path) -> Zeroizing<Vec<u8>>,
) -> Result<(), Failure> {
    let failure = |error: std::io::Error| file_failure("write", path, &error);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.new"));
    // One that an interrupted writer left may be of any age and access.
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failure(error)),
        _ => {}
    }
    let mut file = options.create_new(true).open(&partial).map_err(failure)?;
    let written = file.write_all(&bytes(&partial)).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&partial, path)) {
        let _ = fs::remove_file(&partial);
        return Err(failure(error));
    }
    sync_folder(folder_of(path)).map_err(failure)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all())
}

/// Reads a private file; refused when others can read it.
fn read_secret(path: &Path) -> Result<String, Failure> {
    let failure = |error: std::io::Error| file_failure("read", path, &error);
    let file = File::open(path).map_err(failure)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = file.metadata().map_err(failure)?.mode();
        if mode & 0o077 != 0 {
            return Err(Failure::refused(format!("Others can read the secret file {}", path.display()))
                .hint(format!("Make it private first: chmod 600 {}", path.display())));
        }
    }
    let mut text = String::new();
    file.take(KEY_FILE_BYTES_MAX).read_to_string(&mut text).map_err(failure)?;
    Ok(text)
}

/// The one word of a text that begins with `prefix`.
fn token<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    text.split_whitespace().find_map(|word| word.strip_prefix(prefix))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// First four bytes of the hash of what stands before it: finds slips of the pen in copied secrets.
fn check_digits(secret: &str) -> String {
    hex(&longear_core::hash::labelled("secret file", &[secret.as_bytes()])[..4])
}

/// Splits the check digits off and compares them.
fn checked<'t>(token: &'t str, path: &Path) -> Result<&'t str, Failure> {
    let (secret, digits) = token.rsplit_once('-').unwrap_or((token, ""));
    if digits == check_digits(secret) {
        return Ok(secret);
    }
    Err(Failure::refused(format!("The secret in {} was copied with a mistake", path.display()))
        .hint("Use the original file"))
}

fn not_a_key_file(path: &Path, what: &str) -> Failure {
    Failure::refused(format!("{} is not {what}", path.display())).hint("Look at the name once more")
}
