//! What machines are found by is what a look at all of them finds, whatever was changed.

use model::device::Device;
use model::machine::Placement;
use model::machine::hardware::Hardware;
use model::machine::interface::{Interface, Link, LinkMode};
use model::machine::lifecycle::{Lifecycle, Phase};
use model::machine::power::Power;
use model::net::range::AddressRange;
use proptest::prelude::*;
use raft_store::Store;

use super::*;
use crate::error::TableError;
use crate::read::Reads;
use crate::update::{Cause, Tables};
use crate::views::state::State;

/// What may be different of a machine: small numbers, so that machines share it.
type Traits = (u8, u8, u8, u8, u8, Vec<u8>);

fn traits() -> impl Strategy<Value = Traits> {
    let few = || 0..3_u8;
    (few(), few(), few(), few(), few(), prop::collection::vec(few(), 0..3))
}

fn machine(number: u8, (name, phase, owner, group, net, tags): Traits) -> Machine {
    let phases = [Phase::New, Phase::Ready, Phase::Deployed];
    let small = u32::from;
    let link = |at: u8| Link {
        id: small(at),
        mode: LinkMode::Auto,
        subnet: (at > 0).then(|| SubnetId(small(at))),
        ip_address: (at > 1).then(|| IpAddr::from([10, 0, at, number])),
        default_gateway: false,
    };
    let interface = |at: u8| Interface {
        id: model::id::InterfaceId(small(number) * 4 + small(at)),
        name: format!("eth{at}"),
        vlan: (at != 1).then(|| VlanId(small(at))),
        links: vec![link(at), link(net)],
        ..Interface::of_mac(MacAddress([2, 0, 0, net, number, at]))
    };
    Machine {
        system_id: SystemId::from_number(number.into()),
        hostname: format!("Web-{number}-{name}"),
        description: String::new(),
        placement: Placement {
            owner: (owner > 0).then(|| UserId(owner.into())),
            zone: AvailabilityZoneId(small(group)),
            pool: ResourcePoolId(small(group / 2)),
            tags: tags.iter().map(|tag| format!("tag-{tag}")).collect(),
            ..Placement::default()
        },
        lifecycle: Lifecycle {
            phase: phases[usize::from(phase)],
            deadline: (phase == 2).then(|| Timestamp::from_unix_ms(owner.into())),
            ..Lifecycle::default()
        },
        power: Power {
            driver: if owner == 0 { "ipmi" } else { "" }.to_owned(),
            parameters: [("power_address", format!("10.9.0.{owner}"))].into(),
            observed: (net > 0).then(|| Timestamp::from_unix_ms(net.into())),
            ..Power::default()
        },
        hardware: Hardware { cpu_count: small(group), ..Hardware::default() },
        interfaces: (0..net).map(interface).collect(),
        block_devices: Vec::new(),
        storage: model::machine::storage::Storage::default(),
        deployment: None,
        created: Timestamp::from_unix_ms(u64::from(number) % 3),
        updated: Timestamp::default(),
    }
}

/// All that is asked for: what machines have, and what none has.
fn asked(machines: &[Machine]) -> BTreeSet<MachineKey> {
    let mut keys: BTreeSet<MachineKey> = machines.iter().flat_map(keys_of).collect();
    keys.extend((0..4).map(|number| MachineKey::Tag(format!("tag-{number}").into())));
    keys.extend((0..4).map(|number| MachineKey::Vlan(VlanId(number))));
    keys.extend((0..4).map(|number| MachineKey::Subnet(SubnetId(number))));
    keys.extend((0..4).map(|number| MachineKey::Owner(UserId(number))));
    keys.extend(Status::ALL.iter().map(|status| MachineKey::Status(*status)));
    keys.insert(MachineKey::Hostname("web-1-0".into()));
    keys
}

/// The words of a question, asked of a machine without [`keys_of`].
fn has(machine: &Machine, key: &MachineKey) -> bool {
    let placement = &machine.placement;
    let mut links = machine.interfaces.iter().flat_map(|interface| &interface.links);
    match key {
        MachineKey::Hostname(name) => machine.hostname.eq_ignore_ascii_case(name),
        MachineKey::Mac(mac) => machine.interfaces.iter().any(|found| found.mac == *mac),
        MachineKey::Address(ip) => links.any(|link| link.ip_address == Some(*ip)),
        MachineKey::Status(status) => Status::of(&machine.lifecycle) == *status,
        MachineKey::Owner(user) => placement.owner == Some(*user),
        MachineKey::Zone(zone) => placement.zone == *zone,
        MachineKey::Pool(pool) => placement.pool == *pool,
        MachineKey::Domain(domain) => placement.domain == *domain,
        MachineKey::Tag(tag) => placement.tags.iter().any(|found| **found == **tag),
        MachineKey::Vlan(vlan) => machine.interfaces.iter().any(|at| at.vlan == Some(*vlan)),
        MachineKey::Subnet(subnet) => links.any(|link| link.subnet == Some(*subnet)),
        MachineKey::Bmc(address) => machine.power.address() == Some(address),
    }
}

fn check(state: &State, rows: &[Machine]) {
    let ids = |found: Vec<&Arc<Machine>>| -> Vec<SystemId> {
        found.into_iter().map(|machine| machine.system_id.clone()).collect()
    };
    let scan = |wanted: &dyn Fn(&Machine) -> bool| -> Vec<SystemId> {
        rows.iter().filter(|row| wanted(row)).map(|row| row.system_id.clone()).collect()
    };
    let keys = asked(rows);
    for key in &keys {
        let found = ids(state.machines_with([key]));
        assert_eq!(found, scan(&|row| has(row, key)), "{key:?}");
        assert_eq!(state.count_with(key), found.len(), "{key:?}");
    }
    let some: Vec<&MachineKey> = keys.iter().step_by(3).collect();
    let one_of = |row: &Machine| some.iter().any(|key| has(row, key));
    assert_eq!(ids(state.machines_with(some.iter().copied())), scan(&one_of));
    let ordered = |wanted: &dyn Fn(&Machine) -> bool, by: &dyn Fn(&Machine) -> (u32, Timestamp)| {
        let mut found: Vec<&Machine> = rows.iter().filter(|row| wanted(row)).collect();
        found.sort_by_key(|row| (by(row), row.system_id.clone()));
        found.into_iter().map(|row| row.system_id.clone()).collect::<Vec<_>>()
    };
    let by_age = ordered(&|_| true, &|row| (0, row.created));
    assert_eq!(ids(state.all_machines().by_age().collect()), by_age);
    let is_ready = |row: &Machine| Status::of(&row.lifecycle) == Status::Ready;
    let by_size = ordered(&is_ready, &|row| (row.hardware.cpu_count, row.created));
    assert_eq!(ids(state.ready().collect()), by_size);
    let deadline = |row: &Machine| (0, row.lifecycle.deadline.unwrap_or_default());
    let limit = Timestamp::from_unix_ms(1);
    let overdue = ordered(&|row| row.lifecycle.deadline.is_some_and(|at| at <= limit), &deadline);
    assert_eq!(state.overdue(limit).cloned().collect::<Vec<_>>(), overdue);
    let observed = |row: &Machine| row.power.observed.unwrap_or_default();
    let is_polled =
        |row: &Machine| row.power.is_switchable() && Status::of(&row.lifecycle) != Status::New;
    let is_old = |row: &Machine| is_polled(row) && observed(row) < limit;
    let old = ordered(&is_old, &|row| (0, observed(row)));
    assert_eq!(state.observed_before(limit).cloned().collect::<Vec<_>>(), old);
}

fn device(number: u8, links: u8) -> Device {
    let link = |at: u8| Link {
        id: at.into(),
        mode: LinkMode::Static,
        subnet: Some(SubnetId(1)),
        ip_address: Some([10, 0, at, number].into()),
        default_gateway: false,
    };
    let mac = MacAddress([2, 0, 0, 1, number, 0]);
    Device {
        system_id: SystemId::from_number(number.into()),
        hostname: format!("Device-{number}"),
        description: String::new(),
        domain: DomainId(2),
        zone: AvailabilityZoneId(3),
        owner: Some(UserId(4)),
        parent: None,
        annotations: model::machine::annotations::Annotations::default(),
        interfaces: vec![Interface {
            vlan: Some(VlanId(7)),
            links: (0..links).map(link).collect(),
            ..Interface::of_mac(mac)
        }],
        created: Timestamp::default(),
        updated: Timestamp::default(),
    }
}

#[test]
fn devices_are_found_by_the_keys_of_machines_and_hold_their_addresses() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let tables = Tables::new(Store::in_memory());
        let change = async |links: Option<u8>| {
            let done: Result<(), TableError> = tables
                .update(&Cause::new("test", "test"), |tx| match links {
                    Some(links) => tx.put(&device(1, links)),
                    None => tx.delete::<Device>(&SystemId::from_number(1)).map(drop),
                })
                .await;
            done.unwrap();
            tables.view().await.unwrap()
        };
        let all = AddressRange::of("10.0.0.0/16".parse().unwrap());
        let followed = change(Some(2)).await;
        let anew = Tables::new(tables.store().clone()).view().await.unwrap();
        for view in [followed, anew] {
            let devices = view.state().devices();
            for key in [
                MachineKey::Hostname("device-1".into()),
                MachineKey::Mac(MacAddress([2, 0, 0, 1, 1, 0])),
                MachineKey::Address([10, 0, 1, 1].into()),
                MachineKey::Domain(DomainId(2)),
                MachineKey::Zone(AvailabilityZoneId(3)),
                MachineKey::Owner(UserId(4)),
                MachineKey::Vlan(VlanId(7)),
                MachineKey::Subnet(SubnetId(1)),
            ] {
                assert_eq!(devices.ids_with(&key), [SystemId::from_number(1)], "{key:?}");
                assert_eq!(view.state().count_with(&key), 0, "no machine: {key:?}");
            }
            assert_eq!(view.state().used(all).len(), 2);
        }
        let fewer = change(Some(1)).await;
        assert_eq!(fewer.state().used(all).len(), 1);
        let gone = change(None).await;
        assert_eq!(gone.state().devices().all().count(), 0);
        assert_eq!(gone.state().used(all).len(), 0);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_found_by_a_key_is_what_a_scan_finds(
        changes in prop::collection::vec((0..6_u8, prop::option::weighted(0.8, traits())), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let tables = Tables::new(Store::in_memory());
            let mut earlier = None;
            for (number, wanted) in changes {
                let change = |tx: &mut crate::tx::Tx| match &wanted {
                    Some(traits) => tx.put(&machine(number, traits.clone())),
                    None => tx.delete::<Machine>(&SystemId::from_number(number.into())).map(drop),
                };
                let done: Result<(), TableError> =
                    tables.update(&Cause::new("test", "test"), change).await;
                done.unwrap();
                let view = tables.view().await.unwrap();
                check(view.state(), &view.list::<Machine>().unwrap());
                earlier.get_or_insert(view);
            }
            // Whoever got the model keeps it as it was.
            let earlier = earlier.unwrap();
            check(earlier.state(), &earlier.list::<Machine>().unwrap());
            // And one that is read anew is the same.
            let anew = Tables::new(tables.store().clone()).view().await.unwrap();
            check(anew.state(), &anew.list::<Machine>().unwrap());
        });
    }
}
