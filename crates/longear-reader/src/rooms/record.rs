//! What the reader gives of a channel's rooms.

use longear_core::room::{Decisions, Opening, RoomId, Seen};
use longear_core::{Header, Kind, SignedHeader, SortedMap};

/// Bytes before the items.
const FRONT_BYTES: usize = 24;

/// What `Book::rooms` gives, read. Its items were checked where they were held.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The newest statement of the channel.
    pub seen: Option<Seen>,
    pub rooms: SortedMap<RoomId, (Opening, Header)>,
    pub decisions: Vec<(SignedHeader, Decisions)>,
}

impl Record {
    /// `None` where it is cut off. What does not read as its kind is left out.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (front, mut rest) = bytes.split_first_chunk::<FRONT_BYTES>()?;
        let (statement, time) = (front.first_chunk::<16>()?, u64::from_le_bytes(*front.last_chunk()?));
        let mut record =
            Record { seen: Some(Seen { statement: *statement, time }).filter(|_| time > 0), ..Record::default() };
        while !rest.is_empty() {
            let header = SignedHeader::decode(split(&mut rest)?).ok()?;
            let payload = split(&mut rest)?;
            match header.header().kind {
                Kind::Room => {
                    if let Ok(opening) = Opening::decode(payload) {
                        record.rooms.insert(RoomId::from(header.id()), (opening, header.header().clone()));
                    }
                }
                Kind::Moderation => {
                    record.decisions.extend(Decisions::decode(payload).ok().map(|decisions| (header, decisions)));
                }
                _ => {}
            }
        }
        Some(record)
    }
}

fn split<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let (bytes, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = behind;
    Some(bytes)
}
