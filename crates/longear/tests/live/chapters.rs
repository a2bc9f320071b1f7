//! Names of moments: from the command to whoever holds the roll-ups.

use crate::encoder::Clip;
use crate::node::Newsroom;

#[test]
fn a_moment_is_named_and_whoever_holds_the_log_has_its_name() {
    let newsroom = Newsroom::new();
    let refused = |arguments: &[&str], words: &str| {
        let output = newsroom.run(&[&["live", "chapter"], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(words), "{arguments:?}: {said}");
    };
    refused(&["The bridge"], "makes no broadcast now");
    let live = newsroom.go_live();
    refused(&["The bridge"], "Nothing of this broadcast has come yet");
    let clip = Clip::new();
    let serving = newsroom.serve(&[]);
    clip.put(&serving, &live, 0);
    newsroom.wait_for(&live, "it is signed", |held| held.segments() == 1);

    let said = newsroom.json(&["live", "chapter", "Opening words", "--at", "0:00"]);
    assert_eq!((&said["start_ms"], &said["named"], &said["id"]), (&0.into(), &true.into(), &live.id.clone().into()));
    let held = newsroom.held(&live);
    assert_eq!(held.roll_ups.len(), 1, "it is in the log at once, and not after a minute");
    assert_eq!(held.roll_ups[0].chapters[0].title, "Opening words");
    refused(&["The vote", "--at", "9:00:00"], "has not come yet");

    // A tick of its own for the next roll-up.
    clip.put(&serving, &live, 1);
    newsroom.wait_for(&live, "it is signed", |held| held.segments() == 2);
    newsroom.json(&["live", "chapter", "Сөздің басы", "--at", "0:00"]);
    let chapters = newsroom.held(&live).timeline().chapters().to_vec();
    assert_eq!(chapters.iter().map(|one| (one.start_ms, one.title.as_str())).collect::<Vec<_>>(), [(0, "Сөздің басы")]);
    let page = serving.ask("GET", &format!("/item/{}", live.id), &[], b"").1;
    assert!(page.contains("?from=0") && page.contains("Сөздің басы"), "{page}");
    let from = serving.ask("GET", &format!("/live/{}/index.m3u8?from=0", live.id), &[], b"");
    assert_eq!(from.0, 200, "{}", from.1);
    assert!(from.1.contains("360p.m3u8?from=0"), "{}", from.1);

    // What is asked for while nobody serves is named at the end.
    serving.end();
    let said = newsroom.json(&["live", "chapter", "Last words"]);
    assert_eq!(said["named"], false);
    newsroom.done(&["live", "stop"]);
    let timeline = newsroom.held(&live).timeline();
    assert!(timeline.is_over());
    assert_eq!(timeline.chapters().last().map(|one| one.title.as_str()), Some("Last words"));
    assert_eq!(std::fs::read_dir(newsroom.path("home/live")).unwrap().count(), 0);
    let list = newsroom.done(&["list"]);
    assert!(list.contains(r#"{"start_ms":0,"title":"Сөздің басы"}"#), "{list}");
}

#[test]
fn of_several_broadcasts_one_has_to_be_named() {
    let newsroom = Newsroom::new();
    let lives = [newsroom.go_live(), newsroom.go_live()];
    let clip = Clip::new();
    let serving = newsroom.serve(&[]);
    lives.iter().for_each(|live| assert_eq!(clip.put(&serving, live, 0), 200));
    lives.iter().for_each(|live| drop(newsroom.wait_for(live, "it is signed", |held| held.segments() == 1)));
    let which = newsroom.run(&["live", "chapter", "The bridge"]);
    let said = String::from_utf8(which.stderr).unwrap();
    assert!(which.status.code() == Some(1) && said.contains("live chapter TITLE ID"), "{said}");
    newsroom.json(&["live", "chapter", "The bridge", &lives[1].id[..12], "--at", "0:00"]);
    let chapters = lives.each_ref().map(|live| newsroom.held(live).timeline().chapters().len());
    assert_eq!(chapters, [0, 1]);
}
