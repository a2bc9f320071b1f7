//! A flooded room, small: what must hold of any size. Larger ones: `cargo xtask sim flood --release --writers 200000`.

use longear_sim::flood::Flood;

#[test]
fn two_regions_that_were_cut_apart_hold_one_room_after_a_flood() {
    for (seed, hostile_percent) in [(1, 5), (2, 20)] {
        let report = Flood { writers: 150, hostile_percent, seed }.run();
        println!("{report}");
        assert!(report.faults.is_empty(), "{report}");
        for (_, [members, ..]) in &report.shares {
            assert!(members.quiet > 0 && members.flooded <= members.written, "{report}");
        }
        assert!(report.flood_notes > members_written(&report), "the flood is larger than the room: {report}");
    }
}

fn members_written(report: &longear_sim::flood::Report) -> usize {
    report.shares.first().map_or(0, |(_, [members, ..])| members.written)
}
