//! The agent's life: say hello, do the work, report, until the machine restarts or is switched off.
//!
//! It ends well where an operating system is in memory, for whoever started it to hand the machine over to that.
//!
//! While a job runs, its progress is reported beside it, so a region that is away never slows the
//! work down; and when the region meanwhile wants something else (the machine was released, the
//! job was handed out anew), the running job is dropped and the new one begins.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use api::agent::{Hello, Outcome, Welcome, Work};

use crate::command::Invocation;
use crate::inventory::{self, identity};
use crate::journal::Journal;
use crate::region::{CallError, RegionClient};
use crate::rescue::Rescue;
use crate::{erase, install};

/// Progress is reported at most this often, and at least every [`HEARTBEAT`].
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);
const HEARTBEAT: Duration = Duration::from_secs(20);
/// After a refused call, before the next hello.
const REFUSED_PAUSE: Duration = Duration::from_secs(3);
/// Before what was deployed in memory is tried once more, where it did not start: it is wanted for as long as the machine
/// is deployed.
const AGAIN_PAUSE: Duration = Duration::from_secs(30);
/// A rack asks for no longer wait than this.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// How the agent was started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The rack's URL, `http://10.0.0.2:5248`.
    pub rack: String,
    /// The MAC address of the boot interface, may be empty.
    pub boot_mac: String,
}

/// Why the agent ends.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A setting is missing.
    #[error("environment variable {name} is not set")]
    Setting {
        /// Its name.
        name: &'static str,
    },
    /// No HTTP client.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The machine did not restart or switch off.
    #[error("cannot {action} the machine: {source}")]
    Power {
        /// `restart` or `switch off`.
        action: &'static str,
        /// Why.
        source: crate::command::CommandError,
    },
}

impl Settings {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// When the rack is not named.
    pub fn from_environment() -> Result<Self, SessionError> {
        let rack = std::env::var("IRONRAFT_RACK")
            .map_err(|_| SessionError::Setting { name: "IRONRAFT_RACK" })?;
        let boot_mac = std::env::var("IRONRAFT_BOOT_MAC").unwrap_or_default();
        Ok(Self { rack, boot_mac })
    }
}

/// How a conversation with a region ended.
enum Ended {
    /// A call was refused.
    Refused(CallError),
    /// What is in memory is ready to be started.
    Ready,
}

/// Works for the regions behind the rack until the machine restarts, is switched off, or has a system in memory that is
/// ready to be started.
///
/// # Errors
/// When there is no way to go on; the ephemeral OS starts the agent again.
pub async fn run(settings: &Settings) -> Result<(), SessionError> {
    let region = RegionClient::new(&settings.rack)?;
    let mut rescue = Rescue::new(Path::new("/"));
    let bmc_address = inventory::bmc::address().await.unwrap_or_default();
    loop {
        let hello = hello(settings, &bmc_address).await;
        tracing::info!("connecting to {} from {}", settings.rack, hello.boot_mac);
        let ended = match region.hello(&hello).await {
            Ok(welcome) => session(&region, welcome, &mut rescue).await?,
            Err(error) => Ended::Refused(error),
        };
        match ended {
            Ended::Ready => return Ok(()),
            Ended::Refused(error) => tracing::warn!("{error}; starting again"),
        }
        tokio::time::sleep(REFUSED_PAUSE).await;
    }
}

/// What the machine says of itself before anything else.
async fn hello(settings: &Settings, bmc_address: &str) -> Hello {
    Hello {
        interfaces: inventory::network::interfaces(&BTreeMap::new()).await,
        boot_mac: settings.boot_mac.clone(),
        architecture: identity::architecture(),
        uuid: identity::uuid(),
        firmware: identity::firmware_name().to_owned(),
        secure_boot: identity::secure_boot(),
        erases_as_told: true,
        bmc_address: bmc_address.to_owned(),
    }
}

/// Works until a call is refused, or nothing is left to do here.
async fn session(
    region: &RegionClient,
    mut welcome: Welcome,
    rescue: &mut Rescue,
) -> Result<Ended, SessionError> {
    tracing::info!("this is {} ({})", welcome.hostname, welcome.system_id);
    let mut finished: Option<(u64, Outcome)> = None;
    let mut was_told = rescue.is_open();
    loop {
        // Whoever was let in would see what the next owner's system is made of.
        if rescue.lets_in() && works_on_machine(&welcome.work) {
            return power("restart", "reboot").await;
        }
        let answer = match (&welcome.work, &finished) {
            (Work::PowerOff, _) => return power("switch off", "poweroff").await,
            (Work::Reboot, _) => return power("restart", "reboot").await,
            (Work::Rescue { seconds, authorized_keys }, _) => {
                // It is told at once that it is there, or why not.
                if was_told {
                    tokio::time::sleep(pause(*seconds)).await;
                }
                was_told = true;
                let outcome = match rescue.open(authorized_keys).await {
                    Ok(message) => Outcome::Progress { message },
                    Err(error) => failed(&error, &Journal::new()),
                };
                region.report(&welcome, &outcome).await
            }
            (Work::Wait { seconds }, _) => {
                tokio::time::sleep(pause(*seconds)).await;
                let waiting = Outcome::Progress { message: "waiting".to_owned() };
                region.report(&welcome, &waiting).await
            }
            (Work::RunInMemory(_), Some((job, outcome))) if *job == welcome.job => {
                if matches!(outcome, Outcome::Installed { .. }) {
                    return Ok(Ended::Ready);
                }
                tokio::time::sleep(AGAIN_PAUSE).await;
                finished = None;
                continue;
            }
            // The answer to the final report was lost, or the region still thinks about it.
            (_, Some((job, outcome))) if *job == welcome.job => {
                tokio::time::sleep(PROGRESS_INTERVAL).await;
                region.report(&welcome, outcome).await
            }
            _ => {
                let (outcome, answer) = job(region, &welcome).await;
                finished = outcome.map(|outcome| (welcome.job, outcome));
                answer
            }
        };
        match answer {
            Ok(next) => welcome = next,
            Err(refused) => return Ok(Ended::Refused(refused)),
        }
    }
}

/// Whether work changes the machine, or what is told of it.
fn works_on_machine(work: &Work) -> bool {
    !matches!(work, Work::Rescue { .. } | Work::Wait { .. } | Work::PowerOff | Work::Reboot)
}

/// How long an agent without work waits.
fn pause(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into()).clamp(PROGRESS_INTERVAL, WAIT_MAX)
}

/// Does one job and reports it. Without an outcome, the job was dropped for the answer's.
async fn job(
    region: &RegionClient,
    welcome: &Welcome,
) -> (Option<Outcome>, Result<Welcome, CallError>) {
    let journal = Journal::new();
    let outcome = tokio::select! {
        outcome = work(region, welcome, &journal) => outcome,
        other = progress(region, welcome, &journal) => return (None, other),
    };
    let answer = region.report(welcome, &outcome).await;
    (Some(outcome), answer)
}

/// Does the work; a failure is an outcome, too.
async fn work(region: &RegionClient, welcome: &Welcome, journal: &Journal) -> Outcome {
    match &welcome.work {
        Work::Inventory { bmc_account } => {
            let inventory = inventory::examine(bmc_account.as_ref(), journal).await;
            Outcome::Inventory(Box::new(inventory))
        }
        Work::Install(order) => match install::install(region, order, journal).await {
            Ok(()) => Outcome::Installed { log: journal.text() },
            Err(error) => failed(&error, journal),
        },
        Work::RunInMemory(order) => {
            match install::in_memory::prepare(region, order, journal).await {
                Ok(()) => Outcome::Installed { log: journal.text() },
                Err(error) => failed(&error, journal),
            }
        }
        Work::Erase(wanted) => match erase::erase_all(*wanted, welcome.job, journal).await {
            Ok(()) => Outcome::Erased { log: journal.text() },
            Err(error) => failed(&error, journal),
        },
        Work::Rescue { .. } | Work::Wait { .. } | Work::PowerOff | Work::Reboot => {
            Outcome::Progress { message: "waiting".to_owned() }
        }
    }
}

fn failed(error: &dyn std::error::Error, journal: &Journal) -> Outcome {
    let message = error.to_string();
    journal.warn(&message);
    Outcome::Failed { message, log: journal.text() }
}

/// Reports progress for as long as the region wants this job; returns its answer when it wants
/// another one, or refuses.
async fn progress(
    region: &RegionClient,
    welcome: &Welcome,
    journal: &Journal,
) -> Result<Welcome, CallError> {
    let mut messages = journal.watch();
    loop {
        // The time-out is the heartbeat; the sender lives as long as the journal.
        let _ = tokio::time::timeout(HEARTBEAT, messages.changed()).await;
        let message = messages.borrow_and_update().clone();
        if !message.is_empty() {
            let next = region.report(welcome, &Outcome::Progress { message }).await?;
            if next.job != welcome.job || next.work != welcome.work {
                tracing::info!("the region ordered another job: {}", next.job);
                return Ok(next);
            }
        }
        tokio::time::sleep(PROGRESS_INTERVAL).await;
    }
}

/// Restarts the machine or switches it off; returns only when that failed.
async fn power(action: &'static str, program: &'static str) -> Result<Ended, SessionError> {
    tracing::info!("the region ordered: {action}");
    nix::unistd::sync();
    let forced = Invocation::new(program, ["-f"]);
    if let Err(source) = forced.run().await {
        return Err(SessionError::Power { action, source });
    }
    // The kernel takes its time; nothing may be started meanwhile.
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use api::agent::Erasure;

    use super::*;

    #[test]
    fn who_was_let_in_is_not_there_when_the_machine_is_worked_on() {
        let keys = Vec::new();
        for work in [
            Work::Rescue { seconds: 1, authorized_keys: keys },
            Work::Wait { seconds: 1 },
            Work::PowerOff,
            Work::Reboot,
        ] {
            assert!(!works_on_machine(&work), "{work:?}");
        }
        assert!(works_on_machine(&Work::Erase(Erasure::default())));
    }
}
