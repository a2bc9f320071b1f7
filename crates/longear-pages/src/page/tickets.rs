//! Tickets to be printed, cut apart and handed out.

use crate::clean::clean_line;
use crate::html::{Html, Part};
use crate::paths::{Target, room as room_path};
use crate::qr;
use crate::room_view::TicketSheet;
use crate::words::Voice;

use super::frame::{Frame, LastWord, bare_document};
use super::post;

/// How many tickets stand on a sheet of A4, in two columns: so many that each code is large enough for a poor camera.
const TICKETS_PER_SHEET: usize = 8;

/// Writes tickets as a whole HTML document that prints on A4, eight on a sheet, with lines to cut along.
///
/// It holds secrets: each ticket is whoever's has it. Serve it to the moderator only, and keep no copy.
pub fn tickets(sheet: &TicketSheet) -> String {
    let words = Voice::new(sheet.visit.language).words;
    let mut main = Html::default();
    main.raw("<div class=\"unprinted stack\"><h1>").text(words.ticket_sheet).raw("</h1><p class=\"soft\">");
    main.text(words.sheet_text).raw("</p></div>\n");
    for tickets in sheet.tickets.chunks(TICKETS_PER_SHEET) {
        main.raw("<ul class=\"sheet\">\n");
        tickets.iter().for_each(|ticket| one(&mut main, sheet, ticket));
        main.raw("</ul>\n");
    }
    let target = Target::new(room_path(&sheet.room.id_hex));
    let frame = Frame { visit: &sheet.visit, title: words.ticket_sheet, target, last_word: LastWord::Unsaid };
    bare_document(&frame, main)
}

fn one(html: &mut Html, sheet: &TicketSheet, ticket: &str) {
    let words = Voice::new(sheet.visit.language).words;
    html.raw("<li class=\"ticket\">");
    if let Some(drawing) = qr::draw(ticket) {
        let side = drawing.side;
        html.raw("<svg shape-rendering=\"crispEdges\" role=\"img\"")
            .attribute("viewBox", &format!("0 0 {side} {side}"));
        html.attribute("aria-label", words.ticket_qr)
            .raw("><path fill=\"#fff\"")
            .attribute("d", &format!("M0 0h{side}v{side}H0z"));
        html.raw("/><path fill=\"#000\"").attribute("d", &drawing.path).raw("/></svg>");
    }
    html.raw("<div><p class=\"title\"");
    post::tongue(html, &sheet.room.language);
    html.raw(">").foreign_line(&sheet.room.title).raw("</p><p>");
    html.sentence(words.ticket_what, &[("channel", Part::Foreign(&sheet.channel.name))]).raw("</p><p>");
    html.text(words.ticket_whose)
        .raw("</p><p>")
        .text(words.ticket_how)
        .raw("</p></div><p class=\"letters\" dir=\"ltr\">");
    html.text(&clean_line(ticket)).raw("</p></li>\n");
}
