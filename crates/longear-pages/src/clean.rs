//! Takes out of somebody else's text what could deceive the eye or break the page.

use crate::marks::is_combining_mark;

/// How many combining marks one letter may carry; living scripts need at most four.
const MARKS_MAX: usize = 4;

/// How many characters of a title or name are shown.
const LINE_CHARACTERS_MAX: usize = 256;

/// Cleans a running text: control, reordering and invisible characters go, towers of accents are cut, lines stay.
///
/// Costs one pass. ZWNJ and ZWJ stay, because Farsi and many others cannot be written without them.
pub fn clean_text(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut marks = 0;
    for character in text.chars() {
        let character = match character {
            '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{B}' | '\u{C}' => '\n',
            other => other,
        };
        if is_deceptive(character) {
            continue;
        }
        marks = if is_combining_mark(character) || is_joiner(character) { marks + 1 } else { 0 };
        if marks <= MARKS_MAX {
            cleaned.push(character);
        }
    }
    cleaned
}

/// Cleans a title or a name: like [`clean_text`], in one line, without runs of spaces, at most 256 characters.
pub fn clean_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LINE_CHARACTERS_MAX * 4));
    for word in clean_text(text).split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((cut, _)) = line.char_indices().nth(LINE_CHARACTERS_MAX) {
        line.truncate(cut);
        line.push('…');
    }
    line
}

/// Zero-width joiners are needed between letters, never in heaps.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

fn is_deceptive(character: char) -> bool {
    let control = character.is_control() && character != '\n' && character != '\t';
    // Embeddings, overrides and isolates could leave the page reordered; every text is isolated by markup instead.
    let reorders = matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{206A}'..='\u{206F}');
    let invisible = matches!(
        character,
        '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}' | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    );
    control || reorders || invisible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reorders_or_hides_is_taken_out() {
        assert_eq!(clean_text("safe\u{202E}gpj.exe"), "safegpj.exe");
        assert_eq!(clean_text("a\u{200B}b\u{FEFF}c\u{AD}d\u{E0041}e\0f\u{1b}"), "abcdef");
        assert_eq!(clean_text("line\r\nline\u{2029}end"), "line\nline\nend");
    }

    #[test]
    fn farsi_and_emoji_keep_their_joiners() {
        for text in ["آسیب\u{200C}دیده", "👩\u{200D}🚒", "Қазақстан ӨҢІР", "مُحَمَّدٌ", "Việt Nam"]
        {
            assert_eq!(clean_text(text), text);
        }
    }

    #[test]
    fn a_tower_of_accents_is_cut() {
        let tower = format!("Z{}algo", "\u{301}".repeat(500));
        assert_eq!(clean_text(&tower), format!("Z{}algo", "\u{301}".repeat(MARKS_MAX)));
    }

    #[test]
    fn a_title_is_one_line_of_bounded_length() {
        assert_eq!(clean_line("  one \n\n two\t\u{3000}three "), "one two three");
        assert_eq!(clean_line(&"x".repeat(5000)).chars().count(), LINE_CHARACTERS_MAX + 1);
    }
}
