//! What only reading a post and searching need: Markdown, and words in many spellings.
//!
//! It stands in a module of its own, so that nobody waits for it who opens the app for the first time. It gets text of objects
//! that the [reader](crate::Reader) checked, and decides nothing about them.

use longear_core::ItemId;
use longear_pages::markdown_to_html;

use crate::json;
use crate::reader::{Answer, Refusal};
use crate::search::Index;

/// The words of all articles that were handed over.
#[derive(Debug, Default)]
pub struct Texts {
    index: Index,
}

impl Texts {
    /// Takes in the words of an item, for the search.
    pub fn learn(&mut self, item: &str, words: &str) -> Answer {
        let id = item.parse::<ItemId>().map_err(|_| Refusal("bad-value"))?;
        self.index.add(id, words);
        Ok("{}".into())
    }

    /// IDs of the items that hold all words of a query, in no order: whether they are to be seen is the reader's to say.
    pub fn search(&self, query: &str) -> Vec<u8> {
        self.index.find(query).into_iter().flat_map(|id| id.0).collect()
    }
}

/// A post's Markdown as HTML that can only contain what the emitter writes.
pub fn html(markdown: &str, label: &str) -> String {
    json::object(|object| {
        object.text("html", &markdown_to_html(markdown, label));
    })
}
