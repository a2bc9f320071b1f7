//! Fuzz targets: ordinary functions that take any bytes and panic where a promise is broken.
//!
//! `cargo xtask fuzz` links them with libFuzzer and lets it look for bytes that reach new code. The tests of this crate
//! run every input that is kept in `fuzz/corpus`. A target asserts more than "no panic": what is accepted is written
//! again as the same bytes, and what two ways compute comes to the same.

#![forbid(unsafe_code)]

mod archives;
mod arrival;
mod blobs;
mod broadcasts;
mod carrier;
mod disk;
mod files;
mod formats;
mod lists;
mod packs;
mod pages;
mod script;
mod serve;
mod support;
mod sync;
mod talks;

/// One thing to be fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Takes one input; panics where it finds a fault.
    pub run: fn(&[u8]),
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// Parsers of the core and of the pages.
pub const CORE: &[Target] = &[
    target("address", formats::address),
    target("archive", archives::archive),
    target("arrival", arrival::arrival),
    target("article", formats::article),
    target("charter", formats::charter),
    target("clean", pages::clean),
    target("closing", lists::closing),
    target("fork", formats::fork),
    target("groups", blobs::groups),
    target("head", formats::head),
    target("header", formats::header),
    target("intervals", lists::intervals),
    target("live", broadcasts::live),
    target("markdown", pages::markdown),
    target("pack", packs::pack),
    target("reconcile", talks::reconcile),
    target("retraction", formats::retraction),
    target("room", talks::room),
    target("statement", formats::statement),
    target("tree", lists::tree),
];

/// Parsers of the store, the network and the program.
pub const NODE: &[Target] = &[
    target("blobmap", disk::blobmap),
    target("carrier", carrier::carrier),
    target("conditions", serve::conditions),
    target("keyfile", files::keyfile),
    target("location", files::location),
    target("media", files::media),
    target("redirect", carrier::redirect),
    target("segment", disk::segment),
    target("store", arrival::store),
    target("sync", sync::sync),
    target("values", files::values),
];

/// The target that `LONGEAR_FUZZ_TARGET` names.
///
/// # Panics
/// If it names none of these.
pub fn chosen(targets: &[Target]) -> Target {
    let name = std::env::var("LONGEAR_FUZZ_TARGET").unwrap_or_default();
    let found = targets.iter().find(|target| target.name == name);
    *found.unwrap_or_else(|| panic!("LONGEAR_FUZZ_TARGET names no target of this program; `cargo xtask fuzz` sets it"))
}
