//! What a box showed its viewers, and when: the same is put before the peer.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::player::Playlist;
use crate::Outcome;

/// Files by their path, and each version of a playlist with the time at which somebody saw it first.
pub struct Shown {
    since: Instant,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    lists: Vec<(Duration, String)>,
    ends: HashSet<String>,
    files: HashMap<String, Vec<u8>>,
}

impl Shown {
    /// Nothing yet; times count from now.
    pub fn new() -> Self {
        Self { since: Instant::now(), seen: Mutex::default() }
    }

    /// Somebody saw this playlist. Only the first to see a newest segment counts.
    pub fn note_list(&self, text: &str, playlist: &Playlist) {
        let Some((newest, _)) = playlist.segments.last() else { return };
        let mut seen = self.seen();
        if !seen.ends.contains(newest) {
            seen.ends.insert(newest.clone());
            seen.lists.push((self.since.elapsed(), text.to_owned()));
        }
    }

    /// Somebody got this file.
    pub fn note_file(&self, path: &str, body: Vec<u8>) {
        self.seen().files.entry(path.to_owned()).or_insert(body);
    }

    /// The length of a file that was got before.
    pub fn length(&self, path: &str) -> Option<usize> {
        self.seen().files.get(path).map(Vec::len)
    }

    /// The file of the newest segment.
    pub fn newest(&self, list: &str) -> Option<String> {
        let seen = self.seen();
        let (name, _) = Playlist::read(&seen.lists.last()?.1)?.segments.pop()?;
        Some(format!("{}/{name}", list.rsplit_once('/')?.0))
    }

    /// Bytes a second of the segments that were got.
    pub fn rate(&self) -> f64 {
        let seen = self.seen();
        let mut durations = HashMap::new();
        for playlist in seen.lists.iter().filter_map(|(_, text)| Playlist::read(text)) {
            durations.extend(playlist.segments);
        }
        let played = seen.files.iter().filter_map(|(path, body)| {
            let duration = durations.get(path.rsplit('/').next()?)?;
            Some((body.len() as f64, duration.as_secs_f64()))
        });
        let (bytes, seconds) = played.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        bytes / seconds
    }

    /// Writes all files, and the first version of the playlist, below a folder.
    pub fn write(&self, root: &Path, list: &str) -> Outcome<()> {
        let seen = self.seen();
        for (path, body) in &seen.files {
            let file = root.join(path.trim_start_matches('/'));
            fs::create_dir_all(file.parent().ok_or("a file without a folder")?)?;
            fs::write(file, body)?;
        }
        let (_, first) = seen.lists.first().ok_or("nobody saw a playlist")?;
        write_list(root, list, first)
    }

    /// Writes each version of the playlist when it is its time, as if the first viewer came now.
    pub async fn replay(&self, root: &Path, list: &str) -> Outcome<()> {
        let start = Instant::now();
        let lists = self.seen().lists.clone();
        let first = lists.first().map_or(Duration::ZERO, |(at, _)| *at);
        for (at, text) in lists {
            tokio::time::sleep_until((start + at - first).into()).await;
            write_list(root, list, &text)?;
        }
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Never half a playlist: renamed into its place.
fn write_list(root: &Path, list: &str, text: &str) -> Outcome<()> {
    let (file, fresh) = (root.join(list.trim_start_matches('/')), root.join("list.new"));
    fs::write(&fresh, text)?;
    Ok(fs::rename(fresh, file)?)
}
