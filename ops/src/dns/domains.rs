//! DNS domains. Exactly one of them is the default.

use model::access::{Actor, Permission};
use model::dns::domain::Domain;
use model::dns::rrdata::{check_ttl, is_name};
use model::dns::serial::{self, OFFSET_SETTING, ZoneSerial};
use model::error::Kind;
use model::id::DomainId;
use model::setting::Setting;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::machine::placement;
use crate::network::specifiers;
use tables::names::{DEFAULT_DOMAIN_GUARD, DNSRESOURCES_OF_DOMAIN};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::machines::MachineKey;

/// What shall be set of a domain; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct DomainChange {
    /// Its unique name.
    pub name: Option<String>,
    /// Whether the racks answer for it.
    pub authoritative: Option<bool>,
    /// The TTL of its records; the inner none is the site's default.
    pub ttl: Option<Option<u32>>,
}

/// A domain as doors show it.
#[derive(Debug, Clone)]
pub struct DomainDetail {
    /// The domain.
    pub domain: Domain,
    /// How many records it has.
    pub record_count: usize,
}

/// All domains.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<DomainDetail>, Refusal> {
    let details = Details::of_dns(actor, tables).await?;
    let domains = details.view().list::<Domain>()?.into_iter();
    Ok(domains.map(|domain| details.domain_of(domain)).collect::<Result<_, _>>()?)
}

/// A domain by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, specifier: &str) -> Result<DomainDetail, Refusal> {
    let details = Details::of_dns(actor, tables).await?;
    let domain = specifiers::domain(details.view(), specifier)?;
    Ok(details.domain_of(domain)?)
}

/// Makes a domain.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &DomainChange,
) -> Result<DomainDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "domain.create")?;
    let domain = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let id = DomainId(tx.next_id::<Domain>()?);
            let blank = Domain {
                id,
                name: String::new(),
                authoritative: true,
                ttl: None,
                is_default: false,
            };
            let domain = changed(blank, change)?;
            tx.insert(&domain)?;
            Ok(domain)
        })
        .await?;
    Ok(Details::after_change(tables).await?.domain_of(domain)?)
}

/// Changes a domain.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
    change: &DomainChange,
) -> Result<DomainDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "domain.update")?;
    let domain = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            let domain = changed(specifiers::domain(tx, specifier)?, change)?;
            tx.put(&domain)?;
            Ok(domain)
        })
        .await?;
    Ok(Details::after_change(tables).await?.domain_of(domain)?)
}

/// Makes a domain the default one.
///
/// # Errors
/// [`Refusal`].
pub async fn set_default(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
) -> Result<DomainDetail, Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "domain.set-default")?;
    let domain = tables
        .update(&cause, |tx| -> Result<_, Refusal> {
            tx.guard(DEFAULT_DOMAIN_GUARD);
            let domain = Domain { is_default: true, ..specifiers::domain(tx, specifier)? };
            let others = tx.list::<Domain>()?;
            for other in others.into_iter().filter(|other| other.is_default) {
                tx.put(&Domain { is_default: false, ..other })?;
            }
            tx.put(&domain)?;
            Ok(domain)
        })
        .await?;
    Ok(Details::after_change(tables).await?.domain_of(domain)?)
}

/// Sets the serial of all zones; changes count on from there.
///
/// # Errors
/// [`Refusal::Fields`] for 0, which is no serial.
pub async fn set_serial(tables: &Tables, actor: &Actor, serial: u32) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "domain.set-serial")?;
    if serial == 0 {
        let message = format!("Expected a serial number between 1 and {}", u32::MAX);
        return Err(Refusal::field("serial", message));
    }
    tables
        .update(&cause, |tx| {
            // No zone has content of a later revision.
            let revision = tx.revision();
            for zone in tx.list::<ZoneSerial>()? {
                let present = tx.get::<ZoneSerial>(&zone.origin)?;
                if let Some(zone) = present.filter(|zone| zone.revision != revision) {
                    tx.put(&ZoneSerial { revision: revision.max(zone.revision), ..zone })?;
                }
            }
            let offset = serial::offset_to(serial, revision);
            let name = OFFSET_SETTING.to_owned();
            Ok(tx.put(&Setting { name, value: offset.into() })?)
        })
        .await
}

/// Removes a domain with nothing in it.
///
/// # Errors
/// [`Refusal`] for the default one, or when machines, devices or records are in it.
pub async fn delete(tables: &Tables, actor: &Actor, specifier: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageDns, "domain.delete")?;
    tables.update(&cause, |tx| remove(tx, specifier)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub fn remove(tx: &mut Tx, specifier: &str) -> Result<(), Refusal> {
    tx.guard(DEFAULT_DOMAIN_GUARD);
    let domain = specifiers::domain(tx, specifier)?;
    if domain.is_default {
        let message = "This domain is the default domain, it cannot be deleted.";
        return Err(Refusal::with_message(Kind::Invalid, message));
    }
    tx.depend_on(&placement::of_domain(domain.id));
    let of_domain = [MachineKey::Domain(domain.id)];
    let machines = ("machine", tx.state().all_machines());
    for (kind, nodes) in [machines, ("device", tx.state().devices())] {
        let Some(node) = nodes.with(&of_domain).first().copied() else { continue };
        let message =
            format!("Domain {} cannot be deleted: {kind} {} is in it.", domain.name, node.hostname);
        return Err(Refusal::with_message(Kind::Invalid, message));
    }
    if let Some(resource) = tx.list_by(&DNSRESOURCES_OF_DOMAIN, &domain.id)?.first() {
        let message = format!(
            "Domain {} cannot be deleted: DNS resource {} is in it.",
            domain.name, resource.name
        );
        return Err(Refusal::with_message(Kind::Invalid, message));
    }
    tx.delete::<Domain>(&domain.id)?;
    Ok(())
}

fn changed(domain: Domain, change: &DomainChange) -> Result<Domain, Refusal> {
    let name = change.name.as_deref().map(|name| name.trim().trim_end_matches('.'));
    let name = name.map_or(domain.name, str::to_owned);
    if name.is_empty() {
        return Err(Refusal::field("name", "This field is required."));
    }
    if !is_name(&name) {
        return Err(Refusal::field("name", format!("Invalid domain name: {name}.")));
    }
    let ttl = change.ttl.unwrap_or(domain.ttl);
    if let Err(message) = check_ttl(ttl, 1) {
        return Err(Refusal::field("ttl", message));
    }
    let authoritative = change.authoritative.unwrap_or(domain.authoritative);
    Ok(Domain { id: domain.id, name, authoritative, ttl, is_default: domain.is_default })
}
