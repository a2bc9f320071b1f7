//! What the pages are made from: plain data, filled in by whoever holds the store.

use std::ops::Range;

use crate::Language;

/// One request: who asks in which language, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// The language of the page.
    pub language: Language,
    /// True when the reader chose the language by a link: then every link on the page carries it on.
    pub language_chosen: bool,
    /// The box's clock, in milliseconds since 1970 UTC. A wrong one only makes ages wrong, it hides nothing.
    pub now_ms: u64,
}

/// The feed: everything the box shows, newest first, in pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxPage {
    /// Language and time of the request.
    pub visit: Visit,
    /// The channels this box follows.
    pub channels: Vec<ChannelView>,
    /// The items of this page in the order they are shown. Those that may not be shown are left out by the page.
    pub items: Vec<ItemView>,
    /// The number of this page; 0 is the newest.
    pub page: u64,
    /// True when older items follow on the next page.
    pub more: bool,
    /// How many posts the box holds altogether.
    pub posts_total: u64,
    /// Rooms that are open, the newest first; shown on the first page only.
    pub rooms: Vec<RoomLink>,
}

/// A room as the feed names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomLink {
    /// Its ID in lower-case hexadecimal.
    pub id_hex: String,
    /// BCP 47 tag of the title, as the moderator wrote it.
    pub language: String,
    /// The title.
    pub title: String,
}

/// One item on a page of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemPage {
    /// Language and time of the request.
    pub visit: Visit,
    /// The item's channel.
    pub channel: ChannelView,
    /// The item.
    pub item: ItemView,
    /// The rendition the reader asked to play (`?form=`), as an index into the item's renditions.
    pub form: Option<usize>,
    /// The language variant the reader asked for (`?text=`), as a tag.
    pub text: Option<String>,
    /// What of a broadcast the reader asked to play (`?play=`).
    pub play: Option<Play>,
    /// From when on the reader asked to play a broadcast (`?from=`), in milliseconds since it began.
    pub from_ms: Option<u64>,
}

/// What to play of a broadcast besides its newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Play {
    /// Its sound alone.
    Sound,
    /// All that is here, from the beginning.
    Past,
}

impl Play {
    /// How it is called in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Play::Sound => "sound",
            Play::Past => "past",
        }
    }

    /// What is called so.
    pub fn named(name: &str) -> Option<Self> {
        [Play::Sound, Play::Past].into_iter().find(|play| play.name() == name)
    }
}

/// "How this was checked": what the box does and what it cannot do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutPage {
    /// Language and time of the request.
    pub visit: Visit,
    /// The channels this box follows.
    pub channels: Vec<ChannelView>,
}

/// One channel's address, with its QR code and its 30 digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressPage {
    /// Language and time of the request.
    pub visit: Visit,
    /// The channel.
    pub channel: ChannelView,
}

/// A channel as the pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelView {
    /// The channel ID, from which the tamga is drawn.
    pub id: [u8; 32],
    /// The name that the charter gives.
    pub name: String,
    /// The address: `longear:` and 52 characters.
    pub address: String,
    /// The 30 digits, with or without spaces between them.
    pub digits: String,
    /// The time of the newest statement or item, in milliseconds since 1970 UTC.
    pub last_word_ms: Option<u64>,
    /// How many posts are known to exist and are not here.
    pub missing_posts: u64,
    /// The number of the charter in force.
    pub charter_number: u64,
    /// True when two valid charters claim the next number.
    pub disputed_charter: bool,
}

/// What an item is; only a notice is marked as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Post,
    /// Video, sound, photos or files, with or without a text.
    Media,
    /// A short notice with an end.
    Notice,
}

/// What the log rules say about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The channel's word.
    Shown,
    /// Kept and passed on, not shown as the channel's.
    Unconfirmed,
    /// Shown with a warning: the same key signed two different items in one place.
    Disputed,
    /// Taken back by the publisher.
    Retracted,
    /// Not the channel's.
    Refused,
}

/// Where a language variant comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Written in this language.
    Original,
    /// Translated by a person.
    Human,
    /// Translated by a machine.
    Machine,
}

/// An item as the pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemView {
    /// The item ID in lower-case hexadecimal; it is also the item's address under [`crate::paths::item`].
    pub id_hex: String,
    /// The ID of the item's channel.
    pub channel_id: [u8; 32],
    /// The name of the item's channel.
    pub channel_name: String,
    /// What it is.
    pub kind: Kind,
    /// The texts. Empty for media without a title.
    pub variants: Vec<VariantView>,
    /// When it was signed, in milliseconds since 1970 UTC.
    pub time_ms: u64,
    /// What the log rules say about it.
    pub status: Status,
    /// True when a correction has replaced what was published first.
    pub corrected: bool,
    /// The encodings of the media, in the publisher's order.
    pub renditions: Vec<RenditionView>,
    /// The address of a picture that stands for the item, on this box.
    pub still: Option<String>,
    /// The item as a file that the app can open and check, where the box can make one.
    pub app_file: Option<AppFile>,
    /// The broadcast that the item opens.
    pub live: Option<LiveView>,
}

/// A broadcast, and how much of it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveView {
    /// Whether it runs.
    pub phase: LivePhase,
    /// How long it is as far as it is known, in milliseconds.
    pub length_ms: u64,
    /// Its renditions, the best one first.
    pub tracks: Vec<TrackView>,
    /// The playlist of the rendition that the page plays; nothing before there is enough to play.
    pub href: Option<String>,
    /// The list of all renditions, for players that choose among them.
    pub list_href: Option<String>,
    /// The playlist of the sound alone.
    pub sound_href: Option<String>,
    /// The playlist of all that is here from the beginning, while it runs.
    pub past_href: Option<String>,
    /// The playlist of what is here from a moment on; the moment, in milliseconds since the broadcast began, follows.
    pub from_href: Option<String>,
    /// Moments that the publisher named, ascending.
    pub chapters: Vec<ChapterView>,
    /// Other moments at which a reader may want to begin and from which something is here, ascending.
    pub marks: Vec<u64>,
    /// What can be saved as a file.
    pub saves: Vec<SaveView>,
}

/// A moment of a broadcast that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChapterView {
    /// When, in milliseconds since the broadcast began.
    pub start_ms: u64,
    /// What the publisher calls it.
    pub title: String,
    /// Whether something is here that begins there.
    pub is_here: bool,
}

/// A file made of a broadcast that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveView {
    /// Its address on this box.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Whether it is sound without a picture.
    pub is_sound: bool,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// Whether a broadcast runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LivePhase {
    /// It was announced; nothing of it has come.
    Soon,
    /// It runs, and the newest word is fresh.
    Live,
    /// It runs as far as is known; the last word came at that time, in milliseconds since 1970 UTC.
    Waiting {
        /// The newest tick's time.
        since_ms: u64,
    },
    /// The publisher ended it.
    Over,
}

/// One rendition of a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackView {
    /// The publisher's name for it, such as `360p`.
    pub name: String,
    /// Whether it is sound without a picture.
    pub is_sound: bool,
    /// Which parts are here, in milliseconds since the broadcast began, ascending.
    pub held: Vec<Range<u64>>,
}

/// One language of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantView {
    /// BCP 47 tag, as the publisher wrote it.
    pub tag: String,
    /// Written or translated.
    pub origin: Origin,
    /// The title; may be empty.
    pub title: String,
    /// The text, in Markdown; may be empty.
    pub body_markdown: String,
}

/// One encoding of the media, and how much of it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenditionView {
    /// The publisher's name for it, such as `360p` or `clip.mp4`.
    pub name: String,
    /// The MIME type the publisher gives.
    pub mime: String,
    /// Its whole size in bytes.
    pub size_bytes: u64,
    /// How many checked bytes are here.
    pub have_bytes: u64,
    /// Which checked byte ranges are here, ascending.
    pub held: Vec<Range<u64>>,
    /// Its length in milliseconds, for sound and video.
    pub duration_ms: Option<u64>,
    /// Its width in pixels.
    pub width: Option<u32>,
    /// Its height in pixels.
    pub height: Option<u32>,
    /// Its address on this box (answers Range requests with checked bytes only, and with
    /// [`crate::paths::SAVE_QUERY`] as a download).
    pub href: String,
}

/// A file that the app opens and checks by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppFile {
    /// Its address on this box.
    pub href: String,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// 404: there is nothing at this address on this box.
    NotFound,
    /// 410: it was here and was taken back.
    Gone,
    /// 500: the box failed.
    BoxFailed,
    /// 503: the box is still starting, or is too busy.
    NotReady,
}
