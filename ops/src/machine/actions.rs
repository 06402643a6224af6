//! What users do with a machine: commission, allocate, deploy, release and the rest. Each is one
//! transaction that begins with the caller's permission.

use model::error::Kind;
use model::id::SystemId;
use model::machine::lifecycle::Event;
use model::machine::power::PowerAction;
use model::machine::status::Status;
use model::machine::{Deployment, Machine};
use model::secret::SecretBytes;
use model::setting::typed::ENABLE_DISK_ERASING_ON_RELEASE;
use model::user::User;

use crate::error::Refusal;
use crate::image::boot_resources::{self, WantedImage};
use crate::machine::step::{self, Author};
use crate::power;
use crate::site::settings;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

/// What a caller needs to be to do something with a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permission {
    /// A superuser.
    Admin,
    /// Its owner, or a superuser.
    Edit,
}

/// A user who acts on one machine.
#[derive(Debug, Clone, Copy)]
pub struct Acting<'a> {
    /// The replicated objects.
    pub tables: &'a Tables,
    /// Who and why, for the history.
    pub cause: &'a Cause,
    /// The user.
    pub user: &'a User,
    /// The machine.
    pub machine: &'a SystemId,
}

/// How to deploy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeployRequest {
    /// The operating system and release, as MAAS's `osystem` and `distro_series` name them.
    pub image: WantedImage,
    /// cloud-init user data.
    pub user_data: Option<SecretBytes>,
    /// What the owner's software calls itself.
    pub agent_name: Option<String>,
}

impl Acting<'_> {
    /// Starts commissioning.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn commission(&self) -> Result<Machine, Refusal> {
        self.step(Permission::Admin, Event::Commission).await
    }

    /// Ends what is under way.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn abort(&self) -> Result<Machine, Refusal> {
        self.step(Permission::Edit, Event::Abort).await
    }

    /// Takes it out of use.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn mark_broken(&self, message: String) -> Result<Machine, Refusal> {
        self.step(Permission::Edit, Event::MarkBroken { message }).await
    }

    /// Puts it back into use.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn mark_fixed(&self) -> Result<Machine, Refusal> {
        self.step(Permission::Admin, Event::MarkFixed).await
    }

    /// Gives it back. Its disks are erased if that is wanted, or the site wants it always. A machine
    /// that is free already stays as it is.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn release(&self, erase: bool) -> Result<Machine, Refusal> {
        self.update(Permission::Edit, |tx, machine| {
            let status = Status::of(&machine.lifecycle);
            if matches!(status, Status::Ready | Status::Releasing | Status::DiskErasing) {
                return Ok(());
            }
            self.unlocked(machine)?;
            let erase = erase || settings::read(tx, &ENABLE_DISK_ERASING_ON_RELEASE)?;
            self.advance(tx, machine, &Event::Release { erase })
        })
        .await
    }

    /// Installs an operating system; a free machine is allocated by it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn deploy(&self, request: &DeployRequest) -> Result<Machine, Refusal> {
        let may = Permission::Edit;
        self.update(may, |tx, machine| self.start_deployment(tx, machine, request)).await
    }

    /// Locks or unlocks it: a locked machine is not released, deleted or edited.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn set_locked(&self, locked: bool) -> Result<Machine, Refusal> {
        self.update(Permission::Edit, |tx, machine| {
            let status = Status::of(&machine.lifecycle);
            if locked && !matches!(status, Status::Deployed | Status::Deploying) {
                let message = "Can't lock, machine is not deployed or deploying.";
                return Err(Refusal::said(Kind::Conflict, message));
            }
            machine.placement.locked = locked;
            Ok(step::write(tx, machine)?)
        })
        .await
    }

    /// Switches it on or off, whatever it boots.
    ///
    /// # Errors
    /// [`Refusal::Said`] when nobody can switch it.
    pub async fn switch(&self, action: PowerAction) -> Result<Machine, Refusal> {
        self.update(Permission::Edit, |tx, machine| {
            if power::request(tx, machine, action)? {
                return Ok(());
            }
            let driver = machine.power.driver.clone();
            let hostname = machine.hostname.clone();
            Err(power::PowerError::NotSwitchable { hostname, driver }.into())
        })
        .await
    }

    fn start_deployment(
        &self,
        tx: &mut Tx,
        machine: &mut Machine,
        request: &DeployRequest,
    ) -> Result<(), Refusal> {
        let status = Status::of(&machine.lifecycle);
        if !matches!(status, Status::Ready | Status::Allocated) {
            let message = "Can't start node: it hasn't been allocated.";
            return Err(Refusal::said(Kind::Conflict, message));
        }
        if !machine.block_devices.iter().any(|disk| disk.boot) {
            let message = format!("machine {} has no disk to deploy to", machine.hostname);
            return Err(Refusal::said(Kind::Conflict, message));
        }
        let image = boot_resources::deployable(tx, machine, &request.image)?;
        machine.deployment = Some(Deployment { user_data: request.user_data.clone(), ..image });
        machine.placement.owner.get_or_insert(self.user.id);
        if let Some(agent_name) = &request.agent_name {
            machine.placement.agent_name.clone_from(agent_name);
        }
        self.advance(tx, machine, &Event::Deploy)
    }

    async fn step(&self, needed: Permission, event: Event) -> Result<Machine, Refusal> {
        self.update(needed, |tx, machine| self.advance(tx, machine, &event)).await
    }

    async fn update(
        &self,
        needed: Permission,
        change: impl Fn(&mut Tx, &mut Machine) -> Result<(), Refusal>,
    ) -> Result<Machine, Refusal> {
        self.tables
            .update(self.cause, |tx| {
                let mut machine = tx
                    .get::<Machine>(self.machine)?
                    .ok_or(Refusal::NotFound { model: "Machine" })?;
                self.permitted(needed, &machine)?;
                change(tx, &mut machine)?;
                Ok(machine)
            })
            .await
    }

    fn advance(&self, tx: &mut Tx, machine: &mut Machine, event: &Event) -> Result<(), Refusal> {
        let author = Author::User(&self.user.username);
        Ok(step::advance(tx, machine, event, author)?)
    }

    /// MAAS answers a missing permission on an object with an empty 403.
    fn permitted(&self, needed: Permission, machine: &Machine) -> Result<(), Refusal> {
        let owns = machine.placement.owner == Some(self.user.id);
        let free = machine.placement.owner.is_none();
        let may = match needed {
            Permission::Admin => self.user.is_superuser,
            Permission::Edit => self.user.is_superuser || owns || free,
        };
        if may { Ok(()) } else { Err(Refusal::said(Kind::Forbidden, "")) }
    }

    fn unlocked(&self, machine: &Machine) -> Result<(), Refusal> {
        if machine.placement.locked {
            return Err(Refusal::said(Kind::Forbidden, ""));
        }
        Ok(())
    }
}

impl From<power::PowerError> for Refusal {
    fn from(error: power::PowerError) -> Self {
        match error {
            power::PowerError::NoMachine => Self::NotFound { model: "Machine" },
            power::PowerError::Table(error) => Self::Tables(error),
            error @ (power::PowerError::NotSwitchable { .. } | power::PowerError::Step(_)) => {
                Self::said(error.kind(), error.to_string())
            }
        }
    }
}
