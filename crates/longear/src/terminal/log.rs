//! What `--verbose` explains.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts to explain on stderr: nothing at 0, what is done at 1, details at 2, everything at 3.
///
/// What others' libraries write is capped at `info`: below that they name hosts and paths. Our own lines never name
/// an identity, key, address, file or room, at any level.
pub fn start(verbosity: u8) {
    if verbosity == 0 {
        return;
    }
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).without_time();
    // A second start, in a test, changes nothing.
    let _ = tracing_subscriber::registry().with(targets(verbosity)).with(lines).try_init();
}

fn targets(verbosity: u8) -> Targets {
    let (ours, others) = match verbosity {
        0 => (LevelFilter::OFF, LevelFilter::OFF),
        1 => (LevelFilter::INFO, LevelFilter::WARN),
        2 => (LevelFilter::DEBUG, LevelFilter::INFO),
        _ => (LevelFilter::TRACE, LevelFilter::INFO),
    };
    let crates = ["longear", "longear_core", "longear_net", "longear_pages", "longear_store"];
    Targets::new().with_default(others).with_targets(crates.map(|name| (name, ours)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn libraries_are_capped_and_silence_is_the_default() {
        for verbosity in 0..=u8::MAX {
            assert!(!targets(verbosity).would_enable("hyper::client", &Level::DEBUG));
        }
        assert!(!targets(0).would_enable("longear", &Level::ERROR));
        assert!(targets(1).would_enable("longear_net::sync", &Level::INFO));
        assert!(targets(2).would_enable("longear_store", &Level::DEBUG));
    }
}
