//! Time services as processes, at addresses of the loopback network: chrony serves, follows, and is kept.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use ntp::metrics::NtpMetrics;
use ntp::mode::Mode;
use ntp::service::NtpService;
use ntp::setup::Setup;
use ntp::sources::Sources;
use ntp::standing::Standing;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long nothing may be heard of a service: it says how it stands every ten seconds, and follows a source after eight.
const STALL: Duration = Duration::from_secs(120);

struct Running {
    sources: watch::Sender<Sources>,
    standing: watch::Receiver<Standing>,
    stop: CancellationToken,
    task: JoinSet<()>,
}

impl Running {
    fn start(folder: &Path, listen: &str, is_orphan: bool, follows: &[&str]) -> Self {
        let (sources, followed) = watch::channel(Sources::of(follows));
        let (standing, told) = watch::channel(Standing::Starting);
        let listen: IpAddr = listen.parse().expect("an address");
        let setup = Setup {
            folder: folder.join(listen.to_string()),
            listen: Some(listen),
            is_orphan,
            mode: Mode::Serve,
        };
        let metrics = NtpMetrics::default();
        let service = NtpService { setup, sources: followed, standing, metrics };
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(service.run(stop.clone()));
        Self { sources, standing: told, stop, task }
    }

    /// Waits until it stands so.
    async fn stands(&mut self, what: &str, is_so: impl Fn(&Standing) -> bool) -> Standing {
        loop {
            let now = self.standing.borrow_and_update().clone();
            if is_so(&now) {
                return now;
            }
            let heard = timeout(STALL, self.standing.changed()).await;
            assert!(matches!(heard, Ok(Ok(()))), "{what}: it stays {now:?}");
        }
    }

    async fn follows(&mut self, source: &str) -> u8 {
        let is_so = |standing: &Standing| match standing {
            Standing::Synchronised(following) => following.source == source,
            _ => false,
        };
        match self.stands(&format!("it follows {source:?}"), is_so).await {
            Standing::Synchronised(following) => following.stratum,
            other => panic!("{other:?}"),
        }
    }

    async fn end(mut self) {
        self.stop.cancel();
        let ended = self.task.join_next().await.expect("it runs");
        ended.expect("it ends in good order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rack_follows_a_region_keeps_the_time_without_it_and_goes_to_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut region = Running::start(folder.path(), "127.0.188.1", true, &[]);
    assert_eq!(region.follows("").await, 10, "without a source it follows its own clock");
    let mut rack = Running::start(folder.path(), "127.0.188.2", false, &["127.0.188.1"]);
    assert_eq!(rack.follows("127.0.188.1").await, 11);
    region.end().await;
    assert!(matches!(*rack.standing.borrow(), Standing::Synchronised(_)), "it goes on");
    let mut other = Running::start(folder.path(), "127.0.188.3", true, &[]);
    other.follows("").await;
    rack.sources.send_replace(Sources::of(["127.0.188.3"]));
    assert_eq!(rack.follows("127.0.188.3").await, 11);
    rack.end().await;
    other.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_hears_nobody_has_no_time_and_one_that_is_killed_is_started_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut rack = Running::start(folder.path(), "127.0.188.4", false, &["127.0.188.5"]);
    rack.stands("it hears nobody", |standing| *standing == Standing::Unsynchronised).await;
    let pid = std::fs::read_to_string(folder.path().join("127.0.188.4/chronyd.pid")).unwrap();
    let pid = nix::unistd::Pid::from_raw(pid.trim().parse().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    rack.stands("it is down", |standing| matches!(standing, Standing::Down(_))).await;
    rack.stands("it is back", |standing| *standing == Standing::Unsynchronised).await;
    rack.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_daemon_left_behind_when_its_host_lost_power_keeps_none_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("127.0.188.7");
    std::fs::create_dir(&own).unwrap();
    // The number of the process that it was is another one's by now.
    std::fs::write(own.join("chronyd.pid"), format!("{}\n", std::process::id())).unwrap();
    let mut rack = Running::start(folder.path(), "127.0.188.7", true, &[]);
    let first = rack.stands("it starts", |standing| *standing != Standing::Starting).await;
    assert!(matches!(first, Standing::Synchronised(_)), "{first:?}");
    rack.end().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("127.0.188.6"), "a file").unwrap();
    let mut rack = Running::start(folder.path(), "127.0.188.6", false, &[]);
    let down = rack.stands("it is down", |standing| matches!(standing, Standing::Down(_))).await;
    let Standing::Down(reason) = down else { panic!("{down:?}") };
    assert!(reason.contains("127.0.188.6"), "{reason}");
    rack.end().await;
}
