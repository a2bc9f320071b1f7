//! Where the project and its build products are, and how its tools are called.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::{Failure, Outcome};

/// Folders of programs that Debian keeps from the `PATH` of ordinary users; nginx lives there.
const SYSTEM_PROGRAM_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Knows the project's root folder and the folder of its build products.
pub struct Workspace {
    pub root: PathBuf,
    pub target: PathBuf,
}

impl Workspace {
    /// Finds the workspace that this very program was built from.
    pub fn here() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the package stands in a folder of the workspace")
            .to_path_buf();
        // cargo put this program into <target>/<profile>/, wherever the configuration moved <target> to.
        let target = std::env::current_exe()
            .ok()
            .and_then(|program| Some(program.parent()?.parent()?.to_path_buf()))
            .ok_or_else(|| {
            Failure::step("finding the folder of build products", "run it as `cargo xtask`, not as a copied file")
        })?;
        Ok(Self { root, target })
    }

    /// Prepares a call of the cargo that started this program.
    pub fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = self.command(cargo);
        command.args(arguments);
        command
    }

    /// Prepares the build of `longear` that tests and the demo run.
    ///
    /// With one test of its own, so that dependencies get the features that all tests ask for: without it cargo builds the
    /// larger half of them a second time.
    pub fn build_longear(&self) -> Command {
        self.cargo(["build", "--workspace", "--bin", "longear", "--test", "shell"])
    }

    /// Prepares a call of `program` in the project's root, with the folders of system programs in its `PATH`.
    pub fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root).env("PATH", search_path());
        // `cargo xtask` describes this package to its children. Build scripts that look at such variables would see
        // a change and build again after every plain `cargo build`.
        for (name, _) in std::env::vars_os() {
            if describes_this_package(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        command
    }

    /// The path of a program that cargo builds from this workspace.
    pub fn built_program(&self, name: &str, profile: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

/// Finds the first of `names` among the programs of this machine.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&search_path()).collect();
    names.iter().find_map(|name| {
        let file_name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        folders.iter().map(|folder| folder.join(&file_name)).find(|path| path.is_file())
    })
}

fn describes_this_package(variable: &str) -> bool {
    const PREFIXES: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    variable == "CARGO_PRIMARY_PACKAGE" || PREFIXES.iter().any(|prefix| variable.starts_with(prefix))
}

fn search_path() -> OsString {
    let given = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&given).chain(SYSTEM_PROGRAM_FOLDERS.iter().map(PathBuf::from));
    std::env::join_paths(folders).unwrap_or(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_learn_nothing_about_this_package_and_keep_the_rest() {
        for variable in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_PRIMARY_PACKAGE"] {
            assert!(describes_this_package(variable), "{variable}");
        }
        for variable in ["CARGO", "CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "PATH"] {
            assert!(!describes_this_package(variable), "{variable}");
        }
    }
}
