//! A rack as far as leases need one: it has a certificate, a link to serve with a dynamic range,
//! and blocks of addresses; and commits bindings of clients.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, bail, ensure};
use identity::ExpectedPeer;
use identity::Identity;
use model::lease::block::Block;
use proto::rack::binding_commit::Kind;
use proto::rack::binding_outcome::Outcome;
use proto::rack::rack_client::RackClient;
use proto::rack::{BindingCommit, BlockRequest, CommitBindingsRequest, RequestBlocksRequest};

use crate::regions::{Regions, stock};

/// The subnet of the leases and its dynamic range.
const SUBNET: &str = "10.66.0.0/16";
const RANGE: (&str, &str) = ("10.66.1.0", "10.66.250.255");
/// How long clients are told that they may use an address, in milliseconds.
const TOLD_MS: u64 = 600_000;
/// The incarnation of the rack: it starts once.
const INCARNATION: u64 = 1;

/// The rack.
#[derive(Debug)]
pub struct Rack {
    identity: Identity,
    vlan: u32,
    subnet: u32,
    /// Addresses with the block that they are in and its epoch.
    addresses: Vec<(Ipv4Addr, u32, u64)>,
}

/// A connection of the rack to a region.
#[derive(Debug)]
pub struct Uplink<'a> {
    rack: &'a Rack,
    client: RackClient<tonic::transport::Channel>,
}

impl Rack {
    /// Joins the regions, and serves DHCP on the first VLAN with a block of a range that it makes.
    ///
    /// # Errors
    /// When something is refused.
    pub async fn join(regions: &Regions, name: &str) -> anyhow::Result<Self> {
        let (id, data) = regions.join_rack(name).await?;
        let identity = Identity::load(&data.join("identity"))?;
        let rest = regions.rest(0)?;
        let subnet = stock::subnet(&rest, SUBNET, "leases").await?;
        let number = subnet.to_string();
        let range = [
            ("type", "dynamic"),
            ("start_ip", RANGE.0),
            ("end_ip", RANGE.1),
            ("subnet", number.as_str()),
        ];
        rest.post("ipranges/", &range).await?.success()?;
        let served = [("dhcp_on", "true"), ("primary_rack", id.as_str())];
        let vlan = rest.put("fabrics/0/vlans/0/", &served).await?.success()?.json();
        let vlan = u32::try_from(vlan["id"].as_u64().context("the id of the VLAN")?)?;
        let subnet = u32::try_from(subnet)?;
        let mut rack = Self { identity, vlan, subnet, addresses: Vec::new() };
        rack.addresses = rack.uplink(regions, 0).blocks().await?;
        Ok(rack)
    }

    /// How many clients it can have.
    #[must_use]
    pub fn clients_max(&self) -> usize {
        self.addresses.len()
    }

    /// A connection to one region.
    #[must_use]
    pub fn uplink(&self, regions: &Regions, number: usize) -> Uplink<'_> {
        let channel = self.identity.channel(&regions.grpc(number), ExpectedPeer::AnyRegion);
        Uplink { rack: self, client: RackClient::new(channel) }
    }

    fn request(&self, client: usize) -> CommitBindingsRequest {
        let (ip, block, epoch) = self.addresses[client];
        let [.., high, low] = client.to_be_bytes();
        let item = BindingCommit {
            request_id: rand::random::<[u8; 16]>().to_vec(),
            kind: Kind::Bind.into(),
            vlan: self.vlan,
            subnet: self.subnet,
            ip: ip.octets().to_vec(),
            mac: vec![0x52, 0x55, 0, 0, high, low],
            hostname: Some(format!("client-{client}")),
            told_ms: TOLD_MS,
            block: Some(block),
            epoch,
            client_identifier: Vec::new(),
            hardware: Vec::new(),
            prefix_length: 0,
        };
        CommitBindingsRequest { incarnation: INCARNATION, items: vec![item] }
    }
}

impl Uplink<'_> {
    /// Commits the binding of a client, or its renewal.
    ///
    /// # Errors
    /// When it is refused, or there is no answer.
    pub async fn commit(&mut self, client: usize) -> anyhow::Result<()> {
        let reply = self.client.commit_bindings(self.rack.request(client)).await?.into_inner();
        let outcome = reply.outcomes.into_iter().next().and_then(|item| item.outcome);
        match outcome {
            Some(Outcome::Committed(_)) => Ok(()),
            Some(Outcome::Refused(refused)) => bail!("refused: {}", refused.detail),
            None => bail!("an answer without an outcome"),
        }
    }

    async fn blocks(&mut self) -> anyhow::Result<Vec<(Ipv4Addr, u32, u64)>> {
        let blocks = vec![BlockRequest {
            vlan: self.rack.vlan,
            free: 0,
            wanted: 0,
            ipv6: false,
            prefixes: false,
        }];
        let request = RequestBlocksRequest { incarnation: INCARNATION, blocks };
        let mut addresses = Vec::new();
        for block in self.client.request_blocks(request).await?.into_inner().blocks {
            let block = Block::try_from(block)?;
            let (IpAddr::V4(first), IpAddr::V4(last)) = (block.first, block.last) else { continue };
            let span = (first.to_bits()..=last.to_bits()).map(Ipv4Addr::from_bits);
            addresses.extend(span.map(|ip| (ip, block.id.0, block.epoch)));
        }
        ensure!(!addresses.is_empty(), "the rack was granted no block");
        Ok(addresses)
    }
}
