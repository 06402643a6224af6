//! Snippets of DHCP configuration: what operators have clients told, with the texts before.
//!
//! A text is read when it is set, so that nothing is kept that racks would not do.

use std::sync::Arc;

use api::field_errors::FieldErrors;
use model::access::{Actor, Permission};
use model::dhcp::snippet::{DhcpSnippet, Scope, Version};
use model::error::Kind;
use model::id::{DhcpSnippetId, SubnetId, SystemId};
use model::net::iprange::Purpose;
use model::net::subnet::Subnet;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::{NO_CHOICE, Refusal};
use crate::machine::holders;
use crate::machine::nodes::{self, NodeDetail};
use crate::network::dependents::Holder;
use crate::network::option_definitions::{keep_others, used};
use crate::network::specifiers;
use crate::network::subnets::SubnetDetail;
use tables::options::SNIPPETS_GUARD;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// The counter of the ids of texts.
const VERSIONS: &str = "dhcpsnippet-version";
/// How long a name may be, in characters, as in MAAS.
const NAME_MAX: usize = 255;
/// What shall be set of a snippet; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct DhcpSnippetChange {
    /// Its name.
    pub name: Option<String>,
    /// Its text.
    pub value: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Whether clients are told it.
    pub enabled: Option<bool>,
    /// The machine that it is for, by id or host name; empty for none.
    pub node: Option<String>,
    /// The subnet that it is for; empty for none.
    pub subnet: Option<String>,
    /// The IP range of the subnet that it is for, by id; empty for none.
    pub iprange: Option<String>,
    /// Whether it is for all clients.
    pub global: bool,
}

/// A snippet as doors show it.
#[derive(Debug, Clone)]
pub struct DhcpSnippetDetail {
    /// The snippet.
    pub snippet: DhcpSnippet,
    /// The machine or device that it is for, if the actor may read it.
    pub node: Option<NodeDetail>,
    /// The subnet that it is for, or that its range lies in.
    pub subnet: Option<Arc<SubnetDetail>>,
}

/// All snippets.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<DhcpSnippetDetail>, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let snippets = details.view().list::<DhcpSnippet>()?.into_iter();
    snippets.map(|snippet| detail(&details, actor, snippet)).collect()
}

/// A snippet, by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
) -> Result<DhcpSnippetDetail, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let snippet = specifiers::dhcp_snippet(details.view(), specifier)?;
    detail(&details, actor, snippet)
}

/// Makes a snippet; for all clients, unless it is said for which.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &DhcpSnippetChange,
) -> Result<DhcpSnippetDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "dhcpsnippet.create")?;
    let mut errors = FieldErrors::default();
    for (field, given) in [("name", &change.name), ("value", &change.value)] {
        if given.as_deref().is_none_or(|text| text.trim().is_empty()) {
            errors.add(field, "This field is required.");
        }
    }
    errors.finish()?;
    let snippet = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            tx.guard(SNIPPETS_GUARD);
            let blank = DhcpSnippet {
                id: DhcpSnippetId(tx.next_id::<DhcpSnippet>()?),
                name: String::new(),
                description: String::new(),
                enabled: true,
                scope: Scope::Global,
                versions: Vec::new(),
                uses: Vec::new(),
            };
            let snippet = changed(tx, blank, change)?;
            keep_others(tx, None, Some(&snippet))?;
            tx.insert(&snippet)?;
            Ok(snippet)
        })
        .await?;
    detail(&Details::after_change(tables).await?, actor, snippet)
}

/// Changes a snippet. Its text before is kept.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
    change: &DhcpSnippetChange,
) -> Result<DhcpSnippetDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "dhcpsnippet.update")?;
    let snippet = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            tx.guard(SNIPPETS_GUARD);
            let before = specifiers::dhcp_snippet(tx, specifier)?;
            let snippet = changed(tx, before.clone(), change)?;
            keep_others(tx, Some(&before), Some(&snippet))?;
            tx.put(&snippet)?;
            Ok(snippet)
        })
        .await?;
    detail(&Details::after_change(tables).await?, actor, snippet)
}

/// Gives a snippet an earlier text of its own again: one with that id, or, when `to` is negative, the one
/// so many steps before. The texts after it are forgotten.
///
/// # Errors
/// [`Refusal`] when there is no such text, or it cannot be read any more.
pub async fn revert(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
    to: i64,
) -> Result<DhcpSnippetDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "dhcpsnippet.revert")?;
    let snippet = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            tx.guard(SNIPPETS_GUARD);
            let before = specifiers::dhcp_snippet(tx, specifier)?;
            let mut snippet = before.clone();
            let reverted = snippet.revert(to);
            reverted.map_err(|error| Refusal::with_message(Kind::Invalid, error.to_string()))?;
            snippet.uses = used(tx, snippet.id, snippet.value())?;
            keep_others(tx, Some(&before), Some(&snippet))?;
            tx.put(&snippet)?;
            Ok(snippet)
        })
        .await?;
    detail(&Details::after_change(tables).await?, actor, snippet)
}

/// Removes a snippet.
///
/// # Errors
/// [`Refusal`] when another one uses what it defines.
pub async fn delete(tables: &Tables, actor: &Actor, specifier: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageNetwork, "dhcpsnippet.delete")?;
    tables.update(&cause, |tx| remove(tx, specifier)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub(crate) fn remove(tx: &mut Tx, specifier: &str) -> Result<(), Refusal> {
    tx.guard(SNIPPETS_GUARD);
    let snippet = specifiers::dhcp_snippet(tx, specifier)?;
    keep_others(tx, Some(&snippet), None)?;
    tx.delete::<DhcpSnippet>(&snippet.id)?;
    Ok(())
}

/// Whether a snippet may be as it is written, in place of what it was: it means what it meant, and so do all others.
///
/// # Errors
/// [`Refusal`].
pub(crate) fn check_row(
    tx: &mut Tx,
    before: Option<&DhcpSnippet>,
    snippet: &DhcpSnippet,
) -> Result<(), Refusal> {
    tx.guard(SNIPPETS_GUARD);
    if let Some(holder) = holder(&snippet.scope) {
        holder.gets_one(tx);
    }
    if used(tx, snippet.id, snippet.value())? != snippet.uses {
        let message = "The options that it uses are defined otherwise now.";
        return Err(Refusal::with_message(Kind::Conflict, message));
    }
    keep_others(tx, before, Some(snippet))
}

fn changed(
    tx: &mut Tx,
    before: DhcpSnippet,
    change: &DhcpSnippetChange,
) -> Result<DhcpSnippet, Refusal> {
    let scope = scope(tx, &before.scope, change)?;
    if let Some(holder) = holder(&scope) {
        holder.gets_one(tx);
    }
    let mut snippet = DhcpSnippet { scope, ..before };
    for (field, given) in [("name", &change.name), ("value", &change.value)] {
        if given.as_deref().is_some_and(|text| text.trim().is_empty()) {
            return Err(Refusal::field(field, "This field is required."));
        }
    }
    if let Some(name) = change.name.as_deref() {
        let count = name.chars().count();
        if count > NAME_MAX {
            let message =
                format!("Ensure this value has at most {NAME_MAX} characters (it has {count}).");
            return Err(Refusal::field("name", message));
        }
        name.clone_into(&mut snippet.name);
    }
    if let Some(description) = &change.description {
        snippet.description.clone_from(description);
    }
    snippet.enabled = change.enabled.unwrap_or(snippet.enabled);
    if let Some(value) = change.value.as_deref() {
        let value = value.replace("\r\n", "\n");
        snippet.uses = used(tx, snippet.id, &value)?;
        if snippet.versions.is_empty() || snippet.value() != value {
            let id = tx.next_number(VERSIONS, 1)?;
            snippet.put_version(Version { id, value, created: tx.now() });
        }
    }
    Ok(snippet)
}

/// With what a snippet goes.
fn holder(scope: &Scope) -> Option<Holder<'_>> {
    scope.subnet().map(Holder::Subnet).or_else(|| scope.node().map(Holder::Machine))
}

/// For whom a snippet is: what is said, else as before.
fn scope(tx: &Tx, before: &Scope, change: &DhcpSnippetChange) -> Result<Scope, Refusal> {
    let of_all = |message: &str| Err(Refusal::field("__all__", message));
    let [node, subnet, range] = [&change.node, &change.subnet, &change.iprange]
        .map(|given| given.as_deref().filter(|text| !text.is_empty()));
    let named = (node, subnet, range);
    if change.global {
        if named == (None, None, None) {
            return Ok(Scope::Global);
        }
        let message =
            "A global DHCP snippet is for all clients: leave node, subnet and iprange out.";
        return Err(Refusal::field("global_snippet", message));
    }
    match named {
        (None, None, None) => Ok(cleared(before, change)),
        (Some(node), None, None) => self::node(tx, node).map(Scope::Node),
        (Some(_), _, _) => {
            of_all("A DHCP snippet cannot be enabled on a node and subnet at the same time.")
        }
        (None, Some(subnet), None) => {
            let subnet = self::subnet(tx, subnet)?;
            let same = before.subnet() == Some(subnet);
            Ok(if same { cleared(before, change) } else { Scope::Subnet(subnet) })
        }
        (None, Some(subnet), Some(range)) => of_range(tx, self::subnet(tx, subnet)?, range),
        (None, None, Some(range)) => match before.subnet() {
            Some(subnet) => of_range(tx, subnet, range),
            None => {
                of_all("A DHCP snippet cannot be enabled on an iprange without a parent subnet")
            }
        },
    }
}

/// What is left of a scope when what is sent empty is taken away.
fn cleared(before: &Scope, change: &DhcpSnippetChange) -> Scope {
    let [node, subnet, range] = [&change.node, &change.subnet, &change.iprange]
        .map(|given| given.as_deref().is_some_and(str::is_empty));
    match before {
        Scope::Node(_) if node => Scope::Global,
        Scope::Subnet(_) | Scope::Range { .. } if subnet => Scope::Global,
        Scope::Range { subnet, .. } if range => Scope::Subnet(*subnet),
        Scope::Global | Scope::Subnet(_) | Scope::Range { .. } | Scope::Node(_) => before.clone(),
    }
}

fn node(tx: &Tx, named: &str) -> Result<SystemId, Refusal> {
    let found = holders::named(tx, named)?;
    let message = format!("Select a valid choice. {named} is not one of the available choices.");
    found.ok_or_else(|| Refusal::field("node", message))
}

fn subnet(tx: &Tx, named: &str) -> Result<SubnetId, Refusal> {
    let Subnet { id, cidr, .. } =
        specifiers::subnet(tx, named).map_err(|refusal| match refusal {
            Refusal::NotFound { .. } => Refusal::field("subnet", NO_CHOICE),
            other => other,
        })?;
    if cidr.addr().is_ipv6() {
        let message = "Racks serve DHCP for IPv4 only: name an IPv4 subnet.";
        return Err(Refusal::field("subnet", message));
    }
    Ok(id)
}

fn of_range(tx: &Tx, subnet: SubnetId, named: &str) -> Result<Scope, Refusal> {
    let range = specifiers::ip_range(tx, named)?;
    let range = range.ok_or_else(|| Refusal::field("iprange", NO_CHOICE))?;
    if range.subnet != subnet {
        let message = "A DHCP snippet's IP Range must be within the parent subnet";
        return Err(Refusal::field("__all__", message));
    }
    if range.purpose != Purpose::Dynamic {
        let message = "No client gets an address of a reserved range: name a dynamic one.";
        return Err(Refusal::field("iprange", message));
    }
    Ok(Scope::Range { subnet, range: range.id })
}

/// A snippet with what it names.
fn detail(
    details: &Details,
    actor: &Actor,
    snippet: DhcpSnippet,
) -> Result<DhcpSnippetDetail, Refusal> {
    let node = match snippet.scope.node() {
        Some(node) => nodes::shown(details, actor, node)?,
        None => None,
    };
    let subnet = snippet.scope.subnet().map_or(Ok(None), |subnet| details.subnet(subnet))?;
    Ok(DhcpSnippetDetail { snippet, node, subnet })
}
