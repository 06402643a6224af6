//! A document: what it needs before it is tried, and what of it is run.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Files below the root of the project that are documents for users; folders with all below them.
const PLACES: &[&str] = &["README.md", "deploy/README.md", "docs"];
const MARK: &str = "<!-- tried: ";
const END: &str = "-->";

/// Kinds of code that are for a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Every line is run.
    Script,
    /// What stands behind a prompt is run; the rest is what is printed.
    Session,
    /// Not run.
    Shown,
    /// No commands.
    Other,
}

/// A document for users.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its path below the root of the project.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// What is there before a document is tried.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mark<'a> {
    pub(crate) stage: &'a str,
    /// Commands that prepare what this document alone needs.
    pub(crate) before: &'a str,
}

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All documents, by name.
pub(crate) fn all() -> BTreeMap<String, Document> {
    let root = root();
    let mut open: Vec<PathBuf> = PLACES.iter().map(|place| root.join(place)).collect();
    let mut found = BTreeMap::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("the folder can be read");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|end| end == "md") {
            let name = path.strip_prefix(&root).expect("it is below").display().to_string();
            let text = fs::read_to_string(&path).expect("the document can be read");
            found.insert(name.clone(), Document { name, text });
        }
    }
    found
}

impl Document {
    /// What has to be there before it is tried, if it is.
    pub(crate) fn mark(&self) -> Option<Mark<'_>> {
        let (mark, _) = self.text.strip_prefix(MARK)?.split_once(END)?;
        let (stage, before) = mark.split_once('\n').unwrap_or((mark, ""));
        Some(Mark { stage: stage.trim(), before: before.trim_end() })
    }

    /// Whether it has commands that ask to be run.
    pub(crate) fn has_commands(&self) -> bool {
        self.lines().any(|(kind, _, _)| matches!(kind, Kind::Script | Kind::Session))
    }

    /// The first lines of code for a shell that is not run and does not say why.
    pub(crate) fn unreasoned(&self) -> impl Iterator<Item = &str> {
        let shown = self.lines().filter(|(kind, why, _)| *kind == Kind::Shown && why.is_empty());
        shown.map(|(_, _, line)| line)
    }

    /// Code that is indented in place of being fenced, which does not say what it is for.
    pub(crate) fn indented(&self) -> impl Iterator<Item = &str> {
        let (mut is_fenced, mut is_after_blank) = (false, true);
        self.text.lines().filter(move |line| {
            is_fenced ^= line.starts_with("```");
            let is_code = !is_fenced && is_after_blank && line.starts_with("    ");
            is_after_blank = line.is_empty();
            is_code
        })
    }

    /// The commands that are run.
    pub(crate) fn script(&self) -> String {
        let mut script = String::new();
        for (kind, _, line) in self.lines() {
            let command = match kind {
                Kind::Script => Some(line),
                Kind::Session => line.strip_prefix("$ ").or_else(|| line.strip_prefix("> ")),
                Kind::Shown | Kind::Other => None,
            };
            if let Some(command) = command {
                writeln!(script, "{}", with_code(command)).expect("a string takes it");
            }
        }
        script
    }

    /// The lines of fenced code: their kind, what stands behind it, and the line.
    fn lines(&self) -> impl Iterator<Item = (Kind, &str, &str)> {
        let mut open = None;
        self.text.lines().filter_map(move |line| {
            if let Some(opening) = line.strip_prefix("```") {
                let (word, why) = opening.split_once(' ').unwrap_or((opening, ""));
                open = open.is_none().then_some((kind_of(word), why.trim()));
                return None;
            }
            open.map(|(kind, why)| (kind, why, line))
        })
    }
}

fn kind_of(word: &str) -> Kind {
    match word {
        "sh" => Kind::Script,
        "console" => Kind::Session,
        "shell" => Kind::Shown,
        _ => Kind::Other,
    }
}

/// A command that may end with the code that its comment tells.
fn with_code(command: &str) -> String {
    match command.split_once("# exit code ") {
        Some((command, code)) => {
            let code: String = code.chars().take_while(char::is_ascii_digit).collect();
            format!("{{ {}; }} || test $? = {code}", command.trim())
        }
        None => command.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, Mark};

    fn document(text: &str) -> Document {
        Document { name: "x.md".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn what_stands_behind_a_prompt_is_run_and_what_is_printed_is_not() {
        let text = "```console\n$ a b\n> c\nprinted\n```\n```sh\nd  # exit code 8: it differs\n```\n```yaml\ne\n```\n";
        assert_eq!(document(text).script(), "a b\nc\n{ d; } || test $? = 8\n");
        assert!(!document("```yaml\n$ a\n```\n").has_commands());
    }

    #[test]
    fn a_mark_names_the_stage_and_what_prepares() {
        let text = "<!-- tried: region\na\nb\n-->\n# Title\n";
        assert_eq!(document(text).mark(), Some(Mark { stage: "region", before: "a\nb" }));
        let text = "<!-- tried: region -->\n";
        assert_eq!(document(text).mark(), Some(Mark { stage: "region", before: "" }));
        assert_eq!(document("# Title\n").mark(), None);
    }

    #[test]
    fn code_is_indented_behind_an_empty_line() {
        let text = "text\n\n    code\n\n- a list\n    goes on\n```\n\n    fenced\n```\n";
        assert_eq!(document(text).indented().collect::<Vec<_>>(), ["    code"]);
    }

    #[test]
    fn code_that_is_not_run_says_why() {
        let text = "```shell\na\n```\n```shell needs a switch\nb\n```\n";
        assert_eq!(document(text).unreasoned().collect::<Vec<_>>(), ["a"]);
    }
}
