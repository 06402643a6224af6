//! Takes the deltas of a region into a generation.
//!
//! What is not understood does as little harm as can be. A value that this version does not know
//! is read as the safe one (`proto/src/convert/unknown.rs` says which), an object that cannot be
//! read is taken out of the copy instead of being served as it was, and each kind of it is logged
//! once, not at every change of an object that has it.

use std::collections::BTreeSet;

use bytes::Bytes;
use proto::convert::{ConvertError, Key, Received, change_from_bytes, key_of_object};
use proto::rack::change::Change as WireChange;
use proto::rack::{Delta, Object, ZoneSerial};
use tracing::{error, warn};

use crate::generation::Generation;

/// How many kinds of things that were not understood are remembered.
const REPORTED_MAX: usize = 1_024;

/// Takes in deltas, and remembers what it reported.
#[derive(Debug, Default)]
pub struct Intake {
    reported: BTreeSet<String>,
}

impl Intake {
    /// Applies what can be read. One object that cannot must not stop the service of all others.
    /// Returns the keys of what is not as it was.
    pub fn apply(&mut self, generation: &mut Generation, delta: Delta) -> Vec<Key> {
        let mut changed = Vec::with_capacity(delta.changes.len());
        for change in delta.changes {
            match self.apply_change(generation, change) {
                Ok(key) => changed.extend(key),
                Err(error) => {
                    if self.is_new(error.to_string()) {
                        error!("a change from the region cannot be read: {error}");
                    }
                }
            }
        }
        for ZoneSerial { origin, revision } in delta.zone_serials {
            generation.put_zone_serial(origin, revision);
        }
        changed
    }

    fn apply_change(
        &mut self,
        generation: &mut Generation,
        change: Bytes,
    ) -> Result<Option<Key>, ConvertError> {
        match change_from_bytes(change)? {
            WireChange::Put(object) => self.put(generation, object),
            WireChange::Delete(key) => {
                let key = Key::try_from(key)?;
                Ok(generation.delete(&key).then_some(key))
            }
        }
    }

    fn put(
        &mut self,
        generation: &mut Generation,
        object: Object,
    ) -> Result<Option<Key>, ConvertError> {
        let key = key_of_object(&object)?;
        let Received { served, unknown } = match Received::try_from(object) {
            Ok(received) => received,
            Err(error) => {
                if self.is_new(error.to_string()) {
                    error!("{key:?} cannot be read and is not served: {error}");
                }
                return Ok(generation.delete(&key).then_some(key));
            }
        };
        for value in unknown {
            if self.is_new(value.to_string()) {
                warn!("{key:?} is served without what this version does not know: {value}");
            }
        }
        Ok(generation.put(served).then_some(key))
    }

    /// Whether it was not reported yet.
    fn is_new(&mut self, what: String) -> bool {
        self.reported.len() < REPORTED_MAX && self.reported.insert(what)
    }
}

#[cfg(test)]
mod tests {
    use model::id::SystemId;
    use model::machine::served::ServedPhase;
    use prost::Message;
    use proto::rack::object::Object as Wire;
    use proto::rack::{Change, PowerJob, RackInterface, RackMachine};

    use super::*;

    fn delta(object: Wire) -> Delta {
        let object = Object { object: Some(object) };
        let change = Change { change: Some(WireChange::Put(object)) };
        Delta { revision: 1, changes: vec![change.encode_to_vec().into()], ..Delta::default() }
    }

    fn machine(phase: &str) -> Wire {
        let interface =
            |mac: &[u8]| RackInterface { mac: mac.to_vec(), ..RackInterface::default() };
        Wire::Machine(RackMachine {
            system_id: "abcdef".to_owned(),
            phase: phase.to_owned(),
            // Twenty bytes are those of InfiniBand.
            interfaces: vec![interface(&[2; 6]), interface(&[2; 20])],
            ..RackMachine::default()
        })
    }

    #[test]
    fn what_is_known_of_an_object_is_served_and_the_rest_reported_once() {
        let (mut intake, mut generation) = (Intake::default(), Generation::default());
        intake.apply(&mut generation, delta(machine("ready")));
        let changed = intake.apply(&mut generation, delta(machine("frozen")));
        let id: SystemId = "abcdef".parse().unwrap();
        assert_eq!(changed, [Key::Machine(id.clone())]);
        let served = generation.machines.get(&id).unwrap();
        assert_eq!(served.phase, ServedPhase::Unknown("frozen".to_owned()));
        assert!(served.boots_locally());
        assert_eq!(served.interfaces.len(), 1);
        assert_eq!(intake.reported.len(), 2, "{:?}", intake.reported);
    }

    #[test]
    fn an_object_that_cannot_be_read_is_not_served_as_it_was() {
        let (mut intake, mut generation) = (Intake::default(), Generation::default());
        let machine = "abcdef".to_owned();
        let job = |action| {
            Wire::PowerJob(PowerJob { machine: machine.clone(), action, ..PowerJob::default() })
        };
        intake.apply(&mut generation, delta(job(1)));
        assert_eq!(generation.power_jobs.size(), 1);
        let changed = intake.apply(&mut generation, delta(job(77)));
        assert_eq!(changed.len(), 1);
        assert!(generation.power_jobs.is_empty());
        assert_eq!(intake.reported.len(), 1, "{:?}", intake.reported);
    }
}
