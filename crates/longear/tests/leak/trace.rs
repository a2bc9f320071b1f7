//! What the system was asked for, as `strace` writes it down.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A connection, a look-up or a listener that a command asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// A connection, or a packet, to an address and port.
    Reach(String),
    /// An address and port to listen at.
    Listen(String),
    /// A socket of a family that reaches out of the process and was not seen in use.
    Socket(String),
    /// A file that was made or opened for writing.
    Written(PathBuf),
}

/// Reads a trace of `-e trace=network,openat,open,creat,mkdir,mkdirat`.
pub fn read(trace: &str) -> BTreeSet<Asked> {
    trace.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Asked> {
    // `-f` puts the number of the process before the call.
    let call = line.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ' ');
    let (name, arguments) = call.split_once('(')?;
    match name {
        "connect" | "sendto" | "sendmsg" | "sendmmsg" => address(arguments).map(Asked::Reach),
        "bind" => address(arguments).map(Asked::Listen),
        // Families that stay inside: a pair for signals.
        "socket" if arguments.starts_with("AF_UNIX") => None,
        "socket" if arguments.starts_with("AF_INET") => None,
        "socket" => Some(Asked::Socket(arguments.split(',').next()?.to_owned())),
        "openat" | "open" | "creat" | "mkdir" | "mkdirat" => written(name, arguments),
        _ => None,
    }
}

/// The address in the arguments of a call: `192.0.2.1:53`, or the path of a local socket such as that of a name service.
fn address(arguments: &str) -> Option<String> {
    let between = |from: &str, to: char| {
        let rest = &arguments[arguments.find(from)? + from.len()..];
        rest.split(to).next().map(str::to_owned)
    };
    if arguments.contains("sa_family=AF_INET") {
        let port = between("port=htons(", ')')?;
        let host = between("inet_addr(\"", '"').or_else(|| between("inet_pton(AF_INET6, \"", '"'))?;
        return Some(format!("{host}:{port}"));
    }
    let family = between("sa_family=", ',').or_else(|| between("sa_family=", '}'))?;
    Some(format!("{family} {}", between("sun_path=", '}').unwrap_or_default()))
}

fn written(name: &str, arguments: &str) -> Option<Asked> {
    let writes = name == "creat"
        || name.starts_with("mkdir")
        || ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| arguments.contains(flag));
    let failed = arguments.contains(") = -1 ");
    let quoted = arguments.split('"').nth(1)?;
    (writes && !failed).then(|| Asked::Written(PathBuf::from(quoted)))
}

/// What was asked for beyond what a command was told to reach, to listen at, and to write to.
pub fn unsolicited(asked: &BTreeSet<Asked>, told: &[String], folders: &[&Path]) -> Vec<Asked> {
    let is_told = |asked: &&Asked| match asked {
        Asked::Reach(address) => told.contains(address),
        Asked::Listen(address) => told.contains(&format!("listen {address}")),
        Asked::Socket(_) => false,
        // Relative paths are opened from folders that were opened before; devices keep nothing.
        Asked::Written(path) => {
            path.is_relative()
                || path.starts_with("/dev")
                || path.starts_with("/proc")
                || folders.iter().any(|folder| path.starts_with(folder))
        }
    };
    asked.iter().filter(|asked| !is_told(asked)).cloned().collect()
}

#[test]
fn traces_are_read() {
    let trace = r#"12 socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_UDP) = 5
12 connect(5, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.7")}, 16) = 0
13 sendto(6, "x", 1, 0, {sa_family=AF_INET, sin_port=htons(5353), sin_addr=inet_addr("224.0.0.251")}, 16) = 1
13 connect(7, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT
13 connect(8, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0
13 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 9
13 socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 0, [3, 4]) = 0
14 bind(9, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
14 openat(AT_FDCWD, "/tmp/x", O_WRONLY|O_CREAT|O_EXCL, 0600) = 4
14 openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 4
14 openat(AT_FDCWD, "/tmp/y", O_WRONLY|O_CREAT, 0600) = -1 EACCES (Permission denied)"#;
    let reach = |address: &str| Asked::Reach(address.into());
    let expected = [
        reach("192.0.2.7:53"),
        reach("224.0.0.251:5353"),
        reach("AF_UNIX \"/var/run/nscd/socket\""),
        reach("::1:80"),
        Asked::Socket("AF_NETLINK".into()),
        Asked::Listen("127.0.0.1:0".into()),
        Asked::Written("/tmp/x".into()),
    ];
    assert_eq!(read(trace), expected.into_iter().collect());
}
