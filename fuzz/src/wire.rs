//! The target *wire*: whatever a packet is, reading it ends, and what is answered to it can be read.

use dhcp::wire::message::Message;
use dhcp::wire::options::Options;
use dhcp::wire::reply::{Kind, Reply};

use crate::draws::Draws;
use crate::{mutate, replies};

/// Reads one packet, and a reply to it.
pub(crate) fn run(corpus: &[Vec<u8>], draws: &mut Draws) {
    let mut packet = draws.pick(corpus).clone();
    mutate::change(&mut packet, draws);
    let Ok(message) = Message::parse(&packet) else { return };
    let told: usize = (0..=255).filter_map(|code| message.options.get(code)).map(<[u8]>::len).sum();
    assert!(told <= packet.len(), "{told} bytes of options from a packet of {}", packet.len());
    let link = message.link_address();
    assert_eq!(link.is_some(), message.relayed(), "a relay alone selects a link");
    let suboptions = [message.circuit(), message.remote()];
    assert!(suboptions.iter().flatten().all(|value| value.len() <= 255));
    let _ = (message.server_override(), message.unicast_to_relay(), message.relay_source_port());
    let kind = *draws.pick(&[Kind::Offer, Kind::Ack, Kind::Nak]);
    let mut reply = Reply::to(&message, kind);
    for code in [54, 51, 1, 3, 6, 15] {
        reply.put_wanted(code, vec![7; draws.below(300)]);
    }
    if draws.percent(50) {
        reply.file = "f".repeat(draws.below(300));
    }
    let bytes = reply.encode();
    replies::check(&message, &bytes);
    let options = Options::parse(&bytes[240..], &bytes[108..236], &bytes[44..108]);
    assert_eq!(options.get(82), message.options.get(82), "option 82 is echoed");
}
