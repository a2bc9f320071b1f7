//! The files that the newsroom publishes, made once by ffmpeg and kept beside the build products.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name of the video, in which cuts and budgets fall.
pub const VIDEO: &str = "clip.mp4";

/// A minute of 8 Mbit/s: 61 MB, H.264 and AAC with the index in front.
pub fn video() -> PathBuf {
    made(VIDEO, |path| {
        ffmpeg(
            "-f lavfi -i testsrc2=size=640x360:rate=25:duration=60 -f lavfi -i sine=frequency=440:duration=60 \
             -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -b:v 8M -minrate 8M -maxrate 8M -bufsize 2M \
             -x264-params nal-hrd=cbr -c:a aac -b:a 96k -movflags +faststart -f mp4",
            path,
        );
        assert!(fs::metadata(path).unwrap().len() > 58_000_000, "the bit rate is forced");
    })
}

pub fn photo() -> PathBuf {
    made("photo.jpg", |path| ffmpeg("-f lavfi -i mandelbrot=size=1280x720 -frames:v 1 -c:v mjpeg -f image2", path))
}

pub fn sound() -> PathBuf {
    made("radio.ogg", |path| ffmpeg("-f lavfi -i sine=frequency=330:duration=30 -c:a libopus -b:a 16k -f ogg", path))
}

/// The smallest document that is one: a page without anything on it.
pub fn document() -> PathBuf {
    made("prices.pdf", |path| {
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] >>",
        ];
        let mut text = "%PDF-1.4\n".to_owned();
        let mut table = "xref\n0 4\n0000000000 65535 f \n".to_owned();
        for (index, object) in objects.iter().enumerate() {
            table.push_str(&format!("{:010} 00000 n \n", text.len()));
            text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
        }
        let start = text.len();
        text.push_str(&format!("{table}trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
        fs::write(path, text).unwrap();
    })
}

/// Makes a file if it is not there yet. Of those who make it at once the first one's stays: others may use it already.
fn made(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("story");
    let path = folder.join(name);
    if !path.exists() {
        let own = folder.join(format!("{}-{:?}", std::process::id(), std::thread::current().id()));
        fs::create_dir_all(&own).unwrap();
        make(&own.join(name));
        match fs::hard_link(own.join(name), &path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => panic!("{error}"),
            _ => {}
        }
        fs::remove_dir_all(own).unwrap();
    }
    path
}

fn ffmpeg(arguments: &str, path: &Path) {
    let made = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(arguments.split_whitespace()).arg(path).output();
    let made = made.expect("this test needs ffmpeg: install it with `apt-get install ffmpeg`");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
