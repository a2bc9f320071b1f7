//! The mutable object of a channel. Specified in `docs/spec/head.md`.

use crate::bytes::{Reader, Writer, ascends};
use crate::id::{ChannelId, CharterHash, LogId};
use crate::limits::{FORKS_LISTED_MAX, HEAD_BYTES_MAX, HEAD_STATEMENTS_MAX};
use crate::reason::Reason;
use crate::sorted::SortedMap;
use crate::statement::Statement;

/// Newest charter and statements that a carrier holds. Itself unsigned: its parts are checked one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The channel.
    pub channel: ChannelId,
    /// Number of the newest charter.
    pub charter: u64,
    /// Its hash.
    pub charter_hash: CharterHash,
    /// One for each log.
    pub statements: SortedMap<LogId, Statement>,
    /// Logs with a fork proof, ascending.
    pub forks: Vec<LogId>,
}

impl Head {
    /// A head that knows nothing.
    pub fn empty(channel: ChannelId) -> Self {
        let charter_hash = CharterHash([0; 32]);
        Head { channel, charter: 0, charter_hash, statements: SortedMap::new(), forks: Vec::new() }
    }

    /// Takes in a statement; the winner of its log stays, and at most 64 logs: those of the newest time.
    pub fn insert(&mut self, statement: Statement) {
        let log = statement.log(&self.channel);
        match self.statements.get(&log) {
            Some(held) if !statement.supersedes(held) => return,
            _ => self.statements.insert(log, statement),
        };
        self.shrink();
    }

    /// Merges another head of the same channel: commutative, idempotent, and associative while no more than 64 logs have
    /// statements. A head of another channel changes nothing.
    pub fn merge(&mut self, other: &Head) {
        if other.channel != self.channel {
            return;
        }
        let theirs = (other.charter, core::cmp::Reverse(other.charter_hash));
        if theirs > (self.charter, core::cmp::Reverse(self.charter_hash)) {
            (self.charter, self.charter_hash) = (other.charter, other.charter_hash);
        }
        for (log, statement) in &other.statements {
            match self.statements.get(log) {
                Some(held) if !statement.supersedes(held) => {}
                _ => drop(self.statements.insert(*log, statement.clone())),
            }
        }
        self.shrink();
        self.forks.extend_from_slice(&other.forks);
        self.forks.sort_unstable();
        self.forks.dedup();
        self.forks.truncate(FORKS_LISTED_MAX);
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.raw(b"LEH").u8(1).raw(&self.channel.0).u64(self.charter).raw(&self.charter_hash.0);
        out.u8(self.statements.len() as u8);
        self.statements.values().fold(&mut out, |out, statement| out.raw(&statement.encode()));
        out.u8(self.forks.len() as u8);
        self.forks.iter().fold(&mut out, |out, log| out.raw(&log.0));
        out.into_bytes()
    }

    /// Reads a head of `channel`. Nothing in it is verified yet.
    pub fn decode(channel: &ChannelId, bytes: &[u8]) -> Result<Self, Reason> {
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(Reason::TooLong { what: "head", max: HEAD_BYTES_MAX });
        }
        let mut input = Reader::new(bytes);
        input.magic(b"LEH", "a head")?;
        if input.array()? != channel.0 {
            return Err(Reason::WrongChannel);
        }
        let charter = input.u64()?;
        if charter == 0 {
            return Err(Reason::BadValue { what: "charter number" });
        }
        let charter_hash = CharterHash(input.array()?);
        let count = usize::from(input.u8()?);
        if count > HEAD_STATEMENTS_MAX {
            return Err(Reason::TooMany { what: "statements", max: HEAD_STATEMENTS_MAX });
        }
        let (mut statements, mut last) = (SortedMap::new(), None);
        for _ in 0..count {
            let statement = Statement::read(&mut input)?;
            statement.check_citations(channel)?;
            let log = statement.log(channel);
            ascends(&mut last, log, "order of statements")?;
            statements.insert(log, statement);
        }
        let count = usize::from(input.u8()?);
        if count > FORKS_LISTED_MAX {
            return Err(Reason::TooMany { what: "forks", max: FORKS_LISTED_MAX });
        }
        let (mut forks, mut last) = (Vec::with_capacity(count), None);
        for _ in 0..count {
            let log = LogId(input.array()?);
            ascends(&mut last, log, "order of forks")?;
            forks.push(log);
        }
        input.finish()?;
        Ok(Head { channel: *channel, charter, charter_hash, statements, forks })
    }

    fn shrink(&mut self) {
        while self.statements.len() > HEAD_STATEMENTS_MAX {
            let oldest = self.statements.iter().min_by_key(|(log, word)| (word.time, core::cmp::Reverse(**log)));
            let Some(oldest) = oldest.map(|(log, _)| *log) else { return };
            self.statements.remove(&oldest);
        }
    }
}
