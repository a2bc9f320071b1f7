//! The reader app: files that `cargo xtask web` built and the build of this program took in.

pub mod list;

/// One file of the app, with the copies that servers send to browsers which unpack them.
#[derive(Debug)]
pub struct AppFile {
    /// Its path below the app's folder, with forward slashes.
    pub path: &'static str,
    /// Its bytes.
    pub plain: &'static [u8],
    /// The same, packed with gzip.
    pub gzip: &'static [u8],
    /// The same, packed with brotli.
    pub brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/app.rs"));

/// The folder beside the tree in which the app stands; the tree is its first source.
pub const FOLDER: &str = "app";

/// What the app's address answers with.
pub const INDEX: &str = "index.html";

/// The signed list of all the app's files (`docs/spec/app.md`).
pub const LIST: &str = "files.txt";

/// Every file of the app. Empty when this program was built without it.
pub fn files() -> &'static [AppFile] {
    FILES
}

/// What kind of file it is, by its ending.
pub fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("lzma") => "application/x-lzma",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_kind_and_its_packed_copies() {
        for file in files() {
            assert_ne!(media_type(file.path), "application/octet-stream", "{}", file.path);
            assert!(file.gzip.starts_with(b"\x1f\x8b") && !file.brotli.is_empty(), "{}", file.path);
        }
        let has_index = files().iter().any(|file| file.path == INDEX);
        assert!(has_index || files().is_empty());
    }
}
