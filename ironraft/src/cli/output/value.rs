//! The text of values of the API, for tables.

use serde_json::Value;

/// What objects are called by, the best first.
const CALLED_BY: [&str; 7] = ["fqdn", "hostname", "name", "username", "cidr", "system_id", "id"];

/// The text of a field, by a path of names such as `vlan.vid`; in a list, a name is that of an item, or a field of all
/// of them.
pub(crate) fn field(object: &Value, path: &str) -> String {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let below = |value: &Value| rest.map_or_else(|| text(value), |rest| field(value, rest));
    match object {
        Value::Array(items) if items.is_empty() => text(object),
        Value::Array(items) => match items.iter().find(|item| item["name"] == name) {
            Some(item) => below(item),
            None => items.iter().map(|item| field(item, path)).collect::<Vec<_>>().join(","),
        },
        object => below(&object[name]),
    }
}

/// The text of a value.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Object(members) => {
            let told = members.iter().filter(|(_, value)| !value.is_null());
            let told: Vec<String> =
                told.map(|(name, value)| format!("{name}={}", text(value))).collect();
            if told.is_empty() { "-".to_owned() } else { told.join(" ") }
        }
    }
}

/// What an object is called by.
pub(crate) fn name_of(object: &Value) -> String {
    let named = CALLED_BY.iter().map(|name| &object[*name]).find(|value| !value.is_null());
    named.map_or_else(|| text(object), text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_by_their_path() {
        let object = json!({"vlan": {"vid": 5}, "ips": ["a", "b"], "name": ""});
        assert_eq!(field(&object, "vlan.vid"), "5");
        assert_eq!(field(&object, "ips"), "a,b");
        assert_eq!(field(&object, "name"), "-");
        assert_eq!(field(&object, "missing.too"), "-");
        let links = json!({"links": [{"id": 1}, {"id": 2, "ip": "a"}], "none": []});
        assert_eq!(field(&links, "links.id"), "1,2");
        assert_eq!(field(&links, "links.ip"), "-,a");
        assert_eq!(field(&links, "none.id"), "-");
        let rack = json!({"service_set": [{"name": "rackd", "status": "dead"}]});
        assert_eq!(field(&rack, "service_set.rackd.status"), "dead");
        assert_eq!(field(&rack, "service_set.tftp.status"), "-");
    }

    #[test]
    fn what_is_in_an_object_is_told_in_words() {
        let links = json!([{"mode": "Dhcp", "ip": null}, {"mode": "Static", "ip": "10.0.0.5"}]);
        assert_eq!(text(&links), "mode=Dhcp,ip=10.0.0.5 mode=Static");
        assert_eq!(text(&json!({})), "-");
    }

    #[test]
    fn objects_are_called_by_what_people_call_them() {
        assert_eq!(name_of(&json!({"system_id": "abc", "fqdn": "web.maas"})), "web.maas");
        assert_eq!(name_of(&json!({"id": 5, "cidr": "10.0.0.0/24"})), "10.0.0.0/24");
        assert_eq!(name_of(&json!("x")), "x");
    }
}
