//! Which media types a page may be given as such. Everything else is a download without a type.

use axum::http::HeaderValue;
use longear_core::tree::is_safe_title_char;

/// Pictures that cannot run anything. SVG can.
const PICTURES: [&str; 5] = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"];

/// Documents that keep their type but are never shown by the browser under our address.
const DOCUMENTS: [&str; 2] = ["application/pdf", "text/plain"];

/// Bytes of the longest name of a download.
const DOWNLOAD_NAME_BYTES_MAX: usize = 240;

/// How a blob is labelled.
pub(super) struct Label {
    pub(super) content_type: HeaderValue,
    pub(super) is_attachment: bool,
}

/// Labels a blob by the type that its publisher claims.
pub(super) fn label(mime: &str) -> Label {
    let mime = mime.trim().to_ascii_lowercase();
    let is_media = ["video/", "audio/"].iter().any(|kind| mime.strip_prefix(kind).is_some_and(is_subtype));
    let is_inline = is_media || PICTURES.contains(&mime.as_str());
    if !is_inline && !DOCUMENTS.contains(&mime.as_str()) {
        return Label { content_type: HeaderValue::from_static("application/octet-stream"), is_attachment: true };
    }
    let content_type = HeaderValue::from_str(&mime).expect("letters, digits and a few signs make a header");
    Label { content_type, is_attachment: !is_inline }
}

/// The header that gives a download its name, in any script.
pub(super) fn disposition(name: Option<&str>) -> HeaderValue {
    let Some(name) = name else { return HeaderValue::from_static("attachment") };
    let mut safe = name.chars().filter(|character| is_safe_title_char(*character)).collect::<String>();
    while safe.len() > DOWNLOAD_NAME_BYTES_MAX {
        safe.pop();
    }
    let plain = safe.chars().map(|character| if is_token(character) { character } else { '_' }).collect::<String>();
    let mut encoded = String::new();
    for byte in safe.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&value).expect("plain ASCII makes a header")
}

fn is_subtype(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || " -_.()".contains(character)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_types_are_shown() {
        for (mime, sent, is_attachment) in [
            ("video/mp4", "video/mp4", false),
            ("audio/ogg", "audio/ogg", false),
            ("Image/PNG", "image/png", false),
            ("image/svg+xml", "application/octet-stream", true),
            ("text/html", "application/octet-stream", true),
            ("application/xhtml+xml", "application/octet-stream", true),
            ("text/plain", "text/plain", true),
            ("application/pdf", "application/pdf", true),
            ("video/mp4\r\nSet-Cookie: a=b", "application/octet-stream", true),
            ("video/", "application/octet-stream", true),
            ("", "application/octet-stream", true),
        ] {
            let label = label(mime);
            assert_eq!((label.content_type.to_str().unwrap(), label.is_attachment), (sent, is_attachment), "{mime}");
        }
    }

    #[test]
    fn a_name_of_a_download_cannot_leave_its_header() {
        assert_eq!(disposition(None), "attachment");
        let value = disposition(Some("Қ\"\r\nX: y/../a.mp4"));
        assert_eq!(value, "attachment; filename=\"_X y..a.mp4\"; filename*=UTF-8''%D2%9AX%20y..a.mp4");
    }
}
