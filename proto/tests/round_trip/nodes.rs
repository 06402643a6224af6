//! Machines, controllers, power jobs, settings and boot files.

use model::boot::files::BootFiles;
use model::controller::{ControllerInterface, RegionController, ServedRack};
use model::id::{DomainId, VlanId};
use model::machine::hardware::Firmware;
use model::machine::lifecycle::Phase;
use model::machine::power::{PowerAction, PowerJob};
use model::machine::served::{ServedInterface, ServedMachine, ServedPhase};
use model::setting::Setting;
use model::tag::ServedTag;
use model::time::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use crate::values::{ip, ips, mac, prefix, system_id, text};

const PHASES: [Phase; 14] = [
    Phase::New,
    Phase::Commissioning,
    Phase::Testing,
    Phase::Ready,
    Phase::Allocated,
    Phase::Deploying,
    Phase::Deployed,
    Phase::Releasing,
    Phase::DiskErasing,
    Phase::Broken,
    Phase::Rescue,
    Phase::Reserved,
    Phase::Retired,
    Phase::Missing,
];

prop_compose! {
    fn interface()(
        name in text(),
        mac in mac(),
        (vlan, boot) in any::<(Option<u32>, bool)>(),
        addresses in ips(),
    ) -> ServedInterface {
        ServedInterface { name, mac, vlan: vlan.map(VlanId), boot, addresses }
    }
}

prop_compose! {
    pub(crate) fn machine()(
        system_id in system_id(),
        (domain, uefi, boots_own_disk) in any::<(u32, bool, bool)>(),
        (hostname, architecture, uuid) in (text(), text(), text()),
        phase in prop::sample::select(PHASES.to_vec()),
        interfaces in prop::collection::vec(interface(), 0..3),
        tags in prop::collection::vec(text(), 0..3),
    ) -> ServedMachine {
        ServedMachine {
            system_id,
            hostname,
            domain: DomainId(domain),
            architecture,
            firmware: if uefi { Firmware::Uefi } else { Firmware::Bios },
            secure_boot: uefi.then_some(boots_own_disk),
            uuid,
            phase: ServedPhase::Known(phase),
            boots_own_disk,
            interfaces,
            tags,
        }
    }
}

prop_compose! {
    pub(crate) fn power_job()(
        machine in system_id(),
        (id, attempt) in any::<(u64, u32)>(),
        action in prop::sample::select(vec![
            PowerAction::NetworkBoot, PowerAction::On, PowerAction::Off, PowerAction::Query,
        ]),
        driver in text(),
        parameters in prop::collection::btree_map(text(), text(), 0..4),
    ) -> PowerJob {
        let assigned = Timestamp::default();
        let parameters = parameters.into_iter().collect();
        PowerJob { machine, id, action, driver, parameters, rack: None, attempt, assigned }
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

prop_compose! {
    pub(crate) fn setting()(name in text(), value in json()) -> Setting {
        Setting { name, value }
    }
}

prop_compose! {
    pub(crate) fn tag()(name in text(), kernel_opts in text()) -> ServedTag {
        ServedTag { name, kernel_opts }
    }
}

prop_compose! {
    fn controller_interface()(
        name in text(), mac in mac(), addresses in prop::collection::vec(prefix(), 0..3),
    ) -> ControllerInterface {
        ControllerInterface { name, mac, addresses }
    }
}

prop_compose! {
    pub(crate) fn rack()(
        system_id in system_id(),
        hostname in text(),
        interfaces in prop::collection::vec(controller_interface(), 0..3),
        connected in any::<bool>(),
    ) -> ServedRack {
        ServedRack { system_id, hostname, interfaces, connected }
    }
}

prop_compose! {
    pub(crate) fn region()(
        system_id in system_id(), node_id in any::<u64>(), hostname in text(), address in ip(),
    ) -> RegionController {
        RegionController { system_id, node_id, hostname, version: String::new(), address }
    }
}

prop_compose! {
    pub(crate) fn boot_files()(
        (architecture, kernel_sha256, initrd_sha256, version) in (text(), text(), text(), text()),
    ) -> BootFiles {
        let created = Timestamp::default();
        BootFiles { architecture, kernel_sha256, initrd_sha256, version, created }
    }
}
