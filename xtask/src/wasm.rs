//! `cargo xtask wasm`: core and reader as WebAssembly, with the proof that they ask nothing of their host.

mod library;
mod module;
mod reader;
mod split;

use std::fs;
use std::path::Path;

use crate::setup;
use crate::step::{self, Failure, Outcome};
use crate::workspace::Workspace;

pub use library::Library;
use module::Module;
pub use reader::{Features, build as build_reader, folder as reader_folder, node as node_with_reader};

const TARGET: &str = "wasm32-unknown-unknown";
/// What stands in the name of every function of the core.
const CORE_NAME: &str = "longear_core";

/// Links the whole core into one module and checks that its import section is empty; then builds the reader for browsers.
///
/// A function that the core needs but does not have (a clock, random numbers, a file) would be an import, or would
/// already stop the linker.
pub fn run(workspace: &Workspace) -> Outcome {
    setup::ready(workspace, setup::FOR_WASM)?;
    core(workspace)?;
    reader::build(workspace, Features::App)
}

fn core(workspace: &Workspace) -> Outcome {
    let mut build = workspace.cargo(["rustc", "--quiet", "--package", "longear-core", "--lib", "--target", TARGET]);
    // Without --no-gc-sections the linker would drop everything: a library exports nothing to the host by itself.
    // Symbols that nobody defines must become imports here, so that they can be named below.
    build.args(["--crate-type", "cdylib", "--", "-Clink-dead-code", "-Clink-arg=--no-gc-sections"]);
    build.arg("-Clink-arg=--import-undefined");
    step::run_loud("core as WebAssembly", &mut build)?;
    let module = checked(&workspace.target.join(TARGET).join("debug/longear_core.wasm"), "the core")?;
    let own = module.function_names.iter().filter(|name| name.contains(CORE_NAME)).count();
    if own == 0 {
        return Err(Failure::step("the module holds no function of the core, so nothing is proven", ""));
    }
    eprintln!("          {} functions, {own} of them the core's own; no imports", module.functions);
    Ok(())
}

/// Reads a module, which must import nothing.
fn checked(path: &Path, what: &str) -> Outcome<Module> {
    let bytes = fs::read(path).map_err(|error| Failure::step(format!("reading {}: {error}", path.display()), ""))?;
    let module = Module::read(&bytes).ok_or_else(|| Failure::step(format!("{}: not a module", path.display()), ""))?;
    if module.imports.is_empty() {
        return Ok(module);
    }
    Err(Failure::step(
        format!("{what} imports {}", module.imports.join(", ")),
        "time, randomness, network and disk are arguments; look at the dependencies and their features",
    ))
}
