//! Proof that the fuzzer finds what it is there to find: faults are planted in a copy of the sources, and it has to see
//! each of them within the seconds that every change is given.

use std::fs;
use std::path::{Path, PathBuf};

use super::session::Session;
use super::{CORPUS, SECONDS, build, failure, targets};
use crate::step::{Failure, Outcome};
use crate::workspace::Workspace;

/// A fault, and the target that has to find it.
struct Fault {
    target: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
}

const FAULTS: &[Fault] = &[
    Fault {
        // A second encoding of one object: another hash of the same charter, statement or header.
        target: "statement",
        file: "crates/longear-core/src/bytes.rs",
        right: "if self.rest.is_empty() { Ok(()) } else { Err(Reason::TrailingBytes) }",
        wrong: "if self.rest.len() < 3 { Ok(()) } else { Err(Reason::TrailingBytes) }",
    },
    Fault {
        // A length that is believed: a panic at one byte more than there is.
        target: "header",
        file: "crates/longear-core/src/bytes.rs",
        right: "        let block = self.take(length)?;",
        wrong: "        let block = &self.rest[..length];\n        self.rest = &self.rest[length..];",
    },
    Fault {
        // A head that depends on the order in which two heads were merged.
        target: "head",
        file: "crates/longear-core/src/head.rs",
        right: "if theirs > (self.charter, core::cmp::Reverse(self.charter_hash)) {",
        wrong: "if theirs != (self.charter, core::cmp::Reverse(self.charter_hash)) {",
    },
];

/// Plants the faults, fuzzes, and fails unless every one of them was found.
pub fn run(workspace: &Workspace) -> Outcome {
    let copy = workspace.target.join("fuzz/planted");
    // Inputs of an earlier run would make it too easy.
    let _ = fs::remove_dir_all(copy.join("corpus"));
    for folder in ["crates", "fuzz/src", "fuzz/tests", "benches", "mutants", "xtask"] {
        copy_folder(&workspace.root.join(folder), &copy.join(folder))?;
    }
    for file in ["Cargo.toml", "Cargo.lock", "fuzz/Cargo.toml"] {
        copy_file(&workspace.root.join(file), &copy.join(file))?;
    }
    for fault in FAULTS {
        plant(&copy.join(fault.file), fault)?;
    }
    let programs = build::run(workspace, &copy)?;
    let all = targets(workspace)?;
    let mut unseen = Vec::new();
    for fault in FAULTS {
        let target = all.iter().find(|target| target.name == fault.target);
        let target = target.ok_or_else(|| Failure::step(format!("no target {} in {CORPUS}", fault.target), ""))?;
        let grown = copy.join("corpus").join(fault.target);
        let session = Session::run(workspace, &programs, target, SECONDS, &grown);
        println!("{:<12} {}", fault.target, if session.has_found() { "found" } else { "NOT FOUND" });
        if !session.has_found() {
            unseen.push(fault.target);
        }
    }
    if unseen.is_empty() {
        println!("{} planted faults, all found", FAULTS.len());
        return Ok(());
    }
    Err(Failure::step(
        format!("planted faults that were not found: {}", unseen.join(", ")),
        "the fuzzer has gone blind",
    ))
}

fn plant(file: &Path, fault: &Fault) -> Outcome {
    let text = fs::read_to_string(file).map_err(|error| failure("reading", file, &error))?;
    if text.matches(fault.right).count() != 1 {
        let hint = "its code changed: plant the fault anew";
        return Err(Failure::step(format!("the fault for {} has no place", fault.target), hint));
    }
    fs::write(file, text.replace(fault.right, fault.wrong)).map_err(|error| failure("writing", file, &error))
}

fn copy_folder(from: &Path, to: &Path) -> Outcome {
    let entries = fs::read_dir(from).map_err(|error| failure("reading", from, &error))?;
    for entry in entries.filter_map(Result::ok) {
        let (source, copy): (PathBuf, PathBuf) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() { copy_folder(&source, &copy)? } else { copy_file(&source, &copy)? }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Outcome {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(|error| failure("making", folder, &error))?;
    fs::copy(from, to).map(drop).map_err(|error| failure("writing", to, &error))
}
