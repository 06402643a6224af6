//! How a binding stands at a time, as people are told.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::lease::binding::{Binding, BindingState};
use crate::time::Timestamp;

/// How an address stands that is, or was, bound to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The client may use it.
    Active,
    /// The client released it, or did not renew it in time; it is kept for that client.
    Kept,
    /// Anybody may get it; that the client had it is remembered, so that it gets it again while it is free.
    Ended,
    /// A client found it in use by somebody else.
    Declined,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Kept, Self::Ended, Self::Declined];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Kept => "kept",
            Self::Ended => "ended",
            Self::Declined => "declined",
        }
    }
}

/// The text names no standing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of active, kept, ended, declined")]
pub struct ParseStandingError(String);

impl FromStr for Standing {
    type Err = ParseStandingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|standing| standing.name() == text);
        found.ok_or_else(|| ParseStandingError(text.to_owned()))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Binding {
    /// How it stands at a time. A lease is over when its client was told so, also while no region has
    /// marked it yet.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.state {
            BindingState::Declined => Standing::Declined,
            BindingState::Active if self.told_until > now => Standing::Active,
            BindingState::Active | BindingState::Released if self.promise_until > now => {
                Standing::Kept
            }
            BindingState::Active | BindingState::Released => Standing::Ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::id::{SubnetId, SystemId, VlanId};
    use crate::mac::MacAddress;

    fn at(state: BindingState, now: u64) -> Standing {
        let binding = Binding {
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            subnet: SubnetId(1),
            vlan: VlanId(1),
            client: MacAddress([2, 0, 0, 0, 0, 1]).into(),
            hardware: None,
            prefix_length: None,
            state,
            hostname: None,
            told_until: Timestamp::from_unix_ms(10),
            promise_until: Timestamp::from_unix_ms(20),
            rack: SystemId::from_number(1),
        };
        binding.standing(Timestamp::from_unix_ms(now))
    }

    #[test]
    fn a_lease_is_active_then_kept_then_ended() {
        use BindingState::{Active, Declined, Released};
        assert_eq!(
            [9, 10, 19, 20].map(|now| at(Active, now).name()),
            ["active", "kept", "kept", "ended"]
        );
        assert_eq!([9, 19, 20].map(|now| at(Released, now).name()), ["kept", "kept", "ended"]);
        assert_eq!([9, 30].map(|now| at(Declined, now)), [Standing::Declined; 2]);
        for standing in Standing::ALL {
            assert_eq!(standing.name().parse(), Ok(standing));
        }
    }
}
