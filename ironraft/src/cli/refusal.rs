//! What the API says of a request that it refuses, in lines for people. MAAS's API answers with a sentence, or with JSON:
//! what is wrong with each field.

use serde_json::Value;

/// What stands for the request as a whole where fields are named.
const WHOLE: [&str; 3] = ["__all__", "non_field_errors", "detail"];

/// One line, or several that are indented and begin in the next line.
pub(crate) fn told(text: &str) -> String {
    let reasons = reasons(text);
    match reasons.as_slice() {
        [one] => one.clone(),
        several => several.iter().map(|reason| format!("\n  {reason}")).collect(),
    }
}

/// Each reason in a line: `cidr: Enter a valid network.`
fn reasons(text: &str) -> Vec<String> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
        return vec![text.trim().to_owned()];
    };
    let mut reasons = Vec::new();
    for (name, value) in &fields {
        for message in messages(value) {
            let is_whole = WHOLE.contains(&name.as_str());
            reasons.push(if is_whole { message } else { format!("{name}: {message}") });
        }
    }
    reasons
}

fn messages(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(messages).collect(),
        Value::String(text) => vec![text.trim().to_owned()],
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_line_by_line() {
        let one = r#"{"cidr": ["Enter a valid network."]}"#;
        assert_eq!(told(one), "cidr: Enter a valid network.");
        let two = r#"{"__all__": ["They overlap."], "cidr": ["A.", "B."], "mtu": "C."}"#;
        assert_eq!(told(two), "\n  They overlap.\n  cidr: A.\n  cidr: B.\n  mtu: C.");
        assert_eq!(
            told("No Subnet matches the given query.\n"),
            "No Subnet matches the given query."
        );
        assert_eq!(told("[1]"), "[1]");
    }
}
