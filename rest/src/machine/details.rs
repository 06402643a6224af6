//! `?op=details` of nodes of every kind, and `machines/{system_id}/?op=get_curtin_config`: what is not told as JSON.

use bytes::Bytes;
use model::id::SystemId;
use ops::cluster::controllers;
use ops::machine::details::Probed;
use ops::machine::{curtin, details, devices};
use serde_json::Value;

use crate::call::Call;
use crate::machine::actions::id_of;
use crate::operation::Operation;
use crate::problem::Problem;
use crate::reply::Reply;

const PATH: &str = "machines/{system_id}/";
const RACK: &str = "rackcontrollers/{system_id}/";
const REGION: &str = "regioncontrollers/{system_id}/";

/// The operations of this file.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("MachineHandler", PATH, |call| Box::pin(details(call)))
        .op("details")
        .doc("What lldp and lshw said of a machine, as BSON."),
    Operation::get("NodeHandler", "nodes/{system_id}/", |call| Box::pin(of_node(call)))
        .op("details")
        .doc("What lldp and lshw said of a node, as BSON."),
    Operation::get("DeviceHandler", "devices/{system_id}/", |call| Box::pin(of_device(call)))
        .op("details")
        .doc("What a device said of itself, as BSON: nothing."),
    Operation::get("RackControllerHandler", RACK, |call| Box::pin(of_rack(call)))
        .op("details")
        .doc("What a rack controller said of its hardware, as BSON: nothing."),
    Operation::get("RegionControllerHandler", REGION, |call| Box::pin(of_region(call)))
        .op("details")
        .doc("What a region controller said of its hardware, as BSON: nothing."),
    Operation::get("MachineHandler", PATH, |call| Box::pin(curtin_config(call)))
        .op("get_curtin_config")
        .doc("What a machine is installed from and how, as YAML; without credentials."),
];

async fn details(call: Call) -> Result<Reply, Problem> {
    let probed = details::probed(&call.parts.tables, &call.actor, &id_of(&call)?).await?;
    Ok(answer(probed))
}

async fn of_node(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "Node")?;
    Ok(answer(details::probed_of_node(&call.parts.tables, &call.actor, &id).await?))
}

async fn of_device(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "Device")?;
    devices::get(&call.parts.tables, &call.actor, &id).await?;
    Ok(answer(Probed::default()))
}

async fn of_rack(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RackController")?;
    controllers::get_rack(&call.parts.tables, &call.actor, &id).await?;
    Ok(answer(Probed::default()))
}

async fn of_region(call: Call) -> Result<Reply, Problem> {
    let id: SystemId = call.id("system_id", "RegionController")?;
    controllers::get_region(&call.parts.tables, &call.actor, &id).await?;
    Ok(answer(Probed::default()))
}

fn answer(probed: Probed) -> Reply {
    let body = bson(&[("lldp", probed.lldp), ("lshw", probed.lshw)]);
    Reply::bytes("application/bson", body)
}

async fn curtin_config(call: Call) -> Result<Reply, Problem> {
    let config = curtin::curtin_config(&call.parts.tables, &call.actor, &id_of(&call)?).await?;
    let mut text = String::new();
    write_yaml(&config, 0, &mut text);
    Ok(Reply::bytes("text/plain", Bytes::from(text)))
}

/// A document of binaries; nothing where there is none.
fn bson(fields: &[(&str, Option<String>)]) -> Bytes {
    const BINARY: u8 = 0x05;
    const NULL: u8 = 0x0a;
    const GENERIC: u8 = 0;
    let length = |bytes: usize| i32::try_from(bytes).unwrap_or(i32::MAX).to_le_bytes();
    let mut elements = Vec::new();
    for (name, value) in fields {
        elements.push(if value.is_some() { BINARY } else { NULL });
        elements.extend_from_slice(name.as_bytes());
        elements.push(0);
        if let Some(value) = value {
            elements.extend_from_slice(&length(value.len()));
            elements.push(GENERIC);
            elements.extend_from_slice(value.as_bytes());
        }
    }
    let mut document = length(4 + elements.len() + 1).to_vec();
    document.extend_from_slice(&elements);
    document.push(0);
    Bytes::from(document)
}

/// YAML in blocks, with items of lists as far in as their key, as MAAS writes it.
fn write_yaml(value: &Value, indent: usize, out: &mut String) {
    let blanks = "  ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                out.push_str(&blanks);
                out.push_str(&yaml_text(key));
                out.push(':');
                write_below(value, indent, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut block = String::new();
                write_yaml(item, indent + 1, &mut block);
                out.push_str(&blanks);
                out.push_str("- ");
                out.push_str(block.trim_start());
            }
        }
        scalar => {
            out.push_str(&yaml_scalar(scalar));
            out.push('\n');
        }
    }
}

/// What stands behind a key: in the same line, or in lines of its own.
fn write_below(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if map.is_empty() => out.push_str(" {}\n"),
        Value::Array(items) if items.is_empty() => out.push_str(" []\n"),
        Value::Object(_) => {
            out.push('\n');
            write_yaml(value, indent + 1, out);
        }
        Value::Array(_) => {
            out.push('\n');
            write_yaml(value, indent, out);
        }
        scalar => {
            out.push(' ');
            out.push_str(&yaml_scalar(scalar));
            out.push('\n');
        }
    }
}

fn yaml_scalar(value: &Value) -> String {
    match value {
        Value::String(text) => yaml_text(text),
        other => other.to_string(),
    }
}

/// A text as it is where nothing else can be meant by it, or else quoted.
fn yaml_text(text: &str) -> String {
    const WORDS: &[&str] = &["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_plain = |found: char| found.is_ascii_alphanumeric() || "_-./".contains(found);
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    if text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(is_plain)
        && !is_word
    {
        return text.to_owned();
    }
    // JSON's strings are YAML's, too.
    if text.chars().any(char::is_control) {
        return Value::from(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bson_has_binaries_and_nulls_and_its_own_length() {
        let document = bson(&[("lldp", None), ("lshw", Some("<a/>".to_owned()))]);
        let expected = b"\x1a\0\0\0\x0alldp\0\x05lshw\0\x04\0\0\0\0<a/>\0";
        assert_eq!(document.as_ref(), expected);
    }

    #[test]
    fn yaml_is_in_blocks_and_quotes_what_could_be_misread() {
        let value = json!({
            "network": { "version": 2, "addresses": ["10.0.0.1/24", "fd00::1"], "none": {} },
            "disks": [{ "id": "sda", "wipe": "on" }, { "id": "x: y" }],
            "text": "it's\n",
        });
        let mut text = String::new();
        write_yaml(&value, 0, &mut text);
        let expected = "\
disks:
- id: sda
  wipe: 'on'
- id: 'x: y'
network:
  addresses:
  - '10.0.0.1/24'
  - 'fd00::1'
  none: {}
  version: 2
text: \"it's\\n\"
";
        assert_eq!(text, expected);
    }
}
