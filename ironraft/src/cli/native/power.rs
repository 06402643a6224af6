//! What is said when a machine's power state is not known: the reason is the last event of that sort.

use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{NativeApi, Wanted};
use crate::cli::output::field;

/// The verb that asks for it.
pub(crate) const VERB: &str = "query-power-state";

/// The type of the events that say why a BMC could not be asked.
const FAILED: &str = "Failed to query node's BMC";

/// Nothing when the state is known; otherwise why it is not.
///
/// # Errors
/// The state is not known.
pub(crate) async fn told(api: &NativeApi, name: &str, answer: &Value) -> Result<(), Failure> {
    let state = field(answer, "state");
    if matches!(state.as_str(), "on" | "off") {
        return Ok(());
    }
    let filter = format!("hostname:\"{name}\" level:warning");
    let wanted = Wanted { filter, limit: Some(1), ..Wanted::default() };
    let events = api.list("events", &wanted).await?.items;
    let message = format!("the power state is {state}: {}", reason(&state, &events));
    Err(Failure::Other(anyhow::Error::msg(message)))
}

fn reason(state: &str, events: &[Value]) -> String {
    match events.first() {
        Some(last) if state == "error" && last["type"] == FAILED => field(last, "description"),
        _ => {
            let hint = "nobody has said it in time. An order that runs is waited for 20 seconds; without a BMC \
                        (power_type) there is nobody to ask, and without a connected rack nobody who asks";
            hint.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_reason_is_that_of_the_last_failure() {
        let events = [json!({"type": FAILED, "description": "BMC 10.0.0.1: no"})];
        assert_eq!(reason("error", &events), "BMC 10.0.0.1: no");
        assert!(reason("unknown", &events).starts_with("nobody has said it in time"));
        assert!(reason("error", &[]).starts_with("nobody"));
    }
}
