//! Leases in the order of their addresses. A filter of them is what their indexes answer: one address, one client, one
//! subnet, one VLAN, one state, one kind. Anything else is refused by name.

use std::net::IpAddr;

use api::dhcp::Lease;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::query::field::{Field, FieldKind};
use ops::network::lease_list::{self, LeaseQuery};
use ops::network::vlans::VlanName;
use serde_json::Value;
use tables::read::{Reads, View};

use crate::paged::{PageQuery, Paged, Pages, no_token};
use crate::problem::Problem;
use crate::request::Request;

/// How leases are listed.
pub const PAGES: Pages = Pages {
    fields: Some(fields),
    page: |request, query| Box::pin(page(request, query)),
    one: |request, key| Box::pin(one(request, key)),
};

/// What leases are filtered by.
const FIELDS: [(&str, FieldKind, &str); 6] = [
    ("ip", FieldKind::Address, "The address."),
    ("mac", FieldKind::Mac, "The hardware address of the client."),
    ("subnet", FieldKind::Text, "The subnet that the address is in: id, prefix or name."),
    ("vlan", FieldKind::Text, "The VLAN of that subnet: id or name."),
    ("state", FieldKind::Text, "`active`, `kept`, `ended` or `declined`."),
    ("kind", FieldKind::Text, "`address`, `prefix` or `registered`."),
];

fn fields() -> Vec<Field> {
    FIELDS.iter().map(|(name, kind, doc)| Field::new(*name, *kind, *doc)).collect()
}

async fn page(request: &Request, query: &PageQuery) -> Result<Paged, Problem> {
    let mut wanted = narrowed(&request.view, query)?;
    wanted.limit = query.limit;
    let page = lease_list::list(&request.parts.tables, &request.actor, &wanted).await?;
    let items = page.leases.iter().map(json).collect();
    Ok(Paged { items, next: page.next.map(|ip| ip.to_string()) })
}

fn narrowed(view: &View, query: &PageQuery) -> Result<LeaseQuery, Problem> {
    let wrong = |message: String| Problem::parameter("filter", message);
    if !query.only_words {
        let message = "Leases are filtered by whole values of ip, mac, subnet, vlan, state and kind, each with one value: \
             state:active subnet:10.0.0.0/24. Free text, wildcards, ranges, `-` and `or` are not for leases.";
        return Err(wrong(message.to_owned()));
    }
    let after = match &query.after {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| no_token())?),
    };
    let mut wanted = LeaseQuery { after, ..LeaseQuery::default() };
    for (at, (name, words)) in query.words.iter().enumerate() {
        let is_again = query.words[..at].iter().any(|(before, _)| before == name);
        let ([word], false) = (words.as_slice(), is_again) else {
            return Err(wrong(format!("{name}: leases are filtered by one value of it.")));
        };
        let no = |what: &str| wrong(format!("{name}: {word:?} is {what}."));
        match name.as_str() {
            "ip" => wanted.ip = Some(word.parse().map_err(|_| no("no address"))?),
            "mac" => wanted.mac = Some(word.parse().map_err(|_| no("no hardware address"))?),
            "state" => {
                let state = word.parse();
                wanted.state =
                    Some(state.map_err(|_| no("none of active, kept, ended, declined"))?);
            }
            "kind" => {
                let kind = lease_list::KINDS.into_iter().find(|kind| kind == word);
                wanted.kind = Some(kind.ok_or_else(|| no("none of address, prefix, registered"))?);
            }
            "subnet" => {
                let id = subnet(view, word)?.ok_or_else(|| no("no subnet"))?;
                wanted.subnet = Some(id);
            }
            _ => {
                let id = vlan(view, word)?.ok_or_else(|| no("no VLAN"))?;
                wanted.vlan = Some(VlanName::Vlan(id));
            }
        }
    }
    Ok(wanted)
}

/// The id of the subnet with that id, prefix or name. Words of filters are in lower case.
fn subnet(view: &View, word: &str) -> Result<Option<String>, Problem> {
    let is_it = |subnet: &Subnet| {
        subnet.id.to_string() == word
            || subnet.cidr.to_string() == word
            || subnet.name.to_lowercase() == word
    };
    Ok(view.list::<Subnet>()?.into_iter().find(is_it).map(|subnet| subnet.id.to_string()))
}

/// The id of the VLAN with that id or name.
fn vlan(view: &View, word: &str) -> Result<Option<String>, Problem> {
    let is_it = |vlan: &Vlan| vlan.id.to_string() == word || vlan.name.to_lowercase() == word;
    Ok(view.list::<Vlan>()?.into_iter().find(is_it).map(|vlan| vlan.id.to_string()))
}

async fn one(request: &Request, key: &str) -> Result<Vec<Value>, Problem> {
    let Ok(ip) = key.parse::<IpAddr>() else { return Ok(Vec::new()) };
    let wanted = LeaseQuery { ip: Some(ip), limit: 1, ..LeaseQuery::default() };
    let page = lease_list::list(&request.parts.tables, &request.actor, &wanted).await?;
    Ok(page.leases.iter().map(json).collect())
}

fn json(lease: &Lease) -> Value {
    serde_json::to_value(lease).unwrap_or_default()
}
