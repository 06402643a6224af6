//! Objects of every kind: those that can be made through the API are; machines, racks and images are written as rows,
//! because nothing but their own reports makes them.

use model::boot::resource::{BootResource, ResourceFile, ResourceSet};
use model::controller::{ControllerInterface, RackController, RegionController};
use model::id::{
    AvailabilityZoneId, BlockDeviceId, BootResourceId, DomainId, InterfaceId, ResourcePoolId,
    SystemId, UserId, VlanId,
};
use model::mac::MacAddress;
use model::machine::disk::BlockDevice;
use model::machine::hardware::{Device, Hardware};
use model::machine::interface::Interface;
use model::machine::lifecycle::{Lifecycle, Phase};
use model::machine::output::ToolOutput;
use model::machine::power::Power;
use model::machine::power::parameters::PowerParameters;
use model::machine::secrets::MachineSecrets;
use model::machine::{Deployment, Machine, Placement};
use model::time::Timestamp;
use model::user::{ApiToken, TokenOwner};
use tables::error::TableError;
use tables::row::Row;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

use super::roles::Role;
use super::secrets::{NEVER, POWER};

/// By whom, where, of what.
type Form = (Role, &'static str, &'static [(&'static str, &'static str)]);

/// What is made by forms.
pub(crate) const FORMS: &[Form] = &[
    (Role::Superuser, "fabrics/", &[("name", "office"), ("class_type", "10g")]),
    (Role::Superuser, "spaces/", &[("name", "dmz")]),
    (Role::Superuser, "fabrics/1/vlans/", &[("vid", "7"), ("name", "seven")]),
    (Role::Superuser, "subnets/", &[("cidr", "10.0.0.0/24"), ("gateway_ip", "10.0.0.1")]),
    (Role::Superuser, "subnets/", &[("cidr", "10.5.0.0/16"), ("name", "wide")]),
    (Role::Superuser, "subnets/", &[("cidr", "fd00::/64")]),
    (
        Role::Superuser,
        "ipranges/",
        &[("type", "dynamic"), ("start_ip", "10.0.0.100"), ("end_ip", "10.0.0.150")],
    ),
    (
        Role::Owner,
        "ipranges/",
        &[("type", "reserved"), ("start_ip", "10.0.0.40"), ("end_ip", "10.0.0.49")],
    ),
    (
        Role::Other,
        "ipranges/",
        &[("type", "reserved"), ("start_ip", "10.0.0.50"), ("end_ip", "10.0.0.59")],
    ),
    (
        Role::Superuser,
        "static-routes/",
        &[("source", "10.0.0.0/24"), ("destination", "10.5.0.0/16"), ("gateway_ip", "10.0.0.2")],
    ),
    (Role::Superuser, "reservedips/", &[("ip", "10.0.0.9"), ("mac_address", "52:54:00:00:09:09")]),
    (Role::Owner, "ipaddresses/?op=reserve", &[("ip", "10.0.0.70"), ("hostname", "kept")]),
    (Role::Other, "ipaddresses/?op=reserve", &[("ip", "10.0.0.71")]),
    (Role::Superuser, "dhcp-snippets/", &[("name", "short"), ("value", "max-lease-time 60;")]),
    (Role::Superuser, "domains/", &[("name", "b.example")]),
    (Role::Superuser, "dnsresources/", &[("fqdn", "www.b.example"), ("ip_addresses", "10.0.0.80")]),
    (
        Role::Superuser,
        "dnsresourcerecords/",
        &[("fqdn", "b.example"), ("rrtype", "TXT"), ("rrdata", "text")],
    ),
    (Role::Superuser, "zones/", &[("name", "cellar")]),
    (Role::Superuser, "resourcepools/", &[("name", "swimming")]),
    (Role::Superuser, "groups/", &[("name", "team"), ("description", "of the fuzzer")]),
    (Role::Superuser, "groups/3/?op=add_member", &[("username", "other")]),
    (Role::Superuser, "tags/", &[("name", "fast"), ("kernel_opts", "quiet")]),
    (Role::Superuser, "tags/", &[("name", "found"), ("definition", "//node")]),
    (Role::Owner, "devices/", &[("hostname", "printer"), ("mac_addresses", "52:54:00:00:08:01")]),
    (Role::Other, "devices/", &[("hostname", "camera"), ("mac_addresses", "52:54:00:00:08:02")]),
    (Role::Owner, "files/", &[("filename", "notes"), ("file", "text")]),
    (Role::Other, "files/", &[("filename", "notes"), ("file", "other")]),
    (Role::Owner, "account/prefs/sshkeys/", &[("key", SSH_KEY)]),
    (Role::Other, "account/prefs/sshkeys/", &[("key", SSH_KEY)]),
    (
        Role::Superuser,
        "notifications/",
        &[("message", "hello"), ("users", "true"), ("ident", "one")],
    ),
    (Role::Superuser, "notifications/", &[("message", "other"), ("user", "other")]),
    (
        Role::Superuser,
        "package-repositories/",
        &[("name", "extra"), ("url", "http://x.example/debian")],
    ),
    (
        Role::Superuser,
        "license-keys/",
        &[
            ("osystem", "windows"),
            ("distro_series", "win2022"),
            ("license_key", "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"),
        ],
    ),
    (
        Role::Superuser,
        "boot-sources/",
        &[("url", "http://images.example/"), ("keyring_filename", "/k")],
    ),
];

const SSH_KEY: &str = "ssh-ed25519 \
    AAAAC3NzaC1lZDI1NTE5AAAAIJNkmqYyXgGz6Rkt8fRzBHcUbKv9TQmGcvxYR2sjmwyT me@host";

/// How descriptions of machines begin; the number of the machine follows.
pub(crate) const HIDDEN: &str = "hidden-";

/// Writes the rows; returns the key of a machine's system. Machines are nobody's, or one of the users'.
pub(crate) async fn write(tables: &Tables, users: &[UserId]) -> ApiToken {
    let owners: Vec<Option<UserId>> =
        std::iter::once(None).chain(users.iter().copied().map(Some)).collect();
    let key = ApiToken {
        key: "machinekey".to_owned(),
        secret: "secret-of-a-machine-s-key".to_owned().into(),
        consumer_key: "machineconsumer".to_owned(),
        name: String::new(),
        owner: TokenOwner::Machine(SystemId::from_number(1)),
        created: Timestamp::default(),
    };
    let put: Result<(), TableError> = tables
        .update(&Cause::new("fuzz", "fuzz"), |tx| {
            put_machines(tx, &owners)?;
            put_controllers(tx)?;
            tx.put(&image())?;
            tx.put(&key)
        })
        .await;
    put.expect("rows of a new site");
    key
}

/// One machine for each phase and user.
fn put_machines(tx: &mut Tx, owners: &[Option<UserId>]) -> Result<(), TableError> {
    let mut number = 0;
    for phase in Phase::ALL {
        for &owner in owners {
            number += 1;
            // What nobody allocated is nobody's.
            let is_free =
                matches!(phase, Phase::New | Phase::Commissioning | Phase::Testing | Phase::Ready);
            let machine = machine(number, phase, owner.filter(|_| !is_free));
            put(
                tx,
                &MachineSecrets {
                    machine: machine.system_id.clone(),
                    agent_token: NEVER[2].to_owned().into(),
                    bmc_password: Some(NEVER[3].to_owned().into()),
                },
            )?;
            put(
                tx,
                &ToolOutput {
                    machine: machine.system_id.clone(),
                    tool: "lshw".to_owned(),
                    text: "<list/>".to_owned(),
                    created: Timestamp::default(),
                },
            )?;
            put(tx, &machine)?;
        }
    }
    Ok(())
}

fn put<T: Row>(tx: &mut Tx, row: &T) -> Result<(), TableError> {
    tx.put(row)
}

fn machine(number: u32, phase: Phase, owner: Option<UserId>) -> Machine {
    let switchable = number.is_multiple_of(3);
    let mut parameters = PowerParameters::default();
    if switchable {
        parameters.insert("power_address", "10.9.0.1");
        parameters.insert("power_pass", POWER);
    }
    let is_deployed = matches!(phase, Phase::Deploying | Phase::Deployed);
    Machine {
        system_id: SystemId::from_number(number.into()),
        hostname: format!("web-{number}"),
        description: format!("{HIDDEN}{number}"),
        placement: Placement {
            domain: DomainId(0),
            zone: AvailabilityZoneId(1),
            pool: ResourcePoolId(number % 2),
            tags: vec!["fast".to_owned()],
            owner,
            locked: is_deployed && number.is_multiple_of(4),
            ..Placement::default()
        },
        lifecycle: Lifecycle { phase, ..Lifecycle::default() },
        power: Power {
            driver: if switchable { "ipmi" } else { "manual" }.to_owned(),
            parameters,
            ..Power::default()
        },
        hardware: hardware(number),
        interfaces: vec![interface(number, 0), interface(number, 1)],
        block_devices: vec![disk(number)],
        storage: model::machine::storage::Storage::default(),
        deployment: is_deployed.then(|| Deployment {
            osystem: "debian".to_owned(),
            distro_series: "bookworm".to_owned(),
            image_sha256: "a".repeat(64),
            image_bytes: 1,
            image_type: "root-tgz".to_owned(),
            user_data: Some(NEVER[1].as_bytes().to_vec().into()),
        }),
        created: Timestamp::from_unix_ms(number.into()),
        updated: Timestamp::default(),
    }
}

fn hardware(number: u32) -> Hardware {
    let device = |bus: &str, address: &str| Device {
        bus: bus.to_owned(),
        address: address.to_owned(),
        vendor_id: "8086".to_owned(),
        product_id: "1521".to_owned(),
        vendor_name: "Intel".to_owned(),
        product_name: "I350".to_owned(),
        driver: "igb".to_owned(),
    };
    Hardware {
        architecture: "amd64/generic".to_owned(),
        cpu_count: number,
        memory_mib: 4096,
        devices: vec![device("pci", "0000:01:00.1"), device("usb", "001:002")],
        ..Hardware::default()
    }
}

fn interface(number: u32, at: u8) -> Interface {
    let [.., low] = number.to_be_bytes();
    Interface {
        id: InterfaceId(number * 10 + u32::from(at)),
        name: format!("eth{at}"),
        vlan: Some(VlanId(1)),
        boot: at == 0,
        link_speed: 1_000,
        ..Interface::of_mac(MacAddress([0x52, 0x54, 1, 0, low, at]))
    }
}

fn disk(number: u32) -> BlockDevice {
    BlockDevice {
        id: BlockDeviceId(number * 10),
        name: "sda".to_owned(),
        id_path: String::new(),
        model: "M".to_owned(),
        serial: format!("S{number}"),
        size_bytes: 10_000_000_000,
        block_size_bytes: 512,
        tags: vec!["ssd".to_owned()],
        boot: true,
        numa_node: 0,
    }
}

fn put_controllers(tx: &mut Tx) -> Result<(), TableError> {
    let interface = ControllerInterface {
        name: "eth0".to_owned(),
        mac: MacAddress([0x52, 0x54, 0, 7, 0, 1]),
        addresses: vec!["10.0.0.2/24".parse().expect("a prefix")],
    };
    put(
        tx,
        &RackController {
            system_id: SystemId::from_number(901),
            hostname: "rack1".to_owned(),
            version: "1".to_owned(),
            interfaces: vec![interface],
            session: Some(1),
            last_seen: tx.now(),
            searches_for_hosts: true,
            holds_service_addresses: false,
        },
    )?;
    put(
        tx,
        &RegionController {
            system_id: SystemId::from_number(902),
            node_id: 1,
            hostname: "region1".to_owned(),
            version: "1".to_owned(),
            address: "10.0.0.3".parse().expect("an address"),
        },
    )
}

fn image() -> BootResource {
    let file = ResourceFile {
        id: 1,
        filetype: "root-tgz".to_owned(),
        sha256: "a".repeat(64),
        size_bytes: 1,
        complete: true,
        upload_node: 1,
    };
    let created = Timestamp::default();
    let image = BootResource::new(BootResourceId(1), "debian/bookworm", "amd64/generic", created);
    BootResource { sets: vec![ResourceSet { version: "1".to_owned(), files: vec![file] }], ..image }
}
