//! Whose request it is, for fairness between clients: who has shown a valid key is its key, and
//! everybody else an address.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::request::Parts as Head;
use model::controller::RackController;
use model::login::source;
use rest::auth::caller::valid_token;
use rest::auth::source::address;
use tables::read::Reads;
use tables::update::Tables;

/// How long the racks' addresses are believed.
const RACKS_KNOWN_FOR: Duration = Duration::from_secs(5);

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// Whoever has this key.
    Token(String),
    /// Whoever is at this address; none in a test without connections.
    Address(Option<IpAddr>),
}

/// Tells clients apart.
#[derive(Debug)]
pub(super) struct Clients {
    tables: Tables,
    racks: Mutex<Option<(Instant, BTreeSet<IpAddr>)>>,
}

impl Clients {
    pub(super) fn new(tables: Tables) -> Self {
        Self { tables, racks: Mutex::default() }
    }

    /// The client of a request of people and programs.
    pub(super) async fn of_api(&self, head: &Head) -> Client {
        // What the request presents, before any of it is used up.
        let token = valid_token(&self.tables, head);
        match token.await {
            Some(token) => Client::Token(token),
            None => Client::Address(address(&head.extensions).map(source)),
        }
    }

    /// The client of a machine's request: the machine, as its rack says, or who connects.
    pub(super) async fn of_machine(&self, head: &Head) -> Client {
        let Some(address) = address(&head.extensions) else { return Client::Address(None) };
        let client = match forwarded_for(&head.headers) {
            Some(machine) if self.is_rack(address).await => machine,
            Some(_) | None => address,
        };
        Client::Address(Some(source(client)))
    }

    async fn is_rack(&self, address: IpAddr) -> bool {
        if let Some((read, racks)) = &*self.racks.lock().unwrap_or_else(PoisonError::into_inner)
            && read.elapsed() < RACKS_KNOWN_FOR
        {
            return racks.contains(&address);
        }
        let Ok(view) = self.tables.stale_view().await else { return false };
        let Ok(racks) = view.list::<RackController>() else { return false };
        let addresses = racks.iter().flat_map(|rack| &rack.interfaces);
        let addresses = addresses.flat_map(|interface| &interface.addresses);
        let known: BTreeSet<IpAddr> = addresses.map(|address| address.addr()).collect();
        let found = known.contains(&address);
        *self.racks.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), known));
        found
    }
}

fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    headers.get("x-forwarded-for")?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    use model::id::SystemId;
    use raft_store::Store;
    use tables::update::Cause;

    use super::*;

    fn request(from: &str, forwarded: Option<&str>) -> Head {
        let mut request = http::Request::new(());
        let address: IpAddr = from.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 1)));
        if let Some(machine) = forwarded {
            request.headers_mut().insert("x-forwarded-for", machine.parse().unwrap());
        }
        request.into_parts().0
    }

    #[tokio::test]
    async fn only_a_rack_is_believed_for_whom_it_asks() {
        let tables = Tables::new(Store::in_memory());
        let rack = RackController {
            system_id: SystemId::from_number(1),
            hostname: "rack-1".to_owned(),
            version: String::new(),
            interfaces: vec![model::controller::ControllerInterface {
                name: "eth0".to_owned(),
                mac: "52:54:00:00:00:01".parse().unwrap(),
                addresses: vec!["10.0.0.1/24".parse().unwrap()],
            }],
            session: None,
            last_seen: model::time::Timestamp::default(),
            searches_for_hosts: false,
            holds_service_addresses: false,
        };
        let cause = Cause::new("test", "test");
        tables.update(&cause, |tx| tx.insert(&rack)).await.unwrap();
        let clients = Clients::new(tables);
        let at = |address: &str| Client::Address(Some(address.parse().unwrap()));
        for (from, forwarded, client) in [
            ("10.0.0.1", Some("10.0.0.77"), "10.0.0.77"),
            ("10.0.0.1", None, "10.0.0.1"),
            ("10.0.0.9", Some("10.0.0.77"), "10.0.0.9"),
            ("::ffff:10.0.0.1", Some("10.0.0.77"), "10.0.0.77"),
            ("2001:db8::1:2:3:4", None, "2001:db8::"),
        ] {
            assert_eq!(clients.of_machine(&request(from, forwarded)).await, at(client), "{from}");
        }
        let unsigned = request("10.0.0.9", Some("10.0.0.77"));
        assert_eq!(clients.of_api(&unsigned).await, at("10.0.0.9"));
    }
}
