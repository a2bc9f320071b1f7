//! Runs every vector of `tests/vectors/`, the same cases as the independent verifier.

#![allow(clippy::unwrap_used)]

use serde_json::Value;

mod support;
use support::runners::{RUNNERS, folder};

#[test]
fn every_vector_gives_the_stated_result() {
    let mut failures = Vec::new();
    for (name, run) in RUNNERS {
        let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        let cases = file["cases"].as_array().unwrap();
        for case in cases {
            let title = case["name"].as_str().unwrap();
            let expected = match case["expect"].as_str().unwrap() {
                "accepted" => Ok(case["result"].clone()),
                code => Err(code.to_owned()),
            };
            let found = run(case, &file);
            if found != expected {
                failures.push(format!("{name}: {title}: expected {expected:?}, found {found:?}"));
            }
        }
        println!("{name}: {} cases", cases.len());
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
