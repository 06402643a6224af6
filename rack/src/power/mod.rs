//! Power: carries out the jobs that the region gave to this rack, and reports what became of them.

pub mod governor;
pub mod ipmi;

use model::machine::hardware::Firmware;
use model::machine::power::parameters::PowerParameters;
use model::machine::power::{PowerAction, PowerState};

/// What to do with one BMC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What to do.
    pub action: PowerAction,
    /// How the machine's firmware boots: the boot device is set for that kind.
    pub firmware: Firmware,
    /// The driver's parameters, credentials included.
    pub parameters: PowerParameters,
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PowerError {
    /// A parameter is missing or makes no sense.
    #[error("power parameter {name} is not usable")]
    Parameter {
        /// Its name.
        name: &'static str,
    },
    /// No driver of that name.
    #[error("power driver {driver} is not known")]
    UnknownDriver {
        /// Its name.
        driver: String,
    },
    /// The BMC did not answer in time.
    #[error("BMC {address} did not answer within {seconds} s")]
    Timeout {
        /// Its address.
        address: String,
        /// How long it had.
        seconds: u64,
    },
    /// The BMC, or the tool that talks to it, refused.
    #[error("BMC {address}: {reason}")]
    Refused {
        /// Its address.
        address: String,
        /// What was said.
        reason: String,
    },
    /// The BMC accepted, but the machine did not follow.
    #[error("BMC {address}: the machine stays {}", state_name(*.actual))]
    NotReached {
        /// Its address.
        address: String,
        /// The state it stays in.
        actual: PowerState,
    },
    /// The BMC failed so often that it is left alone for a while.
    #[error("BMC {address} failed {failures} times and is not asked for now")]
    Broken {
        /// Its address.
        address: String,
        /// How often it failed.
        failures: u32,
    },
}

/// Switches machines by one kind of BMC.
#[async_trait::async_trait]
pub trait Driver: Send + Sync {
    /// Carries out the order and returns the state that the BMC then reports. Orders may be
    /// carried out twice without harm.
    ///
    /// # Errors
    /// See [`PowerError`].
    async fn carry_out(&self, order: &Order) -> Result<PowerState, PowerError>;
}

/// The state as people say it.
#[must_use]
pub fn state_name(state: PowerState) -> &'static str {
    match state {
        PowerState::On => "on",
        PowerState::Off => "off",
        PowerState::Unknown => "unknown",
        PowerState::Error => "in error",
    }
}
