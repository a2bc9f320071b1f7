//! How far the candidates came.

use std::collections::BTreeMap;
use std::fmt;

use crate::gate::Judged;
use crate::world::Family;

/// Refusals that come after the form was found good: of signatures, keys, hashes and places.
const DEEP: [&str; 14] = [
    "bad-signature",
    "unknown-key",
    "unknown-signer",
    "below-threshold",
    "bad-enrolment",
    "wrong-channel",
    "wrong-log",
    "out-of-sequence",
    "roots-not-committed",
    "delegate-narrowed",
    "delegate-returned",
    "not-linked",
    "hash-mismatch",
    "not-a-fork",
];

/// The share of all candidates that must get past the form, or the siege says little.
const DEEP_SHARE_MIN: f64 = 0.35;

#[derive(Default)]
pub struct Tally {
    /// Refusal codes by family; the empty code is no refusal.
    codes: BTreeMap<(Family, &'static str), u64>,
    /// Candidates of which something was let in, all of it honest.
    honest: BTreeMap<Family, u64>,
    pub forgeries: Vec<(u64, Family)>,
}

impl Tally {
    pub fn count(&mut self, family: Family, judged: &Judged, forged: bool) {
        *self.codes.entry((family, judged.code)).or_default() += 1;
        if !judged.accepted.is_empty() && !forged {
            *self.honest.entry(family).or_default() += 1;
        }
    }

    fn sum(&self, family: Option<Family>, is_wanted: impl Fn(&str) -> bool) -> u64 {
        let of = |(of, code): &(Family, &'static str)| family.is_none_or(|family| family == *of) && is_wanted(code);
        self.codes.iter().filter(|(key, _)| of(key)).map(|(_, count)| count).sum()
    }

    /// Every family came to its signatures or hashes, and together many did.
    pub fn assert_worth_something(&self) {
        for family in Family::ALL {
            assert!(self.sum(Some(family), |code| DEEP.contains(&code)) > 0, "{family:?} never came to its checks");
        }
        let share = self.sum(None, |code| DEEP.contains(&code)) as f64 / self.sum(None, |_| true) as f64;
        assert!(share >= DEEP_SHARE_MIN, "only {share:.2} of the candidates came past the form");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for family in Family::ALL {
            let all = self.sum(Some(family), |_| true);
            let deep = self.sum(Some(family), |code| DEEP.contains(&code));
            let honest = self.honest.get(&family).copied().unwrap_or(0);
            writeln!(
                f,
                "{family:>10?}: {all} candidates, {deep} refused behind the form, {honest} honest in part or whole"
            )?;
            let mut codes = self.codes.iter().filter(|((of, _), _)| *of == family).collect::<Vec<_>>();
            codes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let words = codes.iter().take(6).map(|((_, code), count)| match *code {
                "" => format!("nothing refused {count}"),
                code => format!("{code} {count}"),
            });
            writeln!(f, "            {}", words.collect::<Vec<_>>().join(", "))?;
        }
        let deep = self.sum(None, |code| DEEP.contains(&code));
        write!(f, "together {} candidates, {deep} refused behind the form", self.sum(None, |_| true))
    }
}

/// The most memory that this process ever had resident, where the system tells it.
pub fn peak_memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}
