//! Signed objects that lie about lengths and counts.

use longear_core::blob::{BlobHash, BlobLayout, Groups};
use longear_core::limits::{HEADER_BYTES_MAX, LOG_ITEMS_MAX, PACK_LEVEL_MAX, PAYLOAD_BYTES_MAX};
use longear_core::pack::encode_front;
use longear_core::{
    Article, ChannelId, Charter, ForkProof, Head, Header, Kind, LogOpening, PackName, PackReader, Retraction,
    SecretKey, SignedHeader, Statement,
};

use crate::gauge::Bomb;

/// Where numbers overflow, wrap, or ask for everything.
const HUGE: [u64; 6] = [0xff, 0xffff, 0xffff_ffff, 1 << 53, 1 << 63, u64::MAX];

type Decoder = fn(&[u8]) -> bool;

const CHANNEL: ChannelId = ChannelId([7; 32]);

const DECODERS: [(&str, &[u8], Decoder); 9] = [
    ("charter", b"LEC\x01", |bytes| Charter::decode(bytes).is_ok()),
    ("draft of a charter", b"LEC\x01", |bytes| Charter::decode_draft(bytes).is_ok()),
    ("head", b"LEH\x01\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07", |bytes| Head::decode(&CHANNEL, bytes).is_ok()),
    ("statement", b"LES\x01", |bytes| Statement::decode(bytes).is_ok()),
    ("fork proof", b"LEF\x01", |bytes| ForkProof::decode(bytes).is_ok()),
    ("header", b"\x01\x01\0\0", |bytes| SignedHeader::decode(bytes).is_ok()),
    ("unsigned header", b"\x01\x02\0\0", |bytes| Header::decode_unsigned(bytes).is_ok()),
    ("post", b"\x01\0", |bytes| Article::decode(Kind::Post, bytes).is_ok()),
    ("retraction", b"\x01", |bytes| Retraction::decode(bytes).is_ok()),
];

pub fn bombs() -> Vec<Bomb> {
    let mut bombs = DECODERS.map(lengths).into_iter().collect::<Vec<_>>();
    bombs.extend(DECODERS.map(stream));
    bombs.extend([media(), groups(), layouts(), endless_pack("zeros", 0), endless_pack("ones", 0xff)]);
    bombs.extend([promised_payloads(), long_headers()]);
    bombs
}

fn opening() -> LogOpening {
    LogOpening { key: SecretKey::from_seed([3; 32]).public(), incarnation: 1 }
}

/// Each huge number at each of the first places behind the magic, with nothing and with a little behind it.
fn lengths((name, magic, decode): (&'static str, &'static [u8], Decoder)) -> Bomb {
    Bomb::new(format!("{name} with lying lengths and counts"), 2 << 20, move || {
        let (mut tried, mut refused) = (0, 0);
        for place in 0..400 {
            for huge in HUGE {
                for rest in [0, 2_000] {
                    let mut bytes = [magic, &vec![1; place]].concat();
                    bytes.extend_from_slice(&huge.to_le_bytes());
                    bytes.extend(std::iter::repeat_n(0, rest));
                    // Where a number may be anything, it is no lie.
                    refused += usize::from(!decode(&bytes));
                    tried += 1;
                }
            }
        }
        assert!(refused * 10 >= tried * 9, "{refused} of {tried}");
        format!("{refused} of {tried} refused")
    })
}

/// More bytes than any object has: refused by their number alone.
fn stream((name, magic, decode): (&'static str, &'static [u8], Decoder)) -> Bomb {
    // The bytes themselves are ours; decoding may take as much again and no more.
    Bomb::new(format!("{name} of 8 MiB"), 12 << 20, move || {
        for fill in [0, 1, 0xff] {
            let mut bytes = magic.to_vec();
            bytes.resize(8 << 20, fill);
            assert!(!decode(&bytes));
        }
        "3 refused".into()
    })
}

/// A rendition that claims 2^53 bytes, or group hashes that are not there.
fn media() -> Bomb {
    Bomb::new("renditions with lying sizes and counts of groups", 2 << 20, || {
        let front = b"\x01\0\x01\x02\0\0\0kk\0\0\0\0\0\0\0\0\0\x01\x01\0\0\0a";
        let mut tried = 0;
        for size in HUGE {
            for count in HUGE {
                let mut bytes = front.to_vec();
                bytes.extend_from_slice(&[9; 32]);
                bytes.extend_from_slice(&size.to_le_bytes());
                bytes.extend_from_slice(&[0; 4 + 8 + 4 + 4]);
                bytes.push(1);
                bytes.extend_from_slice(&(count as u32).to_le_bytes());
                bytes.extend_from_slice(&[0; 64]);
                assert!(Article::decode(Kind::Media, &bytes).is_err(), "{size} {count}");
                tried += 1;
            }
        }
        format!("{tried} refused")
    })
}

fn groups() -> Bomb {
    // 2 MiB of hashes are the longest list there is, once as bytes and once as hashes.
    Bomb::new("group hashes of a file of 64 GiB that is none", 6 << 20, || {
        let list = vec![5; 2 << 20];
        for size in [64 << 30, (64 << 30) - 1, 1 << 63, u64::MAX] {
            assert!(Groups::decode(BlobHash::from_bytes([1; 32]), size, &list).is_err(), "{size}");
        }
        "4 refused".into()
    })
}

fn layouts() -> Bomb {
    Bomb::new("files longer than 64 GiB", 1 << 20, || {
        for size in [(64u64 << 30) + 1, 1 << 53, 1 << 63, u64::MAX] {
            assert!(BlobLayout::new(size).is_err(), "{size}");
        }
        let outboard = Groups::read_upper_nodes(BlobHash::from_bytes([1; 32]), 64 << 30, |_, node| {
            node.fill(3);
            Ok::<_, longear_core::blob::BlobRefused>(())
        });
        assert!(outboard.is_err());
        "5 refused".into()
    })
}

fn largest() -> PackName {
    PackName::new(PACK_LEVEL_MAX, 0).unwrap()
}

/// Feeds a pack until it is refused or has given all it can. Returns how many bytes were taken.
fn feed(front: &[u8], fill: u8, bytes_max: u64) -> (u64, &'static str) {
    let opening = opening();
    let mut reader = PackReader::new(CHANNEL, opening.log(&CHANNEL), largest());
    let (mut taken, block) = (0, [fill; 64 << 10]);
    reader.push(front);
    while taken < bytes_max {
        loop {
            match reader.next_part() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(reason) => return (taken, reason.code()),
            }
        }
        reader.push(&block);
        taken += block.len() as u64;
    }
    (taken, "bounded by whoever reads")
}

fn endless_pack(name: &str, fill: u8) -> Bomb {
    Bomb::new(format!("a pack of endless {name}"), 2 << 20, move || {
        let front = encode_front(largest(), &opening(), &[]);
        let (taken, code) = feed(&front, fill, 1 << 30);
        assert!(taken <= 1 << 20, "{taken} bytes were taken");
        format!("{code} after {taken} bytes")
    })
}

/// No headers, and a table that promises a GiB. Reading it holds one payload; who reads counts the rest as lies.
fn promised_payloads() -> Bomb {
    let memory = 4 * PAYLOAD_BYTES_MAX as u64 + (2 << 20);
    Bomb::new("a pack whose table promises 1 GiB nobody signed", memory, || {
        let slots = largest().length();
        let mut front = encode_front(largest(), &opening(), &[]);
        front.extend(std::iter::repeat_n(0, 2 * slots as usize));
        for slot in 0..slots {
            front.extend_from_slice(&(slot * PAYLOAD_BYTES_MAX as u64).to_le_bytes());
            front.extend_from_slice(&(PAYLOAD_BYTES_MAX as u32).to_le_bytes());
        }
        let (taken, code) = feed(&front, 0, 64 << 20);
        format!("{code}, {} MiB taken", taken >> 20)
    })
}

/// 4,096 headers, each as long as may be and of no log.
fn long_headers() -> Bomb {
    let memory = 4 * largest().length() * HEADER_BYTES_MAX as u64;
    Bomb::new("a pack of 4,096 headers of the longest", memory, || {
        let mut front = encode_front(largest(), &opening(), &[]);
        for seq in 0..largest().length() {
            front.extend_from_slice(&(HEADER_BYTES_MAX as u16).to_le_bytes());
            let mut header = vec![1; HEADER_BYTES_MAX];
            header[20..28].copy_from_slice(&(seq % LOG_ITEMS_MAX).to_le_bytes());
            front.extend_from_slice(&header);
        }
        let (taken, code) = feed(&front, 0, 1 << 20);
        format!("{code}, {taken} bytes taken behind it")
    })
}
