//! The box as its neighbours see it: a real process, spoken to over a socket.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const SENTENCE: &str = "Checked by this box; this page cannot check the box.";
const SENTENCE_RU: &str = "Проверено этим узлом; эта страница не может проверить сам узел.";

/// How long a process may take to end, or a change to arrive by another route.
const PATIENCE: Duration = Duration::from_secs(30);

/// The beginning and end of a JPEG of 2 × 2 pixels: what a box needs to know of it.
const PHOTO: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\
    \xff\xc0\x00\x0b\x08\x00\x02\x00\x02\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x7f\xff\xd9";

/// A newsroom's home with one channel.
struct Newsroom {
    folder: TempDir,
}

impl Newsroom {
    /// A home without anything in it.
    fn empty() -> Self {
        Newsroom { folder: TempDir::new().unwrap() }
    }

    fn new() -> Self {
        let newsroom = Newsroom::empty();
        let roots = newsroom.path("roots");
        newsroom.done(&["channel", "new", "Sarybulaq", "--roots", roots.to_str().unwrap()]);
        newsroom
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_longear"));
        command.env("LONGEAR_HOME", self.path("home")).args(arguments).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and gives what it printed.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn publish(&self, arguments: &[&str]) -> String {
        let printed = self.done(&[&["publish", "--json"], arguments].concat());
        serde_json::from_str::<Value>(&printed).unwrap()["id"].as_str().unwrap().to_owned()
    }

    fn serve(&self, arguments: &[&str]) -> Serving {
        let mut command = self.command(&[&["serve", "--json", "--listen", "127.0.0.1:0"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(said) = serde_json::from_str::<Value>(&line) else {
            panic!("serve said {line:?}, and: {:?}", child.wait_with_output());
        };
        let url = said["listening"].as_str().unwrap();
        Serving { address: url.strip_prefix("http://").unwrap().to_owned(), child }
    }
}

struct Serving {
    address: String,
    child: Child,
}

impl Serving {
    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: box\r\nConnection: close\r\n");
        headers.iter().for_each(|header| request.push_str(&format!("{header}\r\n")));
        write!(stream, "{request}\r\n").unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Answer { head, body: bytes[end + 4..].to_vec() }
    }

    /// Asks the process to end, as a service manager does; tells how it ended.
    fn end(mut self) -> std::process::ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "the box does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// What every page promises its reader.
    fn assert_page(&self, status: u16) {
        assert_eq!(self.status(), status, "{}", self.head);
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_protected(self);
        assert!(!self.text().contains("<script"));
    }
}

fn assert_protected(answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    for name in ["server", "set-cookie", "x-powered-by"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

/// A real video with sound of two seconds; nothing where there is no ffmpeg.
fn video(folder: &Path) -> Option<PathBuf> {
    let path = folder.join("clip.mp4");
    let picture = "testsrc2=size=320x180:rate=10:duration=2";
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=duration=2"]);
    command.args(["-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart"]).arg(&path);
    command.stdin(Stdio::null()).status().ok()?.success().then_some(path)
}

#[test]
fn the_feed_speaks_the_readers_language_and_runs_nothing() {
    let newsroom = Newsroom::new();
    let kk = newsroom.file("kk.md", "Су деңгейі **412 см**.".as_bytes());
    let ru = newsroom.file("ru.md", "Уровень воды **412 см**.<script>alert(1)</script>".as_bytes());
    let texts = [
        "--lang",
        "kk",
        "--title",
        "Көпір жабық",
        "--text",
        &kk,
        "--lang",
        "ru",
        "--title",
        "Мост закрыт",
        "--text",
        &ru,
    ];
    let id = newsroom.publish(&texts);
    let serving = newsroom.serve(&[]);

    let feed = serving.get("/");
    feed.assert_page(200);
    assert!(feed.text().contains(SENTENCE) && feed.text().contains("Көпір жабық") && feed.text().contains("Sarybulaq"));
    let russian = serving.ask("GET", "/", &["Accept-Language: de, ru;q=0.8, en;q=0.5"]);
    russian.assert_page(200);
    assert!(russian.text().contains(SENTENCE_RU) && russian.text().contains("Мост закрыт"));
    assert_eq!(russian.header("content-language"), Some("ru"));
    assert!(!russian.text().contains("?lang=ru&amp;"), "the browser's language needs no link to carry it");

    let item = serving.get(&format!("/item/{id}?lang=ru"));
    item.assert_page(200);
    assert!(item.text().contains("<strong>412 см</strong>") && item.text().contains("href=\"/?lang=ru\""));
    let asked = serving.get(&format!("/item/{id}?lang=ru&text=kk"));
    assert!(asked.text().contains("Су деңгейі"));
    let about = serving.get("/about");
    about.assert_page(200);
    assert!(about.text().contains("Sarybulaq"));
    for nothing in ["/no/such/page", "/item/%ff", "/item/1", "/?page=1"] {
        serving.get(nothing).assert_page(404);
    }
    let lost = serving.ask("GET", "/no/such/page", &["Accept-Language: ru"]);
    assert!(lost.text().contains("<html lang=\"ru\""), "the page of an error speaks the reader's language, too");
}

#[test]
fn a_page_leads_only_to_addresses_that_answer() {
    let newsroom = Newsroom::new();
    newsroom.publish(&["--title", "Bread", &newsroom.file("photo.jpg", PHOTO), &newsroom.file("a.pdf", b"%PDF-1.4\n")]);
    let serving = newsroom.serve(&[]);
    let (mut open, mut seen) = (vec!["/".to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        if seen.contains(&path) || seen.len() > 200 {
            continue;
        }
        let answer = serving.get(&path);
        assert_eq!(answer.status(), 200, "{path}");
        assert_protected(&answer);
        if answer.header("content-type") == Some("text/html; charset=utf-8") {
            for attribute in ["href=\"", "src=\"", "poster=\""] {
                let links = answer.text().split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
                open.extend(links.map(|link| link.split('#').next().unwrap().replace("&amp;", "&")));
            }
        }
        seen.push(path);
    }
    for kind in ["/page/style.css", "/page/icon.svg", "/address/", "/item/", "/media/", "?save"] {
        assert!(seen.iter().any(|path| path.contains(kind)), "{kind} in {seen:?}");
    }
    let sheet = serving.get("/page/style.css");
    assert_eq!(sheet.header("content-type"), Some("text/css; charset=utf-8"));
    let tag = format!("If-None-Match: {}", sheet.header("etag").unwrap());
    assert_eq!(serving.ask("GET", "/page/style.css", &[&tag]).status(), 304);
    let head = serving.ask("HEAD", "/", &[]);
    assert_eq!((head.status(), head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(serving.get("/").body.len().to_string().as_str()));
    let posted = serving.ask("POST", "/", &["Content-Length: 0"]);
    assert_eq!(posted.status(), 405);
    assert_protected(&posted);
}

#[test]
fn a_video_is_played_in_ranges_and_its_still_stands_for_it() {
    let newsroom = Newsroom::new();
    let Some(path) = video(newsroom.folder.path()) else {
        eprintln!("no ffmpeg here, so there is no video to serve");
        return;
    };
    let id = newsroom.publish(&["--title", "Evening", path.to_str().unwrap()]);
    let bytes = std::fs::read(&path).unwrap();
    let serving = newsroom.serve(&["--read-only"]);
    let page = serving.get(&format!("/item/{id}"));
    page.assert_page(200);
    let video = page.text().split("<video").nth(1).unwrap().split('>').next().unwrap();
    assert!(video.contains(&format!("src=\"/media/{id}/0\"")), "{video}");
    assert!(video.contains(&format!("poster=\"/media/{id}/1\"")), "{video}");
    assert!(!page.text().contains(".still.jpg"), "the still is no photo of its own");
    assert_eq!(serving.get(&format!("/media/{id}/1")).header("content-type"), Some("image/jpeg"));

    let media = format!("/media/{id}/0");
    let part = serving.ask("GET", &media, &["Range: bytes=100-299"]);
    assert_eq!((part.status(), part.body.as_slice()), (206, &bytes[100..300]));
    assert_eq!(part.header("content-range"), Some(format!("bytes 100-299/{}", bytes.len()).as_str()));
    assert_eq!(part.header("content-type"), Some("video/mp4"));
    assert_eq!(part.header("content-disposition"), None);
    assert_protected(&part);
    assert_eq!(serving.get(&media).body, bytes);
    let head = serving.ask("HEAD", &media, &[]);
    assert_eq!((head.status(), head.header("content-length")), (200, Some(bytes.len().to_string().as_str())));
    let saved = serving.get(&format!("{media}?save"));
    assert!(saved.header("content-disposition").unwrap().starts_with("attachment; filename=\"clip.mp4\""));
    for nothing in [format!("/media/{id}/2"), format!("/media/{id}/x"), format!("/media/{}/0", "0".repeat(64))] {
        serving.get(&nothing).assert_page(404);
    }
}

#[test]
fn files_that_could_run_are_only_given_to_be_kept() {
    let newsroom = Newsroom::new();
    let drawing = newsroom.file("a.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>");
    let page = newsroom.file("b.html", b"<!doctype html><script>alert(1)</script>");
    let list = newsroom.file("кесте №2.pdf", b"%PDF-1.4\n");
    let id = newsroom.publish(&["--title", "Files", &drawing, &page, &list]);
    let serving = newsroom.serve(&[]);
    for index in 0..2 {
        let answer = serving.get(&format!("/media/{id}/{index}"));
        let label = answer.header("content-type").unwrap();
        assert!(["application/octet-stream", "text/plain"].contains(&label), "{label}");
        assert!(answer.header("content-disposition").unwrap().starts_with("attachment"));
        assert_protected(&answer);
    }
    let list = serving.get(&format!("/media/{id}/2?save"));
    let disposition = list.header("content-disposition").unwrap();
    assert!(disposition.contains("filename*=UTF-8''%D0%BA%D0%B5%D1%81%D1%82%D0%B5__2.pdf"), "{disposition}");
}

#[test]
fn what_another_process_does_shows_at_once() {
    let newsroom = Newsroom::new();
    let serving = newsroom.serve(&[]);
    assert!(!serving.get("/").text().contains("Bread in Taldy"));
    let photo = newsroom.file("photo.jpg", PHOTO);
    let first = newsroom.publish(&["--title", "Bread in Taldy", &photo]);
    assert!(serving.get("/").text().contains("Bread in Taldy"));
    assert_eq!(serving.get(&format!("/media/{first}/0")).body, PHOTO);

    let corrected = newsroom.done(&["correct", &first, "--json", "--title", "Bread in Taldykorgan"]);
    let corrected = serde_json::from_str::<Value>(&corrected).unwrap()["id"].as_str().unwrap().to_owned();
    let feed = serving.get("/");
    assert!(feed.text().contains("Bread in Taldykorgan") && !feed.text().contains("Bread in Taldy<"));
    assert!(feed.text().contains("Corrected by the publisher"));
    let moved = serving.get(&format!("/item/{first}?lang=ru"));
    assert_eq!((moved.status(), moved.header("location")), (302, Some(format!("/item/{corrected}?lang=ru").as_str())));

    newsroom.done(&["retract", &corrected]);
    assert!(!serving.get("/").text().contains("Taldykorgan"));
    let page = serving.get(&format!("/item/{corrected}"));
    page.assert_page(410);
    assert!(page.text().contains("Taken back by the publisher") && !page.text().contains("Taldykorgan"));
    serving.get(&format!("/media/{first}/0")).assert_page(410);
}

#[test]
fn a_long_feed_is_turned_page_by_page() {
    let newsroom = Newsroom::new();
    for number in 0..23 {
        newsroom.publish(&["--title", &format!("Post number {number:02}.")]);
    }
    let serving = newsroom.serve(&[]);
    let (first, second) = (serving.get("/"), serving.get("/?page=1"));
    let titles = |answer: &Answer| {
        let parts = answer.text().split("Post number ").skip(1);
        parts.filter_map(|part| part.get(..3)?.strip_suffix('.')?.parse::<u32>().ok()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&first), (3..23).rev().collect::<Vec<_>>());
    assert_eq!(titles(&second), [2, 1, 0]);
    assert!(first.text().contains("href=\"/?page=1\"") && !second.text().contains("page=2"));
    assert!(second.text().contains("23 posts"));
    for beyond in ["/?page=2", "/?page=51", "/?page=18446744073709551615", "/?page=-1"] {
        serving.get(beyond).assert_page(404);
    }
}

#[test]
fn one_process_serves_a_home_and_ends_when_asked() {
    let newsroom = Newsroom::new();
    let serving = newsroom.serve(&[]);
    let second = newsroom.run(&["serve", "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("Process {} serves this home already", serving.child.id())), "{said}");

    let other = Newsroom::new();
    let taken = other.run(&["serve", "--listen", &serving.address]);
    let said = String::from_utf8(taken.stderr).unwrap();
    assert_eq!(taken.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("listens at {} already", serving.address)) && said.contains("--listen"), "{said}");

    assert!(serving.end().success());
    assert!(newsroom.serve(&[]).end().success(), "the home is free again");
}

#[test]
fn what_cannot_be_kept_is_not_promised() {
    let newsroom = Newsroom::new();
    let token = newsroom.file("token", b"secret");
    let guarded = newsroom.run(&["serve", "--listen", "127.0.0.1:0", "--token", &token]);
    assert_eq!(guarded.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&guarded.stderr).contains("accepts no writing over HTTP"));
    let both = newsroom.run(&["serve", "--listen", "127.0.0.1:0", "--read-only", "--sync", "http://127.0.0.1:9"]);
    assert_eq!(both.status.code(), Some(2));
    let nonsense = newsroom.run(&["serve", "--listen", "127.0.0.1:0", "--sync", "ftp://127.0.0.1/x"]);
    assert_ne!(nonsense.status.code(), Some(0));
}

fn last_word(newsroom: &Newsroom) -> Value {
    let status = newsroom.done(&["status", "--json"]);
    serde_json::from_str::<Value>(&status).unwrap()["channels"][0]["last_word"].clone()
}

#[test]
fn the_publishers_own_box_says_that_it_is_alive() {
    let newsroom = Newsroom::new();
    let silent = newsroom.serve(&["--read-only"]);
    // The page is made, so whatever is done at the start had its chance.
    silent.get("/").assert_page(200);
    assert_eq!(last_word(&newsroom), Value::Null);
    assert!(silent.end().success());
    let serving = newsroom.serve(&[]);
    let since = Instant::now();
    while last_word(&newsroom).is_null() {
        assert!(since.elapsed() < PATIENCE, "no word was signed");
    }
    let word = last_word(&newsroom);
    assert!(serving.end().success());
    // A word of this hour is not signed again.
    newsroom.serve(&[]).get("/").assert_page(200);
    assert_eq!(last_word(&newsroom), word);
}

#[test]
fn a_box_fetches_from_another_one_while_it_serves() {
    let newsroom = Newsroom::new();
    let id = newsroom.publish(&["--title", "Bread in Taldy", &newsroom.file("photo.jpg", PHOTO)]);
    let first = newsroom.serve(&[]);
    let shown = newsroom.done(&["channel", "show", "--json"]);
    let address = serde_json::from_str::<Value>(&shown).unwrap()["address"].as_str().unwrap().to_owned();

    let town = Newsroom::empty();
    town.done(&["follow", &address]);
    let stick = town.path("no-stick-yet");
    let second = town.serve(&["--sync", &format!("http://{}", first.address), "--sync", stick.to_str().unwrap()]);
    let since = Instant::now();
    while second.get(&format!("/media/{id}/0")).body != PHOTO {
        assert!(since.elapsed() < PATIENCE, "nothing was fetched");
        std::thread::sleep(Duration::from_millis(20));
    }
    let feed = second.get("/");
    feed.assert_page(200);
    assert!(feed.text().contains("Bread in Taldy") && feed.text().contains("Sarybulaq"));
    // The tree stands at the same root, for the next one.
    let state = serde_json::from_str::<Value>(&shown).unwrap();
    let head = format!("/c/{}/head", state["id"].as_str().unwrap());
    assert_eq!(second.get(&head).body, first.get(&head).body);
    assert!(second.end().success());
    town.done(&["unfollow", &address]);
    let without = town.serve(&[]);
    assert!(!without.get("/").text().contains("Bread in Taldy"));
    without.get(&format!("/item/{id}")).assert_page(404);
    without.get(&format!("/media/{id}/0")).assert_page(404);
}

#[test]
fn the_app_is_served_and_written_beside_the_tree_or_said_to_be_missing() {
    let newsroom = Newsroom::new();
    let site = newsroom.path("site");
    let written = newsroom.run(&["site", site.to_str().unwrap()]);
    let serving = newsroom.serve(&[]);
    let answer = serving.get("/app/");
    let Some(page) = longear::app::files().iter().find(|file| file.path == longear::app::INDEX) else {
        let said = String::from_utf8(written.stderr).unwrap();
        assert!(!written.status.success() && said.contains("built without the reader app"), "{said}");
        assert!(!site.exists());
        answer.assert_page(404);
        return;
    };
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    assert_eq!(std::fs::read(site.join("app/index.html")).unwrap(), page.plain);
    assert_eq!(std::fs::read(site.join("app/index.html.gz")).unwrap(), page.gzip);
    assert_eq!((answer.status(), &answer.body[..]), (200, page.plain));
    let packed = serving.ask("GET", "/app/", &["Accept-Encoding: gzip"]);
    assert_eq!((packed.header("content-encoding"), &packed.body[..]), (Some("gzip"), page.gzip));
    assert_eq!(serving.get("/app").header("location"), Some("app/"));
    // A tree finds its place beside the app.
    assert!(newsroom.run(&["sync", site.to_str().unwrap()]).status.success());
    assert!(std::fs::read_dir(site.join("c")).unwrap().next().is_some());
}
