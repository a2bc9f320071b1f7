//! Viewers of a running broadcast: what all of them ask for is looked up once, and is right for each of them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::encoder::Clip;
use crate::node::{Newsroom, PATIENCE, Serving};

/// After this, an answer that was left at hand serves nobody any more.
const OLD: Duration = Duration::from_millis(700);

#[derive(Debug, PartialEq)]
struct Answered {
    status: u16,
    /// In order, and without the time.
    fields: Vec<String>,
    body: Vec<u8>,
}

impl Answered {
    fn field(&self, name: &str) -> &str {
        let field = self.fields.iter().find_map(|field| field.strip_prefix(&format!("{name}: ")));
        field.unwrap_or_else(|| panic!("{name} is missing: {:?}", self.fields))
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

fn ask(serving: &Serving, method: &str, path: &str, field: &str) -> Answered {
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: box\r\nConnection: close\r\n{field}\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut fields = head.lines().skip(1).map(str::to_lowercase).collect::<Vec<_>>();
    fields.retain(|field| !field.starts_with("date: "));
    fields.sort();
    Answered { status: head.split(' ').nth(1).unwrap().parse().unwrap(), fields, body: bytes[end + 4..].to_vec() }
}

fn get(serving: &Serving, path: &str) -> Answered {
    ask(serving, "GET", path, "")
}

/// The answer from the store, and the one from memory.
fn twice(serving: &Serving, path: &str) -> [Answered; 2] {
    std::thread::sleep(OLD);
    [get(serving, path), get(serving, path)]
}

/// Asks again and again, as viewers do.
fn until(serving: &Serving, path: &str, is_so: impl Fn(&Answered) -> bool) -> Answered {
    let since = Instant::now();
    loop {
        let answered = get(serving, path);
        if is_so(&answered) {
            return answered;
        }
        assert!(since.elapsed() < PATIENCE, "{path} stays at {} with {} bytes", answered.status, answered.body.len());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_all_viewers_ask_for_is_as_from_the_store_and_goes_with_the_broadcast() {
    let (newsroom, clip) = (Newsroom::new(), Clip::new());
    let live = newsroom.go_live();
    let serving = newsroom.serve(&[]);
    (0..4).for_each(|number| assert_eq!(clip.put(&serving, &live, number), 200));
    let list = format!("/live/{}/360p.m3u8", live.id);
    let lists = |count: usize| move |answered: &Answered| answered.text().matches(".m4s").count() == count;
    let text = until(&serving, &list, lists(4)).text();
    let segment = format!("/live/{}/{}", live.id, text.lines().last().unwrap());

    for path in [&list, &format!("{list}?gaps"), &format!("/live/{}/index.m3u8", live.id), &segment] {
        let [looked_up, at_hand] = twice(&serving, path);
        assert_eq!((looked_up.status, &looked_up), (200, &at_hand), "{path}");
        assert_eq!(looked_up.field("content-length"), looked_up.body.len().to_string());
        for name in ["content-security-policy", "x-content-type-options", "access-control-allow-origin"] {
            looked_up.field(name);
        }
    }
    assert_ne!(get(&serving, &list).body, get(&serving, &format!("{list}?gaps")).body);
    let whole = get(&serving, &segment);
    assert_eq!(whole.body, clip.segment(3));
    let part = ask(&serving, "GET", &segment, "Range: bytes=2-5\r\n");
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[2..6]));
    let known = ask(&serving, "GET", &segment, &format!("If-None-Match: {}\r\n", whole.field("etag")));
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = ask(&serving, "HEAD", &segment, "");
    assert_eq!((head.status, head.field("content-length"), head.body.len()), (200, whole.field("content-length"), 0));

    assert_eq!(clip.put(&serving, &live, 4), 200);
    until(&serving, &list, lists(5));
    newsroom.done(&["retract", &live.id]);
    // Though somebody asks for them all the time.
    for path in [&list, &segment] {
        until(&serving, path, |answered| answered.status == 404);
    }
    std::thread::sleep(OLD);
    assert_eq!([get(&serving, &list).status, get(&serving, &segment).status], [404, 404]);
}
