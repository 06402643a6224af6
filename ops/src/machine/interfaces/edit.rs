//! A change of the interfaces of one machine or device: read with the node, changed together, written with it.

use model::access::{Actor, Object, Permission, permits};
use model::controller::RackController;
use model::device::Device;
use model::dns::domain::Domain;
use model::error::Kind;
use model::id::{DomainId, InterfaceId, SystemId, VlanId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::interface::{Interface, links, rules};
use model::machine::status::Status;
use model::net::vlan::Vlan;

use crate::authorize::cause;
use crate::details::Details;
use crate::error::{NO_CHOICE, Refusal};
use crate::machine::holders::{self, Holder};
use crate::machine::interfaces::{NodeInterface, named_one};
use crate::machine::step;
use crate::network::specifiers;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// The cluster version from which on all regions know interfaces that are made of others.
const STACKED_SINCE: u32 = 9;

/// What is done to interfaces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doing {
    reason: &'static str,
    /// How MAAS calls it where a machine's status does not allow it.
    verb: &'static str,
    when: When,
    of_devices: bool,
}

/// In which statuses of a machine it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// While it is configured.
    Configured,
    /// And when it is deployed.
    OrDeployed,
    /// In any.
    Always,
}

impl Doing {
    /// Something that is done while a machine is configured, and to devices.
    pub(super) const fn of(reason: &'static str, verb: &'static str) -> Self {
        Self { reason, verb, when: When::Configured, of_devices: true }
    }

    /// The same, of machines only.
    pub(super) const fn of_machines(mut self) -> Self {
        self.of_devices = false;
        self
    }

    /// The same, also of deployed machines.
    pub(super) const fn or_deployed(mut self) -> Self {
        self.when = When::OrDeployed;
        self
    }

    /// The same, whatever the status of a machine is.
    pub(super) const fn always(mut self) -> Self {
        self.when = When::Always;
        self
    }

    fn check(&self, status: Status) -> Result<(), Refusal> {
        let allowed = match self.when {
            When::Configured => rules::may_change(status),
            When::OrDeployed => rules::may_change(status) || status == Status::Deployed,
            When::Always => true,
        };
        if allowed {
            return Ok(());
        }
        let message = format!(
            "Cannot {} interface because the machine is not New, Ready, Allocated, or Broken.",
            self.verb
        );
        Err(Refusal::with_message(Kind::Conflict, message))
    }
}

/// A node whose interfaces are being changed.
pub(super) struct Editing {
    whose: Whose,
    /// Its interfaces.
    pub(super) interfaces: Vec<Interface>,
}

enum Whose {
    Machine(Box<Machine>),
    Device(Box<Device>),
}

impl Editing {
    fn open(tx: &Tx, actor: &Actor, id: &SystemId, doing: Doing) -> Result<Self, Refusal> {
        if let Some(machine) = tx.get::<Machine>(id)? {
            permits(actor, Permission::EditMachine, &Object::of(&machine))?;
            doing.check(Status::of(&machine.lifecycle))?;
            let interfaces = machine.interfaces.clone();
            return Ok(Self { whose: Whose::Machine(Box::new(machine)), interfaces });
        }
        if let Some(device) = tx.get::<Device>(id)? {
            let object = Object::Device { owner: device.owner };
            permits(actor, Permission::EditDevice, &object)?;
            if !doing.of_devices {
                return Err(Refusal::NotFound { model: "Machine" });
            }
            let interfaces = device.interfaces.clone();
            return Ok(Self { whose: Whose::Device(Box::new(device)), interfaces });
        }
        if tx.get::<RackController>(id)?.is_some() {
            let message = "Cannot update interface on a controller.";
            return Err(Refusal::with_message(Kind::Forbidden, message));
        }
        Err(Refusal::NotFound { model: "Node" })
    }

    /// Writes the node, if its interfaces are others now.
    fn close(&mut self, tx: &mut Tx) -> Result<(), Refusal> {
        if let Some(ip) = links::twice(&self.interfaces) {
            let message = format!("The IP address {ip} is already in use.");
            return Err(Refusal::with_message(Kind::NotFound, message));
        }
        if self.interfaces.iter().any(|interface| !interface.kind.is_physical()) {
            check_version(tx)?;
        }
        match &mut self.whose {
            Whose::Machine(machine) => {
                machine.interfaces.clone_from(&self.interfaces);
                step::write(tx, machine)?;
            }
            Whose::Device(device) if device.interfaces == self.interfaces => {}
            Whose::Device(device) => {
                device.interfaces.clone_from(&self.interfaces);
                device.updated = tx.now();
                tx.put(&**device)?;
            }
        }
        Ok(())
    }

    /// Its status; none of a device.
    pub(super) fn status(&self) -> Option<Status> {
        match &self.whose {
            Whose::Machine(machine) => Some(Status::of(&machine.lifecycle)),
            Whose::Device(_) => None,
        }
    }

    /// Whether it is a device.
    pub(super) fn is_device(&self) -> bool {
        matches!(self.whose, Whose::Device(_))
    }

    /// An interface by id or name.
    pub(super) fn find(&self, named: &str) -> Result<&Interface, Refusal> {
        Ok(&self.interfaces[named_one(self.interfaces.iter(), named)?])
    }

    /// An interface by its id.
    pub(super) fn interface(&mut self, id: InterfaceId) -> Result<&mut Interface, Refusal> {
        let mut all = self.interfaces.iter_mut();
        all.find(|one| one.id == id).ok_or(Refusal::NotFound { model: "Interface" })
    }

    /// How MAAS's messages call the node: `4y3h7n (web-1.maas)`.
    pub(super) fn shown(&self, tx: &Tx) -> Result<String, Refusal> {
        let (id, hostname, domain): (&SystemId, &str, DomainId) = match &self.whose {
            Whose::Machine(machine) => {
                (&machine.system_id, &machine.hostname, machine.placement.domain)
            }
            Whose::Device(device) => (&device.system_id, &device.hostname, device.domain),
        };
        let domain = tx.get::<Domain>(&domain)?;
        let domain = domain.map(|domain| format!(".{}", domain.name)).unwrap_or_default();
        Ok(format!("{id} ({hostname}{domain})"))
    }

    /// The machine as it was written.
    pub(super) fn into_machine(self) -> Option<Machine> {
        match self.whose {
            Whose::Machine(machine) => Some(*machine),
            Whose::Device(_) => None,
        }
    }
}

/// Changes the interfaces of a node; `step` says which one it is about, which is shown then.
pub(super) async fn change(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    doing: Doing,
    step: impl Fn(&mut Tx, &mut Editing) -> Result<InterfaceId, Refusal> + Send,
) -> Result<NodeInterface, Refusal> {
    let (edited, about) = edit(tables, actor, node, doing, step).await?;
    let names = Details::after_change(tables).await?.interfaces(&edited.interfaces)?;
    let of_device = edited.is_device();
    let mut shown = edited.interfaces.into_iter().zip(names);
    let found = shown.find(|(interface, _)| interface.id == about);
    let (interface, names) = found.ok_or(Refusal::NotFound { model: "Interface" })?;
    Ok(NodeInterface { system_id: node.clone(), interface, names, of_device })
}

/// Changes the interfaces of a node, and returns it with what `step` says.
pub(super) async fn edit<T>(
    tables: &Tables,
    actor: &Actor,
    node: &SystemId,
    doing: Doing,
    step: impl Fn(&mut Tx, &mut Editing) -> Result<T, Refusal> + Send,
) -> Result<(Editing, T), Refusal> {
    tables
        .update(&cause(actor, doing.reason), |tx| {
            let mut editing = Editing::open(tx, actor, node, doing)?;
            let said = step(tx, &mut editing)?;
            editing.close(tx)?;
            Ok((editing, said))
        })
        .await
}

/// Whether all regions know interfaces that are made of others.
pub(super) fn check_version(tx: &Tx) -> Result<(), Refusal> {
    if tx.cluster_version() < STACKED_SINCE {
        let message =
            "Not all regions know bonds, bridges and VLAN interfaces yet: upgrade them first.";
        return Err(Refusal::with_message(Kind::Conflict, message));
    }
    Ok(())
}

/// A hardware address.
pub(super) fn parsed_mac(text: &str) -> Result<MacAddress, Refusal> {
    let mac: Option<MacAddress> = text.parse().ok().filter(|mac: &MacAddress| mac.is_unicast());
    mac.ok_or_else(|| {
        let message = format!("'{text}' is not a valid MAC address.");
        Refusal::field("mac_address", message)
    })
}

/// A hardware address that nobody has, but for the one that its interface has already.
pub(super) fn free_mac(
    tx: &Tx,
    text: &str,
    own: Option<MacAddress>,
) -> Result<MacAddress, Refusal> {
    let mac = parsed_mac(text)?;
    if Some(mac) != own
        && let Some(holder) = holders::of_mac(tx, mac)?
    {
        let Holder { hostname, interface } = holder;
        let message =
            format!("This MAC address is already in use by {interface} (physical) on {hostname}.");
        return Err(Refusal::field("mac_address", message));
    }
    Ok(mac)
}

/// The VLAN that a request names, read so that it is compared.
pub(super) fn named_vlan(tx: &Tx, named: &str) -> Result<Vlan, Refusal> {
    let vlan = specifiers::vlan(tx, named).map_err(|refusal| match refusal {
        Refusal::NotFound { .. } => Refusal::field("vlan", NO_CHOICE),
        other => other,
    })?;
    Ok(tx.get::<Vlan>(&vlan.id)?.unwrap_or(vlan))
}

/// The VLAN of an interface.
pub(super) fn vlan_of(tx: &Tx, id: Option<VlanId>) -> Result<Option<Vlan>, Refusal> {
    Ok(id.map_or(Ok(None), |id| tx.get::<Vlan>(&id))?)
}
