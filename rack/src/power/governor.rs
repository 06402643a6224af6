//! Runs each power job of the generation once, one at a time per BMC, and reports it.
//!
//! A BMC is a small computer that many are afraid of: it gets one session at a time, and one that
//! failed several times in a row is left alone for a while, unless a person gave the order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::id::SystemId;
use model::machine::hardware::Firmware;
use model::machine::power::parameters::PowerParameters;
use model::machine::power::{PowerAction, PowerJob, PowerState};
use proto::convert::{Key, power_state_to_wire};
use proto::rack::ReportPowerRequest;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::generation::{Generation, Generations};
use crate::metrics::Metrics;
use crate::power::{Driver, Order, PowerError, state_name};
use crate::uplink::Uplink;

/// BMCs that are talked to at one time.
const PARALLEL_MAX: usize = 32;

/// After how many failures in a row a BMC is left alone.
const FAILURES_MAX: u32 = 3;

/// For how long it is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(60);

/// How long a region may take to take in a report.
const REPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause before a report is sent again.
const REPORT_PAUSE: Duration = Duration::from_millis(300);

/// How often a report is sent before the region's own timeout is left to decide.
const REPORTS_MAX: usize = 100;

/// The drivers by MAAS's names.
pub type Drivers = BTreeMap<&'static str, Arc<dyn Driver>>;

/// Runs power jobs.
pub struct Governor {
    generations: Generations,
    uplink: Uplink,
    drivers: Drivers,
    metrics: Arc<Metrics>,
    bmcs: Arc<Bmcs>,
    /// The job and attempt that was last begun for each machine.
    begun: BTreeMap<SystemId, Begun>,
    tasks: JoinSet<()>,
}

/// A job that was begun.
#[derive(Debug)]
struct Begun {
    job: u64,
    attempt: u32,
    task: AbortHandle,
}

impl std::fmt::Debug for Governor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Governor").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl Governor {
    /// A governor of the jobs in `generations`.
    #[must_use]
    pub fn new(
        generations: Generations,
        uplink: Uplink,
        drivers: Drivers,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            generations,
            uplink,
            drivers,
            metrics,
            bmcs: Arc::default(),
            begun: BTreeMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs until cancelled; jobs in progress are then given up, and the region hands them out
    /// again.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut follower = self.generations.follow();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                more = follower.changed() => if !more { return },
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => continue,
            }
            let step = follower.step();
            if step.changed().any(|key| matches!(key, Key::PowerJob(_))) {
                self.begin_new_jobs(&step.generation);
            }
        }
    }

    fn begin_new_jobs(&mut self, generation: &Generation) {
        self.begun.retain(|machine, _| generation.power_jobs.contains_key(machine));
        for (machine, job) in &generation.power_jobs {
            match self.begun.get(machine) {
                Some(begun) if (begun.job, begun.attempt) == (job.id, job.attempt) => continue,
                // It was replaced: nobody waits for it, and it may talk to a BMC that is the
                // machine's no more.
                Some(begun) if begun.job != job.id => begun.task.abort(),
                Some(_) | None => {}
            }
            let firmware = generation.machines.get(machine).map(|machine| machine.firmware);
            let run = JobRun {
                job: Arc::clone(job),
                firmware: firmware.unwrap_or_default(),
                driver: self.drivers.get(job.driver.as_str()).cloned(),
                bmcs: Arc::clone(&self.bmcs),
                uplink: self.uplink.clone(),
                metrics: Arc::clone(&self.metrics),
            };
            let task = self.tasks.spawn(run.run());
            let begun = Begun { job: job.id, attempt: job.attempt, task };
            self.begun.insert(machine.clone(), begun);
        }
    }
}

/// One job on its way.
struct JobRun {
    job: Arc<PowerJob>,
    firmware: Firmware,
    driver: Option<Arc<dyn Driver>>,
    bmcs: Arc<Bmcs>,
    uplink: Uplink,
    metrics: Arc<Metrics>,
}

impl JobRun {
    async fn run(self) {
        let outcome = self.carry_out().await;
        self.metrics.power_jobs.inc();
        let PowerJob { machine, id, action, .. } = self.job.as_ref();
        let request = match &outcome {
            Ok(state) => {
                info!(machine.id = %machine, ?action, "machine {machine} is {}", state_name(*state));
                ReportPowerRequest {
                    machine: machine.to_string(),
                    job_id: *id,
                    done: true,
                    state: power_state_to_wire(*state),
                    error: String::new(),
                }
            }
            Err(error) => {
                self.metrics.power_failures.inc();
                warn!(machine.id = %machine, ?action, "power job of machine {machine}: {error}");
                ReportPowerRequest {
                    machine: machine.to_string(),
                    job_id: *id,
                    done: false,
                    state: power_state_to_wire(PowerState::Error),
                    error: error.to_string(),
                }
            }
        };
        self.report(request).await;
    }

    async fn carry_out(&self) -> Result<PowerState, PowerError> {
        if self.job.driver == "manual" {
            return Ok(PowerState::Unknown);
        }
        let driver = self
            .driver
            .as_ref()
            .ok_or_else(|| PowerError::UnknownDriver { driver: self.job.driver.clone() })?;
        let address = self.job.parameters.public("power_address").unwrap_or_default().to_owned();
        let bmc = self.bmcs.of(&address);
        let _session = bmc.session.acquire().await;
        let _part = self.bmcs.parallel.acquire().await;
        // People who give an order want it to be tried.
        if self.job.action == PowerAction::Query
            && let Some(failures) = bmc.left_alone(&self.job.parameters)
        {
            return Err(PowerError::Broken { address, failures });
        }
        let order = Order {
            action: self.job.action,
            firmware: self.firmware,
            parameters: self.job.parameters.clone(),
        };
        let outcome = driver.carry_out(&order).await;
        bmc.note(&order.parameters, outcome.is_ok());
        outcome
    }

    /// Sends the report until a region takes it. A report that comes too late changes nothing.
    async fn report(&self, request: ReportPowerRequest) {
        for _ in 0..REPORTS_MAX {
            let mut client = self.uplink.connected().await;
            match timeout(REPORT_TIMEOUT, client.report_power(request.clone())).await {
                Ok(Ok(_)) => return,
                Ok(Err(status)) if is_final(status.code()) => {
                    return warn!("a power report was refused: {}", status.message());
                }
                Ok(Err(_)) | Err(_) => sleep(REPORT_PAUSE).await,
            }
        }
        warn!(machine.id = request.machine, "no region took the power report of a machine");
    }
}

/// Whether no region will take the report: it is malformed, or the job is another rack's by now.
fn is_final(code: tonic::Code) -> bool {
    matches!(code, tonic::Code::InvalidArgument | tonic::Code::PermissionDenied)
}

/// The BMCs that were talked to.
#[derive(Debug)]
struct Bmcs {
    parallel: Semaphore,
    known: Mutex<BTreeMap<String, Arc<Bmc>>>,
}

impl Default for Bmcs {
    fn default() -> Self {
        Self { parallel: Semaphore::new(PARALLEL_MAX), known: Mutex::default() }
    }
}

impl Bmcs {
    fn of(&self, address: &str) -> Arc<Bmc> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(address.to_owned()).or_default())
    }
}

#[derive(Debug)]
struct Bmc {
    session: Semaphore,
    failures: Mutex<Failures>,
}

#[derive(Debug, Default)]
struct Failures {
    in_a_row: u32,
    last: Option<Instant>,
    /// With what it failed: other parameters may be the right ones.
    parameters: PowerParameters,
}

impl Default for Bmc {
    fn default() -> Self {
        Self { session: Semaphore::new(1), failures: Mutex::default() }
    }
}

impl Bmc {
    /// How often it failed, while it is left alone for that.
    fn left_alone(&self, parameters: &PowerParameters) -> Option<u32> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = failures.last.is_some_and(|last| last.elapsed() < LEFT_ALONE);
        (recent && failures.in_a_row >= FAILURES_MAX && failures.parameters == *parameters)
            .then_some(failures.in_a_row)
    }

    fn note(&self, parameters: &PowerParameters, succeeded: bool) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if succeeded || failures.parameters != *parameters {
            *failures = Failures { parameters: parameters.clone(), ..Failures::default() };
        }
        if !succeeded {
            failures.in_a_row += 1;
            failures.last = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use model::time::Timestamp;
    use proto::convert::Served;
    use tokio::sync::mpsc;

    use super::*;

    /// A driver that tells of every order and answers as it is told.
    struct Scripted {
        orders: mpsc::UnboundedSender<Order>,
        outcome: Result<PowerState, PowerError>,
    }

    #[async_trait::async_trait]
    impl Driver for Scripted {
        async fn carry_out(&self, order: &Order) -> Result<PowerState, PowerError> {
            let _ = self.orders.send(order.clone());
            self.outcome.clone()
        }
    }

    fn job(id: u64, attempt: u32, action: PowerAction) -> PowerJob {
        PowerJob {
            machine: SystemId::from_number(1),
            id,
            action,
            driver: "ipmi".to_owned(),
            parameters: [("power_address", "10.0.0.1")].into(),
            rack: None,
            attempt,
            assigned: Timestamp::default(),
        }
    }

    /// The same with another password.
    fn corrected(job: PowerJob) -> PowerJob {
        let parameters = [("power_address", "10.0.0.1"), ("power_pass", "right")].into();
        PowerJob { parameters, ..job }
    }

    /// A driver that never ends, and tells when it is given up.
    struct Stuck {
        orders: mpsc::UnboundedSender<Order>,
        given_up: mpsc::UnboundedSender<PowerAction>,
    }

    struct GivenUp(mpsc::UnboundedSender<PowerAction>, PowerAction);

    impl Drop for GivenUp {
        fn drop(&mut self) {
            let _ = self.0.send(self.1);
        }
    }

    #[async_trait::async_trait]
    impl Driver for Stuck {
        async fn carry_out(&self, order: &Order) -> Result<PowerState, PowerError> {
            let _given_up = GivenUp(self.given_up.clone(), order.action);
            let _ = self.orders.send(order.clone());
            std::future::pending().await
        }
    }

    struct Setup {
        generations: Generations,
        orders: mpsc::UnboundedReceiver<Order>,
        _tasks: JoinSet<()>,
    }

    fn setup(outcome: Result<PowerState, PowerError>) -> Setup {
        let (sender, orders) = mpsc::unbounded_channel();
        with(orders, Arc::new(Scripted { orders: sender, outcome }))
    }

    fn with(orders: mpsc::UnboundedReceiver<Order>, driver: Arc<dyn Driver>) -> Setup {
        let generations = Generations::default();
        let governor = Governor::new(
            generations.clone(),
            Uplink::default(),
            Drivers::from([("ipmi", driver)]),
            Arc::default(),
        );
        let mut tasks = JoinSet::new();
        tasks.spawn(governor.run(CancellationToken::new()));
        Setup { generations, orders, _tasks: tasks }
    }

    impl Setup {
        fn publish(&self, revision: u64, job: PowerJob) {
            let mut generation = Generation::clone(&self.generations.load());
            generation.revision = revision;
            generation.put(Served::PowerJob(job));
            self.generations.publish(generation);
        }

        async fn next(&mut self) -> Option<PowerAction> {
            let order = timeout(Duration::from_secs(5), self.orders.recv()).await;
            order.ok().flatten().map(|order| order.action)
        }
    }

    #[tokio::test]
    async fn each_attempt_of_a_job_runs_once() {
        let mut setup = setup(Ok(PowerState::On));
        setup.publish(1, job(7, 1, PowerAction::On));
        assert_eq!(setup.next().await, Some(PowerAction::On));
        setup.publish(2, job(7, 1, PowerAction::On));
        setup.publish(3, job(7, 2, PowerAction::NetworkBoot));
        assert_eq!(setup.next().await, Some(PowerAction::NetworkBoot));
        setup.publish(4, job(8, 1, PowerAction::Off));
        assert_eq!(setup.next().await, Some(PowerAction::Off));
        assert!(setup.orders.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_job_that_was_replaced_is_given_up() {
        let (sender, orders) = mpsc::unbounded_channel();
        let (given_up, mut ended) = mpsc::unbounded_channel();
        let mut setup = with(orders, Arc::new(Stuck { orders: sender, given_up }));
        setup.publish(1, job(7, 1, PowerAction::On));
        assert_eq!(setup.next().await, Some(PowerAction::On));
        setup.publish(2, corrected(job(8, 1, PowerAction::Off)));
        assert_eq!(ended.recv().await, Some(PowerAction::On));
        // The BMC is free for the new one.
        assert_eq!(setup.next().await, Some(PowerAction::Off));
    }

    #[tokio::test]
    async fn a_bmc_is_asked_again_with_other_parameters() {
        let address = "10.0.0.1".to_owned();
        let mut setup = setup(Err(PowerError::Timeout { address, seconds: 20 }));
        for id in 1..=3 {
            setup.publish(id, job(id, 1, PowerAction::Query));
            assert_eq!(setup.next().await, Some(PowerAction::Query));
        }
        setup.publish(4, corrected(job(4, 1, PowerAction::Query)));
        assert_eq!(setup.next().await, Some(PowerAction::Query));
    }

    #[tokio::test]
    async fn failing_bmc_is_left_alone_but_for_orders() {
        let address = "10.0.0.1".to_owned();
        let mut setup = setup(Err(PowerError::Timeout { address, seconds: 20 }));
        for id in 1..=3 {
            setup.publish(id, job(id, 1, PowerAction::Query));
            assert_eq!(setup.next().await, Some(PowerAction::Query));
        }
        setup.publish(4, job(4, 1, PowerAction::Query));
        tokio::task::yield_now().await;
        setup.publish(5, job(5, 1, PowerAction::On));
        assert_eq!(setup.next().await, Some(PowerAction::On));
    }
}
