//! Rules for the shape of the code: lengths and names, and a core that does no input or output.

use crate::tidy::rust_source::{functions, tokens, without_comments_and_literals};
use crate::tidy::{Objection, SourceFile};

/// A longer file has more than one subject.
const FILE_LINES_MAX: usize = 800;
/// A longer function cannot be read at one glance.
const FUNCTION_LINES_MAX: usize = 70;
/// Files of these endings are written by people.
const CODE_ENDINGS: [&str; 10] = [".rs", ".ts", ".tsx", ".js", ".mjs", ".py", ".sh", ".css", ".html", ".toml"];
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = ["utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"];
/// Where the core lives.
const CORE_SOURCES: &str = "crates/longear-core/src/";
/// Modules of the standard library that reach out of the program, and the types of `std::time` that read a clock.
const OUTSIDE_WORLD: [&str; 8] = ["fs", "net", "env", "process", "thread", "os", "Instant", "SystemTime"];

pub fn long_files(file: &SourceFile) -> Vec<Objection> {
    let lines = file.text.lines().count();
    if lines <= FILE_LINES_MAX || !file.has_ending(&CODE_ENDINGS) {
        return Vec::new();
    }
    vec![Objection { line: 0, subject: String::new(), message: format!("{lines} lines, {FILE_LINES_MAX} are allowed") }]
}

pub fn long_functions(file: &SourceFile) -> Vec<Objection> {
    if !file.is_rust() {
        return Vec::new();
    }
    let mut objections = Vec::new();
    for function in functions(&without_comments_and_literals(file.text)) {
        let lines = function.last_line + 1 - function.first_line;
        if lines > FUNCTION_LINES_MAX {
            let message = format!("fn {} has {lines} lines, {FUNCTION_LINES_MAX} are allowed", function.name);
            objections.push(Objection { line: function.first_line, subject: function.name, message });
        }
    }
    objections
}

pub fn getter_names(file: &SourceFile) -> Vec<Objection> {
    words_after(file, "fn")
        .filter(|(_, name)| name.starts_with("get_"))
        .map(|(line, name)| Objection { line, message: format!("fn {name}: name what it returns"), subject: name })
        .collect()
}

pub fn empty_module_names(file: &SourceFile) -> Vec<Objection> {
    let declared = words_after(file, "mod").filter(|(_, name)| EMPTY_NAMES.contains(&name.as_str()));
    let stem = file.path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
    let is_code = file.has_ending(&CODE_ENDINGS);
    let own = (is_code && EMPTY_NAMES.contains(&stem)).then(|| (0, stem.to_owned()));
    declared
        .chain(own)
        .map(|(line, name)| Objection { line, message: format!("{name} does not say what is inside"), subject: name })
        .collect()
}

/// The core gets time, randomness, network and disk as arguments; its tests may read files.
pub fn core_io(file: &SourceFile) -> Vec<Objection> {
    if !file.path.starts_with(CORE_SOURCES) || file.path.ends_with("tests.rs") {
        return Vec::new();
    }
    let code = without_comments_and_literals(file.text);
    let tests_line = code.lines().position(|line| line.trim() == "#[cfg(test)]").map_or(usize::MAX, |index| index + 1);
    let tokens = tokens(&code);
    let mut objections = Vec::new();
    for statement in tokens.split(|(_, token)| matches!(*token, ";" | "{" | "}" | "(" | ")")) {
        objections.extend(outside_words(statement));
    }
    // Lists in braces are cut off from their `std::`, so the clock types are looked for wherever they stand.
    for (line, token) in tokens.iter().filter(|(_, token)| matches!(*token, "Instant" | "SystemTime")) {
        objections.push(io_objection(*line, token));
    }
    objections.retain(|objection| objection.line < tests_line);
    objections.sort_by(|left, right| (left.line, &left.subject).cmp(&(right.line, &right.subject)));
    objections.dedup_by(|left, right| left.line == right.line && left.subject == right.subject);
    objections
}

/// Finds `std::fs` and its like in one statement.
fn outside_words(statement: &[(usize, &str)]) -> Vec<Objection> {
    statement
        .windows(4)
        .filter_map(|window| match window {
            [(_, "std"), (_, ":"), (_, ":"), (line, word)] if OUTSIDE_WORLD.contains(word) => {
                Some(io_objection(*line, word))
            }
            _ => None,
        })
        .collect()
}

fn io_objection(line: usize, word: &str) -> Objection {
    let message = format!("{word}: the core gets time, randomness, network and disk as arguments");
    Objection { line, subject: word.to_owned(), message }
}

fn words_after(file: &SourceFile, keyword: &'static str) -> impl Iterator<Item = (usize, String)> + use<> {
    let code = if file.is_rust() { without_comments_and_literals(file.text) } else { String::new() };
    let tokens: Vec<(usize, String)> =
        tokens(&code).into_iter().map(|(line, token)| (line, token.to_owned())).collect();
    let pairs: Vec<(usize, String)> =
        tokens.windows(2).filter(|pair| pair[0].1 == keyword).map(|pair| pair[1].clone()).collect();
    pairs.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::findings;

    #[test]
    fn files_may_have_so_many_lines_and_no_more() {
        assert_eq!(findings("a.py", &"x = 1\n".repeat(FILE_LINES_MAX)), []);
        assert_eq!(findings("a.py", &"x = 1\n".repeat(FILE_LINES_MAX + 1)), [("file-length", 0)]);
        assert_eq!(findings("a.csv", &"1\n".repeat(FILE_LINES_MAX + 1)), []);
    }

    #[test]
    fn functions_may_have_so_many_lines_and_no_more() {
        let function = |lines: usize| format!("\nfn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
        assert_eq!(findings("a.rs", &function(FUNCTION_LINES_MAX)), []);
        assert_eq!(findings("a.rs", &function(FUNCTION_LINES_MAX + 1)), [("function-length", 2)]);
    }

    #[test]
    fn names_must_say_something() {
        assert_eq!(findings("a.rs", "// fn get_none\nfn get_size() {}\n"), [("get-prefix", 2)]);
        assert_eq!(findings("a.rs", "fn getter() {}\nlet get_x = 1;\n"), []);
        assert_eq!(findings("a.rs", "mod wire;\npub mod helpers;\n"), [("module-name", 2)]);
        assert_eq!(findings("web/utils.ts", ""), [("module-name", 0)]);
    }

    #[test]
    fn the_core_reaches_for_nothing_outside() {
        let core = "crates/longear-core/src/log.rs";
        assert_eq!(findings(core, "use std::fs;\n"), [("core-without-io", 1)]);
        assert_eq!(findings(core, "use std::time::{Duration, Instant};\n"), [("core-without-io", 1)]);
        assert_eq!(findings(core, "fn f() {\n    std::thread::spawn(g);\n}\n"), [("core-without-io", 2)]);
        assert_eq!(findings(core, "use std::time::Duration;\n// std::fs\n"), []);
        assert_eq!(findings(core, "fn f() {}\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n"), []);
        assert_eq!(findings("crates/longear-store/src/lib.rs", "use std::fs;\n"), []);
    }
}
