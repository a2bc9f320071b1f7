//! `longear app verify` on real folders and a real web server: what is as it was signed, what is not, and by whom.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use longear_core::{PublicKey, SecretKey};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An app of four files, signed by a key of the test's.
struct Copy {
    folder: TempDir,
}

impl Copy {
    fn new() -> Self {
        let copy = Copy { folder: TempDir::new().unwrap() };
        copy.write("index.html", b"<script src=later.js></script>");
        copy.write("later.js", format!("var a=\"longear-release release 3 {} - 10000\"", maker().public()).as_bytes());
        copy.write("words/en.json", b"{}");
        copy.write("empty.css", b"");
        copy.sign(&maker());
        copy
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("app").join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Writes the list, as docs/spec/app.md has it.
    fn sign(&self, key: &SecretKey) {
        let hash = |bytes: &[u8]| hex(&longear_core::hash::plain(bytes));
        let mut body = "longear app files 1\nversion 3\n".to_owned();
        for name in ["empty.css", "index.html", "later.js", "words/en.json"] {
            let bytes = fs::read(self.path(name)).unwrap();
            body += &format!("{name} {} {}\n", bytes.len(), hash(&bytes));
        }
        let message = [&b"longear 1 app-files\0"[..], &longear_core::hash::plain(body.as_bytes())].concat();
        self.write("files.txt", format!("{body}signature {}\n", hex(&key.sign(&message))).as_bytes());
    }

    fn verify(&self, more: &[&str]) -> Verdict {
        Verdict::of(&[&[self.folder.path().to_str().unwrap()], more].concat())
    }
}

/// What the command said, and how it ended.
struct Verdict {
    exit: i32,
    found: Value,
    failure: Value,
}

impl Verdict {
    fn of(arguments: &[&str]) -> Self {
        let output = run(&[&["--json", "app", "verify"], arguments].concat());
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        Verdict { exit: output.status.code().unwrap(), found: json(&output.stdout), failure: json(&output.stderr) }
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_longear")).args(arguments).env_remove("LONGEAR_HOME").output().unwrap()
}

fn maker() -> SecretKey {
    SecretKey::from_seed([7; 32])
}

fn key(of: &SecretKey) -> String {
    let PublicKey(bytes) = of.public();
    hex(&bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_copy_that_is_as_it_was_signed_is_good() {
    let copy = Copy::new();
    let good = copy.verify(&["--key", &key(&maker())]);
    assert_eq!(good.exit, 0, "{}", good.failure);
    assert_eq!(
        good.found,
        json!({
            "version": 1, "place": copy.path("").to_str().unwrap().trim_end_matches('/'), "app_version": 3, "files": 4,
            "kind": "release", "key": key(&maker()), "is_expected_key": true, "missing": [], "changed": [], "unlisted": [],
        })
    );
    let app = copy.path("");
    let words = run(&["app", "verify", app.to_str().unwrap(), "--key", &key(&maker())]);
    let said = String::from_utf8(words.stdout).unwrap();
    assert!(said.contains("App version 3, 4 files, release build.") && said.contains("the expected key"), "{said}");
}

#[test]
fn every_file_that_is_missing_changed_or_not_in_the_list_is_named() {
    let copy = Copy::new();
    copy.write("index.html", b"<script src=later.js></script >");
    fs::remove_file(copy.path("words/en.json")).unwrap();
    copy.write("words/xx.json", b"{}");
    copy.write("spy.js", b"");
    copy.write("later.js.gz", b"what a server would send instead");
    let bad = copy.verify(&["--key", &key(&maker())]);
    assert_eq!((bad.exit, &bad.failure["error"]["kind"]), (3, &json!("verification")));
    assert_eq!(bad.found["changed"], json!(["index.html"]));
    assert_eq!(bad.found["missing"], json!(["words/en.json"]));
    assert_eq!(bad.found["unlisted"], json!(["later.js.gz", "spy.js", "words/xx.json"]));
    let folder = copy.folder.path().to_str().unwrap();
    let said = String::from_utf8(run(&["app", "verify", folder, "--key", &key(&maker())]).stdout).unwrap();
    assert!(said.contains("index.html: changed\n") && said.contains("spy.js: not in the list\n"), "{said}");
}

#[test]
fn a_copy_signed_by_another_key_is_not_the_makers() {
    let copy = Copy::new();
    let thief = SecretKey::from_seed([8; 32]);
    // It is in order by its own word: the scripts name the key that signed the list.
    let script = fs::read_to_string(copy.path("later.js")).unwrap();
    copy.write("later.js", script.replace(&key(&maker()), &key(&thief)).as_bytes());
    copy.sign(&thief);
    let other = copy.verify(&["--key", &key(&maker())]);
    assert_eq!(other.exit, 3);
    assert_eq!((&other.found["key"], &other.found["is_expected_key"]), (&json!(key(&thief)), &json!(false)));
    let unsigned = copy.verify(&["--key", &key(&SecretKey::from_seed([9; 32]))]);
    assert_eq!(unsigned.exit, 3);
    // Signed by nobody whom anybody names.
    copy.sign(&SecretKey::from_seed([9; 32]));
    let nobody = copy.verify(&["--key", &key(&maker())]);
    assert_eq!((nobody.exit, &nobody.found["key"], &nobody.found["kind"]), (3, &Value::Null, &json!("unknown")));
    // Without an expectation of its own the key in this program is asked for, which is neither.
    assert_eq!(copy.verify(&[]).exit, 3);
}

#[test]
fn what_holds_no_app_and_what_is_no_key_is_refused() {
    let empty = TempDir::new().unwrap();
    let none = Verdict::of(&[empty.path().to_str().unwrap()]);
    assert_eq!(none.exit, 1);
    assert!(none.failure["error"]["message"].as_str().unwrap().contains("holds no app"), "{}", none.failure);
    assert_eq!(Verdict::of(&["x", "--key", "xx"]).exit, 2);
    let copy = Copy::new();
    copy.write("files.txt", b"longear app files 1\nversion 3\n");
    assert_eq!(copy.verify(&["--key", &key(&maker())]).exit, 3);
    let long = vec![b'a'; 70_000];
    copy.write("files.txt", &long);
    assert_eq!(copy.verify(&["--key", &key(&maker())]).exit, 3);
}

#[test]
fn a_website_is_compared_in_the_same_way() {
    let copy = Copy::new();
    let address = serve(copy.folder.path());
    for place in [format!("http://{address}"), format!("http://{address}/app"), format!("http://{address}/app/")] {
        let good = Verdict::of(&[&place, "--key", &key(&maker())]);
        assert_eq!(
            (good.exit, &good.found["place"]),
            (0, &json!(format!("http://{address}/app/"))),
            "{}",
            good.failure
        );
    }
    copy.write("later.js", b"changed");
    let bad = Verdict::of(&[&format!("http://{address}/app"), "--key", &key(&maker())]);
    assert_eq!((bad.exit, &bad.found["changed"]), (3, &json!(["later.js"])));
    assert_eq!(Verdict::of(&[&format!("http://{address}/elsewhere")]).exit, 1);
    assert_eq!(Verdict::of(&["http://127.0.0.1:1/app"]).exit, 1);
    assert_eq!(Verdict::of(&["ftp://127.0.0.1/app"]).exit, 1);
}

#[test]
fn what_this_program_writes_is_what_its_makers_signed() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().to_str().unwrap();
    if longear::app::files().is_empty() {
        return;
    }
    assert!(run(&["site", place]).status.success());
    let good = Verdict::of(&[place]);
    assert_eq!((good.exit, &good.found["is_expected_key"], &good.found["unlisted"]), (0, &json!(true), &json!([])));
    fs::write(folder.path().join("app/later.js.gz"), b"another").unwrap();
    let bad = Verdict::of(&[place]);
    assert_eq!((bad.exit, &bad.found["unlisted"]), (3, &json!(["later.js.gz"])));
}

/// A web server that gives files below a folder, one request a connection, until the test ends.
fn serve(folder: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let length = connection.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
            let (status, body) =
                fs::read(folder.join(path)).map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = connection.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    address
}
