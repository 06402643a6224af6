//! The agent's conversation: hello enlists or finds the machine, every report moves its lifecycle,
//! and both are answered with what to do next. All of it may be repeated by the agent at will.

use std::collections::BTreeSet;

use api::agent::{BmcAccount, Erasure, Hello, Install, Inventory, Outcome, Report, Welcome, Work};
use model::access::{Actor, Denied, Object, Permission, permits};
use model::error::Kind;
use model::event::EventLevel;
use model::id::{ResourcePoolId, SystemId, UserId};
use model::machine::Machine;
use model::machine::erasure;
use model::machine::lifecycle::{AgentWork, Event, Refusal, agent_work};
use model::machine::secrets::MachineSecrets;
use model::machine::storage::render;
use model::secret::Secret;
use model::setting::typed::MAAS_AUTO_IPMI_USER;

use crate::access::authorized_keys;
use crate::authorize::{authorize, cause};
use crate::machine::credentials::{self, random_text};
use crate::machine::deploy;
use crate::machine::enlist::{self, EnlistError};
use crate::machine::step::{self, Author, StepError};
use crate::machine::{in_memory, kernel_options};
use crate::site::events::{self, NewEvent};
use crate::site::settings;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::tx::Tx;
use tables::update::Tables;

/// IPMI 1.5 takes 16 characters.
const BMC_PASSWORD_LENGTH: usize = 16;

/// How long an idle agent waits before it asks again, in seconds.
const WAIT_SECONDS: u32 = 10;

/// Why an agent gets no work.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The token is not that of the machine's present boot.
    #[error("the token is not valid for machine {machine}")]
    BadToken {
        /// The machine it claims to be.
        machine: String,
    },
    /// It may not do this, for that machine.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// What it said was refused.
    #[error(transparent)]
    Enlist(#[from] EnlistError),
    /// A step failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The tables failed.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl AgentError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::BadToken { .. } => Kind::Unauthenticated,
            Self::Denied(denied) => denied.kind(),
            Self::Enlist(error) => error.kind(),
            Self::Step(error) => error.kind(),
            Self::Table(error) => error.kind(),
        }
    }
}

/// Where the machine reaches its rack: `10.0.0.2:5248`.
pub type RackHost<'a> = &'a str;

/// A machine presents itself from the ephemeral OS.
///
/// # Errors
/// See [`AgentError`].
pub async fn hello(
    tables: &Tables,
    actor: &Actor,
    hello: &Hello,
    rack: RackHost<'_>,
) -> Result<Welcome, AgentError> {
    let cause = authorize(actor, Permission::PresentMachine, "agent.hello")?;
    tables.update(&cause, |tx| take_in_hello(tx, hello, rack)).await
}

/// Who has a token, before the report is read that it is for; none where that is not known yet: a
/// token that a region of the version before gave out names no machine, and is checked with its
/// report.
///
/// # Errors
/// [`AgentError::BadToken`] when it is no machine's.
pub async fn of_token(tables: &Tables, token: &str) -> Result<Option<Actor>, AgentError> {
    if token.is_empty() {
        return Err(AgentError::BadToken { machine: String::new() });
    }
    let Some((machine, _)) = token.split_once('.') else { return Ok(None) };
    let bad_token = || AgentError::BadToken { machine: machine.to_owned() };
    let id: SystemId = machine.parse().map_err(|_| bad_token())?;
    let known = |view: &View| {
        let secrets = view.get::<MachineSecrets>(&id)?;
        Ok::<_, TableError>(secrets.is_some_and(|secrets| is_token(&secrets, token)))
    };
    // Another region may have given it out just now.
    if known(&tables.stale_view().await?)? || known(&tables.view().await?)? {
        return Ok(Some(Actor::Agent(id.to_string())));
    }
    Err(bad_token())
}

fn is_token(secrets: &MachineSecrets, token: &str) -> bool {
    let expected = &secrets.agent_token;
    !expected.is_empty() && expected.matches(token.as_bytes())
}

/// An agent reports on its job.
///
/// # Errors
/// See [`AgentError`].
pub async fn report(
    tables: &Tables,
    actor: &Actor,
    token: &str,
    report: &Report,
    rack: RackHost<'_>,
) -> Result<Welcome, AgentError> {
    let bad_token = || AgentError::BadToken { machine: report.system_id.clone() };
    let id: SystemId = report.system_id.parse().map_err(|_| bad_token())?;
    let pool = ResourcePoolId::default();
    let object = Object::Machine { id: &id, pool, owner: None, locked: false };
    permits(actor, Permission::ReportAsAgent, &object)?;
    let cause = cause(actor, "agent.report");
    tables.update(&cause, |tx| take_in_report(tx, &id, token, report, rack)).await
}

fn take_in_hello(tx: &mut Tx, hello: &Hello, rack: RackHost<'_>) -> Result<Welcome, AgentError> {
    let mut machine = enlist::machine_of_hello(tx, hello)?;
    let boot_mac = hello.boot_mac.parse().ok();
    machine.hardware.firmware = enlist::firmware_of(&hello.firmware);
    machine.hardware.secure_boot = hello.secure_boot;
    if machine.hardware.architecture.is_empty() {
        machine.hardware.architecture.clone_from(&hello.architecture);
    }
    enlist::take_in_interfaces(tx, &mut machine, &hello.interfaces, boot_mac)?;
    step::advance(tx, &mut machine, &Event::AgentStarted, Author::System)?;
    if !hello.erases_as_told {
        refuse_to_erase_otherwise(tx, &mut machine)?;
    }
    let mut secrets = secrets_of(tx, &machine)?;
    match agent_work(&machine.lifecycle) {
        AgentWork::Inventory
        | AgentWork::Install
        | AgentWork::RunInMemory
        | AgentWork::Erase
        | AgentWork::Rescue
        | AgentWork::Wait => {
            // The machine's id makes it possible to check a token by itself.
            secrets.agent_token = format!("{}.{}", machine.system_id, random_text(32)).into();
        }
        // It has no business in the ephemeral OS: no token, only the advice to leave.
        AgentWork::Reboot | AgentWork::PowerOff => secrets.agent_token.clear(),
    }
    tx.put(&secrets)?;
    welcome(tx, &machine, secrets, rack)
}

fn take_in_report(
    tx: &mut Tx,
    id: &SystemId,
    token: &str,
    report: &Report,
    rack: RackHost<'_>,
) -> Result<Welcome, AgentError> {
    let bad_token = || AgentError::BadToken { machine: report.system_id.clone() };
    let mut machine = tx.get::<Machine>(id)?.ok_or_else(bad_token)?;
    let secrets = secrets_of(tx, &machine)?;
    if !is_token(&secrets, token) {
        return Err(bad_token());
    }
    match apply_outcome(tx, &mut machine, report) {
        // A late report of an earlier job: the answer tells the agent its present one.
        Err(AgentError::Step(StepError::Refused {
            refusal: Refusal::StaleJob { .. } | Refusal::WrongStatus { .. } | Refusal::NotDue,
            ..
        })) => {}
        other => other?,
    }
    let secrets = secrets_of(tx, &machine)?;
    welcome(tx, &machine, secrets, rack)
}

fn apply_outcome(tx: &mut Tx, machine: &mut Machine, report: &Report) -> Result<(), AgentError> {
    let job = report.job;
    if job != machine.lifecycle.job {
        return Ok(());
    }
    let event = match &report.outcome {
        Outcome::Progress { message } => Event::Progress { job, message: message.clone() },
        Outcome::Inventory(inventory) => {
            take_in_inventory(tx, machine, inventory)?;
            Event::Inventoried { job }
        }
        Outcome::Installed { log } => {
            enlist::put_output(tx, machine, "install", log)?;
            Event::Installed { job }
        }
        Outcome::Erased { log } => {
            enlist::put_output(tx, machine, "erase", log)?;
            Event::Erased { job }
        }
        Outcome::Failed { message, log } => {
            enlist::put_output(tx, machine, "failed", log)?;
            Event::AgentFailed { job, message: message.clone() }
        }
    };
    let before = machine.lifecycle.progress.clone();
    step::advance(tx, machine, &event, Author::System)?;
    if machine.lifecycle.progress != before && !machine.lifecycle.progress.is_empty() {
        let description = machine.lifecycle.progress.clone();
        let event = NewEvent { kind: "Node progress", level: EventLevel::Debug, description };
        events::record(tx, machine, event, Author::System)?;
    }
    Ok(())
}

/// Only while an inventory is asked for: a repeated report must not overwrite later edits.
fn take_in_inventory(
    tx: &mut Tx,
    machine: &mut Machine,
    inventory: &Inventory,
) -> Result<(), AgentError> {
    if agent_work(&machine.lifecycle) == AgentWork::Inventory {
        enlist::take_in_inventory(tx, machine, inventory)?;
    }
    Ok(())
}

fn secrets_of(tx: &Tx, machine: &Machine) -> Result<MachineSecrets, TableError> {
    let stored = tx.get::<MachineSecrets>(&machine.system_id)?;
    Ok(stored.unwrap_or_else(|| MachineSecrets {
        machine: machine.system_id.clone(),
        agent_token: Secret::default(),
        bmc_password: None,
    }))
}

fn welcome(
    tx: &mut Tx,
    machine: &Machine,
    secrets: MachineSecrets,
    rack: RackHost<'_>,
) -> Result<Welcome, AgentError> {
    let token = secrets.agent_token.clone();
    let work = match agent_work(&machine.lifecycle) {
        AgentWork::Inventory => Work::Inventory { bmc_account: bmc_account(tx, machine, secrets)? },
        AgentWork::Install => install_work(tx, machine, rack)?,
        AgentWork::RunInMemory => in_memory::order(tx, machine, rack)?
            .map_or(Work::PowerOff, |order| Work::RunInMemory(Box::new(order))),
        AgentWork::Erase => erase_work(machine),
        AgentWork::Rescue => {
            Work::Rescue { seconds: WAIT_SECONDS, authorized_keys: keys_to_log_in(tx, machine)? }
        }
        AgentWork::Wait => Work::Wait { seconds: WAIT_SECONDS },
        AgentWork::Reboot => Work::Reboot,
        AgentWork::PowerOff => Work::PowerOff,
    };
    Ok(Welcome {
        system_id: machine.system_id.to_string(),
        hostname: machine.hostname.clone(),
        token,
        job: machine.lifecycle.job,
        work,
    })
}

/// Who may log in to a machine in rescue mode: its owner, and who asked for it.
fn keys_to_log_in(tx: &Tx, machine: &Machine) -> Result<Vec<String>, TableError> {
    let asked = machine.lifecycle.rescue.as_deref().map(|rescue| rescue.user);
    let users: BTreeSet<UserId> = machine.placement.owner.into_iter().chain(asked).collect();
    let lines = users.into_iter().map(|user| authorized_keys::lines(tx, user));
    Ok(lines.collect::<Result<Vec<_>, _>>()?.concat())
}

/// The account the agent shall make. Its password stays the same until it is confirmed, so that
/// a repeated hello does not lock the cluster out of the BMC.
fn bmc_account(
    tx: &mut Tx,
    machine: &Machine,
    secrets: MachineSecrets,
) -> Result<Option<BmcAccount>, TableError> {
    if !machine.power.driver.is_empty() {
        return Ok(None);
    }
    let password = match &secrets.bmc_password {
        Some(password) => password.clone(),
        None => {
            let password = Secret::new(random_text(BMC_PASSWORD_LENGTH));
            tx.put(&MachineSecrets { bmc_password: Some(password.clone()), ..secrets })?;
            password
        }
    };
    Ok(Some(BmcAccount { user: settings::read(tx, &MAAS_AUTO_IPMI_USER)?, password }))
}

fn erase_work(machine: &Machine) -> Work {
    let erasure::Erasure { secure, quick } = erasure_of(machine);
    Work::Erase(Erasure { secure, quick })
}

/// What is not noted was wanted by a version that knew the quick way only.
fn erasure_of(machine: &Machine) -> erasure::Erasure {
    machine.lifecycle.erasure.unwrap_or(erasure::Erasure::QUICK)
}

/// An agent of a version before would erase quickly whatever it is told, and say that it is done.
fn refuse_to_erase_otherwise(tx: &mut Tx, machine: &mut Machine) -> Result<(), StepError> {
    let is_told_otherwise = agent_work(&machine.lifecycle) == AgentWork::Erase
        && erasure_of(machine) != erasure::Erasure::QUICK;
    if !is_told_otherwise {
        return Ok(());
    }
    let message = "the ephemeral OS that it booted erases disks quickly only: upload the present one, or release with `quick_erase=true` and `secure_erase=false`".to_owned();
    let event = Event::AgentFailed { job: machine.lifecycle.job, message };
    step::advance(tx, machine, &event, Author::System)
}

fn install_work(tx: &mut Tx, machine: &Machine, rack: RackHost<'_>) -> Result<Work, AgentError> {
    let (Some(deployment), Some(disk)) =
        (&machine.deployment, machine.block_devices.iter().find(|disk| disk.boot))
    else {
        // The deploy operation refuses such machines, so this one was changed meanwhile.
        return Ok(Work::PowerOff);
    };
    let token = credentials::current(tx, machine)?;
    let files = deploy::target_files(tx, machine, &token, rack)?;
    Ok(Work::Install(Box::new(Install {
        disk: disk.name.clone(),
        disk_serial: disk.serial.clone(),
        storage: render::of_machine(machine),
        image_sha256: deployment.image_sha256.clone(),
        image_bytes: deployment.image_bytes,
        image_type: deployment.image_type.clone(),
        fqdn: deploy::fqdn(tx, machine)?,
        kernel_options: kernel_options::of_machine(tx, machine)?,
        files,
    })))
}

#[cfg(test)]
mod tests {
    use raft_store::Store;

    use super::*;

    #[tokio::test]
    async fn an_agent_reports_on_its_own_machine_only() {
        let tables = Tables::new(Store::in_memory());
        let outcome = Outcome::Progress { message: String::new() };
        let own = Report { system_id: "abcdef".to_owned(), job: 1, outcome };
        let ask = async |actor: &str| {
            let actor = Actor::Agent(actor.to_owned());
            report(&tables, &actor, "abcdef.x", &own, "rack").await.unwrap_err()
        };
        assert!(matches!(ask("bcdefg").await, AgentError::Denied(_)));
        assert!(matches!(ask("52:54:00:00:00:01").await, AgentError::Denied(_)));
        assert!(matches!(ask("abcdef").await, AgentError::BadToken { .. }), "no such machine here");
        let user = crate::authorize::tests::administrator();
        let refused = report(&tables, &user, "abcdef.x", &own, "rack").await.unwrap_err();
        assert!(matches!(refused, AgentError::Denied(_)));
    }
}
