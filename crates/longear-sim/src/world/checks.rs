//! The invariants, as they are looked at while a world runs.

use std::collections::{BTreeMap, BTreeSet};

use longear_core::holdings::Holdings;
use longear_core::limits::{
    FORKS_LISTED_MAX, HEAD_STATEMENTS_MAX, PAYLOAD_BYTES_MAX, QUARANTINE_BYTES_MAX, STATEMENT_BYTES_MAX,
};
use longear_core::lineage::Standing;
use longear_core::status::Doubt;
use longear_core::tree::TreePath;
use longear_core::{CharterHash, Head, ItemId, LogId, Reason, SignedHeader, Statement, Status};
use longear_net::sync::LIES_BYTES_MAX;
use longear_store::StoredItem;

use super::World;
use crate::broken::Broken;
use crate::held::{View, items, view_of};
use crate::node::{Answer, Side};
use crate::oracle::holder::Held;
use crate::oracle::naive;
use crate::session::{Question, READ_BYTES, Session};

/// What a node must not forget.
pub struct Memory {
    charter: CharterHash,
    view: View,
    complete: BTreeMap<LogId, u64>,
    words: BTreeMap<LogId, Statement>,
    forks: BTreeSet<LogId>,
}

/// Two heads put together; in a broken build the one that came last wins.
pub fn merged(one: &Head, other: &Head, broken: Option<Broken>) -> Head {
    if broken == Some(Broken::LastHeadWins) {
        return other.clone();
    }
    let mut merged = one.clone();
    merged.merge(other);
    merged
}

impl World {
    /// Looks at everything that a node holds and shows: P2, P3, P4, P5.
    pub(super) fn look(&mut self, no: usize) {
        let channel = self.newsroom.channel();
        let (Some(state), Some(store)) = (self.nodes[no].state(&channel), &self.nodes[no].store) else { return };
        let items = items(store, &channel);
        let Some(items) = self.survive(no, items) else { return };
        let shown = self.seen_by(no);
        let mut hasher = blake3::Hasher::new();
        for item in &items {
            hasher.update(&item.id().0).update(item.status.name().as_bytes()).update(item.status.code().as_bytes());
        }
        let digest = hasher.finalize().to_hex();
        self.note(format_args!("node {no} holds {} items, shows {}, {}", items.len(), shown.len(), &digest[..8]));
        let visible = items.iter().filter(|item| item.status.is_visible()).map(|item| item.id());
        let all = visible.chain(shown.iter().copied()).collect::<BTreeSet<_>>();
        if let Some(id) = all.iter().find(|id| !self.newsroom.signed.contains_key(*id)) {
            self.fail(2, format!("node {no} shows {id}, which nobody with an enrolled key has signed"));
        }
        let hashes = state.lineage().charters().iter().map(|charter| charter.body.hash());
        let is_rooted = state.lineage().charters().first().is_none_or(|first| first.body.channel() == channel);
        if !is_rooted || hashes.into_iter().any(|hash| !self.newsroom.charters.contains(&hash)) {
            self.fail(2, format!("node {no} holds a charter that the roots never signed"));
        }
        let is_closed = |log: &LogId| {
            let opening = state.logs().get(log).map(|held| *held.opening());
            opening.is_some_and(|opening| state.lineage().standing(&opening) != Standing::Open)
        };
        let stolen = |id: &&ItemId| self.newsroom.signed.get(id).is_some_and(|by| by.is_stolen && is_closed(&by.log));
        if let Some(id) = all.iter().find(stolen) {
            self.fail(3, format!("node {no} shows {id} of a thief although a charter has closed the log"));
        }
        self.check_clock(no, &items, &shown);
        self.check_heads(no);
    }

    /// The articles that people at a node see.
    pub(super) fn seen_by(&mut self, no: usize) -> BTreeSet<ItemId> {
        let seen = self.nodes[no].shown(&self.newsroom.channel(), self.clock.now_ms(), self.broken);
        self.survive(no, seen).unwrap_or_default()
    }

    /// P4: whatever the clock says, what is visible and here is in the list.
    fn check_clock(&mut self, no: usize, items: &[StoredItem], shown: &BTreeSet<ItemId>) {
        let is_here =
            |item: &&StoredItem| item.status.is_visible() && item.has_payload() && item.header().kind.is_article();
        if let Some(id) = items.iter().filter(is_here).map(StoredItem::id).find(|id| !shown.contains(id)) {
            self.fail(4, format!("node {no}, whose clock is {} ms off, hides {id}", self.nodes[no].skew_ms));
        }
    }

    /// P5: the heads of any nodes.
    fn check_heads(&mut self, no: usize) {
        let channel = self.newsroom.channel();
        let [a, b] = [(no + 1) % self.nodes.len(), (no + 2) % self.nodes.len()];
        let heads = [no, a, b].map(|no| self.nodes[no].state(&channel).map(|state| state.head()));
        let [Some(one), Some(two), Some(three)] = heads else { return };
        let merge = |one: &Head, other: &Head| merged(one, other, self.broken);
        let commutes = merge(&one, &two) == merge(&two, &one);
        let associates = merge(&merge(&one, &two), &three) == merge(&one, &merge(&two, &three));
        let is_idempotent = merge(&one, &one) == one && merge(&merge(&one, &two), &two) == merge(&one, &two);
        if !(commutes && associates && is_idempotent) {
            let laws = format!("commutes {commutes}, associates {associates}, idempotent {is_idempotent}");
            self.fail(5, format!("merging the heads of nodes {no}, {a} and {b}: {laws}"));
        }
    }

    /// P6 and P7, after every answer: `server` is `None` for sticks.
    pub(super) fn check_session(&mut self, client: usize, server: Option<usize>, session: &mut Session) {
        let refused = std::mem::take(&mut session.refused);
        self.counts.refused += refused.len() as u64;
        let is_honest = server.is_some_and(|server| self.nodes[server].is_honest());
        if is_honest && session.out_of_order {
            self.fail(
                6,
                format!("node {client} got items before charters or fork proofs that {server:?} had announced"),
            );
        }
        // An honest node that does not know of a charter yet passes on words that we refuse.
        let unfair = refused.iter().find(|reason| **reason != Reason::UnknownKey);
        if let Some(reason) = unfair.filter(|_| is_honest) {
            self.fail(7, format!("node {client} holds honest node {server:?} for a liar: {reason}"));
        }
        // What comes in one piece may go beyond the budget, no more.
        let limit = LIES_BYTES_MAX + READ_BYTES.max(PAYLOAD_BYTES_MAX) as u64;
        if !session.is_listed() && session.lies.bytes() > limit {
            self.fail(7, format!("node {client} took {} refused bytes", session.lies.bytes()));
        }
        let waiting = self.nodes[client].waiting.len() * STATEMENT_BYTES_MAX;
        if waiting > QUARANTINE_BYTES_MAX {
            self.fail(7, format!("{waiting} bytes wait at node {client}"));
        }
    }

    /// P7: what an honest node says is within the limits.
    pub(super) fn check_answer(&mut self, server: usize, path: &TreePath, answer: &Answer) {
        let Answer::Bytes { bytes, .. } = answer else { return };
        if self.nodes[server].side == Side::Liar {
            return;
        }
        let head = matches!(path, TreePath::Head { .. }).then(|| Head::decode(&self.newsroom.channel(), bytes));
        let fits = match head {
            Some(Ok(head)) => head.statements.len() <= HEAD_STATEMENTS_MAX && head.forks.len() <= FORKS_LISTED_MAX,
            Some(Err(_)) => false,
            None => true,
        };
        if bytes.len() as u64 > path.bytes_max() || !fits {
            self.fail(7, format!("node {server} answers {path} with {} bytes", bytes.len()));
        }
    }

    /// P9: a tag goes back only to whom it came from in the same contact.
    pub(super) fn check_tag(&mut self, client: usize, question: &Question, given: &[String]) {
        if let Some(tag) = &question.etag
            && !given.contains(tag)
        {
            self.fail(9, format!("node {client} sends the tag {tag} of an earlier contact"));
        }
    }

    /// What a node holds just now.
    pub(super) fn memory_of(&mut self, no: usize) -> Option<Memory> {
        let channel = self.newsroom.channel();
        let state = self.nodes[no].state(&channel)?;
        let view = self.nodes[no].view(&channel).ok()?;
        Some(Memory {
            charter: state.lineage().hash(),
            view,
            complete: state.logs().iter().map(|(log, held)| (*log, held.complete().len())).collect(),
            words: state.newest_statements().map(|(log, word)| (*log, word.clone())).collect(),
            forks: state.known_logs().into_iter().map(|(log, _)| log).filter(|log| state.fork(log).is_some()).collect(),
        })
    }

    /// P8: a node has what it had before. Where a write had failed, it may have what that write brought, too.
    pub(super) fn check_memory(&mut self, no: usize, before: Option<Memory>) {
        let Some(before) = before else { return };
        let Some(after) = self.memory_of(no) else {
            return self.fail(8, format!("node {no} has forgotten the channel"));
        };
        let may_have_more = self.nodes[no].has_failed;
        let same = before.charter == after.charter
            && before.view == after.view
            && before.complete == after.complete
            && before.words == after.words
            && before.forks == after.forks;
        let has_all = before.view.keys().all(|id| after.view.contains_key(id))
            && before.words.iter().all(|(log, word)| after.words.get(log).is_some_and(|now| !word.supersedes(now)))
            && before.forks.is_subset(&after.forks);
        if !(same || may_have_more && has_all) {
            let (had, has) = (before.view.len(), after.view.len());
            self.fail(8, format!("node {no} held {had} items before the power was cut, {has} after"));
        }
        self.register_own(no);
    }

    /// P1 and P3: put together anew, in any order, and without what the thief signed.
    pub(super) fn compare(&mut self, no: usize) {
        let channel = self.newsroom.channel();
        let (Some(state), Ok(view)) = (self.nodes[no].state(&channel), self.nodes[no].view(&channel)) else { return };
        let objects = self.held_by(no);
        let mut order = objects.iter().collect::<Vec<_>>();
        self.random.shuffle(&mut order);
        let other = view_of(&channel, &order, &mut self.checked);
        let Some(other) = self.survive(no, other) else { return };
        let first_come = self.broken == Some(Broken::FirstComeIsShown);
        let (view, other) = (shown_as(view, first_come), shown_as(other, first_come));
        if let Some((id, here, there)) = difference(&view, &other) {
            self.fail(1, format!("{id} is {here:?} at node {no}, and {there:?} where the same came in another order"));
        }
        let naive =
            naive::statuses_of(channel, &objects, |lineage, object| self.checked.check(lineage, object).is_some());
        let strange = view.iter().find(|(id, status)| naive.get(id).is_none_or(|(naive, _)| naive != *status));
        if let Some((id, status)) = strange {
            let naive = naive.get(id).map(|(status, _)| *status);
            self.fail(1, format!("{id} is {status:?} at node {no}, and {naive:?} by the rules read literally"));
        }
        if state.lineage().closings().next().is_some() {
            self.compare_without_thief(no, &view, &order);
        }
    }

    /// What a node holds of what ever came to it: not what was refused or failed to be written, nor the branches for which
    /// there was no room, nor the payloads that it let go of when another branch took their item's place.
    fn held_by(&self, no: usize) -> Vec<Held> {
        let node = &self.nodes[no];
        let (Some(state), Some(store)) = (node.state(&self.newsroom.channel()), &node.store) else { return Vec::new() };
        let (mut headers, mut payloads) = (BTreeSet::new(), BTreeSet::new());
        for log in state.logs().keys() {
            let standing = store.log_items(log, 0, usize::MAX >> 1).unwrap_or_default();
            payloads.extend(standing.iter().filter(|item| item.has_payload()).map(StoredItem::id));
            headers.extend(standing.iter().map(StoredItem::id));
            headers.extend(store.branches(log).unwrap_or_default().iter().map(SignedHeader::id));
        }
        let is_held = |object: &&Held| match object {
            Held::Item { header, .. } => headers.contains(&header.id()),
            Held::Payload { item, .. } => payloads.contains(item),
            Held::Charter(charter) => state.lineage().charters().contains(charter),
            Held::Statement(word) => !state.is_news(word),
            // Where another proof says more, the headers of this one were not kept on its account.
            Held::Fork(proof) => state.fork(&proof.opening.log(&self.newsroom.channel())) == Some(proof),
            Held::Proof { .. } => true,
        };
        node.objects.list.iter().filter(is_held).cloned().collect()
    }

    fn compare_without_thief(&mut self, no: usize, view: &View, objects: &[&Held]) {
        let channel = self.newsroom.channel();
        let thief = self.thief.as_ref().map(|thief| thief.opening);
        let stolen = self.newsroom.signed.iter().filter(|(_, signed)| signed.is_stolen);
        let stolen = stolen.map(|(id, _)| *id).collect::<BTreeSet<_>>();
        let is_stolen = |id: &ItemId| stolen.contains(id);
        let honest = objects.iter().copied().filter(|object| match object {
            Held::Item { header, .. } => !is_stolen(&header.id()),
            Held::Payload { item, .. } => !is_stolen(item),
            Held::Statement(word) => Some(word.opening) != thief || !is_stolen(&word.tip),
            Held::Fork(proof) => !is_stolen(&proof.first.id()) && !is_stolen(&proof.second.id()),
            Held::Charter(_) | Held::Proof { .. } => true,
        });
        let without = view_of(&channel, &honest.collect::<Vec<_>>(), &mut self.checked);
        let Some(without) = self.survive(no, without) else { return };
        let with = view.iter().filter(|(id, _)| !is_stolen(id)).map(|(id, status)| (*id, *status)).collect::<View>();
        if let Some((id, here, there)) = difference(&with, &without) {
            self.fail(3, format!("{id} is {here:?} at node {no}, and {there:?} if the thief had never acted"));
        }
    }
}

/// In a broken build the branch that came first passes for the only one.
fn shown_as(mut view: View, first_come: bool) -> View {
    for status in view.values_mut().filter(|status| first_come && **status == Status::Disputed) {
        *status = Status::Shown;
    }
    view
}

/// An item that two views see differently. Which branch of a fork stands may differ as long as it is undecided, or nothing
/// links it yet to the good item above it: nobody shows it as the only one.
fn difference(one: &View, other: &View) -> Option<(ItemId, Option<Status>, Option<Status>)> {
    let ids = one.keys().chain(other.keys()).collect::<BTreeSet<_>>();
    let must_be_there = |status: &Status| matches!(status, Status::Shown | Status::Unconfirmed(Doubt::OutsideKeyLife));
    ids.into_iter().find_map(|id| {
        let (here, there) = (one.get(id).copied(), other.get(id).copied());
        let differs = match (here, there) {
            (Some(here), Some(there)) => here != there,
            (here, there) => here.or(there).as_ref().is_some_and(must_be_there),
        };
        differs.then_some((*id, here, there))
    })
}
