//! What holds for every reply, whatever it answers.

use dhcp::wire::message::Message;
use dhcp::wire::options::Options;
use model::lease::client::ClientId;
use model::mac::MacAddress;

/// What BOOTP asks for, and what a frame carries.
const LEN_MIN: usize = 300;
const LEN_LINK_MAX: usize = 1_472;
/// What is kept for a client's options beside the longest option of a relay.
const FIXED_AND_ROOM: usize = 241 + 64;

/// Checks the bytes of a reply to a message.
///
/// # Panics
/// When something does not hold.
pub fn check(request: &Message, reply: &[u8]) {
    assert!(reply.len() >= LEN_MIN, "{} bytes", reply.len());
    let mac = request.client.mac();
    let hlen = if mac.is_some() { 6 } else { 0 };
    assert_eq!((reply[0], reply[1], reply[2], reply[3]), (2, request.htype, hlen, 0));
    assert_eq!(reply[4..8], request.xid.to_be_bytes(), "xid");
    assert_eq!(reply[8..10], [0, 0], "secs");
    assert_eq!(reply[24..28], request.giaddr.octets(), "giaddr");
    assert_eq!(reply[28..34], mac.map_or([0; 6], |mac| mac.0), "chaddr");
    let options = options(reply);
    assert!(matches!(options.first_byte(53), Some(2 | 5 | 6)), "a server's message type");
    for code in [50, 55, 57] {
        assert_eq!(options.get(code), None, "option {code} is the client's");
    }
    let relay =
        options.get(82).map_or(0, |value| value.len() + 2 * value.len().div_ceil(255).max(1));
    let for_client = reply.len() - relay;
    assert!(for_client <= request.payload_max().max(LEN_MIN), "{for_client} bytes for the client");
    let bound = LEN_LINK_MAX.max(FIXED_AND_ROOM + relay);
    assert!(reply.len() <= bound, "{} bytes on the link", reply.len());
}

/// The client that a reply is for.
#[must_use]
pub fn client(reply: &[u8]) -> ClientId {
    let identifier = options(reply).get(61).map(|own| ClientId::Identifier(own.into()));
    let mac = MacAddress(<[u8; 6]>::try_from(&reply[28..34]).unwrap_or_default());
    identifier.filter(|_| reply[2] == 0).unwrap_or(ClientId::Hardware(mac))
}

/// The options of a reply, as a client reads them.
#[must_use]
pub fn options(reply: &[u8]) -> Options {
    Options::parse(&reply[240..], &reply[108..236], &reply[44..108])
}
