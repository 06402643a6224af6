//! The target *relay*: packets that are changed at random, through a rack that relays them. Whatever a client sends, what goes to
//! servers says that this agent sent it, or nothing of it; whatever a server sends, no client hears of the agent; and nothing
//! that goes one way would be taken for what goes the other.

use std::net::{Ipv4Addr, Ipv6Addr};

use dhcp::relay::information::Information;
use dhcp::relay::v4;
use dhcp::relay::v6::{self, Arrived, Returned};
use dhcp::wire::pieces::Pieces;
use dhcp::wire::v6::code;
use dhcp::wire::v6::options::Options;

use crate::draws::Draws;
use crate::mutate;

const AGENT: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const OPTIONS_AT: usize = 240;
const RELAY_AGENT_INFORMATION: u8 = 82;

pub(crate) fn run(corpus: &[Vec<u8>], draws: &mut Draws) {
    let mut packet = draws.pick(corpus).clone();
    mutate::change(&mut packet, draws);
    of_ipv4(&packet, draws);
    of_ipv6(draws);
}

fn of_ipv4(packet: &[u8], draws: &mut Draws) {
    let information = Information {
        circuit: Some(vec![7; draws.below(300)]),
        remote: draws.percent(50).then(|| vec![8; draws.below(40)]),
        server_override: draws.percent(50),
        ..Information::default()
    };
    let payload_max = 300 + draws.below(1_200);
    let agent = v4::Agent { address: AGENT, own: [AGENT].into(), payload_max, information };
    let was_relayed = v4::was_relayed(packet);
    let answer = match agent.to_servers(packet, draws.percent(20)) {
        Ok(relayed) => {
            assert!(v4::sender(packet).is_ok() && v4::was_relayed(&relayed));
            assert_eq!(relayed[3], packet[3] + 1, "a hop more");
            assert!(relayed.len() <= packet.len().max(payload_max), "{} bytes", relayed.len());
            let options = |bytes: &[u8]| Pieces::of(&bytes[OPTIONS_AT..]).count();
            let added = usize::from(has_information(&relayed) && !was_relayed);
            assert_eq!(options(&relayed), options(packet) + added, "nothing is lost");
            assert!(agent.to_client(&relayed).is_err(), "it goes the other way");
            [&[2], &relayed[1..]].concat()
        }
        Err(_) => packet.to_vec(),
    };
    if let Ok(back) = agent.to_client(&answer) {
        assert!(!has_information(&back.payload), "no client hears of the agent");
        assert_eq!(back.payload[..OPTIONS_AT], answer[..OPTIONS_AT], "the fields stay");
        assert!(agent.to_servers(&back.payload, false).is_err(), "it goes the other way");
    }
}

fn has_information(packet: &[u8]) -> bool {
    Pieces::of(&packet[OPTIONS_AT..]).any(|piece| piece.code == RELAY_AGENT_INFORMATION)
}

fn of_ipv6(draws: &mut Draws) {
    let agent = v6::Agent {
        link: Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1),
        interface_id: vec![7; draws.below(20)],
        remote: draws.percent(50).then(|| vec![0; 4 + draws.below(40)]),
    };
    let source = *draws.pick(&[
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0x5054, 0xff, 0xfe00, 7),
        Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 9),
        Ipv6Addr::UNSPECIFIED,
    ]);
    let mut packet = message(draws);
    for hop in 0..draws.below(11) {
        let (multicast, source_port) = (hop == 0 || draws.percent(50), 547);
        let arrived = Arrived { packet: &packet, source, source_port, multicast, hardware: None };
        let _ = v6::sender(&arrived);
        let Ok(relayed) = agent.to_servers(&arrived) else { break };
        let options = Options::parse(&relayed[34..]).expect("whole options");
        assert_eq!(options.get(code::RELAY_MESSAGE), Some(&packet[..]));
        assert!(relayed[1] <= 8, "no more hops than may be");
        assert!(Returned::parse(&relayed).is_err(), "it goes the other way");
        packet = relayed;
    }
    for _ in 0..draws.below(3) {
        let at = draws.below(packet.len());
        if let Some(byte) = packet.get_mut(at) {
            *byte = if draws.percent(50) { 13 } else { draws.byte() };
        }
    }
    if let Ok(returned) = Returned::parse(&packet) {
        let _ = agent.sent(&returned);
        assert!(returned.port != 0 && !returned.payload.is_empty());
        assert!(!returned.peer.is_unspecified() && !returned.peer.is_multicast());
    }
}

/// A message with options of which some are cut.
fn message(draws: &mut Draws) -> Vec<u8> {
    let mut packet = vec![u8::try_from(draws.below(40)).unwrap_or_default(), 0, 0, draws.byte()];
    for _ in 0..draws.below(6) {
        let length = draws.below(30);
        let told = if draws.percent(90) { length } else { draws.below(60) };
        packet.extend([0, *draws.pick(&[1, 2, 3, 8, 9, 18, 37, 79, 135])]);
        packet.extend(u16::try_from(told).unwrap_or_default().to_be_bytes());
        packet.extend((0..length).map(|_| draws.byte()));
    }
    packet
}
