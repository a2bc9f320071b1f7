//! From the inputs that fuzzing found to the few that are kept in the repository.

use std::fs;
use std::path::PathBuf;

use super::build::Programs;
use super::session::grown;
use super::{Target, failure};
use crate::step::{self, Outcome};
use crate::workspace::Workspace;

/// The most bytes kept for one target.
const KEPT_BYTES_MAX: u64 = 32 << 10;
/// The most files kept for one target.
const KEPT_FILES_MAX: usize = 64;
/// The largest input that is kept.
const INPUT_BYTES_MAX: u64 = 4 << 10;

/// Adds to the kept inputs of a target the smallest of those that reach more.
///
/// What is kept already stays: some of it stands there because it once broke something.
pub fn run(workspace: &Workspace, programs: &Programs, target: &Target) -> Outcome {
    let kept = target.kept(workspace);
    let merged = workspace.target.join("fuzz/merged").join(&target.name);
    let _ = fs::remove_dir_all(&merged);
    fs::create_dir_all(&merged).map_err(|error| failure("making", &merged, &error))?;
    let mut merge = target.command(workspace, programs);
    merge.args(["-merge=1", "-rss_limit_mb=0"]).arg(&merged).arg(&kept).arg(grown(workspace, target));
    step::run_quiet(&format!("choosing inputs of {}", target.name), &mut merge)?;
    let there = files(&kept)?;
    let (mut bytes, mut count) = (there.iter().map(|(length, _)| length).sum::<u64>(), there.len());
    for (length, path) in files(&merged)? {
        let copy = kept.join(path.file_name().unwrap_or_default());
        let fits = length <= INPUT_BYTES_MAX && bytes + length <= KEPT_BYTES_MAX && count < KEPT_FILES_MAX;
        let known = there.iter().any(|(other, at)| *other == length && fs::read(at).ok() == fs::read(&path).ok());
        if fits && !known {
            fs::copy(&path, &copy).map_err(|error| failure("writing", &copy, &error))?;
            (bytes, count) = (bytes + length, count + 1);
        }
    }
    Ok(())
}

/// Length and path of the files in a folder, smallest first.
fn files(folder: &std::path::Path) -> Outcome<Vec<(u64, PathBuf)>> {
    let entries = fs::read_dir(folder).map_err(|error| failure("reading", folder, &error))?;
    let files = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        Some((entry.metadata().ok().filter(|metadata| metadata.is_file())?.len(), entry.path()))
    });
    let mut files = files.collect::<Vec<_>>();
    files.sort();
    Ok(files)
}
