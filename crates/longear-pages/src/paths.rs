//! Under which addresses the pages expect each other.
//!
//! The tree stands at the same root (`/c/…`, `/b/…`), so nothing here begins with those. Every page also understands
//! `?lang=` with one of the tags of [`crate::Language`].

/// The feed. `?page=` counts from 0.
pub const FEED: &str = "/";
/// The stylesheet, answered with [`crate::stylesheet`].
pub const STYLESHEET: &str = "/page/style.css";
/// The icon, answered with [`crate::icon`] as `image/svg+xml`.
pub const ICON: &str = "/page/icon.svg";
/// "How this was checked".
pub const ABOUT: &str = "/about";
/// What item pages begin with; the item ID in hexadecimal follows. `?form=` and `?text=` choose what is shown.
pub const ITEM: &str = "/item/";
/// What address pages begin with; the channel ID in hexadecimal follows.
pub const ADDRESS: &str = "/address/";
/// What the lists of a channel's rooms begin with; the channel ID in hexadecimal follows.
pub const ROOMS: &str = "/rooms/";
/// What rooms begin with; the room ID in hexadecimal follows, and a slash and a note's ID for the note's page.
pub const ROOM: &str = "/room/";
/// What follows a room where a note is sent: a form with the fields `text`, `parent` (may be empty) and `token`.
pub const WRITE: &str = "/write";
/// What follows a note's page where it is flagged: a form with the field `token`.
pub const FLAG: &str = "/flag";
/// What follows a note's page where it is taken back: a form with the field `token`.
pub const TAKE_BACK: &str = "/take-back";
/// What follows a room where a ticket is shown: a form with the fields `ticket` and `token`.
pub const TICKET: &str = "/ticket";

/// Query name of the words that notes are searched for.
pub const SEARCH_QUERY: &str = "q";
/// Query name of the hidden note that the reader wants to see.
pub const SHOW_QUERY: &str = "show";
/// Query name of the note that the reader wants to answer.
pub const ANSWER_QUERY: &str = "answer";
/// Query name of the cursor before which notes are wanted.
pub const BEFORE_QUERY: &str = "before";
/// Query name of the cursor behind which notes are wanted.
pub const AFTER_QUERY: &str = "after";
/// Query name of the language.
pub const LANGUAGE_QUERY: &str = "lang";
/// Query name of the feed's page number.
pub const PAGE_QUERY: &str = "page";
/// Query name of the rendition to play: its index.
pub const FORM_QUERY: &str = "form";
/// Query name of what to play of a broadcast, see [`crate::Play`].
pub const PLAY_QUERY: &str = "play";
/// Query name of the moment at which a broadcast is to begin, in milliseconds.
pub const FROM_QUERY: &str = "from";
/// Query name of the language variant to read: its tag.
pub const TEXT_QUERY: &str = "text";
/// Query name that asks for a rendition as a file to keep, not to play.
pub const SAVE_QUERY: &str = "save";

/// Returns the address of an item's page. What is not hexadecimal in `id_hex` is left out.
pub fn item(id_hex: &str) -> String {
    format!("{ITEM}{}", hexadecimal(id_hex))
}

/// Returns the address of a channel's address page.
pub fn address(channel_id: &[u8; 32]) -> String {
    let id: String = channel_id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{ADDRESS}{id}")
}

/// Returns the address of the list of a channel's rooms.
pub fn rooms(channel_id: &[u8; 32]) -> String {
    let id: String = channel_id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{ROOMS}{id}")
}

/// Returns the address of a room. What is not hexadecimal in `room_hex` is left out.
pub fn room(room_hex: &str) -> String {
    format!("{ROOM}{}", hexadecimal(room_hex))
}

/// Returns the address of a note's page. What is not hexadecimal is left out.
pub fn note(room_hex: &str, note_hex: &str) -> String {
    format!("{ROOM}{}/{}", hexadecimal(room_hex), hexadecimal(note_hex))
}

/// The part of an ID that is one, so that no ID leads elsewhere.
pub(crate) fn hexadecimal(id_hex: &str) -> String {
    id_hex.chars().filter(char::is_ascii_hexdigit).take(64).collect()
}

/// Lets through an address on this box only: it begins with one slash and stays plain.
pub(crate) fn on_this_box(href: &str) -> Option<&str> {
    let plain = href.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (plain && href.starts_with('/') && !href.starts_with("//")).then_some(href)
}

/// A page of ours and what is asked of it.
#[derive(Clone)]
pub(crate) struct Target {
    path: String,
    query: Vec<(&'static str, String)>,
}

impl Target {
    /// A page without a query.
    pub(crate) fn new(path: impl Into<String>) -> Target {
        Target { path: path.into(), query: Vec::new() }
    }

    /// Adds a query, kept plain; an earlier one of the same name goes.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Target {
        let value: String = value
            .chars()
            .filter(|character| character.is_ascii_alphanumeric() || "-_".contains(*character))
            .take(64)
            .collect();
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
        self
    }

    /// Adds a query of any words, percent-encoded, of which at most 64 characters.
    pub(crate) fn with_words(mut self, name: &'static str, words: &str) -> Target {
        let mut value = String::new();
        let mut utf8 = [0; 4];
        for byte in
            words.chars().take(64).flat_map(|character| character.encode_utf8(&mut utf8).bytes().collect::<Vec<_>>())
        {
            match byte {
                byte if byte.is_ascii_alphanumeric() => value.push(char::from(byte)),
                byte => value.push_str(&format!("%{byte:02X}")),
            }
        }
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
        self
    }

    /// Writes it as an address.
    pub(crate) fn href(&self) -> String {
        let mut href = self.path.clone();
        for (index, (name, value)) in self.query.iter().enumerate() {
            href.push(if index == 0 { '?' } else { '&' });
            href.push_str(name);
            href.push('=');
            href.push_str(value);
        }
        href
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_only_plain_characters() {
        assert_eq!(item("ab12\"><x"), "/item/ab12");
        assert_eq!(address(&[0xa7; 32]).len(), ADDRESS.len() + 64);
        let target =
            Target::new(FEED).with(PAGE_QUERY, "2").with(LANGUAGE_QUERY, "kk\" onclick=").with(PAGE_QUERY, "3");
        assert_eq!(target.href(), "/?lang=kkonclick&page=3");
        assert_eq!(room("ab\"><12"), "/room/ab12");
        assert_eq!(note("a/../b", "//c"), "/room/ab/c");
    }

    #[test]
    fn searched_words_stay_one_value() {
        let target = Target::new(ROOM).with_words(SEARCH_QUERY, "су&page=2 \"#\n");
        assert_eq!(target.href(), "/room/?q=%D1%81%D1%83%26page%3D2%20%22%23%0A");
        assert_eq!(Target::new("/").with_words(SEARCH_QUERY, &"ы".repeat(500)).href().len(), "/?q=".len() + 64 * 6);
    }

    #[test]
    fn only_addresses_on_this_box_are_loaded() {
        assert_eq!(on_this_box("/b/aa/aabb"), Some("/b/aa/aabb"));
        for elsewhere in ["http://evil.example/x", "//evil.example", "/\\evil.example", "x", "", "/a b", "javascript:x"]
        {
            assert_eq!(on_this_box(elsewhere), None, "{elsewhere}");
        }
    }
}
