//! `cargo xtask web`: the reader app, from TypeScript and WebAssembly to files that any web server can serve.

use std::path::{Path, PathBuf};

use crate::setup::{self, project::WEB_FOLDER};
use crate::step::{self, Failure, Outcome};
use crate::wasm::{self, Library};
use crate::workspace::Workspace;

/// Bytes that a first visit may load, packed: four seconds on a line of 256 kbit/s.
const FIRST_VISIT_BYTES_MAX: u64 = 115_000;

/// Where the app stands among the build products; the build script of `longear` looks there.
pub fn app_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("web/app")
}

/// Builds the app, signed by the key of a release if one is named, and fails if it has grown too large.
pub fn run(workspace: &Workspace, words: &[String]) -> Outcome {
    build_signed(workspace, release_key(words)?.as_deref()).and_then(|size| judge(size, Library::here(workspace)))
}

fn release_key(words: &[String]) -> Outcome<Option<PathBuf>> {
    match words {
        [] => Ok(None),
        [option, file] if option == "--release-key" => {
            // The build runs in another folder.
            let whole = std::path::absolute(file)
                .map_err(|error| Failure::step(format!("{file}: {error}"), "name the key's file"))?;
            Ok(Some(whole))
        }
        _ => Err(Failure::usage("web takes --release-key FILE and nothing else".to_owned())),
    }
}

/// Builds a development version of the app.
pub fn build(workspace: &Workspace) -> Outcome<u64> {
    build_signed(workspace, None)
}

/// Builds the core for browsers, checks types and catalogues, and builds the app around it.
///
/// Returns how many bytes a first visit loads, packed with gzip.
fn build_signed(workspace: &Workspace, key: Option<&Path>) -> Outcome<u64> {
    setup::ready(workspace, setup::FOR_WEB)?;
    wasm::build_reader(workspace, wasm::Features::App)?;
    let folder = workspace.root.join(WEB_FOLDER);
    step::run_loud("types of the reader app", node(workspace, &folder).arg("node_modules/typescript/bin/tsc"))?;
    let mut build = node(workspace, &folder);
    build.arg("build.mjs").arg(app_folder(workspace)).arg(wasm::reader_folder(workspace)).args(key);
    let mut size = None;
    let good = step::run_watched("reader app", &mut build, &mut |line| size = line.trim().parse().ok().or(size))?;
    size.filter(|_| good).ok_or_else(|| Failure::step("the reader app was not built", "what is wrong stands above"))
}

fn node(workspace: &Workspace, folder: &Path) -> std::process::Command {
    let mut command = workspace.command("node");
    command.current_dir(folder);
    command
}

fn judge(size: u64, library: Library) -> Outcome {
    if library == Library::Anew && size > FIRST_VISIT_BYTES_MAX {
        return Err(Failure::step(
            format!("a first visit loads {size} bytes, of {FIRST_VISIT_BYTES_MAX} that it may"),
            "make it smaller, or load a part when it is needed",
        ));
    }
    eprintln!("          a first visit loads {size} bytes, of {FIRST_VISIT_BYTES_MAX} that it may");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_key_is_a_file_and_nothing_else_is_taken() {
        let read = |words: &[&str]| release_key(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(read(&[]).expect("a development build").is_none());
        let key = read(&["--release-key", "key.pem"]).expect("a file").expect("it was named");
        assert!(key.is_absolute() && key.ends_with("key.pem"));
        for wrong in [&["--release-key"][..], &["key.pem"], &["--release-key", "a", "b"]] {
            assert!(matches!(read(wrong), Err(Failure::Usage(_))), "{wrong:?}");
        }
    }

    #[test]
    fn an_app_that_grew_too_large_is_refused() {
        assert!(judge(FIRST_VISIT_BYTES_MAX, Library::Anew).is_ok());
        let refused = judge(FIRST_VISIT_BYTES_MAX + 1, Library::Anew).expect_err("it is one byte too long").to_string();
        assert!(refused.contains(&(FIRST_VISIT_BYTES_MAX + 1).to_string()), "{refused}");
        assert!(judge(FIRST_VISIT_BYTES_MAX + 1, Library::AsShipped).is_ok(), "the library makes the difference");
    }
}
