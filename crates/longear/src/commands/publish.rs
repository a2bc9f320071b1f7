//! `longear publish`, `correct`, `retract`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use longear_core::article::GROUPED_BYTES_MIN;
use longear_core::limits::{BODY_BYTES_MAX, INLINE_FILE_BYTES_MAX, LABEL_BYTES_MAX, RETRACTION_TARGETS_MAX};
use longear_core::retraction::may_retract;
use longear_core::{Article, ChannelId, Groups, ItemId, Kind, Origin, Rendition, Retraction, Variant};
use longear_store::Store;
use longear_store::blobs::BlobError;
use serde_json::json;

use super::{Context, item_argument, only_channel};
use crate::arguments::publish::{
    CorrectArguments, OriginArgument, PostArguments, PublishArguments, RetractArguments, TextArguments, TextSource,
};
use crate::failure::Failure;
use crate::home::{Home, disk_failure, file_failure, store_failure};
use crate::media;
use crate::newsroom::signing::Signer;
use crate::terminal::Unit;

/// Publishes a new item.
pub fn publish(context: &Context<'_>, arguments: &PublishArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let channel = publishing_channel(context, &home, &store)?;
    post(context, &home, &store, &channel, &arguments.post, None)
}

/// Replaces an item.
pub fn correct(context: &Context<'_>, arguments: &CorrectArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let target = item_argument(&arguments.id)?;
    let held = store.item(&target).map_err(|error| store_failure(&error))?;
    let held = held.ok_or_else(|| no_such_item(&target))?;
    post(context, &home, &store, &held.channel, &arguments.post, Some(target))
}

/// Takes items back.
pub fn retract(context: &Context<'_>, arguments: &RetractArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let ids = arguments.ids.iter().map(|id| item_argument(id)).collect::<Result<BTreeSet<_>, _>>()?;
    if ids.len() > RETRACTION_TARGETS_MAX {
        return Err(Failure::refused(format!(
            "One day can take back {RETRACTION_TARGETS_MAX} items, not {}",
            ids.len()
        )));
    }
    let mut channel = None;
    for id in &ids {
        let held = store.item(id).map_err(|error| store_failure(&error))?.ok_or_else(|| no_such_item(id))?;
        if channel.is_some_and(|channel| channel != held.channel) {
            return Err(Failure::refused("These items belong to several channels").hint("Retract them one by one"));
        }
        channel = Some(held.channel);
    }
    let channel = channel.ok_or_else(|| Failure::usage("Name at least one item"))?;
    let mut random = || context.random();
    let signer = Signer::new(&home, &store, &channel, &mut random)?;
    for id in &ids {
        check_rights(&store, &signer, id)?;
    }
    let payload = Retraction { targets: ids.iter().copied().collect(), reason: String::new() }.encode();
    let id = signer.publish(&store, Kind::Retraction, &payload, context.now_ms())?;
    tell_id(context, &id)?;
    if !context.screen.json() {
        context.screen.note(
            "It disappears wherever this news arrives, and is deleted there after thirty days. Copies in other hands cannot \
             be recalled.",
        );
    }
    context.delete_what_is_due(&store);
    Ok(())
}

fn post(
    context: &Context<'_>,
    home: &Home,
    store: &Store,
    channel: &ChannelId,
    arguments: &PostArguments,
    corrects: Option<ItemId>,
) -> Result<(), Failure> {
    let mut random = || context.random();
    let signer = Signer::new(home, store, channel, &mut random)?;
    if let Some(target) = &corrects {
        check_rights(store, &signer, target)?;
    }
    let mut article = Article { corrects, variants: variants(context, &arguments.texts)?, renditions: Vec::new() };
    let mut names = BTreeSet::new();
    for path in &arguments.files {
        article.renditions.extend(renditions_of(context, store, path, &mut names)?);
    }
    if article.variants.is_empty() {
        let title = arguments.files.first().and_then(|path| path.file_stem()).unwrap_or_default().to_string_lossy();
        let title = cut(&context.normalised(&title), longear_core::limits::TITLE_BYTES_MAX);
        article.variants.push(Variant {
            language: String::new(),
            origin: Origin::Original,
            title,
            body: String::new(),
        });
    }
    if article.encode().len() > article.kind().payload_bytes_max() {
        // Beside long texts, or very many videos, stills have to travel by themselves.
        for rendition in article.renditions.iter_mut().filter(|one| matches!(one.groups, Groups::File(_))) {
            rendition.groups = Groups::None;
        }
    }
    article.check().map_err(|reason| Failure::refused(format!("This cannot be published: {reason}")))?;
    let id = signer.publish(store, article.kind(), &article.encode(), context.now_ms())?;
    tell_id(context, &id)?;
    context.delete_what_is_due(store);
    Ok(())
}

fn tell_id(context: &Context<'_>, id: &ItemId) -> Result<(), Failure> {
    if context.screen.json() {
        return context.screen.print_json(&json!({"id": id.to_string()}));
    }
    context.screen.print(&format!("{id}\n"))
}

/// Titles and texts, read and normalised.
pub fn variants(context: &Context<'_>, arguments: &TextArguments) -> Result<Vec<Variant>, Failure> {
    let mut variants = Vec::new();
    for variant in &arguments.variants {
        let body = match &variant.text {
            None => String::new(),
            Some(source) => read_text(source)?,
        };
        variants.push(Variant {
            language: variant.language.clone().unwrap_or_default(),
            origin: match variant.origin {
                OriginArgument::Original => Origin::Original,
                OriginArgument::Human => Origin::Human,
                OriginArgument::Machine => Origin::Machine,
            },
            title: context.normalised(variant.title.as_deref().unwrap_or_default()),
            body: context.normalised(&body),
        });
    }
    Ok(variants)
}

/// The text in a file or on the standard input.
pub(super) fn read_text(source: &TextSource) -> Result<String, Failure> {
    let limit = BODY_BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    let (name, read) = match source {
        TextSource::StandardInput => {
            ("the standard input".into(), std::io::stdin().take(limit).read_to_end(&mut bytes))
        }
        TextSource::File(path) => {
            let file = File::open(path).map_err(|error| file_failure("read", path, &error))?;
            (path.display().to_string(), file.take(limit).read_to_end(&mut bytes))
        }
    };
    read.map_err(|error| Failure::refused(format!("Cannot read {name}: {error}")))?;
    if bytes.len() > BODY_BYTES_MAX {
        return Err(Failure::refused(format!("The text in {name} is longer than {BODY_BYTES_MAX} bytes"))
            .hint("Shorten it, or publish it as a file"));
    }
    String::from_utf8(bytes)
        .map_err(|_| Failure::refused(format!("The text in {name} is not UTF-8")).hint("Save it as UTF-8"))
}

/// Brings a file into the store: the rendition itself, and a still of a video where ffmpeg is at hand.
fn renditions_of(
    context: &Context<'_>,
    store: &Store,
    path: &Path,
    names: &mut BTreeSet<String>,
) -> Result<Vec<Rendition>, Failure> {
    let failure = |error: std::io::Error| file_failure("read", path, &error);
    let mut file = File::open(path).map_err(failure)?;
    let metadata = file.metadata().map_err(failure)?;
    if !metadata.is_file() {
        return Err(Failure::refused(format!("{} is not a file", path.display())));
    }
    let what = media::inspect(&mut file, path).map_err(failure)?;
    if media::carries_location(&mut file).map_err(failure)? == media::LocationTrace::Found {
        context.screen.note(&format!(
            "Warning: {} says where it was made. Whoever gets it can find that place. To take it back: longear retract ID",
            path.display()
        ));
    }
    file.rewind().map_err(failure)?;
    let name = unique_name(&context.normalised(&path.file_name().unwrap_or_default().to_string_lossy()), names);
    let progress = context.screen.progress();
    let track = progress.track("publish", &name, Unit::Bytes, metadata.len());
    let mut done = 0;
    let imported = store.blobs().import(file, |bytes| {
        track.arrived(done..bytes);
        done = bytes;
    });
    let imported = imported.map_err(|error| blob_failure(&error))?;
    track.finish("");
    progress.close();
    let mut renditions = vec![Rendition {
        name: name.clone(),
        blob: *imported.hash.as_bytes(),
        size: imported.size,
        mime: what.mime.to_owned(),
        duration_ms: what.duration_ms.unwrap_or(0),
        width: what.width.unwrap_or(0),
        height: what.height.unwrap_or(0),
        groups: groups(store, imported.size, &imported.groups)?,
    }];
    if what.mime.starts_with("video/") {
        renditions.extend(still_of(store, path, &name, names)?);
    }
    Ok(renditions)
}

fn still_of(
    store: &Store,
    path: &Path,
    name: &str,
    names: &mut BTreeSet<String>,
) -> Result<Option<Rendition>, Failure> {
    let Some(jpeg) = media::still(path) else { return Ok(None) };
    let what = media::inspect(&mut std::io::Cursor::new(&jpeg), Path::new("still.jpg")).unwrap_or_default();
    let imported = store.blobs().import(&jpeg[..], |_| {}).map_err(|error| blob_failure(&error))?;
    Ok(Some(Rendition {
        name: unique_name(&format!("{}.still.jpg", cut(name, LABEL_BYTES_MAX - 16)), names),
        blob: *imported.hash.as_bytes(),
        size: imported.size,
        mime: "image/jpeg".into(),
        duration_ms: 0,
        width: what.width.unwrap_or(0),
        height: what.height.unwrap_or(0),
        groups: if jpeg.len() <= INLINE_FILE_BYTES_MAX { Groups::File(jpeg) } else { Groups::None },
    }))
}

/// The group hashes inside the item, or, for very large files, in a blob of their own.
fn groups(store: &Store, size: u64, hashes: &longear_core::blob::Groups) -> Result<Groups, Failure> {
    if size < GROUPED_BYTES_MIN {
        return Ok(Groups::None);
    }
    if hashes.fits_inline() {
        return Ok(Groups::Inline(hashes.list().to_vec()));
    }
    let bytes = hashes.encode();
    let imported = store.blobs().import(&bytes[..], |_| {}).map_err(|error| blob_failure(&error))?;
    Ok(Groups::Blob(*imported.hash.as_bytes()))
}

/// A name that fits and that no other file of the item has.
fn unique_name(name: &str, names: &mut BTreeSet<String>) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= 8 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let stem = if stem.is_empty() { "file" } else { stem };
    let mut number = 1;
    loop {
        let end = if number == 1 { extension.clone() } else { format!("-{number}{extension}") };
        let name = format!("{}{end}", cut(stem, LABEL_BYTES_MAX - end.len()));
        if names.insert(name.clone()) {
            return name;
        }
        number += 1;
    }
}

/// The longest beginning of `text` of at most `max` bytes that ends between characters.
fn cut(text: &str, max: usize) -> String {
    let end = (0..=max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or(0)].to_owned()
}

fn check_rights(store: &Store, signer: &Signer, id: &ItemId) -> Result<(), Failure> {
    let held = store.item(id).map_err(|error| store_failure(&error))?.ok_or_else(|| no_such_item(id))?;
    let state = crate::newsroom::signing::known(store, &held.channel)?;
    let roles = state.lineage().entry(&signer.opening().key).map(|entry| entry.roles);
    let log = signer.opening().log(signer.channel());
    let own_key = held.opening.key == signer.opening().key;
    match roles {
        Some(roles) if own_key && held.log == log || may_retract(log, roles, held.log) => Ok(()),
        _ => Err(Failure::refused(format!("This device may not change {id}: another device signed it"))
            .hint("Use that device, or one with the role `edit`")),
    }
}

fn publishing_channel(context: &Context<'_>, home: &Home, store: &Store) -> Result<ChannelId, Failure> {
    if home.own_channels()?.is_empty() {
        return Err(Failure::refused("This device has no key of any channel")
            .hint("Make a channel: longear channel new NAME, or enrol this device: longear channel enrol ADDRESS"));
    }
    only_channel(context, store)
}

fn no_such_item(id: &ItemId) -> Failure {
    Failure::refused(format!("The item {id} is not here")).hint("See what is: longear list --all")
}

/// Says in words what could not be done with a blob.
pub fn blob_failure(error: &BlobError) -> Failure {
    let disk = disk_failure(error.is_full(), error.is_read_only(), error);
    disk.unwrap_or_else(|| Failure::refused(error.to_string()).hint("If it happens again: longear check"))
}
