//! Lines as somebody writes them: text with fields between braces, `{fqdn} in {pool.name}`.

use serde_json::Value;

use crate::cli::output::value::field;

/// The line of an object. Two braces are one that is meant itself.
pub(crate) fn line(template: &str, object: &Value) -> String {
    let mut line = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}', '\\']) {
        line.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{{") {
            line.push('{');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("}}") {
            line.push('}');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\\t") {
            line.push('\t');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\\n") {
            line.push('\n');
            rest = after;
        } else if let Some((path, after)) = rest.strip_prefix('{').and_then(|it| it.split_once('}'))
        {
            line.push_str(&field(object, path.trim()));
            rest = after;
        } else {
            let letter = rest.chars().next().map_or(1, char::len_utf8);
            line.push_str(&rest[..letter]);
            rest = &rest[letter..];
        }
    }
    line.push_str(rest);
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_stand_between_braces() {
        let object = json!({"fqdn": "web", "pool": {"name": "lab"}, "tags": ["a", "b"]});
        let of = |template: &str| line(template, &object);
        assert_eq!(of("{fqdn} in {pool.name}"), "web in lab");
        assert_eq!(of("{tags}\\t{none}"), "a,b\t-");
        assert_eq!(of("{{{fqdn}}} {"), "{web} {");
        assert_eq!(of("\\x ü}"), "\\x ü}");
    }
}
