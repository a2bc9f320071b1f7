//! Archives: a reader that is fed in any pieces, or passes over the objects, finds the same, and keeps next to nothing.

use longear_core::Reason;
use longear_core::archive::{ArchivePart, ArchiveReader, archive_start, entry_front};
use longear_core::tree::TreePath;

/// What a reader found in an archive.
#[derive(Debug, Default, PartialEq)]
struct Found {
    /// Each object's path, the length that was promised, and what of it is there.
    objects: Vec<(TreePath, u64, Vec<u8>)>,
    refused: Vec<(String, Reason)>,
    end: Option<Reason>,
}

/// Reads an archive whole, in small pieces and by its fronts alone, and writes it again.
pub fn archive(bytes: &[u8]) {
    let whole = read(bytes, bytes.len().max(1));
    assert_eq!(whole, read(bytes, bytes.len() % 61 + 1), "it mattered in which pieces the archive came");
    for (path, length, there) in &whole.objects {
        assert!(*length <= path.bytes_max() && there.len() as u64 <= *length, "{path} is longer than it may be");
    }
    fronts(bytes, &whole);
    if whole.end.is_none() && whole.refused.is_empty() {
        let mut written = archive_start().to_vec();
        for (path, _, there) in &whole.objects {
            written.extend(entry_front(path, there.len() as u64));
            written.extend(there);
        }
        assert_eq!(written, bytes, "written again it was another archive");
    }
}

fn read(bytes: &[u8], piece: usize) -> Found {
    let (mut reader, mut found) = (ArchiveReader::new(), Found::default());
    for piece in bytes.chunks(piece) {
        reader.push(piece);
        loop {
            match reader.next_part() {
                Ok(None) => break,
                Ok(Some(ArchivePart::Entry { path, length })) => found.objects.push((path, length, Vec::new())),
                Ok(Some(ArchivePart::Bytes(bytes))) => {
                    found.objects.last_mut().expect("bytes belong to an object").2.extend(bytes);
                }
                Ok(Some(ArchivePart::Refused { name, reason })) => found.refused.push((name, reason)),
                Err(reason) => {
                    found.end = Some(reason);
                    return found;
                }
            }
        }
    }
    found.end = reader.finish().err();
    found
}

/// Looks the objects up as a carrier does, who reads no further than the fronts.
fn fronts(bytes: &[u8], whole: &Found) {
    let (mut reader, mut at, mut objects) = (ArchiveReader::new(), 0, whole.objects.iter());
    while at < bytes.len() {
        let end = bytes.len().min(at + 97);
        reader.push(&bytes[at..end]);
        at = end;
        loop {
            match reader.next_part() {
                Ok(None) => break,
                Err(_) => return,
                Ok(Some(ArchivePart::Bytes(_))) => panic!("it was passed over"),
                Ok(Some(ArchivePart::Refused { .. })) => {}
                Ok(Some(ArchivePart::Entry { path, length })) => {
                    let start = usize::try_from(reader.position()).expect("it lies within the bytes");
                    let there = &bytes[start..bytes.len().min(start.saturating_add(length as usize))];
                    assert_eq!(objects.next(), Some(&(path, length, there.to_vec())), "passing over changed what came");
                }
            }
            at = at.saturating_add(usize::try_from(reader.pass_over()).unwrap_or(usize::MAX));
        }
    }
    assert_eq!(objects.next(), None, "passing over lost an object");
}
