//! The newsroom's side of broadcasts: what an encoder puts becomes segments, ticks and roll-ups.
//!
//! ```text
//! encoder ── PUT ──> ingest ──> Broadcast ──> Sequencer        which files are segments, in which order, from when to when
//!                                  │ ──────> store's blobs     the files
//!                                  └─ beat ─> edge, then log   signed ticks, then roll-ups
//! ```
//!
//! * [`playlist`], [`init`], [`place`] and [`sequencer`] are pure: bytes and time go in, segments come out.
//! * [`broadcast`] holds one running broadcast: it signs, and keeps before it shows.
//! * [`studio`] knows all of them, follows the session files, and ends what is to be ended.
//! * [`ingest`] is the door: it lets encoders in that show the token of a broadcast.
//! * [`receiver`] is a door for senders of RTMP and SRT: it keeps an ffmpeg running ([`ffmpeg`], [`tied`]) that listens, makes
//!   the [`ladder`], and puts it to the door above. [`complaints`] reads what it says.

pub mod broadcast;
pub mod complaints;
pub mod ffmpeg;
pub mod ingest;
pub mod init;
pub mod ladder;
pub mod place;
pub mod playlist;
pub mod receiver;
pub mod sequencer;
pub mod studio;
pub mod tied;

use longear_core::limits::{INIT_BYTES_MAX, SEGMENT_BYTES_MAX, SEGMENT_MS_MAX, TICK_SEGMENTS_MAX};

/// Longest playlist that is read: hours of segments of two seconds.
pub const PLAYLIST_BYTES_MAX: usize = 1 << 20;

/// Why something that an encoder put is not taken. The words go to whoever set the encoder up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No place for a file.
    #[error("no file of a broadcast can be called so: use letters, digits, '-', '_' and '.', in folders such as 360p/")]
    Name,
    /// MPEG-TS.
    #[error(
        "this is an MPEG transport stream, and only fragmented MP4 is taken: give ffmpeg -hls_segment_type fmp4 (in OBS the muxer \
         setting hls_segment_type=fmp4)"
    )]
    TransportStream,
    /// Something else.
    #[error(
        "this is neither an initialisation segment nor a segment of fragmented MP4: give ffmpeg -hls_segment_type fmp4"
    )]
    NotFragments,
    /// An MP4 file whose content is not behind it.
    #[error("this initialisation segment has neither one track of sound nor one of a picture that can be played")]
    NoTracks,
    /// A codec that readers' devices cannot be expected to play.
    #[error(
        "the codec {0} is not played everywhere: send H.264, H.265, VP9 or AV1 with AAC or Opus (-c:v libx264 -c:a aac)"
    )]
    Codec(String),
    /// An initialisation segment that gives a place away.
    #[error(
        "this stream says where it was made, and whoever gets it could find that place: give ffmpeg -map_metadata -1"
    )]
    Location,
    /// Larger than anything of its kind may be.
    #[error("{what} may have at most {max} bytes")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// How large it may be.
        max: usize,
    },
    /// A segment that plays too long.
    #[error("a segment may play at most {} s: give ffmpeg -hls_time 2, and a key frame at least as often", SEGMENT_MS_MAX / 1000)]
    TooLong,
    /// More renditions than a tick can name.
    #[error("a broadcast has at most {TICK_SEGMENTS_MAX} renditions")]
    TooManyRenditions,
    /// What the playlist says makes no sense, or is of no use here.
    #[error("this playlist cannot be used: {0}")]
    Playlist(&'static str),
    /// The initialisation segment is missing.
    #[error("the initialisation segment {0} has not arrived: start the encoder again")]
    NoInit(String),
    /// A rendition that was sound is a picture now, or the other way round.
    #[error("the rendition {0} was sound before and is a picture now, or the other way round: give it another name")]
    OtherMedium(String),
    /// Another encoder goes on with this rendition.
    #[error("another encoder has taken over this broadcast: the one that came last counts")]
    TakenOver,
    /// More waits to be signed than should.
    #[error("more is waiting than can be signed: send no faster than it plays (ffmpeg -re)")]
    Busy,
    /// The broadcast has ended.
    #[error("this broadcast is over")]
    Over,
    /// The disk of this machine.
    #[error("what came could not be kept: {0}")]
    Disk(String),
}

impl Refusal {
    fn init_too_large() -> Self {
        Refusal::TooLarge { what: "an initialisation segment", max: INIT_BYTES_MAX }
    }

    fn segment_too_large() -> Self {
        Refusal::TooLarge { what: "a segment", max: SEGMENT_BYTES_MAX }
    }

    fn playlist_too_large() -> Self {
        Refusal::TooLarge { what: "a playlist", max: PLAYLIST_BYTES_MAX }
    }
}
