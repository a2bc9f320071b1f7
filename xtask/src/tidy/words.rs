//! Rules for words that must not stand in any file.
//!
//! The words are put together here from pieces, so that this file does not break its own rules.

use crate::tidy::{Objection, SourceFile};

/// The only file that may name registries: cargo writes them into it.
const LOCK_FILE: &str = "Cargo.lock";

/// A hostile network may watch or block these, and a build must follow the machine's own settings.
fn registry_host_names() -> Vec<String> {
    let pieces = [
        ["crates", ".io"],
        ["registry.npm", "js.org"],
        ["npm", "js.com"],
        ["registry.yarn", "pkg.com"],
        ["pypi", ".org"],
        ["python", "hosted.org"],
        ["deb.", "debian.org"],
        ["proxy.", "golang.org"],
    ];
    pieces.iter().map(|parts| parts.concat()).collect()
}

/// The folders in which people and machines keep their own things.
fn private_folders() -> Vec<String> {
    ["work", "root", "home", "Users"].iter().map(|name| format!("/{name}/")).collect()
}

/// Promises that nobody can keep, or that we did not check.
fn promises() -> Vec<String> {
    let pieces = [
        ["verified ", "news"],
        ["military", "-grade"],
        ["military", " grade"],
        ["bank", "-grade"],
        ["100 % ", "secure"],
        ["100% ", "secure"],
        ["completely ", "secure"],
        ["totally ", "secure"],
        ["perfectly ", "secure"],
        ["completely ", "anonymous"],
        ["fully ", "anonymous"],
        ["guaranteed ", "anonym"],
        ["un", "hackable"],
        ["un", "breakable"],
        ["un", "traceable"],
        ["no known ", "cve"],
        ["no known ", "vulnerabilit"],
    ];
    pieces.iter().map(|parts| parts.concat()).collect()
}

/// Marks and macros by which people put work off.
fn postponements() -> Vec<String> {
    let pieces = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X"],
        ["to", "do!("],
        ["unimpl", "emented!("],
        ["not yet impl", "emented"],
    ];
    pieces.iter().map(|parts| parts.concat()).collect()
}

pub fn registry_hosts(file: &SourceFile) -> Vec<Objection> {
    if file.path == LOCK_FILE {
        return Vec::new();
    }
    occurrences(file.text, &registry_host_names(), |_, _| true, "names a package registry")
}

pub fn machine_paths(file: &SourceFile) -> Vec<Objection> {
    // In `https://host/home/` the folder belongs to somebody else's server.
    let starts_path = |before: Option<char>, _: Option<char>| {
        before.is_none_or(|letter| !letter.is_alphanumeric() && !matches!(letter, '.' | '-' | '_' | '/' | '}' | '>'))
    };
    occurrences(file.text, &private_folders(), starts_path, "is a path of somebody's machine")
}

pub fn false_promises(file: &SourceFile) -> Vec<Objection> {
    // Sentences are broken over lines and hold spaces of several kinds.
    let text = file.text.to_lowercase().replace(['\u{a0}', '\u{202f}'], " ");
    let lines: Vec<&str> = text.lines().collect();
    let mut objections = occurrences(&text, &promises(), |_, _| true, "is a promise that we cannot keep");
    for (index, pair) in lines.windows(2).enumerate() {
        let joined = format!("{} {}", pair[0].trim_end(), pair[1].trim_start());
        let crossing = promises().into_iter().find(|word| {
            let on_one_line = pair.iter().any(|line| line.contains(word.as_str()));
            joined.contains(word.as_str()) && !on_one_line
        });
        if let Some(word) = crossing {
            let message = format!("{word}: is a promise that we cannot keep");
            objections.push(Objection { line: index + 1, subject: word, message });
        }
    }
    objections
}

pub fn unfinished(file: &SourceFile) -> Vec<Objection> {
    let whole_word = |before: Option<char>, after: Option<char>| {
        let continues = |letter: char| letter.is_alphanumeric() || letter == '_';
        !before.is_some_and(continues) && !after.is_some_and(continues)
    };
    let postponed = |word: &String| word.ends_with('(') || word.contains(' ');
    let (phrases, marks): (Vec<String>, Vec<String>) = postponements().into_iter().partition(postponed);
    let mut objections = occurrences(file.text, &marks, whole_word, "is work put off");
    objections.extend(occurrences(file.text, &phrases, |_, _| true, "is work put off"));
    objections
}

/// Finds `words` in `text` wherever the letters before and after them are accepted.
fn occurrences(
    text: &str,
    words: &[String],
    accept: impl Fn(Option<char>, Option<char>) -> bool,
    why: &str,
) -> Vec<Objection> {
    let mut objections = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for word in words {
            let found = line
                .match_indices(word.as_str())
                .any(|(at, _)| accept(line[..at].chars().next_back(), line[at + word.len()..].chars().next()));
            if found {
                let message = format!("{word}: {why}");
                objections.push(Objection { line: number, subject: word.clone(), message });
            }
        }
    }
    objections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::findings;

    #[test]
    fn registries_are_named_nowhere_but_in_the_lock_file() {
        for host in registry_host_names() {
            let text = format!("\nurl = \"https://index.{host}/x\"\n");
            assert_eq!(findings("tests/browser/package-lock.json", &text), [("registry-host", 2)], "{host}");
            assert_eq!(findings("fuzz/Cargo.lock", &text), [("registry-host", 2)], "{host}");
            assert_eq!(findings("Cargo.lock", &text), [], "{host}");
        }
    }

    #[test]
    fn paths_of_machines_are_found_and_parts_of_other_paths_are_not() {
        for folder in private_folders() {
            assert_eq!(findings("a.json", &format!("{{\"path\": \"{folder}me/x\"}}\n")), [("machine-path", 1)]);
            assert_eq!(findings("a.md", &format!("https://example.org{folder}x\n")), []);
            assert_eq!(findings("a.rs", &format!("// c{folder}x\n")), []);
        }
    }

    #[test]
    fn promises_are_found_in_any_case_and_across_lines() {
        for promise in promises() {
            assert_eq!(findings("README.md", &format!("It is {}.\n", promise.to_uppercase())), [("false-promise", 1)]);
        }
        let broken = ["It shows verified", "  news to all.", ""].join("\n");
        assert_eq!(findings("README.md", &broken), [("false-promise", 1)]);
        let narrow = format!("100\u{a0}%{}secure\n", '\u{202f}');
        assert_eq!(findings("crates/longear-pages/src/words.rs", &narrow), [("false-promise", 1)]);
    }

    #[test]
    fn work_put_off_is_found() {
        for mark in postponements() {
            assert_eq!(findings("a.rs", &format!("fn f() {{ {mark} }}\n")), [("unfinished", 1)], "{mark}");
        }
        assert_eq!(findings("a.rs", "fn f() { METHODOLOGY; skipped_todo; }\n"), []);
    }
}
