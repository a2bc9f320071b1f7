//! The renditions of one input, as arguments of ffmpeg.

/// What an input holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holds {
    /// A picture and its sound.
    #[default]
    Both,
    /// Sound alone.
    Sound,
    /// A picture alone.
    Picture,
}

/// One rendition; `N` stands for its number among pictures or sounds.
struct Rendition {
    name: &'static str,
    /// Where its picture comes from, and how it is made.
    picture: Option<(&'static str, &'static str)>,
    sound: &'static str,
}

/// From the bottom up: sound for the worst lines, sound for players without Opus, two sizes of picture, and what came.
const LADDER: [Rendition; 5] = [
    Rendition { name: "audio", picture: None, sound: "-c:a:N libopus -b:a:N 16k -frame_duration:a:N 60" },
    Rendition { name: "audio-aac", picture: None, sound: "-c:a:N aac -b:a:N 32k" },
    Rendition {
        name: "144p",
        picture: Some(("[small]", "-b:v:N 70k -maxrate:v:N 90k -bufsize:v:N 180k")),
        sound: "-c:a:N aac -b:a:N 24k",
    },
    Rendition {
        name: "360p",
        picture: Some(("[large]", "-b:v:N 500k -maxrate:v:N 600k -bufsize:v:N 1200k")),
        sound: "-c:a:N aac -b:a:N 48k",
    },
    // Its sound is made anew: what comes with a picture that can be copied is not always AAC.
    Rendition { name: ORIGINAL, picture: Some(("0:v:0", "-c:v:N copy")), sound: "-c:a:N aac -b:a:N 128k -ac:a:N 2" },
];

/// The picture as it came.
const ORIGINAL: &str = "original";

/// How the two pictures are made smaller.
const PICTURES: &str = "[0:v:0]split=2[a][b];[a]scale=-2:144,fps=15[small];[b]scale=-2:360[large]";

/// How pictures are encoded: a key frame at the beginning of each segment.
const ENCODED: &str =
    "-c:v libx264 -preset veryfast -pix_fmt yuv420p -force_key_frames expr:gte(t,n_forced*2) -sc_threshold 0";

/// What comes out: segments of two seconds, put to the box. A box that is away for a moment ends nothing.
const SEGMENTS: &str = "-f hls -hls_segment_type fmp4 -hls_time 2 -hls_list_size 10 -hls_flags independent_segments \
     -hls_fmp4_init_filename init.mp4 -hls_fmp4_init_resend 1 -method PUT -http_persistent 1 -ignore_io_errors 1";

/// The whole line for ffmpeg 5 and later. Tried as it stands by a test.
///
/// It makes no copy of the picture: what a camera gives is no H.264, and ffmpeg would not begin.
pub fn encoder_line(ingest: &str) -> String {
    let quoted = |argument: String| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/=+".contains(&byte);
        if argument.bytes().all(is_plain) { argument } else { format!("\"{argument}\"") }
    };
    let arguments = ladder(Holds::Both, false, ingest).into_iter().map(quoted).collect::<Vec<_>>();
    format!("ffmpeg -re -i INPUT {}", arguments.join(" "))
}

/// The arguments behind the input: all renditions that can be made of it, put below the address `ingest`. With `is_copied`, the
/// picture also as it came, without encoding it anew.
pub fn ladder(holds: Holds, is_copied: bool, ingest: &str) -> Vec<String> {
    let (has_sound, has_picture) = (holds != Holds::Picture, holds != Holds::Sound);
    let mut arguments = words("-map_metadata -1");
    if has_picture {
        arguments.extend(["-filter_complex".to_owned(), PICTURES.to_owned()]);
    }
    let (mut options, mut streams) = (words("-ac 1"), Vec::new());
    let (mut pictures, mut sounds) = (0, 0);
    let is_made = |one: &&Rendition| match one.picture {
        Some(_) => has_picture && (is_copied || one.name != ORIGINAL),
        None => has_sound,
    };
    for rendition in LADDER.iter().filter(is_made) {
        let mut parts = Vec::new();
        if let Some((source, how)) = rendition.picture {
            arguments.extend(["-map".to_owned(), source.to_owned()]);
            options.extend(words(&how.replace('N', &pictures.to_string())));
            parts.push(format!("v:{pictures}"));
            pictures += 1;
        }
        if has_sound {
            arguments.extend(words("-map 0:a:0"));
            options.extend(words(&rendition.sound.replace('N', &sounds.to_string())));
            parts.push(format!("a:{sounds}"));
            sounds += 1;
        }
        streams.push(format!("{},name:{}", parts.join(","), rendition.name));
    }
    if has_picture {
        arguments.extend(words(ENCODED));
    }
    arguments.extend(options);
    arguments.extend(words(SEGMENTS));
    arguments.extend(["-var_stream_map".to_owned(), streams.join(" ")]);
    arguments.extend([
        "-hls_segment_filename".to_owned(),
        format!("{ingest}%v/%06d.m4s"),
        format!("{ingest}%v/index.m3u8"),
    ]);
    arguments
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams(holds: Holds, is_copied: bool) -> (String, usize) {
        let arguments = ladder(holds, is_copied, "http://127.0.0.1:7777/live/in/");
        let at = arguments.iter().position(|argument| argument == "-var_stream_map").expect("it names the renditions");
        (arguments[at + 1].clone(), arguments.iter().filter(|argument| *argument == "-map").count())
    }

    #[test]
    fn what_an_input_lacks_is_in_no_rendition() {
        let all = "a:0,name:audio a:1,name:audio-aac v:0,a:2,name:144p v:1,a:3,name:360p v:2,a:4,name:original";
        assert_eq!(streams(Holds::Both, true), (all.to_owned(), 8));
        let encoded = all.rsplit_once(' ').expect("several").0;
        assert_eq!(streams(Holds::Both, false), (encoded.to_owned(), 6));
        assert_eq!(streams(Holds::Sound, true), ("a:0,name:audio a:1,name:audio-aac".to_owned(), 2));
        assert_eq!(streams(Holds::Picture, true), ("v:0,name:144p v:1,name:360p v:2,name:original".to_owned(), 3));
        let sound = ladder(Holds::Sound, true, "").join(" ");
        assert!(!sound.contains("[0:v") && !sound.contains("libx264"), "{sound}");
        assert!(!ladder(Holds::Picture, true, "").join(" ").contains("0:a"));
    }
}
