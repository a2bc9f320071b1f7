//! What scripts rely on: exit codes, streams, and a closed pipe.

use std::process::{Command, Output, Stdio};

fn longear(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_longear"));
    command.args(arguments).env_remove("LONGEAR_HOME");
    command
}

fn output(arguments: &[&str]) -> Output {
    longear(arguments).output().expect("longear runs")
}

#[test]
fn help_goes_to_stdout_and_wrong_usage_to_stderr() {
    let help = output(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("longear sync http://"));
    let wrong = output(&["sync"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(wrong.stdout.is_empty());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("CARRIER"));
}

#[test]
fn wrong_usage_is_an_object_with_json() {
    let wrong = output(&["--json", "stick", "write", "d", "--budget", "lots"]);
    assert_eq!(wrong.status.code(), Some(2));
    let error: serde_json::Value = serde_json::from_slice(&wrong.stderr).expect("one JSON object");
    assert_eq!(error["error"]["kind"], "usage");
    assert_eq!(error["error"]["exit"], 2);
    assert!(error["error"]["message"].as_str().is_some_and(|message| message.contains("`lots` is not a size")));
}

#[test]
fn completions_and_manual_know_every_command() {
    let script = String::from_utf8(output(&["completions", "bash"]).stdout).expect("text");
    assert!(script.contains("--pull-only") && script.contains("revoke"));
    let folder = tempfile::tempdir().expect("a folder");
    let pages = output(&["man", "--out", folder.path().to_str().expect("text")]);
    assert_eq!(pages.status.code(), Some(0));
    let page = std::fs::read_to_string(folder.path().join("longear-channel-revoke.1")).expect("a page");
    assert!(page.contains("last\\-good"), "{page}");
}

#[test]
fn a_reader_that_has_gone_is_success() {
    let mut child =
        longear(&["completions", "zsh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("longear runs");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let ended = longear(&["man"]).stdout(full).output().expect("longear runs");
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("exit 1: refused"));
}
