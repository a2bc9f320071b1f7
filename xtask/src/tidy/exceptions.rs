//! The list of findings that are meant to stay.

use crate::tidy::{EXCEPTIONS_RULE, Finding};

/// Where the list stands.
pub const PATH: &str = "xtask/tidy-exceptions.txt";

/// One line of the list: `rule | path | subject | reason`; an empty subject covers the whole file.
struct Exception {
    line: usize,
    rule: String,
    path: String,
    subject: String,
    used: bool,
}

/// All exceptions, and which of them were needed.
pub struct Exceptions {
    list: Vec<Exception>,
    malformed: Vec<usize>,
}

impl Exceptions {
    /// Reads the list; empty lines and lines that begin with `#` say nothing.
    pub fn read(text: &str) -> Self {
        let mut exceptions = Self { list: Vec::new(), malformed: Vec::new() };
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            match parts[..] {
                [rule, path, subject, reason] if !rule.is_empty() && !path.is_empty() && !reason.is_empty() => {
                    let (rule, path, subject) = (rule.to_owned(), path.to_owned(), subject.to_owned());
                    exceptions.list.push(Exception { line: number, rule, path, subject, used: false });
                }
                _ => exceptions.malformed.push(number),
            }
        }
        exceptions
    }

    /// Says whether a finding may stay, and remembers which exception was needed for it.
    pub fn cover(&mut self, finding: &Finding) -> bool {
        let mut covered = false;
        for exception in &mut self.list {
            let same_subject = exception.subject.is_empty() || exception.subject == finding.subject;
            if exception.rule == finding.rule && exception.path == finding.path && same_subject {
                exception.used = true;
                covered = true;
            }
        }
        covered
    }

    /// Finds lines that nobody can read and exceptions that nothing needed.
    pub fn complaints(&self) -> Vec<Finding> {
        let complaint = |line, message: String| Finding {
            path: PATH.to_owned(),
            line,
            rule: EXCEPTIONS_RULE,
            subject: String::new(),
            message,
        };
        let malformed =
            self.malformed.iter().map(|line| complaint(*line, "write `rule | path | subject | reason`".to_owned()));
        let unused = self.list.iter().filter(|exception| !exception.used).map(|exception| {
            complaint(exception.line, format!("nothing in {} breaks {} any more", exception.path, exception.rule))
        });
        malformed.chain(unused).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &'static str, subject: &str) -> Finding {
        Finding { path: "a.rs".into(), line: 1, rule, subject: subject.into(), message: String::new() }
    }

    #[test]
    fn an_exception_covers_its_subject_only() {
        let mut exceptions = Exceptions::read("# why\n\nfunction-length | a.rs | main | a table\n");
        assert!(exceptions.cover(&finding("function-length", "main")));
        assert!(!exceptions.cover(&finding("function-length", "other")));
        assert!(!exceptions.cover(&finding("file-length", "main")));
        assert_eq!(exceptions.complaints(), []);
    }

    #[test]
    fn a_reason_is_demanded_and_a_stale_exception_reported() {
        let exceptions = Exceptions::read("link | a.md | b.md |\nlink | a.md | b.md | written by hand\n");
        let complaints = exceptions.complaints();
        assert_eq!(complaints.iter().map(|finding| finding.line).collect::<Vec<_>>(), [1, 2]);
        assert!(complaints[1].message.contains("any more"));
    }
}
