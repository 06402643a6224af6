//! The commands of the how-tos, as a newcomer types them, at a region of their own.
//!
//! A document whose commands a region alone can carry out begins with a comment that says what was done before:
//! `<!-- tried after:`, commands, `-->`. All its commands are then run in their order; one that ends with another code than 0
//! says so behind it: `# exit code 8`. The others are looked at by the program's own tests, which know what it understands.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cluster::Cluster;

const MARK: &str = "<!-- tried after:";
const END: &str = "-->";

/// How a document calls the region of its examples.
const REGION: &str = "region:5240";

/// Before everything that is tried: nothing of it asks anybody.
const HEAD: &str = "set -euo pipefail\nsudo() { \"$@\"; }\nexport EDITOR=true\nset -x\n";

struct Document {
    path: PathBuf,
    /// What is run: what was done before, then its commands.
    script: String,
}

fn documents() -> Vec<Document> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/how-to");
    let mut paths: Vec<PathBuf> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let tried = paths.into_iter().filter_map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = text.strip_prefix(MARK)?.split_once(END)?;
        let script = format!("{HEAD}{before}\n{}", commands(rest));
        Some(Document { path, script })
    });
    tried.collect()
}

/// The commands of fenced code: what stands behind a prompt, or all of it when there is none.
fn commands(text: &str) -> String {
    let (mut script, mut kind) = (String::new(), None::<&str>);
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            kind = if kind.is_some() { None } else { Some(language.trim()) };
            continue;
        }
        let command = match kind {
            Some("sh") => Some(line),
            Some("console") => line.strip_prefix("$ ").or_else(|| line.strip_prefix("> ")),
            _ => None,
        };
        if let Some(command) = command {
            let _ = writeln!(script, "{}", with_code(command));
        }
    }
    script
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

/// Runs a script as somebody who knows the region and has the key; what it printed when it failed.
fn failure(cluster: &Cluster, script: &str) -> Option<String> {
    let home = tempfile::tempdir().unwrap();
    let address = format!("{}:5240", cluster.nodes[0].address);
    let program = Path::new(env!("CARGO_BIN_EXE_ironraft")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-c", &script.replace(REGION, &address)]).current_dir(&home).env("PATH", path);
    command.env("HOME", home.path()).env("IRONRAFT_ENDPOINTS", format!("http://{address}"));
    command.env("IRONRAFT_API_KEY", &cluster.api_key).stdin(Stdio::null());
    command.env("IRONRAFT_DATA_DIR", &cluster.nodes[0].data);
    let output = command.output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (!output.status.success()).then(|| String::from_utf8_lossy(&printed).into_owned())
}

#[test]
fn the_commands_of_how_tos_do_what_they_say() {
    let (mut faults, documents) = (String::new(), documents());
    assert!(documents.len() >= 8, "only {} are tried", documents.len());
    for Document { path, script } in documents {
        let cluster = Cluster::single("127.0.184.1");
        if let Some(printed) = failure(&cluster, &script) {
            let _ = writeln!(faults, "== {}\n{printed}", path.display());
        }
    }
    assert!(faults.is_empty(), "{faults}");
}
