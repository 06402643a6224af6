//! Devices: what follows from their links and parents, also when others act at the same moment.

use model::device::Device;
use model::id::SystemId;
use model::lease::commit::Refusal as LeaseRefusal;
use model::machine::interface::{Interface, Link, LinkMode};
use ops::error::Refusal;
use ops::machine::devices::{self, DeviceDetail, NewDevice};
use ops::machine::filter::Filter;
use ops::machine::interfaces::links::{self, LinkRequest};
use ops::machine::machines;
use ops::network::leases::CommitRefusal;
use tables::devices::DEVICES_OF_PARENT;
use tables::read::Reads;
use tables::views::machines::MachineKey;

use crate::leases::site::{Site, ip, mac, process, refused};
use crate::many::{admin, site_with};

fn named(hostname: &str, last: u8) -> NewDevice {
    let hostname = Some(hostname.to_owned());
    NewDevice { hostname, macs: vec![mac(last)], ..NewDevice::default() }
}

async fn made(site: &Site, wanted: &NewDevice) -> DeviceDetail {
    devices::create(&site.tables, &admin(), wanted).await.unwrap()
}

fn first(device: &DeviceDetail) -> (SystemId, String) {
    (device.device.system_id.clone(), device.device.interfaces[0].id.to_string())
}

#[tokio::test]
async fn an_address_of_a_device_is_leased_to_nobody_else() {
    let site = Site::new().await;
    let rack = process(1, 7);
    let block = site.blocks(&rack, 0).await.remove(0);
    let device = made(&site, &named("switch", 1)).await.device;
    // As a link was made before the range was there.
    site.change(|tx| {
        let mut device = device.clone();
        device.interfaces[0].links.push(Link {
            id: 1,
            mode: LinkMode::Static,
            subnet: Some(site.subnet),
            ip_address: Some(ip(101)),
            default_gateway: false,
        });
        tx.put(&device)
    })
    .await;
    let other = refused(site.bind(&rack, ip(101), mac(2), Some(&block)).await);
    assert_eq!(other, CommitRefusal::Rule(LeaseRefusal::Reserved { ip: ip(101) }));
    crate::leases::site::committed(site.bind(&rack, ip(101), mac(1), Some(&block)).await);
}

#[tokio::test]
async fn a_device_that_is_made_while_its_parent_is_deleted_goes_with_it_or_is_refused() {
    let site = site_with(40).await;
    let (mut refused, mut gone) = (0, 0);
    for number in 1..=40 {
        let parent = SystemId::from_number(number);
        let last = u8::try_from(number).unwrap();
        let wanted =
            NewDevice { parent: Some(parent.to_string()), ..named(&format!("d{number}"), last) };
        let actor = admin();
        let make = devices::create(&site.tables, &actor, &wanted);
        let delete = machines::delete(&site.tables, &actor, &parent);
        // Whoever begins first reads first.
        let made = if number % 2 == 0 {
            let (made, deleted) = tokio::join!(make, delete);
            deleted.unwrap();
            made
        } else {
            let (deleted, made) = tokio::join!(delete, make);
            deleted.unwrap();
            made
        };
        match made {
            Ok(_) => gone += 1,
            Err(Refusal::Fields(errors)) if errors.has("parent") => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(refused + gone, 40);
    assert_eq!(site.view().await.list::<Device>().unwrap(), []);
}

#[tokio::test]
async fn links_of_a_device_at_once_all_last() {
    let site = Site::new().await;
    let (id, interface) = first(&made(&site, &named("switch", 1)).await);
    let wanted = LinkRequest {
        mode: Some("static".to_owned()),
        subnet: Some(site.subnet.to_string()),
        ..LinkRequest::default()
    };
    let actor = admin();
    let link = || links::link_subnet(&site.tables, &actor, &id, &interface, &wanted);
    let linked = futures::future::join_all((0..8).map(|_| link())).await;
    assert!(linked.iter().all(Result::is_ok), "{linked:?}");
    let device = site.view().await.get::<Device>(&id).unwrap().unwrap();
    let mut given: Vec<_> = device.links().filter_map(|link| link.ip_address).collect();
    let mut ids: Vec<u32> = device.links().map(|link| link.id).collect();
    given.sort();
    given.dedup();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((given.len(), ids.len()), (8, 8));
}

/// Ten thousand devices: what is asked of one is answered from what it is found by.
#[tokio::test]
async fn one_of_many_devices_is_found_without_looking_at_the_others() {
    const DEVICES: u32 = 10_000;
    let site = Site::new().await;
    let base = made(&site, &named("base", 1)).await.device;
    for block in 0..DEVICES / 500 {
        site.change(|tx| {
            for number in block * 500..(block + 1) * 500 {
                let [_, _, high, low] = number.to_be_bytes();
                let mac = model::mac::MacAddress([2, 0, 0, 0, high, low]);
                tx.put(&Device {
                    system_id: SystemId::from_number(u64::from(number) + 1_000_000),
                    hostname: format!("d{number}"),
                    owner: (number % 5000 == 7).then_some(model::id::UserId(1)),
                    parent: (number % 5000 == 8).then(|| base.system_id.clone()),
                    interfaces: vec![Interface::of_mac(mac)],
                    ..base.clone()
                })?;
            }
            Ok(())
        })
        .await;
    }
    let view = site.view().await;
    assert_eq!(view.list_by(&DEVICES_OF_PARENT, &base.system_id).unwrap().len(), 2);
    let of_owner = MachineKey::Owner(model::id::UserId(1));
    assert_eq!(view.state().devices().count_with(&of_owner), 3);
    let of_mac = MachineKey::Mac(model::mac::MacAddress([2, 0, 0, 0, 0, 77]));
    for (name, value, key) in [
        ("hostname", "d77", MachineKey::Hostname("d77".into())),
        ("mac_address", "02:00:00:00:00:4d", of_mac),
    ] {
        let values = [value.to_owned()];
        let filter = Filter::parse([(name, values.as_slice())].into_iter(), &[]).unwrap();
        let looked_at = view.state().devices().count_with(&key);
        assert_eq!(looked_at, 1, "{name}");
        let found = devices::list(&site.tables, &admin(), &filter).await.unwrap();
        let names: Vec<String> = found.map(|found| found.unwrap().device.hostname).collect();
        assert_eq!(names, ["d77"]);
    }
    let all = devices::list(&site.tables, &admin(), &Filter::default()).await.unwrap();
    assert_eq!(all.count(), DEVICES as usize + 1);
}

#[tokio::test]
async fn a_device_has_a_name_for_each_of_its_addresses() {
    use crate::leases::site::address_of;
    use model::dns::domain::Domain;
    use model::dns::project::{NamedObjects, project};

    let site = Site::new().await;
    let wanted = NewDevice { macs: vec![mac(1), mac(2)], ..named("switch", 1) };
    let device = made(&site, &wanted).await;
    for (interface, last) in device.device.interfaces.iter().zip([9, 10]) {
        let link = LinkRequest {
            mode: Some("static".to_owned()),
            subnet: Some(site.subnet.to_string()),
            ip: Some(ip(last)),
            ..LinkRequest::default()
        };
        let id = &device.device.system_id;
        links::link_subnet(&site.tables, &admin(), id, &interface.name, &link).await.unwrap();
    }
    let view = site.view().await;
    let served = view.get::<Device>(&device.device.system_id).unwrap().unwrap().served();
    let domains = view.list::<Domain>().unwrap();
    let zones = project(&NamedObjects {
        domains: &domains.iter().collect::<Vec<_>>(),
        dnsresources: &[],
        machines: &[&served],
        bindings: &[],
        racks: &[],
        regions: &[],
        subnets: &[],
        ttl: 30,
    });
    assert_eq!(address_of(&zones, "switch.maas"), Some(ip(9)));
    assert_eq!(address_of(&zones, "eth1.switch.maas"), Some(ip(10)));
}
