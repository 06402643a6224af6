//! The racks of a link go by one address (option 54, next-server, DNS), whichever of them holds it.

use std::net::{IpAddr, Ipv4Addr};

use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::{Arrival, Output};
use dhcp::v4::view::PeerRack;
use dhcproto::v4::MessageType;
use model::lease::commit::Change;
use model::net::service_address::ServiceHolder;
use model::net::vlan::Vlan;
use model::time::Timestamp;

use crate::bench::{self, Bench, Client, SERVER, VLAN, kind_of, rack, raw_option, requested, sent};

const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 5);

/// The rack of that number on a link of two, of which one holds the service address.
fn bench(own: u64, holder: Option<u64>) -> Bench {
    let mut bench = Bench::of_rack(own);
    bench.engine.update(|view| {
        let service_addresses = vec![IpAddr::from(SERVICE)];
        view.put_vlan(Vlan { service_addresses, ..bench::vlan(VLAN, None) });
        for number in [1, 2] {
            view.put_rack(rack(number), PeerRack { connected: true, addresses: Vec::new() });
        }
        let (rack, since) = (holder.map(rack), Timestamp::default());
        view.put_service_holder(&ServiceHolder { vlan: VLAN, rack, since });
    });
    bench
}

/// A client that is offered something at its first DISCOVER by the first rack, which is the one that has a block.
fn of_the_first() -> Client {
    let is_first = |client: &Client| bench(1, Some(1)).handle(&client.discover()).is_ok();
    (0..=255).map(Client::new).find(is_first).expect("half of them are")
}

/// The address that a client got of the first rack, that rack, and the second one, which holds the service address and
/// has heard of the lease.
fn leased(client: &Client) -> (Ipv4Addr, Bench, Bench) {
    let (mut first, mut second) = (bench(1, Some(2)), bench(2, Some(2)));
    let ip = first.offered(client);
    let commit = requested(&first.handle(&client.select_of(ip, SERVICE)).unwrap());
    first.commit(&commit);
    let binding = first.engine.view().binding(ip).unwrap().clone();
    second.engine.update(|view| view.put_binding(binding));
    (ip, first, second)
}

fn identifier(outputs: &[Output]) -> Option<Vec<u8>> {
    raw_option(&sent(outputs).2, 54).map(|(_, value)| value.to_vec())
}

#[test]
fn clients_are_told_the_service_address_whoever_holds_it() {
    let client = of_the_first().with(55, &[6, 66]);
    for holder in [1, 2] {
        let mut bench = bench(1, Some(holder));
        let outputs = bench.handle(&client.discover()).unwrap();
        let (_, _, packet) = sent(&outputs);
        assert_eq!(identifier(&outputs), Some(SERVICE.octets().into()));
        let servers = raw_option(&packet, 6).unwrap().1;
        assert_eq!(
            servers[..8],
            [SERVICE, SERVER].map(|ip| ip.octets()).concat(),
            "and then this rack"
        );
        assert_eq!(bench::sending(&outputs).source, SERVER, "it leaves from the rack's own");
    }
    let outputs = bench(1, None).handle(&client.discover()).unwrap();
    assert_eq!(identifier(&outputs), Some(SERVER.octets().into()), "nobody holds it");
}

/// Also of the rack that holds it, whose interface may have it as its first address.
#[test]
fn the_service_address_is_told_first_and_this_racks_own_behind_it() {
    let client = of_the_first().with(55, &[6, 42]);
    for (holder, server) in
        [(Some(1), SERVER), (Some(2), SERVER), (Some(1), SERVICE), (None, SERVER)]
    {
        let mut bench = bench(1, holder);
        bench.engine.update(|view| {
            view.racks_serve_time = true;
            let addresses = vec![format!("{SERVER}/24").parse().unwrap()];
            view.put_rack(rack(1), PeerRack { connected: true, addresses });
        });
        let arrival = Arrival { server, ..bench.arrival() };
        let outputs = bench.handle_at(&client.discover(), arrival).unwrap();
        let (_, _, packet) = sent(&outputs);
        let wanted: Vec<u8> = holder
            .map(|_| SERVICE)
            .into_iter()
            .chain([SERVER])
            .flat_map(|ip| ip.octets())
            .collect();
        for code in [6, 42] {
            let told = raw_option(&packet, code).unwrap().1;
            assert_eq!(told[..wanted.len()], wanted, "option {code}, held by {holder:?}");
        }
    }
}

/// Who is told of a time service that is down waits in vain.
#[test]
fn a_rack_whose_time_service_is_down_is_told_as_no_time_server() {
    let client = of_the_first().with(55, &[6, 42]);
    let told = |holder, is_down| {
        let mut bench = bench(1, holder);
        bench.engine.leases.set_time_down(is_down);
        bench.engine.update(|view| {
            view.racks_serve_time = true;
            let addresses = vec!["10.0.0.3/24".parse().unwrap()];
            view.put_rack(rack(2), PeerRack { connected: true, addresses });
        });
        let outputs = bench.handle(&client.discover()).unwrap();
        let time = raw_option(&sent(&outputs).2, 42).map(|(_, value)| value.to_vec());
        time.unwrap().chunks(4).map(|ip| ip[3]).collect::<Vec<u8>>()
    };
    let own = SERVER.octets()[3];
    assert_eq!(told(Some(1), false), [5, own, 3]);
    assert_eq!(told(Some(1), true), [3], "the service address is its own, too");
    assert_eq!(told(Some(2), true), [5, 3]);
    assert_eq!(told(None, true), [3]);
}

#[test]
fn the_rack_that_offered_takes_who_names_the_service_address() {
    let client = of_the_first();
    let (mut first, mut second) = (bench(1, Some(2)), bench(2, Some(2)));
    let ip = first.offered(&client);
    assert!(second.handle(&client.discover()).is_err());
    let taken = client.select_of(ip, SERVICE);
    assert_eq!(second.handle(&taken), Err(Dropped::NotOurTurn), "it offered nothing");
    let commit = requested(&first.handle(&taken).unwrap());
    let outputs = first.commit(&commit);
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    assert_eq!(identifier(&outputs), Some(SERVICE.octets().into()));
    let late = second.handle(&taken);
    assert!(matches!(late, Err(Dropped::NotKnown)), "it knows nothing of it, and refuses nothing");
}

#[test]
fn of_three_racks_one_takes_who_names_the_service_address() {
    let [mut first, mut second, mut third] = [1, 2, 3].map(|own| {
        let mut bench = bench(own, Some(3));
        bench.engine.update(|view| {
            let served = view.vlan(VLAN).unwrap().clone();
            view.put_vlan(Vlan { further_racks: vec![rack(3)], ..served });
            view.put_rack(rack(3), PeerRack { connected: true, addresses: Vec::new() });
        });
        bench
    });
    let (client, ip) = (0..=255)
        .map(Client::new)
        .find_map(|client| {
            let outputs = first.handle(&client.discover()).ok()?;
            Some((client, sent(&outputs).1.yiaddr()))
        })
        .expect("a third of them are the first one's");
    let taken = client.select_of(ip, SERVICE);
    for other in [&mut second, &mut third] {
        assert_eq!(other.handle(&taken), Err(Dropped::NotOurTurn), "it offered nothing");
    }
    let commit = requested(&first.handle(&taken).unwrap());
    let outputs = first.commit(&commit);
    assert_eq!(
        (kind_of(&outputs), identifier(&outputs)),
        (MessageType::Ack, Some(SERVICE.octets().into()))
    );
}

#[test]
fn one_that_is_away_is_stood_in_for_by_the_other() {
    let client = of_the_first();
    let (ip, _, mut second) = leased(&client);
    // It hears a request that nobody answers.
    let again = Client { xid: 99, ..client };
    assert_eq!(second.handle(&again.select_of(ip, SERVICE)), Err(Dropped::NotOurTurn));
    let outputs = second.handle(&again.select_of(ip, SERVICE)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack);
}

#[test]
fn the_holder_extends_what_any_rack_gave() {
    let client = of_the_first();
    let (ip, _, mut second) = leased(&client);
    let to_service = Arrival { destination: SERVICE, ..second.arrival() };
    let outputs = second.handle_at(&client.renew(ip), to_service).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    assert_eq!(bench::sending(&outputs).source, SERVICE, "a client's firewall expects that");
}

#[test]
fn one_rack_reports_what_is_declined() {
    let client = of_the_first();
    let (ip, mut first, mut second) = leased(&client);
    second.engine.update(|view| view.put_block(bench::block(900_000)));
    let declines = client.packet(4, &[(50, ip.octets()), (54, SERVICE.octets())]);
    assert_eq!(second.handle(&declines), Err(Dropped::NotOurTurn), "the block is the first one's");
    assert_eq!(requested(&first.handle(&declines).unwrap()).change, Change::Decline);
}

#[test]
fn a_client_in_another_subnet_of_the_link_is_told_what_it_reaches() {
    let mut bench = bench(1, Some(1));
    let own = Ipv4Addr::new(10, 0, 9, 2);
    bench.engine.set_addresses([SERVER, own]);
    bench.engine.update(|view| {
        view.put_subnet(bench::subnet(9, VLAN, "10.0.9.0/24", [10, 0, 9, 1]));
        view.put_reserved(IpAddr::from([10, 0, 9, 77]), Some(bench::mac(7)));
    });
    let client = Client::new(7);
    let outputs = bench.handle(&client.discover()).or_else(|_| bench.handle(&client.discover()));
    let outputs = outputs.unwrap();
    assert_eq!(sent(&outputs).1.yiaddr(), Ipv4Addr::new(10, 0, 9, 77));
    assert_eq!(identifier(&outputs), Some(own.octets().into()));
}

#[test]
fn the_service_address_is_of_the_site_and_nobodys_to_get() {
    let bench = bench(1, Some(2));
    assert!(bench.engine.is_of_the_site(SERVICE));
    let client = model::lease::client::ClientId::from(bench::mac(1));
    assert!(bench.engine.view().kept_for_another(SERVICE, &client));
}
