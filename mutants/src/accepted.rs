//! The mutants that no test can notice, each with its reason: `accepted.txt`.

use std::collections::BTreeMap;
use std::path::Path;

/// Mutants by key, with the reason why they may stay.
#[derive(Debug, Default)]
pub struct Accepted(BTreeMap<String, Vec<String>>);

/// Reads the list: `file | function | change | reason` a line, `#` before remarks.
pub fn read(path: &Path) -> Accepted {
    parse(&std::fs::read_to_string(path).unwrap_or_default())
}

fn parse(text: &str) -> Accepted {
    let mut accepted = Accepted::default();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        // From the right: a change may be that of the operator `|`.
        let (key, reason) = line.rsplit_once(" | ").unwrap_or((line, ""));
        accepted.0.entry(key.to_owned()).or_default().push(reason.to_owned());
    }
    accepted
}

impl Accepted {
    /// The reason for a mutant; each line stands for one.
    pub fn take(&mut self, key: &str) -> Option<String> {
        self.0.get_mut(key)?.pop()
    }

    /// The keys of which a line was not asked for.
    pub fn left(&self) -> Vec<&str> {
        self.0.iter().filter(|(_, reasons)| !reasons.is_empty()).map(|(key, _)| key.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_excuses_one_mutant() {
        assert_eq!(parse("a | b | c | why\n").left(), ["a | b | c"]);
        let mut accepted = parse("# remark\n\na.rs | f | replace | with || | the same either way\n");
        assert_eq!(accepted.take("a.rs | f | replace < with <="), None);
        let mut accepted = parse("a.rs | f | replace | with ^ | the same either way\n");
        assert_eq!(accepted.take("a.rs | f | replace | with ^").as_deref(), Some("the same either way"));
        let mut accepted = parse("a.rs | f | replace < with <= | the same either way\n");
        assert_eq!(accepted.take("a.rs | f | replace < with <=").as_deref(), Some("the same either way"));
        assert_eq!(accepted.take("a.rs | f | replace < with <="), None);
    }
}
