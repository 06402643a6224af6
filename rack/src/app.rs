//! Builds the rack's parts and hands each one only what it uses.

use std::future::Future;
use std::sync::Arc;

use identity::ExpectedPeer;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::clock::RegionClock;
use crate::config::RackConfig;
use crate::generation::Generations;
use crate::interfaces::{own_hostname, own_interfaces};
use crate::session::{Dial, Introduction, Session};
use crate::uplink::Uplink;

/// Runs the rack until `shutdown`, or until a part of it fails.
///
/// # Errors
/// When a socket cannot be opened, the cache folder cannot be used, or a part ended.
pub async fn run(config: RackConfig, shutdown: CancellationToken) -> anyhow::Result<()> {
    let generations = Generations::default();
    let clock = RegionClock::default();
    let uplink = Uplink::default();
    let incarnation = rand::random();
    let mut parts = Parts { tasks: JoinSet::new(), shutdown: shutdown.clone() };

    let session = Session::new(
        introduction(incarnation),
        dial(&config),
        config.regions.clone(),
        generations.clone(),
        clock.clone(),
        uplink.clone(),
    );
    parts.start("session", session.run(shutdown.clone()));
    parts.wait().await
}

/// The tasks of the process. The first one that ends before its time ends all of them.
struct Parts {
    tasks: JoinSet<&'static str>,
    shutdown: CancellationToken,
}

impl Parts {
    fn start(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            part.await;
            name
        });
    }

    async fn wait(mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            if self.shutdown.is_cancelled() {
                continue;
            }
            outcome = match ended {
                Ok(name) => Err(anyhow::anyhow!("the rack's {name} ended")),
                Err(panic) => Err(anyhow::Error::new(panic).context("a part of the rack failed")),
            };
            if let Err(reason) = &outcome {
                error!("the rack stops: {reason:#}");
            }
            self.shutdown.cancel();
        }
        outcome
    }
}

fn introduction(incarnation: u64) -> Introduction {
    Introduction {
        hostname: own_hostname(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        incarnation,
        interfaces: || {
            own_interfaces().unwrap_or_else(|error| {
                error!("the rack's interfaces cannot be read: {error}");
                Vec::new()
            })
        },
    }
}

fn dial(config: &RackConfig) -> Dial {
    let identity = config.identity.clone();
    Arc::new(move |address| identity.channel(address, ExpectedPeer::AnyRegion))
}
