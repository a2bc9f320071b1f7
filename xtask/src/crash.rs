//! `cargo xtask crash`: power cuts, killed processes, full and failing disks, at every operation.

use crate::setup;
use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// Tells the tests in which form they are to run; that it is set at all means that nothing may be skipped.
const FORM: &str = "LONGEAR_CRASH";

/// Runs the stories of the store and the scenes of the real program, or with `--program` only these; the long form plays
/// every call, and measures how long a large store takes to open after a crash.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let (is_long, has_stories) = match arguments {
        [] => (false, true),
        [form] if form == "--long" => (true, true),
        [form] if form == "--program" => (false, false),
        [word, ..] => {
            return Err(Failure::usage(format!("crash takes only --long or --program, but was given {word}")));
        }
    };
    setup::ready(workspace, setup::FOR_CRASH)?;
    // As packages alone they would select other features, and all dependencies would be built a second time.
    let form = if is_long { "long" } else { "short" };
    // In the long form with all optimisations: more than ten thousand stores are opened.
    let profile = if is_long { "release" } else { "dev" };
    let items = ["test", "--quiet", "--workspace", "--test", "items", "--profile", profile, "--", "--nocapture"];
    if has_stories {
        let mut stories = workspace.cargo(items);
        stories.args(["crash::", "deletions::"]).env(FORM, form);
        step::run_loud("stories of the store", &mut stories)?;
    }
    let mut scenes = workspace.cargo(["test", "--quiet", "--workspace", "--test", "crash"]);
    scenes.args(["--", "--nocapture", "--ignored"]).env(FORM, form);
    step::run_loud("scenes of the real program", &mut scenes)?;
    if is_long {
        let mut reopen = workspace.cargo(items);
        reopen.args(["--ignored", "reopen"]).env(FORM, form);
        step::run_loud("opening a large store after a crash", &mut reopen)?;
    }
    Ok(())
}
