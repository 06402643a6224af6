//! The task that holds service addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use model::controller::ControllerInterface;
use model::id::SystemId;
use model::lease::clock::Moment;
use proto::convert::Key;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Boot;
use crate::generation::{Follower, Generations};
use crate::interfaces::{own_interfaces, running_interfaces};
use crate::service_address::hold::{Holds, Steps, Turn};
use crate::service_address::kernel;
use crate::service_address::links::Site;
use crate::service_address::metrics::ServiceAddressMetrics;
use crate::service_address::sockets::{Claim, Sockets};
use crate::service_address::vouched::Vouched;

/// How often the kernel is told again, and what is due is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How long a socket that fails is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Holds the service addresses that this rack is named for.
pub struct ServiceAddresses {
    rack: SystemId,
    follower: Follower,
    site: Site,
    vouched: Vouched,
    metrics: ServiceAddressMetrics,
    /// What is held, or may be later, for those who listen at each address by itself.
    told: watch::Sender<BTreeSet<IpAddr>>,
    holds: Holds,
    /// None until there is something to hold.
    sockets: Option<Sockets>,
    zero: Boot,
    /// What was said last of what does not work.
    failure: Option<String>,
}

impl std::fmt::Debug for ServiceAddresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAddresses").field("holds", &self.holds).finish_non_exhaustive()
    }
}

impl ServiceAddresses {
    /// Those of this rack; it tells `told` which it may hold.
    #[must_use]
    pub fn new(
        rack: SystemId,
        generations: &Generations,
        vouched: Vouched,
        metrics: ServiceAddressMetrics,
        told: watch::Sender<BTreeSet<IpAddr>>,
    ) -> Self {
        Self {
            rack,
            follower: generations.follow(),
            site: Site::default(),
            vouched,
            metrics,
            told,
            holds: Holds::default(),
            sockets: None,
            zero: Boot::now(),
            failure: None,
        }
    }

    /// Runs until cancelled, and gives up what is held.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = ticks.tick() => self.go_on().await,
                true = self.follower.changed() => {
                    if self.follow() {
                        self.go_on().await;
                    }
                }
                claim = hear(self.sockets.as_ref()) => self.claimed(claim).await,
            }
        }
        self.end().await;
    }

    /// Another rack may have what is given up at once; what the kernel keeps, it forgets soon.
    async fn end(&mut self) {
        let held = self.holds.end();
        if held.is_empty() {
            return;
        }
        match kernel::change(&[], &held).await {
            Ok(()) => self.vouched.give_up(),
            Err(error) => warn!("service addresses are left to the kernel: {error}"),
        }
    }

    fn now(&self) -> Moment {
        Moment::from_ms(u64::try_from(Boot::now().since(self.zero).as_millis()).unwrap_or(u64::MAX))
    }

    /// Takes in what the copy says now; whether that concerns service addresses.
    fn follow(&mut self) -> bool {
        let step = self.follower.step();
        let concerns =
            |key: &Key| matches!(key, Key::Vlan(_) | Key::Subnet(_) | Key::ServiceHolder(_));
        if !step.changed().any(concerns) {
            return false;
        }
        self.site = Site::of(&step.generation, &self.rack);
        self.told.send_if_modified(|told| {
            let changes = told != self.site.served();
            told.clone_from(self.site.served());
            changes
        });
        true
    }

    async fn go_on(&mut self) {
        // First who vouches, then the copy: that is as new as what was vouched for.
        let is_vouched = self.vouched.holds_at(Boot::now());
        self.follow();
        if self.site.is_empty() && self.holds.addresses().is_empty() {
            return;
        }
        let known = own_interfaces().and_then(|own| Ok((own, running_interfaces()?)));
        let (interfaces, running) = match known {
            Ok(known) => known,
            Err(error) => return self.fail(format!("interfaces cannot be read: {error}")),
        };
        if self.sockets.is_none() {
            match Sockets::open() {
                Ok(sockets) => self.sockets = Some(sockets),
                Err(error) => return self.fail(format!("{error}; it needs CAP_NET_RAW")),
            }
        }
        let wanted = self.site.wanted(&interfaces);
        self.metrics.vouched.set(i64::from(is_vouched));
        let turn = Turn { is_vouched, running: &running, now: self.now() };
        let mut steps = self.holds.go_on(&wanted, turn);
        steps.drop.extend(self.left_over(&interfaces));
        steps.drop.sort();
        steps.drop.dedup();
        self.take(&steps, &interfaces).await;
    }

    /// What the host has of a process before this one, or of when this rack was named.
    fn left_over(&self, interfaces: &[ControllerInterface]) -> Vec<(IpAddr, String)> {
        let held = self.holds.addresses();
        let mut found = self.site.present(interfaces);
        found.retain(|(ip, _)| !held.contains(ip));
        found
    }

    async fn take(&mut self, steps: &Steps, interfaces: &[ControllerInterface]) {
        for ip in &steps.taken {
            info!(%ip, "this rack holds service address {ip} now");
            self.metrics.taken.inc();
        }
        for (ip, interface) in &steps.drop {
            info!(%ip, "this rack does not hold service address {ip} at {interface}");
        }
        let mut dropped = steps.drop.clone();
        // The kernel may have forgotten one by itself.
        dropped.retain(|place| is_at(interfaces, place));
        match kernel::change(&steps.keep, &dropped).await {
            Ok(()) => self.failure = None,
            Err(error) => {
                self.metrics.refused.inc();
                self.fail(error.to_string());
            }
        }
        let held = self.holds.addresses();
        self.vouched.set_holding(!held.is_empty());
        self.metrics.held.set(i64::try_from(held.len()).unwrap_or(i64::MAX));
        self.announce(&steps.announce, interfaces);
        self.ask(&steps.ask, interfaces);
    }

    fn announce(&mut self, places: &[(IpAddr, String)], interfaces: &[ControllerInterface]) {
        let macs: BTreeMap<&str, _> =
            interfaces.iter().map(|own| (own.name.as_str(), own.mac)).collect();
        for (ip, interface) in places {
            let (Some(sockets), Some(mac)) = (&self.sockets, macs.get(interface.as_str())) else {
                continue;
            };
            if let Err(error) = sockets.announce(interface, *mac, *ip) {
                self.fail(format!("{ip} cannot be announced at {interface}: {error}"));
            }
        }
    }

    /// Asks the links whether another host has an address; who answers claims it.
    fn ask(&mut self, places: &[(IpAddr, String)], interfaces: &[ControllerInterface]) {
        for (ip, name) in places {
            let own = interfaces.iter().find(|own| own.name == *name);
            let (Some(sockets), Some(own)) = (&self.sockets, own) else { continue };
            let from = self.site.own_address(own, *ip);
            if let Err(error) = sockets.ask(own, from, *ip) {
                self.fail(format!("{name} cannot be asked who has {ip}: {error}"));
            }
        }
    }

    async fn claimed(&mut self, claim: std::io::Result<Claim>) {
        let claim = match claim {
            Ok(claim) => claim,
            Err(error) => {
                self.fail(format!("what others say cannot be heard: {error}"));
                return sleep(PAUSE).await;
            }
        };
        if !self.holds.concerns(claim.ip) {
            return;
        }
        let Ok(interfaces) = own_interfaces() else { return };
        if claim.mac.is_some_and(|mac| interfaces.iter().any(|own| own.mac == mac)) {
            return;
        }
        self.metrics.claimed.inc();
        let is_vouched = self.vouched.holds_at(Boot::now());
        let steps = self.holds.claimed(claim.ip, is_vouched, self.now());
        if !steps.announce.is_empty() {
            warn!(ip = %claim.ip, "another host claims service address {}", claim.ip);
        }
        self.take(&steps, &interfaces).await;
    }

    /// Says what does not work, once.
    fn fail(&mut self, why: String) {
        if self.failure.as_ref() != Some(&why) {
            warn!("service addresses cannot be held: {why}");
            self.failure = Some(why);
        }
    }
}

/// Whether an interface has an address.
fn is_at(interfaces: &[ControllerInterface], (ip, name): &(IpAddr, String)) -> bool {
    let mut named = interfaces.iter().filter(|own| own.name == *name);
    named.any(|own| own.addresses.iter().any(|address| address.addr() == *ip))
}

/// The next claim; none comes while there is no socket.
async fn hear(sockets: Option<&Sockets>) -> std::io::Result<Claim> {
    match sockets {
        Some(sockets) => sockets.hear().await,
        None => std::future::pending().await,
    }
}
