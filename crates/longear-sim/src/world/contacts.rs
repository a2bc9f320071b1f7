//! Two nodes in contact: messages on a link that loses, delays, reorders, repeats and ends.

use longear_net::sync::decisions::SourceMemory;

use super::{Event, World};
use crate::broken::Broken;
use crate::node::{Answer, Side};
use crate::session::{Question, Session};

/// How long is waited for an answer.
const PATIENCE_MS: u64 = 3_000;

/// The pause between two rounds of a long contact.
const PAUSE_MS: u64 = 60_000;

/// What is between two nodes.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// How long the contact lasts.
    pub lasts_ms: u64,
    /// The least time a message takes; it may take three times as long, so that later ones overtake it.
    pub latency_ms: u64,
    /// Bytes that go through in a second.
    pub bytes_per_s: u64,
    /// Messages that get lost, in percent.
    pub loss: u64,
    /// Messages that come twice, in percent.
    pub repeats: u64,
}

/// What goes over a link.
#[derive(Clone)]
pub enum Message {
    Question(Question),
    Answer { question: u64, answer: Answer },
}

/// A contact under way.
pub struct Contact {
    /// The two nodes; each pulls from the other.
    ends: [usize; 2],
    link: Link,
    ends_ms: u64,
    sessions: [Option<Session>; 2],
    has_waited: [bool; 2],
}

impl Contact {
    /// Whether a node is one of the two.
    pub fn has(&self, no: usize) -> bool {
        self.ends.contains(&no)
    }
}

impl World {
    pub(super) fn meet(&mut self, a: usize, b: usize, link: Link) {
        if self.nodes[a].store.is_none() || self.nodes[b].store.is_none() {
            return;
        }
        self.contacts_made += 1;
        self.counts.contacts += 1;
        let no = self.contacts_made;
        self.note(format_args!("contact {no} of {a} and {b}, {} ms", link.lasts_ms));
        let ends_ms = self.clock.now_ms() + link.lasts_ms;
        let sessions = [a, b].map(|client| Some(self.begin(client)));
        self.contacts.insert(no, Contact { ends: [a, b], link, ends_ms, sessions, has_waited: [false; 2] });
        self.clock.after(link.lasts_ms, Event::Part { contact: no });
        self.go_on(no, 0);
        self.go_on(no, 1);
    }

    /// A session that knows nothing of other contacts.
    pub(super) fn begin(&mut self, client: usize) -> Session {
        let mut memory = SourceMemory::default();
        memory.begin_round(self.random.number());
        match self.broken {
            Some(Broken::TagsAreKept) => {
                memory = self.nodes[client].kept_memory.take().unwrap_or_default();
                memory.begin_round(client as u64);
            }
            Some(Broken::NeverAskedAgain) => {
                let kept = self.nodes[client].kept_memory.take().unwrap_or_default();
                memory.absent_packs = kept.absent_packs;
                memory.broken_packs = kept.broken_packs;
                memory.damaged_packs = kept.damaged_packs;
            }
            _ => {}
        }
        Session::new(self.newsroom.channel(), memory, None, self.broken)
    }

    /// Puts the questions that a session has now.
    fn go_on(&mut self, no: u64, side: usize) {
        let Some(mut session) = self.contacts.get_mut(&no).and_then(|contact| contact.sessions[side].take()) else {
            return;
        };
        let [client, server] = self.ends(no, side);
        let polled = session.poll(&mut self.nodes[client]);
        let questions = self.survive(client, polled);
        self.check_session(client, Some(server), &mut session);
        if questions.is_none() {
            session.set_aside = Some("the disk here failed");
        }
        let is_done = session.is_done();
        let tags = session.tags.clone();
        if let Some(contact) = self.contacts.get_mut(&no) {
            contact.sessions[side] = Some(session);
        }
        for question in questions.into_iter().flatten() {
            self.check_tag(client, &question, &tags);
            self.put(no, side, question);
        }
        if is_done {
            self.clock.after(PAUSE_MS, Event::Again { contact: no, side });
        }
    }

    fn ends(&self, no: u64, side: usize) -> [usize; 2] {
        let ends = self.contacts[&no].ends;
        [ends[side], ends[1 - side]]
    }

    fn put(&mut self, no: u64, side: usize, question: Question) {
        let number = question.no;
        self.note(format_args!("contact {no}.{side} asks {}", question.path));
        self.send(no, side, Message::Question(question), 100);
        self.clock.after(PATIENCE_MS, Event::Overdue { contact: no, side, question: number });
    }

    /// Gives a message to the link. `side` is that of the session that it belongs to.
    fn send(&mut self, no: u64, side: usize, message: Message, bytes: u64) {
        let Some((link, ends_ms)) = self.contacts.get(&no).map(|contact| (contact.link, contact.ends_ms)) else {
            return;
        };
        let copies = 1 + u64::from(self.random.chance(link.repeats)) - u64::from(self.random.chance(link.loss));
        for _ in 0..copies.min(2) {
            let transfer_ms = bytes * 1_000 / link.bytes_per_s;
            let delay_ms = link.latency_ms + self.random.below(2 * link.latency_ms + 1);
            let left_ms = ends_ms - self.clock.now_ms();
            let (message, delay_ms) = match &message {
                Message::Answer { question, answer: Answer::Bytes { bytes, etag, .. } }
                    if delay_ms < left_ms && delay_ms + transfer_ms >= left_ms =>
                {
                    // The contact ends in the middle: its first bytes are there.
                    let share = (bytes.len() as u64 * (left_ms - delay_ms) / transfer_ms.max(1)) as usize;
                    let bytes = bytes[..share.min(bytes.len().saturating_sub(1))].to_vec();
                    self.counts.cut_off += 1;
                    let answer = Answer::Bytes { bytes, is_whole: false, etag: etag.clone() };
                    (Message::Answer { question: *question, answer }, left_ms - 1)
                }
                whole => (whole.clone(), delay_ms + transfer_ms),
            };
            if delay_ms < left_ms {
                self.clock.after(delay_ms, Event::Arrive { contact: no, side, message });
            }
        }
    }

    pub(super) fn arrive(&mut self, no: u64, side: usize, message: Message) {
        if !self.contacts.contains_key(&no) {
            return;
        }
        let [client, server] = self.ends(no, side);
        match message {
            Message::Question(question) => {
                let mut answer = self.nodes[server].serve(&question.path, question.etag.as_deref());
                if self.nodes[server].side == Side::Liar {
                    answer = self.lie(&question.path, answer);
                }
                self.check_answer(server, &question.path, &answer);
                if answer == Answer::Lost {
                    return;
                }
                let bytes = if let Answer::Bytes { bytes, .. } = &answer { bytes.len() as u64 } else { 100 };
                self.send(no, side, Message::Answer { question: question.no, answer }, bytes);
            }
            Message::Answer { question, answer } => {
                let Some(mut session) = self.contacts.get_mut(&no).and_then(|contact| contact.sessions[side].take())
                else {
                    return;
                };
                let size = if let Answer::Bytes { bytes, .. } = &answer { bytes.len() } else { 0 };
                let taken = session.take(&mut self.nodes[client], question, answer);
                self.note(format_args!("contact {no}.{side} takes {size} bytes, {} news", session.news));
                let taken = self.survive(client, taken);
                self.check_session(client, Some(server), &mut session);
                if taken.is_none() {
                    session.set_aside = Some("the disk here failed");
                }
                if let Some(contact) = self.contacts.get_mut(&no) {
                    contact.sessions[side] = Some(session);
                }
                self.go_on(no, side);
            }
        }
    }

    pub(super) fn overdue(&mut self, no: u64, side: usize, question: u64) {
        let Some(session) = self.contacts.get_mut(&no).and_then(|contact| contact.sessions[side].as_mut()) else {
            return;
        };
        let Some(question) = session.repeat(question) else { return };
        let wait = session.memory.jitter();
        let [client, _] = self.ends(no, side);
        let first = self.contacts.get_mut(&no).map(|contact| !std::mem::replace(&mut contact.has_waited[side], true));
        if first == Some(true) && !self.waits.insert((client, wait.to_bits())) {
            self.fail(9, format!("node {client} waited as long as in another contact"));
        }
        self.note(format_args!("contact {no}.{side} repeats {}", question.path));
        self.put(no, side, question);
    }

    pub(super) fn begin_again(&mut self, no: u64, side: usize) {
        let seed = self.random.number();
        let Some(session) = self.contacts.get_mut(&no).and_then(|contact| contact.sessions[side].as_mut()) else {
            return;
        };
        if session.is_done() {
            session.memory.begin_round(seed);
            session.begin_round();
            self.go_on(no, side);
        }
    }

    pub(super) fn part(&mut self, no: u64) {
        let Some(contact) = self.contacts.remove(&no) else { return };
        self.note(format_args!("contact {no} ends"));
        for (side, session) in contact.sessions.into_iter().enumerate() {
            let client = contact.ends[side];
            if let Some(session) = session {
                self.end(client, session);
            }
            self.look(client);
        }
    }

    /// Lets go of a session; a broken build remembers.
    pub(super) fn end(&mut self, client: usize, session: Session) {
        if matches!(self.broken, Some(Broken::TagsAreKept | Broken::NeverAskedAgain)) {
            self.nodes[client].kept_memory = Some(session.memory);
        }
    }

    /// What a liar says instead.
    fn lie(&mut self, path: &longear_core::tree::TreePath, answer: Answer) -> Answer {
        let Answer::Bytes { mut bytes, is_whole, etag } = answer else { return answer };
        if self.random.chance(40) || bytes.is_empty() {
            return Answer::Bytes { bytes, is_whole, etag };
        }
        self.counts.lies += 1;
        self.note(format_args!("a lie about {path}"));
        match self.random.below(6) {
            0 => return Answer::Absent,
            1 => bytes.truncate(self.random.place(bytes.len())),
            2 => {
                let place = self.random.place(bytes.len());
                bytes[place] ^= 1 << self.random.below(8);
            }
            3 => {
                // The end of something with the beginning of something else.
                let from = self.random.place(bytes.len());
                let noise = self.random.number().to_le_bytes();
                bytes.iter_mut().skip(from).zip(noise.iter().cycle()).for_each(|(byte, noise)| *byte = *noise);
            }
            4 => bytes.extend_from_slice(&[0; 64]),
            _ => {
                // The same words as long ago, or those of another place.
                let stick = self.sticks.iter().find_map(|stick| stick.any(path));
                bytes = stick.unwrap_or_else(|| bytes.iter().rev().copied().collect());
            }
        }
        let etag = etag.map(|_| format!("\"{:016x}\"", self.random.number()));
        Answer::Bytes { bytes, is_whole: true, etag }
    }
}
