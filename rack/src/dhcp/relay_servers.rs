//! The way of a rack's relay agents to servers, which is the same for both families.

use std::collections::BTreeSet;
use std::io;

use dhcp::leases::Leases;
use dhcp::leases::family::Family;
use dhcp::relay::dropped::Dropped;
use model::controller::ControllerInterface;
use model::id::VlanId;
use tracing::warn;

use crate::dhcp::metrics::DhcpMetrics;

/// A message was passed on: to a server, and to a client.
const TO_SERVER: &str = "sent to a server";
const TO_CLIENT: &str = "sent to a client";
/// The kernel did not take it.
const NOT_SENT: &str = "not sent";

/// The servers that agents of one family send to: never this host itself.
#[derive(Debug)]
pub(super) struct RelayServers<A> {
    /// The addresses of this host.
    own: BTreeSet<A>,
    metrics: DhcpMetrics,
}

impl<A: Family> RelayServers<A> {
    /// No address of this host is known yet.
    pub(super) fn new(metrics: DhcpMetrics) -> Self {
        Self { own: BTreeSet::new(), metrics }
    }

    /// These are the interfaces of this host.
    pub(super) fn follow(&mut self, interfaces: &[ControllerInterface]) {
        let addresses = interfaces.iter().flat_map(|own| &own.addresses);
        self.own = addresses.filter_map(|own| A::of(own.addr())).collect();
    }

    /// The addresses of this host.
    pub(super) fn own(&self) -> &BTreeSet<A> {
        &self.own
    }

    /// Sends a message of a link's client to each server of the link.
    ///
    /// # Errors
    /// [`Dropped::NoServer`] when it has none.
    pub(super) fn send(
        &self,
        leases: &Leases<A>,
        vlan: VlanId,
        send: impl Fn(A) -> io::Result<()>,
    ) -> Result<(), Dropped> {
        let mut servers = leases.relay_targets(vlan);
        servers.retain(|server| !self.own.contains(server));
        if servers.is_empty() {
            return Err(Dropped::NoServer);
        }
        for server in servers {
            match send(server) {
                Ok(()) => self.metrics.relayed(TO_SERVER),
                Err(error) => {
                    warn!(%server, "a DHCP message is not relayed to server {server}: {error}");
                    self.metrics.relayed(NOT_SENT);
                }
            }
        }
        Ok(())
    }

    /// A server's reply was given to the kernel for its client.
    pub(super) fn sent_back(&self, sent: io::Result<()>) {
        match sent {
            Ok(()) => self.metrics.relayed(TO_CLIENT),
            Err(error) => {
                warn!("a DHCP reply is not relayed to its client: {error}");
                self.metrics.relayed(NOT_SENT);
            }
        }
    }

    /// A packet is not passed on.
    pub(super) fn count(&self, dropped: Dropped) {
        self.metrics.relayed(dropped.reason());
    }
}
