//! Words that say nothing are no names: `Manager`, `Helper`, `Util`, `Common`, `Info`, `Data`.

use super::finding::Finding;

/// Words that must not end the name of a type, or be the name of a module or file.
const EMPTY_WORDS: &[&str] =
    &["manager", "managers", "helper", "helpers", "util", "utils", "common", "info", "misc"];

/// Checks the names that one file declares, and its own.
#[must_use]
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |place: String, name: &str| {
        let message = format!("{name} says nothing about what it is");
        findings.push(Finding { place, rule: "empty word", message });
    };
    for part in path.trim_end_matches(".rs").split('/') {
        if is_empty(part) || part == "data" {
            find(path.to_owned(), part);
        }
    }
    for (number, line) in text.lines().enumerate() {
        if let Some(name) = declared_type(line)
            && (is_empty(&last_word(name)) || name == "Data")
        {
            find(format!("{path}:{}", number + 1), name);
        }
    }
    findings
}

fn is_empty(word: &str) -> bool {
    EMPTY_WORDS.contains(&word)
}

/// The type that a line declares.
fn declared_type(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => line,
    };
    let rest = ["struct ", "enum ", "trait "].iter().find_map(|kind| line.strip_prefix(kind))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    Some(&rest[..end])
}

/// The last word of a camel-case name, in lower case.
fn last_word(name: &str) -> String {
    let start = name.rfind(char::is_uppercase).unwrap_or(0);
    name[start..].to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_type_with_an_empty_word_is_found() {
        let findings = check("a/src/lib.rs", "pub(crate) struct LeaseManager {\n");
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(check("a/src/lib.rs", "pub enum Data {\n").len(), 1);
        assert_eq!(check("a/src/lib.rs", "struct HostInfo;\n").len(), 1);
    }

    #[test]
    fn a_file_with_an_empty_word_is_found() {
        assert_eq!(check("a/src/util.rs", "").len(), 1);
        assert_eq!(check("a/src/common/x.rs", "").len(), 1);
    }

    #[test]
    fn telling_names_pass() {
        let text = "pub struct UserData;\nstruct Information;\npub trait Watch {}\n";
        assert!(check("a/src/metadata.rs", text).is_empty());
    }
}
