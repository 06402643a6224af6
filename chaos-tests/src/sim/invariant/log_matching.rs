//! Entries of one leader at one index are the same everywhere, and so is what is before them; the
//! leaders in a log never go back (Raft §5.3, Log Matching).

use std::collections::BTreeMap;

use super::observation::Observation;

/// An entry by index and leader; with its digest, and the leader of the entry before it.
type Known = BTreeMap<(u64, (u64, u64)), (u64, Option<(u64, u64)>)>;

/// All entries that were seen in any log.
#[derive(Debug, Clone, Default)]
pub struct LogMatching {
    known: Known,
}

impl LogMatching {
    /// Looks at a node.
    ///
    /// # Errors
    /// When an entry differs from one of the same name, or a log has a hole or goes back.
    pub fn look(&mut self, observation: &Observation) -> Result<(), String> {
        let mut before = None;
        for record in &observation.log {
            let name = (record.index, record.leader);
            if let Some((index, leader)) = before
                && (record.index != index + 1 || record.leader < leader)
            {
                return Err(format!("entry {name:?} follows ({index}, {leader:?}) in its log"));
            }
            let previous = before.map(|(_, leader)| leader);
            let (digest, known) = self.known.entry(name).or_insert((record.digest, previous));
            let differs = previous.is_some() && known.is_some() && previous != *known;
            if *digest != record.digest || differs {
                return Err(format!("entry {name:?} is another one than in an earlier log"));
            }
            *known = known.or(previous);
            before = Some(name);
        }
        Ok(())
    }
}
