//! For every constraint and every word that means something, the machines that are looked at are enough.

use api::field_errors::FieldErrors;
use model::dns::domain::Domain;
use model::id::{
    AvailabilityZoneId, DomainId, InterfaceId, ResourcePoolId, SpaceId, SubnetId, UserId, VlanId,
};
use model::machine::Placement;
use model::machine::hardware::Hardware;
use model::machine::interface::{Interface, Link, LinkMode};
use model::machine::lifecycle::{Lifecycle, Phase};
use model::machine::power::Power;
use model::net::space::Space;
use model::pool::ResourcePool;
use model::tag::Tag;
use model::time::Timestamp;
use model::user::User;
use model::zone::AvailabilityZone;
use raft_store::Store;
use tables::read::View;
use tables::update::{Cause, Tables};

use super::*;
use crate::machine::filter::{NUMBERS, WORDS, facts};

/// Machines are numbered; what they have in common depends on the number.
const MACHINES: u32 = 24;

/// Constraints that the model in memory does not answer.
const NOT_NARROWED: &[&str] =
    &["domain", "agent_name", "arch", "power_state", "deployment_target", "pod", "pod_type"];

fn put_site(tx: &mut tables::tx::Tx) -> Result<(), TableError> {
    tx.put(&Domain {
        id: DomainId(0),
        name: "example.com".to_owned(),
        authoritative: true,
        ttl: None,
        is_default: true,
    })?;
    tx.put(&Space { id: SpaceId(0), name: "dmz".to_owned(), description: String::new() })?;
    for number in 0..3 {
        let (name, description) = (format!("group-{number}"), String::new());
        let (zone, pool) = (AvailabilityZoneId(number), ResourcePoolId(number));
        let (of_zone, of_pool) = (name.clone(), name.clone());
        tx.put(&AvailabilityZone { id: zone, name: of_zone, description: description.clone() })?;
        tx.put(&ResourcePool { id: pool, name: of_pool, description: description.clone() })?;
        tx.put(&Tag {
            name: name.clone(),
            definition: String::new(),
            comment: String::new(),
            kernel_opts: String::new(),
        })?;
        tx.put(&User {
            id: UserId(number),
            username: name.clone(),
            email: String::new(),
            is_superuser: false,
            password_hash: None,
            created: Timestamp::default(),
        })?;
        let class_type = (number == 1).then(|| "10g".to_owned());
        tx.put(&Fabric { id: FabricId(number), name, description, class_type })?;
    }
    (0..6).try_for_each(|number| put_link(tx, number))
}

/// A VLAN with a subnet. One is called as another one's id.
fn put_link(tx: &mut tables::tx::Tx, number: u32) -> Result<(), TableError> {
    tx.put(&Vlan {
        vid: u16::try_from(100 + number).unwrap_or_default(),
        name: if number == 5 { "3".to_owned() } else { "untagged".to_owned() },
        space: number.is_multiple_of(2).then_some(SpaceId(0)),
        ..Vlan::untagged(VlanId(number), FabricId(number % 3))
    })?;
    tx.put(&Subnet {
        name: format!("net-{}", number % 4),
        ..Subnet::new(
            SubnetId(number),
            VlanId(number),
            format!("10.{number}.0.0/16").parse().expect("a prefix"),
        )
    })
}

fn machine(number: u32) -> Machine {
    let phases = [Phase::New, Phase::Ready, Phase::Allocated, Phase::Deployed];
    let interface = |at: u32| Interface {
        id: InterfaceId(number * 2 + at),
        name: format!("eth{at}"),
        vlan: (number > 0).then_some(VlanId((number + at) % 6)),
        boot: at == 0,
        link_speed: 1000 * number,
        // It may be linked to a subnet of another VLAN: what is stored decides.
        links: vec![Link {
            id: 1,
            mode: LinkMode::Auto,
            subnet: (number > 1).then_some(SubnetId((number + 2 * at) % 6)),
            ip_address: None,
            default_gateway: false,
        }],
        ..Interface::of_mac(MacAddress([
            2,
            0,
            0,
            0,
            u8::try_from(number).unwrap_or_default(),
            u8::from(at > 0),
        ]))
    };
    let tags = (0..3).filter(|tag| number.is_multiple_of(tag + 2));
    Machine {
        system_id: SystemId::from_number(number.into()),
        hostname: format!("Web-{number}"),
        description: String::new(),
        placement: Placement {
            owner: (number % 4 > 1).then_some(UserId(number % 3)),
            zone: AvailabilityZoneId(number % 3),
            pool: ResourcePoolId(number % 2),
            tags: tags.map(|tag| format!("group-{tag}")).collect(),
            agent_name: format!("agent-{}", number % 2),
            ..Placement::default()
        },
        lifecycle: Lifecycle {
            phase: phases[usize::try_from(number).unwrap_or_default() % phases.len()],
            ..Lifecycle::default()
        },
        power: Power::default(),
        hardware: Hardware { architecture: "amd64/generic".to_owned(), ..Hardware::default() },
        interfaces: (0..2).map(interface).collect(),
        block_devices: Vec::new(),
        storage: model::machine::storage::Storage::default(),
        deployment: None,
        created: Timestamp::from_unix_ms(u64::from(number % 5)),
        updated: Timestamp::default(),
    }
}

async fn site() -> View {
    let tables = Tables::new(Store::in_memory());
    let made: Result<(), TableError> = tables
        .update(&Cause::new("test", "test"), |tx| {
            put_site(tx)?;
            (0..MACHINES).try_for_each(|number| tx.put(&machine(number)))
        })
        .await;
    made.expect("made");
    tables.view().await.expect("a view")
}

fn filter(pairs: &[(&str, &str)]) -> Filter {
    parsed(pairs).expect("a filter")
}

fn parsed(pairs: &[(&str, &str)]) -> Result<Filter, FieldErrors> {
    let owned: Vec<(&str, Vec<String>)> =
        pairs.iter().map(|(name, words)| (*name, vec![(*words).to_owned()])).collect();
    let params = owned.iter().map(|(name, values)| (*name, values.as_slice()));
    Filter::parse(params, &[])
}

/// Whether the machines that are looked at have all that are meant; returns them.
#[track_caller]
fn check(view: &View, filter: &Filter) -> Option<Vec<Arc<Machine>>> {
    let meant = |machines: Vec<Arc<Machine>>| -> BTreeSet<SystemId> {
        let meant = machines.iter().filter(|machine| filter.means(view, machine).expect("read"));
        meant.map(|machine| machine.system_id.clone()).collect()
    };
    let all = meant(view.state().machines().cloned().collect());
    let found = filter.candidates(view, usize::MAX).expect("read");
    if let Some(found) = &found {
        assert_eq!(meant(found.clone()), all, "{filter:?}");
    }
    found
}

/// All words that are a fact of some machine, and some that are none.
fn words(view: &View, fact: &'static str) -> BTreeSet<String> {
    let kinds = BTreeSet::from([fact]);
    let mut words: BTreeSet<String> =
        ["nothing", "web-3", "Web-3.other.com", "space:", "3", "02-00-00-00-03-00"]
            .map(str::to_owned)
            .into();
    for machine in view.state().machines() {
        let facts = facts::of(view, machine, &kinds).expect("read");
        words.extend(facts.words_of(fact).iter().cloned());
    }
    words.retain(|word| !word.is_empty() && !word.contains(' '));
    words
}

#[tokio::test]
async fn the_machines_that_are_looked_at_have_all_that_are_meant() {
    let view = site().await;
    for (name, opposite, fact) in WORDS {
        // What means nothing is refused and finds nothing.
        let mut words: Vec<String> = words(&view, fact).into_iter().collect();
        words.retain(|word| parsed(&[(name, word)]).is_ok());
        assert!(!words.is_empty(), "words of {name}");
        for (at, word) in words.iter().enumerate() {
            let found = check(&view, &filter(&[(name, word)]));
            let is_indirect = ["vlan", "subnet"].contains(fact) && is_indirect(fact, word);
            let narrowed = !NOT_NARROWED.contains(name) && !is_indirect;
            assert_eq!(found.is_some(), narrowed, "{name}={word}");
            let other = &words[(at * 7 + 1) % words.len()];
            check(&view, &filter(&[(name, &format!("{word},{other}"))]));
            if !opposite.is_empty() {
                assert!(check(&view, &filter(&[(opposite, word)])).is_none(), "all may be meant");
            }
        }
    }
    assert!(NUMBERS.iter().all(|(name, _)| check(&view, &filter(&[(name, "1")])).is_none()));
}

#[tokio::test]
async fn only_the_fewest_are_looked_at() {
    let view = site().await;
    let looked_at = |pairs: &[(&str, &str)]| {
        let found = check(&view, &filter(pairs)).unwrap_or_default();
        found.iter().map(|machine| machine.hostname.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        looked_at(&[("pool", "group-0"), ("hostname", "Web-4"), ("status", "ready")]).len(),
        1
    );
    assert_eq!(looked_at(&[("mac_address", "02:00:00:00:07:01"), ("zone", "group-1")]), ["Web-7"]);
    assert_eq!(looked_at(&[("pool", "group-0"), ("status", "ready")]).len(), 6);
    assert_eq!(looked_at(&[("tags", "group-0,group-2")]).len(), 6, "those with the rarer tag");
    assert_eq!(looked_at(&[("owner", "nobody")]).len(), 0);
    let every_word = filter(&[("status", "ready,deployed,new,allocated")]);
    assert_eq!(every_word.candidates(&view, MACHINES as usize), Ok(None), "no fewer than all");
}

#[tokio::test]
async fn what_a_machine_has_is_a_condition_too() {
    let view = site().await;
    let owned = Filter::of_status(Status::Deployed).and(MachineKey::Owner(UserId(0)));
    let found = check(&view, &owned).expect("narrowed");
    assert!(!found.is_empty());
    let meant = found.iter().filter(|machine| owned.means(&view, machine).expect("read"));
    assert!(meant.clone().all(|machine| machine.placement.owner == Some(UserId(0))));
    assert!(meant.clone().all(|machine| Status::of(&machine.lifecycle) == Status::Deployed));
    assert_eq!(meant.count(), 2);
    let ids = Filter::of_ids(vec![SystemId::from_number(3).to_string(), "unknown".to_owned()]);
    assert_eq!(check(&view, &ids).expect("narrowed").len(), 1);
}
