//! Whether a change of a binding may be committed (decided by a region, inside a transaction).
//!
//! The transaction compares the revisions of the binding and of the block that was looked at, so
//! what was decided here still holds when it is applied.

use std::net::IpAddr;

use crate::id::{BlockId, SubnetId, VlanId};
use crate::lease::binding::{Binding, BindingState};
use crate::lease::block::Block;
use crate::lease::client::ClientId;
use crate::lease::grant::Applicant;
use crate::lease::policy::{Policy, Rule};
use crate::mac::MacAddress;
use crate::net::prefix::Prefix;
use crate::time::Timestamp;

/// For how long an address that a client made itself is remembered at most: as long as routers tell that one is valid, if nothing else is
/// configured (RFC 4861 §6.2.1). A client tells again after four fifths of the time, and after four hours if it is without end
/// (RFC 9686 §4.6).
pub const REGISTERED_MS_MAX: u64 = 30 * 86_400_000;

/// How many addresses of a subnet may be registered at a time: who makes up more of them fills no table.
pub const REGISTERED_MAX: u32 = 8_192;

/// What happened to a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A client gets the address, or goes on with it.
    Bind,
    /// A rack gave it without a region, and tells now.
    Granted,
    /// DHCPRELEASE: the client does not need it any more.
    Release,
    /// DHCPDECLINE: the client found somebody else using it.
    Decline,
    /// ADDR-REG-INFORM: the client made the address itself (RFC 9686).
    Register,
}

/// A change that a rack asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What happened.
    pub change: Change,
    /// The link.
    pub vlan: VlanId,
    /// The subnet.
    pub subnet: SubnetId,
    /// The address.
    pub ip: IpAddr,
    /// The client.
    pub client: ClientId,
    /// The hardware address of a client that is known by something else, if it is known.
    pub hardware: Option<MacAddress>,
    /// The length of the prefix that is delegated, of which `ip` is the first address; none of an address.
    pub prefix_length: Option<u8>,
    /// The client's name.
    pub hostname: Option<String>,
    /// How long the client is told it may use the address, in milliseconds from the request on.
    pub told_ms: u64,
    /// The block that it was chosen from, with the block's epoch.
    pub block: Option<(BlockId, u64)>,
}

impl Request {
    /// The hardware address of the client, however it is known.
    #[must_use]
    pub fn mac(&self) -> Option<MacAddress> {
        self.client.mac().or(self.hardware)
    }

    /// The prefix that it is about; none of an address.
    #[must_use]
    pub fn prefix(&self) -> Option<Prefix> {
        Prefix::of(self.ip, self.prefix_length)
    }
}

/// What the change is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Who asks.
    pub applicant: Applicant<'a>,
    /// The address's binding.
    pub binding: Option<&'a Binding>,
    /// The block that contains the address.
    pub block: Option<&'a Block>,
    /// Whether the address is reserved for somebody else (a machine's own address, a gateway).
    pub reserved: bool,
    /// How many addresses of the subnet clients have registered.
    pub registered: u32,
    /// Region time.
    pub now: Timestamp,
}

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another client holds it.
    #[error("address {ip} is bound to {holder}")]
    BoundToAnother {
        /// The address.
        ip: IpAddr,
        /// Who holds it.
        holder: ClientId,
    },
    /// It is not for dynamic clients.
    #[error("address {ip} is reserved")]
    Reserved {
        /// The address.
        ip: IpAddr,
    },
    /// It lies in a block that another rack, or an earlier incarnation of this one, may use.
    #[error("address {ip} is in a block that this rack does not own")]
    NotTheOwner {
        /// The address.
        ip: IpAddr,
    },
    /// An earlier incarnation of the rack may have given it away (rule S4).
    #[error("address {ip} is quarantined")]
    Quarantined {
        /// The address.
        ip: IpAddr,
    },
    /// Clients made so many addresses of the subnet themselves that no more are remembered.
    #[error("address {ip} is not registered: {max} addresses of subnet {subnet} are")]
    TooManyRegistered {
        /// The address.
        ip: IpAddr,
        /// The subnet.
        subnet: SubnetId,
        /// How many may be.
        max: u32,
    },
    /// The client does not hold it.
    #[error("address {ip} is not bound to {client}")]
    NotBound {
        /// The address.
        ip: IpAddr,
        /// The client.
        client: ClientId,
    },
}

/// The binding as it is after the change.
///
/// # Errors
/// [`Refusal`] when the change would break a promise made to another client.
pub fn decide(
    policy: &Policy,
    situation: &Situation<'_>,
    request: &Request,
) -> Result<Binding, Refusal> {
    match request.change {
        Change::Bind | Change::Granted => {
            may_bind(policy, situation, request)?;
            Ok(bound(policy, situation, request))
        }
        Change::Release => {
            let held = held_by(policy, situation, request)?;
            let promise_until = held.promise_until.max(situation.now.plus_ms(policy.lease_ms));
            Ok(ended(held, BindingState::Released, situation, promise_until))
        }
        Change::Decline => {
            let held = held_by(policy, situation, request)?;
            let promise_until = held.promise_until.max(situation.now.plus_ms(policy.decline_ms));
            Ok(ended(held, BindingState::Declined, situation, promise_until))
        }
        Change::Register => {
            may_register(policy, situation, request)?;
            Ok(registered(situation, request))
        }
    }
}

/// Whether a client may say that it made an address itself: nobody gives it, and no client was given it. Who registers it last has it,
/// because a host may call itself something else when it was made anew (RFC 9686 §4.2.1).
fn may_register(
    policy: &Policy,
    situation: &Situation<'_>,
    request: &Request,
) -> Result<(), Refusal> {
    let ip = request.ip;
    if situation.reserved || situation.block.is_some() {
        return Err(Refusal::Reserved { ip });
    }
    if let Some(binding) = situation.binding
        && is_kept(policy, binding, situation.now)
    {
        return Err(Refusal::BoundToAnother { ip, holder: binding.client.clone() });
    }
    let is_known = situation.binding.is_some_and(Binding::is_registered);
    if !is_known && situation.registered >= REGISTERED_MAX {
        let (subnet, max) = (request.subnet, REGISTERED_MAX);
        return Err(Refusal::TooManyRegistered { ip, subnet, max });
    }
    Ok(())
}

/// Whether nobody else may get the address of a binding now.
fn is_kept(policy: &Policy, binding: &Binding, now: Timestamp) -> bool {
    !binding.is_registered() && policy.kept_until(binding).plus_ms(policy.skew_ms) > now
}

/// What was registered. Nothing is promised: the client has the address whatever anybody says, and who is to have it by an operator's
/// choice or by DHCP gets it. So the promise ends when it is registered.
fn registered(situation: &Situation<'_>, request: &Request) -> Binding {
    let told_until = situation.now.plus_ms(request.told_ms.min(REGISTERED_MS_MAX));
    Binding {
        ip: request.ip,
        subnet: request.subnet,
        vlan: request.vlan,
        client: request.client.clone(),
        hardware: request.hardware,
        prefix_length: None,
        state: BindingState::Active,
        hostname: request.hostname.clone(),
        told_until,
        promise_until: situation.now,
        rack: situation.applicant.rack.clone(),
    }
}

fn may_bind(policy: &Policy, situation: &Situation<'_>, request: &Request) -> Result<(), Refusal> {
    let ip = request.ip;
    if situation.reserved {
        return Err(Refusal::Reserved { ip });
    }
    if let Some(binding) = situation.binding {
        let holder = &binding.client;
        let own = *holder == request.client && binding.state != BindingState::Declined;
        if is_kept(policy, binding, situation.now) && !own {
            return Err(Refusal::BoundToAnother { ip, holder: holder.clone() });
        }
        let surely_promised = binding.promise_until > situation.now.plus_ms(policy.skew_ms);
        if own && (surely_promised || !policy.follows(Rule::OnlyTheOwnerReuses)) {
            return Ok(());
        }
    }
    may_use_block(policy, situation, request)
}

/// Whether an address that is promised to nobody may be bound by the applicant.
fn may_use_block(
    policy: &Policy,
    situation: &Situation<'_>,
    request: &Request,
) -> Result<(), Refusal> {
    let ip = request.ip;
    let Some(block) = situation.block else {
        return Err(Refusal::NotTheOwner { ip });
    };
    let own = situation.applicant.owns(block) && request.block == Some((block.id, block.epoch));
    let lapsed = block.valid_until.plus_ms(policy.skew_ms) <= situation.now;
    if !own && !lapsed {
        return Err(Refusal::NotTheOwner { ip });
    }
    let quarantined = block.is_quarantined(policy.skew_ms, situation.now);
    if quarantined && policy.follows(Rule::RestartCostsAnEpoch) {
        return Err(Refusal::Quarantined { ip });
    }
    Ok(())
}

fn bound(policy: &Policy, situation: &Situation<'_>, request: &Request) -> Binding {
    let told_until = situation.now.plus_ms(request.told_ms);
    let earlier = situation.binding.filter(|binding| binding.client == request.client);
    // A client that is told less, for now, is promised less: its address comes back sooner.
    let promise_until = told_until.plus_ms(policy.promise_ms.min(request.told_ms));
    Binding {
        ip: request.ip,
        subnet: request.subnet,
        vlan: request.vlan,
        client: request.client.clone(),
        hardware: request.hardware,
        prefix_length: request.prefix_length,
        state: BindingState::Active,
        hostname: request.hostname.clone(),
        told_until: earlier.map_or(told_until, |binding| binding.told_until.max(told_until)),
        promise_until: earlier
            .map_or(promise_until, |binding| binding.promise_until.max(promise_until)),
        rack: situation.applicant.rack.clone(),
    }
}

/// The binding that the client ends. One whose promise is over cannot be ended any more: that would
/// promise the address anew, which the rack that owns its block may have given to another.
fn held_by<'a>(
    policy: &Policy,
    situation: &Situation<'a>,
    request: &Request,
) -> Result<&'a Binding, Refusal> {
    situation
        .binding
        .filter(|binding| binding.client == request.client && binding.state == BindingState::Active)
        .filter(|binding| binding.promise_until > situation.now.plus_ms(policy.skew_ms))
        .ok_or_else(|| Refusal::NotBound { ip: request.ip, client: request.client.clone() })
}

fn ended(
    held: &Binding,
    state: BindingState,
    situation: &Situation<'_>,
    promise_until: Timestamp,
) -> Binding {
    Binding {
        state,
        told_until: situation.now,
        promise_until,
        rack: situation.applicant.rack.clone(),
        ..held.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{IpRangeId, SystemId};

    /// An address in a block of a rack.
    struct Case {
        policy: Policy,
        rack: SystemId,
        ip: IpAddr,
        block: Block,
    }

    impl Case {
        fn new() -> Self {
            let (rack, ip) = (SystemId::from_number(1), IpAddr::from([10, 0, 0, 100]));
            let block = block(ip, &rack);
            Self { policy: Policy::default(), rack, ip, block }
        }

        /// What comes of a change that a client asks for, `now` in milliseconds.
        fn decide(
            &self,
            binding: Option<&Binding>,
            now: u64,
            change: Change,
            client: u8,
        ) -> Result<Binding, Refusal> {
            let request = self.request(change, client);
            decide(&self.policy, &self.situation(binding, now), &request)
        }

        fn request(&self, change: Change, client: u8) -> Request {
            Request {
                change,
                vlan: VlanId(1),
                subnet: SubnetId(1),
                ip: self.ip,
                client: MacAddress([2, 0, 0, 0, 0, client]).into(),
                hardware: None,
                prefix_length: None,
                hostname: None,
                told_ms: self.policy.lease_ms,
                block: Some((self.block.id, self.block.epoch)),
            }
        }

        fn situation<'a>(&'a self, binding: Option<&'a Binding>, now: u64) -> Situation<'a> {
            Situation {
                applicant: Applicant { rack: &self.rack, incarnation: 7 },
                binding,
                block: Some(&self.block),
                reserved: false,
                registered: 0,
                now: Timestamp::from_unix_ms(now),
            }
        }
    }

    /// The owner of the block, cut off, may have given the address to another client by then.
    #[test]
    fn the_end_of_a_binding_whose_promise_is_over_promises_nothing_anew() {
        let case = Case::new();
        let bound = case.decide(None, 0, Change::Bind, 1).unwrap();
        let over = case.policy.lease_ms + case.policy.promise_ms - case.policy.skew_ms;
        for change in [Change::Release, Change::Decline] {
            assert!(case.decide(Some(&bound), over - 1, change, 1).is_ok(), "{change:?}");
            let refused = Refusal::NotBound { ip: case.ip, client: bound.client.clone() };
            assert_eq!(case.decide(Some(&bound), over, change, 1), Err(refused), "{change:?}");
        }
    }

    /// A declined address may be bound again by the owner of its block once every promise made
    /// before the decline is over, and not a moment earlier.
    #[test]
    fn a_declined_address_is_kept_for_as_long_as_it_may_have_been_promised() {
        let case = Case::new();
        let policy = case.policy;
        let bound = case.decide(None, 1_000, Change::Bind, 1).unwrap();
        let declined = case.decide(Some(&bound), 2_000, Change::Decline, 1).unwrap();
        assert_eq!(declined.promise_until, Timestamp::from_unix_ms(2_000 + policy.decline_ms));
        let free = 2_000 + policy.lease_ms + policy.promise_ms + policy.skew_ms;
        for (now, client, want) in [(free - 1, 2, false), (free - 1, 1, false), (free, 2, true)] {
            let again = case.decide(Some(&declined), now, Change::Bind, client);
            assert_eq!(again.is_ok(), want, "client {client} after {} ms", now - 2_000);
        }
    }

    /// What was promised once stays promised: a rack that is cut off may go by it.
    #[test]
    fn who_is_told_less_is_promised_less_but_never_less_than_before() {
        let case = Case::new();
        let told = |told_ms, binding: Option<&Binding>| {
            let request = case.request(Change::Bind, 1);
            let request = Request { told_ms, ..request };
            decide(&case.policy, &case.situation(binding, 0), &request).unwrap()
        };
        let short = told(120_000, None);
        assert_eq!(short.told_until, Timestamp::from_unix_ms(120_000));
        assert_eq!(short.promise_until, Timestamp::from_unix_ms(240_000));
        let whole = told(case.policy.lease_ms, Some(&short));
        assert_eq!(whole.promise_until, Timestamp::from_unix_ms(1_200_000));
        let again = told(120_000, Some(&whole));
        assert_eq!(
            (again.told_until, again.promise_until),
            (whole.told_until, whole.promise_until)
        );
    }

    #[test]
    fn an_address_is_registered_that_nobody_gives_and_the_last_who_does_has_it() {
        let case = Case::new();
        let ip: IpAddr = "fd00::77".parse().unwrap();
        let register = |binding: Option<&Binding>, block, now, duid: u8| {
            let request = case.request(Change::Register, 1);
            let client = ClientId::registering(&[0, 3, duid]);
            let request = Request { ip, client, told_ms: 60_000, ..request };
            let situation = Situation { block, ..case.situation(binding, now) };
            decide(&case.policy, &situation, &request)
        };
        let first = register(None, None, 0, 1).unwrap();
        assert!(first.is_registered());
        let promised = (first.told_until, first.promise_until);
        assert_eq!(promised, (Timestamp::from_unix_ms(60_000), Timestamp::default()));
        let second = register(Some(&first), None, 1_000, 2).unwrap();
        assert_eq!(second.client, ClientId::registering(&[0, 3, 2]));
        let in_block = register(None, Some(&case.block), 0, 1);
        assert_eq!(in_block, Err(Refusal::Reserved { ip }));
        let promise_until = first.told_until;
        let given = Binding { client: MacAddress([2; 6]).into(), promise_until, ..first };
        let taken = register(Some(&given), None, 1_000, 2);
        assert_eq!(taken, Err(Refusal::BoundToAnother { ip, holder: given.client.clone() }));
        let over = given.promise_until.unix_ms + 2 * case.policy.skew_ms + 1;
        assert!(register(Some(&given), None, over, 2).is_ok());
    }

    /// One that is valid for ever is, too, and one of a version before, which was promised.
    #[test]
    fn what_was_registered_is_remembered_for_a_while_and_gives_way_to_a_lease() {
        let case = Case::new();
        let (client, ip): (_, IpAddr) =
            (ClientId::registering(&[0, 3, 1]), "fd00::77".parse().unwrap());
        let told_ms = u64::from(u32::MAX) * 1_000;
        let request = Request { ip, client, told_ms, ..case.request(Change::Register, 1) };
        let situation = Situation { block: None, ..case.situation(None, 1_000) };
        let made = decide(&case.policy, &situation, &request).unwrap();
        assert_eq!(made.told_until, Timestamp::from_unix_ms(1_000 + REGISTERED_MS_MAX));
        assert_eq!(made.promise_until, situation.now);
        let before = Binding { promise_until: made.told_until, ..made.clone() };
        let block = block(ip, &case.rack);
        for made in [made, before] {
            let request = Request { ip, ..case.request(Change::Bind, 2) };
            let situation = Situation { block: Some(&block), ..case.situation(Some(&made), 1_001) };
            let bound = decide(&case.policy, &situation, &request).unwrap();
            assert!(bound.client == request.client && !bound.is_registered());
        }
    }

    #[test]
    fn of_a_subnet_so_many_are_registered_and_those_are_told_again() {
        let case = Case::new();
        let (client, ip): (_, IpAddr) =
            (ClientId::registering(&[0, 3, 1]), "fd00::77".parse().unwrap());
        let request = Request { ip, client, ..case.request(Change::Register, 1) };
        let one = Situation { block: None, ..case.situation(None, 0) };
        let made = decide(&case.policy, &one, &request).unwrap();
        let full = Situation { registered: REGISTERED_MAX, ..one };
        let (subnet, max) = (request.subnet, REGISTERED_MAX);
        let refused = Refusal::TooManyRegistered { ip, subnet, max };
        assert_eq!(decide(&case.policy, &full, &request), Err(refused));
        let again = Situation { binding: Some(&made), ..full };
        assert!(decide(&case.policy, &again, &request).is_ok());
    }

    fn block(ip: IpAddr, rack: &SystemId) -> Block {
        Block {
            id: BlockId(1),
            iprange: IpRangeId(1),
            prefix_length: None,
            subnet: SubnetId(1),
            vlan: VlanId(1),
            first: ip,
            last: ip,
            rack: Some(rack.clone()),
            incarnation: 7,
            epoch: 1,
            granted_at: Timestamp::default(),
            valid_until: Timestamp::from_unix_ms(u64::MAX / 2),
            quarantine_until: Timestamp::default(),
        }
    }
}
