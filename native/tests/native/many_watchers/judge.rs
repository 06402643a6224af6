//! What a watcher saw against what was written: no gap, no repeat.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::events::Event;

/// A change that was written: of which object, and between which revisions.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) after: u64,
    pub(super) until: u64,
}

/// What was told at once: from which revision, up to which, and objects with their revisions.
type Told = (u64, u64, Vec<(String, u64)>);

/// What one watcher knows.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The revision that it has seen.
    pub(super) at: u64,
    /// The objects by id, with their descriptions.
    pub(super) objects: BTreeMap<String, String>,
    /// What it was told, to be judged when all is written.
    told: Vec<Told>,
    pub(super) resets: usize,
}

impl Seen {
    /// Begins with a list.
    pub(super) fn begin(&mut self, page: &Value) {
        self.at = page["revision"].as_u64().unwrap();
        let items = page["items"].as_array().unwrap().iter();
        self.objects = items.map(|item| (item["id"].to_string(), text(item))).collect();
    }

    /// Takes an event in; false when everything has to be read again.
    pub(super) fn take(&mut self, event: &Event) -> bool {
        if event.name == "reset" {
            self.resets += 1;
            return false;
        }
        let Some(id) = event.id.as_ref().and_then(|id| id.parse::<u64>().ok()) else { return true };
        assert!(id > self.at, "{id} comes behind {}", self.at);
        let mut changes = Vec::new();
        for change in event.data["changes"].as_array().into_iter().flatten() {
            let object = change["id"].as_str().unwrap().to_owned();
            changes.push((object.clone(), change["revision"].as_u64().unwrap()));
            match change["change"].as_str().unwrap() {
                "put" => self.objects.insert(object, text(&change["object"])),
                _ => self.objects.remove(&object),
            };
        }
        self.told.push((self.at, id, changes));
        self.at = id;
        true
    }

    /// Judges it by everything that was written.
    pub(super) fn judge(&self, written: &[Written]) {
        let mut last: BTreeMap<&str, u64> = BTreeMap::new();
        for (after, until, changes) in &self.told {
            for (id, revision) in changes {
                assert!((after + 1..=*until).contains(revision), "{revision} in {after}..{until}");
                let is_it = |written: &&Written| {
                    written.id == *id && (written.after + 1..=written.until).contains(revision)
                };
                assert!(
                    written.iter().any(|known| is_it(&known)),
                    "{id} at {revision}: nobody wrote that"
                );
                let before = last.insert(id, *revision);
                assert!(
                    before.is_none_or(|before| before < *revision),
                    "{id} at {revision} comes twice"
                );
            }
            let within =
                written.iter().filter(|known| known.after >= *after && known.until <= *until);
            for known in within {
                let is_told = changes.iter().any(|(id, at)| *id == known.id && *at > known.after);
                assert!(
                    is_told,
                    "{} at {} is missing in {after}..{until}",
                    known.name, known.until
                );
            }
        }
    }
}

fn text(object: &Value) -> String {
    format!("{} {}", object["name"], object["description"])
}
