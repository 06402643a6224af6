//! A site changes at random, and racks follow it by the encoded changes: from a copy, from another
//! region's changes, with links that come and go. In the end each has what a fresh copy would give it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use model::device::Device;
use model::dhcp::snippet::{DhcpSnippet, Scope, Version};
use model::id::{
    AvailabilityZoneId, BlockId, DhcpSnippetId, DomainId, FabricId, IpRangeId, PrefixPoolId,
    StaticRouteId, SubnetId, SystemId, UserId, VlanId,
};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::mac::MacAddress;
use model::machine::annotations::Annotations;
use model::machine::hardware::Hardware;
use model::machine::lifecycle::{Lifecycle, Phase};
use model::machine::power::parameters::PowerParameters;
use model::machine::power::{Power, PowerAction, PowerJob};
use model::machine::{Machine, Placement};
use model::net::prefixpool::PrefixPool;
use model::net::reserved::ReservedAddress;
use model::net::staticroute::StaticRoute;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::time::Timestamp;
use proptest::prelude::*;
use proto::convert::{Key, Received, Served, change_from_bytes};
use proto::rack::change::Change as WireChange;
use raft_store::Store;
use raft_store::watch::Batch;
use tables::error::TableError;
use tables::read::View;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

use crate::feed::audience::Audience;
use crate::feed::copy::Copy;
use crate::feed::encode::{Encoded, Encoder, named};
use crate::feed::served;

const RACKS: u64 = 3;

/// What happens to the site.
#[derive(Debug, Clone)]
enum Change {
    Vlan { id: u32, racks: (Option<u64>, Option<u64>), relay: Option<u32> },
    Subnet { id: u32, vlan: u32 },
    Binding { ip: u8, vlan: u32, mac: u8, named: bool, state: BindingState, until: i64 },
    BindingGone { ip: u8 },
    Block { id: u32, vlan: u32, until: i64 },
    Reserved { ip: u8, subnet: u32 },
    Snippet { id: u32, scope: u32, text: usize },
    SnippetGone { id: u32 },
    Route { id: u32, source: u32 },
    Pool { id: u32, subnet: u32 },
    Machine { id: u64, phase: Phase, observed: i64 },
    MachineGone { id: u64 },
    Device { id: u64, name: u8, noted: bool },
    DeviceGone { id: u64 },
    Job { machine: u64, rack: Option<u64> },
}

fn rack(number: u64) -> SystemId {
    SystemId::from_number(1_000 + number)
}

fn ip(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, last).into()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(u64::try_from(ms).unwrap())
}

impl Change {
    fn make(&self, tx: &mut Tx) -> Result<(), TableError> {
        match self.clone() {
            Self::Vlan { id, racks, relay } => tx.put(&vlan(id, racks, relay)),
            Self::Subnet { id, vlan } => tx.put(&subnet(id, vlan)),
            Self::Binding { ip: last, vlan, mac, named, state, until } => tx.put(&Binding {
                ip: ip(last),
                subnet: SubnetId(1),
                vlan: VlanId(vlan),
                client: MacAddress([2, 0, 0, 0, 0, mac]).into(),
                hardware: None,
                prefix_length: None,
                state,
                hostname: named.then(|| format!("h{mac}")),
                told_until: at(until),
                promise_until: at(until),
                rack: rack(1),
            }),
            Self::BindingGone { ip: last } => tx.delete::<Binding>(&ip(last)).map(drop),
            Self::Block { id, vlan, until } => tx.put(&block(id, vlan, until)),
            Self::Reserved { ip: last, subnet } => tx.put(&ReservedAddress {
                ip: ip(last),
                subnet: SubnetId(subnet),
                mac: None,
                hostname: String::new(),
                comment: String::new(),
                user: UserId(1),
                created: at(0),
                reserved_ip: None,
            }),
            Self::Snippet { id, scope, text } => tx.put(&snippet(id, scope, text)),
            Self::SnippetGone { id } => tx.delete::<DhcpSnippet>(&DhcpSnippetId(id)).map(drop),
            Self::Pool { id, subnet } => tx.put(&PrefixPool {
                id: PrefixPoolId(id),
                prefix: format!("fd00:{id}::/40").parse().unwrap(),
                delegated_length: 56,
                subnet: SubnetId(subnet),
                comment: String::new(),
            }),
            Self::Route { id, source } => tx.put(&StaticRoute {
                id: StaticRouteId(id),
                source: SubnetId(source),
                destination: SubnetId(9),
                gateway_ip: ip(u8::try_from(id).unwrap()),
                metric: 0,
            }),
            Self::Machine { id, phase, observed } => tx.put(&machine(id, phase, observed)),
            Self::MachineGone { id } => tx.delete::<Machine>(&SystemId::from_number(id)).map(drop),
            Self::Device { id, name, noted } => tx.put(&device(id, name, noted)),
            Self::DeviceGone { id } => {
                tx.delete::<Device>(&SystemId::from_number(100 + id)).map(drop)
            }
            Self::Job { machine, rack: number } => tx.put(&PowerJob {
                machine: SystemId::from_number(machine),
                id: 1,
                action: PowerAction::Off,
                driver: "manual".to_owned(),
                parameters: PowerParameters::default(),
                rack: number.map(rack),
                attempt: 1,
                assigned: at(0),
            }),
        }
    }
}

/// One for all, of one of two subnets, or of a machine; the last text is switched off.
fn snippet(id: u32, scope: u32, text: usize) -> DhcpSnippet {
    let value = ["next-server 10.0.0.1;", "filename \"x\";", "filename \"y\";"][text].to_owned();
    DhcpSnippet {
        id: DhcpSnippetId(id),
        name: String::new(),
        description: String::new(),
        enabled: text < 2,
        scope: match scope {
            0 => Scope::Global,
            3 => Scope::Node(SystemId::from_number(1)),
            subnet => Scope::Subnet(SubnetId(subnet)),
        },
        versions: vec![Version { id: 1, value, created: at(0) }],
        uses: Vec::new(),
    }
}

fn vlan(id: u32, (primary, secondary): (Option<u64>, Option<u64>), relay: Option<u32>) -> Vlan {
    Vlan {
        dhcp_on: true,
        primary_rack: primary.map(rack),
        secondary_rack: secondary.map(rack),
        relay_vlan: relay.map(VlanId),
        ..Vlan::untagged(VlanId(id), FabricId(id))
    }
}

fn subnet(id: u32, vlan: u32) -> Subnet {
    Subnet {
        name: format!("s{id}"),
        ..Subnet::new(SubnetId(id), VlanId(vlan), format!("10.{id}.0.0/16").parse().unwrap())
    }
}

fn block(id: u32, vlan: u32, until: i64) -> Block {
    Block {
        id: BlockId(id),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SubnetId(1),
        vlan: VlanId(vlan),
        first: ip(1),
        last: ip(9),
        rack: None,
        incarnation: 0,
        epoch: 0,
        granted_at: at(until),
        valid_until: at(until),
        quarantine_until: at(0),
    }
}

fn machine(id: u64, phase: Phase, observed: i64) -> Machine {
    Machine {
        system_id: SystemId::from_number(id),
        hostname: format!("m{id}"),
        description: String::new(),
        placement: Placement::default(),
        lifecycle: Lifecycle { phase, ..Lifecycle::default() },
        power: Power { observed: Some(at(observed)), ..Power::default() },
        hardware: Hardware::default(),
        interfaces: Vec::new(),
        block_devices: Vec::new(),
        storage: model::machine::storage::Storage::default(),
        deployment: None,
        created: at(0),
        updated: at(0),
    }
}

fn device(id: u64, name: u8, noted: bool) -> Device {
    let note = noted.then(|| ("a".to_owned(), "b".to_owned()));
    let mut annotations = Annotations::default();
    annotations.set(&note.into_iter().collect()).expect("a short note");
    Device {
        system_id: SystemId::from_number(100 + id),
        hostname: format!("d{id}-{name}"),
        description: String::new(),
        domain: DomainId(0),
        zone: AvailabilityZoneId(1),
        owner: None,
        parent: None,
        annotations,
        interfaces: Vec::new(),
        created: at(0),
        updated: at(0),
    }
}

fn change() -> impl Strategy<Value = Change> {
    let (some_vlan, some_rack) = (1..4u32, 1..=RACKS);
    let state = prop::sample::select(vec![BindingState::Active, BindingState::Released]);
    let phase = prop::sample::select(vec![Phase::Ready, Phase::Deployed]);
    let racks = (prop::option::of(some_rack.clone()), prop::option::of(some_rack.clone()));
    prop_oneof![
        1 => (some_vlan.clone(), racks, prop::option::of(some_vlan.clone()))
            .prop_map(|(id, racks, relay)| Change::Vlan { id, racks, relay }),
        1 => (1..3u32, some_vlan.clone()).prop_map(|(id, vlan)| Change::Subnet { id, vlan }),
        6 => (1..5u8, some_vlan.clone(), 1..3u8, any::<bool>(), state, 0..9i64).prop_map(
            |(ip, vlan, mac, named, state, until)| {
                Change::Binding { ip, vlan, mac, named, state, until }
            }
        ),
        1 => (1..5u8).prop_map(|ip| Change::BindingGone { ip }),
        3 => (1..3u32, some_vlan, 0..9i64)
            .prop_map(|(id, vlan, until)| Change::Block { id, vlan, until }),
        1 => (1..5u8, 1..3u32).prop_map(|(ip, subnet)| Change::Reserved { ip, subnet }),
        2 => (1..3u32, 0..4u32, 0..3usize)
            .prop_map(|(id, scope, text)| Change::Snippet { id, scope, text }),
        1 => (1..3u32).prop_map(|id| Change::SnippetGone { id }),
        1 => (1..3u32, 1..3u32).prop_map(|(id, source)| Change::Route { id, source }),
        1 => (1..3u32, 1..3u32).prop_map(|(id, subnet)| Change::Pool { id, subnet }),
        4 => (1..4u64, phase, 0..9i64)
            .prop_map(|(id, phase, observed)| Change::Machine { id, phase, observed }),
        1 => (1..4u64).prop_map(|id| Change::MachineGone { id }),
        2 => (1..4u64, 0..3u8, any::<bool>())
            .prop_map(|(id, name, noted)| Change::Device { id, name, noted }),
        1 => (1..4u64).prop_map(|id| Change::DeviceGone { id }),
        1 => (1..4u64, prop::option::of(some_rack))
            .prop_map(|(machine, rack)| Change::Job { machine, rack }),
    ]
}

/// A rack, as its session and its copy make it.
struct Rack {
    id: SystemId,
    links: BTreeSet<VlanId>,
    revision: u64,
    held: BTreeMap<Key, Served>,
}

impl Rack {
    fn fresh(id: SystemId, copy: &Copy) -> Self {
        let links = copy.links.of_rack(&id);
        let mut rack = Self { id, links, revision: copy.revision, held: BTreeMap::new() };
        rack.apply(&copy.objects);
        rack
    }

    fn apply(&mut self, changes: &[(Audience, Bytes)]) {
        for (_, bytes) in changes.iter().filter(|(who, _)| who.includes(&self.id, &self.links)) {
            match change_from_bytes(bytes.clone()).unwrap() {
                WireChange::Put(object) => {
                    let served = Received::try_from(object).unwrap().served;
                    self.held.insert(served.key(), served);
                }
                WireChange::Delete(key) => drop(self.held.remove(&Key::try_from(key).unwrap())),
            }
        }
    }

    /// As a session does; false when the rack needs a copy.
    fn take(&mut self, encoded: &Encoded) -> bool {
        if let Some(links) = &encoded.links {
            self.links = links.of_rack(&self.id);
        }
        if encoded.renewed.includes(&self.id) {
            return false;
        }
        self.revision = encoded.revision;
        self.apply(&encoded.changes);
        true
    }

    /// What its services see. Of other links that is who has which name; times may be old.
    fn seen(&self) -> BTreeMap<Key, String> {
        let own = |link: &VlanId| self.links.contains(link);
        let on_own = |subnet| match self.held.get(&Key::Subnet(subnet)) {
            Some(Served::Subnet(subnet)) => own(&subnet.vlan),
            _ => false,
        };
        let seen = self.held.iter().filter_map(|(key, served)| match served {
            Served::Binding(binding) if !own(&binding.vlan) => {
                named(binding).map(|named| (key.clone(), format!("{named:?}")))
            }
            Served::Block(block) if !own(&block.vlan) => None,
            // Those of another link than before are left where nobody asks for them.
            Served::Reserved(_) => None,
            Served::StaticRoute(route) if !on_own(route.source) => None,
            Served::PrefixPool(pool) if !on_own(pool.subnet) => None,
            Served::DhcpSnippet(snippet) if !snippet.scope.subnet().is_none_or(on_own) => None,
            served => Some((key.clone(), format!("{served:?}"))),
        });
        seen.collect()
    }
}

/// The site at each revision, and its changes as two regions encode them.
struct History {
    views: BTreeMap<u64, View>,
    prompt: BTreeMap<u64, Encoded>,
    late: BTreeMap<u64, Encoded>,
}

impl History {
    async fn of(transactions: &[Vec<Change>], late_since: usize) -> Self {
        let tables = Tables::new(Store::in_memory());
        let cause = Cause::new("test", "test");
        let mut watch = tables.store().watch(served::prefixes(), 0).await.unwrap();
        let first = tables.stale_view().await.unwrap();
        let mut prompt_encoder = Encoder::begin(&first).unwrap();
        let mut late_encoder = None;
        let (mut views, mut prompt, mut batches) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        views.insert(first.revision(), first);
        for (number, changes) in transactions.iter().enumerate() {
            let made = |tx: &mut Tx| changes.iter().try_for_each(|change| change.make(tx));
            tables.update(&cause, made).await.unwrap();
            if number >= late_since && late_encoder.is_none() {
                let view = tables.stale_view().await.unwrap();
                late_encoder = Some(Encoder::begin(&view).unwrap());
            }
            // Some change nothing.
            if let Some(batch) = watch.next().now_or_never() {
                let (batch, view) = (batch.unwrap(), tables.stale_view().await.unwrap());
                prompt.insert(batch.revision, prompt_encoder.encode(&view, &batch));
                views.insert(batch.revision, view);
                batches.push(batch);
            }
        }
        let last = views.last_key_value().unwrap().1.clone();
        let mut late_encoder = late_encoder.unwrap_or_else(|| Encoder::begin(&last).unwrap());
        let encode = |batch: &Batch| (batch.revision, late_encoder.encode(&last, batch));
        let late = batches.iter().map(encode).collect();
        Self { views, prompt, late }
    }

    fn copy(&self, revision: u64) -> Copy {
        Copy::read(&self.views[&revision]).unwrap()
    }

    /// A rack that begins at some revision and takes each change from one region or the other.
    fn followed(&self, id: SystemId, begin: usize, choices: &[bool]) -> Rack {
        let begin = *self.views.keys().nth(begin % self.views.len()).unwrap();
        let mut rack = Rack::fresh(id.clone(), &self.copy(begin));
        let revisions = self.prompt.keys().filter(|revision| **revision > begin);
        for (revision, late) in revisions.zip(choices.iter().cycle()) {
            let encoded = if *late { &self.late } else { &self.prompt };
            if !rack.take(&encoded[revision]) {
                rack = Rack::fresh(id.clone(), &self.copy(*revision));
            }
        }
        rack
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn racks_that_follow_have_what_a_copy_would_give_them(
        transactions in prop::collection::vec(prop::collection::vec(change(), 1..4), 1..24),
        late_since in 0..24usize,
        begin in 0..24usize,
        choices in prop::collection::vec(any::<bool>(), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let history = runtime.block_on(History::of(&transactions, late_since));
        let last = *history.views.last_key_value().unwrap().0;
        for number in 1..=RACKS {
            let rack = history.followed(rack(number), begin, &choices);
            let copied = Rack::fresh(rack.id.clone(), &history.copy(last));
            prop_assert_eq!(&rack.links, &copied.links);
            prop_assert_eq!(rack.seen(), copied.seen());
            let reserved = |rack: &Rack| -> Vec<Key> {
                rack.held.keys().filter(|key| matches!(key, Key::Reserved(_))).cloned().collect()
            };
            let (held, wanted) = (reserved(&rack), reserved(&copied));
            prop_assert!(wanted.iter().all(|key| rack.held.get(key) == copied.held.get(key)));
            prop_assert!(held.len() >= wanted.len());
        }
    }
}

fn history(transactions: &[Vec<Change>]) -> History {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(History::of(transactions, usize::MAX))
}

fn audiences(encoded: &Encoded) -> Vec<Audience> {
    encoded.changes.iter().map(|(audience, _)| audience.clone()).collect()
}

#[test]
fn renewals_concern_the_racks_of_the_link_and_names_all() {
    let binding =
        |until, state| Change::Binding { ip: 1, vlan: 2, mac: 1, named: true, state, until };
    let made = history(&[
        vec![binding(1, BindingState::Active)],
        vec![binding(2, BindingState::Active)],
        vec![binding(2, BindingState::Released)],
        vec![Change::BindingGone { ip: 1 }],
    ]);
    let told: Vec<Vec<Audience>> = made.prompt.values().map(audiences).collect();
    let link = VlanId(2);
    assert_eq!(
        told,
        [
            vec![Audience::All],
            vec![Audience::Link(link)],
            vec![Audience::Link(link), Audience::OtherLinks(link)],
            vec![Audience::All],
        ]
    );
}

/// Nobody is called by a prefix, whatever the rows say.
#[test]
fn a_delegated_prefix_is_its_link_s_alone() {
    let delegated = Binding {
        ip: "fd00:a::".parse().unwrap(),
        subnet: SubnetId(1),
        vlan: VlanId(2),
        client: ClientId::Identifier([254, 1].into()),
        hardware: Some(MacAddress([2; 6])),
        prefix_length: Some(56),
        state: BindingState::Active,
        hostname: Some("router".to_owned()),
        told_until: at(1),
        promise_until: at(2),
        rack: rack(1),
    };
    assert_eq!(named(&delegated), None);
    assert!(named(&Binding { prefix_length: None, ..delegated }).is_some());
}

#[test]
fn power_poll_is_not_sent() {
    let made = history(&[
        vec![Change::Machine { id: 1, phase: Phase::Ready, observed: 1 }],
        vec![Change::Machine { id: 1, phase: Phase::Ready, observed: 2 }],
        vec![Change::Machine { id: 1, phase: Phase::Deployed, observed: 2 }],
    ]);
    let told: Vec<usize> = made.prompt.values().map(|encoded| encoded.changes.len()).collect();
    assert_eq!(told, [1, 0, 1]);
}

#[test]
fn racks_are_told_of_a_device_as_of_a_machine_that_boots_by_itself() {
    let made = history(&[
        vec![Change::Device { id: 1, name: 1, noted: false }],
        vec![Change::Device { id: 1, name: 1, noted: true }],
        vec![Change::Device { id: 1, name: 2, noted: true }],
    ]);
    let told: Vec<usize> = made.prompt.values().map(|encoded| encoded.changes.len()).collect();
    assert_eq!(told, [1, 0, 1], "notes are nothing to racks");
    let last = *made.views.last_key_value().unwrap().0;
    let copied = Rack::fresh(rack(1), &made.copy(last));
    let served = copied.held.get(&Key::Machine(SystemId::from_number(101)));
    let Some(Served::Machine(served)) = served else { panic!("no machine: {served:?}") };
    assert_eq!(served.hostname, "d1-2");
    assert!(served.boots_locally());
}

#[test]
fn copy_is_shared_by_racks_that_ask_while_one_is_made() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let feed = super::Feed::new(Tables::new(Store::in_memory()));
        let (first, second, third) = tokio::join!(feed.copy(), feed.copy(), feed.copy());
        let (second, third) = (second.unwrap(), third.unwrap());
        assert!(Arc::ptr_eq(&second, &third));
        assert!(!Arc::ptr_eq(&first.unwrap(), &second), "it was begun before the second asked");
        assert!(!Arc::ptr_eq(&feed.copy().await.unwrap(), &second));
    });
}
