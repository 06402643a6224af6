//! What a user has that must not be lost with it: machines, devices, addresses and IP ranges; and what it has that goes with
//! it: keys, files, messages.

use model::device::Device;
use model::external_identity::ExternalIdentity;
use model::file::{File, FileContent};
use model::id::{IpRangeId, NotificationId, SystemId, UserId};
use model::machine::Machine;
use model::net::iprange::IpRange;
use model::net::reserved::ReservedAddress;
use model::notification::{Dismissal, Notification};
use model::session::Session;
use model::ssl_key::SslKey;
use model::user::ApiToken;
use model::usergroup::Membership;

use crate::access::authorized_keys;
use crate::machine::placement;
use tables::accounts::{IDENTITIES_OF_USER, SESSIONS_OF_USER};
use tables::error::TableError;
use tables::files::FILES_OF_USER;
use tables::notifications::{
    DISMISSALS_OF_NOTIFICATION, DISMISSALS_OF_USER, NOTIFICATIONS_OF_USER,
};
use tables::read::Reads;
use tables::site::{SSLKEYS_OF_USER, TOKENS_OF_USER};
use tables::tx::Tx;
use tables::views::machines::MachineKey;

/// What a user has that others may need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    machines: Vec<SystemId>,
    devices: Vec<SystemId>,
    addresses: Vec<std::net::IpAddr>,
    ranges: Vec<IpRangeId>,
}

impl Resources {
    /// Those of a user, in a transaction that is evaluated again when the user gets more.
    pub(crate) fn of(tx: &Tx, user: UserId) -> Result<Self, TableError> {
        tx.depend_on(&placement::of_owner(user));
        let looking = tx.looking();
        // What a reserved IP is made of is its client's.
        let addresses = looking.list::<ReservedAddress>()?.into_iter();
        let addresses = addresses.filter(|found| found.user == user && found.reserved_ip.is_none());
        let ranges = looking.list::<IpRange>()?.into_iter();
        let ranges = ranges.filter(|range| range.user == Some(user));
        Ok(Self {
            machines: tx.state().ids_with(&MachineKey::Owner(user)),
            devices: tx.state().devices().ids_with(&MachineKey::Owner(user)),
            addresses: addresses.map(|found| found.ip).collect(),
            ranges: ranges.map(|range| range.id).collect(),
        })
    }

    /// How many there are of each kind; none when there is nothing.
    pub(crate) fn summary(&self) -> Option<String> {
        let counts = [
            (self.addresses.len(), "static IP address(es)"),
            (self.ranges.len(), "IP range(s)"),
            (self.machines.len() + self.devices.len(), "node(s)"),
        ];
        let said = counts.iter().filter(|(count, _)| *count > 0);
        let said: Vec<String> = said.map(|(count, kind)| format!("{count} {kind}")).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }

    /// Gives them to another user.
    pub(crate) fn transfer(self, tx: &mut Tx, to: UserId) -> Result<(), TableError> {
        tx.mark(&placement::of_owner(to));
        for id in self.machines {
            if let Some(mut machine) = tx.get::<Machine>(&id)? {
                machine.placement.owner = Some(to);
                tx.put(&machine)?;
            }
        }
        for id in self.devices {
            if let Some(mut device) = tx.get::<Device>(&id)? {
                device.owner = Some(to);
                tx.put(&device)?;
            }
        }
        for ip in self.addresses {
            if let Some(found) = tx.get::<ReservedAddress>(&ip)? {
                tx.put(&ReservedAddress { user: to, ..found })?;
            }
        }
        for id in self.ranges {
            if let Some(range) = tx.get::<IpRange>(&id)? {
                tx.put(&IpRange { user: Some(to), ..range })?;
            }
        }
        Ok(())
    }
}

/// Removes what goes with a user.
pub(crate) fn remove_all(tx: &mut Tx, user: UserId) -> Result<(), TableError> {
    for token in tx.list_by(&TOKENS_OF_USER, &user)? {
        tx.delete::<ApiToken>(&token.key)?;
    }
    authorized_keys::remove_all(tx, user)?;
    tx.delete::<Membership>(&user)?;
    end_sessions(tx, user)?;
    for identity in tx.list_by(&IDENTITIES_OF_USER, &user)? {
        tx.delete::<ExternalIdentity>(&identity.id)?;
    }
    for key in tx.list_by(&SSLKEYS_OF_USER, &user)? {
        tx.delete::<SslKey>(&key.id)?;
    }
    for file in tx.list_by(&FILES_OF_USER, &user)? {
        tx.delete::<FileContent>(&file.id)?;
        tx.delete::<File>(&file.id)?;
    }
    for dismissal in tx.list_by(&DISMISSALS_OF_USER, &user)? {
        tx.delete::<Dismissal>(&(dismissal.notification, user))?;
    }
    for notification in tx.list_by(&NOTIFICATIONS_OF_USER, &user)? {
        remove_notification(tx, notification.id)?;
    }
    Ok(())
}

/// Ends all sessions of a user.
pub(crate) fn end_sessions(tx: &mut Tx, user: UserId) -> Result<(), TableError> {
    for session in tx.list_by(&SESSIONS_OF_USER, &user)? {
        tx.delete::<Session>(&session.id)?;
    }
    Ok(())
}

/// Removes a message with what users did with it.
pub(crate) fn remove_notification(tx: &mut Tx, id: NotificationId) -> Result<(), TableError> {
    for dismissal in tx.list_by(&DISMISSALS_OF_NOTIFICATION, &id)? {
        tx.delete::<Dismissal>(&(id, dismissal.user))?;
    }
    tx.delete::<Notification>(&id)?;
    Ok(())
}
