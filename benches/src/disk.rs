//! Where the measured files lie, and the tools of the system that copy them.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::measure::{Cost, run};

const MIB: usize = 1 << 20;

/// The unit in which the file system counts what a file takes.
const BLOCK_BYTES: u64 = 512;

/// A folder on the disk that is measured, beside what cargo built.
pub struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    /// Opens it, and removes what an interrupted run left.
    pub fn open() -> Outcome<Self> {
        let program = std::env::current_exe()?;
        let target = program.parent().and_then(Path::parent).ok_or("this program lies in no target folder")?;
        let workshop = Self { folder: target.join("bench") };
        fs::create_dir_all(&workshop.folder)?;
        if workshop.folder.join("now").exists() {
            fs::remove_dir_all(workshop.folder.join("now"))?;
        }
        Ok(workshop)
    }

    /// An empty folder that is removed with what is in it when it is dropped. One at a time.
    pub fn room(&self) -> Outcome<Room> {
        let folder = self.folder.join("now");
        fs::create_dir(&folder)?;
        Ok(Room { folder })
    }

    /// A folder that stays for the next run, filled by `fill` if it is not there yet.
    pub fn kept(&self, name: &str, fill: impl FnOnce(&Path) -> Outcome<()>) -> Outcome<PathBuf> {
        let (folder, unfinished) = (self.folder.join(name), self.folder.join(format!("{name}.unfinished")));
        if !folder.exists() {
            if unfinished.exists() {
                fs::remove_dir_all(&unfinished)?;
            }
            fs::create_dir(&unfinished)?;
            fill(&unfinished)?;
            fs::rename(&unfinished, &folder)?;
        }
        Ok(folder)
    }
}

/// A folder that is removed when it is dropped.
pub struct Room {
    folder: PathBuf,
}

impl Room {
    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Removes a file or folder of it, if it is there.
    pub fn remove(&self, name: &str) -> Outcome<()> {
        let path = self.path(name);
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else if path.exists() {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // The next run removes what could not be removed now.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Writes a file of noise, the same for the same seed, and waits until it is on the disk.
pub fn write_noise(path: &Path, bytes: u64, seed: u64) -> Outcome<()> {
    let mut noise = Noise::new(seed);
    let mut file = File::create(path)?;
    let mut buffer = vec![0; MIB];
    let mut rest = bytes;
    while rest > 0 {
        let length = rest.min(MIB as u64) as usize;
        noise.fill(&mut buffer[..length]);
        file.write_all(&buffer[..length])?;
        rest -= length as u64;
    }
    Ok(file.sync_all()?)
}

/// Numbers that no compression would shorten: xorshift64*.
pub struct Noise {
    state: u64,
}

impl Noise {
    /// A sequence for each seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Fills a buffer.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for piece in buffer.chunks_mut(8) {
            let number = self.number().to_le_bytes();
            piece.copy_from_slice(&number[..piece.len()]);
        }
    }
}

/// What a careful person does without us: `cp`, then `sync` of the copy.
pub fn copy_and_sync(from: &Path, to: &Path) -> Outcome<Cost> {
    let (copy, _) = run(Command::new("cp").args([from, to]))?;
    let (sync, _) = run(Command::new("sync").arg(to))?;
    Ok(copy.then(sync))
}

/// The same for a folder: `cp -r`, then `sync` of every file of the copy.
pub fn copy_folder_and_sync(from: &Path, to: &Path) -> Outcome<Cost> {
    let (copy, _) = run(Command::new("cp").arg("-r").args([from, to]))?;
    let (sync, _) = run(Command::new("sync").args(files(to)?))?;
    Ok(copy.then(sync))
}

/// Writes back what is dirty, so that no turn pays for the one before.
pub fn settle() -> Outcome<()> {
    run(&mut Command::new("sync")).map(drop)
}

/// Bytes that a folder takes on the disk.
pub fn bytes_taken(folder: &Path) -> Outcome<u64> {
    let sizes =
        files(folder)?.iter().map(|file| Ok(fs::metadata(file)?.blocks() * BLOCK_BYTES)).collect::<Outcome<Vec<_>>>();
    Ok(sizes?.iter().sum())
}

/// All files below a folder.
pub fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_repeats_for_its_seed_only() {
        let noise = |seed| {
            let mut buffer = [0; 100];
            Noise::new(seed).fill(&mut buffer);
            buffer
        };
        assert_eq!(noise(1), noise(1));
        assert_ne!(noise(1), noise(2));
        assert_ne!(noise(1)[..50], noise(1)[50..]);
    }
}
