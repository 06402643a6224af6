//! Where a name of a DNS resource is: below which domain.

use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::dns::rrdata::is_name;
use model::id::DnsResourceId;

use crate::error::Refusal;
use crate::network::specifiers;
use tables::read::Reads;
use tables::tx::Tx;

/// Where a name is: as a whole, or in two parts.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// The full name.
    pub fqdn: Option<String>,
    /// The part below the domain.
    pub name: Option<String>,
    /// The domain, by name or id.
    pub domain: Option<String>,
}

/// The domain of names that have no other.
///
/// # Errors
/// [`Refusal::NotFound`] when the cluster was not set up.
pub fn default_domain(at: &impl Reads) -> Result<Domain, Refusal> {
    let found = at.list::<Domain>()?.into_iter().find(|domain| domain.is_default);
    found.ok_or(Refusal::NotFound { model: "Domain" })
}

/// The name below a domain, and the domain: the longest known one that a full name ends in.
pub(crate) fn located(at: &impl Reads, naming: &Naming) -> Result<(String, Domain), Refusal> {
    let (name, domain) = match &naming.fqdn {
        Some(fqdn) => {
            let fqdn = fqdn.trim_end_matches('.').to_lowercase();
            let domains = at.list::<Domain>()?.into_iter();
            let found = domains
                .filter_map(|domain| {
                    let below = fqdn.strip_suffix(&domain.name.to_lowercase())?;
                    let name = if below.is_empty() { "@" } else { below.strip_suffix('.')? };
                    Some((name.to_owned(), domain))
                })
                .max_by_key(|(_, domain)| domain.name.len());
            found.ok_or_else(|| Refusal::field("domain", "This field is required."))?
        }
        None => {
            let required = |field| move || Refusal::field(field, "This field is required.");
            let name = naming.name.clone().ok_or_else(required("name"))?;
            let domain = naming.domain.as_deref().ok_or_else(required("domain"))?;
            let domain = specifiers::domain(at, domain).map_err(|refusal| match refusal {
                Refusal::NotFound { .. } => Refusal::field("domain", "Unable to find domain."),
                other => other,
            })?;
            (name, domain)
        }
    };
    let is_right = match name.as_str() {
        "@" => true,
        "*" => is_name(&format!("x.{}", domain.name)),
        // Both together have to be a name, too.
        name => is_name(name) && is_name(&format!("{name}.{}", domain.name)),
    };
    if !is_right {
        return Err(Refusal::field("name", format!("Invalid dnsresource name: {name}.")));
    }
    Ok((name, domain))
}

/// A resource with nothing in it.
///
/// # Errors
/// As [`Tx::next_id`].
pub(crate) fn blank(tx: &mut Tx, name: String, domain: &Domain) -> Result<DnsResource, Refusal> {
    Ok(DnsResource {
        id: DnsResourceId(tx.next_id::<DnsResource>()?),
        name,
        domain: domain.id,
        address_ttl: None,
        ip_addresses: Vec::new(),
        records: Vec::new(),
    })
}
