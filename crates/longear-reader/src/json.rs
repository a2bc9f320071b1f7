//! Writes JSON. Reading it is left to those who call.

use core::fmt::{Display, Write};

/// Writes one object.
///
/// ```
/// let text = longear_reader::json::object(|object| {
///     object.text("name", "a \"b\"\n").number("size", 7).flag("kept", true).null("none");
///     object.list("list", [1, 2], |item, number| item.raw(&number.to_string()));
/// });
/// assert_eq!(text, r#"{"name":"a \"b\"\n","size":7,"kept":true,"none":null,"list":[1,2]}"#);
/// ```
pub fn object(fill: impl FnOnce(&mut Object<'_>)) -> String {
    let mut out = String::new();
    Value { out: &mut out }.object(fill);
    out
}

/// A place for one value.
#[derive(Debug)]
pub struct Value<'o> {
    out: &'o mut String,
}

impl Value<'_> {
    /// Text.
    pub fn text(self, text: &str) {
        escape_into(self.out, text);
    }

    /// What is JSON already: a number, or what this module wrote.
    pub fn raw(self, json: &str) {
        self.out.push_str(json);
    }

    /// An object.
    pub fn object(self, fill: impl FnOnce(&mut Object<'_>)) {
        self.out.push('{');
        fill(&mut Object { out: self.out, is_empty: true });
        self.out.push('}');
    }
}

/// An object that is being written.
#[derive(Debug)]
pub struct Object<'o> {
    out: &'o mut String,
    is_empty: bool,
}

impl Object<'_> {
    /// A field of any value.
    pub fn field(&mut self, name: &str) -> Value<'_> {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        escape_into(self.out, name);
        self.out.push(':');
        Value { out: self.out }
    }

    /// A field of text.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.field(name).text(text);
        self
    }

    /// A field of text that something prints as.
    pub fn shown(&mut self, name: &str, shown: impl Display) -> &mut Self {
        self.text(name, &shown.to_string())
    }

    /// A number below 2⁵³, which JavaScript reads exactly.
    pub fn number(&mut self, name: &str, number: u64) -> &mut Self {
        self.field(name).raw(&number.to_string());
        self
    }

    /// True or false.
    pub fn flag(&mut self, name: &str, flag: bool) -> &mut Self {
        self.field(name).raw(if flag { "true" } else { "false" });
        self
    }

    /// Nothing.
    pub fn null(&mut self, name: &str) -> &mut Self {
        self.field(name).raw("null");
        self
    }

    /// Text or nothing.
    pub fn text_or_null(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(name, text),
            None => self.null(name),
        }
    }

    /// A number or nothing.
    pub fn number_or_null(&mut self, name: &str, number: Option<u64>) -> &mut Self {
        match number {
            Some(number) => self.number(name, number),
            None => self.null(name),
        }
    }

    /// A list, each item written by `write`.
    pub fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(Value<'_>, T),
    ) -> &mut Self {
        let Value { out } = self.field(name);
        out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write(Value { out: &mut *out }, item);
        }
        out.push(']');
        self
    }
}

fn escape_into(out: &mut String, text: &str) {
    out.push('"');
    // What needs no escape, which is nearly all of it, is copied in one piece.
    let mut copied = 0;
    for (at, character) in text.char_indices() {
        if !matches!(character, '"' | '\\' | '\0'..'\u{20}' | '\u{7f}' | '\u{2028}' | '\u{2029}') {
            continue;
        }
        out.push_str(&text[copied..at]);
        copied = at + character.len_utf8();
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Writing to a string cannot fail.
            other => {
                let _ = write!(out, "\\u{:04x}", other as u32);
            }
        }
    }
    out.push_str(&text[copied..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_reads_back_as_it_was() {
        let hostile = "\0\u{1f}\"\\/\n\r\t</script>\u{7f}\u{2028}\u{2029}қ😀";
        let text = object(|object| {
            object.text(hostile, hostile);
        });
        let read = serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON");
        assert_eq!(read[hostile], hostile);
    }
}
