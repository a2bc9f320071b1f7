//! Whatever comes under whatever path: a book answers, and holds nothing that was not verified.

use longear_core::Reason;
use longear_core::keys::Roles;
use longear_core::tree::TreePath;
use longear_reader::{Book, Reader};

use crate::support::publisher::Publisher;
use crate::support::random::Random;

#[test]
fn other_channels_and_files_are_refused_by_their_paths() {
    let newsroom = Publisher::found("Paths", &[("Aida", Roles::POST, 0)]);
    let other = Publisher::found("Other", &[("Aida", Roles::POST, 0)]);
    let charter = |of: &Publisher| of.lineage.charters()[0].encode();
    let mut book = Book::new(newsroom.channel());
    let [ours, theirs] = [&newsroom, &other].map(|of| TreePath::Charter { channel: of.channel().0, number: 1 });
    assert_eq!(book.take(theirs, &charter(&other)).refused[0].reason, Reason::WrongChannel);
    assert_eq!(book.take(ours, &charter(&other)).refused[0].reason, Reason::WrongChannel);
    let blob = book.take(TreePath::Blob { hash: [0; 32] }, &charter(&newsroom));
    assert_eq!(blob.refused[0].reason, Reason::BadValue { what: "path" });
    assert_eq!(book.lineage().number(), 0);
    let second = TreePath::Charter { channel: newsroom.channel().0, number: 2 };
    assert_eq!(book.take(second, &charter(&newsroom)).refused.len(), 1, "it is not number two");
    assert!(book.take(ours, &charter(&newsroom)).kept);
}

#[test]
fn no_call_does_anything_but_answer() {
    let newsroom = Publisher::found("Paths", &[("Aida", Roles::POST, 0)]);
    let mut log = newsroom.log("Aida", 1);
    for number in 0..9 {
        log.post(&format!("post {number}"));
    }
    let channel = newsroom.channel().to_string();
    let pack = log.pack(longear_core::PackName::new(1, 0).unwrap());
    let name = format!("c/{channel}/p/{}/1-0", log.id);
    let mut reader = Reader::new();
    assert_eq!(reader.channel(&channel).unwrap_err().0, "not-open");
    for text in ["", "x", &channel.to_uppercase(), &"0".repeat(1 << 20)] {
        assert_eq!(reader.open(text).unwrap_err().0, "bad-value", "{}", text.len());
    }
    reader.open(&channel).unwrap();
    reader.take(&channel, &format!("c/{channel}/charter/1"), &newsroom.lineage.charters()[0].encode()).unwrap();
    let mut random = Random(7);
    for _ in 0..300 {
        let mut bytes = pack[..random.below(pack.len() as u64 + 1) as usize].to_vec();
        for _ in 0..random.below(4) {
            let length = bytes.len() as u64;
            if length > 0 {
                bytes[random.below(length) as usize] = random.next() as u8;
            }
        }
        for path in [
            &name,
            &format!("c/{channel}/head"),
            &format!("c/{channel}/charter/2"),
            &format!("c/{channel}/fork/{}", log.id),
        ] {
            reader.take(&channel, path, &bytes).unwrap();
        }
        reader.wants(&channel, &bytes, "").unwrap_err();
    }
    assert_eq!(reader.take(&channel, "../head", &[]).unwrap_err().0, "bad-path");
    for cursor in ["-", "1-", "x-00", "99999999999999999999-00"] {
        assert_eq!(reader.feed("", cursor, 5).unwrap_err().0, "bad-value", "{cursor}");
    }
    for call in
        [reader.item("00"), reader.blob_check(1, 0, &[]), reader.blob_close(0), reader.blob_outboard_range(9, 9)]
    {
        call.unwrap_err();
    }
    let feed = serde_json::from_str::<serde_json::Value>(&reader.feed("", "", usize::MAX).unwrap()).unwrap();
    assert!(feed["items"].as_array().unwrap().len() <= 8);
}
