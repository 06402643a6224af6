//! `history`: what became of an object, when, by whom and why.

use native::resource::Resource;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::NativeApi;
use crate::cli::native::grammar::HistoryArguments;
use crate::cli::native::plan::differences;
use crate::cli::output::{OutputArguments, Sheet, field};

/// Prints the history of an object.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn run(
    api: &NativeApi,
    resource: &Resource,
    name: &str,
    how: &HistoryArguments,
    output: &OutputArguments,
) -> Result<(), Failure> {
    let mut query = vec![("limit".to_owned(), how.limit.to_string())];
    query.extend(how.before.map(|before| ("before".to_owned(), before.to_string())));
    let answer = api.get(&[resource.name, name, "history"], query).await?.body;
    let changes = answer["changes"].as_array().map_or(&[][..], Vec::as_slice);
    if !output.is_columns() {
        output.print_answer(changes, &answer);
        return Ok(());
    }
    output.print_sheet(&sheet(changes))?;
    if let Some(next) = answer["next"].as_u64() {
        eprintln!("--before {next} shows what was before");
    }
    Ok(())
}

fn sheet(changes: &[Value]) -> Sheet {
    let row = |change: &Value| {
        let mut cells: Vec<String> = ["revision", "time", "actor", "reason", "change"]
            .map(|name| field(change, name))
            .to_vec();
        let differing: Vec<String> = differences(change).collect();
        cells.push(if differing.is_empty() { "-".to_owned() } else { differing.join("; ") });
        cells
    };
    let headers = ["REVISION", "TIME", "ACTOR", "REASON", "CHANGE", "DIFFERENCES"];
    Sheet::new(&headers, changes.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_a_row_with_what_differs() {
        let change = json!({"revision": 7, "time": "2026-11-30T12:00:00Z", "actor": "user:anna",
            "reason": "fabric.update", "change": "update",
            "differences": [{"pointer": "/name", "before": "a", "after": "b"}]});
        let rows = sheet(&[change]).rows;
        assert_eq!(rows[0][4..], ["update", "name: a → b"]);
    }
}
