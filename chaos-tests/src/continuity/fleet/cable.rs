//! The cable of all clients: a TAP that is a port of the link's bridge.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::Context;
use testkit::lab::Lab;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_tun::{Tun, TunBuilder};

use super::crowd::{Crowd, Habits};

/// The name of the port, and the bridge.
const PORT: &str = "fleet";
const BRIDGE: &str = "prov";
const FRAME_BYTES_MAX: usize = 2_048;
/// Frames that wait in the port while nobody reads.
const QUEUE: &str = "16384";
/// Frames that are read before what is due is looked at again.
const TOGETHER: usize = 64;
/// How many hosts the kernel keeps the hardware addresses of, without asking whether they are still there, at ease, and at most.
const NEIGHBORS: [(&str, usize); 3] =
    [("gc_thresh1", 8_192), ("gc_thresh2", 16_384), ("gc_thresh3", 32_768)];
/// How soon the clock is looked at again at the earliest.
const LOOK: Duration = Duration::from_millis(1);

/// Clients on a link. Dropping it pulls the cable.
#[derive(Debug)]
pub struct Fleet {
    crowd: Arc<Mutex<Crowd>>,
    began: Instant,
    _task: JoinSet<()>,
}

impl Fleet {
    /// Plugs the clients into the lab's provisioning link; they come as their habits say.
    ///
    /// # Errors
    /// When the port cannot be made.
    pub fn plug_in(lab: &Lab, habits: Habits) -> anyhow::Result<Self> {
        make_room_for_neighbors()?;
        let fabric = lab.network().fabric();
        let runtime = Handle::current();
        let tun = fabric.enter(|| {
            let _entered = runtime.enter();
            let built = TunBuilder::new().name(PORT).tap().build();
            let mut tuns = built.map_err(io::Error::other)?;
            tuns.pop().ok_or_else(|| io::Error::other("no TAP was made"))
        });
        let tun = tun.context("cannot make the port of the clients")?;
        fabric.ip(&["link", "set", PORT, "txqueuelen", QUEUE, "master", BRIDGE, "up"])?;
        let (crowd, began) = (Arc::new(Mutex::new(Crowd::new(habits))), Instant::now());
        let mut task = JoinSet::new();
        task.spawn(run(tun, Arc::clone(&crowd), began));
        Ok(Self { crowd, began, _task: task })
    }

    /// The time on the clock of the history.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// The clients.
    pub fn crowd(&self) -> MutexGuard<'_, Crowd> {
        lock(&self.crowd)
    }
}

/// Lets the kernel know as many hosts as there are clients. As it comes it knows 1,024, of all namespaces together, and racks that
/// answer more of them could not send what they say; whoever has so many on a link has to do the same.
fn make_room_for_neighbors() -> anyhow::Result<()> {
    for family in ["ipv4", "ipv6"] {
        for (name, wanted) in NEIGHBORS {
            let path = format!("/proc/sys/net/{family}/neigh/default/{name}");
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
            let now: usize = text.trim().parse().with_context(|| format!("{path} is no number"))?;
            if now < wanted {
                fs::write(&path, wanted.to_string())
                    .with_context(|| format!("cannot write {path}"))?;
            }
        }
    }
    Ok(())
}

async fn run(tun: Tun, crowd: Arc<Mutex<Crowd>>, began: Instant) {
    let mut buffer = vec![0; FRAME_BYTES_MAX];
    loop {
        let due = lock(&crowd).due();
        let wait = due.saturating_sub(began.elapsed()).max(LOOK);
        let first = tokio::select! {
            read = tun.recv(&mut buffer) => match read {
                Ok(length) => Some(length),
                Err(_) => return,
            },
            () = sleep(wait) => None,
        };
        let frames = {
            let mut crowd = lock(&crowd);
            let mut length = first;
            for _ in 0..TOGETHER {
                let Some(read) = length else { break };
                crowd.receive(&buffer[..read], began.elapsed());
                length = tun.try_recv(&mut buffer).ok();
            }
            crowd.tick(began.elapsed());
            crowd.take_frames()
        };
        for frame in frames {
            // A full port drops frames, like any card; clients repeat what is not answered.
            tun.try_send(&frame).ok();
        }
    }
}

fn lock(crowd: &Mutex<Crowd>) -> MutexGuard<'_, Crowd> {
    crowd.lock().unwrap_or_else(PoisonError::into_inner)
}
