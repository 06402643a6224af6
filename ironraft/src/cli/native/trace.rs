//! `-v`: what was sent to which region and what it answered, on standard error, without secrets.

use client::{Attempt, Body};
use model::secret::HIDDEN;
use serde_json::Value;

use crate::cli::secret::is_named;

/// Tells of one attempt.
pub(crate) fn tell(attempt: &Attempt<'_>) {
    told(attempt).iter().for_each(|line| eprintln!("{line}"));
}

fn told(attempt: &Attempt<'_>) -> Vec<String> {
    let Attempt { endpoint, exchange, outcome, took } = attempt;
    let shown = |(name, value): &(String, String)| {
        format!("{name}={}", if is_named(name) { HIDDEN } else { value })
    };
    let query: Vec<String> = exchange.query.iter().map(shown).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let mut lines = vec![format!("> {} {endpoint}{}{query}", exchange.method, exchange.path)];
    if let Body::Json(body) = &exchange.body
        && let Ok(body) = serde_json::from_slice::<Value>(body)
    {
        lines.push(format!("> {}", without_secrets(&body)));
    }
    let took = took.as_millis();
    lines.push(match outcome {
        Ok(answer) => {
            let revision = answer.header("x-ironraft-revision");
            let revision = revision.map(|at| format!(", revision {at}")).unwrap_or_default();
            let id = answer.header("x-request-id");
            let id = id.map(|id| format!(", request {id}")).unwrap_or_default();
            format!("< {} from {endpoint} in {took} ms{revision}{id}", answer.status)
        }
        Err(reason) => format!("< no answer from {endpoint} in {took} ms: {reason}"),
    });
    lines
}

/// A document whose secrets are `***`.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let shown = |(name, value): (&String, &Value)| {
                let value = if is_named(name) { HIDDEN.into() } else { without_secrets(value) };
                (name.clone(), value)
            };
            Value::Object(members.iter().map(shown).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_secrets).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use client::Exchange;
    use http::{Method, header};
    use serde_json::json;

    use super::*;

    #[test]
    fn no_secret_is_told() {
        let body = json!({"username": "a", "password": "hidden1",
            "power_parameters": {"power_pass": "hidden2", "power_address": "10.0.0.1"}});
        let exchange = Exchange {
            method: Method::POST,
            path: "/api/v1/users".to_owned(),
            query: vec![("api_key".to_owned(), "hidden3".to_owned())],
            headers: vec![(header::AUTHORIZATION, "Bearer hidden4".to_owned())],
            body: Body::Json(body.to_string().into()),
        };
        let attempt = Attempt {
            endpoint: "http://r1:5240",
            exchange: &exchange,
            outcome: Err("connection refused"),
            took: Duration::from_millis(5),
        };
        let told = told(&attempt).join("\n");
        assert!(!told.contains("hidden"), "{told}");
        assert!(told.contains("> POST http://r1:5240/api/v1/users?api_key=***"), "{told}");
        assert!(told.contains("10.0.0.1") && told.contains("connection refused"), "{told}");
    }
}
