//! Rust's standard library in the modules for browsers, and how all of a module is made small.

use std::path::Path;
use std::process::Command;

use crate::workspace::Workspace;

/// What cargo is told to build the library anew: with its own small forms of sorting and printing, and by the profile of the
/// module. It needs the library's sources, which `rustup component add rust-src` brings.
const BUILD_ANEW: [&str; 2] = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

/// These options have no place yet in a compiler that calls itself stable. They are that compiler's own, of the same version as
/// all the rest, and make nothing but the modules for browsers.
const ALLOWED_BY: &str = "RUSTC_BOOTSTRAP";

/// For the compiler. A compiler that does not know all of them builds with the library as it is shipped.
const SMALL: [&str; 7] = [
    // A panic stops and prints nothing. A module that imports nothing has nowhere to print anyway, and the text would only
    // name the folders of whoever built the app.
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    // Functions go into their callers only where that makes the whole smaller, or where their crate says so.
    "-Cllvm-args=-inline-threshold=0",
    // What is copied is copied by the one instruction for it, not by a row of loads and stores for each of the many IDs.
    "-Cllvm-args=-max-store-memcpy=1",
    "-Cllvm-args=-max-store-memmove=1",
    "-Cllvm-args=-max-store-memset=1",
    // The linker writes numbers as short as they are, not with room for any. A module that keeps its names cannot have it.
    "-Clink-arg=--compress-relocations",
];

/// Which standard library goes into the modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// Built from its sources for size.
    Anew,
    /// As it comes with the compiler.
    AsShipped,
}

impl Library {
    /// Anew, where the sources are and the compiler knows the options.
    pub fn here(workspace: &Workspace) -> Self {
        let mut rustc = workspace.command("rustc");
        let output = rustc.env(ALLOWED_BY, "1").args(SMALL).args(["--print", "sysroot"]).output().ok();
        let output = output.filter(|output| output.status.success());
        let sysroot = output.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
        let sources = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock");
        if sources.is_file() { Library::Anew } else { Library::AsShipped }
    }

    /// Tells cargo, with the flags of the module.
    pub fn into_command(self, cargo: &mut Command, flags: &[&str]) {
        let mut flags = flags.to_vec();
        if self == Library::Anew {
            cargo.args(BUILD_ANEW).env(ALLOWED_BY, "1");
            flags.extend(SMALL);
        }
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags.join(" ").trim_start());
    }
}
