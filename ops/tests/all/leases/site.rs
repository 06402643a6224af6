//! A link with two racks and a dynamic range of 32 addresses, which is cut into blocks of four.

use std::net::IpAddr;

use model::controller::RackController;
use model::dns::name::RecordData;
use model::dns::project::{NamedObjects, Zone, project};
use model::id::{BlockId, IpRangeId, SubnetId, SystemId, VlanId};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::commit::{Change, Request};
use model::mac::MacAddress;
use model::net::iprange::{IpRange, Purpose};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::time::Timestamp;
use ops::access::users::NewUser;
use ops::cluster::bootstrap::bootstrap;
use ops::network::blocks::{BlockRequest, Wanted, request_blocks};
use ops::network::leases::{
    CommitOutcome, CommitRefusal, LeaseRequest, RackProcess, commit_bindings,
};
use raft_store::Store;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::tx::Tx;
use tables::update::{Cause, Tables};

/// How long clients are told that they may use an address, in milliseconds.
pub(crate) const TOLD_MS: u64 = 600_000;

/// The link and the state of its region.
pub(crate) struct Site {
    pub(crate) tables: Tables,
    pub(crate) vlan: VlanId,
    pub(crate) subnet: SubnetId,
}

pub(crate) fn ip(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

pub(crate) fn mac(last: u8) -> MacAddress {
    MacAddress([0x52, 0x54, 0, 0, 0, last])
}

/// The process of rack `number` that drew `incarnation` at its start.
pub(crate) fn process(number: u64, incarnation: u64) -> RackProcess {
    RackProcess { rack: SystemId::from_number(number), incarnation }
}

/// Commits one binding.
pub(crate) async fn commit_binding(
    tables: &Tables,
    process: &RackProcess,
    id: [u8; 16],
    request: &Request,
) -> CommitOutcome {
    let requests = [LeaseRequest { id, request: request.clone() }];
    commit_bindings(tables, process, &requests).await.pop().unwrap()
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::of(Store::in_memory()).await
    }

    pub(crate) async fn of(store: Store) -> Self {
        let tables = Tables::new(store);
        let admin = NewUser { username: "admin".to_owned(), ..NewUser::default() };
        bootstrap(&tables, &admin).await.unwrap();
        let (vlan, subnet) = tables.update(&Cause::new("test", "test"), network).await.unwrap();
        Self { tables, vlan, subnet }
    }

    pub(crate) async fn view(&self) -> View {
        self.tables.view().await.unwrap()
    }

    /// Changes rows as no operation would: to put a site into a state that takes minutes to reach.
    pub(crate) async fn change(&self, change: impl FnMut(&mut Tx) -> Result<(), TableError>) {
        self.tables.update(&Cause::new("test", "test"), change).await.unwrap();
    }

    /// What the rack owns after it asked with this many free addresses left.
    pub(crate) async fn blocks(&self, process: &RackProcess, free: u32) -> Vec<Block> {
        self.blocks_for(process, free, 0).await
    }

    /// The same, with how many free addresses it wants to have.
    pub(crate) async fn blocks_for(
        &self,
        process: &RackProcess,
        free: u32,
        wanted: u32,
    ) -> Vec<Block> {
        self.blocks_of(Wanted::Ipv4, process, free, wanted).await
    }

    /// All blocks that the rack owns after it asked for some of a kind.
    pub(crate) async fn blocks_of(
        &self,
        of: Wanted,
        process: &RackProcess,
        free: u32,
        wanted: u32,
    ) -> Vec<Block> {
        let requests = [BlockRequest { vlan: self.vlan, free, wanted, of }];
        request_blocks(&self.tables, process, &requests).await.unwrap().0
    }

    /// Adds the subnet `fd00:1::/64` to the link.
    pub(crate) async fn add_ipv6(&self) -> SubnetId {
        let mut subnet = SubnetId(0);
        self.change(|tx| {
            subnet = SubnetId(tx.next_id::<Subnet>()?);
            tx.insert(&Subnet {
                name: "lab6".to_owned(),
                ..Subnet::new(subnet, self.vlan, "fd00:1::/64".parse().unwrap())
            })
        })
        .await;
        subnet
    }

    /// Makes the dynamic range another one.
    pub(crate) async fn set_range(&self, first: u8, last: u8) {
        self.change(|tx| {
            let range = tx.list::<IpRange>()?.remove(0);
            tx.put(&IpRange { start_ip: ip(first), end_ip: ip(last), ..range })
        })
        .await;
    }

    pub(crate) async fn block(&self, id: BlockId) -> Block {
        self.view().await.get::<Block>(&id).unwrap().unwrap()
    }

    pub(crate) async fn binding(&self, ip: IpAddr) -> Option<Binding> {
        self.view().await.get::<Binding>(&ip).unwrap()
    }

    /// Moves the end of a block's validity to a time from now on; negative for the past.
    pub(crate) async fn set_valid_until(&self, id: BlockId, from_now_ms: i64) {
        self.change(|tx| {
            let block = tx.get::<Block>(&id)?.unwrap();
            let valid_until = shifted(tx.now(), from_now_ms);
            tx.put(&Block { granted_at: Timestamp::default(), valid_until, ..block })
        })
        .await;
    }

    /// Moves the end of the promise of a binding, and with it what the client was told.
    pub(crate) async fn set_promise_until(&self, ip: IpAddr, from_now_ms: i64) {
        self.change(|tx| {
            let binding = tx.get::<Binding>(&ip)?.unwrap();
            let promise_until = shifted(tx.now(), from_now_ms);
            tx.put(&Binding { told_until: promise_until, promise_until, ..binding })
        })
        .await;
    }

    pub(crate) fn request(
        &self,
        change: Change,
        ip: IpAddr,
        mac: MacAddress,
        block: Option<&Block>,
    ) -> Request {
        Request {
            change,
            vlan: self.vlan,
            subnet: self.subnet,
            ip,
            client: mac.into(),
            hardware: None,
            prefix_length: None,
            hostname: None,
            told_ms: TOLD_MS,
            block: block.map(|block| (block.id, block.epoch)),
        }
    }

    /// Commits a request under an id of its own.
    pub(crate) async fn commit(&self, process: &RackProcess, request: &Request) -> CommitOutcome {
        commit_binding(&self.tables, process, rand::random(), request).await
    }

    pub(crate) async fn bind(
        &self,
        process: &RackProcess,
        ip: IpAddr,
        mac: MacAddress,
        block: Option<&Block>,
    ) -> CommitOutcome {
        self.commit(process, &self.request(Change::Bind, ip, mac, block)).await
    }

    /// The zones that every rack projects from what the region holds now.
    pub(crate) async fn zones(&self) -> Vec<Zone> {
        let view = self.view().await;
        let (domains, bindings, subnets) =
            (view.list().unwrap(), view.list::<Binding>().unwrap(), view.list().unwrap());
        project(&NamedObjects {
            domains: &domains.iter().collect::<Vec<_>>(),
            dnsresources: &[],
            machines: &[],
            bindings: &bindings.iter().collect::<Vec<_>>(),
            racks: &[],
            regions: &[],
            subnets: &subnets.iter().collect::<Vec<_>>(),
            ttl: 30,
        })
    }
}

/// The address of a name, as any zone has it.
pub(crate) fn address_of(zones: &[Zone], name: &str) -> Option<IpAddr> {
    let set = zones.iter().find_map(|zone| zone.names.get(name)?.get("A"))?;
    set.records.iter().find_map(|data| match data {
        RecordData::Address(ip) => Some(*ip),
        RecordData::Name(_) | RecordData::Text(_) => None,
    })
}

/// What was committed, with its revision.
#[track_caller]
pub(crate) fn committed(outcome: CommitOutcome) -> (u64, Binding, Timestamp) {
    match outcome {
        CommitOutcome::Committed { revision, binding, decided_at } => {
            (revision, binding, decided_at)
        }
        other => panic!("not committed: {other:?}"),
    }
}

/// Why it was refused for good.
#[track_caller]
pub(crate) fn refused(outcome: CommitOutcome) -> CommitRefusal {
    match outcome {
        CommitOutcome::Refused { refusal, .. } => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn shifted(now: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(now.unix_ms.checked_add_signed(ms).unwrap())
}

fn network(tx: &mut Tx) -> Result<(VlanId, SubnetId), TableError> {
    let vlan = tx.list::<Vlan>()?.remove(0);
    let (primary, secondary) = (SystemId::from_number(1), SystemId::from_number(2));
    for rack in [&primary, &secondary] {
        tx.insert(&RackController {
            system_id: rack.clone(),
            hostname: format!("rack-{rack}"),
            version: String::new(),
            interfaces: Vec::new(),
            session: Some(1),
            last_seen: tx.now(),
            searches_for_hosts: false,
            holds_service_addresses: false,
        })?;
    }
    let (primary_rack, secondary_rack) = (Some(primary), Some(secondary));
    tx.put(&Vlan { dhcp_on: true, primary_rack, secondary_rack, ..vlan.clone() })?;
    let subnet = SubnetId(tx.next_id::<Subnet>()?);
    tx.insert(&Subnet {
        name: "lab".to_owned(),
        gateway_ip: Some(ip(103)),
        ..Subnet::new(subnet, vlan.id, "10.0.0.0/24".parse().unwrap())
    })?;
    let range = IpRangeId(tx.next_id::<IpRange>()?);
    tx.insert(&IpRange {
        id: range,
        purpose: Purpose::Dynamic,
        start_ip: ip(100),
        end_ip: ip(131),
        subnet,
        user: None,
        comment: String::new(),
    })?;
    Ok((vlan.id, subnet))
}
