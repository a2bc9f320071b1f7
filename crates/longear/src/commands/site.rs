//! `longear site`: the reader app as files beside a tree, for any web server.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::json;

use super::Context;
use crate::app::{self, AppFile};
use crate::arguments::node::SiteArguments;
use crate::failure::Failure;

/// The folders of a tree. Made where they are missing, so that `sync` sees that a tree belongs here.
const TREE_FOLDERS: [&str; 2] = ["b", "c"];

/// Writes the app to `DIR/app`; it finds the tree beside it, in DIR.
///
/// # Errors
/// Refused where this program was built without the app, and where a file cannot be written.
pub fn site(context: &Context<'_>, arguments: &SiteArguments) -> Result<(), Failure> {
    if app::files().is_empty() {
        return Err(Failure::refused("This program was built without the reader app")
            .hint("Build the app first, then the program: cargo xtask web, then cargo build"));
    }
    let folder = arguments.folder.join(app::FOLDER);
    // The page comes last but for the list, which is true only then: whoever opens it meanwhile finds all that it asks for.
    let mut files: Vec<_> = app::files().iter().collect();
    files.sort_by_key(|file| (file.path == app::LIST, file.path == app::INDEX));
    for file in files {
        write_all(&folder, file).map_err(|error| cannot_write(&folder.join(file.path), &error))?;
    }
    for beside in TREE_FOLDERS {
        let beside = arguments.folder.join(beside);
        fs::create_dir_all(&beside).map_err(|error| cannot_write(&beside, &error))?;
    }
    if context.screen.json() {
        return context.screen.print_json(&json!({"version": 1, "folder": folder, "files": app::files().len()}));
    }
    context.screen.print(&format!("{}\n", folder.display()))?;
    context.screen.note("Put the tree into the same folder: longear sync DIR. Serve it with any web server, by HTTPS.");
    Ok(())
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::refused(format!("{} cannot be written: {error}", path.display()))
        .hint("Name a folder that you may write to and that has room")
}

/// The file and its packed copies, which servers may send instead of it.
fn write_all(folder: &Path, file: &AppFile) -> io::Result<()> {
    let path = folder.join(file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    for (ending, bytes) in [(".gz", file.gzip), (".br", file.brotli), ("", file.plain)] {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (written, named) =
            (path.with_file_name(format!("{name}{ending}.part")), path.with_file_name(format!("{name}{ending}")));
        fs::write(&written, bytes)?;
        fs::rename(&written, &named)?;
    }
    Ok(())
}
