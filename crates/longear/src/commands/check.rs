//! `longear check`.

use longear_store::CheckError;
use serde_json::json;

use super::Context;
use super::publish::blob_failure;
use crate::arguments::node::CheckArguments;
use crate::failure::Failure;
use crate::home::{disk_failure, store_failure};
use crate::terminal::{grouped, printable};

/// Verifies everything held here.
pub fn check(context: &Context<'_>, arguments: &CheckArguments) -> Result<(), Failure> {
    let (_, store) = context.open()?;
    context.delete_what_is_due(&store);
    let progress = context.screen.progress();
    let report = store.check(arguments.repair, |what| progress.say("check", what, "…"));
    progress.close();
    let report = report.map_err(|error| match error {
        CheckError::Store(error) => store_failure(&error),
        CheckError::Blob(error) => blob_failure(&error),
        CheckError::Room(error) => disk_failure(error.is_full(), error.is_read_only(), &error)
            .unwrap_or_else(|| Failure::refused(error.to_string())),
        other => Failure::bug(other.to_string()),
    })?;
    if context.screen.json() {
        let findings = report.findings.iter();
        let findings = findings.map(|finding| json!({"object": finding.object, "reason": finding.reason}));
        context.screen.print_json(&json!({
            "records": report.records, "items": report.items, "files": report.blobs,
            "notes": report.notes,
            "damaged": findings.collect::<Vec<_>>(), "repaired": report.repaired,
        }))?;
    } else {
        for finding in &report.findings {
            context.screen.print(&printable(&format!("{}: {}", finding.object, finding.reason)))?;
            context.screen.print("\n")?;
        }
        let (items, files) = (grouped(report.items), grouped(report.blobs));
        let notes = grouped(report.notes);
        context.screen.print(&format!("{items} items, {files} files and {notes} notes of rooms checked.\n"))?;
    }
    match (report.findings.len(), report.repaired) {
        (0, _) => Ok(()),
        (damaged, true) => Err(Failure::partial(format!("{damaged} damaged; set aside, the rest is sound"))
            .hint("Fetch them again: longear sync CARRIER")),
        (damaged, false) => Err(Failure::verification(format!("{damaged} damaged. Nothing was changed"))
            .hint("Set them aside, to be fetched again: longear check --repair")),
    }
}
