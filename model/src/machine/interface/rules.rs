//! What may be made of what, in MAAS's words; and when the interfaces of a machine may be changed.

use crate::id::{InterfaceId, VlanId};
use crate::machine::interface::stack::{ancestors, children, find};
use crate::machine::interface::{Interface, Kind};
use crate::machine::status::Status;
use crate::net::vlan::Vlan;

/// The smallest MTU that Linux takes.
pub const MTU_MIN: u16 = 552;

/// Why an interface cannot be made of others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParentsError {
    /// It is hardware.
    #[error("A physical interface cannot have parents.")]
    OfPhysical,
    /// There is none, or there are several where there can be one.
    #[error("A {} interface must have {}.", capital(kind), number(kind))]
    Number {
        /// What it is.
        kind: &'static str,
    },
    /// A bridge on a bridge, or a VLAN on a VLAN.
    #[error(
        "A {} interface can't have another {} interface as parent.",
        capital(kind),
        capital(kind)
    )]
    OfSameKind {
        /// What both are.
        kind: &'static str,
    },
    /// Another one is made of it already, which leaves nothing for this one.
    #[error(
        "A {} interface can't have a parent that is already in {}.",
        capital(kind),
        already(kind)
    )]
    Replaced {
        /// What it is.
        kind: &'static str,
    },
    /// Other ones are made of them already.
    #[error("Interfaces already in-use: {names}.")]
    InUse {
        /// Their names.
        names: String,
    },
    /// A bond of something else than hardware.
    #[error("Only physical interfaces can be bonded.")]
    NotPhysical,
    /// A bond of interfaces of several VLANs.
    #[error("All parents must belong to the same VLAN.")]
    SeveralVlans,
    /// It is itself among them, or below one of them.
    #[error("Interface {name} is made of this one.")]
    Circle {
        /// The one that is.
        name: String,
    },
}

/// Why an interface cannot be on a VLAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VlanError {
    /// A VLAN interface without one.
    #[error("A VLAN interface must be connected to a tagged VLAN.")]
    Missing,
    /// A VLAN interface of packets without a tag.
    #[error("A VLAN interface can only belong to a tagged VLAN.")]
    Untagged,
    /// A VLAN interface of a VLAN that is not where its parent is.
    #[error(
        "A VLAN interface can only belong to a tagged VLAN on the same fabric as its parent interface."
    )]
    OtherFabric,
}

/// MAAS writes VLAN large, and other kinds small.
fn capital(kind: &str) -> &str {
    if kind == "vlan" { "VLAN" } else { kind }
}

fn number(kind: &str) -> &'static str {
    if kind == "bond" { "one or more parents" } else { "exactly one parent" }
}

fn already(kind: &str) -> &'static str {
    if kind == "vlan" { "a bond" } else { "a bond or a bridge" }
}

/// Whether an interface of a kind can be made of others of its machine. `own` is its id, if it is one already.
///
/// # Errors
/// [`ParentsError`].
pub fn check_parents(
    all: &[Interface],
    own: Option<InterfaceId>,
    kind: &Kind,
    of: &[InterfaceId],
) -> Result<(), ParentsError> {
    let parents: Vec<&Interface> = of.iter().filter_map(|id| find(all, *id)).collect();
    let word = kind.word();
    check_circle(all, own, &parents)?;
    match kind {
        Kind::Physical | Kind::Unknown if parents.is_empty() => Ok(()),
        Kind::Physical | Kind::Unknown => Err(ParentsError::OfPhysical),
        Kind::Bond(_) => check_bond(all, own, &parents),
        Kind::Bridge(_) | Kind::Vlan => {
            let [parent] = parents[..] else {
                return Err(ParentsError::Number { kind: word });
            };
            if parent.kind.word() == word {
                return Err(ParentsError::OfSameKind { kind: word });
            }
            let mut others = children(all, parent.id).filter(|child| Some(child.id) != own);
            let is_bridge = matches!(kind, Kind::Bridge(_));
            let stands_in_the_way = |child: &Interface| match child.kind {
                Kind::Bond(_) => true,
                Kind::Bridge(_) => is_bridge,
                Kind::Physical | Kind::Vlan | Kind::Unknown => false,
            };
            if others.any(stands_in_the_way) {
                return Err(ParentsError::Replaced { kind: word });
            }
            Ok(())
        }
    }
}

fn check_bond(
    all: &[Interface],
    own: Option<InterfaceId>,
    parents: &[&Interface],
) -> Result<(), ParentsError> {
    if parents.is_empty() {
        return Err(ParentsError::Number { kind: "bond" });
    }
    if parents.iter().any(|parent| !parent.kind.is_physical()) {
        return Err(ParentsError::NotPhysical);
    }
    let is_used =
        |parent: &&&Interface| children(all, parent.id).any(|child| Some(child.id) != own);
    let mut used: Vec<&str> =
        parents.iter().filter(is_used).map(|parent| parent.name.as_str()).collect();
    used.sort_unstable();
    if used.is_empty() { Ok(()) } else { Err(ParentsError::InUse { names: used.join(", ") }) }
}

fn check_circle(
    all: &[Interface],
    own: Option<InterfaceId>,
    parents: &[&Interface],
) -> Result<(), ParentsError> {
    let Some(own) = own else { return Ok(()) };
    let is_of_own =
        |parent: &&&Interface| parent.id == own || ancestors(all, parent.id).contains(&own);
    match parents.iter().find(is_of_own) {
        Some(parent) => Err(ParentsError::Circle { name: parent.name.clone() }),
        None => Ok(()),
    }
}

/// The parents of a new bond are on the VLAN that it is on.
///
/// # Errors
/// [`ParentsError::SeveralVlans`].
pub fn check_bond_vlan(
    all: &[Interface],
    of: &[InterfaceId],
    vlan: Option<VlanId>,
) -> Result<(), ParentsError> {
    let mut parents = of.iter().filter_map(|id| find(all, *id));
    if parents.all(|parent| parent.vlan == vlan) { Ok(()) } else { Err(ParentsError::SeveralVlans) }
}

/// Whether an interface of a kind can be on a VLAN, with a parent on that VLAN.
///
/// # Errors
/// [`VlanError`].
pub fn check_vlan(
    kind: &Kind,
    vlan: Option<&Vlan>,
    of_parent: Option<&Vlan>,
) -> Result<(), VlanError> {
    match kind {
        Kind::Physical | Kind::Bond(_) | Kind::Bridge(_) | Kind::Unknown => return Ok(()),
        Kind::Vlan => {}
    }
    let vlan = vlan.ok_or(VlanError::Missing)?;
    if vlan.vid == 0 {
        return Err(VlanError::Untagged);
    }
    if of_parent.is_none_or(|parent| parent.fabric != vlan.fabric) {
        return Err(VlanError::OtherFabric);
    }
    Ok(())
}

/// Whether interfaces of a machine in that status may be changed; of a deployed one, only what follows a repair.
#[must_use]
pub const fn may_change(status: Status) -> bool {
    matches!(
        status,
        Status::New | Status::Ready | Status::FailedTesting | Status::Allocated | Status::Broken
    )
}

/// Whether the network of a machine in that status may be restored as commissioning found it.
#[must_use]
pub const fn may_restore(status: Status) -> bool {
    matches!(status, Status::Ready | Status::FailedTesting)
}
