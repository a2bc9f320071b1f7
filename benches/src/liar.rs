//! A carrier that lies, beside two honest ones: the traffic and CPU that it costs, and what the others still deliver.

use longear_core::{Article, Rendition};

use crate::disk::{Noise, settle};
use crate::liar_server::{Liar, Lie};
use crate::measure::{Cost, median};
use crate::report::{Target, figure};
use crate::tree::{Newsroom, post, put_blob};
use crate::{Bench, Outcome};

/// Posts of 2 kB.
const POSTS: u64 = 1_200;
/// Films, and the bytes of each.
const FILMS: u64 = 6;
const FILM_BYTES: usize = 16_000_000;

pub fn run(bench: &Bench) -> Outcome<()> {
    let room = bench.workshop.room()?;
    let (tree, reader) = (room.path("tree"), room.path("reader"));
    let films = (0..FILMS).map(|film| put_blob(&tree, &noise(FILM_BYTES, film + 1))).collect::<Outcome<Vec<_>>>()?;
    let articles = |seq: u64| article(seq, &films);
    let mut newsroom = Newsroom::new();
    newsroom.sign_until(POSTS, &articles);
    newsroom.write(&tree, &articles)?;
    let sync = |lie: Option<Lie>| -> Outcome<(Cost, u64)> {
        let honest = [Liar::start(&tree, Lie::Nothing), Liar::start(&tree, Lie::Nothing)];
        let liar = lie.map(|lie| Liar::start(&tree, lie));
        bench.longear.run(&reader, &["follow", &newsroom.address()])?;
        settle()?;
        let urls = honest.iter().chain(&liar).map(|carrier| carrier.url.as_str());
        let words = ["sync", "--pull-only"].into_iter().chain(urls).collect::<Vec<_>>();
        // Something was refused, which its exit code tells.
        let cost = bench.longear.run_ending(&reader, &words, &[0, 4])?;
        bench.longear.expect_whole(&reader, POSTS)?;
        room.remove("reader")?;
        Ok((cost, liar.map_or(0, |liar| liar.sent())))
    };
    for lie in Lie::ALL {
        let (mut without, mut beside, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..bench.repeats {
            without.push(sync(None)?.0);
            let (cost, bytes) = sync(Some(lie))?;
            beside.push(cost);
            sent.push(bytes as f64);
        }
        let name = format!("liar-{}", format!("{lie:?}").to_lowercase());
        let cpu = |runs: &[Cost]| median(runs.iter().map(|run| run.cpu_s * 1000.0));
        let wall = |runs: &[Cost]| median(runs.iter().map(|run| run.wall_s));
        let bytes = (FILMS * FILM_BYTES as u64 + POSTS * 2_000) as f64 / 1e6;
        figure(&format!("{name}-sent"), median(sent) / f64::from(1 << 20), f64::NAN, "MiB", Target::None);
        figure(&format!("{name}-cpu"), cpu(&beside) - cpu(&without), f64::NAN, "ms", Target::Most(250.0));
        let (ours, peer) = (bytes / wall(&beside), bytes / wall(&without));
        figure(&format!("{name}-goodput"), ours, peer, "MB/s", Target::RatioLeast(0.9));
    }
    Ok(())
}

/// The last items carry the films.
fn article(seq: u64, films: &[Rendition]) -> Article {
    let mut article = post(format!("{seq} {}", "text ".repeat(390)));
    let film = (seq + FILMS).checked_sub(POSTS).and_then(|film| films.get(film as usize));
    article.renditions.extend(film.cloned());
    article
}

fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Noise::new(seed).fill(&mut bytes);
    bytes
}
