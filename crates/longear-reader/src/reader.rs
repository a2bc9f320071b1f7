//! The calls: text and bytes in, JSON out.

use longear_core::address::Address;
use longear_core::holdings::Holdings;
use longear_core::id::from_hex;
use longear_core::tree::TreePath;
use longear_core::{
    Article, ChannelId, Groups, Head, ItemId, Origin, PublicKey, Reason, Rendition, SortedMap, SortedSet,
};
use longear_pages::{clean_line, excerpt, tamga};

use crate::blob::{OpenFile, Opening};
use crate::book::{Book, BookItem, Taken};
use crate::json::{self, Object};

/// Channels that are open at once.
pub const BOOKS_MAX: usize = 256;
/// Files that are open at once.
pub const FILES_MAX: usize = 64;
/// Items of one answer.
pub const ITEMS_MAX: usize = 500;
/// Characters of a post that stand in a feed.
const EXCERPT_CHARACTERS: usize = 280;

/// Why a call gave nothing: the stable code, as in `docs/spec/`, or one of this module's own.
///
/// The words for people stand in the catalogues of the page, so a first visit does not load them a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal(pub &'static str);

impl Refusal {
    /// As JSON.
    pub fn to_json(self) -> String {
        json::object(|object| {
            object.text("error", self.0);
        })
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Refusal(reason.code())
    }
}

const NOT_OPEN: Refusal = Refusal("not-open");

/// What a call gives.
pub type Answer<T = String> = Result<T, Refusal>;

/// Several channels in memory, and files that are being checked.
#[derive(Debug, Default)]
pub struct Reader {
    books: SortedMap<ChannelId, Book>,
    files: SortedMap<u32, OpenFile>,
    last_handle: u32,
}

impl Reader {
    /// Nothing is open.
    pub fn new() -> Self {
        Reader::default()
    }

    /// Begins a book for a channel, if there is none.
    pub fn open(&mut self, channel: &str) -> Answer {
        let channel = channel_of(channel)?;
        if self.books.contains_key(&channel) {
            return Ok("{}".into());
        }
        if self.books.len() >= BOOKS_MAX {
            return Err(Refusal("too-many"));
        }
        self.books.insert(channel, Book::new(channel));
        Ok("{}".into())
    }

    /// Forgets a channel.
    pub fn close(&mut self, channel: &str) -> Answer {
        self.books.remove(&channel_of(channel)?);
        Ok("{}".into())
    }

    /// Takes in what stood under a path of the tree.
    pub fn take(&mut self, channel: &str, path: &str, bytes: &[u8]) -> Answer {
        let path = path_of(path)?;
        let book = self.book_mut(channel)?;
        let taken = book.take(path, bytes);
        Ok(taken_json(&taken, book.waiting()))
    }

    /// The bytes to write to the journal for an object that was taken last.
    pub fn keep(&self, channel: &str, path: &str) -> Answer<Vec<u8>> {
        let kept = self.book(channel)?.keep(&path_of(path)?);
        kept.ok_or(Refusal("not-held"))
    }

    /// Everything of use of a channel as objects of a tree, no pack of several items longer than `bytes_max`.
    pub fn handed(&self, channel: &str, bytes_max: u64) -> Answer {
        let objects = self.book(channel)?.handed(bytes_max);
        Ok(json::object(|object| {
            object.list("objects", objects, |value, handed| {
                value.object(|object| {
                    object.shown("path", handed.path).number_or_null("time", handed.time);
                });
            });
        }))
    }

    /// The bytes of one of them.
    pub fn handed_object(&self, channel: &str, path: &str) -> Answer<Vec<u8>> {
        let bytes = self.book(channel)?.handed_object(&path_of(path)?);
        bytes.ok_or(Refusal("not-held"))
    }

    /// What to ask the source of a head for next. `asked`: the paths that it was asked for, one a line.
    pub fn wants(&self, channel: &str, head: &[u8], asked: &str) -> Answer {
        let book = self.book(channel)?;
        let head = Head::decode(&book.channel(), head)?;
        let asked = asked.lines().filter_map(|path| path.parse().ok()).collect::<SortedSet<TreePath>>();
        let paths = book.wants(&head, &asked);
        Ok(json::object(|object| {
            object.list("paths", paths, |value, path| value.text(&path.to_string()));
        }))
    }

    /// A channel and how much of it is here.
    pub fn channel(&self, channel: &str) -> Answer {
        let book = self.book(channel)?;
        Ok(json::object(|object| {
            let address = Address::new(book.channel());
            object.shown("id", book.channel()).text("digits", &address.digits()).shown("address", address);
            object.text("mark", &tamga(&book.channel().0));
            object.text("name", &clean_line(book.name())).number("charter", book.lineage().number());
            object.number("delegates", book.lineage().newest().map_or(0, |charter| charter.delegates.len() as u64));
            object.number_or_null("last_word", book.last_word());
            object.number("items", book.items_here()).number("holes", book.holes());
            object.number("waiting", book.waiting() as u64).flag("stopped", !book.lineage().rivals().is_empty());
        }))
    }

    /// Visible articles of a channel, or with an empty one of all, newest first.
    pub fn feed(&self, channel: &str, cursor: &str, count: usize) -> Answer {
        let books = match channel {
            "" => self.books.values().collect(),
            channel => vec![self.book(channel)?],
        };
        let before = if cursor.is_empty() { None } else { Some(cursor_of(cursor)?) };
        let count = count.min(ITEMS_MAX);
        // One more than asked for tells whether there is more.
        let mut found = newest(&books, before, None, count + 1);
        let is_more = found.len() > count;
        found.truncate(count);
        let next = found.last().filter(|_| is_more).map(|item| format!("{}-{}", item.header().time, item.id()));
        Ok(json::object(|object| {
            object.list("items", &found, |value, item| value.object(|object| write_item(object, item, false)));
            object.text_or_null("cursor", next.as_deref());
        }))
    }

    /// One item with its whole text.
    pub fn item(&self, item: &str) -> Answer {
        let item = self.held(item)?;
        Ok(json::object(|object| write_item(object, &item, true)))
    }

    /// What is held of a broadcast, as [`Book::broadcast`] gives it.
    pub fn broadcast(&self, item: &str) -> Answer<Vec<u8>> {
        let id = item.parse::<ItemId>().map_err(|_| Refusal("bad-value"))?;
        self.books.values().find_map(|book| book.broadcast(&id)).ok_or(Refusal("not-held"))
    }

    /// What is held of the rooms of a channel, as [`Book::rooms`] gives it.
    pub fn rooms(&self, channel: &str) -> Answer<Vec<u8>> {
        Ok(self.book(channel)?.rooms())
    }

    /// The bytes of a file that came inside its item.
    pub fn file(&self, item: &str, index: usize) -> Answer<Vec<u8>> {
        match self.rendition(item, index)?.groups {
            Groups::File(bytes) => Ok(bytes),
            _ => Err(Refusal("not-held")),
        }
    }

    /// Prepares to check a file of an item.
    pub fn blob_open(&mut self, item: &str, index: usize, groups: &[u8]) -> Answer {
        let rendition = self.rendition(item, index)?;
        if self.files.len() >= FILES_MAX {
            return Err(Refusal("too-many"));
        }
        let opening = OpenFile::open(&rendition, Some(groups).filter(|groups| !groups.is_empty()));
        let opening = opening.map_err(|_| Refusal("hash-mismatch"))?;
        let (handle, blocks, groups_blob) = match opening {
            Opening::NeedsGroups(hash) => (None, None, Some(hash.to_string())),
            Opening::Ready(file) => {
                let blocks = file.layout().block_count();
                // Four thousand million openings later a handle may come again, but never while it is in use.
                while self.files.contains_key(&self.last_handle) || self.last_handle == 0 {
                    self.last_handle = self.last_handle.wrapping_add(1);
                }
                self.files.insert(self.last_handle, file);
                (Some(u64::from(self.last_handle)), Some(u64::from(blocks)), None)
            }
        };
        Ok(json::object(|object| {
            object.number_or_null("handle", handle).number("size", rendition.size);
            object.number_or_null("blocks", blocks).text_or_null("groups_blob", groups_blob.as_deref());
        }))
    }

    /// Where a group's slice stands in the outboard.
    pub fn blob_outboard_range(&self, handle: u32, group: u32) -> Answer {
        let layout = self.open_file(handle)?.layout();
        if group >= layout.group_count() {
            return Err(Refusal("bad-value"));
        }
        let range = layout.slice_range(group);
        Ok(json::object(|object| {
            object.number("from", range.start).number("to", range.end);
        }))
    }

    /// Takes a group's slice of the outboard.
    pub fn blob_slice(&mut self, handle: u32, group: u32, bytes: &[u8]) -> Answer {
        let file = self.files.at_mut(&handle).ok_or(NOT_OPEN)?;
        let good = file.slice(group, bytes).is_ok();
        Ok(ok(good))
    }

    /// Whether a block of 16 KiB is good.
    pub fn blob_check(&self, handle: u32, block: u32, bytes: &[u8]) -> Answer {
        Ok(ok(self.open_file(handle)?.is_block(block, bytes)))
    }

    /// Whether a group of 1 MiB is good.
    pub fn blob_check_group(&self, handle: u32, group: u32, bytes: &[u8]) -> Answer {
        Ok(ok(self.open_file(handle)?.is_group(group, bytes)))
    }

    /// Whether a whole file is good.
    pub fn blob_check_whole(&self, handle: u32, bytes: &[u8]) -> Answer {
        Ok(ok(self.open_file(handle)?.is_whole(bytes)))
    }

    /// Forgets a file.
    pub fn blob_close(&mut self, handle: u32) -> Answer {
        self.files.remove(&handle).map(|_| "{}".into()).ok_or(NOT_OPEN)
    }

    /// Articles whose words the search does not know yet, with their texts; empty when it knows all of them.
    pub fn unsearched(&mut self, count: usize) -> Answer {
        let count = count.min(ITEMS_MAX);
        let mut given = Vec::new();
        for book in self.books.values_mut() {
            given.extend(book.unsearched(count - given.len()));
        }
        Ok(json::object(|object| {
            object.list("items", given, |value, (id, article)| {
                let texts =
                    article.variants.iter().flat_map(|variant| [variant.title.as_str(), "\n", &variant.body, "\n"]);
                value.object(|object| {
                    object.shown("id", id).text("words", &texts.collect::<String>());
                });
            });
        }))
    }

    /// Of the items that a search found, one ID behind the other, the visible ones that are here, newest first.
    pub fn found(&self, items: &[u8], count: usize) -> Answer {
        let wanted = items.as_chunks().0.iter().map(|id| ItemId(*id)).collect();
        let books = self.books.values().collect::<Vec<_>>();
        let mut found = newest(&books, None, Some(&wanted), count.min(ITEMS_MAX));
        found.truncate(count);
        Ok(json::object(|object| {
            object.list("items", found, |value, item| value.object(|object| write_item(object, &item, false)));
        }))
    }

    fn book(&self, channel: &str) -> Answer<&Book> {
        let channel = channel_of(channel)?;
        self.books.get(&channel).ok_or(NOT_OPEN)
    }

    fn book_mut(&mut self, channel: &str) -> Answer<&mut Book> {
        let channel = channel_of(channel)?;
        self.books.at_mut(&channel).ok_or(NOT_OPEN)
    }

    fn held(&self, item: &str) -> Answer<BookItem<'_>> {
        let id = item.parse::<ItemId>().map_err(|_| Refusal("bad-value"))?;
        let found = self.books.values().find_map(|book| book.item(&id));
        found.ok_or(Refusal("not-held"))
    }

    fn rendition(&self, item: &str, index: usize) -> Answer<Rendition> {
        let article = self.held(item)?.article();
        let rendition = article.and_then(|article| article.renditions.into_iter().nth(index));
        rendition.ok_or(Refusal("not-held"))
    }

    fn open_file(&self, handle: u32) -> Answer<&OpenFile> {
        self.files.get(&handle).ok_or(NOT_OPEN)
    }
}

/// The newest of what the books would list, of each no more than so many.
fn newest<'b>(
    books: &[&'b Book],
    before: Option<(u64, ItemId)>,
    wanted: Option<&SortedSet<ItemId>>,
    count: usize,
) -> Vec<BookItem<'b>> {
    let mut found = Vec::new();
    for book in books {
        found.extend(book.feed(before, wanted).take(count));
    }
    found.sort_by_key(newest_first);
    found
}

fn newest_first(item: &BookItem<'_>) -> std::cmp::Reverse<(u64, ItemId)> {
    std::cmp::Reverse((item.header().time, item.id()))
}

/// Reads an address.
pub fn address(text: &str) -> Answer {
    let address = text.parse::<Address>().map_err(|error| Refusal(error.code()))?;
    Ok(json::object(|object| {
        object.shown("channel", address.channel).text("digits", &address.digits());
        object.list("hints", &address.hints, |value, hint| value.text(hint)).shown("written", &address);
    }))
}

/// The BLAKE3 of bytes.
pub fn hash(bytes: &[u8]) -> Answer {
    Ok(json::object(|object| {
        object.shown("hash", blake3::hash(bytes).to_hex());
    }))
}

/// Whether a signature is good, strictly. Key and signature as bytes.
pub fn verify(key: &[u8], signature: &[u8], message: &[u8]) -> Answer {
    let (Ok(key), Ok(signature)) = (key.try_into().map(PublicKey), signature.try_into()) else {
        return Err(Refusal("truncated"));
    };
    Ok(ok(key.verify(message, signature).is_ok()))
}

fn channel_of(text: &str) -> Answer<ChannelId> {
    from_hex(text).map(ChannelId).map_err(|_| Refusal("bad-value"))
}

/// How long an object may be that stands under a path of the tree.
pub fn bytes_max(path: &str) -> Answer {
    let bytes = path_of(path)?.bytes_max();
    Ok(json::object(|object| {
        object.number("bytes", bytes);
    }))
}

fn path_of(text: &str) -> Answer<TreePath> {
    text.parse::<TreePath>().map_err(|_| Refusal("bad-path"))
}

fn cursor_of(text: &str) -> Answer<(u64, ItemId)> {
    let parts = text.split_once('-').and_then(|(time, item)| Some((time.parse().ok()?, item.parse().ok()?)));
    parts.ok_or(Refusal("bad-value"))
}

fn ok(good: bool) -> String {
    json::object(|object| {
        object.flag("ok", good);
    })
}

fn taken_json(taken: &Taken, waiting: usize) -> String {
    json::object(|object| {
        object.number("news", taken.news).flag("kept", taken.kept);
        object.list("refused", &taken.refused, |value, refused| {
            value.object(|object| {
                object.text("what", &refused.what).text("code", refused.reason.code());
            });
        });
        object.list("released", &taken.released, |value, path| value.text(&path.to_string()));
        object.number("waiting", waiting as u64);
    })
}

fn write_item(object: &mut Object<'_>, item: &BookItem<'_>, is_whole: bool) {
    let header = item.header();
    let article = item.article().unwrap_or_default();
    object.shown("id", item.id()).shown("channel", item.channel).shown("log", item.log);
    object.number("seq", header.seq).text("kind", header.kind.name()).number("time", header.time);
    object.number_or_null("ends", Some(header.expiry).filter(|ends| *ends > 0));
    object.text("status", item.status.name()).text("why", item.why());
    object.text_or_null("corrects", article.corrects.map(|id| id.to_string()).as_deref());
    write_texts(object, &article, is_whole);
    object.list("renditions", &article.renditions, |value, file| value.object(|object| write_file(object, file)));
}

fn write_texts(object: &mut Object<'_>, article: &Article, is_whole: bool) {
    object.list("variants", &article.variants, |value, variant| {
        value.object(|object| {
            let origin = match variant.origin {
                Origin::Original => "original",
                Origin::Human => "human",
                Origin::Machine => "machine",
            };
            let title = clean_line(&variant.title);
            object.text("lang", &variant.language).text("origin", origin).text("title", &title);
            object.text("text", &excerpt(&variant.body, EXCERPT_CHARACTERS));
            if is_whole {
                object.text("markdown", &variant.body);
            }
        });
    });
}

fn write_file(object: &mut Object<'_>, file: &Rendition) {
    let groups = match file.groups {
        Groups::None | Groups::File(_) => "none",
        Groups::Inline(_) => "inline",
        Groups::Blob(_) => "blob",
    };
    object.text("name", &clean_line(&file.name)).shown("blob", longear_core::blob::BlobHash::from_bytes(file.blob));
    object.number("size", file.size).text("mime", &file.mime).number("ms", file.duration_ms);
    object.number("width", u64::from(file.width)).number("height", u64::from(file.height));
    object.flag("inline", matches!(file.groups, Groups::File(_))).text("groups", groups);
}
