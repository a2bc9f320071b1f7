//! The reader for browsers, in two variants: small, and with vector instructions; and what is loaded when somebody reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Library, TARGET, checked, split};
use crate::setup::system::CHROMIUM_NAMES;
use crate::step::{self, Failure, Outcome};
use crate::workspace::{Workspace, find_program};

/// The folder among the build products to which the modules go.
const FOLDER_NAME: &str = "reader";

/// The modules that are loaded later; no vectors are for them.
const LATER: [&str; 3] = ["texts", "live", "rooms"];

/// One stream with its own mark of the end. Instructions are no multiples of anything, so their places tell nothing (`pb`), and of
/// the byte before one bit tells enough (`lc`).
const PACKED_AS: [&str; 2] = ["--format=lzma", "--lzma1=preset=9e,pb=0,lc=1"];

/// For the compiler: SHA-512, of which a signature takes little, as a loop and not as a row of eighty rounds.
const COMPACT: &str = "--cfg=sha2_backend=\"soft\" --cfg=sha2_backend_soft=\"compact\"";

/// One way to build the reader.
struct Variant {
    /// Name of the module.
    name: &'static str,
    profile: &'static str,
    /// Cargo features besides those of the tests: which calls it has.
    features: &'static str,
    /// For the compiler, of all crates.
    flags: &'static str,
    /// Size that the app can afford.
    packed_bytes_max: usize,
}

const VARIANTS: [Variant; 5] = [
    Variant { name: "reader", profile: "browser-small", features: "book", flags: "", packed_bytes_max: 74_100 },
    Variant { name: "texts", profile: "browser-small", features: "texts", flags: "", packed_bytes_max: 58_600 },
    Variant { name: "live", profile: "browser-small", features: "live", flags: "", packed_bytes_max: 29_500 },
    Variant { name: "rooms", profile: "browser-small", features: "rooms", flags: "", packed_bytes_max: 68_000 },
    Variant {
        name: "reader-simd",
        profile: "browser-fast",
        features: "book,simd",
        flags: "-Ctarget-feature=+simd128",
        packed_bytes_max: 76_100,
    },
];

/// What is built into the modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Features {
    /// What the app needs.
    App,
    /// The runners of the vectors besides; the modules go to a folder of their own.
    Vectors,
}

/// Builds the modules, and checks that they import nothing and that the app can afford them.
pub fn build(workspace: &Workspace, features: Features) -> Outcome {
    let folder = match features {
        Features::App => self::folder(workspace),
        Features::Vectors => self::folder(workspace).join("vectors"),
    };
    fs::create_dir_all(&folder).map_err(|error| failure(&folder, &error))?;
    let library = Library::here(workspace);
    if library == Library::AsShipped {
        eprintln!(
            "          with the standard library as it is shipped; `rustup component add rust-src` makes smaller modules"
        );
    }
    for variant in VARIANTS.iter().filter(|variant| features == Features::App || !LATER.contains(&variant.name)) {
        // The crate type stands here, not in the manifest: what is linked to others as well is not optimized as a whole.
        let mut cargo = workspace.cargo(["rustc", "--quiet", "--package", "longear-reader", "--lib"]);
        cargo.args([
            "--crate-type",
            "cdylib",
            "--target",
            TARGET,
            "--profile",
            variant.profile,
            "--no-default-features",
            "--features",
            variant.features,
        ]);
        if features == Features::Vectors {
            cargo.args(["--features", "vectors"]);
        }
        cargo.env("CARGO_TARGET_DIR", &workspace.target);
        library.into_command(&mut cargo, &[COMPACT, variant.flags]);
        step::run_loud(&format!("{} as WebAssembly", variant.name), &mut cargo)?;
        let built = workspace.target.join(TARGET).join(variant.profile).join("longear_reader.wasm");
        let module = checked(&built, variant.name)?;
        let to = folder.join(format!("{}.wasm", variant.name));
        fs::copy(&built, &to).map_err(|error| failure(&to, &error))?;
        if features == Features::App {
            let size = pack(workspace, &to, module.functions)?;
            judge(variant, size, library)?;
        }
    }
    Ok(())
}

/// Where the modules for the app stand.
pub fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join(FOLDER_NAME)
}

/// Node, with the folder of the built modules in `READER` and the browser in `CHROMIUM`.
pub fn node(workspace: &Workspace) -> Command {
    let mut node = workspace.command("node");
    node.env("READER", folder(workspace));
    if let Some(browser) = find_program(CHROMIUM_NAMES) {
        node.env("CHROMIUM", browser);
    }
    node
}

/// Writes the module as the app carries it: split by kinds of numbers, and packed so that servers which send files as they are
/// send a third less than others do with gzip. `web/src/shared/unpack.ts` and `join.ts` are the other side.
fn pack(workspace: &Workspace, module: &Path, functions: u64) -> Outcome<usize> {
    let bytes = fs::read(module).map_err(|error| failure(module, &error))?;
    let split = split::split(&bytes).ok_or_else(|| {
        let hint = "its number stands in the specification of WebAssembly; add it to split.rs and join.ts";
        Failure::step(format!("{}: an instruction that is not known", module.display()), hint)
    })?;
    let from = module.with_extension("split");
    fs::write(&from, &split).map_err(|error| failure(&from, &error))?;
    let output = workspace.command("xz").args(PACKED_AS).arg("-c").arg(&from).output();
    let packed = output.map_err(|error| Failure::step(format!("xz: {error}"), "install xz"))?.stdout;
    let to = module.with_extension("lzma");
    fs::write(&to, &packed).map_err(|error| failure(&to, &error))?;
    let (length, size) = (bytes.len(), packed.len());
    eprintln!("          {functions} functions; {length} bytes, {size} packed; no imports");
    Ok(size)
}

/// What the library as it is shipped adds is nobody's growth.
fn judge(variant: &Variant, size: usize, library: Library) -> Outcome {
    if size == 0 || (library == Library::Anew && size > variant.packed_bytes_max) {
        let what = format!("{} takes {size} bytes packed, of {} that it may", variant.name, variant.packed_bytes_max);
        return Err(Failure::step(what, "look at what was added with `twiggy top`, or raise the limit with a reason"));
    }
    Ok(())
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::step(format!("{}: {error}", path.display()), "")
}
