//! Rules about documents: paths that the map names exist, decisions say when and whether they hold.

use std::path::Path;

use anyhow::Context;

use super::finding::Finding;

/// The document that says where things are.
const MAP: &str = "ARCHITECTURE.md";
/// Endings that make a word in a document a path.
const ENDINGS: &[&str] = &[".rs", ".md", ".toml", ".proto", ".sh"];

/// Checks the map and the decisions in `docs/adr`, as far as they exist.
///
/// # Errors
/// When a document cannot be read.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let Ok(text) = std::fs::read_to_string(root.join(MAP)) {
        findings.extend(check_paths(MAP, &text, |path| root.join(path).exists()));
    }
    let Ok(decisions) = std::fs::read_dir(root.join("docs/adr")) else { return Ok(findings) };
    for decision in decisions {
        let path = decision.context("cannot list docs/adr")?.path();
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let place = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        findings.extend(check_decision(&place, &text));
    }
    Ok(findings)
}

/// Finds the paths in back quotes of a document that do not exist.
pub fn check_paths(place: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in line.split('`').skip(1).step_by(2) {
            let path = word.trim_end_matches('/');
            if is_path(path, &exists) && !exists(path) {
                findings.push(Finding {
                    place: format!("{place}:{}", number + 1),
                    rule: "paths exist",
                    message: format!("{word} does not exist"),
                });
            }
        }
    }
    findings
}

/// A word is a path of ours when it begins with something at the root, or ends like a file.
fn is_path(word: &str, exists: impl Fn(&str) -> bool) -> bool {
    let plain = word.chars().all(|c| c.is_alphanumeric() || "._-/".contains(c));
    if !plain || !word.contains('/') || word.starts_with('/') {
        return false;
    }
    let first = word.split('/').next().unwrap_or_default();
    ENDINGS.iter().any(|ending| word.ends_with(ending)) || exists(first)
}

/// A decision's third line is its status and date: `Status: accepted, 2026-11-22`.
#[must_use]
pub fn check_decision(place: &str, text: &str) -> Vec<Finding> {
    let dated = text.lines().any(|line| {
        line.strip_prefix("Status: ")
            .and_then(|status| status.split_once(", "))
            .is_some_and(|(word, date)| !word.is_empty() && is_date(date.trim()))
    });
    if dated {
        return Vec::new();
    }
    let message = "a line `Status: accepted, 2026-01-31` is missing".to_owned();
    vec![Finding { place: place.to_owned(), rule: "decisions are dated", message }]
}

fn is_date(word: &str) -> bool {
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    shape == "9999-99-99"
}

#[cfg(test)]
mod tests {
    use super::{check_decision, check_paths};

    fn exists(path: &str) -> bool {
        ["model", "model/src/id.rs"].contains(&path)
    }

    #[test]
    fn a_path_that_does_not_exist_is_found() {
        let findings = check_paths("A.md", "see `model/src/gone.rs`\n", exists);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place, "A.md:1");
    }

    #[test]
    fn existing_paths_and_other_words_pass() {
        let text = "`model/src/id.rs` `/MAAS/api` `a<b>/c` `x/y` `model/`\n";
        assert!(check_paths("A.md", text, exists).is_empty());
    }

    #[test]
    fn a_decision_without_a_date_is_found() {
        assert_eq!(check_decision("docs/adr/1.md", "# 1\n\nStatus: accepted\n").len(), 1);
        assert!(check_decision("docs/adr/1.md", "Status: accepted, 2026-11-22\n").is_empty());
    }
}
