//! What a rack may answer without a region: how long a client may be told to use an address.
//!
//! The rack knows the bindings and blocks of its copy, and its own uncommitted grants. Nothing here
//! may ever contradict what a region or another rack decides meanwhile; rules S1 to S5 say how.

use crate::lease::binding::{Binding, BindingState};
use crate::lease::block::Block;
use crate::lease::client::ClientId;
use crate::lease::policy::{Policy, Rule};
use crate::time::Timestamp;

/// What a rack has said itself, or asked to be committed, and does not see in its copy yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnGrant {
    /// The client.
    pub client: ClientId,
    /// Until when the client was told it may use the address, in region time, if that is not
    /// committed.
    pub told: Option<Timestamp>,
    /// Whether a commit was sent whose outcome is not known. It may be applied at any time, so a
    /// grant that was asked for does not end by itself.
    pub asked: bool,
    /// The revision at which the last commit of it was decided, for or against. Another rack may
    /// have extended the binding meanwhile, so it ends only once the copy has that revision.
    pub decided: Option<u64>,
}

impl OwnGrant {
    /// Whether it needs no memory any more: its time is over, or the copy shows what it was.
    #[must_use]
    pub fn over(&self, policy: &Policy, earliest: Timestamp, copy_revision: u64) -> bool {
        let shown = self.decided.is_none_or(|revision| copy_revision >= revision);
        let ended = self.told.is_none_or(|until| until.plus_ms(policy.skew_ms) <= earliest);
        !self.asked && shown && ended
    }
}

/// What a rack knows of one address.
#[derive(Debug, Clone, Copy)]
pub struct AddressKnowledge<'a> {
    /// The binding in the rack's copy.
    pub binding: Option<&'a Binding>,
    /// The block that the address lies in, if it is granted to this very process.
    pub own_block: Option<&'a Block>,
    /// What this process has granted and its copy does not show; never one that is over.
    pub own_grant: Option<&'a OwnGrant>,
    /// Region time is not before this.
    pub earliest: Timestamp,
    /// Region time is not after this.
    pub latest: Timestamp,
}

impl AddressKnowledge<'_> {
    /// Whether this process has promised the address to another client (rule S1).
    #[must_use]
    pub fn granted_to_another(&self, policy: &Policy, client: &ClientId) -> bool {
        let Some(grant) = self.own_grant else { return false };
        policy.follows(Rule::OwnGrantsCountFirst) && grant.client != *client
    }

    /// The end of what the block allows for this client, if it allows anything.
    fn block_limit(&self, policy: &Policy, client: &ClientId) -> Option<Timestamp> {
        let block = self.own_block?;
        let own_binding = self.binding.is_some_and(|binding| holds(binding, client));
        if block.is_quarantined(policy.skew_ms, self.earliest) {
            let rule =
                if own_binding { Rule::QuarantineBeatsRenewal } else { Rule::RestartCostsAnEpoch };
            if policy.follows(rule) {
                return None;
            }
        }
        let free = self.binding.is_none_or(|binding| {
            let seen_at =
                if policy.follows(Rule::FreeThen) { block.granted_at } else { self.earliest };
            binding.promise_until.plus_ms(policy.skew_ms) <= seen_at
        });
        let end = before(block.valid_until, policy.skew_ms);
        (end > self.latest && (own_binding || free)).then_some(end)
    }
}

/// Until when the client may be told to use the address, or none when the rack must be silent.
///
/// The answer holds at the moment of asking; ask again at the moment of sending.
#[must_use]
pub fn limit(
    policy: &Policy,
    knowledge: &AddressKnowledge<'_>,
    client: &ClientId,
) -> Option<Timestamp> {
    if knowledge.granted_to_another(policy, client) {
        return None;
    }
    let promise = knowledge
        .binding
        .filter(|binding| holds(binding, client))
        .map(|binding| {
            let lenient = !policy.follows(Rule::OnlyTheOwnerReuses);
            let end = before(binding.promise_until, policy.skew_ms);
            if lenient { end.max(knowledge.latest.plus_ms(policy.lease_ms)) } else { end }
        })
        .filter(|end| *end > knowledge.latest);
    promise.max(knowledge.block_limit(policy, client))
}

/// Whether a binding is this client's to go on with.
fn holds(binding: &Binding, client: &ClientId) -> bool {
    binding.client == *client && binding.state != BindingState::Declined
}

fn before(time: Timestamp, span_ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(time.unix_ms.saturating_sub(span_ms))
}
