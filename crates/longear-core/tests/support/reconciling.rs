//! Runs the vectors of `reconcile.json`.

use longear_core::hash::plain;
use longear_core::reconcile::{Decoder, Elements, Encoder, Progress, Salt};
use serde_json::{Value, json};

use super::runners::{Outcome, hex, raw, to_hex};

pub fn run_reconcile(case: &Value, _: &Value) -> Outcome {
    let salt = Salt(hex(&case["salt"]).try_into().unwrap());
    let notes = notes(&case["notes"]);
    let elements = Elements::new(&salt, &notes).unwrap();
    let mut bytes = Vec::new();
    if case["op"] == "symbols" {
        let index = |field: &str| case[field].as_u64().unwrap() as usize;
        let mut encoder = Encoder::new(elements);
        encoder.seek(index("from"));
        encoder.write(index("to") - index("from"), &mut bytes);
        return Ok(json!({ "symbols": to_hex(&bytes) }));
    }
    let mut decoder = Decoder::new(elements);
    let progress = decoder.take(&raw(case, "symbols")).map_err(|fault| fault.code().to_owned())?;
    let mut theirs = decoder.theirs().iter().map(|short| to_hex(&short.to_bytes())).collect::<Vec<_>>();
    let mut ours = decoder.ours().iter().map(|position| to_hex(&notes[*position])).collect::<Vec<_>>();
    theirs.sort();
    ours.sort();
    let is_done = progress == Progress::Done;
    Ok(json!({ "done": is_done, "taken": decoder.symbols(), "theirs": theirs, "ours": ours }))
}

/// The IDs of numbered notes: a hash of the number.
fn notes(ranges: &Value) -> Vec<[u8; 32]> {
    let number = |value: &Value| value.as_u64().unwrap() as u32;
    let ranges = ranges.as_array().unwrap().iter().map(|range| number(&range[0])..number(&range[1]));
    ranges.flatten().map(|number| plain(&number.to_le_bytes())).collect()
}
