//! The real program, killed at every system call by which it changes a disk, and the same calls failing one by one.
//!
//! Each scene is a command with everything before it. A first run under strace counts its calls; then the scene is played
//! again for each call of each thread, which is killed there or answered with an error. Afterwards everything that was
//! acknowledged must be here, and the same command must succeed. Run by `cargo xtask crash`; `LONGEAR_CRASH=long` plays every
//! call, the short form a fixed choice.
#![allow(clippy::unwrap_used)]

#[path = "../story/media.rs"]
#[allow(dead_code)]
mod media;
#[path = "../story/node.rs"]
#[allow(dead_code)]
mod node;
mod power;
mod scenes;
mod strace;

use std::collections::HashSet;

use power::{NameOrder, Recording};
use scenes::Scene;
use strace::{Calls, Fate, Tracer};

/// Of so many calls the short form plays one.
const SHORT_STEP: u64 = 11;

/// States that a power cut leaves, in each form, per scene.
const POWER_STATES: [u64; 2] = [3, 120];

fn is_long() -> bool {
    std::env::var_os("LONGEAR_CRASH").is_some_and(|form| form == "long")
}

#[derive(Default)]
struct Figures {
    killed: u64,
    failed: u64,
    survived_failure: u64,
    untouched: u64,
}

/// Plays a scene once for each chosen call.
fn play(scene: &dyn Scene) {
    let Some(tracer) = Tracer::find() else { return };
    let calls = Calls::of(&tracer, &mut *scene.prepare());
    let mut figures = Figures::default();
    let mut turn = 0;
    for fate in [Fate::Kill, Fate::Error("ENOSPC"), Fate::Error("EIO")] {
        for (call, number) in calls.each() {
            turn += 1;
            if is_long() || turn % SHORT_STEP == 0 {
                play_once(scene, &tracer, (call, number, fate), &mut figures);
            }
        }
    }
    println!(
        "{}: {} calls; killed at {}, {} failed and {} survived an error, {} came out without",
        scene.name(),
        calls.total(),
        figures.killed,
        figures.failed,
        figures.survived_failure,
        figures.untouched
    );
    assert!(figures.killed > 0 && figures.failed > 0, "the scene was really disturbed");
}

fn play_once(scene: &dyn Scene, tracer: &Tracer, (call, number, fate): (&str, u64, Fate), figures: &mut Figures) {
    let mut stage = scene.prepare();
    let what = format!("{}: {fate:?} at {call} {number}", scene.name());
    let ended = tracer.run(stage.command(), call, number, fate);
    if ended.was_elsewhere {
        figures.untouched += 1;
        return;
    }
    let code = ended.code.map(|code| if code == stage.code() { 0 } else { code });
    match (fate, code) {
        (Fate::Kill, None) => figures.killed += 1,
        (Fate::Kill, Some(0)) => figures.untouched += 1,
        (Fate::Error(_), Some(0)) if ended.was_injected => figures.survived_failure += 1,
        (Fate::Error(_), Some(0)) => figures.untouched += 1,
        (Fate::Error(_), Some(1 | 4)) => {
            let said = ended.err.contains("\"error\"") && !ended.err.contains("\"bug\"");
            assert!(said, "{what}: what went wrong is said: {ended:?}");
            figures.failed += 1;
        }
        _ => panic!("{what}: it ended in a way that no disk explains: {ended:?}"),
    }
    stage.aftermath(&what, code == Some(0), &ended.out);
}

/// Cuts the power at the moments of a recorded run. What leaves nothing new is not counted.
fn cut_power(scene: &dyn Scene, order: NameOrder) {
    let Some(tracer) = Tracer::find() else { return };
    let recording = Recording::of(&tracer, &*scene.prepare());
    let (states, moments) = (POWER_STATES[usize::from(is_long())], recording.moments() as u64);
    let mut seen = HashSet::new();
    for state in 0..states {
        // First the end, where everything is acknowledged, then other moments, evenly.
        let moment = if state == 0 { moments - 1 } else { state * 7_919 % moments };
        let mut random = numbers(state);
        let mut coin = || match state % 4 {
            // Nothing that was not synced; everything; mixtures.
            0 => false,
            1 => true,
            _ => random() & 1 == 1,
        };
        let left = recording.left(moment as usize, &mut coin, order);
        if !seen.insert(left.hash()) {
            continue;
        }
        let mut stage = scene.prepare();
        left.make(stage.folder().as_ref());
        let what = format!("{}, power cut: state {state}, moment {moment} of {moments}, {order:?}", scene.name());
        stage.aftermath(&what, moment + 1 == moments, &left.said);
    }
    println!("{}, power cut: {moments} moments, {} different states of {states}", scene.name(), seen.len());
}

/// Numbers that follow from a seed alone.
fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut count = 0_u64;
    move || {
        count += 1;
        let bytes = longear_core::hash::labelled("crash", &[&seed.to_le_bytes(), &count.to_le_bytes()]);
        u64::from_le_bytes(bytes[..8].try_into().unwrap())
    }
}

macro_rules! power {
    ($name:ident, $scene:expr, $order:expr) => {
        #[test]
        #[ignore = "run by cargo xtask crash"]
        fn $name() {
            cut_power(&$scene, $order);
        }
    };
}

power!(power_publish, scenes::PublishFromCopy::new(), NameOrder::InFolder);
power!(power_delete, scenes::DeletionFromCopy::new(), NameOrder::InFolder);
power!(power_stick_write, scenes::StickWrite::new(), NameOrder::Any);
power!(power_stick_update, scenes::StickUpdate::new(), NameOrder::Any);
power!(power_archive_write, scenes::ArchiveWrite::new(), NameOrder::Any);
power!(power_stick_read, scenes::StickRead::new(), NameOrder::InFolder);
power!(power_sync, scenes::Sync::new(), NameOrder::InFolder);
power!(power_charter_sign, scenes::CharterSign::new(), NameOrder::InFolder);
power!(power_charter_apply, scenes::CharterApply::new(), NameOrder::InFolder);
power!(power_rotate, scenes::Rotate::new(), NameOrder::InFolder);
power!(power_enrol, scenes::Enrol::new(), NameOrder::InFolder);
power!(power_channel_new, scenes::ChannelNew, NameOrder::InFolder);
power!(power_unfollow, scenes::Unfollow::new(), NameOrder::InFolder);

/// A stick was pulled out while it was written. Its head was there, and the charter that the words in it rest on was not: the
/// reader was told that somebody had forged them.
#[test]
#[ignore = "run by cargo xtask crash"]
fn a_head_reaches_a_stick_behind_its_charters() {
    let Some(tracer) = Tracer::find() else { return };
    let recording = Recording::of(&tracer, &*scenes::StickWrite::new().prepare());
    assert!(recording.is_ordered("/charter/", "/head"));
}

macro_rules! scene {
    ($name:ident, $scene:expr) => {
        #[test]
        #[ignore = "run by cargo xtask crash"]
        fn $name() {
            play(&$scene);
        }
    };
}

scene!(publish, scenes::Publish);
scene!(publish_from_a_copied_home, scenes::PublishFromCopy::new());
scene!(publish_and_delete_what_was_taken_back, scenes::Deletion);
scene!(stick_write, scenes::StickWrite::new());
scene!(stick_update, scenes::StickUpdate::new());
scene!(archive_write, scenes::ArchiveWrite::new());
scene!(stick_read, scenes::StickRead::new());
scene!(sync, scenes::Sync::new());
scene!(charter_sign, scenes::CharterSign::new());
scene!(charter_apply, scenes::CharterApply::new());
scene!(rotate, scenes::Rotate::new());
scene!(enrol, scenes::Enrol::new());
scene!(channel_new, scenes::ChannelNew);
scene!(check_repair, scenes::Repair::new());
scene!(unfollow, scenes::Unfollow::new());
