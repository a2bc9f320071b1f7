//! Brings to this machine what the tests, the demo and the checks need, and is silent when everything is there.

pub mod project;
pub mod system;

use crate::step::Outcome;
use crate::workspace::Workspace;

/// One thing that a task cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Makes and inspects the videos of tests and demo.
    Ffmpeg,
    /// The static web server that stands for any dumb mirror.
    Nginx,
    /// Makes networks that a test may cut, and leaves the machine's own alone.
    Namespaces,
    /// The browser in which the pages are tried.
    Chromium,
    /// Letters of all languages of the pages, for the screenshots.
    Fonts,
    /// Runs the browser test.
    Node,
    /// Drives the browser, and translates TypeScript; installed into `tests/browser`.
    BrowserDriver,
    /// Builds the reader app; installed into `web`.
    WebPackages,
    /// Runs the independent verifier.
    Python,
    /// The verifier's hash and signature packages; installed beside the build products.
    VerifierPackages,
    /// Rust's standard library for WebAssembly.
    WasmTarget,
    /// The sources of Rust's standard library, which make smaller modules; where they do not come it is taken as shipped.
    LibrarySources,
    /// Writes down what a process asks the system for, kills it there, or lets the system refuse.
    Strace,
    /// The checker of licences and sources; installed beside the build products.
    CargoDeny,
    /// Packs the modules of the reader app.
    Xz,
    /// Builds libFuzzer.
    CppCompiler,
}

/// What the Rust tests start as real processes.
pub const FOR_RUST_TESTS: &[Need] = &[Need::Ffmpeg, Need::Nginx, Need::Strace];
/// What the search for leaks needs.
pub const FOR_LEAK: &[Need] = &[Need::Strace, Need::Ffmpeg];
/// What the independent verifier needs.
pub const FOR_VERIFIER: &[Need] = &[Need::Python, Need::VerifierPackages];
/// What the browser test needs.
pub const FOR_BROWSER_TESTS: &[Need] =
    &[Need::Ffmpeg, Need::Nginx, Need::Namespaces, Need::Chromium, Need::Fonts, Need::Node, Need::BrowserDriver];
/// What the tests of the reader as WebAssembly need.
pub const FOR_READER_TESTS: &[Need] =
    &[Need::WasmTarget, Need::LibrarySources, Need::Xz, Need::Chromium, Need::Node, Need::BrowserDriver];
/// What the reader app is built with.
pub const FOR_WEB: &[Need] = &[Need::WasmTarget, Need::LibrarySources, Need::Xz, Need::Node, Need::WebPackages];
/// What the demo needs: it shows the pages in the browser of whoever looks.
pub const FOR_DEMO: &[Need] = &[Need::Ffmpeg];
/// What the crash harness needs.
pub const FOR_CRASH: &[Need] = &[Need::Strace];
/// What the check for WebAssembly needs.
pub const FOR_WASM: &[Need] = &[Need::WasmTarget, Need::LibrarySources, Need::Xz];
/// What the check of licences and sources needs.
pub const FOR_DENY: &[Need] = &[Need::Python, Need::CargoDeny];
/// What fuzzing needs.
pub const FOR_FUZZ: &[Need] = &[Need::CppCompiler];

/// Makes sure that tests and demo find everything they need.
pub fn everything(workspace: &Workspace) -> Outcome {
    let mut needs = Vec::new();
    for list in [FOR_RUST_TESTS, FOR_VERIFIER, FOR_BROWSER_TESTS, FOR_WEB, FOR_CRASH, FOR_DEMO, FOR_WASM] {
        needs.extend_from_slice(list);
    }
    ready(workspace, &needs)
}

/// Makes sure that everything in `needs` is there.
///
/// Programs of the machine come first and in one go, then what those programs install into the project.
/// Fails with the names of what is missing and how to get it, where it may not install that itself.
pub fn ready(workspace: &Workspace, needs: &[Need]) -> Outcome {
    system::ready(workspace, needs)?;
    project::ready(workspace, needs)
}
