//! The vectors of `tests/vectors`, run inside of the module by the very runners of the core's own tests.

#![allow(clippy::unwrap_used, dead_code)]

use std::cell::RefCell;

use serde_json::{Value, json};

use crate::reader::{Answer, Refusal};

#[path = "../../longear-core/tests/support/holder.rs"]
mod holder;
#[path = "../../longear-core/tests/support/reconciling.rs"]
mod reconciling;
#[path = "../../longear-core/tests/support/rooms.rs"]
mod rooms;
#[path = "../../longear-core/tests/support/runners.rs"]
mod runners;

thread_local! {
    /// The file that was asked for last: reading it anew for each of its cases would take most of the time.
    static FILE: RefCell<(String, Value)> = RefCell::default();
}

/// Runs one case of a file of vectors: `{"accepted": result}` or `{"refused": code}`.
pub fn run(name: &str, text: &str, index: usize) -> Answer {
    const MISSING: Refusal = Refusal("not-held");
    let runner = runners::RUNNERS.iter().find(|(known, _)| *known == name).map(|(_, runner)| runner).ok_or(MISSING)?;
    FILE.with_borrow_mut(|(held, file)| {
        if *held != name {
            let read = serde_json::from_str(text).map_err(|_| MISSING)?;
            (*held, *file) = (name.to_owned(), read);
        }
        let case = file["cases"].get(index).ok_or(MISSING)?;
        let outcome = match runner(case, file) {
            Ok(result) => json!({ "accepted": result }),
            Err(code) => json!({ "refused": code }),
        };
        Ok(outcome.to_string())
    })
}
