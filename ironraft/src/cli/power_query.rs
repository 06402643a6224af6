//! What is said when a machine's power state could not be asked for.
//!
//! MAAS's API answers `unknown` or `error`, and not why. The reason is the last event of that sort.

use client::Client;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::output::field;

/// MAAS's type of the events that say why a BMC could not be asked.
const FAILED: &str = "Failed to query node's BMC";

/// Nothing when the state is known; otherwise why it is not.
///
/// # Errors
/// The state is not known.
pub(crate) async fn told(client: &Client, path: &str, answer: &Value) -> Result<(), Failure> {
    let state = field(answer, "state");
    if matches!(state.as_str(), "on" | "off") {
        return Ok(());
    }
    let id = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let query = [("op", "query"), ("id", id), ("level", "WARNING"), ("limit", "1")];
    let events = client.query("events/", &query).await?;
    let message =
        format!("the power state of machine {id} is {state}: {}", reason(&state, &events));
    Err(Failure::Other(anyhow::Error::msg(message)))
}

fn reason(state: &str, events: &Value) -> String {
    let last = &events["events"][0];
    if state == "error" && last["type"] == FAILED {
        return field(last, "description");
    }
    let hint = "nobody has said it in time. An order that runs is waited for 20 seconds; without a BMC \
                (power_type) there is nobody to ask, and without a connected rack nobody who asks";
    hint.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_reason_is_that_of_the_last_failure() {
        let events = json!({"events": [{"type": FAILED, "description": "BMC 10.0.0.1: no"}]});
        assert_eq!(reason("error", &events), "BMC 10.0.0.1: no");
        assert!(reason("unknown", &events).starts_with("nobody has said it in time"));
        let other = json!({"events": [{"type": "Failed to power on node", "description": "x"}]});
        assert!(reason("error", &other).starts_with("nobody has said it in time"));
        assert!(reason("error", &json!({"events": []})).starts_with("nobody"));
    }
}
