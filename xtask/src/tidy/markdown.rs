//! The rule for links between documents: the file and the heading that they name exist.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::tidy::{Objection, SourceFile};

/// Finds links to files and headings that do not exist; links to other hosts are not looked at.
pub fn broken_links(file: &SourceFile) -> Vec<Objection> {
    if !file.path.ends_with(".md") {
        return Vec::new();
    }
    let mut objections = Vec::new();
    for (line, target) in links(file.text) {
        if let Some(reason) = why_broken(file, &target) {
            objections.push(Objection { line, message: format!("{target}: {reason}"), subject: target });
        }
    }
    objections
}

fn why_broken(file: &SourceFile, target: &str) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let own_text = path.is_empty();
    let folder = Path::new(file.path).parent().unwrap_or(Path::new(""));
    let Some(below_root) = normal(&folder.join(path)) else {
        return Some("leads out of the project");
    };
    let whole = file.root.join(&below_root);
    if !own_text && !whole.exists() {
        return Some("there is no such file");
    }
    if heading.is_empty() || !(own_text || path.ends_with(".md")) {
        return None;
    }
    let other_text = if own_text { file.text.to_owned() } else { fs::read_to_string(whole).unwrap_or_default() };
    (!headings(&other_text).iter().any(|known| known == heading)).then_some("there is no such heading")
}

/// Removes `.` and `..`; `None` if the path leaves the project.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !normal.pop() {
                    return None;
                }
            }
            Component::Normal(name) => normal.push(name),
            Component::Prefix(_) | Component::RootDir => return None,
        }
    }
    Some(normal)
}

/// The targets of `[text](target)` and `![text](target)` outside code, each with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (line, prose) in prose_lines(text) {
        let mut rest = prose.as_str();
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let end = rest.find(')').unwrap_or(rest.len());
            // A title may follow the target: [text](target "title").
            if let Some(target) = rest[..end].split_whitespace().next() {
                links.push((line, target.trim_matches(['<', '>']).to_owned()));
            }
        }
    }
    links
}

/// The names by which headings can be linked to: lower case, words joined by hyphens, no other signs.
fn headings(text: &str) -> Vec<String> {
    let without_code_lines = text.lines().scan(false, |in_code, line| {
        let fence = line.trim_start().starts_with("```");
        *in_code ^= fence;
        Some((!*in_code && !fence).then_some(line))
    });
    without_code_lines
        .flatten()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let letters = title.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
            letters.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
        })
        .collect()
}

/// The lines of a document without code blocks, and without code inside the lines.
fn prose_lines(text: &str) -> Vec<(usize, String)> {
    let mut in_code = false;
    let mut prose = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            // Every second piece between backquotes is code.
            prose.push((number, line.split('`').step_by(2).collect::<Vec<_>>().join("``")));
        }
    }
    prose
}

#[cfg(test)]
mod tests {
    use crate::tidy::tests::findings;

    #[test]
    fn links_to_files_that_exist_are_fine() {
        let text = "[tasks](../xtask/src/main.rs) and [here](#top)\n\n# Top\n[away](https://example.org/x.md)\n";
        assert_eq!(findings("docs/a.md", text), []);
    }

    #[test]
    fn links_to_nothing_are_found() {
        assert_eq!(findings("docs/a.md", "\nsee [this](none.md)\n"), [("link", 2)]);
        assert_eq!(findings("docs/a.md", "![picture](images/none.png \"title\")\n"), [("link", 1)]);
        assert_eq!(findings("docs/a.md", "[out](../../etc/passwd)\n"), [("link", 1)]);
        assert_eq!(findings("docs/a.md", "[here](#none)\n# Top\n"), [("link", 1)]);
        assert_eq!(findings("a.md", "[b](xtask/src/main.rs) [c](none.rs)\n"), [("link", 1)]);
    }

    #[test]
    fn code_holds_no_links() {
        assert_eq!(findings("a.md", "`x[0](none)`\n```\n[a](none)\n```\n"), []);
    }
}
