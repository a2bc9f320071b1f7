//! An item's media: what there is, how much of it is here, what can be played and saved.

use crate::clean::clean_line;
use crate::drawing::Icon;
use crate::html::{Html, fill};
use crate::line::Holding;
use crate::paths::{FORM_QUERY, SAVE_QUERY, Target, item as item_path, on_this_box};
use crate::view::{ItemView, RenditionView, Visit};
use crate::words::Voice;

use super::frame::link;

/// The tallest picture that old phones decode without stumbling; larger ones are offered, not chosen.
const PLAYER_HEIGHT_MAX: u32 = 480;

/// The largest photo that stands for an item in the feed.
const STILL_BYTES_MAX: u64 = 2_000_000;

/// How long the name of a saved file may be, in characters.
const FILE_NAME_CHARACTERS_MAX: usize = 64;

/// What a rendition is to a reader.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Video,
    Sound,
    Photo,
    File,
}

/// One rendition and its place in the item.
pub(super) struct Form<'a> {
    pub(super) index: usize,
    pub(super) medium: Medium,
    pub(super) rendition: &'a RenditionView,
    pub(super) holding: Holding,
    /// Its address, if that is on this box.
    pub(super) href: Option<&'a str>,
}

/// All renditions of an item.
pub(super) struct Media<'a> {
    pub(super) forms: Vec<Form<'a>>,
}

impl<'a> Media<'a> {
    /// Sorts out an item's renditions.
    pub(super) fn of(item: &'a ItemView) -> Media<'a> {
        let forms = item.renditions.iter().enumerate();
        Media {
            forms: forms
                .map(|(index, rendition)| Form {
                    index,
                    medium: medium(&rendition.mime),
                    rendition,
                    holding: Holding::of(rendition),
                    href: on_this_box(&rendition.href),
                })
                .collect(),
        }
    }

    /// The renditions of one medium.
    pub(super) fn all(&self, medium: Medium) -> impl Iterator<Item = &Form<'a>> {
        self.forms.iter().filter(move |form| form.medium == medium)
    }

    /// What plays when nothing is asked for: whole ones first, then what has most, of a size that phones can play.
    pub(super) fn best(&self, medium: Medium) -> Option<&Form<'a>> {
        self.all(medium).max_by_key(|form| {
            let whole = form.holding.is_whole();
            let share = if whole { 1000 } else { form.holding.thousandths() };
            let height = form.rendition.height.unwrap_or(0);
            let fits = height <= PLAYER_HEIGHT_MAX;
            let size = if fits { height } else { u32::MAX - height };
            (whole, share, fits, size, usize::MAX - form.index)
        })
    }

    /// How much of the item is here: its video, or else its sound, or else all its files together.
    fn holding(&self) -> (Holding, Option<u64>) {
        let played = self.best(Medium::Video).or_else(|| self.best(Medium::Sound));
        match played {
            Some(form) => (Holding::of(form.rendition), form.rendition.duration_ms),
            None => (Holding::together(self.forms.iter().map(|form| &form.holding)), None),
        }
    }

    /// What to call an item without a title.
    pub(super) fn name(&self, voice: Voice) -> &'static str {
        let words = voice.words;
        let has = |medium| self.all(medium).next().is_some();
        match () {
            () if has(Medium::Video) => words.video,
            () if has(Medium::Sound) => words.sound,
            () if has(Medium::Photo) => words.photo,
            () if has(Medium::File) => words.file,
            () => words.post_untitled,
        }
    }

    /// The picture for the feed: the item's still, or its first photo that is here and small enough.
    pub(super) fn still(&self, item: &'a ItemView) -> Option<&'a str> {
        let photo = || {
            let mut photos = self.all(Medium::Photo);
            photos.find(|form| form.holding.is_whole() && form.rendition.size_bytes <= STILL_BYTES_MAX)
        };
        item.still.as_deref().and_then(on_this_box).or_else(|| photo().and_then(|form| form.href))
    }
}

impl Form<'_> {
    /// What it is called on the page.
    pub(super) fn label(&self, html: &mut Html, voice: Voice, among_videos: bool) {
        if self.medium == Medium::Sound && among_videos {
            html.text(voice.words.sound_only);
        } else if self.rendition.name.trim().is_empty() {
            html.text(match self.medium {
                Medium::Video => voice.words.video,
                Medium::Sound => voice.words.sound,
                Medium::Photo => voice.words.photo,
                Medium::File => voice.words.file,
            });
        } else {
            html.foreign(&self.rendition.name);
        }
    }

    /// A button that saves it, if all of it is here. `class` is a button class of the stylesheet.
    pub(super) fn save_button(&self, html: &mut Html, voice: Voice, class: &'static str) -> bool {
        let Some(href) = self.href.filter(|_| self.holding.is_whole()) else {
            return false;
        };
        let (icon, text) = match self.medium {
            Medium::Video => (Icon::VIDEO, voice.words.save_video),
            Medium::Sound => (Icon::SOUND, voice.words.save_sound),
            Medium::Photo => (Icon::PHOTO, voice.words.save_photo),
            Medium::File => (Icon::FILE, voice.words.save_file),
        };
        html.raw("<a class=\"")
            .raw(class)
            .raw("\"")
            .attribute("href", &saved(href))
            .attribute("download", &file_name(&self.rendition.name, &self.rendition.mime))
            .raw(">");
        icon.draw(html);
        html.raw("<span>").text(text).raw(" <small>");
        if self.medium == Medium::File && !self.rendition.name.trim().is_empty() {
            html.foreign(&self.rendition.name).text(voice.words.separator);
        }
        html.text(&voice.size(self.rendition.size_bytes)).raw("</small></span></a>");
        true
    }

    /// A link to the item's page that plays it.
    pub(super) fn play_target(&self, item: &ItemView) -> Target {
        Target::new(item_path(&item.id_hex)).with(FORM_QUERY, &self.index.to_string())
    }
}

/// A button that leads to the player, with the size before the tap.
pub(super) fn play_button(html: &mut Html, visit: &Visit, item: &ItemView, form: &Form<'_>) {
    let voice = Voice::new(visit.language);
    if form.holding.is_empty() {
        return;
    }
    let text = match form.medium {
        Medium::Video => voice.words.watch,
        _ => voice.words.listen,
    };
    html.raw("<a class=\"btn\"").attribute("href", &link(visit, Target::new(item_path(&item.id_hex)))).raw(">");
    Icon::PLAY.draw(html);
    html.raw("<span>")
        .text(text)
        .raw(" <small>")
        .text(&voice.size(form.rendition.size_bytes))
        .raw("</small></span></a>");
}

/// The player, its relay line and what is missing.
pub(super) fn player(html: &mut Html, voice: Voice, item: &ItemView, form: &Form<'_>, title: &str) {
    let rendition = form.rendition;
    html.raw("<div class=\"stack player\" id=\"player\">");
    if let Some(href) = form.href.filter(|_| !form.holding.is_empty()) {
        match form.medium {
            Medium::Video => video(html, item, rendition, href, title),
            _ => {
                html.raw("<audio controls preload=\"metadata\"")
                    .attribute("src", href)
                    .attribute("aria-label", title)
                    .raw("></audio>");
            }
        }
    }
    html.append(form.holding.draw(voice, rendition.duration_ms));
    html.raw("<p class=\"small\">");
    if !form.holding.is_whole() {
        html.raw("<b>").text(&form.holding.words(voice)).raw("</b>").text(voice.words.separator);
    }
    html.raw("<span class=\"soft\">");
    form.label(html, voice, false);
    if form.holding.is_whole() {
        html.text(voice.words.separator).text(&voice.size(rendition.size_bytes));
    }
    if let Some(duration_ms) = rendition.duration_ms {
        html.text(voice.words.separator).text(&voice.duration(duration_ms));
    }
    html.raw("</span></p></div>\n");
}

fn video(html: &mut Html, item: &ItemView, rendition: &RenditionView, href: &str, title: &str) {
    html.raw("<video controls preload=\"metadata\" playsinline").attribute("src", href).attribute("aria-label", title);
    if let Some(still) = item.still.as_deref().and_then(on_this_box) {
        html.attribute("poster", still);
    }
    dimensions(html, rendition);
    html.raw("></video>");
}

/// Reserves the room of a picture, so that the page does not jump. Absurd numbers are left out.
pub(super) fn dimensions(html: &mut Html, rendition: &RenditionView) {
    if let (Some(width @ 1..=20_000), Some(height @ 1..=20_000)) = (rendition.width, rendition.height) {
        html.number("width", width.into()).number("height", height.into());
    }
}

/// Every form of a video or a sound, with its line and what can be done with it.
pub(super) fn forms(html: &mut Html, visit: &Visit, item: &ItemView, media: &Media<'_>, playing: usize) {
    let voice = Voice::new(visit.language);
    let played = |form: &&Form<'_>| matches!(form.medium, Medium::Video | Medium::Sound);
    if media.forms.iter().filter(played).count() < 2 {
        return;
    }
    html.raw("<section><h2 id=\"forms\">").text(voice.words.forms_title).raw("</h2><ul class=\"forms\">");
    for form in media.forms.iter().filter(played) {
        html.raw("<li class=\"opt\"><span><b>");
        form.label(html, voice, media.all(Medium::Video).next().is_some());
        html.raw("</b><small>")
            .text(&voice.size(form.rendition.size_bytes))
            .raw("</small></span><span class=\"state small soft\">")
            .text(&form.holding.short_words(voice))
            .append(form.holding.draw(voice, form.rendition.duration_ms))
            .raw("</span>");
        form_actions(html, visit, item, form, playing);
        html.raw("</li>");
    }
    html.raw("</ul></section>\n");
}

fn form_actions(html: &mut Html, visit: &Visit, item: &ItemView, form: &Form<'_>, playing: usize) {
    let voice = Voice::new(visit.language);
    if form.holding.is_empty() {
        return;
    }
    html.raw("<span class=\"acts\">");
    if form.index == playing {
        html.raw("<span class=\"small soft now\">").text(voice.words.playing).raw("</span>");
    } else {
        html.raw("<a class=\"btn\"").attribute("href", &(link(visit, form.play_target(item)) + "#player")).raw(">");
        Icon::PLAY.draw(html);
        named_action(html, voice, form, voice.words.play);
    }
    if let Some(href) = form.href.filter(|_| form.holding.is_whole()) {
        html.raw("<a class=\"btn\"")
            .attribute("href", &saved(href))
            .attribute("download", &file_name(&form.rendition.name, &form.rendition.mime))
            .raw(">");
        Icon::SAVE.draw(html);
        named_action(html, voice, form, voice.words.save);
    }
    html.raw("</span>");
}

/// Says to screen readers which form a short button belongs to.
fn named_action(html: &mut Html, voice: Voice, form: &Form<'_>, text: &str) {
    html.raw("<span>").text(text).raw("<span class=\"vh\"> ");
    form.label(html, voice, true);
    html.raw("</span></span></a>");
}

/// The photos, each with its size and a way to save it.
pub(super) fn photos(html: &mut Html, voice: Voice, media: &Media<'_>, title: &str) {
    let total = media.all(Medium::Photo).count() as u64;
    for (index, form) in media.all(Medium::Photo).enumerate() {
        let n = voice.number(index as u64 + 1);
        let mut alt = fill(voice.words.photo_of, &[("n", &n), ("total", &voice.number(total))]);
        alt.push_str(": ");
        alt.push_str(title);
        html.raw("<figure class=\"photo\">");
        if let Some(href) = form.href.filter(|_| form.holding.is_whole()) {
            html.raw("<img loading=\"lazy\" decoding=\"async\"").attribute("src", href).attribute("alt", &alt);
            dimensions(html, form.rendition);
            html.raw("><div class=\"does\">");
            form.save_button(html, voice, "btn");
            html.raw("</div>");
        } else {
            waiting(html, voice, form);
        }
        html.raw("</figure>\n");
    }
}

/// The documents and other files, as downloads only.
pub(super) fn files(html: &mut Html, voice: Voice, media: &Media<'_>) {
    for form in media.all(Medium::File) {
        html.raw("<div class=\"stack\">");
        if form.holding.is_whole() {
            html.raw("<div class=\"does\">");
            form.save_button(html, voice, "btn");
            html.raw("</div>");
        } else {
            waiting(html, voice, form);
        }
        html.raw("</div>\n");
    }
}

/// What has not wholly arrived: its name, how much is here, its line.
fn waiting(html: &mut Html, voice: Voice, form: &Form<'_>) {
    html.raw("<p class=\"small\"><b>");
    form.label(html, voice, false);
    html.raw("</b>").text(voice.words.separator).text(&form.holding.words(voice)).raw("</p>");
    html.append(form.holding.draw(voice, form.rendition.duration_ms));
}

/// The name and length on a still.
pub(super) fn still_label(html: &mut Html, voice: Voice, media: &Media<'_>) {
    let photos = media.all(Medium::Photo).count() as u64;
    let played = media.best(Medium::Video).or_else(|| media.best(Medium::Sound));
    if let Some(duration_ms) = played.and_then(|form| form.rendition.duration_ms) {
        html.raw("<span class=\"len\">").text(&voice.duration(duration_ms)).raw("</span>");
    } else if played.is_none() && photos > 1 {
        let photos = voice.count(&voice.words.photos, photos);
        html.raw("<span class=\"len\">").text(&photos).raw("</span>");
    }
}

/// A line that says how much of an item is here; a whole one is quiet.
pub(super) fn share(html: &mut Html, voice: Voice, media: &Media<'_>) {
    let (holding, duration_ms) = media.holding();
    if !holding.is_whole() {
        html.raw("<p class=\"at\">").text(&holding.words(voice)).raw("</p>");
    }
    html.append(holding.draw(voice, duration_ms));
}

/// The address that gives a file to be kept: browsers that do not know `download` would play it instead.
fn saved(href: &str) -> String {
    let sign = if href.contains('?') { '&' } else { '?' };
    format!("{href}{sign}{SAVE_QUERY}")
}

fn medium(mime: &str) -> Medium {
    let mime = mime.trim().to_ascii_lowercase();
    let essence = mime.split(';').next().unwrap_or_default().trim();
    match essence.split_once('/') {
        Some(("video", _)) => Medium::Video,
        Some(("audio", _)) => Medium::Sound,
        // Drawings with scripts in them (SVG) are files, not photos.
        Some(("image", "jpeg" | "png" | "webp" | "gif" | "avif")) => Medium::Photo,
        _ => Medium::File,
    }
}

/// Returns a plain name for a saved file, with the ending that its MIME type calls for.
///
/// Letters, digits, `.`, `-` and `_` of the publisher's name stay; no name is hidden, empty or leads into a folder.
pub fn file_name(name: &str, mime: &str) -> String {
    let plain = |character: char| match character {
        '.' | '-' | '_' => character,
        other if other.is_alphanumeric() => other,
        _ => '_',
    };
    let name: String = clean_line(name).chars().map(plain).take(FILE_NAME_CHARACTERS_MAX).collect();
    let name = name.trim_matches(['.', '_', '-']);
    let name = if name.is_empty() { "longear" } else { name };
    match endings(mime) {
        [] => name.to_owned(),
        endings => {
            let lower = name.to_lowercase();
            let fits = endings.iter().any(|ending| lower.len() > ending.len() && lower.ends_with(ending));
            if fits { name.to_owned() } else { format!("{name}{}", endings[0]) }
        }
    }
}

fn endings(mime: &str) -> &'static [&'static str] {
    match mime.trim().to_ascii_lowercase().as_str() {
        "video/mp4" => &[".mp4", ".m4v"],
        "video/webm" => &[".webm"],
        "audio/mp4" | "audio/aac" | "audio/x-m4a" => &[".m4a", ".aac", ".mp4"],
        "audio/mpeg" => &[".mp3"],
        "audio/ogg" | "audio/opus" => &[".ogg", ".opus", ".oga"],
        "audio/wav" | "audio/x-wav" => &[".wav"],
        "image/jpeg" => &[".jpg", ".jpeg"],
        "image/png" => &[".png"],
        "image/webp" => &[".webp"],
        "image/gif" => &[".gif"],
        "image/avif" => &[".avif"],
        "application/pdf" => &[".pdf"],
        "text/plain" => &[".txt"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_files_get_plain_names_with_the_right_ending() {
        let cases = [
            ("360p", "video/mp4", "360p.mp4"),
            ("clip.MP4", "video/mp4", "clip.MP4"),
            ("clip.exe", "video/mp4", "clip.exe.mp4"),
            ("../../etc/passwd", "application/pdf", "etc_passwd.pdf"),
            ("invoice\u{202E}fdp.exe", "application/pdf", "invoicefdp.exe.pdf"),
            ("", "image/jpeg", "longear.jpg"),
            ("кесте №2", "text/plain", "кесте__2.txt"),
            ("...", "application/x-unknown", "longear"),
        ];
        for (name, mime, expected) in cases {
            assert_eq!(file_name(name, mime), expected);
        }
    }

    #[test]
    fn saving_is_said_in_the_address() {
        assert_eq!(saved("/media/a1/0"), "/media/a1/0?save");
        assert_eq!(saved("/x?y=1"), "/x?y=1&save");
    }

    #[test]
    fn drawings_with_scripts_are_files() {
        assert!(medium("image/svg+xml") == Medium::File);
        assert!(medium("text/html") == Medium::File);
        assert!(medium("Image/JPEG; q=1") == Medium::Photo);
        assert!(medium("video/mp4") == Medium::Video);
        assert!(medium("") == Medium::File);
    }
}
