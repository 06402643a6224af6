//! The service address of a VLAN: one address by which clients know its racks, whichever of them lives.
//!
//! One rack at a time holds the service addresses of a VLAN. The leading region names it, and gives them to
//! another rack only after the one before may hold them no more. Neither side trusts a clock for that, but how long
//! something takes:
//!
//! - A rack holds for [`HOLD_MS`] from when it **sent** a heartbeat that the leader vouched for. The leader vouches after
//!   it heard of the heartbeat, and after a quorum confirmed that it still leads.
//! - The leader takes a rack for gone when it vouched for none of its heartbeats for [`GONE_AFTER_MS`], and has led for as long.
//!
//! A rack that hears no region goes on: when the quorum is lost nobody else can be named. It asks the link whether another host has
//! the address, gives way as soon as it hears one claim it, and takes back what it held before it stood still only when nobody answers. Its kernel forgets the address when the process does not renew it
//! ([`KERNEL_S`]).

use serde::{Deserialize, Serialize};

use crate::id::{SystemId, VlanId};
use crate::net::vlan::Vlan;
use crate::time::Timestamp;

/// For how many milliseconds a rack holds after it sent a heartbeat that was vouched for.
pub const HOLD_MS: u64 = 4_000;

/// After how many milliseconds without one the leader takes a rack for gone: longer than [`HOLD_MS`] by more than two clocks drift apart
/// meanwhile.
pub const GONE_AFTER_MS: u64 = 4_200;

/// For how many seconds the kernel of a rack keeps the address without being told again.
pub const KERNEL_S: u32 = 4;

/// Who holds the service addresses of a VLAN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceHolder {
    /// The VLAN.
    pub vlan: VlanId,
    /// The rack; none while one that serves the VLAN no more gives them up.
    pub rack: Option<SystemId>,
    /// Since when.
    pub since: Timestamp,
}

/// The region that vouches for racks: what others decided in an earlier term is applied no more. There is one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// The Raft term that it leads in.
    pub term: u64,
    /// Its Raft node id.
    pub node_id: u64,
}

/// What the leader knows of a rack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rack {
    /// It is there, and has an interface on the VLAN.
    Ready,
    /// It may hold, but is not to be named anew.
    Unsure,
    /// It holds nothing any more.
    Gone,
}

/// Who is to hold the service addresses of a VLAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// The one that holds them, or nobody can.
    Stays,
    /// Nobody is told of: the VLAN has no service address.
    Nobody,
    /// The one that does gives them up.
    Ends,
    /// This rack takes them.
    Takes(&'a SystemId),
}

/// Decides who is to hold the service addresses of a VLAN. `now` is region time, by which one that serves the VLAN no more has time to
/// hear of it.
pub fn choose<'a>(
    vlan: &'a Vlan,
    holder: Option<&ServiceHolder>,
    known: impl Fn(&SystemId) -> Rack,
    now: Timestamp,
) -> Choice<'a> {
    if vlan.service_addresses.is_empty() {
        return if holder.is_some() { Choice::Nobody } else { Choice::Stays };
    }
    let named = holder.and_then(|holder| holder.rack.as_ref());
    if let Some(rack) = named.filter(|rack| known(rack) != Rack::Gone) {
        let serves = vlan.racks().any(|own| own == rack);
        return if serves { Choice::Stays } else { Choice::Ends };
    }
    let hears_yet =
        |holder: &ServiceHolder| holder.rack.is_none() && now < holder.since.plus_ms(GONE_AFTER_MS);
    if holder.is_some_and(hears_yet) {
        return Choice::Stays;
    }
    let next = vlan.racks().find(|own| known(own) == Rack::Ready);
    next.map_or(Choice::Stays, Choice::Takes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::FabricId;

    const NOW: Timestamp = Timestamp { unix_ms: 1_000_000 };

    fn rack(number: u64) -> SystemId {
        SystemId::from_number(number)
    }

    fn vlan() -> Vlan {
        Vlan {
            primary_rack: Some(rack(1)),
            secondary_rack: Some(rack(2)),
            service_addresses: vec!["10.0.0.5".parse().unwrap()],
            ..Vlan::untagged(VlanId(1), FabricId(1))
        }
    }

    fn holder(number: Option<u64>, ago_ms: u64) -> ServiceHolder {
        ServiceHolder { vlan: VlanId(1), rack: number.map(rack), since: NOW.minus_ms(ago_ms) }
    }

    /// What is chosen when `held` says who holds, and since how many milliseconds, and each of three racks is as it says.
    fn chosen(held: Option<(Option<u64>, u64)>, racks: [Rack; 3]) -> String {
        let holder = held.map(|(number, ago_ms)| holder(number, ago_ms));
        let known = |id: &SystemId| {
            let at = (1..=3).position(|number| rack(number) == *id).unwrap();
            racks[at]
        };
        match choose(&vlan(), holder.as_ref(), known, NOW) {
            Choice::Takes(id) if *id == rack(1) => "1 takes".to_owned(),
            Choice::Takes(id) if *id == rack(2) => "2 takes".to_owned(),
            other @ (Choice::Takes(_) | Choice::Stays | Choice::Nobody | Choice::Ends) => {
                format!("{other:?}")
            }
        }
    }

    #[test]
    fn the_first_rack_that_is_there_takes_what_nobody_holds() {
        use Rack::{Gone, Ready, Unsure};
        assert_eq!(chosen(None, [Ready, Ready, Ready]), "1 takes");
        assert_eq!(chosen(None, [Unsure, Ready, Ready]), "2 takes");
        assert_eq!(chosen(None, [Gone, Unsure, Ready]), "Stays");
    }

    #[test]
    fn a_holder_stays_until_it_is_gone_for_certain() {
        use Rack::{Gone, Ready, Unsure};
        assert_eq!(chosen(Some((Some(2), 9)), [Ready, Ready, Ready]), "Stays", "no failback");
        assert_eq!(chosen(Some((Some(2), 9)), [Ready, Unsure, Ready]), "Stays");
        assert_eq!(chosen(Some((Some(2), 9)), [Ready, Gone, Ready]), "1 takes");
        assert_eq!(chosen(Some((Some(2), 9)), [Unsure, Gone, Ready]), "Stays", "nobody can");
    }

    #[test]
    fn a_further_rack_takes_what_neither_of_the_first_two_can() {
        use Rack::{Gone, Ready, Unsure};
        let three = Vlan { further_racks: vec![rack(3)], ..vlan() };
        let of_three = |held: Option<u64>, racks: [Rack; 3]| {
            let holder = held.map(|number| holder(Some(number), 9));
            let number = |id: &SystemId| (1..=3).position(|number| rack(number) == *id).unwrap();
            match choose(&three, holder.as_ref(), |id| racks[number(id)], NOW) {
                Choice::Takes(id) => Some(number(id) + 1),
                Choice::Stays => None,
                other @ (Choice::Nobody | Choice::Ends) => panic!("{other:?}"),
            }
        };
        assert_eq!(of_three(None, [Gone, Unsure, Ready]), Some(3));
        assert_eq!(of_three(Some(1), [Gone, Gone, Ready]), Some(3));
        assert_eq!(of_three(Some(1), [Gone, Ready, Ready]), Some(2));
        assert_eq!(of_three(Some(3), [Ready, Ready, Unsure]), None, "it stays");
        assert_eq!(of_three(Some(3), [Ready, Ready, Gone]), Some(1));
    }

    #[test]
    fn one_that_serves_the_vlan_no_more_has_time_to_hear_of_it() {
        use Rack::{Gone, Ready};
        assert_eq!(chosen(Some((Some(3), 9)), [Ready, Ready, Ready]), "Ends");
        assert_eq!(chosen(Some((None, GONE_AFTER_MS - 1)), [Ready, Ready, Ready]), "Stays");
        assert_eq!(chosen(Some((None, GONE_AFTER_MS)), [Ready, Ready, Ready]), "1 takes");
        assert_eq!(chosen(Some((Some(3), 9)), [Ready, Ready, Gone]), "1 takes");
    }

    #[test]
    fn a_vlan_without_service_addresses_has_no_holder() {
        let without = Vlan { service_addresses: Vec::new(), ..vlan() };
        let holder = ServiceHolder { vlan: VlanId(1), rack: Some(rack(1)), since: NOW };
        let known = |_: &SystemId| Rack::Ready;
        assert_eq!(choose(&without, Some(&holder), known, NOW), Choice::Nobody);
        assert_eq!(choose(&without, None, known, NOW), Choice::Stays);
    }
}
