//! Encoders: the real one, and its files one by one.

use std::ops::RangeInclusive;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::node::{Live, Serving};

/// Seconds of film that are made once, as segments of a second.
const CLIP_SECONDS: u64 = 40;

/// ffmpeg, writing to a box.
pub struct Encoder {
    ingest: String,
}

impl Encoder {
    pub fn new(address: &str, token: &str) -> Self {
        Encoder { ingest: format!("http://{address}/live/in/{token}/") }
    }

    /// Sends so many seconds of a ladder: the line that `live start` prints, with a test picture for its input and segments of
    /// one second.
    pub fn ladder(&self, seconds: u32) -> Output {
        let line = longear::live::ladder::encoder_line(&self.ingest);
        let mut words = words(&line).into_iter();
        let mut command = Command::new(words.next().unwrap());
        command.args(["-v", "error"]);
        let words = words.collect::<Vec<_>>().join("\n");
        let picture = format!("testsrc=size=640x360:rate=15:duration={seconds}");
        let sound = format!("sine=duration={seconds}");
        let inputs = format!("-f\nlavfi\n-i\n{picture}[out0];{sound}[out1]");
        let words = words.replace("-re\n-i\nINPUT", &inputs).replace("n_forced*2", "n_forced*1");
        let words = words.replace("-hls_time\n2", "-hls_time\n1");
        command.args(words.split('\n')).stdin(Stdio::null());
        command.output().expect("this test needs ffmpeg: install it with `apt-get install ffmpeg`")
    }
}

/// Splits a line as a shell does that knows double quotes only.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// A film in segments of one second, made once for each test process.
pub struct Clip {
    folder: TempDir,
}

impl Clip {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let picture = format!("testsrc=size=64x36:rate=5:duration={CLIP_SECONDS}");
        let mut command = Command::new("ffmpeg");
        command.args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            &picture,
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
        ]);
        command.args([
            "yuv420p",
            "-g",
            "5",
            "-f",
            "hls",
            "-hls_segment_type",
            "fmp4",
            "-hls_time",
            "1",
            "-hls_list_size",
            "0",
        ]);
        command.args(["-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename"]);
        command.arg(folder.path().join("%d.m4s")).arg(folder.path().join("index.m3u8")).stdin(Stdio::null());
        let made = command.status().expect("this test needs ffmpeg: install it with `apt-get install ffmpeg`");
        assert!(made.success());
        Clip { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn init(&self) -> Vec<u8> {
        std::fs::read(self.path().join("init.mp4")).unwrap()
    }

    pub fn segment(&self, number: u64) -> Vec<u8> {
        std::fs::read(self.path().join(format!("{}.m4s", number % CLIP_SECONDS))).unwrap()
    }

    /// Puts a segment and then the playlist, as ffmpeg does; the initialisation segment with the first one only.
    pub fn put(&self, serving: &Serving, live: &Live, number: u64) -> u16 {
        if number == 0 {
            assert_eq!(serving.put(live, "360p/init.mp4", &self.init()), (200, String::new()));
        }
        let put = serving.put(live, &format!("360p/{number}.m4s"), &self.segment(number));
        assert_eq!(put, (200, String::new()));
        self.list(serving, live, number.saturating_sub(4)..=number).0
    }

    pub fn list(&self, serving: &Serving, live: &Live, numbers: RangeInclusive<u64>) -> (u16, String) {
        serving.put(live, "360p/index.m3u8", playlist(numbers).as_bytes())
    }
}

pub fn playlist(numbers: RangeInclusive<u64>) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-MAP:URI=\"init.mp4\"\n", numbers.start());
    numbers.for_each(|number| text.push_str(&format!("#EXTINF:1.0,\n{number}.m4s\n")));
    text
}
