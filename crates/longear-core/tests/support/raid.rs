//! A raid: a delegate's key is seized, and its new owner writes a thousand backdated posts and more. The roots close the log.

use longear_core::keys::Roles;
use longear_core::kind::Kind;
use longear_core::{Charter, ItemId, Statement};

use super::publisher::{HOUR_MS, Log, NOON_MS, Publisher, article, retraction};

/// Posts that Aida wrote before her machine was taken; the charter names the last of them.
pub const GOOD: usize = 40;
/// Where the thief's second branch begins.
const FORK: usize = 20;
/// Backdated posts on each of the two branches.
const BACKDATED: usize = 500;

/// What everybody may get, in any order.
pub struct Raid {
    pub newsroom: Publisher,
    /// The second one closes Aida's log.
    pub charters: [Charter; 2],
    /// Aida's and Bolat's own items.
    pub honest: [Log; 2],
    /// Built by the thief on Aida's items, which they begin with: so many of them are hers.
    pub forged: Vec<(Log, usize)>,
    pub statements: Vec<Statement>,
}

impl Raid {
    pub fn new() -> Self {
        let mut newsroom =
            Publisher::found("Newsroom", &[("Aida", Roles::POST, 0), ("Bolat", Roles::POST.with(Roles::EDIT), 0)]);
        let (mut aida, mut bolat) = (newsroom.log("Aida", 7), newsroom.log("Bolat", 9));
        for number in 0..GOOD {
            aida.post(&format!("Aida {number}"));
        }
        for number in 0..10 {
            bolat.post(&format!("Bolat {number}"));
        }
        // Bolat took one of Aida's posts back, and replaced one: that stands.
        bolat.write(Kind::Retraction, NOON_MS, retraction(vec![aida.ids()[3]]).encode());
        bolat.write(Kind::Post, NOON_MS, article("corrected", Some(aida.ids()[4])).encode());
        let forged = vec![after(&aida, &bolat), (branch(&aida), FORK), (elsewhere(&newsroom), 0)];
        let mut body = newsroom.next_body();
        body.delegates.retain(|entry| entry.key != aida.opening.key);
        body.closings.push(aida.closing(GOOD));
        let second = newsroom.signed(body);
        let charters = [newsroom.lineage.charters()[0].clone(), second.clone()];
        newsroom.apply(second);
        let statements = vec![
            aida.statement(1, vec![]),
            bolat.statement(1, vec![aida.cite(GOOD - 1)]),
            // The thief speaks last and loudest, and vouches for a place in Bolat's log that holds something else.
            forged[0].0.statement(1 << 20, vec![longear_core::Citation { prefix: [7; 16], ..bolat.cite(5) }]),
            forged[1].0.statement(9, vec![]),
            forged[2].0.statement(9, vec![aida.branch(GOOD).cite(2)]),
        ];
        Raid { newsroom, charters, honest: [aida, bolat], forged, statements }
    }

    /// Items that the thief signed.
    pub fn forged_ids(&self) -> Vec<ItemId> {
        self.forged.iter().flat_map(|(log, good)| log.ids().split_off(*good)).collect()
    }
}

/// Goes on where Aida stopped: backdated posts, and everything good taken back or replaced.
fn after(aida: &Log, bolat: &Log) -> (Log, usize) {
    let mut log = aida.clone();
    let good = [aida.ids(), bolat.ids()].concat();
    for number in 0..BACKDATED {
        let time = NOON_MS - (number as u64 % 300 + 1) * HOUR_MS;
        log.write(Kind::Post, time, article(&format!("backdated {number}"), None).encode());
        if number % 25 == 0 {
            let targets = good.iter().skip(number % 7).step_by(3).copied().collect();
            log.write(Kind::Retraction, time, retraction(targets).encode());
            log.write(Kind::Post, time, article("replaced", Some(good[number % good.len()])).encode());
        }
    }
    (log, GOOD)
}

/// Puts others in the place of Aida's last twenty, and goes on.
fn branch(aida: &Log) -> Log {
    let mut log = aida.branch(FORK);
    log.write(Kind::Retraction, NOON_MS, retraction(aida.ids()[..FORK].to_vec()).encode());
    for number in 0..BACKDATED {
        log.write(Kind::Post, NOON_MS - number as u64, article(&format!("instead {number}"), None).encode());
    }
    log
}

/// Another log of the same key.
fn elsewhere(newsroom: &Publisher) -> Log {
    let mut log = newsroom.log("Aida", 8);
    for number in 0..10 {
        log.write(Kind::Post, NOON_MS - HOUR_MS, article(&format!("elsewhere {number}"), None).encode());
    }
    log
}

/// So many orders of arrival as the caller asks for, or a few.
pub fn orders(few: u64) -> u64 {
    std::env::var("LONGEAR_ORDERS").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
}
