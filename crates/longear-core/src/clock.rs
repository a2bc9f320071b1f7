//! The time that a channel agrees on, for readers whose own clock may be years off.

use crate::keys::PublicKey;
use crate::limits::CLOCK_JUMP_MS_MAX;

/// The channel's time from its statements, as (signer, time): the newest word, but where several delegates exist
/// never more than 48 h ahead of the second one's. `None` without statements.
///
/// Derived anew each time and never stored, so no lie outlasts its statement. It hides nothing from readers.
pub fn channel_time(statements: impl IntoIterator<Item = (PublicKey, u64)>, delegates: usize) -> Option<u64> {
    let mut newest = crate::sorted::SortedMap::<PublicKey, u64>::new();
    for (key, time) in statements {
        let held = newest.at_or_insert(key, || 0);
        *held = (*held).max(time);
    }
    let mut times = newest.values().copied().collect::<Vec<_>>();
    times.sort_unstable_by(|a, b| b.cmp(a));
    match (times.first(), times.get(1)) {
        (Some(first), Some(second)) if delegates > 1 => Some((*first).min(second.saturating_add(CLOCK_JUMP_MS_MAX))),
        (first, _) => first.copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_delegate_alone_cannot_pull_the_clock_ahead() {
        let key = |n| PublicKey([n; 32]);
        let year = 365 * 86_400_000;
        assert_eq!(channel_time([(key(1), 100), (key(2), year)], 2), Some(100 + CLOCK_JUMP_MS_MAX));
        assert_eq!(channel_time([(key(1), year), (key(2), year)], 2), Some(year));
        assert_eq!(channel_time([(key(1), 5), (key(1), year)], 1), Some(year));
        assert_eq!(channel_time([], 3), None);
    }
}
