//! Machines: switched on, without power, with a full or failing disk, with a clock that jumps.

use std::io::ErrorKind;

use longear_store::backend::{Fault, Survivors};

use super::{Event, World};
use crate::clock::SKEW_MS_MAX;

/// How long a disk stays full.
const FAULT_LASTS_MS: u64 = 600_000;

impl World {
    /// Switches all machines on, and hands the first charter to those who publish.
    pub(super) fn switch_on(&mut self) {
        let channel = self.newsroom.channel();
        let founding = self.newsroom.lineage.charters()[0].clone();
        for no in 0..self.nodes.len() {
            let opened = self.nodes[no].open(self.broken).and_then(|()| self.nodes[no].follow(&channel));
            self.survive(no, opened);
            if self.nodes[no].delegate.is_some() {
                self.hand_out(no, founding.clone());
            }
        }
    }

    /// Cuts the power.
    pub(super) fn crash(&mut self, no: usize, away_ms: u64) {
        if self.nodes[no].store.is_none() {
            return;
        }
        self.leave(no);
        let survivors = match self.random.below(3) {
            0 => Survivors::SyncedOnly,
            1 => Survivors::All,
            _ => Survivors::Some { seed: self.random.number() },
        };
        self.note(format_args!("node {no} has no power for {away_ms} ms, {survivors:?} survive"));
        self.counts.crashes += 1;
        let before = self.memory_of(no);
        self.nodes[no].store = None;
        self.nodes[no].disk.cut_power(survivors);
        self.nodes[no].is_faulty = false;
        // Looked at once at once, so that what is lost by the cut is told from what is lost later.
        let opened = self.nodes[no].open(self.broken);
        self.survive(no, opened);
        self.check_memory(no, before);
        self.nodes[no].has_failed = false;
        if away_ms > 0 {
            self.nodes[no].store = None;
            self.clock.after(away_ms, Event::Restart { node: no });
        }
    }

    pub(super) fn restart(&mut self, no: usize) {
        if self.nodes[no].store.is_none() {
            self.note(format_args!("node {no} is on again"));
            let opened = self.nodes[no].open(self.broken);
            self.survive(no, opened);
            self.register_own(no);
            self.look(no);
        }
    }

    /// Ends the contacts of a node.
    fn leave(&mut self, no: usize) {
        for contact in self.contacts_of(no) {
            self.part(contact);
        }
    }

    pub(super) fn disk_fails(&mut self, no: usize) {
        let (kind, is_full) = match self.random.below(2) {
            0 => (ErrorKind::StorageFull, true),
            _ => (ErrorKind::Other, self.random.chance(30)),
        };
        let at = self.nodes[no].disk.operation_count() + self.random.below(12);
        let fault = if is_full { Fault::From { at, kind } } else { Fault::Once { at, kind } };
        self.note(format_args!("the disk of node {no} will fail: {fault:?}"));
        self.nodes[no].disk.set_faults(&[fault]);
        self.nodes[no].is_faulty = true;
        self.clock.after(FAULT_LASTS_MS, Event::DiskIsMended { node: no });
    }

    pub(super) fn disk_is_mended(&mut self, no: usize) {
        self.note(format_args!("the disk of node {no} works again"));
        self.nodes[no].disk.set_faults(&[]);
        self.nodes[no].is_faulty = false;
    }

    /// Somebody sets a clock, or a battery runs out.
    pub(super) fn clock_jumps(&mut self, no: usize) {
        let before = self.seen_by(no);
        self.nodes[no].skew_ms = self.random.below(2 * SKEW_MS_MAX) as i64 - SKEW_MS_MAX as i64;
        let skew_ms = self.nodes[no].skew_ms;
        self.note(format_args!("the clock of node {no} jumps to {skew_ms} ms off"));
        let after = self.seen_by(no);
        if before != after {
            self.fail(4, format!("node {no} shows {} items instead of {} by another clock", after.len(), before.len()));
        }
    }
}
