//! The racks of VLANs: which may be named to serve one.

use std::collections::BTreeSet;

use api::field_errors::FieldErrors;
use model::controller::RackController;
use model::id::SystemId;
use model::net::vlan::{FURTHER_RACKS_MAX, NamedRacks, RacksError, Vlan};
use tables::read::Reads;
use tables::tx::Tx;

use crate::error::{NO_CHOICE, Refusal};

const FURTHER: &str = "further_racks";

/// The cluster version from which on a VLAN may have more than two racks. A region of a version before would tell its racks of two
/// alone, and these would answer clients of the others.
const SINCE: u32 = 9;

/// Which racks are to serve a VLAN, by id or name; what is absent stays.
#[derive(Debug, Clone, Copy)]
pub(super) struct WantedRacks<'a> {
    /// One of them.
    pub(super) primary: Option<&'a str>,
    /// Another one.
    pub(super) secondary: Option<&'a str>,
    /// All beside those two.
    pub(super) further: Option<&'a [String]>,
}

/// Has other racks serve a VLAN. They are judged together: one that is alone is the primary.
///
/// # Errors
/// [`Refusal::Tables`].
pub(super) fn set(
    tx: &Tx,
    vlan: &mut Vlan,
    wanted: WantedRacks<'_>,
    errors: &mut FieldErrors,
) -> Result<(), Refusal> {
    let before = vlan.clone();
    let named = NamedRacks {
        primary: one(tx, "primary_rack", wanted.primary, errors)?,
        secondary: one(tx, "secondary_rack", wanted.secondary, errors)?,
        further: further(tx, wanted.further, errors)?,
    };
    match vlan.name_racks(named) {
        Ok(()) => {}
        Err(RacksError::PrimaryIsSecondary) => {
            errors.add("__all__", "The primary and secondary rack must be different");
            if let Some(said) = wanted.secondary.or(wanted.primary) {
                errors.add("__all__", format!("(both are {said})"));
            }
        }
        Err(RacksError::NamedTwice(id)) => {
            let name = tx.get::<RackController>(&id)?.map(|rack| rack.hostname);
            let name = name.unwrap_or_else(|| id.to_string());
            let message =
                format!("Rack {name} is named twice: the racks of a VLAN must be different.");
            errors.add(FURTHER, message);
        }
        Err(RacksError::TooMany) => {
            errors.add(FURTHER, format!("A VLAN has {FURTHER_RACKS_MAX} further racks at most."));
        }
    }
    if vlan.further_racks.is_empty() || vlan.racks().eq(before.racks()) {
        return Ok(());
    }
    check_versions(tx, vlan, errors)
}

/// The rack of a field that was said; none where the field is empty. Of one that is not there, nothing is said.
fn one(
    tx: &Tx,
    field: &str,
    text: Option<&str>,
    errors: &mut FieldErrors,
) -> Result<Option<Option<SystemId>>, Refusal> {
    match text {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(text) => {
            let found = rack(tx, text)?;
            if found.is_none() {
                errors.add(field, NO_CHOICE);
            }
            Ok(found.map(Some))
        }
    }
}

fn further(
    tx: &Tx,
    wanted: Option<&[String]>,
    errors: &mut FieldErrors,
) -> Result<Option<Vec<SystemId>>, Refusal> {
    let Some(texts) = wanted else { return Ok(None) };
    let mut racks = Vec::with_capacity(texts.len());
    for text in texts {
        match rack(tx, text)? {
            Some(id) => racks.push(id),
            None => {
                let message =
                    format!("Select a valid choice. {text} is not one of the available choices.");
                errors.add(FURTHER, message);
            }
        }
    }
    Ok(Some(racks))
}

/// A rack by its id or name.
fn rack(tx: &Tx, text: &str) -> Result<Option<SystemId>, Refusal> {
    let by_id = match text.parse::<SystemId>() {
        Ok(id) => tx.get::<RackController>(&id)?,
        Err(_) => None,
    };
    if let Some(rack) = by_id {
        return Ok(Some(rack.system_id));
    }
    let mut all = tx.list::<RackController>()?.into_iter();
    Ok(all.find(|rack| rack.hostname == text).map(|rack| rack.system_id))
}

/// All that decide who of the racks answers a client have to know of all of them.
fn check_versions(tx: &Tx, vlan: &Vlan, errors: &mut FieldErrors) -> Result<(), Refusal> {
    if tx.cluster_version() < SINCE {
        errors.add(FURTHER, "Not all regions know it yet: upgrade them first.");
    }
    let of_vlan: BTreeSet<&SystemId> = vlan.racks().collect();
    for id in of_vlan {
        let rack = tx.get::<RackController>(id)?;
        if let Some(rack) = rack.filter(|rack| !rack.knows_further_racks()) {
            let message = format!(
                "Rack {} is of a version that knows two racks of a VLAN only, or was never connected: upgrade and start it first.",
                rack.hostname
            );
            errors.add(FURTHER, message);
        }
    }
    Ok(())
}
