//! When to ask again.

use std::time::Duration;

use super::CarrierError;

/// Says how often, and after what waits, a failed request is repeated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Counts the tries, the first included.
    pub tries_max: u32,
    /// Gives the wait after the first try; each further one doubles it.
    pub first_delay: Duration,
    /// Bounds each wait. A server that asks for a longer one is left.
    pub delay_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { tries_max: 3, first_delay: Duration::from_millis(500), delay_max: Duration::from_secs(15) }
    }
}

impl RetryPolicy {
    /// Gives the wait before the next try, or `None` if there shall be none.
    ///
    /// `tries` counts those made; `jitter` from 0 to 1 spreads the wait over its upper half.
    pub fn delay(&self, tries: u32, error: &CarrierError, jitter: f64) -> Option<Duration> {
        if tries >= self.tries_max || !error.is_transient() {
            return None;
        }
        let doubled = self.first_delay.saturating_mul(2u32.saturating_pow(tries.saturating_sub(1)));
        let delay = doubled.min(self.delay_max).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0));
        match error {
            CarrierError::HttpStatus { retry_after: Some(asked), .. } if *asked > self.delay_max => None,
            CarrierError::HttpStatus { retry_after: Some(asked), .. } => Some(delay.max(*asked)),
            _ => Some(delay),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn policy() -> RetryPolicy {
        RetryPolicy { tries_max: 5, first_delay: SECOND, delay_max: 5 * SECOND }
    }

    #[test]
    fn waits_double_up_to_the_limit_and_spread() {
        let delays = |jitter| (1..6).map(|tries| policy().delay(tries, &CarrierError::Interrupted, jitter)).collect();
        let latest: Vec<_> = delays(1.0);
        assert_eq!(latest, [Some(SECOND), Some(2 * SECOND), Some(4 * SECOND), Some(5 * SECOND), None]);
        let earliest: Vec<_> = delays(-3.0);
        assert_eq!(earliest[1], Some(SECOND));
    }

    #[test]
    fn what_will_not_pass_is_not_repeated() {
        for error in
            [CarrierError::TooManyRedirects, CarrierError::TooLarge { bytes_max: 1 }, CarrierError::NotACarrier]
        {
            assert_eq!(policy().delay(1, &error, 1.0), None, "{error}");
        }
    }

    #[test]
    fn the_server_may_ask_for_patience_but_not_for_ever() {
        let asked = |retry_after| CarrierError::HttpStatus { status: 429, retry_after: Some(retry_after) };
        assert_eq!(policy().delay(1, &asked(3 * SECOND), 1.0), Some(3 * SECOND));
        assert_eq!(policy().delay(1, &asked(6 * SECOND), 1.0), None);
    }
}
