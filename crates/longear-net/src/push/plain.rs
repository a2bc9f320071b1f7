//! Plain copies: files and texts under ordinary titles, for people without Longear.

use std::collections::BTreeSet;
use std::sync::Arc;

use longear_core::Article;
use longear_core::blob::BlobHash;
use longear_core::tree::{FILE_BYTES_MAX, plain_file_name};
use longear_store::blobs::BlobState;
use longear_store::{ChannelState, Store, StoredItem};

use super::target::{Put, Target};
use super::{Stop, sources};
use crate::carrier::CarrierError;

/// Articles looked at in one go.
const PAGE_ARTICLES: usize = 256;

/// Names tried for one copy: the title, then the title with more and more of the item's ID.
const NAME_ID_DIGITS: [usize; 4] = [0, 4, 8, 16];

/// File extensions by media type, for renditions whose name has none.
const EXTENSIONS: [(&str, &str); 14] = [
    ("video/mp4", "mp4"),
    ("video/webm", "webm"),
    ("video/quicktime", "mov"),
    ("audio/mpeg", "mp3"),
    ("audio/mp4", "m4a"),
    ("audio/ogg", "ogg"),
    ("audio/opus", "opus"),
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
    ("image/gif", "gif"),
    ("image/avif", "avif"),
    ("application/pdf", "pdf"),
    ("text/plain", "txt"),
];

/// A file that will stand in the stick's top folder.
pub(super) struct PlainCopy {
    name: String,
    content: Content,
    pub(super) bytes: u64,
    pub(super) stands: bool,
}

enum Content {
    Text(String),
    Blob([u8; 32]),
}

/// Chooses what is copied and under which names: the oldest first, so that names stay when news come.
pub(super) fn plan(
    store: &Store,
    target: &mut Target<'_>,
    states: &[Arc<ChannelState>],
) -> Result<Vec<PlainCopy>, Stop> {
    let mut items = Vec::new();
    for state in states {
        let mut before = None;
        loop {
            let page = store.articles(Some(&state.id()), before, PAGE_ARTICLES)?;
            before = page.last().map(StoredItem::cursor);
            let is_last = page.len() < PAGE_ARTICLES;
            items.extend(page.into_iter().filter(|item| item.status.is_visible()));
            if is_last {
                break;
            }
        }
    }
    items.sort_by_key(|item| (item.header().time, item.id()));
    let (mut copies, mut taken) = (Vec::new(), BTreeSet::new());
    for item in &items {
        let Some(article) = store.article(item)? else { continue };
        for (title, extension, content, bytes) in contents(store, &article)? {
            let Some((name, stands)) = free_name(target, &taken, item, &title, &extension, bytes)? else { continue };
            if stands {
                target.count_used(bytes);
            }
            taken.insert(name.to_lowercase());
            copies.push(PlainCopy { name, content, bytes, stands });
        }
    }
    // Written like everything else: the newest first, texts before files.
    copies.reverse();
    copies.sort_by_key(|copy| matches!(copy.content, Content::Blob(_)));
    Ok(copies)
}

/// Writes the copies that fit.
pub(super) fn write(store: &Store, target: &mut Target<'_>, copies: &[PlainCopy]) -> Result<(), Stop> {
    for copy in copies {
        let put = match &copy.content {
            _ if copy.stands => Put::Stands,
            Content::Text(text) => target.put_plain(&copy.name, copy.bytes, &mut || Ok(Box::new(text.as_bytes())))?,
            Content::Blob(hash) => target.put_plain(&copy.name, copy.bytes, &mut || {
                let blob = BlobHash::from_bytes(*hash);
                let groups = store.blobs().groups(blob).map_err(std::io::Error::other)?;
                let groups =
                    groups.ok_or_else(|| std::io::Error::other("the hashes of its groups are damaged here"))?;
                sources::blob_range(store.blobs(), &groups, *hash, 0..copy.bytes)
            })?,
        };
        match put {
            Put::Stands => target.report().plain_copies += 1,
            Put::NoRoom => target.leave_out(copy.bytes),
            Put::Refused => {}
        }
    }
    Ok(())
}

/// What an article is copied as: a text for each language, and each file that is wholly here.
fn contents(store: &Store, article: &Article) -> Result<Vec<(String, String, Content, u64)>, Stop> {
    let mut contents = Vec::new();
    let first = article.variants.first().map(|variant| variant.title.clone()).unwrap_or_default();
    for variant in &article.variants {
        if variant.title.is_empty() && variant.body.is_empty() {
            continue;
        }
        let title = if variant.title.is_empty() { &first } else { &variant.title };
        let name = if article.variants.len() > 1 && !variant.language.is_empty() {
            format!("{title} ({})", variant.language)
        } else {
            title.clone()
        };
        let text = if variant.title.is_empty() {
            format!("{}\n", variant.body)
        } else {
            format!("# {}\n\n{}\n", variant.title, variant.body)
        };
        let bytes = text.len() as u64;
        contents.push((name, "md".to_owned(), Content::Text(text), bytes));
    }
    for rendition in &article.renditions {
        let state = store.blobs().state(BlobHash::from_bytes(rendition.blob))?;
        let BlobState::Complete { size } = state else { continue };
        if size > FILE_BYTES_MAX {
            continue;
        }
        let (stem, extension) = split_name(&rendition.name, &rendition.mime);
        let title = match (first.is_empty(), article.renditions.len()) {
            (true, _) => stem.to_owned(),
            (false, 1) => first.clone(),
            (false, _) => format!("{first} - {stem}"),
        };
        contents.push((title, extension.to_owned(), Content::Blob(rendition.blob), size));
    }
    Ok(contents)
}

fn split_name<'r>(name: &'r str, mime: &str) -> (&'r str, &'r str) {
    let known = EXTENSIONS.iter().find(|(known, _)| *known == mime).map(|(_, extension)| *extension);
    match (name.rsplit_once('.'), known) {
        (Some((stem, extension)), _) if !stem.is_empty() && (1..=5).contains(&extension.len()) => (stem, extension),
        (_, Some(extension)) => (name, extension),
        (_, None) => (name, "bin"),
    }
}

/// A name that nothing else bears, or under which a file of this length stands; tells whether it stands.
fn free_name(
    target: &mut Target<'_>,
    taken: &BTreeSet<String>,
    item: &StoredItem,
    title: &str,
    extension: &str,
    bytes: u64,
) -> Result<Option<(String, bool)>, Stop> {
    let id = item.id().to_string();
    for digits in NAME_ID_DIGITS {
        let name = match digits {
            0 => plain_file_name(title, extension),
            // In front, where no length limit cuts it off.
            _ => plain_file_name(&format!("{} {title}", &id[..digits]), extension),
        };
        if taken.contains(&name.to_lowercase()) {
            continue;
        }
        match target.place().holds_plain(&name) {
            Ok(None) => return Ok(Some((name, false))),
            Ok(Some(length)) if length == bytes => return Ok(Some((name, true))),
            // Somebody else's file: it is not ours to replace.
            Ok(Some(_)) => {}
            Err(error @ CarrierError::UnsafeName) => {
                target.refuse(name, error.to_string());
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
