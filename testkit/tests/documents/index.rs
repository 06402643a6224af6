//! Every document is found by who begins at the index.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::document;

const INDEX: &str = "docs/README.md";

/// The files that a document links to, below the root of the project.
fn links(name: &str, text: &str) -> BTreeSet<String> {
    let folder = Path::new(name).parent().unwrap_or_else(|| Path::new(""));
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let paths = targets.map(|(target, _)| target.split('#').next().unwrap_or_default());
    let local = paths.filter(|path| !path.is_empty() && !path.contains("://"));
    local.map(|path| plain(&folder.join(path))).collect()
}

/// A path without `..`.
fn plain(path: &Path) -> String {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain.display().to_string()
}

#[test]
fn every_document_is_reached_from_the_index_and_every_link_leads_somewhere() {
    let documents = document::all();
    let (mut open, mut reached) = (vec![INDEX.to_owned()], BTreeSet::new());
    let mut broken = Vec::new();
    while let Some(name) = open.pop() {
        if !reached.insert(name.clone()) {
            continue;
        }
        let Some(found) = documents.get(&name) else { continue };
        for link in links(&name, &found.text) {
            if !document::root().join(&link).exists() {
                broken.push(format!("{name} links to {link}"));
            }
            open.push(link);
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    let lost: Vec<&String> = documents.keys().filter(|name| !reached.contains(*name)).collect();
    assert!(lost.is_empty(), "nothing leads from {INDEX} to {lost:#?}");
}

#[test]
fn a_link_is_relative_to_its_document() {
    let found = links("docs/how-to/a.md", "[b](../b.md#c) [d](d.md), [e](https://e) and [f](#f)");
    assert_eq!(found, BTreeSet::from(["docs/b.md".to_owned(), "docs/how-to/d.md".to_owned()]));
}
