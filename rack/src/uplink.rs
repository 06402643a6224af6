//! The rack's way to the regions: which one the session is with, and where the others are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proto::rack::RegionAddress;
use proto::rack::rack_client::RackClient;
use tokio::sync::watch;
use tonic::transport::Channel;

/// After how long a copy that follows a region change by change shows what the region had when the session began. A lease that
/// is renewed is older than that.
const CURRENT_AFTER: Duration = Duration::from_secs(10);

/// Where the regions are and which one is connected; clones share it.
#[derive(Debug, Clone)]
pub struct Uplink {
    state: Arc<watch::Sender<State>>,
}

#[derive(Debug, Clone, Default)]
struct State {
    connected: Option<Connected>,
    regions: Vec<RegionAddress>,
}

#[derive(Debug, Clone)]
struct Connected {
    address: String,
    client: RackClient<Channel>,
    /// What its region says that it can.
    offers: RegionOffers,
    /// Since when the copy follows the region change by change; none while a whole copy is on its way.
    followed_since: Option<Instant>,
}

/// What a region says that it can, and one of an earlier version may not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RegionOffers {
    /// It commits bindings of clients without a hardware address.
    pub(crate) takes_client_identifiers: bool,
    /// It grants blocks of IPv6 addresses, and commits bindings of them.
    pub(crate) serves_ipv6: bool,
    /// It grants blocks of prefixes, and commits what is delegated of them.
    pub(crate) delegates_prefixes: bool,
    /// It commits addresses that clients made themselves.
    pub(crate) registers_addresses: bool,
    /// It takes in `DHCPv6` servers that are none of the site's.
    pub(crate) takes_dhcpv6_servers: bool,
}

/// Tells when the regions that are known, or the connected one, changed.
#[derive(Debug)]
pub(crate) struct Changes(watch::Receiver<State>);

impl Changes {
    /// Waits for the next change; an error when there will be none.
    pub(crate) async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        self.0.changed().await
    }
}

impl Changes {
    /// Waits until there is no session, or one with another region.
    pub(crate) async fn disconnected(&mut self) {
        let address = |state: &State| state.connected.as_ref().map(|known| known.address.clone());
        let before = address(&self.0.borrow_and_update());
        // Without a sender there is no session either.
        let _ = self.0.wait_for(|state| address(state) != before).await;
    }
}

impl Default for Uplink {
    fn default() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::default())) }
    }
}

impl Uplink {
    /// A client to the region that the session is with; none while there is no session.
    #[must_use]
    pub fn client(&self) -> Option<RackClient<Channel>> {
        self.state.borrow().connected.as_ref().map(|connected| connected.client.clone())
    }

    /// What the region can that the session is with; none while there is no session.
    pub(crate) fn offers(&self) -> Option<RegionOffers> {
        self.state.borrow().connected.as_ref().map(|connected| connected.offers)
    }

    /// Whether the copy shows all that was committed some seconds ago: it follows a region, and has caught up with it.
    pub(crate) fn copy_is_current(&self) -> bool {
        let state = self.state.borrow();
        let since = state.connected.as_ref().and_then(|connected| connected.followed_since);
        since.is_some_and(|since| since.elapsed() >= CURRENT_AFTER)
    }

    /// Since when the copy follows the region of the session; none while a whole copy is on its way.
    pub(crate) fn set_followed_since(&self, since: Option<Instant>) {
        self.state.send_if_modified(|state| {
            if let Some(connected) = &mut state.connected {
                connected.followed_since = since;
            }
            // Nobody waits for it.
            false
        });
    }

    /// Waits until there is a session and returns a client to its region.
    pub async fn connected(&self) -> RackClient<Channel> {
        let mut state = self.state.subscribe();
        loop {
            if let Some(connected) = &state.borrow_and_update().connected {
                return connected.client.clone();
            }
            // The sender lives in `self`, so the channel is open.
            if state.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// HTTP addresses (`host:port`) of all known regions, the connected one first.
    #[must_use]
    pub fn http_addresses(&self) -> Vec<String> {
        self.addresses(|region| &region.http)
    }

    /// gRPC addresses (`host:port`) of all known regions, the connected one first.
    #[must_use]
    pub fn grpc_addresses(&self) -> Vec<String> {
        self.addresses(|region| &region.grpc)
    }

    fn addresses(&self, of: impl Fn(&RegionAddress) -> &String) -> Vec<String> {
        let state = self.state.borrow();
        let current = state.connected.as_ref().map(|connected| connected.address.as_str());
        let mut regions: Vec<&RegionAddress> = state.regions.iter().collect();
        regions.sort_by_key(|region| Some(region.grpc.as_str()) != current);
        regions.into_iter().map(|region| of(region).clone()).collect()
    }

    /// Tells when something of it changed.
    pub(crate) fn changes(&self) -> Changes {
        Changes(self.state.subscribe())
    }

    /// Takes in the list of regions; an empty one is not believed.
    pub(crate) fn set_regions(&self, regions: Vec<RegionAddress>) {
        if !regions.is_empty() {
            self.state.send_modify(|state| state.regions = regions);
        }
    }

    pub(crate) fn set_connected(
        &self,
        address: &str,
        client: RackClient<Channel>,
        offers: RegionOffers,
    ) {
        let address = address.to_owned();
        let connected = Connected { address, client, offers, followed_since: None };
        self.state.send_modify(|state| state.connected = Some(connected));
    }

    pub(crate) fn set_disconnected(&self) {
        self.state.send_modify(|state| state.connected = None);
    }
}
