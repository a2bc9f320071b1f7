//! What each command does. The commands speak with people; the work is done elsewhere.

mod app;
mod archive;
mod carriers;
mod channel;
mod chapter;
mod check;
mod demo;
mod held;
mod items;
mod live;
pub(crate) mod publish;
mod room;
mod serve;
mod site;
mod status;

use std::time::{SystemTime, UNIX_EPOCH};

use longear_core::{Address, ChannelId, ItemId};
use longear_store::{ChannelState, Store};
use unicode_normalization::UnicodeNormalization;

use crate::arguments::{Cli, Command, generate};
use crate::failure::Failure;
use crate::home::{Home, store_failure};
use crate::terminal::{Screen, grouped};

/// What every command has at hand: the home, the screen, the clock and the randomness of this machine.
pub struct Context<'c> {
    /// Where results and notes go.
    pub screen: &'c Screen,
    cli: &'c Cli,
}

/// Carries a command out.
pub fn run(cli: &Cli, screen: &Screen) -> Result<(), Failure> {
    let context = Context { screen, cli };
    match &cli.command {
        Command::Channel(command) => channel::run(&context, command),
        Command::Publish(arguments) => publish::publish(&context, arguments),
        Command::Correct(arguments) => publish::correct(&context, arguments),
        Command::Retract(arguments) => publish::retract(&context, arguments),
        Command::Live(command) => live::run(&context, command),
        Command::Room(command) => room::run(&context, command),
        Command::List(arguments) => items::list(&context, arguments),
        Command::Export(arguments) => items::export(&context, arguments),
        Command::Follow(arguments) => carriers::follow(&context, arguments),
        Command::Unfollow(arguments) => carriers::unfollow(&context, arguments),
        Command::Sync(arguments) => carriers::sync(&context, arguments),
        Command::Stick(command) => carriers::stick(&context, command),
        Command::Archive(command) => archive::run(&context, command),
        Command::Check(arguments) => check::check(&context, arguments),
        Command::Serve(arguments) => serve::serve(&context, arguments),
        Command::Site(arguments) => site::site(&context, arguments),
        Command::App(command) => app::run(&context, command),
        Command::Status => status::status(&context),
        Command::Completions(arguments) => generate::completions(arguments, screen),
        Command::Man(arguments) => generate::man(arguments, screen),
        Command::Demo(arguments) => demo::demo(&context, arguments),
    }
}

impl Context<'_> {
    /// The home, and its store.
    pub fn open(&self) -> Result<(Home, Store), Failure> {
        let home = Home::open(self.cli.home_folder()?)?;
        let store = home.store()?;
        Ok((home, store))
    }

    /// Now, by this machine's clock.
    pub fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(0)
    }

    /// Deletes what was taken back more than thirty days ago. What the command was asked for is done by then, so that a
    /// disk that refuses is told and no reason to fail; the next command tries again.
    pub fn delete_what_is_due(&self, store: &Store) {
        match store.collect(self.now_ms()) {
            Ok(collected) if collected.items > 0 => self.screen.note(&format!(
                "{} taken back more than thirty days ago: deleted here.",
                if collected.items == 1 { "1 item".into() } else { format!("{} items", grouped(collected.items)) }
            )),
            Err(error) if !error.is_read_only() => {
                self.screen.note(&format!("What was taken back could not be deleted yet: {error}"));
            }
            _ => {}
        }
    }

    /// Fresh random bytes from the system.
    pub fn random(&self) -> Result<[u8; 32], Failure> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Failure::refused(format!("This system gives no randomness: {error}")))?;
        Ok(bytes)
    }

    /// Text as it is published: in Unicode's form NFC.
    pub fn normalised(&self, text: &str) -> String {
        text.nfc().collect()
    }
}

/// The channel that an argument names by address or ID; without one, the only channel here.
pub fn channel_argument(store: &Store, argument: Option<&str>) -> Result<ChannelId, Failure> {
    let Some(text) = argument else { return only_known(store) };
    if let Ok(address) = text.parse::<Address>() {
        return Ok(address.channel);
    }
    if let Ok(channel) = text.parse::<ChannelId>() {
        return Ok(channel);
    }
    text.parse::<Address>().map(|address| address.channel).map_err(|error| {
        Failure::refused(format!("This is no address: {error}"))
            .hint("An address looks like longear:k4vq2m7x… with 52 characters")
    })
}

fn only_known(store: &Store) -> Result<ChannelId, Failure> {
    let channels = followed(store)?;
    match channels.as_slice() {
        [one] => Ok(one.id()),
        [] => Err(Failure::refused("There is no channel here yet")
            .hint("Make one: longear channel new NAME, or follow one: longear follow ADDRESS")),
        _ => Err(Failure::refused("There are several channels here").hint("Name one by its address")),
    }
}

/// The channel that `--channel` names, or else the one that this device can write to.
pub fn own_channel(context: &Context<'_>, store: &Store, argument: Option<&str>) -> Result<ChannelId, Failure> {
    match argument {
        Some(_) => channel_argument(store, argument),
        None => only_channel(context, store),
    }
}

/// The one channel that this device can write to.
pub fn only_channel(context: &Context<'_>, store: &Store) -> Result<ChannelId, Failure> {
    let (home, _) = (Home::open(context.cli.home_folder()?)?, ());
    let own = home.own_channels()?;
    match own.as_slice() {
        [one] => Ok(*one),
        [] => only_known(store),
        _ => Err(Failure::refused("This device can write to several channels").hint("Name one: --channel ADDRESS")),
    }
}

/// The channels that are followed here.
pub fn followed(store: &Store) -> Result<Vec<std::sync::Arc<ChannelState>>, Failure> {
    let channels = store.channels().map_err(|error| store_failure(&error))?;
    Ok(channels.into_iter().filter(|state| state.is_followed()).collect())
}

/// An item ID from an argument.
pub fn item_argument(text: &str) -> Result<ItemId, Failure> {
    text.parse().map_err(|_| {
        Failure::refused(format!("{text} is no item"))
            .hint("An item's ID has 64 letters and digits: longear list --json")
    })
}

/// A time in JSON: RFC 3339 in UTC, null for 0.
pub fn time_json(time_ms: u64) -> serde_json::Value {
    if time_ms == 0 { serde_json::Value::Null } else { rfc3339(time_ms).into() }
}

/// A time as RFC 3339 has it, in UTC.
pub fn rfc3339(time_ms: u64) -> String {
    format!("{}T{}Z", date_text(time_ms), clock_text(time_ms))
}

/// The UTC date of a time.
pub fn date_text(time_ms: u64) -> String {
    let (year, month, day) = civil(time_ms / 86_400_000);
    format!("{year:04}-{month:02}-{day:02}")
}

fn clock_text(time_ms: u64) -> String {
    let seconds = time_ms / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, time_ms % 1000)
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    // Eras of 400 years that begin on a 1st of March have equal length, so leap days fall at their ends.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339() {
        for (time, text) in [
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (1_767_225_599_999, "2025-12-31T23:59:59.999Z"),
            (1_709_251_199_000, "2024-02-29T23:59:59.000Z"),
            (1, "1970-01-01T00:00:00.001Z"),
        ] {
            assert_eq!(time_json(time), text);
        }
    }
}
