//! When objects were made and changed: members that all kinds which note it have alike, whatever MAAS's API shows of it.

use model::machine::Machine;
use model::time::Timestamp;
use serde::Deserialize;

/// Something that happened to an object, and is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It was made.
    Created,
    /// It changed last.
    Updated,
    /// Its status became what it is.
    StatusChanged,
}

impl Moment {
    /// The member of an object that has its time.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::StatusChanged => "status_changed",
        }
    }

    /// What that member says.
    #[must_use]
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Created => "When it was made (RFC 3339).",
            Self::Updated => "When it last changed (RFC 3339).",
            Self::StatusChanged => {
                "Since when its status is what it is (RFC 3339); null when it has been so since before that was noted."
            }
        }
    }
}

/// The times of an object, as far as they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Times {
    #[serde(default)]
    created: Option<Timestamp>,
    #[serde(default)]
    updated: Option<Timestamp>,
    #[serde(skip)]
    status_changed: Option<Timestamp>,
}

impl Times {
    /// The time of a moment, if it is known.
    #[must_use]
    pub fn of(self, moment: Moment) -> Option<Timestamp> {
        match moment {
            Moment::Created => self.created,
            Moment::Updated => self.updated,
            Moment::StatusChanged => self.status_changed,
        }
    }
}

impl From<&Machine> for Times {
    fn from(machine: &Machine) -> Self {
        Self {
            created: Some(machine.created),
            updated: Some(machine.updated),
            status_changed: machine.lifecycle.status_since(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_notes_no_time_or_one_of_them_is_read() {
        let read = |row: &str| serde_json::from_str::<Times>(row).unwrap();
        assert_eq!(read(r#"{"id": 1}"#), Times::default());
        let at = Timestamp::from_unix_ms(7);
        let row = serde_json::json!({ "id": 1, "created": at }).to_string();
        assert_eq!(read(&row), Times { created: Some(at), ..Times::default() });
    }
}
