//! Icons and drawings. All are `aria-hidden`: the words beside them say the same.

use crate::html::Html;
use crate::tamga::tamga;

/// An icon in a 20 px box.
pub(crate) struct Icon(&'static str);

impl Icon {
    pub(crate) const BOX: Icon =
        Icon("<path d=\"M6.5 9.5a5 5 0 0 1 7 0M3.5 6.5a9.2 9.2 0 0 1 13 0\"/><path d=\"M5 13.5h10V17H5z\"/>");
    pub(crate) const VIDEO: Icon =
        Icon("<rect x=\"2\" y=\"4.5\" width=\"16\" height=\"11\" rx=\"1.5\"/><path d=\"M8.5 7.7v4.6l4-2.3z\"/>");
    pub(crate) const SOUND: Icon = Icon("<path d=\"M4 8v4M7.5 5.5v9M11 3v14M14.5 6.5v7M18 9v2\"/>");
    pub(crate) const PHOTO: Icon = Icon(
        "<rect x=\"2\" y=\"3.5\" width=\"16\" height=\"13\" rx=\"1.5\"/><path d=\"M2.5 14l4.5-4.5 3.5 3.5 2.5-2.5 4.5 4.5M13 7.5h.01\"/>",
    );
    pub(crate) const FILE: Icon = Icon("<path d=\"M4.5 2h7l4 4v12h-11zM11.5 2v4h4\"/>");
    pub(crate) const PLAY: Icon = Icon("<path d=\"M5.5 3.5v13l11-6.5z\"/>");
    pub(crate) const SAVE: Icon = Icon("<path d=\"M10 3v10M5.5 9l4.5 4.5L14.5 9M3 17.5h14\"/>");
    pub(crate) const CHECKED: Icon =
        Icon("<circle cx=\"10\" cy=\"10\" r=\"8\"/><path d=\"M6.5 10.3l2.4 2.4 4.8-5.2\"/>");
    pub(crate) const WARNING: Icon = Icon("<path d=\"M10 2.5l8 14.5H2zM10 8v4M10 14.5h.01\"/>");
    pub(crate) const STRUCK: Icon = Icon("<circle cx=\"10\" cy=\"10\" r=\"8\"/><path d=\"M4.5 15.5l11-11\"/>");
    pub(crate) const WAITING: Icon = Icon("<circle cx=\"10\" cy=\"10\" r=\"8\" stroke-dasharray=\"2.6 3.68\"/>");
    pub(crate) const LANGUAGES: Icon = Icon(
        "<path d=\"M2.5 4.5h9M7 2.5v2M9.5 4.5c-.5 3.5-3 6-6.5 7.5M4.5 6.5c1 2.5 3 4.2 5.5 5M10.5 17.5l3.7-9 3.8 9M11.8 14.5h5\"/>",
    );
    pub(crate) const QR: Icon =
        Icon("<path d=\"M3 3h5v5H3zM12 3h5v5h-5zM3 12h5v5H3zM12 12h2v2M17 12v2M12 17h2M17 17h.01\"/>");
    pub(crate) const AGAIN: Icon = Icon("<path d=\"M17.5 8A8 8 0 1 0 18 11M18 3.5V8h-4.5\"/>");
    pub(crate) const BACK: Icon = Icon("<path d=\"M12.5 4L6.5 10l6 6\"/>");
    pub(crate) const TAKEN_BACK: Icon = Icon("<path d=\"M7.5 5L3.5 9l4 4M3.5 9h9a4 4 0 0 1 0 8H9\"/>");
    pub(crate) const FORTH: Icon = Icon("<path d=\"M7.5 4l6 6-6 6\"/>");
    pub(crate) const UP: Icon = Icon("<path d=\"M4 12.5l6-6 6 6\"/>");
    pub(crate) const DOWN: Icon = Icon("<path d=\"M4 7.5l6 6 6-6\"/>");
    pub(crate) const SEARCH: Icon = Icon("<circle cx=\"8.5\" cy=\"8.5\" r=\"6\"/><path d=\"M13 13l4.5 4.5\"/>");
    pub(crate) const HIDDEN: Icon =
        Icon("<path d=\"M2 10c4-6.5 12-6.5 16 0-1.2 1.9-2.7 3.3-4.3 4.1M10 15c-3.2 0-6.1-1.7-8-5M3 3l14 14\"/>");

    /// Draws it.
    pub(crate) fn draw(&self, html: &mut Html) {
        html.raw("<svg class=\"i\" viewBox=\"0 0 20 20\" aria-hidden=\"true\">").raw(self.0).raw("</svg>");
    }

    /// Draws it so that it turns round where the script runs from right to left.
    pub(crate) fn draw_directed(&self, html: &mut Html) {
        html.raw("<svg class=\"i flip\" viewBox=\"0 0 20 20\" aria-hidden=\"true\">").raw(self.0).raw("</svg>");
    }
}

/// The ear that rises from the horizon.
pub(crate) fn ear(html: &mut Html) {
    html.raw("<svg class=\"ear flip\" viewBox=\"0 0 44 48\" aria-hidden=\"true\"><path d=\"M0 46.8H9C15 46.8 16 42.5 16.5 36.5L18 22.5C19 13.5 24 7.5 32 4.5C37 12.5 38.5 21.5 37 29.5C36 35.5 30.5 38.5 27 35C24.5 32 26.5 28 30 29\"/></svg>");
}

/// The ear and its mirror image: the ram's horn at the end of a list.
pub(crate) fn horns(html: &mut Html) {
    html.raw("<svg class=\"horns\" viewBox=\"0 0 88 30\" aria-hidden=\"true\"><path d=\"M0 28H36C42 28 44 22 43 15C42 7 36 2 29 3C22 4 20 12 25 15C29 17 33 14 31 10M88 28H52C46 28 44 22 45 15C46 7 52 2 59 3C66 4 68 12 63 15C59 17 55 14 57 10\"/></svg>");
}

/// A channel's mark.
pub(crate) fn channel_mark(html: &mut Html, id: &[u8; 32]) {
    html.raw("<svg class=\"tamga\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path")
        .attribute("d", &tamga(id))
        .raw("/></svg>");
}
