//! Hands single objects to a book as a source would: each under its path of the tree.

use longear_core::pack::{PackSlot, encode_front};
use longear_core::tree::TreePath;
use longear_core::{ChannelId, CharterHash, Head, LogOpening, PackName, SignedHeader, Statement};
use longear_reader::Book;
use longear_reader::book::Taken;

use crate::support::holder::Held;

/// What a source would give for an object, and under which path; `None` for what no tree holds.
///
/// A payload comes with its header, which some object of `all` has to bring.
pub fn as_given(channel: ChannelId, object: &Held, all: &[Held]) -> Option<(TreePath, Vec<u8>)> {
    Some(match object {
        Held::Charter(charter) => {
            let number = charter.body.number as u32;
            (TreePath::Charter { channel: channel.0, number }, charter.encode())
        }
        Held::Statement(statement) => (TreePath::Head { channel: channel.0 }, head_of(channel, statement)),
        Held::Fork(proof) => {
            (TreePath::Fork { channel: channel.0, log: proof.opening.log(&channel).0 }, proof.encode())
        }
        Held::Item { opening, header } => one(channel, opening, header, &[]),
        Held::Payload { item, bytes } => {
            let (opening, header) = all.iter().find_map(|other| match other {
                Held::Item { opening, header } if header.id() == *item => Some((*opening, header)),
                Held::Fork(proof) => {
                    let headers = [&proof.first, &proof.second];
                    headers.into_iter().find(|header| header.id() == *item).map(|header| (proof.opening, header))
                }
                _ => None,
            })?;
            one(channel, &opening, header, bytes)
        }
        Held::Proof { .. } => return None,
    })
}

pub fn hand(book: &mut Book, object: &Held, all: &[Held]) -> Option<Taken> {
    let (path, bytes) = as_given(book.channel(), object, all)?;
    Some(book.take(path, &bytes))
}

/// A head that says nothing else.
pub fn head_of(channel: ChannelId, statement: &Statement) -> Vec<u8> {
    let mut head = Head { charter: 1, charter_hash: CharterHash([1; 32]), ..Head::empty(channel) };
    head.insert(statement.clone());
    head.encode()
}

/// A pack of one item.
fn one(channel: ChannelId, opening: &LogOpening, header: &SignedHeader, payload: &[u8]) -> (TreePath, Vec<u8>) {
    let name = PackName::new(0, header.header().seq).unwrap();
    let slot = PackSlot { header: header.bytes(), payload_length: payload.len() as u32 };
    let mut pack = encode_front(name, opening, &[Some(slot)]);
    pack.extend_from_slice(payload);
    (TreePath::pack(&channel, &opening.log(&channel), name), pack)
}
