//! Every limit of the formats, in one place. Sizes in bytes unless the name says otherwise.

/// A charter with its signatures.
pub const CHARTER_BYTES_MAX: usize = 65_536;
/// Root keys in one set; a newsroom uses three.
pub const ROOTS_MAX: usize = 16;
/// Delegates in one charter: a newsroom with editors in twenty regions.
pub const DELEGATES_MAX: usize = 64;
/// Logs that one charter closes.
pub const CLOSINGS_MAX: usize = 256;
/// Charters of one channel. One a week for nineteen years.
pub const CHARTERS_MAX: u64 = 1_000;
/// Channel name.
pub const NAME_BYTES_MAX: usize = 128;
/// Label of a delegate, name of a rendition.
pub const LABEL_BYTES_MAX: usize = 64;
/// Region code, ISO 3166-2.
pub const REGION_BYTES_MAX: usize = 16;
/// TLV block without its length field.
pub const TLV_BYTES_MAX: usize = 1_024;
/// A signed header without TLV.
pub const HEADER_BYTES_MIN: usize = 178;
/// A signed header.
pub const HEADER_BYTES_MAX: usize = HEADER_BYTES_MIN + TLV_BYTES_MAX;
/// Payload of any item; kinds have smaller ones.
pub const PAYLOAD_BYTES_MAX: usize = 262_144;
/// Items of one log; an inclusion proof is 20 hashes.
pub const LOG_ITEMS_MAX: u64 = 1 << 20;
/// Citations in one statement.
pub const CITATIONS_MAX: usize = 8;
/// A statement with all its citations.
pub const STATEMENT_BYTES_MAX: usize = 501;
/// The head of a channel.
pub const HEAD_BYTES_MAX: usize = 32_768;
/// Statements in a head.
pub const HEAD_STATEMENTS_MAX: usize = 64;
/// Forks named in a head.
pub const FORKS_LISTED_MAX: usize = 32;
/// Two signed headers.
pub const FORK_PROOF_BYTES_MAX: usize = 44 + 2 * (2 + HEADER_BYTES_MAX);
/// Highest level of a pack: 8⁴ = 4,096 items.
pub const PACK_LEVEL_MAX: u8 = 4;
/// Items of the largest pack.
pub const PACK_ITEMS_MAX: u64 = 8u64.pow(PACK_LEVEL_MAX as u32);
/// Headers with bad signatures in one pack, after which the rest of it is not looked at.
pub const PACK_LIES_MAX: usize = 64;
/// Packs of a level that stand in a published tree although a larger one covers them.
pub const PACKS_KEPT_PER_LEVEL: u64 = 16;
/// Title of a variant, reason of a retraction.
pub const TITLE_BYTES_MAX: usize = 256;
/// Body of a variant.
pub const BODY_BYTES_MAX: usize = 65_536;
/// Languages of an article.
pub const VARIANTS_MAX: usize = 16;
/// Files of an article.
pub const RENDITIONS_MAX: usize = 32;
/// MIME type.
pub const MIME_BYTES_MAX: usize = 127;
/// BCP 47 language tag.
pub const LANGUAGE_BYTES_MAX: usize = 35;
/// Group hashes of one rendition inside the item; more of them stand in a blob of their own.
pub const INLINE_GROUPS_BYTES_MAX: usize = 32_768;
/// A file that travels inside its item: a still picture must not cost a request of its own.
pub const INLINE_FILE_BYTES_MAX: usize = 16_384;
/// Milliseconds of a UTC day, by which several limits count.
pub const DAY_MS: u64 = 86_400_000;
/// Items named by one retraction, and by one log in one UTC day.
pub const RETRACTION_TARGETS_MAX: usize = 64;
/// How long the bytes of what was taken back are kept: so long a stolen key can have its say before a charter reverses it.
pub const TAKEN_BACK_KEPT_MS: u64 = 30 * DAY_MS;
/// Different headers of one seq that are kept as evidence of a fork.
pub const BRANCHES_KEPT_MAX: usize = 2;
/// Objects that wait for their charter.
pub const QUARANTINE_BYTES_MAX: usize = 4 << 20;
/// Times stay exact in a JavaScript number.
pub const TIME_MS_MAX: u64 = 1 << 53;
/// Carrier hints in an address.
pub const HINTS_MAX: usize = 8;
/// One carrier hint.
pub const HINT_BYTES_MAX: usize = 512;
/// Unknown kinds: bytes kept per log and UTC day.
pub const UNKNOWN_KIND_BYTES_PER_DAY: u64 = 1 << 20;
/// A jump of the derived clock beyond this needs two delegates.
pub const CLOCK_JUMP_MS_MAX: u64 = 48 * 3_600_000;
/// Ticks of one broadcast: 12 days of a tick a second.
pub const TICKS_MAX: u64 = 1 << 20;
/// Segments that one tick names: one of each rendition.
pub const TICK_SEGMENTS_MAX: usize = 8;
/// Ticks in the payload of one roll-up.
pub const ROLL_UP_TICKS_MAX: usize = 128;
/// Ticks in the edge of a broadcast: what two roll-ups in a row may be late.
pub const EDGE_TICKS_MAX: usize = 64;
/// The edge of a broadcast.
pub const EDGE_BYTES_MAX: usize = 131_072;
/// Renditions of one broadcast.
pub const TRACKS_MAX: usize = 16;
/// Name of a rendition of a broadcast.
pub const LIVE_NAME_BYTES_MAX: usize = 16;
/// Chapters in the payload of one roll-up.
pub const ROLL_UP_CHAPTERS_MAX: usize = 16;
/// Chapters of one broadcast: one every six minutes for a day.
pub const CHAPTERS_MAX: usize = 256;
/// Title of a chapter: a line or two.
pub const CHAPTER_BYTES_MAX: usize = 128;
/// A segment of a broadcast: 10 s of 12 Mbit/s.
pub const SEGMENT_BYTES_MAX: usize = 16 << 20;
/// How long a segment may play, in milliseconds.
pub const SEGMENT_MS_MAX: u32 = 30_000;
/// An initialisation segment: a description of tracks.
pub const INIT_BYTES_MAX: usize = 65_536;

// Rooms.

/// Rules of a room.
pub const ROOM_RULES_MAX: usize = 16;
/// One rule: a paragraph.
pub const ROOM_RULE_BYTES_MAX: usize = 512;
/// Notes that a room may allow per writer and UTC day.
pub const NOTES_PER_DAY_MAX: u8 = 64;
/// Flags per writer and UTC day.
pub const FLAGS_PER_DAY_MAX: u8 = 16;
/// Days that a room keeps its notes, at most.
pub const ROOM_DAYS_MAX: u16 = 366;
/// Words of a note.
pub const NOTE_TEXT_BYTES_MAX: usize = 1_600;
/// A note.
pub const NOTE_BYTES_MAX: usize = 2_048;
/// Decisions in one moderation item.
pub const DECISIONS_MAX: usize = 255;
/// Entries that one decision admits.
pub const ENTRIES_MAX: usize = 256;
/// Notes in a digest, with their ancestors.
pub const DIGEST_NOTES_MAX: usize = 24;
/// Purges of one log, of notes of one UTC day: so many words of a day a stolen key can destroy.
pub const PURGES_PER_DAY_MAX: usize = 64;
/// Pins and digests of one log in force: what they choose is kept before all else, so that others' notes may have to go.
pub const CHOICES_MAX: usize = 64;
/// Writers that a small roll may admit per UTC day.
pub const WRITERS_PER_DAY_MIN: usize = 64;
/// Notes per day of who is not on the roll.
pub const LANE_NOTES_PER_DAY: u8 = 3;
/// How far ahead of now a note may be shown.
pub const NOTE_AHEAD_MS_MAX: u64 = 3_600_000;
/// Tickets' signatures that are remembered as verified: those of half of a large room's writers. 32 bytes each.
pub const ENDORSEMENTS_KEPT_MAX: usize = 1 << 17;
/// A sheaf: notes of one day of a room in one file.
pub const SHEAF_BYTES_MAX: usize = 1 << 20;
/// Notes in one sheaf.
pub const SHEAF_NOTES_MAX: usize = 4_096;
/// Sheaves in the list of a room.
pub const SHEAVES_MAX: usize = 1_000;
/// The list of a room's sheaves.
pub const SHEAF_LIST_BYTES_MAX: usize = 70 + SHEAVES_MAX * 40;
/// Sheaves of one day, above which a writer writes the day anew.
pub const SHEAVES_OF_DAY_MAX: usize = 8;
/// Coded symbols in one answer between nodes.
pub const SYMBOLS_ASKED_MAX: u32 = 4_096;
/// Notes that one node asks another for at once.
pub const NOTES_ASKED_MAX: usize = 4_096;
/// Coded symbols of one reconciliation: 1.1 MB, of the 2 MiB that a lying peer may cost.
pub const RECONCILE_SYMBOLS_MAX: usize = 65_536;
/// Times that a difference is taken out of a symbol in one reconciliation: half more than
/// the 48,000 differences take that so many symbols tell.
pub const RECONCILE_STEPS_MAX: u64 = 1_500_000;
/// Notes that one side puts into one reconciliation: some 130 MB of memory.
pub const RECONCILE_NOTES_MAX: usize = 1 << 21;
