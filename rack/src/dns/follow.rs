//! Keeps the zones equal to the rack's generation, object by object.

use std::sync::Arc;

use model::dns::name::DnsName;
use model::dns::project::{TTL_SETTING, ttl_of_setting};
use model::dns::projector::Projector;
use model::dns::serial::{OFFSET_SETTING, offset_of_setting};
use model::id::DnsResourceId;
use proto::convert::Key;
use tracing::warn;

use crate::dns::zones::Zones;
use crate::generation::{Generation, Step};

/// Brings the names to the generation that a step reaches; returns the zones as they are then.
pub fn update(projector: &mut Projector, step: &Step) -> Zones {
    let generation = &step.generation;
    for key in step.changed() {
        copy(projector, generation, key);
    }
    projector.settle(generation.revision);
    let offset = generation.settings.get(OFFSET_SETTING).map(Arc::as_ref);
    let zones = Zones::new(
        projector.names().clone(),
        generation.zone_serials.clone(),
        offset_of_setting(offset),
    );
    for key in step.changed() {
        if let Key::DnsResource(id) = key {
            warn_of_unwritable(&zones, generation, *id);
        }
    }
    zones
}

fn copy(projector: &mut Projector, generation: &Generation, key: &Key) {
    match key {
        Key::Subnet(id) => match generation.subnets.get(id) {
            Some(subnet) => projector.put_subnet(subnet),
            None => projector.remove_subnet(*id),
        },
        Key::Domain(id) => match generation.domains.get(id) {
            Some(domain) => projector.put_domain(domain),
            None => projector.remove_domain(*id),
        },
        Key::DnsResource(id) => match generation.dnsresources.get(id) {
            Some(resource) => projector.put_resource(resource),
            None => projector.remove_resource(*id),
        },
        Key::Machine(id) => match generation.machines.get(id) {
            Some(machine) => projector.put_machine(machine),
            None => projector.remove_machine(id),
        },
        Key::Binding(ip) => match generation.bindings.get(ip) {
            Some(binding) => projector.put_binding(binding),
            None => projector.remove_binding(*ip),
        },
        Key::Rack(id) => match generation.racks.get(id) {
            Some(rack) => projector.put_rack(rack),
            None => projector.remove_rack(id),
        },
        Key::Region(id) => match generation.regions.get(id) {
            Some(region) => projector.put_region(region),
            None => projector.remove_region(id),
        },
        Key::Setting(name) if name == TTL_SETTING => {
            projector.set_ttl(ttl_of_setting(generation.settings.get(name).map(Arc::as_ref)));
        }
        Key::Setting(_)
        | Key::Vlan(_)
        | Key::IpRange(_)
        | Key::Block(_)
        | Key::PowerJob(_)
        | Key::BootFiles(_)
        | Key::Reserved(_)
        | Key::DhcpSnippet(_)
        | Key::StaticRoute(_)
        | Key::Tag(_)
        | Key::NetworkScan(_)
        | Key::ServiceHolder(_)
        | Key::PrefixPool(_) => {}
    }
}

/// A record that cannot be written is left out of answers; whoever made it should know.
fn warn_of_unwritable(zones: &Zones, generation: &Generation, id: DnsResourceId) {
    let Some(resource) = generation.dnsresources.get(&id) else { return };
    let Some(domain) = generation.domains.get(&resource.domain).map(Arc::as_ref) else { return };
    let text = match resource.name.as_str() {
        "@" | "" => domain.name.clone(),
        name => format!("{name}.{}", domain.name),
    };
    let Some(name) = DnsName::parse(&text) else {
        return warn!("{text} is no name of DNS and is not served");
    };
    for record in zones.unwritable(&name) {
        warn!("{} record of {name} cannot be served", record.kind.name());
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::{Name, RData, RecordType};
    use model::dns::domain::Domain;
    use model::id::{DomainId, SubnetId, SystemId, VlanId};
    use model::lease::binding::{Binding, BindingState};
    use model::mac::MacAddress;
    use model::setting::Setting;
    use model::time::Timestamp;
    use proto::convert::Served;

    use super::*;
    use crate::generation::Generations;

    fn domain() -> Served {
        Served::Domain(Domain {
            id: DomainId(0),
            name: "Maas".to_owned(),
            authoritative: true,
            ttl: None,
            is_default: true,
        })
    }

    fn lease(hostname: &str) -> Served {
        Served::Binding(Binding {
            ip: "10.0.0.7".parse().unwrap(),
            subnet: SubnetId(1),
            vlan: VlanId(1),
            client: MacAddress([2; 6]).into(),
            hardware: None,
            prefix_length: None,
            state: BindingState::Active,
            hostname: Some(hostname.to_owned()),
            told_until: Timestamp::default(),
            promise_until: Timestamp::default(),
            rack: SystemId::from_number(1),
        })
    }

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn serial(zones: &Zones) -> u32 {
        match zones.find(&name("maas.")).and_then(|zone| zone.soa()).map(|soa| soa.data) {
            Some(RData::SOA(soa)) => soa.serial,
            other => panic!("no SOA but {other:?}"),
        }
    }

    fn has(zones: &Zones, text: &str) -> bool {
        let name = name(text);
        let key = crate::dns::zones::key_of(&name);
        zones.find(&name).is_some_and(|zone| !zone.set(&key, RecordType::A, &name).is_empty())
    }

    #[test]
    fn zones_follow_their_generation_with_the_serial_of_the_region() {
        let generations = Generations::default();
        let (mut follower, mut projector) = (generations.follow(), Projector::default());
        let mut next = |revision, object, zone_serial| {
            let mut generation = Generation::clone(&generations.load());
            generation.revision = revision;
            generation.put(object);
            if let Some(zone_serial) = zone_serial {
                generation.put_zone_serial("maas".to_owned(), zone_serial);
            }
            generations.publish(generation);
            update(&mut projector, &follower.step())
        };
        // Without a serial of the region it is the revision of the last change.
        let first = next(7, domain(), None);
        assert_eq!((serial(&first), has(&first, "a.maas.")), (7, false));
        let second = next(8, lease("a"), None);
        assert_eq!((serial(&second), has(&second, "a.maas.")), (8, true));
        let third = next(9, lease("a"), Some(8));
        assert_eq!(serial(&third), 8);
        let (name, value) = (OFFSET_SETTING.to_owned(), 2_026_000_000_u32.into());
        let set = next(9, Served::Setting(Setting { name, value }), None);
        assert_eq!(serial(&set), 2_026_000_008, "as an operator set it");
        let (name, value) = (OFFSET_SETTING.to_owned(), 0.into());
        next(9, Served::Setting(Setting { name, value }), None);
        let fourth = next(10, lease("b"), None);
        assert_eq!((serial(&fourth), has(&fourth, "a.maas.")), (8, false));
        assert!(has(&fourth, "b.maas."));
        assert!(has(&third, "a.maas."), "what is answered from does not change");
    }
}
