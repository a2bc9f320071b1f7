//! The calls for a program that is not Rust. Names, arguments and answers stand in `docs/design/004-reader.md`.
//!
//! Text and bytes come as a pointer and a length into memory that [`alloc`] gave. Every call answers with a pointer to
//! `[length u32, little-endian][bytes]`, good until the next call. A length or pointer that does not fit what `alloc` gave
//! is the caller's mistake: the caller is our own JavaScript. What came over the network is bytes in here, and no bytes
//! can make a call do anything but answer.
#![allow(unsafe_code)]

use std::cell::RefCell;

use crate::reader::{Answer, Refusal};

/// Longest input of a call: a pack of the highest level, as long as it may be, and some.
const INPUT_BYTES_MAX: usize = 1_200 << 20;

thread_local! {
    /// The last answer; it must not move while the caller reads it.
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Gives memory for an input. A null pointer if there is none.
// SAFETY: the name is one of the module's exports; on other targets nothing is exported under it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn alloc(length: usize) -> *mut u8 {
    if length > INPUT_BYTES_MAX {
        return std::ptr::null_mut();
    }
    let mut bytes = Vec::<u8>::new();
    if bytes.try_reserve_exact(length).is_err() {
        return std::ptr::null_mut();
    }
    // So that the capacity is the length that `release` is told.
    bytes.resize(length, 0);
    Box::into_raw(bytes.into_boxed_slice()).cast()
}

/// Takes back memory that [`alloc`] gave.
///
/// # Safety
///
/// `pointer` came from [`alloc`] with the same length, and was not released yet.
// SAFETY: see above.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub unsafe extern "C" fn release(pointer: *mut u8, length: usize) {
    if !pointer.is_null() {
        // SAFETY: the caller promises that this is a box that `alloc` let go of.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer, length)) });
    }
}

/// An input of a call.
///
/// # Safety
///
/// `length` bytes from `pointer` on were given by [`alloc`] and are not released while the call lasts.
unsafe fn input<'a>(pointer: *const u8, length: usize) -> &'a [u8] {
    if pointer.is_null() || length == 0 {
        return &[];
    }
    // SAFETY: the caller promises it; `alloc` filled the memory with zeros, so all of it is initialized.
    unsafe { std::slice::from_raw_parts(pointer, length) }
}

fn text(bytes: &[u8]) -> Answer<&str> {
    std::str::from_utf8(bytes).map_err(|_| Refusal("not-utf8"))
}

fn answer(bytes: &[u8]) -> *const u8 {
    ANSWER.with_borrow_mut(|answer| {
        answer.clear();
        // A large answer is not kept for ever.
        answer.shrink_to(1 << 20);
        // Whatever is longer than 4 GiB does not fit the memory of a module.
        answer.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        answer.extend_from_slice(bytes);
        answer.as_ptr()
    })
}

fn answer_json(outcome: Answer) -> *const u8 {
    answer(outcome.unwrap_or_else(|refusal| refusal.to_json()).as_bytes())
}

/// Bytes behind a byte that is 1, or an error in JSON behind a byte that is 0: bytes and JSON could be taken for each other.
fn answer_bytes(outcome: Answer<Vec<u8>>) -> *const u8 {
    match outcome {
        Ok(bytes) => answer(&[&[1], &bytes[..]].concat()),
        Err(refusal) => answer(&[&[0], refusal.to_json().as_bytes()].concat()),
    }
}

/// Declares calls: each argument is a number, or `text` or `bytes` that come as a pointer and a length.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident($($pointer:ident $length:ident: $kind:ident),* $(; $($number:ident),+)?) => $out:ident($body:expr);)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// Each pointer and length name memory that [`alloc`] gave and that is not released while the call lasts.
        // SAFETY: the name is one of the module's exports; on other targets nothing is exported under it.
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        pub unsafe extern "C" fn $name($($pointer: *const u8, $length: usize,)* $($($number: u32),+)?) -> *const u8 {
            // SAFETY: the caller promises it.
            $(let $pointer = unsafe { input($pointer, $length) };)*
            // The closure is what a text that is none returns from; some calls have no text.
            #[allow(clippy::redundant_closure_call)]
            let outcome = (|| { $(let $pointer = calls!(@$kind $pointer);)* $body })();
            $out(outcome)
        }
    )*};
    (@text $bytes:ident) => { text($bytes)? };
    (@bytes $bytes:ident) => { $bytes };
}

/// The calls of the module that a first visit loads.
#[cfg(feature = "book")]
pub mod book {
    use super::*;
    use crate::reader::{self, Reader};

    thread_local! {
        static READER: RefCell<Reader> = RefCell::new(Reader::new());
    }

    fn with<T>(call: impl FnOnce(&mut Reader) -> T) -> T {
        READER.with_borrow_mut(call)
    }

    calls! {
        /// Reads an address.
        address(written length: text) => answer_json(reader::address(written));
        /// Begins a book for a channel, if there is none.
        open(channel channel_length: text) => answer_json(with(|reader| reader.open(channel)));
        /// Forgets a channel.
        close(channel channel_length: text) => answer_json(with(|reader| reader.close(channel)));
        /// Takes in what stood under a path of the tree.
        take(channel channel_length: text, path path_length: text, object object_length: bytes) =>
            answer_json(with(|reader| reader.take(channel, path, object)));
        /// The bytes to write to the journal for an object that was taken last.
        keep(channel channel_length: text, path path_length: text) => answer_bytes(with(|reader| reader.keep(channel, path)));
        /// Everything of use of a channel as objects of a tree.
        handed(channel channel_length: text; bytes_max) => answer_json(with(|reader| reader.handed(channel, bytes_max.into())));
        /// The bytes of one of them.
        handed_object(channel channel_length: text, path path_length: text) =>
            answer_bytes(with(|reader| reader.handed_object(channel, path)));
        /// How long an object may be that stands under a path of the tree.
        bytes_max(path length: text) => answer_json(reader::bytes_max(path));
        /// What to ask the source of a head for next.
        wants(channel channel_length: text, head head_length: bytes, asked asked_length: text) =>
            answer_json(with(|reader| reader.wants(channel, head, asked)));
        /// A channel and how much of it is here.
        channel(id id_length: text) => answer_json(with(|reader| reader.channel(id)));
        /// Visible articles, newest first.
        feed(channel channel_length: text, cursor cursor_length: text; count) =>
            answer_json(with(|reader| reader.feed(channel, cursor, count as usize)));
        /// One item with its whole text.
        item(id id_length: text) => answer_json(with(|reader| reader.item(id)));
        /// What is held of a broadcast: its opening and its roll-ups.
        broadcast(item item_length: text) => answer_bytes(with(|reader| reader.broadcast(item)));
        /// What is held of the rooms of a channel: openings and decisions.
        rooms(channel channel_length: text) => answer_bytes(with(|reader| reader.rooms(channel)));
        /// The bytes of a file that came inside its item.
        file(item item_length: text; index) => answer_bytes(with(|reader| reader.file(item, index as usize)));
        /// Prepares to check a file of an item.
        blob_open(item item_length: text, groups groups_length: bytes; index) =>
            answer_json(with(|reader| reader.blob_open(item, index as usize, groups)));
        /// Where a group's slice stands in the outboard.
        blob_outboard_range(; handle, group) => answer_json(with(|reader| reader.blob_outboard_range(handle, group)));
        /// Takes a group's slice of the outboard.
        blob_slice(slice slice_length: bytes; handle, group) =>
            answer_json(with(|reader| reader.blob_slice(handle, group, slice)));
        /// Whether a block of 16 KiB is good.
        blob_check(block_bytes block_length: bytes; handle, block) =>
            answer_json(with(|reader| reader.blob_check(handle, block, block_bytes)));
        /// Whether a group of 1 MiB is good.
        blob_check_group(group_bytes group_length: bytes; handle, group) =>
            answer_json(with(|reader| reader.blob_check_group(handle, group, group_bytes)));
        /// Whether a whole file is good.
        blob_check_whole(whole whole_length: bytes; handle) =>
            answer_json(with(|reader| reader.blob_check_whole(handle, whole)));
        /// Forgets a file.
        blob_close(; handle) => answer_json(with(|reader| reader.blob_close(handle)));
        /// Articles whose words the search does not know yet.
        unsearched(; count) => answer_json(with(|reader| reader.unsearched(count as usize)));
        /// Of the items that a search found the visible ones, newest first.
        found(items items_length: bytes; count) => answer_json(with(|reader| reader.found(items, count as usize)));
        /// The BLAKE3 of bytes.
        hash(hashed hashed_length: bytes) => answer_json(reader::hash(hashed));
        /// Whether a signature is good.
        verify(key key_length: bytes, signature signature_length: bytes, message message_length: bytes) =>
            answer_json(reader::verify(key, signature, message));
    }
}

/// The calls of the module for reading and searching.
#[cfg(feature = "texts")]
pub mod texts {
    use super::*;
    use crate::texts::Texts;

    thread_local! {
        static TEXTS: RefCell<Texts> = RefCell::new(Texts::default());
    }

    calls! {
        /// A post's Markdown as HTML.
        html(markdown markdown_length: text, label label_length: text) =>
            answer_json(Ok(crate::texts::html(markdown, label)));
        /// Takes in the words of an item.
        learn(item item_length: text, words words_length: text) =>
            answer_json(TEXTS.with_borrow_mut(|texts| texts.learn(item, words)));
        /// Items that hold all words of a query.
        search(query query_length: text) => answer_bytes(Ok(TEXTS.with_borrow(|texts| texts.search(query))));
    }
}

/// The calls of the module for broadcasts.
#[cfg(feature = "live")]
pub mod live {
    use super::*;
    use crate::live::{self, Broadcasts};

    thread_local! {
        static BROADCASTS: RefCell<Broadcasts> = RefCell::new(Broadcasts::default());
    }

    fn with<T>(call: impl FnOnce(&mut Broadcasts) -> T) -> T {
        BROADCASTS.with_borrow_mut(call)
    }

    calls! {
        /// Takes in what the reader holds of a broadcast.
        record(channel channel_length: text, item item_length: text, record record_length: bytes) =>
            answer_json(with(|broadcasts| broadcasts.record(channel, item, record)));
        /// Takes in the edge that a source gave.
        edge(item item_length: text, edge edge_length: bytes) => answer_json(with(|broadcasts| broadcasts.edge(item, edge)));
        /// The edge to write down.
        kept_edge(item item_length: text) => answer_bytes(with(|broadcasts| broadcasts.kept_edge(item)));
        /// Takes note of files that are here, one hash behind the other.
        hold(item item_length: text, hashes hashes_length: bytes) =>
            answer_json(with(|broadcasts| broadcasts.hold(item, hashes)));
        /// What the page shows.
        view(item item_length: text, now now_length: text) => answer_json(with(|broadcasts| broadcasts.view(item, now)));
        /// Segments of one rendition from a time on.
        parts(item item_length: text, track track_length: text, from from_length: text; count) =>
            answer_json(with(|broadcasts| broadcasts.parts(item, track, from, count as usize)));
        /// Segments that are not here, in the order in which they are of use.
        wants(item item_length: text, tracks tracks_length: text; count) =>
            answer_json(with(|broadcasts| broadcasts.wants(item, tracks, count as usize)));
        /// What an initialisation segment says of what plays behind it.
        describe(init init_length: bytes) => answer_json(Ok(live::describe(init)));
        /// When a segment begins by the clock of its encoder, in microseconds.
        begins(init init_length: bytes, segment segment_length: bytes) => answer_json(Ok(live::begins(init, segment)));
    }
}

/// The calls of the module for rooms.
#[cfg(feature = "rooms")]
pub mod rooms {
    use super::*;
    use crate::rooms::Rooms;

    thread_local! {
        static ROOMS: RefCell<Rooms> = RefCell::new(Rooms::default());
    }

    fn with<T>(call: impl FnOnce(&mut Rooms) -> T) -> T {
        ROOMS.with_borrow_mut(call)
    }

    calls! {
        /// Takes in what the reader holds of the rooms of a channel, and names them.
        record(channel channel_length: text, record record_length: bytes, clock clock_length: text, now now_length: text) =>
            answer_json(with(|rooms| rooms.record(channel, record, clock, now)));
        /// Forgets the rooms of a channel.
        forget(channel channel_length: text) => answer_json(with(|rooms| rooms.forget(channel)));
        /// Takes in some notes of a sheaf, from a place in it on.
        take(room room_length: text, sheaf sheaf_length: bytes, now now_length: text; from, count, kept) =>
            answer_json(with(|rooms| rooms.take(room, sheaf, now, from as usize, count as usize, kept != 0)));
        /// Drops what is too old and what is beyond the budget.
        settle(room room_length: text, now now_length: text) => answer_json(with(|rooms| rooms.settle(room, now)));
        /// Days of which something is to be written down.
        changes(room room_length: text) => answer_json(with(|rooms| rooms.changes(room)));
        /// What is to be written down of a day, from a place on, as a sheaf; empty behind the last.
        changed(room room_length: text; day, from) =>
            answer_bytes(with(|rooms| rooms.changed(room, day, from as usize)));
        /// It was written down.
        written(room room_length: text; day) => answer_json(with(|rooms| rooms.written(room, day)));
        /// What to do about each day on which a node holds other notes, and about one of the others, by a random number.
        days(room room_length: text, days days_length: bytes; random) =>
            answer_json(with(|rooms| rooms.days(room, days, random)));
        /// What to ask for of a carrier's list of sheaves.
        list(room room_length: text, list list_length: bytes) => answer_json(with(|rooms| rooms.list(room, list)));
        /// Our notes of a day, from a place on, as a sheaf; empty behind the last.
        sheaf(room room_length: text; day, from) => answer_bytes(with(|rooms| rooms.sheaf(room, day, from as usize)));
        /// Begins to find out what differs on a day.
        reconcile(room room_length: text, salt salt_length: bytes; day) =>
            answer_json(with(|rooms| rooms.reconcile(room, salt, day)));
        /// Takes the symbols that a node gave.
        symbols(room room_length: text, symbols symbols_length: bytes) =>
            answer_json(with(|rooms| rooms.symbols(room, symbols)));
        /// Short IDs to ask for, from a place on.
        wanted(room room_length: text; from) => answer_bytes(with(|rooms| rooms.wanted(room, from as usize)));
        /// What the node lacks, from a place on, as a sheaf; empty behind the last.
        lacking(room room_length: text; from) => answer_bytes(with(|rooms| rooms.lacking(room, from as usize)));
        /// Who writes here: the seed of the writer's key, and the ticket's word or nothing.
        writer(room room_length: text, seed seed_length: bytes, ticket ticket_length: text) =>
            answer_json(with(|rooms| rooms.writer(room, seed, ticket)));
        /// Whose notes are not to be shown here: keys, one behind the other.
        mute(room room_length: text, keys keys_length: bytes) => answer_json(with(|rooms| rooms.mute(room, keys)));
        /// With which words notes are not to be shown here.
        avoid(room room_length: text, words words_length: text) => answer_json(with(|rooms| rooms.avoid(room, words)));
        /// Says something, or answers.
        say(room room_length: text, parent parent_length: text, words words_length: text, now now_length: text) =>
            answer_json(with(|rooms| rooms.say(room, parent, words, now)));
        /// Takes a note of the writer's back.
        take_back(room room_length: text, note note_length: text, now now_length: text) =>
            answer_json(with(|rooms| rooms.take_back(room, note, now)));
        /// Asks the moderators to look at a note.
        flag(room room_length: text, note note_length: text, now now_length: text) =>
            answer_json(with(|rooms| rooms.flag(room, note, now)));
        /// A page of a room: so many lines from one on, or around a note.
        page(room room_length: text, note note_length: text, language language_length: text, now now_length: text; from, count) =>
            answer_json(with(|rooms| rooms.page(room, note, language, now, from as usize, count as usize)));
        /// One note with its words, also where it is hidden.
        note(room room_length: text, note note_length: text, language language_length: text, now now_length: text) =>
            answer_json(with(|rooms| rooms.note(room, note, language, now)));
        /// Shown notes with all words of a query, newest first.
        search(room room_length: text, query query_length: text, language language_length: text, now now_length: text; count) =>
            answer_json(with(|rooms| rooms.search(room, query, language, now, count as usize)));
    }
}

#[cfg(feature = "vectors")]
calls! {
    /// Runs one case of a file of vectors.
    vector(name name_length: text, file file_length: text; index) =>
        answer_json(crate::vectors::run(name, file, index as usize));
}
