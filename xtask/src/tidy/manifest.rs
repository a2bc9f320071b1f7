//! The rule for manifests: every crate takes the lints of the workspace, and the workspace demands documentation.

use crate::tidy::{Objection, SourceFile};

/// What the root manifest must say, and under which heading.
const DEMANDED_LINTS: [(&str, &str); 2] = [("missing_docs", "deny"), ("unsafe_code", "forbid")];

pub fn missing_lints(file: &SourceFile) -> Vec<Objection> {
    if file.path != "Cargo.toml" && !file.path.ends_with("/Cargo.toml") {
        return Vec::new();
    }
    if file.path == "Cargo.toml" {
        let lints = settings(file.text, "[workspace.lints.rust]");
        return DEMANDED_LINTS
            .iter()
            .filter(|(name, level)| !lints.contains(&format!("{name}=\"{level}\"")))
            .map(|(name, level)| objection(name, format!("[workspace.lints.rust] lacks {name} = \"{level}\"")))
            .collect();
    }
    if settings(file.text, "[lints]").iter().any(|setting| setting == "workspace=true") {
        return Vec::new();
    }
    vec![objection("workspace", "[lints] lacks workspace = true".to_owned())]
}

fn objection(subject: &str, message: String) -> Objection {
    Objection { line: 0, subject: subject.to_owned(), message }
}

/// The settings under one heading of a TOML file, without spaces.
fn settings(text: &str, heading: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .map(|line| line.chars().filter(|letter| !letter.is_whitespace()).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::tidy::tests::findings;

    #[test]
    fn crates_take_the_lints_of_the_workspace() {
        assert_eq!(findings("crates/a/Cargo.toml", "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"), []);
        assert_eq!(findings("crates/a/Cargo.toml", "[package]\nname = \"a\"\n"), [("lints", 0)]);
        assert_eq!(findings("crates/a/Cargo.toml", "[lints]\n[dependencies]\nworkspace = true\n"), [("lints", 0)]);
    }

    #[test]
    fn the_workspace_demands_documentation_and_no_unsafe_code() {
        let good = "[workspace.lints.rust]\nmissing_docs = \"deny\"\nunsafe_code = \"forbid\"\n";
        assert_eq!(findings("Cargo.toml", good), []);
        assert_eq!(findings("Cargo.toml", &good.replace("deny", "warn")), [("lints", 0)]);
        assert_eq!(findings("Cargo.toml", "[workspace]\n"), [("lints", 0), ("lints", 0)]);
    }
}
