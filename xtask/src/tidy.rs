//! `cargo xtask tidy`: rules for sources and texts that no compiler knows.
//!
//! A rule looks at one file and names what it finds. What must stay as it is stands in `xtask/tidy-exceptions.txt`,
//! with its reason; an exception that nothing needs any more is a finding too.

mod exceptions;
mod manifest;
mod markdown;
mod rust_source;
mod shape;
mod words;

use std::fs;
use std::path::Path;

use crate::count::Count;
use crate::step::{Failure, Outcome};
use crate::workspace::Workspace;
use exceptions::Exceptions;

/// A text file of the project.
pub struct SourceFile<'a> {
    /// The root folder of the project.
    pub root: &'a Path,
    /// The path below the root, with `/` between its parts.
    pub path: &'a str,
    pub text: &'a str,
}

impl SourceFile<'_> {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn has_ending(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }
}

/// Something that a rule objects to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    /// Counted from 1; 0 where the whole file is meant.
    pub line: usize,
    pub rule: &'static str,
    /// What exactly an exception has to name: a function, a word, a link.
    pub subject: String,
    pub message: String,
}

/// A rule: its name, and what it finds in one file.
struct Rule {
    name: &'static str,
    find: fn(&SourceFile) -> Vec<Objection>,
}

/// A finding before it knows its rule and file.
struct Objection {
    line: usize,
    subject: String,
    message: String,
}

const RULES: &[Rule] = &[
    Rule { name: "file-length", find: shape::long_files },
    Rule { name: "function-length", find: shape::long_functions },
    Rule { name: "get-prefix", find: shape::getter_names },
    Rule { name: "module-name", find: shape::empty_module_names },
    Rule { name: "unfinished", find: words::unfinished },
    Rule { name: "core-without-io", find: shape::core_io },
    Rule { name: "registry-host", find: words::registry_hosts },
    Rule { name: "machine-path", find: words::machine_paths },
    Rule { name: "false-promise", find: words::false_promises },
    Rule { name: "link", find: markdown::broken_links },
    Rule { name: "lints", find: manifest::missing_lints },
];

/// The name under which stale and malformed exceptions are reported.
const EXCEPTIONS_RULE: &str = "exceptions";

/// What a look at the whole project brought to light.
pub struct Report {
    files: usize,
    findings: Vec<Finding>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Counts each rule as one test.
    pub fn count(&self) -> Count {
        let names = || RULES.iter().map(|rule| rule.name).chain([EXCEPTIONS_RULE]);
        let broken = names().filter(|name| self.findings.iter().any(|finding| finding.rule == *name)).count();
        Count { passed: (names().count() - broken) as u64, failed: broken as u64, skipped: 0 }
    }

    /// Prints one line for each finding, in the form that editors jump to.
    pub fn print(&self) {
        for finding in &self.findings {
            eprintln!("{}:{}: {}: {}", finding.path, finding.line.max(1), finding.rule, finding.message);
        }
    }
}

/// Checks the project and fails if a rule is broken.
pub fn run(workspace: &Workspace) -> Outcome {
    let report = check(workspace)?;
    report.print();
    if report.is_clean() {
        eprintln!("tidy: {} files, {} rules, nothing to mend", report.files, RULES.len());
        return Ok(());
    }
    Err(Failure::step(
        format!("tidy: {} places to mend", report.findings.len()),
        format!("what has to stay as it is goes into {} with its reason", exceptions::PATH),
    ))
}

/// Looks at every file that is tracked or about to be.
pub fn check(workspace: &Workspace) -> Outcome<Report> {
    let paths = project_files(workspace)?;
    let mut findings = Vec::new();
    let mut files = 0;
    for path in &paths {
        // A file that git still tracks may have been deleted; one that is no text (a picture) has no rules.
        let Some(text) = fs::read(workspace.root.join(path)).ok().and_then(|bytes| String::from_utf8(bytes).ok())
        else {
            continue;
        };
        files += 1;
        findings.extend(look_at(&SourceFile { root: &workspace.root, path, text: &text }));
    }
    let text = fs::read_to_string(workspace.root.join(exceptions::PATH)).unwrap_or_default();
    let mut exceptions = Exceptions::read(&text);
    findings.retain(|finding| !exceptions.cover(finding));
    findings.extend(exceptions.complaints());
    findings.sort();
    Ok(Report { files, findings })
}

fn look_at(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        for Objection { line, subject, message } in (rule.find)(file) {
            findings.push(Finding { path: file.path.to_owned(), line, rule: rule.name, subject, message });
        }
    }
    findings
}

fn project_files(workspace: &Workspace) -> Outcome<Vec<String>> {
    let mut git = workspace.command("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().ok().filter(|output| output.status.success()).ok_or_else(|| {
        Failure::step("listing the project's files with git", "tidy needs git and a clone of the project")
    })?;
    let names = String::from_utf8_lossy(&output.stdout);
    let mut paths: Vec<String> = names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the rules that object to a file, and the lines.
    pub fn findings(path: &str, text: &str) -> Vec<(&'static str, usize)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let found = look_at(&SourceFile { root, path, text });
        found.into_iter().map(|finding| (finding.rule, finding.line)).collect()
    }

    #[test]
    fn an_ordinary_file_is_left_alone() {
        assert_eq!(findings("crates/longear/src/lib.rs", "//! Does one thing.\n\nfn main() {\n    one();\n}\n"), []);
    }

    #[test]
    fn each_broken_rule_is_one_failed_test() {
        let finding =
            |rule| Finding { path: "a".into(), line: 1, rule, subject: String::new(), message: String::new() };
        let report = Report { files: 1, findings: vec![finding("link"), finding("link"), finding(EXCEPTIONS_RULE)] };
        let all = RULES.len() as u64 + 1;
        assert_eq!(report.count(), Count { passed: all - 2, failed: 2, skipped: 0 });
        assert!(!report.is_clean());
    }
}
