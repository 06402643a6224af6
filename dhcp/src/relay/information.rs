//! What an agent adds to a client's message (option 82, RFC 3046), for servers that decide by it.

use std::net::Ipv4Addr;

use crate::wire::code;

const CIRCUIT: u8 = 1;
const REMOTE: u8 = 2;
const LINK_SELECTION: u8 = 5;
const FLAGS: u8 = 10;
const SERVER_OVERRIDE: u8 = 11;
const RELAY_ID: u8 = 12;
const SOURCE_PORT: u8 = 19;
/// The client sent its message to one server alone (RFC 5010 §3).
const UNICAST: u8 = 0x80;
/// What an option's length can say.
const LEN_MAX: usize = 255;

/// What an agent adds; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Information {
    /// Where the client is plugged in, as the agent calls it (RFC 3046 §3.1).
    pub circuit: Option<Vec<u8>>,
    /// What the agent is called (RFC 3046 §3.2).
    pub remote: Option<Vec<u8>>,
    /// The subnet of the clients, where the agent's address is of another one (RFC 3527).
    pub link_selection: Option<Ipv4Addr>,
    /// Whether clients are told the agent as their server, so that they renew through it (RFC 5107), which
    /// servers are told with the flags of RFC 5010.
    pub server_override: bool,
    /// The identifier of the agent (RFC 6925).
    pub relay_id: Option<Vec<u8>>,
    /// Whether answers are wanted at the port that is sent from, because it is not 67 (RFC 8357).
    pub source_port: bool,
}

impl Information {
    /// The option, with its head; none when there is nothing to add. What has no room is left out.
    #[must_use]
    pub(crate) fn option(&self, agent: Ipv4Addr, unicast: bool) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        let mut put = |code: u8, content: &[u8]| {
            let length = u8::try_from(content.len());
            if let Some(length) = length.ok().filter(|_| value.len() + 2 + content.len() <= LEN_MAX)
            {
                value.extend([code, length]);
                value.extend_from_slice(content);
            }
        };
        if let Some(selected) = self.link_selection {
            put(LINK_SELECTION, &selected.octets());
        }
        if self.server_override {
            put(SERVER_OVERRIDE, &agent.octets());
            put(FLAGS, &[if unicast { UNICAST } else { 0 }]);
        }
        if self.source_port {
            put(SOURCE_PORT, &[]);
        }
        for (code, content) in
            [(CIRCUIT, &self.circuit), (REMOTE, &self.remote), (RELAY_ID, &self.relay_id)]
        {
            if let Some(content) = content {
                put(code, content);
            }
        }
        let length = u8::try_from(value.len()).ok().filter(|length| *length > 0)?;
        Some([&[code::RELAY_AGENT_INFORMATION, length][..], &value].concat())
    }
}
