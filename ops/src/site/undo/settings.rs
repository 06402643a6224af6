//! Settings, package repositories and messages.

use model::access::{Actor, Permission};
use model::notification::{Dismissal, Notification};
use model::package_repository::PackageRepository;
use model::setting::Setting;
use tables::tx::Tx;

use crate::access::belongings;
use crate::error::Refusal;
use crate::machine::placement;
use crate::site::undo::kind::{Kind, present};
use crate::site::{packagerepositories, settings};

impl Kind for Setting {
    const NAME: &'static str = "setting";
    const PERMISSION: Permission = Permission::ManageSettings;

    fn label(&self) -> String {
        self.name.clone()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        settings::known(&self.name)?;
        self.precede(tx)?;
        tx.delete::<Self>(&self.name)?;
        Ok(())
    }

    fn precede(&self, tx: &mut Tx) -> Result<(), Refusal> {
        settings::precede(tx, &self.name)
    }

    fn check(&self, tx: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        settings::check_row(tx, self)
    }
}

impl Kind for PackageRepository {
    const NAME: &'static str = "package repository";
    const PERMISSION: Permission = Permission::ManageSettings;

    fn label(&self) -> String {
        self.name.clone()
    }

    /// The archives of Ubuntu are what they come as when nothing is stored of them.
    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        tx.delete::<Self>(&self.id)?;
        packagerepositories::check_names(tx)
    }

    fn check(&self, tx: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        packagerepositories::check_names(tx)
    }
}

impl Kind for Notification {
    const NAME: &'static str = "notification";
    const PERMISSION: Permission = Permission::ManageNotifications;

    fn label(&self) -> String {
        self.id.to_string()
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        Ok(belongings::remove_notification(tx, self.id)?)
    }

    fn check(&self, tx: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        self.user.map_or(Ok(()), |user| placement::give_to(tx, user))
    }
}

impl Kind for Dismissal {
    const NAME: &'static str = "dismissal";
    const PERMISSION: Permission = Permission::ManageNotifications;

    fn label(&self) -> String {
        format!("of notification {}", self.notification)
    }

    fn remove(&self, tx: &mut Tx, _: &Actor) -> Result<(), Refusal> {
        tx.delete::<Self>(&(self.notification, self.user))?;
        Ok(())
    }

    fn check(&self, tx: &mut Tx, _: &Actor, _: Option<&Self>) -> Result<(), Refusal> {
        present::<Notification>(tx, &self.notification, "notification")?;
        placement::give_to(tx, self.user)
    }
}
