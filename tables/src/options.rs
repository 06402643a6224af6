//! What DHCP clients are told beyond what follows from the network: snippets and static routes.

use model::dhcp::snippet::{DhcpSnippet, Scope};
use model::id::{DhcpSnippetId, StaticRouteId};
use model::net::staticroute::StaticRoute;
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row, Unique};

/// Taken by whoever changes snippets, because one may use what others define.
pub const SNIPPETS_GUARD: &str = "dhcpsnippets";

/// The key of [`GLOBAL_SNIPPETS`].
pub const GLOBAL: u16 = 0;

/// The snippets for all clients (under [`GLOBAL`]).
pub const GLOBAL_SNIPPETS: Index<DhcpSnippet> = Index {
    name: "dhcpsnippet.global",
    keys: |snippet| match snippet.scope {
        Scope::Global => vec![encoded(&GLOBAL)],
        Scope::Subnet(_) | Scope::Range { .. } | Scope::Node(_) => Vec::new(),
    },
    since: FIRST,
};

/// The snippets of a subnet and of its ranges (a [`model::id::SubnetId`]).
pub const SNIPPETS_OF_SUBNET: Index<DhcpSnippet> = Index {
    name: "dhcpsnippet.subnet",
    keys: |snippet| snippet.scope.subnet().iter().map(encoded).collect(),
    since: FIRST,
};

/// The snippets of an IP range (a [`model::id::IpRangeId`]).
pub const SNIPPETS_OF_RANGE: Index<DhcpSnippet> = Index {
    name: "dhcpsnippet.iprange",
    keys: |snippet| snippet.scope.range().iter().map(encoded).collect(),
    since: FIRST,
};

/// The snippets of a machine (a [`model::id::SystemId`]).
pub const SNIPPETS_OF_NODE: Index<DhcpSnippet> = Index {
    name: "dhcpsnippet.node",
    keys: |snippet| snippet.scope.node().map(encoded).into_iter().collect(),
    since: FIRST,
};

/// The route from a subnet to another by a gateway (source, and destination with gateway).
pub const STATIC_ROUTE: Unique<StaticRoute> = Unique {
    name: "staticroute.route",
    keys: |route| vec![encoded(&(route.source, (route.destination, route.gateway_ip)))],
};

/// The static routes from and to a subnet (a [`model::id::SubnetId`]).
pub const STATIC_ROUTES_OF_SUBNET: Index<StaticRoute> = Index {
    name: "staticroute.subnet",
    keys: |route| vec![encoded(&route.source), encoded(&route.destination)],
    since: FIRST,
};

impl Row for DhcpSnippet {
    type Id = DhcpSnippetId;
    const TABLE: &'static str = "dhcpsnippet";
    const INDEXES: &'static [Index<Self>] =
        &[GLOBAL_SNIPPETS, SNIPPETS_OF_SUBNET, SNIPPETS_OF_RANGE, SNIPPETS_OF_NODE];

    fn id(&self) -> DhcpSnippetId {
        self.id
    }
}

impl Row for StaticRoute {
    type Id = StaticRouteId;
    const TABLE: &'static str = "staticroute";
    const UNIQUE: &'static [Unique<Self>] = &[STATIC_ROUTE];
    const INDEXES: &'static [Index<Self>] = &[STATIC_ROUTES_OF_SUBNET];

    fn id(&self) -> StaticRouteId {
        self.id
    }
}
