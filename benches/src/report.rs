//! The lines that are printed.

/// What a figure shall be.
#[derive(Clone, Copy)]
pub enum Target {
    /// Ours ÷ peer at most this.
    RatioMost(f64),
    /// Ours ÷ peer at least this.
    RatioLeast(f64),
    /// Ours at most this, in its unit.
    Most(f64),
    /// Ours at least this, in its unit.
    Least(f64),
    /// Only told.
    None,
}

/// Prints a figure beside its peer, and whether it is what it shall be. `NAN` as peer: there is none.
pub fn figure(name: &str, ours: f64, peer: f64, unit: &str, target: Target) {
    println!("{name} ratio={:.3} ours={ours:.3} peer={peer:.3} unit={unit}", ours / peer);
    if let Some(verdict) = verdict(ours, peer, unit, target) {
        println!("  {verdict}");
    }
}

fn verdict(ours: f64, peer: f64, unit: &str, target: Target) -> Option<String> {
    let (wanted, reached) = match target {
        Target::RatioMost(most) => (format!("ratio at most {most}"), ours / peer <= most),
        Target::RatioLeast(least) => (format!("ratio at least {least}"), ours / peer >= least),
        Target::Most(most) => (format!("at most {most} {unit}"), ours <= most),
        Target::Least(least) => (format!("at least {least} {unit}"), ours >= least),
        Target::None => return None,
    };
    Some(format!("target: {wanted}: {}", if reached { "reached" } else { "not reached" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_looks_the_right_way() {
        let reached = |ours, peer, target| verdict(ours, peer, "s", target).unwrap().ends_with(": reached");
        assert!(reached(1.1, 1.0, Target::RatioMost(1.1)) && !reached(1.2, 1.0, Target::RatioMost(1.1)));
        assert!(reached(0.8, 1.0, Target::RatioLeast(0.7)) && !reached(0.6, 1.0, Target::RatioLeast(0.7)));
        assert!(reached(2.0, f64::NAN, Target::Most(2.5)) && !reached(3.0, f64::NAN, Target::Most(2.5)));
        assert!(reached(3.0, f64::NAN, Target::Least(2.5)) && !reached(2.0, f64::NAN, Target::Least(2.5)));
        assert!(!reached(2.0, f64::NAN, Target::RatioMost(1.1)), "without a peer there is no ratio");
    }
}
