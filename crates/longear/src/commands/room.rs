//! `longear room`: talk of many, and looking after it.

mod decisions;
mod digest;
mod list;
mod opening;
mod space;
mod tickets;
mod writing;

use super::Context;
use crate::arguments::room::RoomCommand;
use crate::failure::Failure;

/// Carries a command about rooms out.
pub fn run(context: &Context<'_>, command: &RoomCommand) -> Result<(), Failure> {
    match command {
        RoomCommand::Open(arguments) => opening::open(context, arguments),
        RoomCommand::Close(arguments) => opening::close(context, arguments),
        RoomCommand::List(arguments) => list::list(context, arguments),
        RoomCommand::Show(arguments) => list::show(context, arguments),
        RoomCommand::Queue(arguments) => list::queue(context, arguments),
        RoomCommand::Say(arguments) => writing::say(context, arguments),
        RoomCommand::TakeBack(arguments) => writing::take_back(context, arguments),
        RoomCommand::Flag(arguments) => writing::flag(context, arguments),
        RoomCommand::Mute(arguments) => writing::mute(context, arguments, true),
        RoomCommand::Unmute(arguments) => writing::mute(context, arguments, false),
        RoomCommand::Space(arguments) => space::space(context, arguments),
        RoomCommand::Hide(arguments) => decisions::hide(context, arguments),
        RoomCommand::Purge(arguments) => decisions::purge(context, arguments),
        RoomCommand::Ban(arguments) => decisions::ban(context, arguments),
        RoomCommand::Pin(arguments) => decisions::pin(context, arguments),
        RoomCommand::Lift(arguments) => decisions::lift(context, arguments),
        RoomCommand::Admit(arguments) => decisions::admit(context, arguments),
        RoomCommand::Tickets(arguments) => tickets::tickets(context, arguments),
        RoomCommand::Digest(arguments) => digest::digest(context, arguments),
    }
}
