//! When there is no page.

use crate::drawing::{Icon, horns};
use crate::html::Html;
use crate::paths::{FEED, Target};
use crate::view::{ErrorKind, Visit};
use crate::words::Voice;

use super::frame::{Frame, LastWord, document, link};

/// Writes the page for an error as a whole HTML document. It never repeats what was asked for.
pub fn error(kind: ErrorKind, visit: &Visit) -> String {
    let words = Voice::new(visit.language).words;
    let (heading, text, again) = match kind {
        ErrorKind::NotFound => (words.not_found, words.not_found_text, false),
        ErrorKind::Gone => (words.gone, words.gone_text, false),
        ErrorKind::BoxFailed => (words.failed, words.failed_text, true),
        ErrorKind::NotReady => (words.not_ready, words.not_ready_text, true),
    };
    let mut main = Html::default();
    main.raw("<h1>").text(heading).raw("</h1>\n<p>").text(text).raw("</p>\n");
    main.raw("<p class=\"does\"><a class=\"btn main\"").attribute("href", &link(visit, Target::new(FEED))).raw(">");
    if again {
        Icon::AGAIN.draw(&mut main);
        main.raw("<span>").text(words.look_again);
    } else {
        main.raw("<span>").text(words.to_newest);
    }
    main.raw("</span></a></p>\n<div>");
    horns(&mut main);
    main.raw("</div>\n");
    let frame = Frame { visit, title: heading, target: Target::new(FEED), last_word: LastWord::Unsaid };
    document(&frame, main)
}
