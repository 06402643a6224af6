//! `machine why`: what a machine waits for, how long each status took and usually takes, and what would help.

use std::time::Duration;

use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::cells::RackNames;
use crate::cli::native::exchange::NativeApi;
use crate::cli::native::noun;
use crate::cli::output::{OutputArguments, plain_lines, say, span, text};

/// How wide the longest bar is.
const BAR: u64 = 24;

/// How much of what happened is told.
const ENTRIES: usize = 10;

/// Prints why a machine is as it is.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn run(
    api: &NativeApi,
    resource: &str,
    name: &str,
    output: &OutputArguments,
) -> Result<(), Failure> {
    let timeline = timeline(api, resource, name).await?;
    if !output.is_columns() {
        output.print_answer(std::slice::from_ref(&timeline), &timeline);
        return Ok(());
    }
    let timeline = with_rack_names(api, timeline).await;
    lines(&timeline)
        .iter()
        .chain(&happened(&timeline))
        .for_each(|line| say(format_args!("{line}")));
    Ok(())
}

/// Prints the same in short.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn summary(api: &NativeApi, resource: &str, name: &str) -> Result<(), Failure> {
    let timeline = with_rack_names(api, timeline(api, resource, name).await?).await;
    lines(&timeline).iter().for_each(|line| say(format_args!("{line}")));
    Ok(())
}

/// A timeline for people: it calls racks by their names.
async fn with_rack_names(api: &NativeApi, mut timeline: Value) -> Value {
    RackNames::read(api).await.put_into_texts(&mut timeline);
    timeline
}

async fn timeline(api: &NativeApi, resource: &str, name: &str) -> Result<Value, Failure> {
    Ok(api.get(&[resource, name, "timeline"], Vec::new()).await?.body)
}

/// The statuses with their times, what is waited for, and the next command.
fn lines(timeline: &Value) -> Vec<String> {
    let phases = timeline["phases"].as_array().map_or(&[][..], Vec::as_slice);
    let longest = phases.iter().map(elapsed).max().unwrap_or(0).max(1);
    let row = |phase: &Value| {
        let usual = phase["usual_seconds"].as_u64();
        let usual = usual.map_or_else(|| "-".to_owned(), |usual| span(Duration::from_secs(usual)));
        let width = (elapsed(phase) * BAR).div_ceil(longest).clamp(1, BAR);
        let bar = "█".repeat(usize::try_from(width).unwrap_or(1));
        let took = span(Duration::from_secs(elapsed(phase)));
        let now = if phase["ended"].is_null() { "now" } else { "" };
        vec![text(&phase["status_name"]), took, usual, now.to_owned(), bar]
    };
    let rows: Vec<Vec<String>> = phases.iter().map(row).collect();
    let mut lines = plain_lines(&["STATUS", "TOOK", "USUALLY", "", ""], &rows);
    let waits = &timeline["waits_for"];
    let seconds = Duration::from_secs(waits["seconds"].as_u64().unwrap_or_default());
    lines.push(String::new());
    lines.push(format!("waits for: {} (for {})", text(&waits["what"]), span(seconds)));
    lines.push(format!("  {}", text(&waits["text"])));
    if let Some(deadline) = waits["deadline"].as_str() {
        lines.push(format!("  it counts as timed out at {deadline}"));
    }
    if let Some(help) = waits["help"]["text"].as_str() {
        lines.push(format!("  {help}"));
    }
    if let Some(command) = command(&waits["help"]) {
        lines.push(format!("try: {command}"));
    }
    lines
}

fn elapsed(phase: &Value) -> u64 {
    phase["elapsed_seconds"].as_u64().unwrap_or_default()
}

/// The command that does what a request does.
fn command(help: &Value) -> Option<String> {
    let path = help["path"].as_str()?.trim_start_matches("/api/v1/");
    let elements: Vec<&str> = path.split('?').next()?.split('/').collect();
    let noun = noun::of_resource(elements.first()?)?;
    let one = elements.get(1)?;
    Some(match (elements.get(2), help["method"].as_str()?) {
        (Some(verb), _) => format!("ironraft {} {verb} {one}", noun.name),
        (None, "PATCH") => format!("ironraft {} edit {one}", noun.name),
        (None, "DELETE") => format!("ironraft {} delete {one}", noun.name),
        (None, _) => format!("ironraft {} describe {one}", noun.name),
    })
}

/// What happened last, a line for each.
fn happened(timeline: &Value) -> Vec<String> {
    let entries = timeline["entries"].as_array().map_or(&[][..], Vec::as_slice);
    let mut lines = vec![String::new()];
    for entry in entries.iter().take(ENTRIES) {
        let items = entry["happened"].as_array().into_iter().flatten();
        let said: Vec<String> = items.map(|item| text(&item["text"])).collect();
        let by = entry["actor"].as_str().map(|actor| format!(" ({actor})")).unwrap_or_default();
        lines.push(format!("{}  {}{by}", text(&entry["time"]), said.join("; ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_machine_says_what_it_waits_for_and_what_to_do() {
        let timeline = json!({
            "system_id": "abc123", "hostname": "web-01",
            "phases": [
                {"status": "commissioning", "status_name": "Commissioning", "began": "2026-11-30T11:00:00Z",
                 "ended": "2026-11-30T11:03:00Z", "elapsed_seconds": 180, "usual_seconds": 150},
                {"status": "deploying", "status_name": "Deploying", "began": "2026-11-30T11:03:00Z", "ended": null,
                 "elapsed_seconds": 720, "usual_seconds": null},
            ],
            "waits_for": {"what": "agent", "text": "Its agent has not reported.", "since": "2026-11-30T11:05:00Z",
                "seconds": 600, "deadline": "2026-11-30T11:35:00Z",
                "help": {"text": "Give it up.", "method": "POST", "path": "/api/v1/machines/abc123/abort"}},
            "entries": [{"revision": 9, "time": "2026-11-30T11:03:00Z", "actor": "user:anna", "reason": "machine.deploy",
                "from_address": null, "happened": [{"kind": "call", "text": "deploy was asked for"}]}],
        });
        let all = [lines(&timeline), happened(&timeline)].concat();
        insta::assert_snapshot!(all.join("\n"));
    }
}
