//! `longear list` and `longear export`.

use std::io::Write;
use std::path::Path;

use longear_core::blob::BlobHash;
use longear_core::limits::LOG_ITEMS_MAX;
use longear_core::tree::plain_file_name;
use longear_core::{Article, Rendition, Variant};
use longear_store::blobs::BlobState;
use longear_store::{Store, StoredItem};
use serde_json::json;

use super::publish::blob_failure;
use super::{Context, channel_argument, date_text, followed, item_argument, time_json};
use crate::arguments::node::{ExportArguments, ListArguments};
use crate::failure::Failure;
use crate::home::{file_failure, store_failure, write_open};
use crate::terminal::{Cell, Column, Tint, bytes, percent, printable, table};

/// Bytes copied at a time.
const COPY_BYTES: usize = 1 << 20;

/// Lists items, newest first.
pub fn list(context: &Context<'_>, arguments: &ListArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let channel = arguments.channel.as_deref().map(|text| channel_argument(&store, Some(text))).transpose()?;
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let mut cursor = None;
    let mut listed = 0;
    while listed < limit {
        let items = store.articles(channel.as_ref(), cursor, 256).map_err(|error| store_failure(&error))?;
        let Some(last) = items.last() else { break };
        cursor = Some(last.cursor());
        for item in &items {
            let visible = item.status.is_visible();
            // Scripts get everything, with its status; people only what readers see, unless they ask.
            if listed == limit || (!context.screen.json() && !arguments.all && !visible) {
                continue;
            }
            let Some(article) = store.article(item).map_err(|error| store_failure(&error))? else { continue };
            listed += 1;
            if context.screen.json() {
                context.screen.print_json(&item_json(&store, item, &article)?)?;
            } else {
                rows.push(row(&store, item, &article)?);
            }
        }
    }
    if context.screen.json() {
        return Ok(());
    }
    if rows.is_empty() {
        let hint = if followed(&store)?.is_empty() { "longear follow ADDRESS" } else { "longear sync CARRIER" };
        context.screen.note(&format!("Nothing here yet. Try: {hint}"));
        return Ok(());
    }
    let columns =
        [Column::left("day"), Column::left("id"), Column::flexible("title"), Column::right("size"), Column::left("")];
    context.screen.print(&table(context.screen.look(), &columns, &rows))
}

fn row(store: &Store, item: &StoredItem, article: &Article) -> Result<Vec<Cell>, Failure> {
    let size = article.renditions.iter().map(|rendition| rendition.size).sum::<u64>();
    let mut have = 0;
    for rendition in &article.renditions {
        have += held_bytes(store, rendition)?;
    }
    let state = match (item.status.is_visible(), size, have == size) {
        (false, ..) => Cell::tinted(Tint::Madder, item.status.name()),
        (true, 0, _) | (true, _, true) => Cell::tinted(Tint::Way, "here"),
        _ => Cell::tinted(Tint::Sun, format!("{} here", percent(have, size))),
    };
    Ok(vec![
        Cell::tinted(Tint::Edge, date_text(item.header().time)),
        Cell::tinted(Tint::Edge, &item.id().to_string()[..12]),
        Cell::tinted(Tint::Ink, printable(title(article))),
        Cell::tinted(Tint::Ink, if size == 0 { String::new() } else { bytes(size) }),
        state,
    ])
}

fn title(article: &Article) -> &str {
    let first = article.variants.first();
    let titled = article.variants.iter().map(|variant| variant.title.as_str()).find(|title| !title.is_empty());
    titled.or_else(|| first.and_then(|variant| variant.body.lines().next())).unwrap_or("(no title)")
}

/// One item as `list --json` prints it.
pub fn item_json(store: &Store, item: &StoredItem, article: &Article) -> Result<serde_json::Value, Failure> {
    let mut renditions = Vec::new();
    for rendition in &article.renditions {
        renditions.push(json!({
            "name": rendition.name, "blob": BlobHash::from_bytes(rendition.blob).to_string(), "size": rendition.size,
            "have": held_bytes(store, rendition)?, "mime": rendition.mime, "duration_ms": rendition.duration_ms,
            "width": rendition.width, "height": rendition.height,
        }));
    }
    let header = item.header();
    let first = article.variants.first();
    Ok(json!({
        "id": item.id().to_string(), "channel": item.channel.to_string(), "log": item.log.to_string(),
        "seq": header.seq, "kind": header.kind.name(), "title": title_json(first),
        "lang": first.map_or("", |variant| variant.language.as_str()),
        "langs": article.variants.iter().map(|variant| &variant.language).collect::<Vec<_>>(),
        "time": time_json(header.time), "status": item.status.name(), "reason": item.status.code(),
        "corrects": article.corrects.map(|id| id.to_string()),
        "retracted_by": item.retracted_by.map(|id| id.to_string()),
        "renditions": renditions,
    }))
}

fn title_json(variant: Option<&Variant>) -> &str {
    variant.map_or("", |variant| variant.title.as_str())
}

/// Verified bytes of a rendition that are here.
pub fn held_bytes(store: &Store, rendition: &Rendition) -> Result<u64, Failure> {
    let state = store.blobs().state(BlobHash::from_bytes(rendition.blob)).map_err(|error| blob_failure(&error))?;
    Ok(match state {
        BlobState::Absent => 0,
        BlobState::Partial { have_bytes, .. } => have_bytes,
        BlobState::Complete { size } => size,
    })
}

/// Writes the text and the complete files of an item as ordinary files.
pub fn export(context: &Context<'_>, arguments: &ExportArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    let item = find(&store, &arguments.id)?;
    if !item.status.is_visible() {
        let (name, why) = (item.status.name(), item.status.why());
        return Err(Failure::refused(format!("This item is {name}: {why}. It is not exported")));
    }
    let article = store
        .article(&item)
        .map_err(|error| store_failure(&error))?
        .ok_or_else(|| Failure::refused("The text of this item is not here").hint("Fetch it: longear sync CARRIER"))?;
    std::fs::create_dir_all(&arguments.to).map_err(|error| file_failure("make", &arguments.to, &error))?;
    let mut written = Vec::new();
    for variant in &article.variants {
        written.extend(export_text(&arguments.to, &article, variant)?);
    }
    let mut missing = Vec::new();
    for rendition in &article.renditions {
        let path = arguments.to.join(plain_name(&rendition.name));
        match export_blob(&store, rendition, &path)? {
            true => written.push(path),
            false => missing.push(rendition.name.clone()),
        }
    }
    if context.screen.json() {
        context.screen.print_json(&json!({"written": written, "missing": missing}))?;
    } else {
        for path in &written {
            context.screen.print(&format!("{}\n", path.display()))?;
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|name| printable(name).into_owned()).collect::<Vec<_>>().join(", ");
    Err(Failure::partial(format!("Not complete here yet, so not written: {names}"))
        .hint("Fetch the rest: longear sync CARRIER"))
}

/// The item of that ID, or of a beginning of it that is unique among the items here.
fn find(store: &Store, id: &str) -> Result<StoredItem, Failure> {
    let failure = |error| store_failure(&error);
    let not_here = || Failure::refused(format!("The item {id} is not here")).hint("See what is: longear list");
    if id.len() >= 64 {
        return store.item(&item_argument(id)?).map_err(failure)?.ok_or_else(not_here);
    }
    let items = store.articles(None, None, LOG_ITEMS_MAX as usize).map_err(failure)?;
    let mut matching = items.into_iter().filter(|item| id.len() >= 8 && item.id().to_string().starts_with(id));
    match (matching.next(), matching.next()) {
        (Some(item), None) => Ok(item),
        (Some(_), Some(_)) => Err(Failure::refused(format!("Several items begin with {id}")).hint("Give more of it")),
        _ => Err(not_here()),
    }
}

fn export_text(folder: &Path, article: &Article, variant: &Variant) -> Result<Option<std::path::PathBuf>, Failure> {
    if variant.body.is_empty() && variant.title.is_empty() {
        return Ok(None);
    }
    let title = if variant.title.is_empty() { title(article) } else { &variant.title };
    let extension = if variant.language.is_empty() { "md".to_owned() } else { format!("{}.md", variant.language) };
    let path = folder.join(plain_name(&format!("{title}.{extension}")));
    write_open(&path, variant.body.as_bytes())?;
    Ok(Some(path))
}

/// A file name that is safe on every file system, with its extension kept.
fn plain_name(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    plain_file_name(stem, extension)
}

fn export_blob(store: &Store, rendition: &Rendition, path: &Path) -> Result<bool, Failure> {
    let hash = BlobHash::from_bytes(rendition.blob);
    let state = store.blobs().state(hash).map_err(|error| blob_failure(&error))?;
    if !matches!(state, BlobState::Complete { .. }) {
        return Ok(false);
    }
    let failure = |error: std::io::Error| file_failure("write", path, &error);
    let partial = path.with_extension("partial");
    let mut file = std::fs::File::create(&partial).map_err(failure)?;
    let mut buffer = vec![0; COPY_BYTES];
    let mut at = 0;
    while at < rendition.size {
        let length = store.blobs().read_at(hash, at, &mut buffer).map_err(|error| blob_failure(&error))?;
        if length == 0 {
            return Err(Failure::refused("A file in the store is shorter than it should be")
                .hint("Run: longear check --repair"));
        }
        file.write_all(&buffer[..length]).map_err(failure)?;
        at += length as u64;
    }
    file.sync_data().and_then(|()| std::fs::rename(&partial, path)).map_err(failure)?;
    Ok(true)
}
