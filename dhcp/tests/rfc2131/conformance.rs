//! `docs/conformance/dhcpv4.md`: which line of the checklist is shown by which tests.
//!
//! A test says in its last line of documentation which lines it shows: `/// V4-11, RFC 3527.`

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::lines::LINES;

/// A line of the checklist.
pub(crate) struct Line {
    /// What tests call it.
    pub(crate) id: &'static str,
    /// 1 must, 2 should, 3 later.
    pub(crate) priority: u8,
    /// What is to hold.
    pub(crate) says: &'static str,
    /// What does not hold, and why.
    pub(crate) except: Option<&'static str>,
}

const HEAD: &str = "# DHCPv4: what is shown by tests
Lines of the checklist with their priority (1 must, 2 should, 3 later), and the tests that show them.
This page is made from the tests by `dhcp/tests/rfc2131/conformance.rs`; one of them compares it.

";

/// Where tests stand that show lines of the checklist.
const FOLDERS: &[&str] = &[
    "dhcp/src",
    "dhcp/tests",
    "rack/src/dhcp",
    "rack/tests/rack",
    "ops/src/network",
    "ops/tests/all/leases",
    "region/tests/all/machines",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The tests of each line: file and name.
fn tests() -> BTreeMap<String, Vec<(String, String)>> {
    let root = root();
    let mut files = Vec::new();
    for folder in FOLDERS {
        sources(&root.join(folder), &mut files);
    }
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        for (ids, test) in tagged(&text) {
            for id in ids {
                found.entry(id).or_default().push((name.clone(), test.clone()));
            }
        }
    }
    found
}

/// The tests of a file that say which lines they show.
fn tagged(text: &str) -> Vec<(Vec<String>, String)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let tests = lines.windows(3).filter(|three| matches!(three[1], "#[test]" | "#[tokio::test]"));
    let tagged = tests.filter_map(|three| {
        let ids = three[0].strip_prefix("/// ")?.strip_suffix('.')?.split(", ").map(str::to_owned);
        let ids: Vec<String> = ids.collect();
        let is_id = |id: &String| {
            ["V4-", "C-", "RFC "].iter().any(|start| {
                let number = id.strip_prefix(start).unwrap_or_default();
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        let function = three[2].split("fn ").nth(1)?.split('(').next()?;
        ids.iter().all(is_id).then(|| (ids, function.to_owned()))
    });
    tagged.collect()
}

fn page() -> String {
    let tests = tests();
    let mut page = HEAD.to_owned();
    page.push_str("| line | P | what is to hold | status | tests |\n|---|---|---|---|---|\n");
    for line in LINES {
        let shown = tests.get(line.id).map(Vec::as_slice).unwrap_or_default();
        let names: Vec<String> = shown
            .iter()
            .map(|(file, test)| format!("`{test}` ({})", file.rsplit('/').next().unwrap()))
            .collect();
        let status = match (shown.is_empty(), line.except) {
            (false, None) => "shown".to_owned(),
            (false, Some(except)) => format!("shown in part: {except}"),
            (true, Some(except)) => format!("not done: {except}"),
            (true, None) => "**nothing shows it**".to_owned(),
        };
        let Line { id, priority, says, .. } = line;
        writeln!(page, "| {id} | {priority} | {says} | {status} | {} |", names.join("<br>"))
            .unwrap();
    }
    page
}

#[test]
fn the_page_is_up_to_date() {
    let path = root().join("docs/conformance/dhcpv4.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page()).unwrap();
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        present == page(),
        "docs/conformance/dhcpv4.md is old; run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn every_line_is_shown_or_says_why_not() {
    let tests = tests();
    let silent = |line: &&Line| line.except.is_none() && !tests.contains_key(line.id);
    let silent: Vec<&str> = LINES.iter().filter(silent).map(|line| line.id).collect();
    assert!(silent.is_empty(), "no test shows {silent:?}");
}

#[test]
fn tests_show_only_lines_that_there_are() {
    let known: BTreeSet<&str> = LINES.iter().map(|line| line.id).collect();
    assert_eq!(known.len(), LINES.len(), "every line stands once");
    let unknown: Vec<String> =
        tests().into_keys().filter(|id| !known.contains(id.as_str())).collect();
    assert!(unknown.is_empty(), "there are no lines {unknown:?}");
}

#[test]
fn a_test_says_its_lines_in_the_last_line_of_its_documentation() {
    let text = "/// V4-01, RFC 3046.\n#[test]\nfn a() {}\n/// Why.\n#[test]\nfn b() {}\n#[test]\n";
    let ids = vec!["V4-01".to_owned(), "RFC 3046".to_owned()];
    assert_eq!(tagged(text), [(ids, "a".to_owned())]);
}
