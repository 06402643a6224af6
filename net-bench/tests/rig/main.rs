//! The rig on real namespaces and real servers: that figures come from clients who were given addresses.
//!
//! Rates are not looked at: they are the benchmark's business, and a loaded machine's.

use std::path::Path;
use std::time::Duration;

use net_bench::clients::Pool;
use net_bench::fleet::clients::Clients;
use net_bench::fleet::drive::{Pace, Relay, Round};
use net_bench::fleet::junk::Sending;
use net_bench::perfdhcp::{self, Load};
use net_bench::server::kind::{Kind, Patience};
use net_bench::server::{Options, Server};

const CLIENTS: u32 = 40;
const WAIT: Duration = Duration::from_millis(500);
const LIMIT: Duration = Duration::from_secs(60);

/// A rival: none of them needs a program of ours.
async fn rival(kind: Kind, pool: Pool) -> Server {
    let options = Options { patience: Patience::Short, ..Options::new(Path::new("none"), pool) };
    Server::start(kind, options).await.expect("a server")
}

fn all(clients: &Clients) -> Round {
    Round { clients: (0..clients.count()).collect(), pace: Pace::Window(8), limit: LIMIT }
}

#[tokio::test]
async fn clients_get_addresses_and_keep_them_when_they_renew() {
    for kind in [Kind::Kea, Kind::Dnsmasq] {
        let server = rival(kind, Pool::of(CLIENTS)).await;
        let relay = Relay::open(server.lab(), &server.addresses()).expect("a relay");
        let mut clients = Clients::new(server.next_group(), CLIENTS, WAIT);
        let round = all(&clients);
        let seen = relay.drive(&mut clients, &round).await.expect("a round");
        assert_eq!(seen.done.len(), CLIENTS as usize, "{}", kind.name());
        assert_eq!(clients.addresses(), (CLIENTS, 0), "{}", kind.name());
        let seen = relay.drive(&mut clients, &round).await.expect("a round of renewals");
        assert_eq!(seen.done.len(), CLIENTS as usize, "{}", kind.name());
        assert_eq!((seen.changed, seen.refused), (0, 0), "{}", kind.name());
    }
}

#[tokio::test]
async fn an_exhausted_pool_leaves_clients_without_an_address() {
    let server = rival(Kind::Kea, Pool::of(CLIENTS / 2)).await;
    let relay = Relay::open(server.lab(), &server.addresses()).expect("a relay");
    let mut clients = Clients::new(server.next_group(), CLIENTS, WAIT);
    let round = Round { limit: Duration::from_secs(3), ..all(&clients) };
    // Window enough for those that are never answered.
    let round = Round { pace: Pace::Window(CLIENTS as usize), ..round };
    let seen = relay.drive(&mut clients, &round).await.expect("a round");
    assert_eq!(clients.addresses(), (CLIENTS / 2, 0));
    assert!(seen.resent > 0, "who is not answered asks again");
}

#[tokio::test]
async fn perfdhcp_counts_new_clients_in_every_run() {
    let server = rival(Kind::Kea, Pool::LARGE).await;
    let leases = || {
        let file = server.lab().folder().join("kea-1/leases.csv");
        let text = std::fs::read_to_string(file).expect("the leases");
        // One line of names.
        text.lines().count() - 1
    };
    let load = Load::Rate { per_second: 50, seconds: 1 };
    let mut acked = 0;
    for _ in 0..2 {
        let printed = perfdhcp::run(&server, load).await.expect("a run of perfdhcp");
        assert!(printed.acks.received > 0, "{printed:?}");
        acked += printed.acks.received as usize;
        // A lease that was there already would be a line too, but its address would be known.
        assert_eq!(leases(), acked);
    }
    let file = std::fs::read_to_string(server.lab().folder().join("kea-1/leases.csv"));
    let text = file.expect("the leases");
    let mut addresses: Vec<&str> =
        text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), acked, "nobody came twice");
    let printed = perfdhcp::run(&server, Load::Avalanche { clients: 20 }).await;
    let printed = printed.expect("an avalanche");
    assert_eq!(printed.acks.received, 20);
    assert!(printed.provisioned_s.is_some_and(|seconds| seconds > 0.0));
}

#[tokio::test]
async fn the_second_of_a_pair_keeps_the_leases_of_the_first() {
    let mut server = rival(Kind::KeaPair, Pool::of(2 * CLIENTS)).await;
    let names: Vec<String> = server.processes().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["kea-1", "kea-2"]);
    let relay = Relay::open(server.lab(), &server.addresses()).expect("a relay");
    let mut clients = Clients::new(server.next_group(), CLIENTS, WAIT);
    let round = all(&clients);
    relay.drive(&mut clients, &round).await.expect("a round");
    server.kill_leader().await.expect("a kill");
    let seen = relay.drive(&mut clients, &round).await.expect("a round of renewals");
    assert_eq!(seen.done.len(), CLIENTS as usize);
    assert_eq!((seen.changed, clients.addresses()), (0, (CLIENTS, 0)));
    server.kill_leader().await.expect_err("the last one is not killed");
}

#[tokio::test]
async fn junk_gets_no_address_and_a_dropped_server_is_gone() {
    let server = rival(Kind::Dnsmasq, Pool::of(CLIENTS)).await;
    let sending = Sending::start(server.lab(), server.target().address, 2_000).expect("junk");
    let relay = Relay::open(server.lab(), &server.addresses()).expect("a relay");
    let mut clients = Clients::new(server.next_group(), CLIENTS, WAIT);
    let round = all(&clients);
    let seen = relay.drive(&mut clients, &round).await.expect("a round");
    assert_eq!(seen.done.len(), CLIENTS as usize, "junk took an address");
    assert!(sending.stop() > 0);
    let ids: Vec<u32> = server.processes().into_iter().map(|(_, id)| id).collect();
    let folder = server.lab().folder().to_owned();
    drop(relay);
    drop(server);
    assert!(ids.iter().all(|id| !Path::new(&format!("/proc/{id}")).exists()));
    assert!(!folder.exists());
}
