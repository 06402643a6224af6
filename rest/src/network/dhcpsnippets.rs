//! `dhcp-snippets/`: what operators have DHCP clients told.

use api::dhcpsnippets::Node;
use model::access::Permission;
use model::dhcp::snippet::Version;
use model::error::Kind;
use ops::machine::nodes::NodeDetail;
use ops::network::dhcpsnippets::{self, DhcpSnippetChange, DhcpSnippetDetail};
use ops::site::dates::rfc2822;

use crate::call::Call;
use crate::machine::{device_shape, shape};
use crate::operation::Operation;
use crate::param::Param;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

const NAME: Param<String> = Param::text("name", "The snippet's name.");
const VALUE: Param<String> = Param::text(
    "value",
    "What clients are told, in the words of ISC's dhcpd.conf: options, lease times, next-server, \
     filename, class and if.",
);
const DESCRIPTION: Param<String> = Param::text("description", "Free text.");
const ENABLED: Param<bool> = Param::boolean("enabled", "Whether clients are told it.");
const NODE: Param<String> = Param::text(
    "node",
    "The machine or device that it is for, by id or host name; without a subnet. Empty for none.",
);
const SUBNET: Param<String> =
    Param::text("subnet", "The subnet whose clients it is for; without a node. Empty for none.");
const IPRANGE: Param<String> = Param::text(
    "iprange",
    "The IP range of the subnet whose clients it is for, by id or addresses. Empty for none.",
);
const GLOBAL: Param<bool> =
    Param::boolean("global_snippet", "Make it one for all clients, of no node or subnet.");
const TO: Param<String> =
    Param::text("to", "The id of one of its texts, or a negative number of steps back.");

const ONE: &str = "dhcp-snippets/{id}/";

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("DHCPSnippetsHandler", "dhcp-snippets/", |call| Box::pin(list(call)))
        .doc("List all DHCP snippets."),
    Operation::post("DHCPSnippetsHandler", "dhcp-snippets/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Create a DHCP snippet.")
        .params(&[
            NAME.needed(),
            VALUE.needed(),
            DESCRIPTION.optional(),
            ENABLED.optional(),
            NODE.optional(),
            SUBNET.optional(),
            IPRANGE.optional(),
            GLOBAL.optional(),
        ]),
    Operation::get("DHCPSnippetHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a DHCP snippet, by id or name."),
    Operation::put("DHCPSnippetHandler", ONE, |call| Box::pin(update(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Update a DHCP snippet. Its text before is kept.")
        .params(&[
            NAME.optional(),
            VALUE.optional(),
            DESCRIPTION.optional(),
            ENABLED.optional(),
            NODE.optional(),
            SUBNET.optional(),
            IPRANGE.optional(),
            GLOBAL.optional(),
        ]),
    Operation::delete("DHCPSnippetHandler", ONE, |call| Box::pin(delete(call)))
        .reserved(Permission::ManageNetwork)
        .doc("Delete a DHCP snippet."),
    Operation::post("DHCPSnippetHandler", ONE, |call| Box::pin(revert(call)))
        .op("revert")
        .reserved(Permission::ManageNetwork)
        .doc("Give a DHCP snippet one of its earlier texts again; later ones are forgotten.")
        .params(&[TO.needed()]),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let snippets = dhcpsnippets::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&snippets.iter().map(shape_of).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let snippet = dhcpsnippets::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&shape_of(&snippet)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id = call.segment("id");
    Ok(Reply::json(&shape_of(&dhcpsnippets::get(&call.parts.tables, &call.actor, id).await?)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let (change, id) = (change(&call.params)?, call.segment("id"));
    let snippet = dhcpsnippets::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&shape_of(&snippet)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    dhcpsnippets::delete(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::no_content())
}

async fn revert(call: Call) -> Result<Reply, Problem> {
    let invalid = |message: String| Problem::text(Kind::Invalid, message);
    let to = TO.given(&call.params);
    let to = to.ok_or_else(|| invalid("You must specify where to revert to".to_owned()))?;
    let number = to.trim().parse::<i64>();
    let number = number.map_err(|_| invalid(format!("{to} is an invalid 'to' value")))?;
    let (tables, id) = (&call.parts.tables, call.segment("id"));
    let snippet = dhcpsnippets::revert(tables, &call.actor, id, number).await?;
    Ok(Reply::json(&shape_of(&snippet)))
}

fn shape_of(detail: &DhcpSnippetDetail) -> api::dhcpsnippets::DhcpSnippet {
    let snippet = &detail.snippet;
    let version = |version: &Version| api::dhcpsnippets::Version {
        id: version.id,
        value: version.value.clone(),
        created: rfc2822(version.created),
    };
    api::dhcpsnippets::DhcpSnippet {
        id: snippet.id.0,
        name: snippet.name.clone(),
        value: snippet.value().to_owned(),
        history: snippet.versions.iter().map(version).collect(),
        description: snippet.description.clone(),
        enabled: snippet.enabled,
        node: detail.node.as_ref().and_then(node_of),
        subnet: detail.subnet.as_deref().map(shapes::subnet),
        global_snippet: snippet.scope == model::dhcp::snippet::Scope::Global,
        resource_uri: format!("/MAAS/api/2.0/dhcp-snippets/{}/", snippet.id),
    }
}

fn node_of(node: &NodeDetail) -> Option<Node> {
    match node {
        NodeDetail::Machine(found) => Some(Node::Machine(Box::new(shape::machine(found)))),
        NodeDetail::Device(found) => Some(Node::Device(Box::new(device_shape::device(found)))),
        NodeDetail::Rack(_) | NodeDetail::Region(_) => None,
    }
}

fn change(params: &Params) -> Result<DhcpSnippetChange, Problem> {
    Ok(DhcpSnippetChange {
        name: NAME.given(params),
        value: VALUE.given(params),
        description: DESCRIPTION.given(params),
        enabled: ENABLED.of(params)?,
        node: NODE.given(params),
        subnet: SUBNET.given(params),
        iprange: IPRANGE.given(params),
        global: GLOBAL.is_set(params)?,
    })
}
