//! Many viewers at once, in this process and on one thread, so that they cost little beside what serves them.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::http::Connection;
use super::player::{Watched, watch};
use super::shown::Shown;
use crate::Outcome;

/// Viewers come one after the other within this time.
pub const COMING: Duration = Duration::from_secs(10);
/// How long all of them watch.
pub const WATCHING: Duration = Duration::from_secs(60);
/// How long as much as possible is asked for, and over how many connections.
const RUSHING: Duration = Duration::from_secs(8);
const RUSHING_CONNECTIONS: usize = 64;

/// What all viewers went through together.
#[derive(Default)]
pub struct Crowd {
    pub stalls: u64,
    pub stalled_s: f64,
    pub bytes: u64,
    /// In milliseconds, in order.
    pub segments_ms: Vec<f64>,
    pub lists_ms: Vec<f64>,
    pub spare_ms: Vec<f64>,
}

/// So many viewers watch one playlist.
pub async fn watch_all(host: &str, list: &str, viewers: usize, shown: &Arc<Shown>) -> Outcome<Crowd> {
    let start = Instant::now();
    let end = start + COMING + WATCHING;
    let mut tasks = JoinSet::new();
    for viewer in 0..viewers {
        let (host, list, shown) = (host.to_owned(), list.to_owned(), shown.clone());
        tasks.spawn(async move {
            let comes = start + COMING.mul_f64(viewer as f64 / viewers as f64);
            tokio::time::sleep_until(comes.into()).await;
            watch(&host, &list, end, &shown).await
        });
    }
    let mut crowd = Crowd::default();
    while let Some(watched) = tasks.join_next().await {
        crowd.add(watched??);
    }
    crowd.sort();
    Ok(crowd)
}

/// Asks for the playlist and its newest segment in turn, as fast as they come, over a few connections. Returns the bytes.
pub async fn rush(host: &str, list: &str, shown: &Shown) -> Outcome<u64> {
    let segment = shown.newest(list).ok_or("nobody saw a segment")?;
    let end = Instant::now() + RUSHING;
    let mut tasks = JoinSet::new();
    for _ in 0..RUSHING_CONNECTIONS {
        let (host, paths) = (host.to_owned(), [list.to_owned(), segment.clone()]);
        tasks.spawn(async move {
            let mut connection = Connection::open(&host).await?;
            let mut bytes = 0;
            while Instant::now() < end {
                for path in &paths {
                    let answer = connection.get(path, false).await?;
                    if answer.status != 200 {
                        return Err(io::Error::other(format!("{path}: {}", answer.status)));
                    }
                    bytes += answer.length as u64;
                }
            }
            Ok(bytes)
        });
    }
    let mut bytes = 0;
    while let Some(task) = tasks.join_next().await {
        bytes += task??;
    }
    Ok(bytes)
}

impl Crowd {
    fn add(&mut self, watched: Watched) {
        let milliseconds = |times: Vec<Duration>| times.into_iter().map(|time| time.as_secs_f64() * 1_000.0);
        self.stalls += u64::from(watched.stalls);
        self.stalled_s += watched.stalled.as_secs_f64();
        self.bytes += watched.bytes;
        self.segments_ms.extend(milliseconds(watched.segments));
        self.lists_ms.extend(milliseconds(watched.lists));
        self.spare_ms.extend(milliseconds(watched.spare));
    }

    fn sort(&mut self) {
        for values in [&mut self.segments_ms, &mut self.lists_ms, &mut self.spare_ms] {
            values.sort_by(f64::total_cmp);
        }
    }
}

/// The value below which this share of sorted values lies.
pub fn share(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_found_in_order() {
        let values = (0..100).map(f64::from).collect::<Vec<_>>();
        assert_eq!([share(&values, 0.0), share(&values, 0.5), share(&values, 0.99)], [0.0, 50.0, 99.0]);
        assert_eq!(share(&values, 1.0), 99.0);
        assert!(share(&[], 0.5).is_nan());
    }
}
