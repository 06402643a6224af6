//! The tools and files that an inventory is made from.

use std::collections::BTreeMap;

use crate::command::Invocation;
use crate::journal::Journal;

/// Runs tools and keeps what they print.
pub(crate) struct Tools<'a> {
    journal: &'a Journal,
    /// What tools printed and files held, by their names.
    pub(crate) outputs: BTreeMap<String, String>,
}

impl<'a> Tools<'a> {
    /// Nothing ran yet.
    pub(crate) fn new(journal: &'a Journal) -> Self {
        Self { journal, outputs: BTreeMap::new() }
    }

    /// Runs a tool, keeps its output under `name` and returns it; empty when it failed.
    pub(crate) async fn run(&mut self, name: &str, program: &str, arguments: &[&str]) -> String {
        let invocation = Invocation::new(program, arguments.iter().copied());
        match invocation.run().await {
            Ok(output) => {
                self.outputs.insert(name.to_owned(), output.clone());
                output
            }
            Err(error) => {
                self.journal.detail(&error.to_string());
                self.outputs.insert(name.to_owned(), error.to_string());
                String::new()
            }
        }
    }

    /// Reads a file of the kernel, keeps it under `name`; empty when it cannot be read.
    pub(crate) fn file(&mut self, name: &str, path: &str) -> String {
        let text = read(path);
        self.outputs.insert(name.to_owned(), text.clone());
        text
    }

    /// Writes a line into the job's log.
    pub(crate) fn note(&self, text: &str) {
        self.journal.detail(text);
    }
}

/// A file's text without white space around it, empty when it cannot be read.
pub(crate) fn read(path: impl AsRef<std::path::Path>) -> String {
    std::fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}
