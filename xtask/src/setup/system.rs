//! Programs that the machine's own package system installs.

use std::fs;
use std::path::Path;

use crate::setup::Need;
use crate::step::{self, Failure, Outcome};
use crate::workspace::{Workspace, find_program};

/// A thing that Debian packages bring, and how to see whether it is there.
struct SystemNeed {
    need: Need,
    /// The name that a person would look for.
    name: &'static str,
    present: fn() -> bool,
    debian_packages: &'static [&'static str],
}

const SYSTEM_NEEDS: &[SystemNeed] = &[
    SystemNeed {
        need: Need::Ffmpeg,
        name: "ffmpeg (with ffprobe)",
        present: || find_program(&["ffmpeg"]).is_some() && find_program(&["ffprobe"]).is_some(),
        debian_packages: &["ffmpeg"],
    },
    SystemNeed {
        need: Need::Nginx,
        name: "nginx",
        present: || find_program(&["nginx"]).is_some(),
        debian_packages: &["nginx-light"],
    },
    SystemNeed {
        need: Need::Namespaces,
        name: "ip (iproute2)",
        present: || find_program(&["ip"]).is_some(),
        debian_packages: &["iproute2"],
    },
    SystemNeed {
        need: Need::Strace,
        name: "strace",
        present: || find_program(&["strace"]).is_some(),
        debian_packages: &["strace"],
    },
    SystemNeed {
        need: Need::Chromium,
        name: "Chromium",
        present: || find_program(CHROMIUM_NAMES).is_some(),
        debian_packages: &["chromium"],
    },
    SystemNeed {
        need: Need::Fonts,
        name: "the Noto fonts",
        present: fonts_present,
        debian_packages: &["fonts-noto-core"],
    },
    SystemNeed {
        need: Need::Node,
        name: "Node.js 18 or newer, with npm",
        present: || find_program(&["node"]).is_some() && find_program(&["npm"]).is_some(),
        debian_packages: &["nodejs", "npm"],
    },
    SystemNeed {
        need: Need::Python,
        name: "Python 3.9 or newer, with its venv module",
        present: python_present,
        debian_packages: &["python3", "python3-venv"],
    },
    SystemNeed {
        need: Need::Xz,
        name: "xz",
        present: || find_program(&["xz"]).is_some(),
        debian_packages: &["xz-utils"],
    },
    SystemNeed {
        need: Need::CppCompiler,
        name: "a C++ compiler",
        present: || find_program(&["c++"]).is_some(),
        debian_packages: &["g++"],
    },
];

/// The names under which systems install the browser.
pub const CHROMIUM_NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Where Linux systems keep the Noto fonts.
const NOTO_FOLDERS: [&str; 4] = [
    "/usr/share/fonts/truetype/noto",
    "/usr/share/fonts/noto",
    "/usr/share/fonts/google-noto",
    "/usr/local/share/fonts/noto",
];

/// Exists only while systemd runs the machine.
const SYSTEMD_FOLDER: &str = "/run/systemd/system";

/// Installs the missing ones of `needs` with `apt-get`, or says what is missing and how to get it.
pub fn ready(workspace: &Workspace, needs: &[Need]) -> Outcome {
    let missing: Vec<&SystemNeed> =
        SYSTEM_NEEDS.iter().filter(|entry| needs.contains(&entry.need) && !(entry.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|entry| entry.debian_packages).copied().collect();
    if !is_debian() || !is_root() {
        return Err(how_to_get(&missing, &packages, is_debian()));
    }
    install(workspace, &packages)?;
    if missing.iter().any(|entry| entry.need == Need::Nginx) {
        stop_system_nginx(workspace)?;
    }
    match missing.iter().find(|entry| !(entry.present)()) {
        None => Ok(()),
        Some(entry) => Err(Failure::step(
            format!("{} is still missing after the installation", entry.name),
            format!("look at `apt-cache policy {}`", entry.debian_packages.join(" ")),
        )),
    }
}

fn how_to_get(missing: &[&SystemNeed], packages: &[&str], debian: bool) -> Failure {
    let names: Vec<&str> = missing.iter().map(|entry| entry.name).collect();
    let hint = if debian {
        format!("as root: apt-get install --no-install-recommends {}", packages.join(" "))
    } else {
        format!(
            "install them with this system's package manager (Debian's names: {}) and see that the PATH has them",
            packages.join(" ")
        )
    };
    Failure::step(format!("missing on this machine: {}", names.join(", ")), hint)
}

fn install(workspace: &Workspace, packages: &[&str]) -> Outcome {
    let apt_get = |arguments: &[&str]| {
        let mut command = workspace.command("apt-get");
        // Another apt-get may be at work; waiting for it beats failing.
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-o", "DPkg::Lock::Timeout=600"]).args(arguments);
        command
    };
    step::run_quiet("apt-get update", &mut apt_get(&["update"]))?;
    let mut install = apt_get(&["install", "-y", "--no-install-recommends"]);
    step::run_quiet(&format!("apt-get install {}", packages.join(" ")), install.args(packages))
}

/// Stops the web server that Debian starts on port 80 as soon as nginx is installed: the tests start their own.
fn stop_system_nginx(workspace: &Workspace) -> Outcome {
    if !Path::new(SYSTEMD_FOLDER).is_dir() {
        return Ok(());
    }
    let mut command = workspace.command("systemctl");
    step::run_quiet("systemctl disable --now nginx", command.args(["disable", "--now", "nginx"]))
}

fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    names_debian(&release) && find_program(&["apt-get"]).is_some()
}

fn names_debian(os_release: &str) -> bool {
    os_release.lines().filter_map(|line| line.split_once('=')).any(|(key, value)| {
        matches!(key, "ID" | "ID_LIKE") && value.trim_matches('"').split(' ').any(|name| name == "debian")
    })
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The kernel makes this folder belong to whoever looks at it.
    fs::metadata("/proc/self").is_ok_and(|folder| folder.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// Other systems bring letters of all our languages themselves.
fn fonts_present() -> bool {
    !cfg!(target_os = "linux") || NOTO_FOLDERS.iter().any(|folder| Path::new(folder).is_dir())
}

/// Debian splits the venv module off, and a Python without it looks complete until it is used.
fn python_present() -> bool {
    find_program(&["python3"]).is_some_and(|python| {
        std::process::Command::new(python)
            .args(["-c", "import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 9))"])
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_children_are_recognised() {
        assert!(names_debian("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(names_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!names_debian("ID=fedora\nHOME_PAGE=debian\n"));
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_to_get_it() {
        let missing: Vec<&SystemNeed> = SYSTEM_NEEDS.iter().filter(|entry| entry.need == Need::Nginx).collect();
        let on_debian = how_to_get(&missing, &["nginx-light"], true).to_string();
        assert!(on_debian.contains("missing on this machine: nginx"), "{on_debian}");
        assert!(on_debian.contains("apt-get install --no-install-recommends nginx-light"), "{on_debian}");
        let elsewhere = how_to_get(&missing, &["nginx-light"], false).to_string();
        assert!(elsewhere.contains("package manager"), "{elsewhere}");
    }
}
