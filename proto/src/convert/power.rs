//! `PowerJob` and `ReportPowerRequest` on the wire.
//!
//! The job carries the BMC's credentials: a region sends it only to the rack that runs it, and
//! that rack is not named in it. When it was handed out is the region's business.

use std::collections::HashMap;

use model::machine::power::parameters::PowerParameters;
use model::machine::power::{PowerAction, PowerJob, PowerState};
use model::time::Timestamp;

use super::error::{ConvertError, parse_text};
use crate::rack;

const MESSAGE: &str = "PowerJob";

impl From<&PowerJob> for rack::PowerJob {
    fn from(job: &PowerJob) -> Self {
        let PowerJob { machine, id, action, driver, parameters, rack: _, attempt, assigned: _ } =
            job;
        Self {
            machine: machine.to_string(),
            id: *id,
            action: match action {
                PowerAction::NetworkBoot => 0,
                PowerAction::On => 1,
                PowerAction::Off => 2,
                PowerAction::Query => 3,
            },
            driver: driver.clone(),
            parameters: exposed(parameters),
            attempt: *attempt,
        }
    }
}

impl TryFrom<rack::PowerJob> for PowerJob {
    type Error = ConvertError;

    fn try_from(job: rack::PowerJob) -> Result<Self, Self::Error> {
        Ok(Self {
            machine: parse_text(MESSAGE, "machine", &job.machine)?,
            id: job.id,
            action: action_of(job.action)?,
            driver: job.driver,
            parameters: job.parameters.into_iter().collect(),
            rack: None,
            attempt: job.attempt,
            assigned: Timestamp::default(),
        })
    }
}

/// The rack that runs the job needs the secrets too.
fn exposed(parameters: &PowerParameters) -> HashMap<String, String> {
    let pairs = parameters.iter();
    pairs.map(|(name, value)| (name.to_owned(), value.expose().clone())).collect()
}

fn action_of(action: u32) -> Result<PowerAction, ConvertError> {
    match action {
        0 => Ok(PowerAction::NetworkBoot),
        1 => Ok(PowerAction::On),
        2 => Ok(PowerAction::Off),
        3 => Ok(PowerAction::Query),
        other => Err(ConvertError::invalid(MESSAGE, "action")(&other)),
    }
}

/// The number of a power state on the wire.
#[must_use]
pub fn power_state_to_wire(state: PowerState) -> u32 {
    match state {
        PowerState::On => 0,
        PowerState::Off => 1,
        PowerState::Unknown => 2,
        PowerState::Error => 3,
    }
}

/// The power state with this number; unknown when no state of this version has it.
#[must_use]
pub fn power_state_from_wire(state: u32) -> PowerState {
    match state {
        0 => PowerState::On,
        1 => PowerState::Off,
        3 => PowerState::Error,
        _ => PowerState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_power_state_is_read_back() {
        for state in [PowerState::On, PowerState::Off, PowerState::Unknown, PowerState::Error] {
            assert_eq!(power_state_from_wire(power_state_to_wire(state)), state);
        }
    }
}
