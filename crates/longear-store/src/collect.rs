//! Deleting what was taken back, thirty days later. The rule is [`longear_core::deletion`]'s; here it is carried out.
//!
//! In this order, so that a crash at any moment leaves something that the next run goes on with:
//!
//! 1. The item's files are removed, durably. Its payload still tells which they are.
//! 2. A batch notes that the payload is deleted, and which records hold it.
//! 3. Those records are overwritten with zeros and synced; then their room is given back to the file system.
//! 4. The index forgets that there is something to be erased. Where it is lost, the third step is done again.

use longear_core::blob::BlobHash;
use longear_core::bytes::Writer;
use longear_core::deletion::{Clocks, Copy, FileUse, Held, Noted, Step, file_may_go, next_step};
use longear_core::holdings::Holdings;
use longear_core::{ChannelId, Groups, ItemId, Kind, LogId};

use crate::batch::Batch;
use crate::blobs::BlobError;
use crate::check::CheckError;
use crate::error::StoreError;
use crate::index::ItemRow;
use crate::segment::{Place, RecordKind};
use crate::store::{Inner, Store};
use crate::views::StoredItem;

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Items whose payload was deleted.
    pub items: u64,
    /// Files that were deleted.
    pub files: u64,
    /// Items that are the channel's word again after their payload was deleted: they count as missing now.
    pub restored: u64,
}

/// An item, and what is to be done about it.
struct Task {
    item: StoredItem,
    step: Step,
    /// The files of the item that nobody else needs.
    files: Vec<BlobHash>,
    /// Records that hold the payload.
    records: Vec<Place>,
}

impl Store {
    /// Deletes what was taken back more than thirty days ago, by this machine's clock and by the channel's.
    ///
    /// Also removes the edges of broadcasts that are over: their roll-ups are here.
    ///
    /// Costs a look at every item that is taken back, and nothing more where there is nothing to do. What was taken back for
    /// the first time is noted; what is the channel's word again after it was deleted counts as missing again. A file that
    /// somebody is writing just now is left for the next time, with its item.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use longear_store::{Collected, Store, StoreOptions};
    /// # use longear_store::backend::MemoryBackend;
    /// # let store = Store::open_with(StoreOptions { backend: Arc::new(MemoryBackend::new()), index: None })?;
    /// let now_ms = 1_781_524_800_000;
    /// assert_eq!(store.collect(now_ms)?, Collected::default());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn collect(&self, device_ms: u64) -> Result<Collected, CheckError> {
        self.remove_old_edges()?;
        let is_idle = {
            let mut inner = self.fresh()?;
            self.tasks(&mut inner, device_ms)?.is_empty()
                && inner.index.erasures().map_err(StoreError::from)?.is_empty()
        };
        let mut collected = Collected::default();
        if is_idle {
            return Ok(collected);
        }
        let mut batch = self.write()?;
        // Once more, now that nobody else writes: a charter may have come that changes everything.
        for task in self.tasks(&mut batch.inner, device_ms)? {
            self.carry_out(&mut batch, &task, &mut collected)?;
        }
        batch.commit()?;
        let _lock = self.write_lock()?;
        let inner = self.lock();
        self.finish_erasures(&inner)?;
        Ok(collected)
    }

    /// Overwrites what is noted as deleted and still stands in the segments. The write lock is held.
    pub(crate) fn finish_erasures(&self, inner: &Inner) -> Result<(), StoreError> {
        let places = inner.index.erasures()?;
        for of_segment in places.chunk_by(|one, next| one.segment == next.segment) {
            let file = self.journal.open_to_erase(of_segment[0].segment)?;
            let mut erased = Vec::new();
            for place in of_segment {
                if self.journal.erase(&*file, *place)? {
                    erased.push(*place);
                }
            }
            file.sync_data()?;
            // Only now: giving room back says nothing about the bytes that stood there.
            erased.iter().for_each(|place| file.give_back(place.offset..place.offset + u64::from(place.length)));
        }
        if !places.is_empty() {
            inner.index.run("DELETE FROM erasures", [])?;
        }
        Ok(())
    }

    /// What is to be done, about every item of which something was taken back, noted or deleted.
    fn tasks(&self, inner: &mut Inner, device_ms: u64) -> Result<Vec<Task>, StoreError> {
        let mut steps = Vec::new();
        for row in inner.index.taken_rows()? {
            if let Some((item, noted)) = self.looked_at(inner, &row)? {
                let step = self.step(inner, &item, &row, noted, device_ms)?;
                steps.push((item, row, step));
            }
        }
        let due = |step: &Step| matches!(step, Step::Delete | Step::DeleteFiles);
        let all_due = steps.iter().filter(|(.., step)| due(step)).map(|(item, ..)| item.id()).collect::<Vec<_>>();
        let mut tasks = Vec::new();
        for (item, row, step) in steps {
            let mut files = if due(&step) { self.files_to_go(inner, &item, &all_due)? } else { Vec::new() };
            // With the payload files go even where nothing of them is left: an earlier attempt may have failed after the
            // removal, before it was durable. Where the payload has gone, that would be a task without an end.
            if step == Step::DeleteFiles {
                files.retain(|file| self.blobs().holds_anything(*file));
            }
            let records = if step == Step::Delete { inner.index.payload_records(&row)? } else { Vec::new() };
            let is_task = match step {
                Step::Nothing => false,
                Step::DeleteFiles => !files.is_empty(),
                _ => true,
            };
            if is_task {
                tasks.push(Task { item, step, files, records });
            }
        }
        Ok(tasks)
    }

    fn looked_at(&self, inner: &mut Inner, row: &ItemRow) -> Result<Option<(StoredItem, Option<Noted>)>, StoreError> {
        let noted = inner.index.noted(row.at)?;
        Ok(self.stored(inner, row)?.map(|item| (item, noted)))
    }

    fn step(
        &self,
        inner: &Inner,
        item: &StoredItem,
        row: &ItemRow,
        noted: Option<Noted>,
        device_ms: u64,
    ) -> Result<Step, StoreError> {
        let copy = match (row.deleted, row.payload) {
            (true, _) => Copy::Deleted,
            (false, None) => Copy::Missing,
            (false, Some(_)) => Copy::Here,
        };
        let names_others = item.header().kind == Kind::Retraction || inner.index.takes_others_back(row.at)?;
        let held = Held { taken_back_by: item.retracted_by, noted, copy, names_others };
        let channel_ms = inner.states.get(&item.channel).and_then(|state| state.last_word());
        Ok(next_step(&held, Clocks { device_ms, channel_ms }))
    }

    /// The files of an item that go with it, with the lists of their groups.
    fn files_to_go(&self, inner: &mut Inner, item: &StoredItem, due: &[ItemId]) -> Result<Vec<BlobHash>, StoreError> {
        let mut files = Vec::new();
        for (rendition, _) in self.files(item)? {
            let users = self.users_of(inner, &rendition.blob)?;
            let uses = users.iter().map(|user| FileUse {
                status: user.status,
                is_followed: inner.states.get(&user.channel).is_some_and(|state| state.is_followed()),
                is_due: due.contains(&user.id()),
            });
            if file_may_go(uses) {
                let list = if let Groups::Blob(list) = rendition.groups { Some(list) } else { None };
                files.extend([rendition.blob].into_iter().chain(list).map(BlobHash::from_bytes));
            }
        }
        files.sort_unstable();
        files.dedup();
        Ok(files)
    }

    fn carry_out(&self, batch: &mut Batch<'_>, task: &Task, collected: &mut Collected) -> Result<(), CheckError> {
        for file in &task.files {
            match self.blobs().remove(*file) {
                // Whoever is at work on it lets go one day.
                Err(BlobError::Busy { .. }) => return Ok(()),
                removed => collected.files += u64::from(removed?),
            }
        }
        let item = &task.item;
        let (channel, log, seq, id) = (item.channel, item.log, item.header().seq, item.id());
        match task.step {
            Step::Nothing | Step::DeleteFiles => {}
            Step::Note { since } => {
                let noted = item.retracted_by.map(|by| Noted { by, since });
                batch.taken(&channel, &log, seq, id, noted)?;
            }
            Step::Forget => batch.taken(&channel, &log, seq, id, None)?,
            Step::Delete => {
                batch.delete(&channel, &log, seq, id, &task.records)?;
                collected.items += 1;
            }
            Step::Restore => {
                batch.gone(&channel, &log, seq, id)?;
                collected.restored += 1;
            }
        }
        Ok(())
    }
}

impl Batch<'_> {
    /// Notes since when an item is taken back, or that it is so no longer.
    fn taken(
        &mut self,
        channel: &ChannelId,
        log: &LogId,
        seq: u64,
        item: ItemId,
        noted: Option<Noted>,
    ) -> Result<(), StoreError> {
        let mut more = Writer::new();
        if let Some(Noted { by, since }) = noted {
            more.raw(&by.0).u64(since);
        }
        let parts: [&[u8]; 5] = [&channel.0, &log.0, &seq.to_le_bytes(), &item.0, &more.into_bytes()];
        self.append(RecordKind::Taken, &parts)?;
        let (state, indexing) = self.parts(channel)?;
        match state.logs.get(log) {
            Some(log) => indexing.taken(log, seq, noted),
            None => Ok(()),
        }
    }

    /// Notes that the payload of an item is deleted; these records are erased after the commit.
    fn delete(
        &mut self,
        channel: &ChannelId,
        log: &LogId,
        seq: u64,
        item: ItemId,
        records: &[Place],
    ) -> Result<(), StoreError> {
        let mut more = Writer::new();
        more.u8(records.len() as u8);
        for place in records {
            more.u32(place.segment).u64(place.offset).u32(place.length);
        }
        let parts: [&[u8]; 5] = [&channel.0, &log.0, &seq.to_le_bytes(), &item.0, &more.into_bytes()];
        self.append(RecordKind::Gone, &parts)?;
        let (state, mut indexing) = self.parts(channel)?;
        match state.logs.get_mut(log) {
            Some(log) => indexing.deleted(log, seq, records),
            None => Ok(()),
        }
    }
}
