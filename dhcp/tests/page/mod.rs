//! A page of `docs/conformance`: which line of a checklist is shown by which tests.
//!
//! A test says in its last line of documentation which lines it shows: `/// V4-11, RFC 3527.`

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

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

/// A page.
pub(crate) struct Page {
    /// Where it stands.
    pub(crate) path: &'static str,
    /// How it begins.
    pub(crate) head: &'static str,
    /// How lines of its checklist begin.
    pub(crate) ids: &'static [&'static str],
    /// The checklist.
    pub(crate) lines: &'static [Line],
}

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

impl Page {
    /// The tests of each line: file and name.
    pub(crate) fn tests(&self) -> BTreeMap<String, Vec<(String, String)>> {
        let root = root();
        let mut files = Vec::new();
        for folder in FOLDERS {
            sources(&root.join(folder), &mut files);
        }
        let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(&root).unwrap().display().to_string();
            for (ids, test) in self.tagged(&text) {
                for id in ids {
                    found.entry(id).or_default().push((name.clone(), test.clone()));
                }
            }
        }
        found
    }

    /// The tests of a file that say which lines they show.
    pub(crate) fn tagged(&self, text: &str) -> Vec<(Vec<String>, String)> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let tests =
            lines.windows(3).filter(|three| matches!(three[1], "#[test]" | "#[tokio::test]"));
        let tagged = tests.filter_map(|three| {
            let ids = three[0].strip_prefix("/// ")?.strip_suffix('.')?.split(", ");
            let ids: Vec<String> = ids.map(str::to_owned).collect();
            let is_id = |id: &String| {
                self.ids.iter().any(|start| {
                    let number = id.strip_prefix(start).unwrap_or_default();
                    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
                })
            };
            let function = three[2].split("fn ").nth(1)?.split('(').next()?;
            ids.iter().all(is_id).then(|| (ids, function.to_owned()))
        });
        tagged.collect()
    }

    fn text(&self) -> String {
        let tests = self.tests();
        let mut page = self.head.to_owned();
        page.push_str("| line | P | what is to hold | status | tests |\n|---|---|---|---|---|\n");
        for line in self.lines {
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

    /// The page as it is committed is the one that the tests make.
    #[track_caller]
    pub(crate) fn check(&self) {
        let path = root().join(self.path);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, self.text()).unwrap();
        }
        let present = std::fs::read_to_string(&path).unwrap_or_default();
        let is_same = present == self.text();
        assert!(is_same, "{} is old; run this test with UPDATE_DOCS=1", self.path);
    }

    /// Every line is shown by a test or says why not, stands once, and no test shows another.
    #[track_caller]
    pub(crate) fn check_lines(&self) {
        let tests = self.tests();
        let silent = |line: &&Line| line.except.is_none() && !tests.contains_key(line.id);
        let silent: Vec<&str> = self.lines.iter().filter(silent).map(|line| line.id).collect();
        assert!(silent.is_empty(), "no test shows {silent:?}");
        let known: BTreeSet<&str> = self.lines.iter().map(|line| line.id).collect();
        assert_eq!(known.len(), self.lines.len(), "every line stands once");
        let unknown: Vec<&String> =
            tests.keys().filter(|id| !known.contains(id.as_str())).collect();
        assert!(unknown.is_empty(), "there are no lines {unknown:?}");
    }
}
