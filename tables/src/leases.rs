//! Bindings and address blocks.

use std::net::IpAddr;

use model::id::{BlockId, SystemId};
use model::lease::binding::Binding;
use model::lease::block::Block;
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row};

/// The bindings of a subnet (a [`model::id::SubnetId`]).
pub const BINDINGS_OF_SUBNET: Index<Binding> =
    Index { name: "binding.subnet", keys: |binding| vec![encoded(&binding.subnet)], since: FIRST };

/// The bindings of a client on a link (a [`model::id::VlanId`] and a [`model::lease::client::ClientId`]).
pub const BINDINGS_OF_CLIENT: Index<Binding> = Index {
    name: "binding.client",
    keys: |binding| vec![encoded(&(binding.vlan, binding.client.clone()))],
    since: FIRST,
};

/// The blocks of an IP range (a [`model::id::IpRangeId`]).
pub const BLOCKS_OF_IPRANGE: Index<Block> =
    Index { name: "block.iprange", keys: |block| vec![encoded(&block.iprange)], since: FIRST };

/// The blocks of a link (a [`model::id::VlanId`]).
pub const BLOCKS_OF_VLAN: Index<Block> =
    Index { name: "block.vlan", keys: |block| vec![encoded(&block.vlan)], since: FIRST };

/// The blocks granted to a rack (a [`SystemId`]).
pub const BLOCKS_OF_RACK: Index<Block> = Index {
    name: "block.rack",
    keys: |block| block.rack.iter().map(encoded::<SystemId>).collect(),
    since: FIRST,
};

impl Row for Binding {
    type Id = IpAddr;
    const TABLE: &'static str = "binding";
    const INDEXES: &'static [Index<Self>] = &[BINDINGS_OF_SUBNET, BINDINGS_OF_CLIENT];

    fn id(&self) -> IpAddr {
        self.ip
    }
}

impl Row for Block {
    type Id = BlockId;
    const TABLE: &'static str = "block";
    const INDEXES: &'static [Index<Self>] = &[BLOCKS_OF_IPRANGE, BLOCKS_OF_VLAN, BLOCKS_OF_RACK];

    fn id(&self) -> BlockId {
        self.id
    }
}
