//! Rust sources without their comments and literals, so that braces and words can be counted.

/// A function, from the line of `fn` to the line of its last brace.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub first_line: usize,
    pub last_line: usize,
}

/// Replaces comments and the insides of string and character literals by spaces; lines keep their numbers.
pub fn without_comments_and_literals(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let end = literal_or_comment_end(&letters, at);
        match end {
            Some(end) => {
                code.extend(letters[at..end].iter().map(|letter| if *letter == '\n' { '\n' } else { ' ' }));
                at = end;
            }
            None => {
                code.push(letters[at]);
                at += 1;
            }
        }
    }
    code
}

/// Finds all functions that have a body, in code without comments and literals.
pub fn functions(code: &str) -> Vec<Function> {
    let tokens = tokens(code);
    let mut functions = Vec::new();
    for at in 0..tokens.len() {
        let (Some((first_line, "fn")), Some((_, name))) = (tokens.get(at), tokens.get(at + 1)) else {
            continue;
        };
        // `fn(u8) -> u8` is a type; `$name` belongs to a macro.
        let name = if *name == "$" { tokens.get(at + 2).map_or("$", |token| token.1) } else { name };
        if name == "(" {
            continue;
        }
        if let Some(last_line) = body_end(&tokens, at) {
            functions.push(Function { name: name.to_owned(), first_line: *first_line, last_line });
        }
    }
    functions
}

/// Splits code into words and single other characters, each with its line.
pub fn tokens(code: &str) -> Vec<(usize, &str)> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut tokens = Vec::new();
    for (line, text) in (1..).zip(code.lines()) {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let word_end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            let end = if is_word(first) { word_end } else { first.len_utf8() };
            tokens.push((line, &rest[..end]));
            rest = rest[end..].trim_start();
        }
    }
    tokens
}

/// The line of the brace that closes the body of the function at `start`; `None` for a declaration without body.
fn body_end(tokens: &[(usize, &str)], start: usize) -> Option<usize> {
    let mut brackets = 0_usize;
    let mut braces = 0_usize;
    for (line, token) in &tokens[start..] {
        match *token {
            "(" | "[" => brackets += 1,
            ")" | "]" => brackets = brackets.saturating_sub(1),
            ";" if brackets == 0 && braces == 0 => return None,
            "{" => braces += 1,
            "}" => {
                braces = braces.saturating_sub(1);
                if braces == 0 && brackets == 0 {
                    return Some(*line);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the comment or literal that begins at `at` ends; `None` if none begins there.
fn literal_or_comment_end(letters: &[char], at: usize) -> Option<usize> {
    let letter = |offset: usize| letters.get(at + offset).copied();
    match letter(0)? {
        '/' if letter(1) == Some('/') => Some(find(letters, at, |letter| letter == '\n')),
        '/' if letter(1) == Some('*') => Some(block_comment_end(letters, at)),
        '"' => Some(quoted_end(letters, at + 1, '"')),
        '\'' => character_end(letters, at),
        'r' if !continues_word(letters, at) => raw_string_end(letters, at + 1),
        'b' | 'c' if !continues_word(letters, at) => match letter(1)? {
            'r' => raw_string_end(letters, at + 2),
            _ => None,
        },
        _ => None,
    }
}

fn continues_word(letters: &[char], at: usize) -> bool {
    at > 0 && (letters[at - 1].is_alphanumeric() || letters[at - 1] == '_')
}

fn find(letters: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    (from..letters.len()).find(|at| wanted(letters[*at])).unwrap_or(letters.len())
}

/// Block comments nest in Rust.
fn block_comment_end(letters: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < letters.len() {
        match (letters[at], letters.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    letters.len()
}

fn quoted_end(letters: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < letters.len() {
        match letters[at] {
            '\\' => at += 2,
            letter if letter == quote => return at + 1,
            _ => at += 1,
        }
    }
    letters.len()
}

/// `'a'` and `'\n'` are characters, `'a` is a lifetime.
fn character_end(letters: &[char], at: usize) -> Option<usize> {
    match (letters.get(at + 1)?, letters.get(at + 2)) {
        ('\\', _) => Some(quoted_end(letters, at + 1, '\'')),
        (_, Some('\'')) => Some(at + 3),
        _ => None,
    }
}

/// `from` stands behind the `r`, before the first `#` or quote.
fn raw_string_end(letters: &[char], from: usize) -> Option<usize> {
    let quote = find(letters, from, |letter| letter != '#');
    if letters.get(quote) != Some(&'"') {
        return None;
    }
    let hashes = quote - from;
    let mut at = quote + 1;
    loop {
        at = find(letters, at, |letter| letter == '"') + 1;
        let closed = letters[at.min(letters.len())..].iter().take(hashes).filter(|letter| **letter == '#').count();
        if closed == hashes || at >= letters.len() {
            return Some((at + hashes).min(letters.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> String {
        without_comments_and_literals(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_go_and_lines_stay() {
        assert_eq!(stripped("a // { b\nc /* { /* { */ } */ d"), "a c d");
        assert_eq!(without_comments_and_literals("a /* \n\n */ b").lines().count(), 3);
    }

    #[test]
    fn literals_go_and_lifetimes_stay() {
        assert_eq!(stripped(r#"f("{ \" {", '{', '\'', b'{', b"{", c"{") & 'a x"#), "f( , , , b , b , c ) & 'a x");
        assert_eq!(stripped("f(r\"\\{\", r#\"{\"{\"#, br##\"\"#{\"##) r#fn"), "f( , , ) r#fn");
    }

    #[test]
    fn literals_that_never_end_reach_the_end_of_the_file() {
        for text in ["\"{", "r#\"{", "/* {", "'\\", "r#\"{\""] {
            assert_eq!(stripped(text), "", "{text}");
        }
    }

    #[test]
    fn functions_are_measured_from_fn_to_the_last_brace() {
        let text = "trait T {\n fn declared(&self) -> [u8; 3];\n}\nfn outer(f: fn(u8) -> u8) -> [u8; 2]\nwhere\n X: Y,\n{\n fn inner() { \"}\"; }\n}\n";
        let found = functions(&without_comments_and_literals(text));
        let function = |name: &str, first_line, last_line| Function { name: name.into(), first_line, last_line };
        assert_eq!(found, [function("outer", 4, 9), function("inner", 8, 8)]);
    }
}
