//! What moderators decide: signed items, which take force wherever they arrive.

use longear_core::room::{Decision, DecisionId, Decisions, Ground, NoteId};
use longear_core::{ItemId, Kind, Roles};
use longear_store::{Store, Talk};

use crate::failure::Failure;
use crate::home::Home;
use crate::newsroom::founding::Random;
use crate::newsroom::signing::Signer;

/// Somebody who may decide in a room.
pub struct Moderator<'a> {
    store: &'a Store,
    talk: &'a Talk,
    signer: Signer,
}

impl<'a> Moderator<'a> {
    /// This device, if it may moderate the room.
    pub fn new(home: &Home, store: &'a Store, talk: &'a Talk, random: Random<'_>) -> Result<Self, Failure> {
        let role = (Roles::MODERATE, "moderate");
        let signer = Signer::with_role(home, store, &talk.channel(), random, role)?;
        Ok(Moderator { store, talk, signer })
    }

    /// Signs decisions as one item.
    pub fn decide(&self, list: Vec<Decision>, now_ms: u64) -> Result<ItemId, Failure> {
        let decisions = Decisions { room: self.talk.id(), list };
        decisions.check().map_err(|reason| Failure::refused(format!("This cannot be decided: {reason}")))?;
        self.signer.publish(self.store, Kind::Moderation, &decisions.encode(), now_ms)
    }

    /// The lifts of all that is in force about a note and its writer.
    pub fn lifts(&self, note: &NoteId, entry: &longear_core::room::Entry) -> Vec<Decision> {
        let force = &self.talk.force;
        let purges = force.purges(note).iter().map(|purge| purge.cause.decision);
        let causes = force.hides(note).iter().map(|cause| cause.decision).chain(purges);
        let bans = force.bans(entry).iter().map(|ban| ban.cause.decision);
        let pins = force.pins(note).iter().copied();
        causes.chain(bans).chain(pins).map(|DecisionId { item, index }| Decision::Lift { item, index }).collect()
    }
}

/// The ground that a word or the number of a rule names.
pub fn ground(talk: &Talk, word: &str) -> Result<Ground, Failure> {
    let rules = talk.opening.rules.len();
    if let Ok(number) = word.parse::<u8>() {
        return match usize::from(number) {
            1.. if usize::from(number) <= rules => Ok(Ground::Rule(number)),
            _ => Err(Failure::refused(format!("The room has {rules} rules, and no rule {number}"))
                .hint("See them: longear room show, or name another reason: personal-data, threats, advertising, invented, other")),
        };
    }
    [Ground::PersonalData, Ground::Threats, Ground::Advertising, Ground::Invented, Ground::Other]
        .into_iter()
        .find(|ground| ground.name() == word)
        .ok_or_else(|| {
            Failure::refused(format!("`{word}` is no reason"))
                .hint("Name the number of a rule, or one of: personal-data, threats, advertising, invented, other")
        })
}
