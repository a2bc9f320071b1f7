//! Puts the reader app into the program, if it has been built.
//!
//! `cargo xtask web` builds it to `web/app` in the folder of build products; `LONGEAR_APP` names another folder. Without
//! either the program is built all the same, and says that it has no app.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Names the folder of the built app.
const VARIABLE: &str = "LONGEAR_APP";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let app = match env::var_os(VARIABLE) {
        Some(folder) => {
            println!("cargo::rerun-if-changed={}", Path::new(&folder).display());
            PathBuf::from(folder)
        }
        None => among_build_products(&out)?,
    };
    let mut list = String::from("static FILES: &[AppFile] = &[\n");
    if app.join("index.html").is_file() {
        for path in files(&app, Path::new(""))? {
            write_entry(&mut list, &app, &path);
        }
    }
    list.push_str("];\n");
    fs::write(out.join("app.rs"), list)
}

/// Where `cargo xtask web` puts it. Cargo looks again only at what exists, so its parent is made.
fn among_build_products(out: &Path) -> io::Result<PathBuf> {
    // <products>/<profile>/build/<package>/out
    let products = out.ancestors().nth(4).expect("cargo puts OUT_DIR deep among its products");
    let folder = products.join("web");
    fs::create_dir_all(&folder)?;
    println!("cargo::rerun-if-changed={}", folder.display());
    Ok(folder.join("app"))
}

/// Every file that is not a packed copy of another, by its path, in order.
fn files(app: &Path, below: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(app.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let ending = path.extension().and_then(|ending| ending.to_str());
        if entry.file_type()?.is_dir() {
            found.extend(files(app, &path)?);
        } else if !matches!(ending, Some("gz" | "br")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn write_entry(list: &mut String, app: &Path, path: &Path) {
    let name = path.to_string_lossy().replace('\\', "/");
    let include = |ending: &str| format!("include_bytes!({:?})", format!("{}{ending}", app.join(path).display()));
    let (plain, gzip, brotli) = (include(""), include(".gz"), include(".br"));
    writeln!(list, "    AppFile {{ path: {name:?}, plain: {plain}, gzip: {gzip}, brotli: {brotli} }},")
        .expect("a string takes everything");
}
