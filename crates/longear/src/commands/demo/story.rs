//! The story itself.

use std::io::{Read, Seek, SeekFrom, Write};
use std::process::{Command, Stdio};

use longear_core::blob::BlobHash;
use serde_json::Value;

use super::stage::{Outcome, Stage, files_below};
use crate::commands::publish::blob_failure;
use crate::failure::Failure;
use crate::home::file_failure;
use crate::terminal::{Beside, bytes, percent};

/// Length of the video, and of what the first stick has room for.
const VIDEO_SECONDS: &str = "60";
const FIRST_STICK: &str = "30MB";

const TEXTS: [(&str, &str, &str); 3] = [
    (
        "kk",
        "Көпір әлі жабық",
        "Өзен түнде 20 см төмендеді. Төменгі көпір **әлі жабық**.\n\nАуыз су № 2 мектепте, 9-дан 18-ге дейін.\n",
    ),
    (
        "ru",
        "Мост пока закрыт",
        "За ночь река опустилась на 20 см. Нижний мост **пока закрыт**.\n\nПитьевая вода: школа № 2, с 9 до 18.\n",
    ),
    (
        "en",
        "The bridge is still closed",
        "The river fell 20 cm overnight. The lower bridge is **still closed**.\n\nDrinking water: School No. 2, from 9 to 18.\n",
    ),
];

/// Plays it from the founding to the last stick. Returns the channel's address.
pub fn play(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let address = newsroom(stage)?;
    let page = stage.serve("newsroom", "127.0.0.1:0")?;
    stage.must("town one", &["follow", &address])?;
    stage.must("town one", &["sync", &page])?;
    stage.tell("town one", "gets it all by the internet", &everything())?;
    stage.cut("newsroom");
    stage.tell("", "the internet is cut", &Beside::Line { ranges: std::iter::once(0..15).collect(), size: 24 })?;
    first_stick(stage, &address)?;
    forger(stage)?;
    second_stick(stage)?;
    stolen_laptop(stage, &address)?;
    epilogue(stage)?;
    Ok(address)
}

fn newsroom(stage: &mut Stage<'_>) -> Result<String, Failure> {
    let founded = stage.must("newsroom", &["channel", "new", "Sarybulaq News", "--roots", &stage.word("roots")])?;
    let address = text(&founded, "address")?;
    stage.tell("newsroom", "makes a channel; three root keys go to three places", &Beside::Nothing)?;
    let mut words = vec!["publish".to_owned()];
    for (language, title, body) in TEXTS {
        stage.write(&format!("{language}.md"), body)?;
        let file = stage.word(&format!("{language}.md"));
        words.extend(["--lang".into(), language.into(), "--title".into(), title.into(), "--text".into(), file]);
    }
    stage.must("newsroom", &words.iter().map(String::as_str).collect::<Vec<_>>())?;
    stage.tell("newsroom", "publishes a post in three languages", &Beside::Nothing)?;
    let video = video(stage)?;
    let title = ["--lang", "en", "--title", "Evening broadcast: the water level"];
    let published = stage.must("newsroom", &[&["publish", video.as_str()], &title[..]].concat())?;
    let size = std::fs::metadata(&video).map_or(0, |file| file.len());
    stage.tell("newsroom", &format!("publishes a video, {}", bytes(size)), &everything())?;
    text(&published, "id").map(|_| address)
}

/// A minute of test picture and tone, made by ffmpeg as a newsroom's encoder would.
fn video(stage: &Stage<'_>) -> Result<String, Failure> {
    let file = stage.word("evening.mp4");
    let source = format!("testsrc2=size=1280x720:rate=25:duration={VIDEO_SECONDS}");
    let tone = format!("sine=frequency=330:duration={VIDEO_SECONDS}");
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", &source, "-f", "lavfi", "-i", &tone])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "8M", "-minrate", "8M", "-maxrate", "8M"])
        .args(["-bufsize", "8M", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart", &file])
        .stdin(Stdio::null())
        .status();
    match made {
        Ok(status) if status.success() => Ok(file),
        _ => Err(Failure::refused("The story needs ffmpeg to make its video")
            .hint("Install it (Debian: apt-get install ffmpeg), or run: cargo xtask demo")),
    }
}

fn first_stick(stage: &Stage<'_>, address: &str) -> Result<(), Failure> {
    stage.must("town one", &["stick", "write", &stage.word("stick-1"), "--budget", FIRST_STICK])?;
    stage.tell("courier", "takes a small stick along", &Beside::Words("room for 30 MB".into()))?;
    stage.must("town two", &["follow", address])?;
    let read = stage.run("town two", &["stick", "read", &stage.word("stick-1")])?;
    expect(read.code == 4, "the first stick to bring a part", &read)?;
    let (ranges, size) = held(stage, "town two")?;
    let have = ranges.iter().map(|range| range.end - range.start).sum();
    let what = format!("reads posts, {} of the video", percent(have, size));
    stage.tell("town two", &what, &Beside::Line { ranges, size })
}

/// Copies the stick and changes one byte of its newest pack.
fn forger(stage: &Stage<'_>) -> Result<(), Failure> {
    let (from, to) = (stage.path("stick-1"), stage.path("forged"));
    copy_folder(&from, &to)?;
    let packs = files_below(&to)
        .into_iter()
        .filter(|path| path.parent().is_some_and(|log| log.parent().is_some_and(|p| p.ends_with("p"))));
    for pack in packs {
        flip_last_byte(&pack)?;
    }
    stage.must("reader", &["follow", &channel_address(stage)?])?;
    let forged = stage.word("forged");
    let refused = stage.run("reader", &["sync", "--pull-only", &forged])?;
    let count = refused.values.first().and_then(|value| value["refused"].as_array()).map_or(0, Vec::len);
    expect(count > 0, "the forged posts to be refused", &refused)?;
    stage.tell("forger", "offers a reader changed posts", &Beside::Words(format!("refused, {count} objects")))
}

fn second_stick(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.must("town one", &["stick", "write", &stage.word("stick-2")])?;
    stage.must("town two", &["stick", "read", &stage.word("stick-2")])?;
    let (ranges, size) = held(stage, "town two")?;
    stage.tell("courier", "comes again with the rest", &Beside::Line { ranges, size })
}

fn stolen_laptop(stage: &Stage<'_>, address: &str) -> Result<(), Failure> {
    let (request, mirror, loot) = (stage.word("laptop.request"), stage.word("mirror"), stage.word("loot"));
    let roots = [stage.word("roots/root-1-of-3.key"), stage.word("roots/root-3-of-3.key")];
    let roots = ["--root", roots[0].as_str(), "--root", roots[1].as_str()];
    std::fs::create_dir(&mirror).map_err(|error| file_failure("make", &stage.path("mirror"), &error))?;
    stage.must("newsroom", &["sync", &mirror])?;
    stage.must("laptop", &["follow", address])?;
    stage.must("laptop", &["sync", "--pull-only", &mirror])?;
    stage.must("laptop", &["channel", "enrol", address, "--label", "laptop", "--out", &request])?;
    stage.must("newsroom", &[&["channel", "delegate", "add", request.as_str()], &roots[..]].concat())?;
    stage.must("newsroom", &["sync", &mirror])?;
    stage.must("laptop", &["sync", "--pull-only", &mirror])?;
    stage.must("laptop", &["publish", "--lang", "en", "--title", "From the road"])?;
    stage.must("laptop", &["sync", &mirror])?;
    stage.must("newsroom", &["sync", &mirror])?;
    stage.tell("newsroom", "enrols a laptop; it publishes a post", &Beside::Nothing)?;
    stage.must("newsroom", &[&["channel", "revoke", "laptop"], &roots[..]].concat())?;
    stage.tell("newsroom", "hears that it was stolen, and revokes its key", &Beside::Nothing)?;
    for title in ["Everything is fine", "Come to the square"] {
        stage.must("laptop", &["publish", "--lang", "en", "--title", title])?;
    }
    stage.must("laptop", &["stick", "write", &loot])?;
    stage.must("newsroom", &["stick", "write", &stage.word("stick-3")])?;
    stage.must("town two", &["stick", "read", &stage.word("stick-3")])?;
    let read = stage.run("town two", &["stick", "read", &loot])?;
    let listed = stage.must("town two", &["list"])?;
    let status = |title: &str| {
        let found = listed.values.iter().find(|item| item["title"] == title);
        found.map_or("not here", |item| item["status"].as_str().unwrap_or_default()).to_owned()
    };
    expect(status("From the road") == "shown", "the earlier post to stay", &listed)?;
    let shown = ["Everything is fine", "Come to the square"].iter().filter(|title| status(title) == "shown").count();
    expect(shown == 0, "the thief's posts to be refused", &read)?;
    stage.tell("thief", "posts with the stolen key", &Beside::Words("refused in town two".into()))?;
    stage.tell("town two", "still shows the laptop's earlier post", &Beside::Nothing)
}

fn epilogue(stage: &Stage<'_>) -> Result<(), Failure> {
    let newsroom = std::fs::read(stage.path("evening.mp4"))
        .map_err(|error| file_failure("read", &stage.path("evening.mp4"), &error))?;
    let (blob, size) = video_of(stage, "town two")?;
    let mut copy = vec![0; size as usize];
    let store = stage.store("town two")?;
    let mut at = 0;
    while at < copy.len() {
        let read = store.blobs().read_at(blob, at as u64, &mut copy[at..]).map_err(|error| blob_failure(&error))?;
        if read == 0 {
            break;
        }
        at += read;
    }
    if copy != newsroom {
        return Err(Failure::bug("The video in town two is not the newsroom's"));
    }
    stage.say("\n  Town two never had internet and holds every post and the video, byte for byte.\n")?;
    stage.say("  Changed posts and a stolen key were refused. Nothing was lost.\n\n")
}

fn everything() -> Beside {
    Beside::Line { ranges: std::iter::once(0..1).collect(), size: 1 }
}

pub(super) fn text(outcome: &Outcome, field: &str) -> Result<String, Failure> {
    let value = outcome.values.first().and_then(|value| value[field].as_str());
    value.map(str::to_owned).ok_or_else(|| Failure::bug(format!("A command of the story did not tell its {field}")))
}

fn expect(holds: bool, what: &str, outcome: &Outcome) -> Result<(), Failure> {
    if holds {
        return Ok(());
    }
    Err(Failure::bug(format!("The story expected {what}; exit {}\n{}", outcome.code, outcome.said)))
}

fn channel_address(stage: &Stage<'_>) -> Result<String, Failure> {
    text(&stage.must("newsroom", &["channel", "show"])?, "address")
}

/// The largest file that somebody's items name.
fn video_of(stage: &Stage<'_>, who: &str) -> Result<(BlobHash, u64), Failure> {
    let listed = stage.must(who, &["list"])?;
    let renditions = listed.values.iter().filter_map(|item| item["renditions"].as_array()).flatten();
    let largest = renditions.max_by_key(|rendition| rendition["size"].as_u64());
    let blob = largest.and_then(|rendition| rendition["blob"].as_str()).and_then(|blob| blob.parse().ok());
    let size = largest.and_then(|rendition: &Value| rendition["size"].as_u64());
    blob.zip(size).ok_or_else(|| Failure::bug("The video is not listed"))
}

fn held(stage: &Stage<'_>, who: &str) -> Result<(Vec<std::ops::Range<u64>>, u64), Failure> {
    let (blob, size) = video_of(stage, who)?;
    let ranges = stage.store(who)?.blobs().verified_ranges(blob, 0, 64).map_err(|error| blob_failure(&error))?;
    Ok((ranges, size))
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) -> Result<(), Failure> {
    for file in files_below(from) {
        let target = to.join(file.strip_prefix(from).unwrap_or(&file));
        let folder = target.parent().unwrap_or(to);
        let copied = std::fs::create_dir_all(folder).and_then(|()| std::fs::copy(&file, &target));
        copied.map_err(|error| file_failure("copy", &file, &error))?;
    }
    Ok(())
}

fn flip_last_byte(path: &std::path::Path) -> Result<(), Failure> {
    let flip = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().read(true).write(true).open(path)?;
        let mut byte = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut byte)?;
        file.seek(SeekFrom::End(-1))?;
        file.write_all(&[byte[0] ^ 1])
    };
    flip().map_err(|error| file_failure("change", path, &error))
}
