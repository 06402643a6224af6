//! The session part of a rack, with all that it fills.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rack::clock::RegionClock;
use rack::generation::{Generation, Generations};
use rack::service_address::vouched::Vouched;
use rack::session::{Dial, Introduction, Session};
use rack::uplink::Uplink;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;

use crate::fake_region::FakeRegion;

/// The bound of every wait. What is waited for takes a second, and on a busy host a hundred.
const WAIT_MAX: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(10);

/// A rack whose session runs; it stops when dropped.
pub(crate) struct TestRack {
    pub(crate) generations: Generations,
    pub(crate) uplink: Uplink,
    _session: JoinSet<()>,
}

impl TestRack {
    /// A rack that knows these regions, and tries them in this order.
    pub(crate) fn start(regions: &[&FakeRegion]) -> Self {
        let (generations, uplink) = (Generations::default(), Uplink::default());
        let introduction = Introduction {
            hostname: "rack-1".to_owned(),
            version: "1".to_owned(),
            incarnation: 0,
            interfaces: Vec::new,
        };
        let dial: Dial = Arc::new(|address| {
            Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy()
        });
        let session = Session::new(
            introduction,
            dial,
            regions.iter().map(|region| region.address.to_string()).collect(),
            generations.clone(),
            RegionClock::default(),
            uplink.clone(),
            Vouched::default(),
        );
        let mut tasks = JoinSet::new();
        tasks.spawn(session.run(CancellationToken::new()));
        Self { generations, uplink, _session: tasks }
    }

    pub(crate) fn copy(&self) -> Arc<Generation> {
        self.generations.load()
    }

    /// The ids of the VLANs in the copy.
    pub(crate) fn vlans(&self) -> Vec<u32> {
        self.copy().vlans.keys().map(|id| id.0).collect()
    }

    /// Waits until the copy is at this revision.
    pub(crate) async fn reaches(&self, revision: u64) {
        wait_for(&format!("revision {revision}"), || self.copy().revision == revision).await;
    }
}

/// Looks until it is so; fails with `what` after a bounded time.
pub(crate) async fn wait_for(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < WAIT_MAX, "{what} did not happen in {WAIT_MAX:?}");
        tokio::time::sleep(POLL).await;
    }
}
