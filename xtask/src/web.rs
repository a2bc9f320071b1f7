//! `cargo xtask web`: the reader app, from TypeScript and WebAssembly to files that any web server can serve.

use std::path::{Path, PathBuf};

use crate::setup::{self, project::WEB_FOLDER};
use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// Bytes that a first visit may load, packed with gzip: four seconds on a line of 256 kbit/s.
const FIRST_VISIT_BYTES_MAX: u64 = 115_000;

/// Where the app stands among the build products; the build script of `longear` looks there.
pub fn app_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("web/app")
}

/// Checks types and catalogues, builds, and measures.
pub fn run(workspace: &Workspace) -> Outcome {
    setup::ready(workspace, setup::FOR_WEB)?;
    let folder = workspace.root.join(WEB_FOLDER);
    step::run_loud("types of the reader app", node(workspace, &folder).arg("node_modules/typescript/bin/tsc"))?;
    let mut build = node(workspace, &folder);
    build.arg("build.mjs").arg(app_folder(workspace)).arg(workspace.target.join("reader"));
    let mut size = None;
    let good = step::run_watched("reader app", &mut build, &mut |line| size = line.trim().parse().ok().or(size))?;
    match size {
        Some(size) if good => judge(size),
        _ => Err(Failure::step("the reader app was not built", "what is wrong stands above")),
    }
}

fn node(workspace: &Workspace, folder: &Path) -> std::process::Command {
    let mut command = workspace.command("node");
    command.current_dir(folder);
    command
}

fn judge(size: u64) -> Outcome {
    if size > FIRST_VISIT_BYTES_MAX {
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
    fn an_app_that_grew_too_large_is_refused() {
        assert!(judge(FIRST_VISIT_BYTES_MAX).is_ok());
        let refused = judge(FIRST_VISIT_BYTES_MAX + 1).expect_err("it is one byte too long").to_string();
        assert!(refused.contains("115001"), "{refused}");
    }
}
