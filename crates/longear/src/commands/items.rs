//! `longear list` and `longear export`.

use std::path::Path;

use longear_core::limits::LOG_ITEMS_MAX;
use longear_core::live::Timeline;
use longear_core::{Article, Variant};
use longear_store::{Store, StoredItem};
use serde_json::json;

use super::held::{HeldFile, broadcast, plain_name};
use super::{Context, channel_argument, date_text, followed, item_argument, time_json};
use crate::arguments::node::{ExportArguments, ListArguments};
use crate::failure::Failure;
use crate::home::{file_failure, store_failure, write_open};
use crate::terminal::{Cell, Column, Tint, bytes, percent, printable, table};

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
    let files = HeldFile::all(store, item, article)?;
    let (size, have) = files.iter().fold((0, 0), |(size, have), file| (size + file.size, have + file.have));
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
    let broadcast = broadcast(store, item)?;
    let renditions = HeldFile::of(store, article, broadcast.as_ref())?.iter().map(HeldFile::json).collect::<Vec<_>>();
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
        "chapters": broadcast.map(|broadcast| chapters_json(&broadcast)),
    }))
}

/// The moments of a broadcast that have names, as `--json` prints them.
pub fn chapters_json(broadcast: &Timeline) -> serde_json::Value {
    broadcast.chapters().iter().map(|one| json!({"start_ms": one.start_ms, "title": one.title})).collect()
}

fn title_json(variant: Option<&Variant>) -> &str {
    variant.map_or("", |variant| variant.title.as_str())
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
    for file in HeldFile::all(&store, &item, &article)? {
        let path = arguments.to.join(file.file_name());
        match file.export(&store, &path)? {
            true => written.push(path),
            false => missing.push(file.name().to_owned()),
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
