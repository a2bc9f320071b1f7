//! What people do: publish, give word, steal a key and use it, and decide what of a stolen log was good.

use longear_core::header::Payload;
use longear_core::holdings::Holdings;
use longear_core::lineage::Standing;
use longear_core::{ItemId, Kind, Roles, verify};
use longear_store::{Signer, StoreError};

use super::World;
use crate::cast::{Signed, Thief, article, closing, retraction};
use crate::clock::NOON_MS;
use crate::node::Delegate;
use crate::oracle::holder::Held;

/// Items that a thief signs at once at most.
const STOLEN_AT_ONCE_MAX: u64 = 4;

impl World {
    /// Somebody who may speak publishes something.
    pub(super) fn publish(&mut self, no: usize) {
        let Some((kind, payload)) = self.composed(no) else { return };
        let Some(mut delegate) = self.nodes[no].delegate.take() else { return };
        let time = self.nodes[no].time_ms(self.clock.now_ms());
        let channel = self.newsroom.channel();
        let state = self.nodes[no].state(&channel);
        if let (Some(state), Some(store)) = (state, &self.nodes[no].store)
            && state.lineage().is_delegate(&delegate.signer.opening().key)
        {
            if !delegate.signer.may_go_on(&state, time) {
                // As the program does when its log was closed, or has moved on without it.
                let (key, incarnation) = (self.newsroom.key(delegate.name), self.random.number());
                delegate.signer = Signer::new(channel, key, incarnation);
            }
            let published = delegate.signer.publish(store, kind, &payload, time);
            let published = published.map_err(|error| match error {
                longear_store::SignError::Store(error) => error,
                other => StoreError::Damaged { what: other.to_string(), reason: longear_core::Reason::Truncated },
            });
            let published = self.survive(no, published);
            self.nodes[no].has_failed &= published.is_none();
            self.note(format_args!("node {no} publishes {published:?}"));
        }
        self.nodes[no].delegate = Some(delegate);
        self.register_own(no);
    }

    /// What a delegate has to say.
    fn composed(&mut self, no: usize) -> Option<(Kind, Vec<u8>)> {
        let delegate = self.nodes[no].delegate.as_ref()?;
        let (kind, own) = (delegate.kind, delegate.signer.opening().log(&self.newsroom.channel()));
        let number = self.random.number();
        if kind != Kind::Post {
            return Some((kind, number.to_le_bytes().to_vec()));
        }
        let store = self.nodes[no].store.as_ref()?;
        let earlier = store.log_items(&own, 0, 64).ok()?;
        let earlier = earlier.get((number >> 8) as usize % earlier.len().max(1)).map(|item| item.id());
        match (number % 10, earlier) {
            (0, Some(target)) => Some((Kind::Retraction, retraction(target))),
            (1, Some(target)) => Some((Kind::Post, article(format!("better {number}"), Some(target)))),
            (2, _) => Some((Kind::Notice, article(format!("notice {number}"), None))),
            _ => Some((
                Kind::Post,
                article(format!("news {number} {}", "x".repeat((number >> 16) as usize % 200)), None),
            )),
        }
    }

    /// Notes what stands in a publisher's own log and was not known to be signed: of an interrupted publishing, too.
    pub(super) fn register_own(&mut self, no: usize) {
        let node = &self.nodes[no];
        let (Some(delegate), Some(store)) = (&node.delegate, &node.store) else { return };
        let (opening, channel) = (*delegate.signer.opening(), self.newsroom.channel());
        let log = opening.log(&channel);
        let Ok(items) = store.log_items(&log, 0, usize::MAX >> 1) else { return };
        let mut own = Vec::new();
        for item in items.into_iter().filter(|item| !self.newsroom.signed.contains_key(&item.id())) {
            let payload = store.payload(&item).ok().flatten();
            own.push((item.signed.clone(), payload.unwrap_or_default()));
        }
        let words = self.nodes[no].state(&channel).and_then(|state| state.statement(&log).cloned());
        self.nodes[no].objects.list_statement(words);
        for (header, payload) in own {
            let (seq, id) = (header.header().seq, header.id());
            self.nodes[no].objects.add_own(opening, header, payload);
            self.newsroom.signed.insert(id, Signed { log, is_stolen: false });
            self.counts.items += 1;
            if let Some(other) = self.places.insert((log, seq), id).filter(|other| *other != id) {
                self.fail(8, format!("item {seq} of log {log} was signed twice: {other} and {id}"));
            }
        }
    }

    /// A delegate says how far its log is.
    pub(super) fn give_word(&mut self, no: usize) {
        let Some(delegate) = self.nodes[no].delegate.take() else { return };
        let (time, channel) = (self.nodes[no].time_ms(self.clock.now_ms()), self.newsroom.channel());
        let state = self.nodes[no].state(&channel);
        if let (Some(state), Some(store)) = (state, &self.nodes[no].store)
            && delegate.signer.may_go_on(&state, time)
        {
            let said = delegate.signer.state(store, time);
            let failed = said.err().map(|_| ());
            self.nodes[no].has_failed = failed.is_some();
            self.note(format_args!("node {no} gives word: {}", failed.is_none()));
        }
        self.nodes[no].delegate = Some(delegate);
        self.register_own(no);
    }

    /// A thief signs behind some item of the stolen log, and claims that it was long ago.
    pub(super) fn thieve(&mut self) {
        let Some(no) = self.nodes.iter().position(|node| node.side == crate::node::Side::Thief) else { return };
        let Some(victim) = self.victim else { return };
        let channel = self.newsroom.channel();
        let Some(state) = self.nodes[no].state(&channel) else { return };
        if self.thief.is_none() {
            let Some(delegate) = &self.nodes[victim].delegate else { return };
            let (key, opening) = (self.newsroom.key(delegate.name), *delegate.signer.opening());
            self.thief = Some(Thief { key, opening, items: Vec::new() });
        }
        let Some(mut thief) = self.thief.take() else { return };
        let log = thief.opening.log(&channel);
        if state.lineage().entry(&thief.opening.key).is_some() {
            let done = self.use_stolen_key(no, &mut thief, log, &state);
            self.survive(no, done);
        }
        self.thief = Some(thief);
    }

    fn use_stolen_key(
        &mut self,
        no: usize,
        thief: &mut Thief,
        log: longear_core::LogId,
        state: &longear_store::ChannelState,
    ) -> Result<(), StoreError> {
        let channel = self.newsroom.channel();
        let end = state.logs().get(&log).map_or(0, |held| held.end());
        let from = if self.random.chance(60) { end } else { self.random.below(end + 1) };
        let Some(store) = &self.nodes[no].store else { return Ok(()) };
        let before = match from.checked_sub(1) {
            Some(last) => store.log_items(&log, last, 1)?.first().map(|item| item.id()).unwrap_or(ItemId::NONE),
            None => ItemId::NONE,
        };
        let others = state.logs().keys().find(|other| **other != log).copied();
        let target = match others {
            Some(other) => store.log_items(&other, 0, 1)?.first().map(|item| item.id()),
            None => None,
        };
        let lineage = state.lineage();
        let mut batch = store.write()?;
        let mut stolen = Vec::new();
        for number in 0..1 + self.random.below(STOLEN_AT_ONCE_MAX) {
            let time = NOON_MS - self.random.below(365 * 86_400_000);
            let (kind, payload) = match target.filter(|_| self.random.chance(25)) {
                Some(target) => (Kind::Retraction, retraction(target)),
                None => (Kind::Post, article(format!("stolen {number} {}", self.random.number()), None)),
            };
            let run = thief.sign(&channel, (from, before), kind, time, payload.clone());
            let header = run.headers()[0].clone();
            let Ok(run) = verify(lineage, run) else { continue };
            batch.run(&channel, &run)?;
            if let Ok(payload) = verify(&header, Payload::new(header.id(), &payload)) {
                batch.payload(&channel, &thief.opening, header.header().seq, &payload)?;
            }
            stolen.push((header, payload));
        }
        let counter = match self.random.chance(10) {
            true => u64::MAX,
            false => state.statement(&log).map_or(0, |word| word.counter).saturating_add(1 + self.random.below(3)),
        };
        let word = thief.statement(&channel, counter, NOON_MS + self.clock.now_ms(), lineage.number());
        let word = word.and_then(|word| verify(lineage, word).ok());
        // From here on they exist, whatever becomes of this disk.
        for (header, _) in &stolen {
            self.newsroom.signed.insert(header.id(), Signed { log, is_stolen: true });
        }
        if let Some(word) = &word {
            batch.statement(&channel, word)?;
        }
        batch.commit()?;
        self.nodes[no].objects.list_statement(word.map(longear_core::Verified::into_inner));
        for (header, payload) in stolen {
            let (seq, id) = (header.header().seq, header.id());
            self.note(format_args!("a thief signs {seq} of log {log}: {id}"));
            self.nodes[no].objects.add_own(thief.opening, header, payload);
            (self.counts.items, self.counts.stolen) = (self.counts.items + 1, self.counts.stolen + 1);
        }
        Ok(())
    }

    /// The roots close the stolen log behind its last good item, as far as the second publisher knows it.
    pub(super) fn decide(&mut self) {
        let Some(thief) = &self.thief else { return };
        let (opening, channel, office) = (thief.opening, self.newsroom.channel(), 1);
        let Some(state) = self.nodes[office].state(&channel) else { return };
        if self.has_decided || state.lineage().standing(&opening) != Standing::Open {
            return;
        }
        let Some(store) = &self.nodes[office].store else { return };
        let Ok(items) = store.log_items(&opening.log(&channel), 0, usize::MAX >> 1) else { return };
        let is_good = |id: &ItemId| self.newsroom.signed.get(id).is_some_and(|signed| !signed.is_stolen);
        let numbered = items.iter().zip(0..).take_while(|(item, seq)| item.header().seq == *seq && is_good(&item.id()));
        let good = numbered.map(|(item, _)| item.id()).collect::<Vec<_>>();
        self.note(format_args!("the roots close log {} behind {} items", opening.log(&channel), good.len()));
        let charter = self.newsroom.next_charter(vec![closing(&channel, opening, &good)], &[("Erlan", Roles::POST)]);
        self.has_decided = true;
        self.hand_out(office, charter);
        if let Some(victim) = self.victim {
            let signer = Signer::new(channel, self.newsroom.key("Erlan"), self.random.number());
            self.nodes[victim].delegate = Some(Delegate { name: "Erlan", signer, kind: Kind::Post });
        }
    }

    /// Brings a charter to a node by hand.
    pub(super) fn hand_out(&mut self, no: usize, charter: longear_core::Charter) {
        let Some(state) = self.nodes[no].state(&self.newsroom.channel()) else { return };
        let Ok(verified) = verify(state.lineage(), charter.clone()) else { return };
        self.nodes[no].objects.add(Held::Charter(charter));
        let Some(store) = &self.nodes[no].store else { return };
        let kept = store.write().and_then(|mut batch| {
            batch.charter(verified)?;
            batch.commit()
        });
        if self.survive(no, kept).is_some() {
            self.nodes[no].has_failed = false;
        }
    }
}
