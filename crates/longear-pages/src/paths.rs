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
    let id: String = id_hex.chars().filter(char::is_ascii_hexdigit).take(64).collect();
    format!("{ITEM}{id}")
}

/// Returns the address of a channel's address page.
pub fn address(channel_id: &[u8; 32]) -> String {
    let id: String = channel_id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{ADDRESS}{id}")
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
