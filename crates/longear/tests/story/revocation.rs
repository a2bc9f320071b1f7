//! A device is enrolled and revoked by files that travel, and a thief's posts are refused far from any network.

use std::time::{SystemTime, UNIX_EPOCH};

use longear::home::Home;
use longear::newsroom::signing::Signer;
use longear_core::{Address, Article, Kind, Origin, Variant};

use crate::node::{Newsroom, Node};

const DAY_MS: u64 = 86_400_000;

/// A newsroom and the laptop in the field that was enrolled step by step, with two good posts of the laptop.
struct Field {
    newsroom: Newsroom,
    laptop: Node,
    /// Three machines that never know the channel; each keeps one root file.
    holders: Vec<(Node, String)>,
    good: Vec<String>,
}

impl Field {
    fn new() -> Self {
        let newsroom = Newsroom::new();
        let holders = newsroom.roots().into_iter().map(|file| {
            let holder = Node::new();
            let kept = holder.path("root.key");
            std::fs::rename(file, &kept).unwrap();
            (holder, kept)
        });
        let holders = holders.collect::<Vec<_>>();
        let laptop = Node::following(&newsroom.address);
        carry(&newsroom.node, &laptop, 0);
        let request = laptop.path("laptop.request");
        let enrol = ["channel", "enrol", &newsroom.address, "--role", "post", "--label", "Laptop", "--out", &request];
        laptop.done(&enrol);
        let refused = laptop.ends(1, &["publish", "--title", "Too early", "--lang", "en"]);
        assert!(refused.failure().contains("enrolled in no charter yet"), "{refused:?}");

        let mut field = Field { newsroom, laptop, holders, good: Vec::new() };
        field.change(&["delegate", "add", &request], [0, 1]);
        carry(&field.newsroom.node, &field.laptop, 0);
        for title in ["Bread in Taldy", "Roads are open"] {
            field.good.push(field.laptop.publish(&["--title", title, "--lang", "en"]));
        }
        carry(&field.laptop, &field.newsroom.node, 0);
        field
    }

    /// Changes the charter: drafted in the newsroom, signed by two holders, each on another machine, applied at home.
    fn change(&self, what: &[&str], signers: [usize; 2]) {
        let node = &self.newsroom.node;
        let draft = node.path("draft.charter");
        let drafted = node.done(&[&["channel"], what, &["--out", &draft]].concat()).json();
        assert_eq!((&drafted["missing"], &drafted["in_force"]), (&2.into(), &false.into()));
        let number = drafted["charter"].as_u64().unwrap();
        let refused = node.run(&["channel", "apply", &draft]);
        assert_eq!(refused.code, Some(3), "an unsigned charter changes nothing: {refused:?}");
        for index in signers {
            let (holder, root) = &self.holders[index];
            let carried = holder.path("carried.charter");
            std::fs::copy(&draft, &carried).unwrap();
            holder.done(&["channel", "sign", &carried, "--root", root]);
            std::fs::copy(&carried, &draft).unwrap();
        }
        let applied = node.done(&["channel", "apply", &draft]).json();
        assert_eq!((&applied["charter"], &applied["in_force"]), (&number.into(), &true.into()));
    }

    /// The newsroom learns that the laptop was stolen after its two good posts.
    fn revoke(&self) {
        self.change(&["revoke", "Laptop", "--last-good", &self.good[1]], [2, 0]);
    }

    /// The thief goes on to publish on the laptop: now, and with a program of their own as if it had been yesterday.
    fn steal(&self) -> [String; 2] {
        let later = self.laptop.publish(&["--title", "Stay at home", "--lang", "en"]);
        [later, backdated(&self.laptop, &self.newsroom.address)]
    }

    fn assert_good_ones_are_shown(&self, node: &Node) {
        for id in &self.good {
            assert_eq!(node.status(id).0, "shown");
        }
    }
}

/// Signs an item that claims to be a day old.
fn backdated(node: &Node, address: &str) -> String {
    let home = Home::open(node.home().to_path_buf()).unwrap();
    let store = home.store().unwrap();
    let channel = address.parse::<Address>().unwrap().channel;
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let signer = Signer::in_its_log(&home, &store, &channel, now_ms).unwrap().unwrap();
    let variant = Variant {
        language: "en".into(),
        origin: Origin::Original,
        title: "Everybody should go home".into(),
        body: "As we said yesterday.".into(),
    };
    let article = Article { corrects: None, variants: vec![variant], renditions: Vec::new() };
    assert_eq!(article.kind(), Kind::Post);
    signer.publish(&store, Kind::Post, &article.encode(), now_ms - DAY_MS).unwrap().to_string()
}

/// Carries a stick from one machine to another, whose reading must end with `code`.
fn carry(from: &Node, to: &Node, code: i32) {
    let stick = tempfile::tempdir().unwrap();
    let stick = stick.path().to_str().unwrap();
    from.done(&["stick", "write", stick]);
    to.ends(code, &["stick", "read", stick]);
}

#[test]
fn after_a_revocation_by_stick_a_thief_says_nothing() {
    let field = Field::new();
    let third = Node::following(&field.newsroom.address);
    carry(&field.newsroom.node, &third, 0);
    field.assert_good_ones_are_shown(&third);

    field.revoke();
    carry(&field.newsroom.node, &third, 0);
    assert_eq!(third.done(&["status"]).json()["channels"][0]["charter"], 3);
    let bad = field.steal();
    let stick = field.laptop.path("stick");
    field.laptop.done(&["stick", "write", &stick]);
    let read = third.ends(3, &["stick", "read", &stick]).json();
    let refused = &read["refused"][0];
    assert_eq!(refused["code"], "beyond-closing", "{read}");
    assert!(refused["object"].as_str().unwrap().contains(&bad[1]), "the newest is named: {read}");
    assert!(refused["reason"].as_str().unwrap().contains("revoked"), "{read}");
    field.assert_good_ones_are_shown(&third);
    for id in &bad {
        let known = third.list().into_iter().find(|item| item["id"] == **id);
        assert!(known.is_none(), "not even fetched");
        assert_eq!(third.ends(1, &["export", id, "--to", &third.path("out")]).out, "");
    }
    third.done(&["check"]);
    let onward = Node::following(&field.newsroom.address);
    carry(&third, &onward, 0);
    field.assert_good_ones_are_shown(&onward);

    // The laptop's own owner finds out by any stick, too.
    carry(&field.newsroom.node, &field.laptop, 0);
    let refused = field.laptop.ends(1, &["publish", "--title", "Once more", "--lang", "en"]);
    assert!(refused.failure().contains("revoked"), "{refused:?}");
}

#[test]
fn a_thiefs_posts_that_came_first_are_refused_when_the_charter_comes() {
    let field = Field::new();
    let bad = field.steal();
    let third = Node::following(&field.newsroom.address);
    carry(&field.laptop, &third, 0);
    for id in &bad {
        assert_eq!(third.status(id).0, "shown", "nobody knows yet");
    }
    field.revoke();
    carry(&field.newsroom.node, &third, 0);
    for id in &bad {
        assert_eq!(third.status(id), ("refused".into(), "beyond-closing".into()));
        let refused = third.ends(1, &["export", id, "--to", &third.path("out")]);
        assert!(refused.failure().contains("revoked before this item"), "{refused:?}");
    }
    field.assert_good_ones_are_shown(&third);
    let shown = third.list().iter().filter(|item| item["status"] == "shown").count();
    assert_eq!(shown, field.good.len());
}

#[test]
fn a_charter_that_lacks_a_signature_or_has_a_wrong_one_changes_nothing() {
    let field = Field::new();
    let node = &field.newsroom.node;
    let draft = node.path("draft.charter");
    node.done(&["channel", "revoke", "Laptop", "--out", &draft]);
    let (holder, root) = &field.holders[1];
    holder.done(&["channel", "sign", &draft, "--root", root]);
    assert_eq!(node.run(&["channel", "apply", &draft]).code, Some(3));

    let stranger = Newsroom::new();
    let foreign = stranger.roots().remove(0);
    let signed = node.path("signed.charter");
    let refused = node.ends(1, &["channel", "sign", &draft, "--root", &foreign, "--out", &signed]);
    assert!(refused.failure().contains("not a root of this channel"), "{refused:?}");

    let mut bytes = std::fs::read(&draft).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&draft, bytes).unwrap();
    let (holder, root) = &field.holders[0];
    holder.run(&["channel", "sign", &draft, "--root", root]);
    assert_eq!(node.run(&["channel", "apply", &draft]).code, Some(3));
    assert_eq!(node.done(&["channel", "show"]).json()["charter"], 2);
}
