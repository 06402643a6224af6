//! How long things hold, and the five rules that carry the safety of leases.

use crate::lease::binding::{Binding, BindingState};
use crate::time::Timestamp;

/// The shortest lease: a client that asks for less is not served better by renewing all the time.
pub const LEASE_MS_MIN: u64 = 60_000;

/// The spans of leases, promises and blocks, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long a client may use an address before it must renew.
    pub lease_ms: u64,
    /// How long after the lease any rack may still extend it without a region.
    pub promise_ms: u64,
    /// How long a granted block is valid.
    pub block_ms: u64,
    /// How long an address that a client declined is left alone.
    pub decline_ms: u64,
    /// How far two clocks may be apart, with the drift over the longest span included.
    pub skew_ms: u64,
    pub(crate) rules: Rules,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            lease_ms: 600_000,
            promise_ms: 600_000,
            block_ms: 900_000,
            decline_ms: 86_400_000,
            skew_ms: 3_000,
            rules: Rules { omitted: None },
        }
    }
}

impl Policy {
    /// The shortest and the longest lease that a client is told, in seconds. Longer ones would outlast
    /// what is promised, and so what the safety of addresses rests on.
    #[must_use]
    pub fn lease_bounds_s(&self) -> (u32, u32) {
        let seconds = |ms: u64| u32::try_from(ms / 1_000).unwrap_or(u32::MAX - 1);
        (seconds(LEASE_MS_MIN.min(self.lease_ms)), seconds(self.lease_ms))
    }

    /// Until when an address can be given to nobody else. A declined one is left alone longer if
    /// there is another, but once every promise made before the decline is over, it may be used
    /// again where nothing else is left.
    #[must_use]
    pub fn kept_until(&self, binding: &Binding) -> Timestamp {
        match binding.state {
            BindingState::Active | BindingState::Released => binding.promise_until,
            BindingState::Declined => {
                let promised = binding.told_until.plus_ms(self.lease_ms + self.promise_ms);
                promised.min(binding.promise_until)
            }
        }
    }

    /// Whether a rule is followed. Always true outside the tests of this module, which leave out
    /// one rule at a time to show that it is needed.
    pub(crate) fn follows(&self, rule: Rule) -> bool {
        self.rules.omitted != Some(rule)
    }

    #[cfg(test)]
    pub(crate) fn without(self, rule: Rule) -> Self {
        Self { rules: Rules { omitted: Some(rule) }, ..self }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    omitted: Option<Rule>,
}

/// A rule without which two clients can get one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// S1: a rack's own uncommitted grant blocks the address locally, also once the rack is back,
    /// until it is committed. Otherwise: cut off, grant to A, back, ack to B.
    OwnGrantsCountFirst,
    /// S2: a rack that does not own the block extends a binding only while its promise lasts.
    /// Otherwise: A bound at rack 1, promise over, rack 1 cut off gives it to B, rack 2 acks A.
    OnlyTheOwnerReuses,
    /// S3: without a region, the owner gives new clients only what was free when its block was last
    /// granted. Otherwise: A bound, rack 1 cut off, rack 2 extends A, rack 1 sees the old promise
    /// end and gives the address to B.
    FreeThen,
    /// S4: a restarted rack's block is quarantined until the old grant would have ended.
    /// Otherwise: cut off, grant to A, restart, back, ack to B.
    RestartCostsAnEpoch,
    /// S5: in a quarantined block a binding is extended up to its promise only, never up to the
    /// block's validity. Otherwise: promise of A over, cut off, grant to B, restart, back, cut off,
    /// A extended.
    QuarantineBeatsRenewal,
}
