//! `edit`: the members of an object that can be changed, as TOML in an editor. What was changed in it is a change like others,
//! of the object as it was shown.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};
use native::resource::Resource;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{NativeApi, Reading};
use crate::cli::native::grammar::EditArguments;
use crate::cli::native::noun::Deed;
use crate::cli::native::values::Values;
use crate::cli::output::text;
use crate::cli::private_file;

/// What was changed of an object in an editor, and the revision that it had; none when nothing was.
///
/// # Errors
/// There is no such object, the editor failed, or what it left is no TOML.
pub(crate) async fn edited(
    api: &NativeApi,
    resource: &Resource,
    deed: &Deed,
    name: &str,
    how: &EditArguments,
) -> Result<Option<(Values, Option<u64>)>, Failure> {
    let object = api.object(resource.name, name, &Reading::default()).await?.body;
    let shown = document(deed, &object);
    let left = left_by_editor(&shown, how).map_err(Failure::Other)?;
    let values = differing(&shown, &left)?;
    Ok((!values.is_empty()).then(|| (values, object["revision"].as_u64())))
}

/// The members that can be changed, each behind what it means.
fn document(deed: &Deed, object: &Value) -> String {
    let mut lines = Vec::new();
    for parameter in deed.parameters.iter().filter(|parameter| parameter.flag.is_some()) {
        let Some(value) = object.get(parameter.name).map(simple) else { continue };
        lines.push(format!("# {}", parameter.doc));
        lines.push(format!("{} = {}", parameter.name, toml::Value::String(value)));
    }
    lines.join("\n") + "\n"
}

/// A value as a parameter has it: of an object, what names it.
fn simple(value: &Value) -> String {
    let named = ["name", "id", "system_id"].iter().find_map(|name| value.get(*name));
    match text(named.unwrap_or(value)) {
        none if none == "-" => String::new(),
        text => text,
    }
}

fn left_by_editor(shown: &str, how: &EditArguments) -> anyhow::Result<String> {
    let folder = std::env::temp_dir();
    let path = folder.join(format!("ironraft-{:016x}.toml", rand::random::<u64>()));
    private_file::write(&path, shown)?;
    let outcome = in_editor(&path, how);
    let _gone = std::fs::remove_file(&path);
    outcome
}

fn in_editor(path: &PathBuf, how: &EditArguments) -> anyhow::Result<String> {
    let of_environment = || ["VISUAL", "EDITOR"].iter().find_map(std::env::var_os);
    let editor = how.editor.clone().map(PathBuf::into_os_string).or_else(of_environment);
    let editor = editor.unwrap_or_else(|| "vi".into());
    // It may have arguments of its own.
    let line = editor.to_string_lossy().into_owned();
    let mut words = line.split_whitespace();
    let program = words.next().context("no editor is named")?;
    let status = Command::new(program).args(words).arg(path).status();
    let status = status.with_context(|| format!("cannot run {program}"))?;
    ensure!(status.success(), "{program} ended with {status}: nothing was changed");
    std::fs::read_to_string(path).context("cannot read what was edited")
}

/// What differs, as parameters.
fn differing(shown: &str, edited: &str) -> Result<Values, Failure> {
    let read = |text: &str| {
        toml::from_str::<toml::Table>(text).map_err(|error| {
            Failure::Usage(format!("what was edited is no TOML: {}", error.message()))
        })
    };
    let (before, after) = (read(shown)?, read(edited)?);
    let is_other = |(name, value): &(String, toml::Value)| before.get(name) != Some(value);
    let text = |value: toml::Value| match value {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(after.into_iter().filter(is_other).map(|(name, value)| (name, text(value))).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::native::noun;

    #[test]
    fn only_what_was_changed_is_sent() {
        let deed = noun::find("fabric").unwrap().deed("edit").unwrap();
        let object =
            json!({"id": 1, "name": "plant", "class_type": null, "description": "a \"b\""});
        let shown = document(deed, &object);
        assert!(shown.contains("name = \"plant\""), "{shown}");
        let edited = shown.replace("\"plant\"", "\"works\"");
        let values = differing(&shown, &edited).unwrap();
        assert_eq!(values, [("name".to_owned(), "works".to_owned())]);
        let number = shown.replace("\"plant\"", "7");
        assert_eq!(differing(&shown, &number).unwrap(), [("name".to_owned(), "7".to_owned())]);
        assert!(differing(&shown, &shown).unwrap().is_empty());
        assert_eq!(differing(&shown, "name = ").unwrap_err().told().0, 2);
    }
}
