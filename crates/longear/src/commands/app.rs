//! `longear app verify`: whether a copy of the reader app is what its makers signed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use longear_core::PublicKey;
use longear_core::id::from_hex;
use longear_net::carrier::{Carrier, CarrierOptions, HttpCarrier};
use serde_json::json;

use super::Context;
use super::carriers::carrier_failure;
use crate::app::list::{FILE_BYTES_MAX, LIST_BYTES_MAX, List, Listed, Stamp};
use crate::app::{self, AppFile};
use crate::arguments::app::{AppCommand, AppVerifyArguments};
use crate::failure::Failure;
use crate::terminal::{grouped, printable};

/// Entries of a folder that are looked at for files that no list names.
const ENTRIES_MAX: usize = 10_000;
/// The scripts that say which release they are of, as `web/release.mjs` stamps them.
const STAMPED: [&str; 4] = ["later.js", "service.js", "watch.js", "worker.js"];

/// Carries out what was asked of a copy of the app.
pub fn run(context: &Context<'_>, command: &AppCommand) -> Result<(), Failure> {
    let AppCommand::Verify(arguments) = command;
    verify(context, arguments)
}

fn verify(context: &Context<'_>, arguments: &AppVerifyArguments) -> Result<(), Failure> {
    let expected = match &arguments.key {
        Some(text) => Some(named_key(text)?),
        None => own_stamp().map(|stamp| stamp.key),
    };
    let (place, list) = Place::find(arguments)?;
    let list = List::read(&list).ok_or_else(|| {
        Failure::verification(format!("{} is no list of an app's files", app::LIST))
            .hint("Do not use this copy of the app")
    })?;
    let report = Report::of(&place, &list, expected)?;
    report.tell(context, &place, &list)?;
    report.judge(expected.is_some())
}

fn named_key(text: &str) -> Result<PublicKey, Failure> {
    let key = from_hex(text).ok().map(PublicKey).filter(|key| key.check().is_ok());
    key.ok_or_else(|| Failure::usage("--key takes a public key: 64 digits from 0 to 9 and a to f"))
}

/// What the app in this program says of itself.
fn own_stamp() -> Option<Stamp> {
    app::files().iter().filter(|file| STAMPED.contains(&file.path)).find_map(|file| Stamp::find(file.plain))
}

/// Where a copy of the app stands.
enum Place {
    Folder(PathBuf),
    Web { carrier: HttpCarrier, below: &'static str, runtime: tokio::runtime::Runtime },
}

impl Place {
    /// Finds the list at the place that was named, or in its folder `app`.
    fn find(arguments: &AppVerifyArguments) -> Result<(Self, Vec<u8>), Failure> {
        let named = &arguments.place;
        let mut places =
            if named.contains("://") { Self::on_the_web(arguments)? } else { Self::folders(Path::new(named)) };
        for place in places.drain(..) {
            if let Some(list) = place.read(app::LIST, LIST_BYTES_MAX)? {
                return Ok((place, list));
            }
        }
        let name = printable(named);
        Err(Failure::refused(format!("{name} holds no app: there is no {} in it", app::LIST))
            .hint("Name the folder or the address at which the app opens"))
    }

    fn folders(named: &Path) -> Vec<Self> {
        vec![Self::Folder(named.to_owned()), Self::Folder(named.join(app::FOLDER))]
    }

    fn on_the_web(arguments: &AppVerifyArguments) -> Result<Vec<Self>, Failure> {
        let mut options = CarrierOptions::default();
        options.proxy.clone_from(&arguments.proxy);
        let failure = |error| carrier_failure(&arguments.place, &error);
        let at = |below| match Carrier::open(&arguments.place, &options).map_err(failure)? {
            Carrier::Http(carrier) => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|error| Failure::refused(format!("Cannot start: {error}")))?;
                Ok(Self::Web { carrier, below, runtime })
            }
            _ => Err(Failure::usage("Name a folder without file://, or an address with http:// or https://")),
        };
        Ok(vec![at("")?, at("app/")?])
    }

    /// A file below the app's folder; nothing where there is none.
    fn read(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Folder(folder) => {
                let file = folder.join(path);
                read_file(&file, bytes_max).map_err(|error| {
                    Failure::refused(format!("{} cannot be read: {error}", printable(&file.to_string_lossy())))
                })
            }
            Self::Web { carrier, below, runtime } => runtime
                .block_on(carrier.fetch_beside(&format!("{below}{path}"), bytes_max))
                .map_err(|error| carrier_failure(&carrier.label(), &error)),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Web { carrier, below, .. } => format!("{}/{below}", carrier.label()),
        }
    }
}

/// One byte more than may be, of a longer one: it fits no list then.
fn read_file(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(what) if what.is_file() => {}
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(error);
        }
        _ => return Ok(None),
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// What was found.
struct Report {
    key: Option<PublicKey>,
    is_expected_key: bool,
    is_development: Option<bool>,
    missing: Vec<String>,
    changed: Vec<String>,
    unlisted: Vec<String>,
}

impl Report {
    fn of(place: &Place, list: &List, expected: Option<PublicKey>) -> Result<Self, Failure> {
        let (mut missing, mut changed, mut stamp) = (Vec::new(), Vec::new(), None);
        for listed in &list.files {
            match place.read(&listed.path, FILE_BYTES_MAX)? {
                None => missing.push(listed.path.clone()),
                Some(bytes)
                    if bytes.len() as u64 != listed.length || longear_core::hash::plain(&bytes) != listed.hash =>
                {
                    changed.push(listed.path.clone());
                }
                // Only what stands in the list speaks of the release.
                Some(bytes) if STAMPED.contains(&listed.path.as_str()) => stamp = stamp.or_else(|| Stamp::find(&bytes)),
                Some(_) => {}
            }
        }
        let claimed = stamp.map(|stamp| stamp.key);
        let key = expected.into_iter().chain(claimed).find(|key| list.is_signed_by(key));
        let unlisted = match place {
            Place::Folder(folder) => unlisted(folder, list).map_err(|error| {
                Failure::refused(format!("{} cannot be read: {error}", printable(&folder.to_string_lossy())))
            })?,
            // A website gives no list of what it has.
            Place::Web { .. } => Vec::new(),
        };
        Ok(Self {
            key,
            is_expected_key: key.is_some() && key == expected,
            is_development: stamp.filter(|stamp| Some(stamp.key) == key).map(|stamp| stamp.is_development),
            missing,
            changed,
            unlisted,
        })
    }

    fn kind(&self) -> &'static str {
        match self.is_development {
            Some(true) => "development",
            Some(false) => "release",
            None => "unknown",
        }
    }

    fn tell(&self, context: &Context<'_>, place: &Place, list: &List) -> Result<(), Failure> {
        let files = list.files.len() as u64;
        if context.screen.json() {
            return context.screen.print_json(&json!({
                "version": 1, "place": place.name(), "app_version": list.version, "files": files, "kind": self.kind(),
                "key": self.key.map(|key| key.to_string()), "is_expected_key": self.is_expected_key,
                "missing": self.missing, "changed": self.changed, "unlisted": self.unlisted,
            }));
        }
        for (what, paths) in
            [("missing", &self.missing), ("changed", &self.changed), ("not in the list", &self.unlisted)]
        {
            for path in paths {
                context.screen.print(&format!("{}: {what}\n", printable(path)))?;
            }
        }
        context.screen.print(&format!(
            "App version {}, {} files, {} build.\n",
            list.version,
            grouped(files),
            self.kind()
        ))?;
        let signed = match (self.key, self.is_expected_key) {
            (Some(key), true) => format!("Signed by {key}, the expected key.\n"),
            (Some(key), false) => format!("Signed by {key}, which its own scripts name: not the expected key.\n"),
            (None, _) => "Signed by no key that is known here.\n".to_owned(),
        };
        context.screen.print(&signed)
    }

    fn judge(&self, has_expectation: bool) -> Result<(), Failure> {
        let wrong = self.missing.len() + self.changed.len() + self.unlisted.len();
        let unfit = |message: String| Err(Failure::verification(message));
        match (self.is_expected_key, wrong) {
            (true, 0) => Ok(()),
            (true, _) => unfit(format!("{wrong} files are not as they were signed"))
                .map_err(|failure| failure.hint("Write the app anew with longear site DIR, or use another mirror")),
            (false, _) if !has_expectation => {
                unfit("No key is known to compare with: this program was built without the app".into())
                    .map_err(|failure| failure.hint("Name the makers' key: --key KEY"))
            }
            (false, _) => unfit("The list is not signed by the expected key".into()).map_err(|failure| {
                failure.hint("Do not use this copy, unless you know whose key it is and name it: --key KEY")
            }),
        }
    }
}

/// Files in a folder that are neither in the list nor copies of listed ones, packed as this program packs them.
fn unlisted(folder: &Path, list: &List) -> io::Result<Vec<String>> {
    let known: BTreeSet<&str> = list.files.iter().map(|listed| listed.path.as_str()).chain([app::LIST]).collect();
    let (mut found, mut waiting, mut entries) = (Vec::new(), vec![String::new()], 0);
    while let Some(below) = waiting.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let path = format!("{below}{}", entry.file_name().to_string_lossy());
            entries += 1;
            if entries > ENTRIES_MAX {
                return Err(io::Error::other(format!("more than {ENTRIES_MAX} files")));
            }
            if entry.file_type()?.is_dir() {
                waiting.push(format!("{path}/"));
            } else if !known.contains(path.as_str()) && !is_packed_copy(&entry.path(), &path, list)? {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What a server sends in place of a file must be that file; only copies that this program has too can be compared.
fn is_packed_copy(file: &Path, path: &str, list: &List) -> io::Result<bool> {
    let is_listed = |file: &AppFile| {
        let is_it = |listed: &Listed| listed.path == file.path && listed.hash == longear_core::hash::plain(file.plain);
        list.files.iter().any(is_it) || file.path == app::LIST && List::read(file.plain).as_ref() == Some(list)
    };
    let copy_of = |ending: &str| {
        path.strip_suffix(ending)
            .and_then(|plain| app::files().iter().find(|file| file.path == plain && is_listed(file)))
    };
    let packed = copy_of(".gz").map(|file| file.gzip).or_else(|| copy_of(".br").map(|file| file.brotli));
    let Some(packed) = packed else { return Ok(false) };
    Ok(read_file(file, packed.len() as u64)?.is_some_and(|bytes| bytes == packed))
}
