//! Devices.

use model::access::{Actor, Object, Permission, permits};
use model::device::Device;
use model::dns::domain::Domain;
use model::error::Kind as ErrorKind;
use model::machine::Machine;
use model::zone::AvailabilityZone;
use tables::read::Reads;
use tables::tx::Tx;

use crate::error::Refusal;
use crate::machine::machines::check_hostname;
use crate::machine::{devices, holders, placement};
use crate::network::dependents;
use crate::site::undo::addresses::check_links;
use crate::site::undo::kind::{Kind, present};

impl Kind for Device {
    const NAME: &'static str = "device";
    const PERMISSION: Permission = Permission::EditDevice;

    fn label(&self) -> String {
        self.hostname.clone()
    }

    fn allow(&self, actor: &Actor) -> Result<(), Refusal> {
        let object = Object::Device { owner: self.owner };
        Ok(permits(actor, Permission::EditDevice, &object)?)
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        Ok(dependents::forget_device(tx, self)?)
    }

    fn check(&self, tx: &mut Tx, actor: &Actor, was: Option<&Self>) -> Result<(), Refusal> {
        let refused = |message: String| Refusal::with_message(ErrorKind::Conflict, message);
        check_hostname(tx, &self.hostname, Some(&self.system_id))?.map_err(refused)?;
        present::<Domain>(tx, &self.domain, "domain")?;
        present::<AvailabilityZone>(tx, &self.zone, "zone")?;
        tx.mark(&placement::of_domain(self.domain));
        tx.mark(&placement::of_zone(self.zone));
        if let Some(owner) = self.owner {
            placement::give_to(tx, owner)?;
        }
        if let Some(parent) = &self.parent {
            devices::check_parent(tx, actor, parent, &self.system_id)?;
        }
        for interface in &self.interfaces {
            let holder = holders::of_mac(tx, interface.mac)?;
            if let Some(holder) = holder.filter(|holder| holder.hostname != self.hostname) {
                return Err(refused(format!("{} has {}.", holder.hostname, interface.mac)));
            }
        }
        if tx.get::<Machine>(&self.system_id)?.is_some() {
            return Err(refused("A machine has its id.".to_owned()));
        }
        check_links(tx, &self.interfaces, was.map_or(&[], |was| &was.interfaces))
    }
}
