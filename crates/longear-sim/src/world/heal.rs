//! The end of a world: links heal, disks work, everybody meets everybody. P10.

use std::collections::BTreeSet;

use longear_core::deletion::may_be_gone;
use longear_core::holdings::Holdings;
use longear_core::lineage::Standing;
use longear_core::{ChannelId, ItemId, LogId, Status};
use longear_store::StoredItem;

use super::World;
use crate::broken::Broken;
use crate::held::{View, items};
use crate::node::Node;

/// Rounds in which everybody meets everybody; as a rule three are enough.
const ROUNDS_MAX: usize = 8;

impl World {
    /// Lets everybody who is honest come together, and compares what they hold.
    pub(super) fn heal(&mut self) {
        if self.violation.is_some() {
            return;
        }
        for no in 0..self.nodes.len() {
            for contact in self.contacts_of(no) {
                self.part(contact);
            }
            self.disk_is_mended(no);
            self.restart(no);
        }
        for charter in self.newsroom.lineage.charters().to_vec() {
            self.hand_out(1, charter);
        }
        // As boxes do every hour: a thief may have spoken last.
        for no in 0..self.nodes.len() {
            self.give_word(no);
        }
        let honest = self.nodes.iter().filter(|node| node.is_honest()).map(|node| node.no).collect::<Vec<_>>();
        let mut before = None;
        for round in 0..ROUNDS_MAX {
            for client in honest.iter().copied() {
                for server in honest.iter().copied().filter(|server| *server != client) {
                    self.pull(client, server);
                }
            }
            let stolen = self.thief.as_ref().map(|thief| thief.opening);
            let lineage = &self.newsroom.lineage;
            let open_theft = stolen.filter(|opening| lineage.standing(opening) == Standing::Open);
            let open_theft = open_theft.map(|opening| opening.log(&self.newsroom.channel()));
            let all = |no: &usize| all_of(&self.nodes[*no], &self.newsroom.channel(), open_theft);
            let now = honest.iter().map(all).collect::<Vec<_>>();
            self.note(format_args!("round {round} of healing"));
            if before.as_ref() == Some(&now) {
                break;
            }
            before = Some(now);
        }
        let mut held = before.unwrap_or_default();
        let excused = honest.iter().flat_map(|no| self.named_by_old_corrections(*no)).collect::<BTreeSet<_>>();
        held.iter_mut().for_each(|all| all.view.retain(|id, _| !excused.contains(id)));
        self.check_agreement(&honest, &held);
        for no in honest.iter().copied() {
            self.look(no);
        }
        let no = honest[self.random.place(honest.len())];
        self.compare(no);
    }

    /// What is named by corrections that were taken back themselves, so long ago that nobody asks for them any more. Who
    /// never got such a correction shows what it replaced; [`may_be_gone`] says why.
    fn named_by_old_corrections(&self, no: usize) -> Vec<ItemId> {
        let channel = self.newsroom.channel();
        let (Some(state), Some(store)) = (self.nodes[no].state(&channel), &self.nodes[no].store) else {
            return Vec::new();
        };
        let items = items(store, &channel).unwrap_or_default();
        let is_old =
            |item: &&StoredItem| item.status == Status::Retracted && may_be_gone(item.header(), state.last_word());
        let articles = items.iter().filter(is_old).filter_map(|item| store.article(item).ok().flatten());
        articles.filter_map(|article| article.corrects).collect()
    }

    /// The contacts of a node.
    pub(super) fn contacts_of(&self, no: usize) -> Vec<u64> {
        let of_node = self.contacts.iter().filter(|(_, contact)| contact.has(no));
        of_node.map(|(contact, _)| *contact).collect()
    }

    /// Pulls over a link on which nothing is lost.
    fn pull(&mut self, client: usize, server: usize) {
        let mut session = self.begin(client);
        loop {
            let polled = session.poll(&mut self.nodes[client]);
            let Some(questions) = self.survive(client, polled) else { break };
            if questions.is_empty() {
                break;
            }
            for question in questions {
                self.check_tag(client, &question, &session.tags.clone());
                let answer = self.nodes[server].serve(&question.path, question.etag.as_deref());
                self.check_answer(server, &question.path, &answer);
                let taken = session.take(&mut self.nodes[client], question.no, answer);
                self.survive(client, taken);
            }
            self.check_session(client, Some(server), &mut session);
        }
        self.end(client, session);
    }

    fn check_agreement(&mut self, honest: &[usize], held: &[All]) {
        let Some((first, others)) = held.split_first() else { return };
        for (other, no) in others.iter().zip(&honest[1..]) {
            if other != first {
                let (here, there) = (format!("{:?}", first.logs), format!("{:?}", other.logs));
                let lacks =
                    first.view.keys().chain(other.view.keys()).find(|id| first.view.get(id) != other.view.get(id));
                let lacks = lacks.map(|id| (*id, first.view.get(id), other.view.get(id)));
                let what = format!("connected nodes {} and {no} differ: {here} and {there}, {lacks:?}", honest[0]);
                self.fail(10, what);
            }
        }
        let numbers = self.newsroom.lineage.number();
        if first.charter != numbers && self.broken != Some(Broken::DiskLies) {
            self.fail(10, format!("charter {numbers} has not reached node {}", honest[0]));
        }
    }
}

/// What must be the same everywhere in the end.
#[derive(PartialEq, Eq)]
struct All {
    charter: u64,
    view: View,
    /// Of each log how many items are here.
    logs: Vec<(LogId, u64)>,
}

/// `open_theft` is a stolen log on which the roots have not decided: a thief who speaks last hides its newest items, and
/// takes back what others wrote.
fn all_of(node: &Node, channel: &ChannelId, open_theft: Option<LogId>) -> All {
    let mut all = All { charter: 0, view: View::new(), logs: Vec::new() };
    let (Some(state), Some(store)) = (node.state(channel), &node.store) else { return all };
    all.charter = state.lineage().number();
    for (log, held) in state.logs().iter().filter(|(log, _)| Some(**log) != open_theft) {
        let expected = state.items_expected(log);
        let items = store.log_items(log, 0, usize::MAX >> 1).unwrap_or_default();
        let good = items.into_iter().filter(|item| item.header().seq < expected);
        all.view.extend(good.map(|item| match item.status {
            Status::Retracted if open_theft.is_some() => (item.id(), Status::Shown),
            status => (item.id(), status),
        }));
        let count = held.headers().count_within(0..expected);
        if count > 0 {
            all.logs.push((*log, count));
        }
    }
    all
}
