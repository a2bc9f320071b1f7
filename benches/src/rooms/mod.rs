//! A room of a million notes: merged, opened, read at any depth, searched.
//!
//! Each part runs in a process of its own, which is this program again, so that memory and the time to open are those of a
//! program that does nothing else.

mod make;
mod words;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use longear_core::room::NoteId;
use longear_store::rooms::{Cursor, Room, Rooms, Way};

use crate::Outcome;
use crate::disk::{Noise, Workshop, bytes_taken, settle};
use crate::measure::run as run_child;
use crate::report::{Target, figure};

/// The word that makes this program one of the processes.
pub const CHILD: &str = "rooms-process";
/// Notes of a page.
const PAGE_NOTES: usize = 50;
/// Pages that are asked for, and questions of each kind.
const ASKED: usize = 2_000;
/// Letters of the shortest beginning that is looked for.
const PREFIX_LETTERS_MIN: usize = 4;

/// Makes the room and measures it, once: merging it takes minutes.
pub fn run(_repeats: usize) -> Outcome<()> {
    let workshop = Workshop::open()?;
    let made = workshop.kept("rooms-1000000", |folder| make::write(&folder.join("notes")))?;
    let notes = made.join("notes");
    let signed_bytes = make::read(&notes)?.map(|bytes| bytes.len() as u64).sum::<u64>();
    println!("{} notes of {} writers, {:.1} MB signed", make::NOTES, make::WRITERS, signed_bytes as f64 / 1e6);
    let room = workshop.room()?;
    let home = room.path("rooms");
    settle()?;
    let (merged, _) = run_child(&mut process("merge", &[&home, &notes])?)?;
    let speed = make::NOTES as f64 / merged.wall_s;
    figure("rooms-merge", speed, f64::NAN, "notes/s", Target::Least(10_000.0));
    figure("rooms-merge-cpu", merged.cpu_s * 1e6 / make::NOTES as f64, f64::NAN, "CPU-us/note", Target::None);
    figure("rooms-merge-memory", merged.memory_kib as f64 / 1024.0, f64::NAN, "MiB", Target::Most(96.0));

    let (_, sizes) = run_child(&mut process("sizes", &[&home])?)?;
    println!("{sizes}");
    let search = number(&sizes, "words")?;
    let taken = bytes_taken(&home)? as f64;
    let signed = signed_bytes as f64;
    figure("rooms-disk", (taken - search) / 1e6, signed / 1e6, "MB", Target::RatioMost(1.2));
    figure("rooms-disk-with-search", taken / 1e6, signed / 1e6, "MB", Target::RatioMost(1.5));

    let (asked, printed) = run_child(&mut process("ask", &[&home, &notes])?)?;
    print!("{printed}");
    let figures = [
        ("page-p99", Some(5.0)),
        ("replies-p99", None),
        ("word-p99", Some(20.0)),
        ("prefix-p95", Some(50.0)),
        ("prefix-p99", None),
    ];
    for (name, target) in figures {
        let target = target.map_or(Target::None, Target::Most);
        figure(&format!("rooms-{name}"), number(&printed, name)?, f64::NAN, "ms", target);
    }
    figure("rooms-read-memory", asked.memory_kib as f64 / 1024.0, f64::NAN, "MiB", Target::Most(96.0));

    for (name, target) in [("rooms-open-cold", 1_000.0), ("rooms-open-warm", 50.0)] {
        if name == "rooms-open-cold" {
            forget(&home)?;
        }
        let (_, printed) = run_child(&mut process("open", &[&home])?)?;
        figure(name, number(&printed, "open")?, f64::NAN, "ms", Target::Most(target));
    }
    // Once more, from a disk of which the system holds nothing in memory.
    forget(&home)?;
    let (_, printed) = run_child(&mut process("ask", &[&home, &notes])?)?;
    for name in ["page-p99", "word-p99", "prefix-p95"] {
        figure(&format!("rooms-{name}-cold"), number(&printed, name)?, f64::NAN, "ms", Target::None);
    }
    let (checked, _) = run_child(&mut process("check", &[&home])?)?;
    figure("rooms-check", checked.wall_s, f64::NAN, "s", Target::None);
    Ok(())
}

/// What a process is asked to do.
pub fn process_main(words: &[String]) -> Outcome<()> {
    let paths = words.get(1..).unwrap_or_default().iter().map(PathBuf::from).collect::<Vec<_>>();
    match (words.first().map(String::as_str), &paths[..]) {
        (Some("merge"), [home, notes]) => merge(home, notes),
        (Some("sizes"), [home]) => sizes(home),
        (Some("open"), [home]) => open(home),
        (Some("ask"), [home, notes]) => ask(home, notes),
        (Some("check"), [home]) => check(home),
        _ => Err("this word is for the benchmark of rooms itself".into()),
    }
}

fn process(what: &str, paths: &[&Path]) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CHILD).arg(what).args(paths);
    Ok(command)
}

/// The number behind a name in what a process printed.
fn number(printed: &str, name: &str) -> Outcome<f64> {
    let value = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.ok_or_else(|| format!("no {name} was measured"))?.parse()?)
}

/// The system forgets what it holds in memory of the files.
fn forget(home: &Path) -> Outcome<()> {
    settle()?;
    for file in crate::disk::files(home)? {
        run_child(Command::new("dd").arg(format!("if={}", file.display())).args([
            "iflag=nocache",
            "count=0",
            "status=none",
        ]))?;
    }
    Ok(())
}

fn merge(home: &Path, notes: &Path) -> Outcome<()> {
    let room = Rooms::open(home).room(&make::VENUE)?;
    let merged = room.merge(make::read(notes)?)?;
    if (merged.refused, merged.taken.new) != (0, make::NOTES as u64) {
        return Err(format!("not everything was taken in: {merged:?}").into());
    }
    Ok(())
}

fn sizes(home: &Path) -> Outcome<()> {
    let file = crate::disk::files(home)?.into_iter().find(|file| file.extension().is_some_and(|end| end == "db"));
    let connection = rusqlite::Connection::open(file.ok_or("there is no database")?)?;
    let sql = "SELECT CASE WHEN name LIKE 'words%' THEN 'words' ELSE name END AS part, sum(pgsize), sum(unused)
        FROM dbstat GROUP BY part ORDER BY part";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        println!("{} {}", row.get::<_, String>(0)?, row.get::<_, i64>(1)?);
    }
    println!("free {}", connection.query_row("PRAGMA freelist_count", [], |row| row.get::<_, i64>(0))?);
    Ok(())
}

/// From nothing to the first page.
fn open(home: &Path) -> Outcome<()> {
    let start = Instant::now();
    let room = Rooms::open(home).room(&make::VENUE)?;
    let page = room.page(None, Way::Older, PAGE_NOTES, |_| true)?;
    let open_ms = start.elapsed().as_secs_f64() * 1e3;
    if page.notes.len() != PAGE_NOTES {
        return Err("the first page is not full".into());
    }
    println!("open {open_ms:.3}");
    Ok(())
}

fn check(home: &Path) -> Outcome<()> {
    let report = Rooms::open(home).room(&make::VENUE)?.check()?;
    if report.findings.is_empty() { Ok(()) } else { Err(format!("{:?}", &report.findings[..1]).into()) }
}

fn ask(home: &Path, notes: &Path) -> Outcome<()> {
    let room = Rooms::open(home).room(&make::VENUE)?;
    let mut noise = Noise::new(7);
    let (first, last) = (end(&room, Way::Newer)?, end(&room, Way::Older)?);
    let (mut pages, mut replies) = (Vec::new(), Vec::new());
    for turn in 0..ASKED {
        let shown_ms = first + noise.number() % (last - first);
        let behind = Some(Cursor { shown_ms, id: NoteId([0x80; 32]) });
        let way = if turn % 2 == 0 { Way::Newer } else { Way::Older };
        let (ms, page) = timed(|| room.page(behind, way, PAGE_NOTES, |_| true))?;
        pages.push(ms);
        if let Some(answered) = page.notes.iter().max_by_key(|note| note.replies) {
            replies.push(timed(|| room.replies(answered.id, None, Way::Newer, PAGE_NOTES, |_| true))?.0);
        }
    }
    tell("page", pages);
    tell("replies", replies);
    let texts = make::some_texts(notes)?;
    let words =
        texts.iter().flat_map(|text| text.split([' ', ','])).filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let (mut by_word, mut by_prefix) = (Vec::new(), Vec::new());
    for turn in 0..ASKED {
        let mut one = || words[(noise.number() % words.len() as u64) as usize];
        let question = if turn % 3 == 0 { format!("{} {}", one(), one()) } else { one().to_owned() };
        by_word.push(timed(|| room.search(&question, None, PAGE_NOTES, |_| true))?.0);
    }
    while by_prefix.len() < ASKED {
        let word = words[(noise.number() % words.len() as u64) as usize];
        let letters = word.chars().count();
        if letters >= PREFIX_LETTERS_MIN {
            let kept = PREFIX_LETTERS_MIN + (noise.number() % (letters - PREFIX_LETTERS_MIN + 1) as u64) as usize;
            let prefix = word.chars().take(kept).collect::<String>();
            by_prefix.push(timed(|| room.search(&prefix, None, PAGE_NOTES, |_| true))?.0);
        }
    }
    tell("word", by_word);
    tell("prefix", by_prefix);
    Ok(())
}

fn end(room: &Room, way: Way) -> Outcome<u64> {
    let page = room.page(None, way, 1, |_| true)?;
    Ok(page.notes.first().ok_or("the room is empty")?.shown_ms)
}

fn timed<T, E: std::error::Error + 'static>(work: impl FnOnce() -> Result<T, E>) -> Outcome<(f64, T)> {
    let start = Instant::now();
    let done = work()?;
    Ok((start.elapsed().as_secs_f64() * 1e3, done))
}

fn tell(name: &str, mut ms: Vec<f64>) {
    ms.sort_by(f64::total_cmp);
    for (part, hundredths) in [("p50", 50), ("p95", 95), ("p99", 99), ("most", 100)] {
        let at = (ms.len() * hundredths / 100).min(ms.len() - 1);
        println!("{name}-{part} {:.3}", ms[at]);
    }
}
