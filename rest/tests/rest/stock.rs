//! Machines that are ready, and an image for them: what tests of allocation begin with.

use model::boot::resource::{BootResource, ResourceFile, ResourceSet};
use model::controller::{ControllerInterface, RackController};
use model::id::{
    AvailabilityZoneId, BlockDeviceId, BootResourceId, DomainId, InterfaceId, ResourcePoolId,
    SubnetId, SystemId, VlanId,
};
use model::mac::MacAddress;
use model::machine::disk::BlockDevice;
use model::machine::hardware::Hardware;
use model::machine::interface::{Interface, Link, LinkMode};
use model::machine::lifecycle::{Lifecycle, Phase, Stage};
use model::machine::power::Power;
use model::machine::{Machine, Placement};
use model::time::Timestamp;
use tables::error::TableError;
use tables::read::Reads;
use tables::row::Row;
use tables::update::{Cause, now};

use crate::harness::Region;

const GIGABYTE: u64 = 1_000_000_000;

/// A Ready machine `web-<number>` with a root disk of 10 GB, one of 3 GB, and two interfaces on the first VLAN.
pub(crate) fn machine(number: u32) -> Machine {
    let disk = |at: u32, gigabytes: u64, tag: &str| BlockDevice {
        id: BlockDeviceId(number * 10 + at),
        name: format!("sd{}", if at == 1 { 'a' } else { 'b' }),
        id_path: String::new(),
        model: "M".to_owned(),
        serial: format!("S{number}-{at}"),
        size_bytes: gigabytes * GIGABYTE,
        block_size_bytes: 512,
        tags: vec![tag.to_owned()],
        boot: at == 1,
        numa_node: 0,
    };
    Machine {
        system_id: SystemId::from_number(number.into()),
        hostname: format!("web-{number}"),
        description: String::new(),
        placement: Placement {
            domain: DomainId(0),
            zone: AvailabilityZoneId(1),
            pool: ResourcePoolId(0),
            ..Placement::default()
        },
        lifecycle: Lifecycle {
            phase: Phase::Ready,
            stage: Stage::Done,
            netboot: true,
            ..Lifecycle::default()
        },
        power: Power { driver: "manual".to_owned(), ..Power::default() },
        hardware: Hardware {
            architecture: "amd64/generic".to_owned(),
            cpu_count: number,
            memory_mib: 4096,
            ..Hardware::default()
        },
        interfaces: (0..2).map(|at| interface(number, at)).collect(),
        block_devices: vec![disk(1, 10, "ssd"), disk(2, 3, "rotary")],
        storage: model::machine::storage::Storage::default(),
        deployment: None,
        created: Timestamp::from_unix_ms(number.into()),
        updated: Timestamp::default(),
    }
}

/// A rack that is there, on `10.0.0.0/24`.
pub(crate) fn rack(number: u8) -> RackController {
    RackController {
        system_id: SystemId::from_number(u64::from(number) + 1000),
        hostname: format!("k{number}"),
        version: "0.1.0".to_owned(),
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: MacAddress([0x52, 0x54, 1, 0, 0, number]),
            addresses: vec![ipnet::IpNet::new([10, 0, 0, number].into(), 24).unwrap()],
        }],
        session: Some(1),
        last_seen: now(),
        searches_for_hosts: false,
        holds_service_addresses: false,
    }
}

fn interface(number: u32, at: u32) -> Interface {
    let [.., low] = number.to_be_bytes();
    Interface {
        id: InterfaceId(number * 10 + at),
        name: format!("eth{at}"),
        vlan: Some(VlanId(1)),
        boot: at == 0,
        link_speed: 1000,
        ..Interface::of_mac(MacAddress([0x52, 0x54, 0, 0, low, u8::from(at > 0)]))
    }
}

/// A link of an interface to a subnet.
pub(crate) fn link(id: u32, mode: LinkMode, subnet: u32) -> Link {
    Link::new(id, mode, Some(SubnetId(subnet)))
}

impl Region {
    /// Writes a row past all rules.
    pub(crate) async fn store<T: Row>(&self, row: &T) {
        let put: Result<(), TableError> =
            self.tables.update(&Cause::new("test", "test"), |tx| tx.put(row)).await;
        put.unwrap();
    }

    /// A machine as it is stored.
    pub(crate) async fn stored(&self, machine: &Machine) -> Machine {
        let view = self.tables.view().await.unwrap();
        view.get::<Machine>(&machine.system_id).unwrap().unwrap()
    }

    /// An image of Debian that can be deployed.
    pub(crate) async fn put_image(&self) {
        let file = ResourceFile {
            id: 1,
            filetype: "root-tgz".to_owned(),
            sha256: "a".repeat(64),
            size_bytes: 1,
            complete: true,
            upload_node: 1,
        };
        let sets = vec![ResourceSet { version: "1".to_owned(), files: vec![file] }];
        let (id, created) = (BootResourceId(1), Timestamp::default());
        let image = BootResource::new(id, "debian/bookworm", "amd64/generic", created);
        self.store(&BootResource { sets, ..image }).await;
    }
}

/// The path of a machine in the API.
pub(crate) fn path_of(machine: &Machine) -> String {
    format!("machines/{}/", machine.system_id)
}
