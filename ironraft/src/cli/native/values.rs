//! `NAME=VALUE` arguments and options: the parameters of a request, as JSON.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::cli::failure::Failure;
use crate::cli::native::noun::Deed;

/// Parameters in the order in which they were given.
pub(crate) type Values = Vec<(String, String)>;

/// Words that are parameters, and those that are none.
pub(crate) fn parted(deed: &Deed, words: &[String]) -> (Values, Vec<String>) {
    let (mut values, mut others) = (Values::new(), Vec::new());
    let is_known = |name: &str| {
        deed.takes_any || deed.parameters.iter().any(|parameter| parameter.is_for(name))
    };
    // An id may end so, too.
    let is_value = |(name, value): &(&str, &str)| {
        is_name(name) && (is_known(name) || !value.trim_start_matches('=').is_empty())
    };
    for word in words {
        match word.split_once('=').filter(is_value) {
            Some((name, value)) => values.push((name.to_owned(), value.to_owned())),
            None => others.push(word.clone()),
        }
    }
    (values, others)
}

fn is_name(text: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    text.starts_with(|letter: char| letter.is_ascii_alphabetic()) && text.chars().all(is_part)
}

/// The same with what stands in files for values such as `@file`.
///
/// # Errors
/// There is no such parameter, or no such file.
pub(crate) fn read(deed: &Deed, values: Values) -> Result<Values, Failure> {
    let mut read = Values::with_capacity(values.len());
    for (name, value) in values {
        let spec = deed.parameters.iter().find(|parameter| parameter.is_for(&name));
        if spec.is_none() && !deed.takes_any {
            return Err(unknown(deed, &name));
        }
        let value = match value.strip_prefix('@') {
            None => value,
            Some(text) if text.starts_with('@') => text.to_owned(),
            Some(path) => {
                let bytes = content(path).map_err(|error| Failure::Usage(format!("{error:#}")))?;
                let is_encoded = spec.is_some_and(|spec| spec.doc.contains("base64"));
                if is_encoded {
                    BASE64_STANDARD.encode(bytes)
                } else {
                    let text = String::from_utf8(bytes)
                        .map_err(|_| Failure::Usage(format!("{path} is no text")))?;
                    without_line_end(text)
                }
            }
        };
        read.push((name, value));
    }
    Ok(read)
}

/// The line of a file that has only one, without its end, which editors and `echo` put there; other texts as they are.
fn without_line_end(mut text: String) -> String {
    let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    if let Some(line) = line.filter(|line| !line.contains(['\n', '\r'])) {
        text.truncate(line.len());
    }
    text
}

fn content(path: &str) -> anyhow::Result<Vec<u8>> {
    if path == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(bytes);
    }
    std::fs::read(Path::new(path)).with_context(|| format!("cannot read {path}"))
}

/// The body of a request: what comes more than once is a list.
pub(crate) fn body(values: &Values) -> Value {
    let mut members: Map<String, Value> = Map::new();
    for (name, value) in values {
        let value = Value::String(value.clone());
        match members.get_mut(name) {
            None => {
                members.insert(name.clone(), value);
            }
            Some(Value::Array(items)) => items.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    Value::Object(members)
}

fn unknown(deed: &Deed, name: &str) -> Failure {
    let known: Vec<&str> = deed.parameters.iter().map(|parameter| parameter.name).collect();
    let hint = match (nearest(name, &known), known.as_slice()) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, []) => "this command takes none".to_owned(),
        (None, known) => format!("there are {}", known.join(", ").replace("{param}", "…")),
    };
    Failure::Usage(format!("there is no parameter `{name}`: {hint}"))
}

/// The word that is most like one, if it is so at all.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let nearest = known.iter().min_by_key(|known| distance(word, known))?;
    // Half of the letters may be wrong.
    (2 * distance(word, nearest) <= word.chars().count()).then_some(nearest)
}

/// How many letters have to be put in, left out or replaced (Levenshtein's distance).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, letter) in a.chars().enumerate() {
        let mut corner = line;
        row[0] = line + 1;
        for (column, other) in b.iter().enumerate() {
            let replaced = corner + usize::from(letter != *other);
            corner = row[column + 1];
            row[column + 1] = replaced.min(corner + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::native::noun;

    fn deed(noun: &str, name: &str) -> &'static Deed {
        noun::find(noun).unwrap().deed(name).unwrap()
    }

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn parameters_and_objects_are_told_apart() {
        let words = ["web-[01-02]", "comment=a=b", "note:\"x=y\"", "@tag:gpu"].map(str::to_owned);
        let (found, others) = parted(deed("machine", "release"), &words);
        assert_eq!(found, values(&[("comment", "a=b")]));
        let id = ["MTAuMC4wLjksNTI=".to_owned()];
        assert_eq!(parted(deed("discovery", "describe"), &id).1, id);
        assert_eq!(others, ["web-[01-02]", "note:\"x=y\"", "@tag:gpu"]);
    }

    #[test]
    fn what_comes_twice_is_a_list() {
        let values = values(&[("a", "1"), ("b", ""), ("a", "2"), ("a", "3")]);
        assert_eq!(body(&values), json!({"a": ["1", "2", "3"], "b": ""}));
    }

    #[test]
    fn an_unknown_parameter_is_refused_with_the_nearest() {
        let refused = read(deed("subnet", "create"), values(&[("gateway", "x")])).unwrap_err();
        assert_eq!(refused.told().1, "there is no parameter `gateway`: did you mean `gateway_ip`?");
        let power = values(&[("power_parameters_power_address", "10.0.0.1")]);
        assert!(read(deed("machine", "create"), power).is_ok(), "one of many names");
    }

    #[test]
    fn a_value_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        std::fs::write(&path, "#cloud-config").unwrap();
        let given = format!("@{}", path.display());
        let found = read(deed("machine", "deploy"), values(&[("user_data", &given)])).unwrap();
        assert_eq!(found[0].1, BASE64_STANDARD.encode("#cloud-config"), "as the API wants it");
        let found = read(deed("fabric", "create"), values(&[("description", &given)])).unwrap();
        assert_eq!(found[0].1, "#cloud-config");
        let found = read(deed("fabric", "create"), values(&[("description", "@@x")])).unwrap();
        assert_eq!(found[0].1, "@x");
    }

    #[test]
    fn the_end_of_the_only_line_of_a_file_is_no_part_of_a_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let given = format!("@{}", path.display());
        for (content, expected) in [
            ("hush\n", "hush"),
            ("hush\r\n", "hush"),
            ("hush", "hush"),
            (" hush \n", " hush "),
            ("\n", ""),
            ("hush\n\n", "hush\n\n"),
            ("a\nb\n", "a\nb\n"),
            ("a\r\nb\r\n", "a\r\nb\r\n"),
            ("", ""),
        ] {
            std::fs::write(&path, content).unwrap();
            let secret = values(&[("client_secret", &given)]);
            let found = read(deed("oidc-provider", "create"), secret).unwrap();
            assert_eq!(found[0].1, expected, "{content:?}");
        }
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        let data = values(&[("user_data", &given)]);
        let found = read(deed("machine", "deploy"), data).unwrap();
        assert_eq!(found[0].1, BASE64_STANDARD.encode("#!/bin/sh\n"), "what is no text is kept");
    }
}
