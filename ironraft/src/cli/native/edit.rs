//! `edit`: the members of an object that can be changed, as TOML in an editor. What was changed in it is sent, if the object is
//! still as it was shown.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};
use native::resource::Resource;
use serde_json::{Map, Value};

use crate::cli::failure::Failure;
use crate::cli::native::change::Change;
use crate::cli::native::columns::Shown;
use crate::cli::native::exchange::{NativeApi, Reading};
use crate::cli::native::grammar::{ChangeArguments, EditArguments};
use crate::cli::native::noun::{Deed, Noun};
use crate::cli::native::plan;
use crate::cli::output::{OutputArguments, text};
use crate::cli::private_file;

/// Has an object edited, and changes what was changed.
///
/// # Errors
/// The editor failed, what it left is no TOML, or the change was refused.
pub(crate) async fn run(
    api: &NativeApi,
    (noun, resource): (&Noun, &Resource),
    deed: &Deed,
    name: &str,
    how: &EditArguments,
    change: ChangeArguments,
    output: &OutputArguments,
) -> Result<(), Failure> {
    let object = api.object(resource.name, name, &Reading::default()).await?.body;
    let shown = document(deed, &object);
    let edited = edited(&shown, how).map_err(Failure::Other)?;
    let members = differing(&shown, &edited)?;
    if members.is_empty() {
        eprintln!("nothing was changed");
        return Ok(());
    }
    let mut asked = Change::update(resource.name, name, Value::Object(members));
    if let Some(revision) = object["revision"].as_u64() {
        asked = asked.only_at(revision);
    }
    if change.plan || change.check {
        plan::print(&api.plan(&asked).await?, output);
        return Ok(());
    }
    let changed = api.carry_out(&asked).await?.body;
    let rows = std::slice::from_ref(&changed);
    Shown::of(noun, rows).print(output, rows, &changed)
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

fn edited(shown: &str, how: &EditArguments) -> anyhow::Result<String> {
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

/// What differs, as a request has it.
fn differing(shown: &str, edited: &str) -> Result<Map<String, Value>, Failure> {
    let read = |text: &str| {
        toml::from_str::<toml::Table>(text).map_err(|error| {
            Failure::Usage(format!("what was edited is no TOML: {}", error.message()))
        })
    };
    let (before, after) = (read(shown)?, read(edited)?);
    let mut members = Map::new();
    for (name, value) in after {
        if before.get(&name) != Some(&value) {
            let value = serde_json::to_value(value).map_err(Failure::other)?;
            members.insert(name, value);
        }
    }
    Ok(members)
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
        let members = differing(&shown, &edited).unwrap();
        assert_eq!(Value::Object(members), json!({"name": "works"}));
        assert!(differing(&shown, &shown).unwrap().is_empty());
        assert_eq!(differing(&shown, "name = ").unwrap_err().told().0, 2);
    }
}
