//! A flooded room, small. Larger ones: `cargo xtask sim flood --release --writers 200000`.

use longear_sim::flood::{Flood, NOTES_PER_DAY, Report};

const WRITERS: usize = 200;

/// Of nodes with so many quarters of the room's bytes: how many percent of the members' notes are shown.
fn percent(report: &Report, quarters: u64) -> f64 {
    report.kept.iter().find(|kept| kept.quarters == quarters).map_or(0.0, |kept| kept.members.percent())
}

fn run(hostile_percent: u64, has_thief: bool, seed: u64) -> Report {
    let report = Flood { writers: WRITERS, hostile_percent, notes_per_day: NOTES_PER_DAY, has_thief, seed }.run();
    println!("{report}");
    assert!(report.faults.is_empty(), "{report}");
    assert!(report.ill.1 > report.well.1, "the flood is larger than the room: {report}");
    report
}

/// The budget that a room needs so that members lose nearly nothing to flooders who hold so many of a hundred tickets.
#[test]
fn members_lose_nearly_nothing_to_a_flood_where_there_is_room_for_it() {
    for seed in [1, 2] {
        let report = run(5, false, seed);
        assert!(percent(&report, 8) >= 99.0, "{report}");
        let report = run(20, false, seed);
        assert!(percent(&report, 20) >= 98.0, "{report}");
    }
}

#[test]
fn what_a_thief_signed_against_members_costs_them_nothing_for_good_but_what_he_purged() {
    let report = run(5, true, 3);
    assert!(percent(&report, 8) >= 99.0 && percent(&report, 20) >= 99.0, "{report}");
}
