//! Notes of rooms: what the sheaves that stand there lack is written as new sheaves, and the list of them last.

use std::collections::HashSet;
use std::sync::Arc;

use longear_core::ChannelId;
use longear_core::holdings::Holdings;
use longear_core::limits::{SHEAF_BYTES_MAX, SHEAF_LIST_BYTES_MAX, SHEAVES_MAX, SHEAVES_OF_DAY_MAX};
use longear_core::room::{DaySum, Note, NoteId, Sheaf, SheafEntry, SheafList, day_of};
use longear_store::{ChannelState, Store, Talk};

use super::Stop;
use super::head::read;
use super::target::{Put, Target};
use crate::rooms::now_ms;
use crate::sync::decisions::{day_sums, sheaf_of};

/// A list that is to be written when all else stands, and sheaves that nobody needs then.
pub(super) struct Listed {
    channel: ChannelId,
    list: SheafList,
    is_new: bool,
    superseded: Vec<SheafEntry>,
}

/// Writes the notes of all rooms of the channels, as far as there is room: the newest days first.
pub(super) fn write(store: &Store, target: &mut Target<'_>, states: &[Arc<ChannelState>]) -> Result<Vec<Listed>, Stop> {
    let mut lists = Vec::new();
    for state in states {
        let today = day_of(state.last_word().unwrap_or(0));
        for talk in store.talks(&state.id(), now_ms())? {
            lists.push(write_room(target, &talk, today)?);
        }
    }
    Ok(lists)
}

/// How much room the lists take.
pub(super) fn lists_room(target: &Target<'_>, lists: &[Listed]) -> u64 {
    let of = |listed: &Listed| listed.list.encode().len() as u64 + target.place().object_overhead_bytes();
    lists.iter().filter(|listed| listed.is_new).map(of).sum()
}

/// Writes the lists, then removes what stands in none of them any more.
pub(super) fn write_lists(target: &mut Target<'_>, lists: Vec<Listed>) -> Result<(), Stop> {
    for Listed { channel, list, is_new, superseded } in lists {
        if !is_new {
            continue;
        }
        let bytes = list.encode();
        if target.replace_bytes(&SheafList::path(&channel, &list.room), &bytes)? == Put::NoRoom {
            target.leave_out(bytes.len() as u64);
            continue;
        }
        for sheaf in superseded {
            target.remove(&SheafList::path_of(&channel, &list.room, &sheaf.name))?;
        }
    }
    Ok(())
}

fn write_room(target: &mut Target<'_>, talk: &Talk, today: u32) -> Result<Listed, Stop> {
    let (channel, room) = (talk.channel(), talk.id());
    let found = read(target, &SheafList::path(&channel, &room), SHEAF_LIST_BYTES_MAX)?;
    let found = found.and_then(|bytes| SheafList::decode(&channel, &room, &bytes).ok());
    let before = found.unwrap_or_else(|| SheafList::new(channel, room));
    let mut writing = Writing { target, talk, list: before.clone(), superseded: Vec::new() };
    writing.drop_expired(today);
    let there = writing.list.days();
    for (day, ours) in day_sums(talk)?.into_iter().rev() {
        let theirs = there.binary_search_by_key(&day, |(day, _)| *day).map_or(DaySum::default(), |at| there[at].1);
        let is_over = talk.terms().is_expired(day, today);
        if ours != theirs && !is_over && !writing.write_day(day)? {
            break;
        }
    }
    let Writing { list, superseded, .. } = writing;
    Ok(Listed { channel, is_new: list != before, list, superseded })
}

/// A room that is being written.
struct Writing<'w, 't> {
    target: &'w mut Target<'t>,
    talk: &'w Talk,
    list: SheafList,
    superseded: Vec<SheafEntry>,
}

impl Writing<'_, '_> {
    fn drop_expired(&mut self, today: u32) {
        let terms = self.talk.terms();
        let is_over = |sheaf: &SheafEntry| terms.is_expired(sheaf.day, today);
        self.superseded.extend(self.list.sheaves.iter().filter(|sheaf| is_over(sheaf)));
        self.list.sheaves.retain(|sheaf| !is_over(sheaf));
    }

    /// Writes what is missing of a day. False if there is no room for all of it.
    fn write_day(&mut self, day: u32) -> Result<bool, Stop> {
        let ours = self.talk.notes.ids_of_day(day)?;
        let standing = self.list.sheaves.iter().filter(|sheaf| sheaf.day == day).copied().collect::<Vec<_>>();
        let mut there = HashSet::new();
        for sheaf in &standing {
            there.extend(self.notes_in(sheaf)?);
        }
        let is_ours = ours.iter().copied().collect::<HashSet<_>>();
        let anew = standing.len() >= SHEAVES_OF_DAY_MAX && there.is_subset(&is_ours);
        let missing = ours.into_iter().filter(|id| anew || !there.contains(id)).collect::<Vec<_>>();
        let written = self.write_sheaves(day, missing)?;
        if anew && written {
            self.list.sheaves.retain(|sheaf| !standing.contains(sheaf));
            // One may have come out the same.
            let gone = standing.into_iter().filter(|old| !self.list.sheaves.iter().any(|new| new.name == old.name));
            self.superseded.extend(gone);
        }
        Ok(written)
    }

    fn write_sheaves(&mut self, day: u32, mut ids: Vec<NoteId>) -> Result<bool, Stop> {
        while !ids.is_empty() {
            let (sheaf, done) = sheaf_of(self.talk, day, &ids)?;
            let Some((entry, bytes)) = sheaf else { return Ok(true) };
            let path = SheafList::path_of(&self.talk.channel(), &self.talk.id(), &entry.name);
            if self.list.sheaves.len() >= SHEAVES_MAX || self.target.put_bytes(&path, &bytes)? != Put::Stands {
                self.target.leave_out(bytes.len() as u64);
                return Ok(false);
            }
            self.list.insert(entry);
            ids.drain(..done);
        }
        Ok(true)
    }

    /// What is in a sheaf that stands there. What cannot be read is as if it were not there.
    fn notes_in(&mut self, sheaf: &SheafEntry) -> Result<Vec<NoteId>, Stop> {
        let path = SheafList::path_of(&self.talk.channel(), &self.talk.id(), &sheaf.name);
        let bytes = read(self.target, &path, SHEAF_BYTES_MAX)?.unwrap_or_default();
        let notes = Sheaf::decode(&self.talk.id(), &bytes).map_or(Vec::new(), |sheaf| sheaf.notes);
        Ok(notes.iter().map(Note::id).collect())
    }
}
