//! What belongs to a user, and goes to another one when the user is deleted: machines, reserved addresses, IP ranges.

use model::error::Kind;
use model::id::{SystemId, UserId};
use model::machine::Machine;
use model::net::iprange::IpRange;
use model::net::reserved::ReservedAddress;

use crate::error::Refusal;
use crate::machine::placement;
use tables::read::Reads;
use tables::tx::Tx;
use tables::views::machines::MachineKey;

/// What a user has. Who gets something marks it, and this depends on that mark, so nothing is missed.
#[derive(Debug)]
pub(super) struct Owned {
    machines: Vec<SystemId>,
    addresses: Vec<ReservedAddress>,
    ranges: Vec<IpRange>,
}

impl Owned {
    /// Users are deleted seldom, so their addresses are looked for among all.
    ///
    /// # Errors
    /// [`Refusal::Tables`].
    pub(super) fn of(tx: &Tx, user: UserId) -> Result<Self, Refusal> {
        let mut addresses = tx.list::<ReservedAddress>()?;
        addresses.retain(|address| address.user == user);
        let mut ranges = tx.list::<IpRange>()?;
        ranges.retain(|range| range.user == Some(user));
        Ok(Self { machines: tx.state().ids_with(&MachineKey::Owner(user)), addresses, ranges })
    }

    /// Fails when there is anything.
    ///
    /// # Errors
    /// [`Refusal::Message`] (400), which counts it as MAAS does.
    pub(super) fn refuse(&self, username: &str) -> Result<(), Refusal> {
        let counts = [
            (self.addresses.len(), "static IP address(es)"),
            (self.ranges.len(), "IP range(s)"),
            (self.machines.len(), "node(s)"),
        ];
        let said: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if said.is_empty() {
            return Ok(());
        }
        let said = said.join(", ");
        let message = format!("User {username} cannot be deleted: {said} are still allocated");
        Err(Refusal::with_message(Kind::Invalid, message))
    }

    /// Gives it to another user.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when that one is gone.
    pub(super) fn give(self, tx: &mut Tx, heir: UserId) -> Result<(), Refusal> {
        placement::keep_user(tx, heir)?;
        for id in self.machines {
            let Some(mut machine) = tx.get::<Machine>(&id)? else { continue };
            machine.placement.owner = Some(heir);
            tx.put(&machine)?;
        }
        for address in self.addresses {
            tx.put(&ReservedAddress { user: heir, ..address })?;
        }
        for range in self.ranges {
            tx.put(&IpRange { user: Some(heir), ..range })?;
        }
        Ok(())
    }
}
