//! Domains and the names in them.

use model::access::{Actor, Permission};
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::error::Kind as ErrorKind;
use tables::names::DEFAULT_DOMAIN_GUARD;
use tables::read::Reads;
use tables::tx::Tx;

use crate::dns::domains;
use crate::error::Refusal;
use crate::network::adopted;
use crate::site::undo::kind::{Kind, present};

impl Kind for Domain {
    const NAME: &'static str = "domain";
    const PERMISSION: Permission = Permission::ManageDns;

    fn label(&self) -> String {
        self.name.clone()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        domains::remove(tx, &self.id.to_string())
    }

    fn check(&self, tx: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        tx.guard(DEFAULT_DOMAIN_GUARD);
        let all = tx.list::<Self>()?;
        if all.iter().filter(|domain| domain.is_default).count() == 1 {
            return Ok(());
        }
        let message = "Another domain has become the default one since.";
        Err(Refusal::with_message(ErrorKind::Conflict, message))
    }
}

impl Kind for DnsResource {
    const NAME: &'static str = "DNS resource";
    const PERMISSION: Permission = Permission::ManageDns;

    fn label(&self) -> String {
        self.name.clone()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        tx.delete::<Self>(&self.id)?;
        Ok(())
    }

    fn check(&self, tx: &mut Tx, actor: &Actor, was: Option<&Self>) -> Result<(), Refusal> {
        present::<Domain>(tx, &self.domain, "domain")?;
        let user = actor.user(Permission::ManageDns)?;
        let had = |ip| was.is_some_and(|was| was.ip_addresses.contains(ip));
        for ip in self.ip_addresses.iter().filter(|ip| !had(ip)) {
            adopted::reserve(tx, user, *ip)?;
        }
        Ok(())
    }
}
