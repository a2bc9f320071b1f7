//! Opening and closing rooms.

use std::fs;
use std::path::Path;

use longear_core::limits::{ROOM_RULE_BYTES_MAX, ROOM_RULES_MAX};
use longear_core::room::{Admission, Decision, Opening};
use longear_core::{Kind, Roles};
use serde_json::json;

use super::super::{Context, item_argument, own_channel};
use crate::arguments::room::{AdmissionArgument, OpenArguments, RoomArguments};
use crate::failure::Failure;
use crate::home::file_failure;
use crate::newsroom::signing::Signer;
use crate::talk::{Moderator, find_room};
use crate::terminal::printable;

/// The longest file of rules that is read, in bytes.
const RULES_FILE_BYTES_MAX: u64 = 64 << 10;

/// Opens a room.
pub fn open(context: &Context<'_>, arguments: &OpenArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let channel = own_channel(context, &store, arguments.channel.as_deref())?;
    let mut random = || context.random();
    let signer = Signer::with_role(&home, &store, &channel, &mut random, (Roles::MODERATE, "open rooms"))?;
    let opening = Opening {
        language: arguments.lang.clone(),
        title: context.normalised(arguments.title.trim()),
        rules: arguments.rules.as_deref().map_or(Ok(Vec::new()), |path| rules(context, path))?,
        admission: match arguments.admission {
            AdmissionArgument::Open => Admission::Open,
            AdmissionArgument::Tickets => Admission::Tickets,
        },
        notes_per_day: arguments.notes_per_day,
        retention_days: arguments.retention.days,
        under: arguments.under.as_deref().map(item_argument).transpose()?,
    };
    opening.check().map_err(|reason| Failure::refused(format!("This room cannot be opened: {reason}")))?;
    let id = signer.publish(&store, Kind::Room, &opening.encode(), context.now_ms())?;
    if context.screen.json() {
        return context.screen.print_json(&json!({"version": 1, "id": id.to_string(), "title": opening.title}));
    }
    context.screen.print(&format!("{id}\n"))?;
    context.screen.note(match opening.admission {
        Admission::Open => {
            "The room is open. Without tickets a flood of strangers can drown it; with some, known writers come first: longear room tickets --out tickets.html"
        }
        Admission::Tickets => "The room is open for who has a ticket. Make some: longear room tickets --out tickets.html",
    });
    Ok(())
}

/// The rules in a file: its paragraphs, or the entries of its list.
fn rules(context: &Context<'_>, path: &Path) -> Result<Vec<String>, Failure> {
    let length = fs::metadata(path).map_err(|error| file_failure("read", path, &error))?.len();
    if length > RULES_FILE_BYTES_MAX {
        return Err(Failure::refused(format!("{} is too long for rules", path.display()))
            .hint(format!("A room has at most {ROOM_RULES_MAX} rules of {ROOM_RULE_BYTES_MAX} bytes")));
    }
    let text = fs::read_to_string(path).map_err(|error| file_failure("read", path, &error))?;
    let rules = split_rules(&context.normalised(&text));
    if rules.len() > ROOM_RULES_MAX {
        return Err(Failure::refused(format!(
            "{} has {} rules; a room has at most {ROOM_RULES_MAX}",
            path.display(),
            rules.len()
        ))
        .hint("Put some of them together"));
    }
    match rules.iter().position(|rule| rule.len() > ROOM_RULE_BYTES_MAX) {
        Some(at) => Err(Failure::refused(format!("Rule {} is longer than {ROOM_RULE_BYTES_MAX} bytes", at + 1))
            .hint("Make it shorter, or two of it")),
        None => Ok(rules),
    }
}

/// A line that begins with a number or a mark begins a rule, and so does a line behind an empty one. Headings are none.
fn split_rules(text: &str) -> Vec<String> {
    let mut rules = Vec::<String>::new();
    let mut begins = true;
    for line in text.lines().map(str::trim) {
        let (is_entry, words) = match entry(line) {
            Some(words) => (true, words),
            None => (false, line),
        };
        if line.is_empty() || line.starts_with('#') {
            begins = true;
            continue;
        }
        match rules.last_mut().filter(|_| !begins && !is_entry) {
            Some(rule) => {
                rule.push(' ');
                rule.push_str(words);
            }
            None => rules.push(words.to_owned()),
        }
        begins = false;
    }
    rules.retain(|rule| !rule.is_empty());
    rules
}

/// The words of an entry of a list, without its number or mark.
fn entry(line: &str) -> Option<&str> {
    if let Some(words) = ['-', '*', '•'].iter().find_map(|mark| line.strip_prefix(*mark)) {
        return (words.is_empty() || words.starts_with(' ')).then_some(words.trim());
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..).filter(|_| digits > 0)?;
    Some(rest.strip_prefix(['.', ')'])?.strip_prefix(' ')?.trim())
}

/// Lets nothing more be said in a room.
pub fn close(context: &Context<'_>, arguments: &RoomArguments) -> Result<(), Failure> {
    let (home, store) = context.open()?;
    let talk = find_room(&store, arguments.room.as_deref(), context.now_ms())?;
    if talk.force.closed_day().is_some() {
        context.screen.note("This room is closed already.");
        return Ok(());
    }
    let mut random = || context.random();
    let moderator = Moderator::new(&home, &store, &talk, &mut random)?;
    let id = moderator.decide(vec![Decision::Close], context.now_ms())?;
    if context.screen.json() {
        return context.screen.print_json(&json!({"version": 1, "id": id.to_string(), "room": talk.id().to_string()}));
    }
    context
        .screen
        .note(&format!("“{}” is closed from tomorrow (UTC) on. What was said stays.", printable(&talk.opening.title)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_the_paragraphs_or_the_entries_of_a_list() {
        assert_eq!(split_rules("No names.\nNone at all.\n\nNo threats.\n"), ["No names. None at all.", "No threats."]);
        assert_eq!(
            split_rules("# Rules\n1. No names\n   of people\n2) No threats\n- Be kind"),
            ["No names of people", "No threats", "Be kind"]
        );
        assert_eq!(split_rules("2027 was the year.\n10 Downing Street"), ["2027 was the year. 10 Downing Street"]);
        assert_eq!(split_rules("\n\n# Nothing\n- \n"), [""; 0]);
    }
}
