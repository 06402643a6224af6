//! What users do with a machine: commission, allocate, deploy, release and the rest. Each is one
//! transaction that begins with the caller's permission.

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::event::EventLevel;
use model::id::SystemId;
use model::machine::lifecycle::Event;
use model::machine::power::PowerAction;
use model::machine::status::Status;
use model::machine::{Deployment, Machine};
use model::secret::SecretBytes;
use model::setting::typed::ENABLE_DISK_ERASING_ON_RELEASE;

use crate::authorize::{author, cause};
use crate::error::Refusal;
use crate::image::boot_resources::{self, WantedImage};
use crate::machine::machines;
use crate::machine::step;
use crate::power;
use crate::site::events::{self, NewEvent};
use crate::site::settings;
use tables::tx::Tx;
use tables::update::Tables;

/// What owners may have done.
const OPERATE: Permission = Permission::OperateMachine;

/// What only administrators may have done.
const COMMISSION: Permission = Permission::CommissionMachine;

/// What an actor can have done to one machine.
#[derive(Debug, Clone, Copy)]
pub struct MachineCommands<'a> {
    /// The replicated objects.
    pub tables: &'a Tables,
    /// Who acts.
    pub actor: &'a Actor,
    /// The machine.
    pub machine: &'a SystemId,
    /// Why, in the actor's words; an event says it.
    pub comment: Option<&'a str>,
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

impl MachineCommands<'_> {
    /// Starts commissioning.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn commission(&self) -> Result<Machine, Refusal> {
        self.step(COMMISSION, "machine.commission", Event::Commission).await
    }

    /// Ends what is under way.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn abort(&self) -> Result<Machine, Refusal> {
        self.step(OPERATE, "machine.abort", Event::Abort).await
    }

    /// Takes it out of use.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn mark_broken(&self, message: String) -> Result<Machine, Refusal> {
        self.step(OPERATE, "machine.mark_broken", Event::MarkBroken { message }).await
    }

    /// Puts it back into use.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn mark_fixed(&self) -> Result<Machine, Refusal> {
        self.step(COMMISSION, "machine.mark_fixed", Event::MarkFixed).await
    }

    /// Gives it back. Its disks are erased if that is wanted, or the site wants it always. A machine
    /// that is free already stays as it is.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn release(&self, erase: bool) -> Result<Machine, Refusal> {
        self.update(OPERATE, "machine.release", |tx, machine| {
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
        let user = self.actor.user(OPERATE)?;
        self.update(OPERATE, "machine.deploy", |tx, machine| {
            machine.placement.owner.get_or_insert(user.id);
            self.start_deployment(tx, machine, request)
        })
        .await
    }

    /// Locks or unlocks it: a locked machine is not released, deleted or edited.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn set_locked(&self, locked: bool) -> Result<Machine, Refusal> {
        let reason = if locked { "machine.lock" } else { "machine.unlock" };
        self.update(OPERATE, reason, |tx, machine| {
            let status = Status::of(&machine.lifecycle);
            if locked && !matches!(status, Status::Deployed | Status::Deploying) {
                let message = "Can't lock, machine is not deployed or deploying.";
                return Err(Refusal::with_message(Kind::Conflict, message));
            }
            machine.placement.locked = locked;
            Ok(step::write(tx, machine)?)
        })
        .await
    }

    /// Switches it on or off, whatever it boots.
    ///
    /// # Errors
    /// [`Refusal::Message`] when nobody can switch it.
    pub async fn switch(&self, action: PowerAction) -> Result<Machine, Refusal> {
        let reason = match action {
            PowerAction::On | PowerAction::NetworkBoot => "machine.power_on",
            PowerAction::Off => "machine.power_off",
            PowerAction::Query => "machine.query_power_state",
        };
        self.update(OPERATE, reason, |tx, machine| {
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
            let message =
                format!("Can't deploy a machine that is in the '{}' state", status.name());
            return Err(Refusal::with_message(Kind::Conflict, message));
        }
        if !machine.block_devices.iter().any(|disk| disk.boot) {
            let message = format!("machine {} has no disk to deploy to", machine.hostname);
            return Err(Refusal::with_message(Kind::Conflict, message));
        }
        let image = boot_resources::deployable(tx, machine, &request.image)?;
        machine.deployment = Some(Deployment { user_data: request.user_data.clone(), ..image });
        if let Some(agent_name) = &request.agent_name {
            machine.placement.agent_name.clone_from(agent_name);
        }
        self.advance(tx, machine, &Event::Deploy)
    }

    async fn step(
        &self,
        needed: Permission,
        reason: &'static str,
        event: Event,
    ) -> Result<Machine, Refusal> {
        self.update(needed, reason, |tx, machine| self.advance(tx, machine, &event)).await
    }

    async fn update(
        &self,
        needed: Permission,
        reason: &'static str,
        change: impl Fn(&mut Tx, &mut Machine) -> Result<(), Refusal>,
    ) -> Result<Machine, Refusal> {
        let cause = cause(self.actor, reason);
        self.tables
            .update(&cause, |tx| {
                let mut machine = machines::find(tx, self.machine)?;
                let object = Object::Machine { id: self.machine, owner: machine.placement.owner };
                permits(self.actor, needed, &object)?;
                change(tx, &mut machine)?;
                self.record_comment(tx, &machine, reason)?;
                Ok(machine)
            })
            .await
    }

    fn advance(&self, tx: &mut Tx, machine: &mut Machine, event: &Event) -> Result<(), Refusal> {
        Ok(step::advance(tx, machine, event, author(self.actor))?)
    }

    /// An event with the comment, named for what was asked for.
    fn record_comment(
        &self,
        tx: &mut Tx,
        machine: &Machine,
        reason: &'static str,
    ) -> Result<(), Refusal> {
        let Some(comment) = self.comment else { return Ok(()) };
        let kind = match reason {
            "machine.deploy" => "User starting deployment",
            "machine.release" => "User releasing node",
            "machine.mark_broken" => "User marking node broken",
            "machine.mark_fixed" => "User marking node fixed",
            "machine.lock" => "User locking node",
            "machine.unlock" => "User unlocking node",
            "machine.power_on" => "User powering up node",
            "machine.power_off" => "User powering down node",
            _ => "User aborting node operation",
        };
        let (level, description) = (EventLevel::Info, comment.to_owned());
        let event = NewEvent { kind, level, description };
        Ok(events::record(tx, machine, event, author(self.actor))?)
    }

    fn unlocked(&self, machine: &Machine) -> Result<(), Refusal> {
        if machine.placement.locked {
            return Err(Refusal::with_message(Kind::Forbidden, ""));
        }
        Ok(())
    }
}

impl From<power::PowerError> for Refusal {
    fn from(error: power::PowerError) -> Self {
        match error {
            power::PowerError::NoMachine => Self::NotFound { model: "Machine" },
            power::PowerError::Denied(denied) => denied.into(),
            power::PowerError::Table(error) => Self::Tables(error),
            error @ (power::PowerError::NotSwitchable { .. }
            | power::PowerError::OtherRack { .. }
            | power::PowerError::Step(_)) => Self::with_message(error.kind(), error.to_string()),
        }
    }
}
