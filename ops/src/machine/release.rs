//! Giving a machine back: how its disks are erased first, by what is asked for and what the site has set.

use model::error::Kind;
use model::event::EventLevel;
use model::machine::Machine;
use model::machine::erasure::{Erasure, ErasureRequest, NothingErased, SiteErasure};
use model::machine::lifecycle::Event;
use model::setting::typed::{
    DISK_ERASE_WITH_QUICK_ERASE, DISK_ERASE_WITH_SECURE_ERASE, ENABLE_DISK_ERASING_ON_RELEASE,
};
use tables::error::TableError;
use tables::tx::Tx;

use crate::error::Refusal;
use crate::machine::step::{self, Author, StepError};
use crate::site::events::{self, NewEvent};
use crate::site::settings;

/// The cluster version from which on all regions know more ways to erase than the quick one.
const WAYS_SINCE: u32 = 9;

/// What became of a machine that was to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// It is on its way.
    Back,
    /// Nothing: its status does not allow it.
    NotInItsStatus,
}

/// Takes a machine back; an event says how its disks are erased, if they are.
///
/// # Errors
/// [`Refusal`], when a way to erase is asked for and nothing is erased, or not all regions know that way yet.
pub(crate) fn give_back(
    tx: &mut Tx,
    machine: &mut Machine,
    wanted: ErasureRequest,
    author: Author<'_>,
) -> Result<Given, Refusal> {
    let erase = wanted.decide(of_site(tx)?)?;
    if erase.is_some_and(|erasure| erasure != Erasure::QUICK) && tx.cluster_version() < WAYS_SINCE {
        let message = "Not all regions know other ways to erase disks than `quick_erase=true` with `secure_erase=false` yet: upgrade them first.";
        return Err(Refusal::with_message(Kind::Conflict, message));
    }
    match step::advance(tx, machine, &Event::Release { erase }, author) {
        Ok(()) => {}
        Err(StepError::Refused { .. }) => return Ok(Given::NotInItsStatus),
        Err(error) => return Err(error.into()),
    }
    if let Some(erasure) = erase {
        let (kind, description) = ("User erasing disk", erasure.told().to_owned());
        let event = NewEvent { kind, level: EventLevel::Info, description };
        events::record(tx, machine, event, author)?;
    }
    Ok(Given::Back)
}

/// What the site has set of erasing.
fn of_site(tx: &Tx) -> Result<SiteErasure, TableError> {
    Ok(SiteErasure {
        always: settings::read(tx, &ENABLE_DISK_ERASING_ON_RELEASE)?,
        secure: settings::read(tx, &DISK_ERASE_WITH_SECURE_ERASE)?,
        quick: settings::read(tx, &DISK_ERASE_WITH_QUICK_ERASE)?,
    })
}

impl From<NothingErased> for Refusal {
    fn from(error: NothingErased) -> Self {
        let message = "Nothing is erased without `erase`: send that as well.";
        Self::field(error.field, message)
    }
}
