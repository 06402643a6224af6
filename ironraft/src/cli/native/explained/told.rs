//! How what is known of an address is asked for, and told.

use clap::Args;
use serde_json::{Map, Value};

use crate::cli::native::exchange::{ConnectionArguments, Reading};
use crate::cli::native::explained::source::Source;
use crate::cli::output::{OutputArguments, say, text};

/// Who is asked, and how it is printed.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    #[command(flatten)]
    pub(super) reading: Reading,
    #[command(flatten)]
    pub(super) connection: ConnectionArguments,
    #[command(flatten)]
    pub(super) output: OutputArguments,
}

/// Prints what sources know, behind lines that say where the address is.
pub(super) fn print(
    output: &OutputArguments,
    head: &Value,
    lines: Vec<String>,
    sources: &[Source],
    known: &Map<String, Value>,
) {
    if !output.is_columns() {
        let mut whole = head.as_object().cloned().unwrap_or_default();
        whole.extend(known.clone());
        let whole = Value::Object(whole);
        return output.print_answer(std::slice::from_ref(&whole), &whole);
    }
    let address = head.as_object().and_then(|head| head.values().next()).map(text);
    say(format_args!("{}", address.unwrap_or_default()));
    let said = told(lines, sources, known);
    said.iter().for_each(|line| say(format_args!("  {line}")));
}

pub(super) fn told(
    mut lines: Vec<String>,
    sources: &[Source],
    known: &Map<String, Value>,
) -> Vec<String> {
    let before = lines.len();
    for source in sources {
        let items = known.get(source.resource).and_then(Value::as_array);
        lines.extend(items.into_iter().flatten().map(source.said));
    }
    if lines.len() == before {
        lines.push("nobody has it, and nobody was seen with it".to_owned());
    }
    lines
}
