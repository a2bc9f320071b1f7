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

pub mod broadcast;
pub mod ingest;
pub mod init;
pub mod place;
pub mod playlist;
pub mod sequencer;
pub mod studio;

use longear_core::limits::{INIT_BYTES_MAX, SEGMENT_BYTES_MAX, SEGMENT_MS_MAX, TICK_SEGMENTS_MAX};

/// Longest playlist that is read: hours of segments of two seconds.
pub const PLAYLIST_BYTES_MAX: usize = 1 << 20;

/// The whole line for ffmpeg 5 and later. Tried as it stands by a test.
pub fn encoder_line(ingest: &str) -> String {
    format!(
        "ffmpeg -re -i INPUT -map_metadata -1 \
         -filter_complex \"[0:v]split=2[a][b];[a]scale=-2:144,fps=15[small];[b]scale=-2:360[large]\" \
         -map 0:a -map \"[small]\" -map 0:a -map \"[large]\" -map 0:a \
         -c:v libx264 -preset veryfast -pix_fmt yuv420p -force_key_frames \"expr:gte(t,n_forced*2)\" -sc_threshold 0 \
         -b:v:0 70k -maxrate:v:0 90k -bufsize:v:0 180k -b:v:1 500k -maxrate:v:1 600k -bufsize:v:1 1200k \
         -ac 1 -c:a:0 libopus -b:a:0 16k -frame_duration:a:0 60 -c:a:1 aac -b:a:1 24k -c:a:2 aac -b:a:2 48k \
         -f hls -hls_segment_type fmp4 -hls_time 2 -hls_list_size 10 -hls_flags independent_segments \
         -hls_fmp4_init_filename init.mp4 -hls_fmp4_init_resend 1 \
         -var_stream_map \"a:0,name:audio v:0,a:1,name:144p v:1,a:2,name:360p\" \
         -method PUT -http_persistent 1 -ignore_io_errors 1 \
         -hls_segment_filename \"{ingest}%v/%06d.m4s\" \"{ingest}%v/index.m3u8\""
    )
}

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
