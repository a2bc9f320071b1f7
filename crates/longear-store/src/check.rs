//! Looking at everything that is held, byte by byte.

use std::ops::Range;

use longear_core::blob::{BlobHash, Groups as ProvenGroups};
use longear_core::header::Payload;
use longear_core::{Groups, Reason, Run, verify};

use crate::blobs::{BlobError, BlobState};
use crate::error::StoreError;
use crate::journal::Step;
use crate::rooms::RoomError;
use crate::segment::RECORD_FRONT_BYTES;
use crate::store::Store;
use crate::views::StoredItem;

/// Items verified under one signature.
const RUN_ITEMS: usize = 512;

/// Something that is damaged here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which object.
    pub object: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a check went through, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Records read.
    pub records: u64,
    /// Items verified.
    pub items: u64,
    /// Blobs hashed, whole or in part.
    pub blobs: u64,
    /// Notes of rooms verified.
    pub notes: u64,
    /// What is damaged.
    pub findings: Vec<Finding>,
    /// Whether the damage was set aside, to be fetched again.
    pub repaired: bool,
}

/// Says why looking after the store could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A blob.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A room.
    #[error(transparent)]
    Room(#[from] RoomError),
}

impl CheckError {
    /// Whether the folder cannot be written.
    pub fn is_read_only(&self) -> bool {
        match self {
            CheckError::Store(error) => error.is_read_only(),
            CheckError::Blob(error) => error.is_read_only(),
            CheckError::Room(error) => error.is_read_only(),
        }
    }

    /// Whether there is no room left on the disk.
    pub fn is_full(&self) -> bool {
        match self {
            CheckError::Store(error) => error.is_full(),
            CheckError::Blob(error) => error.is_full(),
            CheckError::Room(error) => error.is_full(),
        }
    }
}

impl Store {
    /// Verifies every record, item and blob that is held. Costs one read of everything.
    ///
    /// With `repair` what is damaged is set aside, so that the next sync fetches it again, and the index is made anew.
    /// `progress` is told what is being looked at.
    pub fn check(&self, repair: bool, mut progress: impl FnMut(&str)) -> Result<CheckReport, CheckError> {
        let mut report = CheckReport::default();
        progress("records");
        self.check_records(repair, &mut report)?;
        if repair {
            self.rebuild_index()?;
        }
        progress("items");
        self.check_items(repair, &mut report)?;
        progress("files");
        self.check_blobs(repair, &mut report)?;
        progress("rooms");
        self.check_rooms(repair, &mut report)?;
        report.repaired = repair && !report.findings.is_empty();
        Ok(report)
    }

    fn check_records(&self, repair: bool, report: &mut CheckReport) -> Result<(), StoreError> {
        let _lock = repair.then(|| self.write_lock()).transpose()?;
        let (newest, acknowledged) = self.fresh()?.index.progress()?;
        for segment in self.journal.segments()?.into_iter().filter(|segment| *segment <= newest) {
            let mut walk = self.journal.walk(segment, 0)?;
            // Behind the last acknowledged byte a crash may have left a torn record: nobody was told of it.
            let end = if segment == newest { acknowledged } else { self.journal.length(segment)? };
            while walk.offset() < end {
                match walk.step()? {
                    Some(Step::Record(_)) => report.records += 1,
                    // Half erased, because nobody may write here just now: nothing that is missed.
                    Some(Step::Damaged(stretch)) if self.is_being_erased(segment, &stretch)? => {}
                    Some(Step::Damaged(stretch)) => {
                        self.damaged(segment, stretch.start..stretch.end.min(end), repair, report)?;
                    }
                    None => {
                        self.damaged(segment, walk.rest().start..end, repair, report)?;
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a stretch lies within records that are to be overwritten.
    fn is_being_erased(&self, segment: u32, stretch: &Range<u64>) -> Result<bool, StoreError> {
        let mut at = stretch.start;
        for place in self.fresh()?.index.erasures()?.into_iter().filter(|place| place.segment == segment) {
            if place.offset - RECORD_FRONT_BYTES as u64 == at {
                at = place.offset + u64::from(place.length);
            }
        }
        Ok(at == stretch.end)
    }

    fn damaged(
        &self,
        segment: u32,
        stretch: Range<u64>,
        repair: bool,
        report: &mut CheckReport,
    ) -> Result<(), StoreError> {
        let reason = format!("bytes {} to {} cannot be read as what was written there", stretch.start, stretch.end);
        report.findings.push(Finding { object: format!("segment {segment:08x}"), reason });
        if repair {
            self.journal.void(segment, stretch)?;
        }
        Ok(())
    }

    fn check_items(&self, repair: bool, report: &mut CheckReport) -> Result<(), StoreError> {
        for channel in self.channels()? {
            for log in channel.logs().keys() {
                let mut next = 0;
                loop {
                    let items = self.log_items(log, next, RUN_ITEMS)?;
                    let Some(last) = items.last() else { break };
                    next = last.header().seq + 1;
                    report.items += items.len() as u64;
                    self.check_run(&channel, &items, report);
                    for item in &items {
                        self.check_payload(item, repair, report)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn check_run(&self, channel: &crate::ChannelState, items: &[StoredItem], report: &mut CheckReport) {
        for linked in items.chunk_by(|before, next| Run::links(&before.signed, &next.signed)) {
            let headers = linked.iter().map(|item| item.signed.clone()).collect();
            let run = Run::new(linked[0].opening, headers).and_then(|run| verify(channel.lineage(), run));
            // Items whose charter is not here are not damaged; nobody is shown them either.
            if let Err(reason) = run
                && reason != Reason::UnknownKey
            {
                let (first, last) = (linked[0].header().seq, linked[linked.len() - 1].header().seq);
                let object = format!("items {first} to {last} of log {}", linked[0].log);
                report.findings.push(Finding { object, reason: reason.to_string() });
            }
        }
    }

    fn check_payload(&self, item: &StoredItem, repair: bool, report: &mut CheckReport) -> Result<(), StoreError> {
        let Some(bytes) = self.payload_as_it_is(item)? else { return Ok(()) };
        if let Err(reason) = verify(&item.signed, Payload::new(item.id(), &bytes)) {
            report.findings.push(Finding { object: format!("item {}", item.id()), reason: reason.to_string() });
            if repair {
                let mut batch = self.write()?;
                batch.gone(&item.channel, &item.log, item.header().seq, item.id())?;
                batch.commit()?;
            }
        }
        Ok(())
    }

    fn check_blobs(&self, repair: bool, report: &mut CheckReport) -> Result<(), CheckError> {
        for hash in self.blobs().list()? {
            report.blobs += 1;
            let groups = self.known_groups(hash)?;
            let checked = match self.blobs().check(hash, groups.as_ref()) {
                // Somebody is writing it: what is written is checked as it comes. Or somebody was about to begin with it.
                Err(BlobError::Busy { .. } | BlobError::Absent { .. }) => continue,
                checked => checked?,
            };
            if checked.is_sound() {
                continue;
            }
            let blocks = checked.bad.iter().map(|(_, mask)| u64::from(mask.0.count_ones())).sum::<u64>();
            let reason = format!("{blocks} blocks of 16 KiB are damaged");
            report.findings.push(Finding { object: format!("file {hash}"), reason });
            if repair && matches!(self.blobs().state(hash)?, BlobState::Complete { .. }) {
                self.blobs().demote(hash, groups.as_ref())?;
            }
        }
        Ok(())
    }

    fn check_rooms(&self, repair: bool, report: &mut CheckReport) -> Result<(), RoomError> {
        for venue in self.rooms().held()? {
            let room = self.rooms().room(&venue)?;
            let checked = room.check()?;
            report.notes += checked.notes;
            let is_sound = checked.findings.is_empty();
            let findings = checked.findings.into_iter();
            report.findings.extend(
                findings.map(|(what, reason)| Finding { object: format!("{what} of room {}", venue.room), reason }),
            );
            if repair && !is_sound {
                room.repair()?;
            }
        }
        Ok(())
    }

    /// Group hashes of a blob from an item that names it.
    fn known_groups(&self, hash: BlobHash) -> Result<Option<ProvenGroups>, StoreError> {
        for item in self.items_with_blob(hash.as_bytes())? {
            let files = self.files(&item)?.into_iter().map(|(file, _)| file);
            for rendition in files.filter(|file| file.blob == *hash.as_bytes()) {
                if let Groups::Inline(list) = rendition.groups
                    && let Ok(groups) = ProvenGroups::verify(hash, rendition.size, list)
                {
                    return Ok(Some(groups));
                }
            }
        }
        Ok(None)
    }
}
