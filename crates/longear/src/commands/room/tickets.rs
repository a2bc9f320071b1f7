//! Tickets: sheets to print, cut and hand out.

use longear_core::room::{Decision, TicketWord};
use longear_pages::{Language, Visit};
use serde_json::json;
use zeroize::Zeroizing;

use super::super::Context;
use crate::arguments::room::TicketsArguments;
use crate::failure::Failure;
use crate::home::write_private;
use crate::talk::{Moderator, find_room};

/// Makes tickets, admits them, and writes the sheets.
pub fn tickets(context: &Context<'_>, arguments: &TicketsArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let now_ms = context.now_ms();
    let talk = find_room(&store, arguments.room.as_deref(), now_ms)?;
    let mut random = || context.random();
    let moderator = Moderator::new(&home, &store, &talk, &mut random)?;
    if arguments.out.exists() {
        return Err(Failure::refused(format!("{} is there already", arguments.out.display()))
            .hint("Sheets are not overwritten: each of them can be somebody's only ticket. Name another file"));
    }
    let mut words = Vec::new();
    for _ in 0..arguments.batch {
        let mut secret = Zeroizing::new([0; 16]);
        secret.copy_from_slice(&Zeroizing::new(context.random()?)[..16]);
        words.push(TicketWord::new(*secret, &talk.id()));
    }
    let mut entries = words.iter().map(|word| word.key().entry(&talk.id())).collect::<Vec<_>>();
    entries.sort_unstable();
    let language = arguments.lang.as_deref().unwrap_or(&talk.opening.language);
    let language = Language::from_tag(language).unwrap_or(Language::English);
    let visit = Visit { language, language_chosen: true, now_ms };
    let sheets = Zeroizing::new(crate::boxview::ticket_sheets(&store, &talk, visit, &words)?);
    // The sheets first: tickets that nobody can print would stand on the roll for good.
    write_private(&arguments.out, sheets.as_bytes())?;
    let item = moderator.decide(vec![Decision::Tickets(entries)], now_ms)?;
    if context.screen.json() {
        return context.screen.print_json(&json!({
            "version": 1, "id": item.to_string(), "room": talk.id().to_string(), "tickets": arguments.batch,
            "file": arguments.out.display().to_string(),
        }));
    }
    context.screen.note(&format!(
        "{} tickets are in {}. Print it, cut it, give each to one person by hand, and write down nowhere who got which. \
         Then delete the file: whoever has it can write with all of them.",
        arguments.batch,
        arguments.out.display()
    ));
    Ok(())
}
