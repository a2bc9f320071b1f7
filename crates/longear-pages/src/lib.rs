//! The box view: pages that need no script.
//!
//! A box shows what it holds to any browser on its hotspot: over plain HTTP, with nothing installed and no JavaScript.
//! This crate turns view structs into pages. It does no IO, reads no clock and trusts no text: everything that a
//! publisher wrote is hostile until it has gone through the cleaner, the escaper and the Markdown emitter in here.
//!
//! * [`feed`], [`item`], [`about`], [`address`] and [`error`] each return one whole HTML document; so do [`rooms`], [`room`] and
//!   [`note`], which hold forms and need [`content_security_policy_with_forms`], and [`tickets`], which is to be printed.
//! * [`note_text`] makes a note's words safe to show, on a page or in a terminal; [`pseudonym`] says what its writer is called.
//! * [`stylesheet`] and [`icon`] are the only other files a page needs; [`content_security_policy`] goes with every answer.
//! * [`paths`] says under which addresses the pages expect each other.
//!
//! ```
//! use longear_pages::{BoxPage, Language, Visit, feed};
//!
//! let visit = Visit { language: Language::English, language_chosen: false, now_ms: 0 };
//! let page = feed(&BoxPage { visit, channels: vec![], items: vec![], page: 0, more: false, posts_total: 0, rooms: vec![] });
//! assert!(page.contains("Checked by this box; this page cannot check the box."));
//! ```

mod clean;
mod drawing;
mod excerpt;
mod html;
mod language;
mod line;
mod link;
mod markdown;
mod marks;
mod note_text;
mod page;
pub mod paths;
mod pseudonym;
mod qr;
mod room_view;
mod style;
mod tamga;
mod view;
mod words;

pub use clean::{clean_line, clean_text};
pub use excerpt::excerpt;
pub use language::Language;
pub use markdown::{EVENTS_MAX, INPUT_BYTES_MAX, NESTING_MAX, OUTPUT_BYTES_MAX, markdown_to_html};
pub use note_text::{note_quote, note_text};
pub use page::{about, address, error, feed, file_name, item, note, room, rooms, tickets};
pub use pseudonym::{BEADS, Pseudonym, WORDS, bead_colours, pseudonym};
pub use room_view::{
    Cursor, DigestView, NotePage, NoteState, NoteView, Outcome, ParentView, Pen, Reason, RoomPage, RoomView, RoomsPage,
    SearchView, TicketSheet, Turn, WriteView,
};
pub use style::{content_security_policy, content_security_policy_with_forms, icon, stylesheet};
pub use tamga::tamga;
pub use view::{
    AboutPage, AddressPage, AppFile, BoxPage, ChannelView, ChapterView, ErrorKind, ItemPage, ItemView, Kind, LivePhase,
    LiveView, Origin, Play, RenditionView, RoomLink, SaveView, Status, TrackView, VariantView, Visit,
};
