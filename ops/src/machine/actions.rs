//! What users do with a machine: commission, allocate, deploy, release and the rest. Each is one
//! transaction that begins with the caller's permission. What a machine's status does not allow is refused
//! in MAAS's words.

use std::collections::BTreeMap;

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::event::EventLevel;
use model::id::SystemId;
use model::machine::erasure::ErasureRequest;
use model::machine::interface::bridge::Bridge;
use model::machine::lifecycle::{Event, Kept};
use model::machine::power::{PowerAction, PowerState};
use model::machine::status::Status;
use model::machine::storage::Drives;
use model::machine::{Deployment, Machine};
use model::secret::SecretBytes;

use crate::authorize::{author, cause};
use crate::error::Refusal;
use crate::image::boot_resources::{self, WantedImage};
use crate::machine::in_memory;
use crate::machine::interfaces::bridges;
use crate::machine::machines;
use crate::machine::placement;
use crate::machine::release::{self, Given};
use crate::machine::step::{self, Author, StepError};
use crate::power;
use crate::site::events::{self, NewEvent};
use tables::error::TableError;
use tables::tx::Tx;
use tables::update::Tables;

/// The cluster version from which on machines are in rescue mode.
const RESCUE_SINCE: u32 = 6;

/// The cluster version from which on commissioning may leave things as they are.
const KEPT_SINCE: u32 = 9;

/// What owners may have done.
const OPERATE: Permission = Permission::OperateMachine;

/// What only administrators may have done.
const COMMISSION: Permission = Permission::CommissionMachine;

/// What owners may have done, and nobody else to a machine that is free.
const INTERRUPT: Permission = Permission::InterruptMachine;

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
    /// What bridges are made of over its interfaces, if they are wanted.
    pub bridges: Option<Bridge>,
    /// Whether it runs in memory, and nothing on the disks is touched.
    pub in_memory: bool,
}

impl MachineCommands<'_> {
    /// Starts commissioning, which leaves some things as they are.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn commission(&self, keeps: Kept) -> Result<Machine, Refusal> {
        self.update(COMMISSION, "machine.commission", |tx, machine| {
            if !keeps.is_nothing() && tx.cluster_version() < KEPT_SINCE {
                let message = "Not all regions know yet how to keep storage and networking: upgrade them first.";
                return Err(conflict(message));
            }
            let event = Event::Commission { keeps };
            step::advance(tx, machine, &event, author(self.actor)).map_err(|error| {
                of_status(error, || {
                    let message =
                        "Commission is not available because of the current state of the node.";
                    Refusal::field("__all__", message)
                })
            })
        })
        .await
    }

    /// Ends what is under way.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn abort(&self) -> Result<Machine, Refusal> {
        self.step(INTERRUPT, "machine.abort", Event::Abort, |id, status| {
            let name = status.name();
            conflict(format!("Cannot abort in current state: node {id} is in state {name}."))
        })
        .await
    }

    /// Takes it out of use.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn mark_broken(&self, message: String) -> Result<Machine, Refusal> {
        let event = Event::MarkBroken { message };
        self.step(INTERRUPT, "machine.mark_broken", event, |_, status| {
            no_transition(status, Status::Broken)
        })
        .await
    }

    /// Puts it back into use.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn mark_fixed(&self) -> Result<Machine, Refusal> {
        self.step(COMMISSION, "machine.mark_fixed", Event::MarkFixed, |_, _| {
            conflict("Can't mark a non-broken node as 'Ready'.")
        })
        .await
    }

    /// Has it boot the ephemeral OS, in which its owner and the actor can log in. What it was is kept.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn enter_rescue_mode(&self) -> Result<Machine, Refusal> {
        let user = self.actor.user(COMMISSION)?.id;
        self.update(COMMISSION, "machine.rescue_mode", |tx, machine| {
            if tx.cluster_version() < RESCUE_SINCE {
                let message = "Not all regions know rescue mode yet: upgrade them first.";
                return Err(conflict(message));
            }
            let status = Status::of(&machine.lifecycle);
            // One that nobody can ask is taken for one that runs.
            let was_on = machine.power.state != PowerState::Off;
            let event = Event::EnterRescue { was_on, user };
            step::advance(tx, machine, &event, author(self.actor)).map_err(|error| {
                of_status(error, || no_transition(status, Status::EnteringRescueMode))
            })
        })
        .await
    }

    /// Has it go back to what it was before rescue mode.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn exit_rescue_mode(&self) -> Result<Machine, Refusal> {
        self.step(COMMISSION, "machine.exit_rescue_mode", Event::ExitRescue, |_, status| {
            no_transition(status, Status::ExitingRescueMode)
        })
        .await
    }

    /// Puts it into use although its tests failed.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn override_failed_testing(&self) -> Result<Machine, Refusal> {
        let event = Event::OverrideFailedTesting;
        self.step(COMMISSION, "machine.override_failed_testing", event, |_, _| {
            conflict("Unable to override node status. Node is not in 'Failed testing' status.")
        })
        .await
    }

    /// Notes things on it for its owner, who acts; an empty value takes a note away.
    ///
    /// # Errors
    /// [`Refusal::Message`] for somebody else, and for keys that cannot be.
    pub async fn annotate(&self, notes: &BTreeMap<String, String>) -> Result<Machine, Refusal> {
        let user = self.actor.user(OPERATE)?;
        self.update(OPERATE, "machine.annotate", |tx, machine| {
            if machine.placement.owner != Some(user.id) {
                let message = "Cannot set workload annotation: it hasn't been acquired.";
                return Err(conflict(message));
            }
            let set = machine.placement.annotations.set(notes);
            set.map_err(|error| Refusal::with_message(Kind::Invalid, error.to_string()))?;
            Ok(step::write(tx, machine)?)
        })
        .await
    }

    /// Gives it back. Its disks are erased if that is wanted, or the site wants it always. A machine
    /// that is free already stays as it is, and so does one that is being given back.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn release(&self, wanted: ErasureRequest) -> Result<Machine, Refusal> {
        self.update(OPERATE, "machine.release", |tx, machine| {
            let status = Status::of(&machine.lifecycle);
            if matches!(status, Status::Ready | Status::Releasing | Status::DiskErasing) {
                return Ok(());
            }
            match release::give_back(tx, machine, wanted, author(self.actor))? {
                Given::Back => Ok(()),
                Given::NotInItsStatus => {
                    let name = status.name();
                    let said =
                        format!("Machine cannot be released in its current state ('{name}').");
                    Err(conflict(said))
                }
            }
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
            if machine.placement.owner.is_none() {
                placement::give_to(tx, user.id)?;
                machine.placement.owner = Some(user.id);
                machine.placement.annotations.clear();
            }
            self.start_deployment(tx, machine, request)
        })
        .await
    }

    /// Locks or unlocks it: with a locked machine nothing is done but reading and unlocking.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn set_locked(&self, locked: bool) -> Result<Machine, Refusal> {
        let reason = if locked { "machine.lock" } else { "machine.unlock" };
        self.update(Permission::LockMachine, reason, |tx, machine| {
            let status = Status::of(&machine.lifecycle);
            match (machine.placement.locked, locked) {
                (true, true) => return Err(conflict("Machine is already locked")),
                (false, false) => return Err(conflict("Machine is not locked")),
                (true, false) | (false, true) => {}
            }
            if locked && !matches!(status, Status::Deployed | Status::Deploying) {
                return Err(conflict("Can't lock, machine is not deployed or deploying."));
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
            if action == PowerAction::On && machine.placement.owner.is_none() {
                return Err(conflict("Can't start node: it hasn't been allocated."));
            }
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
            let name = status.name();
            return Err(conflict(format!("Can't deploy a machine that is in the '{name}' state")));
        }
        let image = boot_resources::deployable(tx, machine, &request.image)?;
        if request.in_memory {
            in_memory::check(tx, machine, &image)?;
        } else {
            let issues = Drives::of(machine).issues(&image.osystem);
            if !issues.is_empty() {
                let mut errors = FieldErrors::default();
                machines::add_all(&mut errors, "storage", issues);
                return Err(errors.into());
            }
        }
        machine.deployment = Some(Deployment { user_data: request.user_data.clone(), ..image });
        if let Some(agent_name) = &request.agent_name {
            machine.placement.agent_name.clone_from(agent_name);
        }
        if let Some(bridge) = request.bridges {
            bridges::make(tx, machine, bridge)?;
        }
        let event = Event::Deploy { in_memory: request.in_memory };
        Ok(step::advance(tx, machine, &event, author(self.actor))?)
    }

    /// One event; `refused` says what is told where the status does not allow it.
    async fn step(
        &self,
        needed: Permission,
        reason: &'static str,
        event: Event,
        refused: impl Fn(&SystemId, Status) -> Refusal,
    ) -> Result<Machine, Refusal> {
        self.update(needed, reason, |tx, machine| {
            let status = Status::of(&machine.lifecycle);
            step::advance(tx, machine, &event, author(self.actor))
                .map_err(|error| of_status(error, || refused(self.machine, status)))
        })
        .await
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
                permits(self.actor, needed, &Object::of(&machine))?;
                change(tx, &mut machine)?;
                record_comment(tx, &machine, reason, self.comment, author(self.actor))?;
                Ok(machine)
            })
            .await
    }
}

/// An event with a comment, if there is one, named for what was asked for.
pub(crate) fn record_comment(
    tx: &mut Tx,
    machine: &Machine,
    reason: &'static str,
    comment: Option<&str>,
    author: Author<'_>,
) -> Result<(), TableError> {
    let Some(comment) = comment else { return Ok(()) };
    let kind = match reason {
        "machine.deploy" => "User starting deployment",
        "machine.release" => "User releasing node",
        "machine.mark_broken" => "User marking node broken",
        "machine.mark_fixed" => "User marking node fixed",
        "machine.override_failed_testing" => "User overrode 'Failed testing' status",
        "machine.lock" => "User locking node",
        "machine.unlock" => "User unlocking node",
        "machine.power_on" => "User powering up node",
        "machine.power_off" => "User powering down node",
        _ => "User aborting node operation",
    };
    let (level, description) = (EventLevel::Info, comment.to_owned());
    events::record(tx, machine, NewEvent { kind, level, description }, author)
}

/// What is told where the lifecycle refuses an event; other failures are what they are.
pub(crate) fn of_status(error: StepError, refused: impl FnOnce() -> Refusal) -> Refusal {
    if matches!(error, StepError::Refused { .. }) { refused() } else { error.into() }
}

fn no_transition(from: Status, to: Status) -> Refusal {
    conflict(format!("Invalid transition: {} -> {}.", from.name(), to.name()))
}

fn conflict(message: impl Into<String>) -> Refusal {
    Refusal::with_message(Kind::Conflict, message)
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
