//! A second machine with a network: from a box, and from a mirror that knows nothing of Longear.

use crate::mirror::Mirror;
use crate::node::{Newsroom, Node};

#[test]
fn a_neighbour_gets_everything_from_a_box_byte_for_byte() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let serving = newsroom.node.serve();
    let neighbour = Node::following(&newsroom.address);
    neighbour.done(&["sync", &serving.url]);
    neighbour.assert_whole(&publication);

    let post = neighbour.item(&publication.items[0].0);
    assert_eq!(post["status"], "shown");
    assert_eq!((&post["lang"], &post["title"]), (&"kk".into(), &"Нан".into()));
    assert_eq!(post["langs"], serde_json::json!(["kk", "ru", "en"]));
    let status = neighbour.done(&["status"]).json();
    let channel = &status["channels"][0];
    assert_eq!((&channel["name"], &channel["items"]), (&"Sarybulaq News".into(), &3.into()));
    assert!(status["store"]["bytes"].as_u64().unwrap() > 58_000_000);

    // Nothing new is nothing to do, and what is published meanwhile comes beside the running box.
    assert_eq!(neighbour.done(&["sync", &serving.url]).json()["file_bytes"], 0);
    let id = newsroom.node.publish(&["--title", "Meanwhile", "--lang", "en"]);
    neighbour.done(&["sync", &serving.url]);
    assert_eq!(neighbour.item(&id)["title"], "Meanwhile");
}

#[test]
fn a_copied_tree_behind_a_plain_web_server_is_a_carrier() {
    let newsroom = Newsroom::new();
    let publication = newsroom.publish_all();
    let tree = newsroom.node.path("tree");
    std::fs::create_dir(&tree).unwrap();
    newsroom.node.done(&["sync", &tree]);
    let mirror = Mirror::start(&tree, None);
    let neighbour = Node::following(&newsroom.address);
    neighbour.done(&["sync", &mirror.url()]);
    neighbour.assert_whole(&publication);
    assert!(mirror.requests().lines().all(|request| request.starts_with("GET ")), "a mirror is only read");

    // A neighbour's copy is as good as the newsroom's, and a stick behind a web server as good as a tree.
    let stick = neighbour.path("stick");
    neighbour.done(&["stick", "write", &stick]);
    let mirror = Mirror::start(&format!("{stick}/files"), None);
    let second = Node::new();
    second.done(&["follow", &newsroom.address, "--from", &mirror.url()]);
    second.assert_whole(&publication);
}

#[test]
fn while_a_box_serves_every_other_command_works_and_only_a_second_box_is_refused() {
    let newsroom = Newsroom::new();
    let serving = newsroom.node.serve();
    let id = newsroom.node.publish(&["--title", "Roads are open", "--lang", "en"]);
    assert_eq!(newsroom.node.status(&id).0, "shown");
    newsroom.node.done(&["check"]);
    newsroom.node.done(&["stick", "write", &newsroom.node.path("stick")]);
    let refused = newsroom.node.ends(1, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.failure().contains(&serving.child.id().to_string()), "{refused:?}");
}
