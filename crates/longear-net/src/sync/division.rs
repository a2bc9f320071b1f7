//! Who fetches which bytes of a blob. Pure: the carriers' answers go in, the next spans come out.
//!
//! A carrier alone is asked for all that is missing in one request. Where several are free, the first missing bytes are
//! divided among them; who is done early takes over the second half of what another one still has before it. So the
//! fast ones do most, and the slowest holds up nobody.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use longear_core::Intervals;
use longear_core::blob::GROUP_BYTES;
use longear_core::tree::TreePath;

use super::options::SPAN_BYTES_MIN;

/// Bytes of a span that may be on their way to the disk: blocks that wait, of 1 MiB each.
const QUEUED_BYTES_MAX: u64 = 6 << 20;

/// A file in which a carrier may have bytes of the blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BlobFile {
    pub path: TreePath,
    /// The bytes of the blob that it may hold.
    pub covers: Range<u64>,
    /// The longest that the file may be.
    pub bytes_max: u64,
}

/// Bytes of a blob that one carrier is asked for.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub id: u64,
    pub source: usize,
    pub file: BlobFile,
    pub start: u64,
    pub progress: Arc<SpanProgress>,
}

/// How far a span is, and where it ends: another carrier may take its second half over.
#[derive(Debug)]
pub(super) struct SpanProgress {
    at: AtomicU64,
    end: AtomicU64,
    /// The first byte that came, where the answer began before the span, and how far what lies before the span has come.
    early_from: AtomicU64,
    early_at: AtomicU64,
}

impl SpanProgress {
    fn new(bytes: &Range<u64>) -> Self {
        let (at, end) = (bytes.start.into(), bytes.end.into());
        Self { at, end, early_from: bytes.start.into(), early_at: bytes.start.into() }
    }

    /// Notes that bytes come which were not asked for: the answer begins before the span.
    pub fn begin_early(&self, from: u64) {
        self.early_from.store(from, Ordering::Relaxed);
        self.early_at.store(from, Ordering::Relaxed);
    }

    /// Notes how far those have come.
    pub fn advance_early_to(&self, at: u64) {
        self.early_at.store(at, Ordering::Relaxed);
    }

    /// The bytes before the span that came.
    pub fn early(&self) -> Range<u64> {
        self.early_from.load(Ordering::Relaxed)..self.early_at.load(Ordering::Relaxed)
    }

    pub fn at(&self) -> u64 {
        self.at.load(Ordering::Relaxed)
    }

    pub fn end(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    pub fn advance_to(&self, at: u64) {
        self.at.store(at, Ordering::Relaxed);
    }
}

/// What one carrier has of the blob.
#[derive(Debug, Default)]
struct Holding {
    files: Vec<BlobFile>,
    /// Bytes that it gave wrongly: it is not asked for them again.
    barred: Intervals,
    /// Bytes that it gave in this round.
    gave: Intervals,
    busy: bool,
}

/// A span under way.
#[derive(Debug)]
struct UnderWay {
    span: Span,
    /// How far what it gave was noted.
    noted: u64,
    /// The same for what came before its start.
    early_noted: u64,
}

/// Divides a blob among carriers.
#[derive(Debug)]
pub(super) struct Division {
    holdings: Vec<Holding>,
    spans: Vec<UnderWay>,
    next_id: u64,
}

impl Division {
    /// A division among as many carriers as there are lists of files.
    pub fn new(files: Vec<Vec<BlobFile>>) -> Self {
        let holdings = files.into_iter().map(|files| Holding { files, ..Holding::default() }).collect();
        Self { holdings, spans: Vec::new(), next_id: 0 }
    }

    /// The carriers that have something to give and nothing to do.
    pub fn idle(&self) -> Vec<usize> {
        let idle = |(index, holding): (usize, &Holding)| (!holding.busy && !holding.files.is_empty()).then_some(index);
        self.holdings.iter().enumerate().filter_map(idle).collect()
    }

    /// The next span for a carrier; `None` if it has nothing that is wanted. `idle` counts those that wait, itself too.
    pub fn next_span(&mut self, source: usize, wanted: &[Range<u64>], idle: usize) -> Option<Span> {
        let mut open = wanted.iter().cloned().collect::<Intervals>();
        for UnderWay { span, .. } in &self.spans {
            // What came a moment ago is on its way to the disk.
            let at = span.progress.at().saturating_sub(QUEUED_BYTES_MAX).max(span.start);
            open.remove(at..span.progress.end());
        }
        let (file, mut bytes) = match self.first_piece(source, &open) {
            Some(piece) => piece,
            None => self.take_over(source)?,
        };
        let length = bytes.end - bytes.start;
        if idle > 1 && length > SPAN_BYTES_MIN {
            let share = SPAN_BYTES_MIN.max(length / idle as u64);
            bytes.end = bytes.end.min((bytes.start + share).next_multiple_of(GROUP_BYTES));
        }
        let progress = SpanProgress::new(&bytes);
        let span = Span { id: self.next_id, source, file, start: bytes.start, progress: Arc::new(progress) };
        self.next_id += 1;
        self.holdings[source].busy = true;
        self.spans.push(UnderWay { noted: span.start, early_noted: 0, span: span.clone() });
        Some(span)
    }

    /// The first wanted bytes that a carrier may have.
    fn first_piece(&self, source: usize, open: &Intervals) -> Option<(BlobFile, Range<u64>)> {
        let holding = &self.holdings[source];
        let mut open = open.clone();
        holding.barred.ranges().iter().for_each(|barred| open.remove(barred.clone()));
        let pieces = open.ranges().iter().flat_map(|range| {
            holding.files.iter().filter_map(move |file| {
                let bytes = range.start.max(file.covers.start)..range.end.min(file.covers.end);
                (!bytes.is_empty()).then(|| (file.clone(), bytes))
            })
        });
        pieces.min_by_key(|(_, bytes)| (bytes.start, std::cmp::Reverse(bytes.end)))
    }

    /// The second half of the longest span under way, if it is long enough to be worth a request.
    fn take_over(&mut self, source: usize) -> Option<(BlobFile, Range<u64>)> {
        let left = |span: &Span| span.progress.end().saturating_sub(span.progress.at());
        let others = self.spans.iter().map(|under_way| &under_way.span);
        let others = others.filter(|span| span.source != source && left(span) >= 2 * SPAN_BYTES_MIN);
        let longest = others.max_by_key(|span| left(span))?.clone();
        let middle = (longest.progress.at() + left(&longest) / 2).next_multiple_of(GROUP_BYTES);
        let mut half = Intervals::new();
        half.insert(middle..longest.progress.end());
        let (file, bytes) = self.first_piece(source, &half)?;
        if bytes != (middle..longest.progress.end()) {
            return None;
        }
        longest.progress.end.store(middle, Ordering::Relaxed);
        Some((file, bytes))
    }

    /// Notes that a span is over: its carrier gave the bytes up to where it stands.
    pub fn end_span(&mut self, span: &Span) {
        self.note_progress();
        self.spans.retain(|other| other.span.id != span.id);
        self.holdings[span.source].busy = false;
    }

    /// Notes that a carrier's file does not exist, or ends at a byte of the blob.
    pub fn file_ends(&mut self, source: usize, path: &TreePath, at: Option<u64>) {
        let files = &mut self.holdings[source].files;
        for file in files.iter_mut().filter(|file| file.path == *path) {
            file.covers.end = file.covers.end.min(at.unwrap_or(file.covers.start));
        }
        files.retain(|file| !file.covers.is_empty());
    }

    /// Notes that a carrier is not to be asked for this blob any more.
    pub fn leave(&mut self, source: usize) {
        self.holdings[source].files.clear();
    }

    /// The carriers that gave bytes of a range in this round.
    pub fn givers(&mut self, range: &Range<u64>) -> Vec<usize> {
        self.note_progress();
        let gave = |index: &usize| self.holdings[*index].gave.count_within(range.clone()) > 0;
        (0..self.holdings.len()).filter(gave).collect()
    }

    /// The carrier that gave all of a range in this round, if no other gave any of it.
    pub fn sole_giver(&mut self, range: &Range<u64>) -> Option<usize> {
        match self.givers(range)[..] {
            [giver] if self.holdings[giver].gave.covers(range.clone()) => Some(giver),
            _ => None,
        }
    }

    fn note_progress(&mut self) {
        for under_way in &mut self.spans {
            let at = under_way.span.progress.at();
            let early = under_way.span.progress.early();
            let gave = &mut self.holdings[under_way.span.source].gave;
            gave.insert(under_way.noted..at);
            gave.insert(early.start.max(under_way.early_noted)..early.end);
            under_way.noted = at.max(under_way.noted);
            under_way.early_noted = early.end.max(under_way.early_noted);
        }
    }

    /// Forgets who gave a range: it will be fetched again.
    pub fn forget(&mut self, range: &Range<u64>) {
        self.holdings.iter_mut().for_each(|holding| holding.gave.remove(range.clone()));
    }

    /// Never asks a carrier for a range again.
    pub fn bar(&mut self, source: usize, range: Range<u64>) {
        self.holdings[source].barred.insert(range);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn whole(size: u64) -> Vec<BlobFile> {
        vec![BlobFile { path: TreePath::Blob { hash: [1; 32] }, covers: 0..size, bytes_max: size }]
    }

    fn bytes(span: &Span) -> Range<u64> {
        span.progress.at()..span.progress.end()
    }

    #[test]
    fn a_carrier_alone_gets_all_in_one_request() {
        let mut division = Division::new(vec![whole(100 * MIB)]);
        let span = division.next_span(0, &[3 * MIB..100 * MIB], 1).unwrap();
        assert_eq!(bytes(&span), 3 * MIB..100 * MIB);
        assert!(division.idle().is_empty());
    }

    #[test]
    fn two_share_and_the_faster_one_takes_over() {
        let mut division = Division::new(vec![whole(100 * MIB), whole(100 * MIB)]);
        let wanted = [0..100 * MIB];
        let slow = division.next_span(0, &wanted, 2).unwrap();
        let fast = division.next_span(1, &wanted, 1).unwrap();
        assert_eq!((bytes(&slow), bytes(&fast)), (0..50 * MIB, 50 * MIB..100 * MIB));
        fast.progress.advance_to(100 * MIB);
        division.end_span(&fast);
        slow.progress.advance_to(10 * MIB);
        let more = division.next_span(1, &[10 * MIB..50 * MIB], 1).unwrap();
        assert_eq!((bytes(&slow), bytes(&more)), (10 * MIB..30 * MIB, 30 * MIB..50 * MIB));
    }

    #[test]
    fn little_is_not_divided() {
        let mut division = Division::new(vec![whole(9 * MIB), whole(9 * MIB)]);
        let wanted = [0..SPAN_BYTES_MIN];
        assert_eq!(bytes(&division.next_span(0, &wanted, 2).unwrap()), 0..SPAN_BYTES_MIN);
        assert!(division.next_span(1, &wanted, 1).is_none());
    }

    #[test]
    fn parts_that_overlap_or_end_early_are_used_as_far_as_they_go() {
        let part = |start: u64, end: u64| BlobFile {
            path: TreePath::BlobPart { hash: [1; 32], start_mib: start as u32 },
            covers: start * MIB..end * MIB,
            bytes_max: MIB << 10,
        };
        let mut division = Division::new(vec![vec![part(0, 20), part(5, 30)]]);
        let first = division.next_span(0, &[0..40 * MIB], 1).unwrap();
        assert_eq!(bytes(&first), 0..20 * MIB);
        first.progress.advance_to(7 * MIB);
        division.end_span(&first);
        division.file_ends(0, &first.file.path, Some(7 * MIB));
        let second = division.next_span(0, &[7 * MIB..40 * MIB], 1).unwrap();
        assert_eq!(bytes(&second), 7 * MIB..30 * MIB);
        second.progress.advance_to(30 * MIB);
        division.end_span(&second);
        assert!(division.next_span(0, &[30 * MIB..40 * MIB], 1).is_none());
    }

    /// A liar answered with the whole file instead of a part of it: what it spoiled before that part was held against the
    /// honest carrier that gave the rest.
    #[test]
    fn bytes_that_were_not_asked_for_are_their_givers_too() {
        let mut division = Division::new(vec![whole(100 * MIB), whole(100 * MIB)]);
        let honest = division.next_span(0, &[0..100 * MIB], 2).unwrap();
        let liar = division.next_span(1, &[0..100 * MIB], 1).unwrap();
        assert_eq!(bytes(&liar), 50 * MIB..100 * MIB);
        honest.progress.advance_to(2 * MIB);
        liar.progress.begin_early(0);
        liar.progress.advance_early_to(MIB);
        assert_eq!((division.givers(&(0..MIB)), division.sole_giver(&(0..MIB))), (vec![0, 1], None));
        assert_eq!(division.sole_giver(&(MIB..2 * MIB)), Some(0));
        division.forget(&(0..MIB));
        assert!(division.givers(&(0..MIB)).is_empty());
    }

    #[test]
    fn who_gave_damage_is_not_asked_for_it_again() {
        let mut division = Division::new(vec![whole(4 * MIB), whole(4 * MIB)]);
        let span = division.next_span(0, &[0..4 * MIB], 1).unwrap();
        span.progress.advance_to(2 * MIB);
        let group = MIB..2 * MIB;
        assert_eq!((division.givers(&group), division.sole_giver(&group)), (vec![0], Some(0)));
        let longer = MIB..2 * MIB + 1;
        assert_eq!((division.givers(&longer), division.sole_giver(&longer)), (vec![0], None));
        division.end_span(&span);
        division.forget(&group);
        division.bar(0, group.clone());
        assert!(division.givers(&group).is_empty());
        assert!(division.next_span(0, std::slice::from_ref(&group), 1).is_none());
        assert_eq!(bytes(&division.next_span(1, std::slice::from_ref(&group), 1).unwrap()), group);
    }
}
