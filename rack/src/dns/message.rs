//! From the bytes of a query to the bytes of the answer, or to the decision to ask upstream.

use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, RecordType};

use crate::dns::answer::answer;
use crate::dns::zones::Zones;

/// The largest UDP answer: one that is not fragmented anywhere (DNS flag day 2020).
const UDP_BYTES_MAX: u16 = 1_232;

/// What a client without EDNS can take (RFC 1035 §4.2.1).
const UDP_BYTES_PLAIN: u16 = 512;

/// How a query came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

/// What becomes of a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Send this.
    Answer(Vec<u8>),
    /// Refused: neither ours nor for this client.
    Refuse(Vec<u8>),
    /// Ask an upstream server; send `failure` when none answers.
    Forward { failure: Vec<u8> },
    /// Say nothing: it was not a query.
    Ignore,
}

/// Decides. `zones` is absent until the first generation is here: then nothing may be denied.
/// `may_forward` tells whether this client may use us as its resolver.
pub(super) fn decide(
    query: &[u8],
    zones: Option<&Zones>,
    transport: Transport,
    may_forward: bool,
) -> Decision {
    let Ok(query) = Message::from_vec(query) else { return malformed(query) };
    if query.metadata.message_type != MessageType::Query {
        return Decision::Ignore;
    }
    let reply = Reply::to(&query, transport);
    if query.edns.as_ref().is_some_and(|edns| edns.version() > 0) {
        return Decision::Answer(reply.code(ResponseCode::BADVERS));
    }
    if query.metadata.op_code != OpCode::Query {
        return Decision::Answer(reply.code(ResponseCode::NotImp));
    }
    let [question] = query.queries.as_slice() else {
        return Decision::Answer(reply.code(ResponseCode::FormErr));
    };
    let kind = question.query_type();
    let transfer = matches!(kind, RecordType::AXFR | RecordType::IXFR);
    if question.query_class() != DNSClass::IN || transfer {
        return Decision::Refuse(reply.code(ResponseCode::Refused));
    }
    let Some(zones) = zones else {
        return Decision::Answer(reply.code(ResponseCode::ServFail));
    };
    let Some(found) = answer(zones, question.name(), kind) else {
        return if may_forward && query.metadata.recursion_desired {
            Decision::Forward { failure: reply.code(ResponseCode::ServFail) }
        } else {
            Decision::Refuse(reply.code(ResponseCode::Refused))
        };
    };
    let mut message = reply.message();
    message.metadata.authoritative = found.authoritative;
    message.metadata.recursion_available = may_forward;
    message.metadata.response_code = found.code;
    message.add_answers(found.answers);
    message.add_authorities(found.authority);
    message.add_additionals(found.additional);
    Decision::Answer(reply.encode(&message))
}

/// A header that can be read is answered, so that the sender does not wait.
fn malformed(bytes: &[u8]) -> Decision {
    let Some((id, rest)) = bytes.split_first_chunk::<2>() else { return Decision::Ignore };
    let is_response = rest.first().is_none_or(|flags| flags & 0x80 != 0);
    if is_response || bytes.len() < 12 {
        return Decision::Ignore;
    }
    let id = u16::from_be_bytes(*id);
    let message = Message::error_msg(id, OpCode::Query, ResponseCode::FormErr);
    message.to_vec().map_or(Decision::Ignore, Decision::Answer)
}

/// The reply to one query: its question, its EDNS, and how much fits.
struct Reply<'a> {
    query: &'a Message,
    bytes_max: usize,
}

impl<'a> Reply<'a> {
    fn to(query: &'a Message, transport: Transport) -> Self {
        let udp = query.edns.as_ref().map_or(UDP_BYTES_PLAIN, |edns| {
            edns.max_payload().clamp(UDP_BYTES_PLAIN, UDP_BYTES_MAX)
        });
        let bytes_max = match transport {
            Transport::Udp => udp,
            Transport::Tcp => u16::MAX,
        };
        Self { query, bytes_max: usize::from(bytes_max) }
    }

    fn message(&self) -> Message {
        let metadata = &self.query.metadata;
        let mut message = Message::response(metadata.id, metadata.op_code);
        message.metadata = Metadata::response_from_request(metadata);
        message.add_queries(self.query.queries.iter().cloned());
        if let Some(asked) = &self.query.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(UDP_BYTES_MAX);
            edns.set_dnssec_ok(asked.flags().dnssec_ok);
            message.set_edns(edns);
        }
        message
    }

    fn code(&self, code: ResponseCode) -> Vec<u8> {
        let mut message = self.message();
        message.metadata.response_code = code;
        self.encode(&message)
    }

    /// What does not fit is left out and TC set, so that the client asks again by TCP.
    fn encode(&self, message: &Message) -> Vec<u8> {
        let whole = message.to_vec().unwrap_or_default();
        if !whole.is_empty() && whole.len() <= self.bytes_max {
            return whole;
        }
        message.truncate().to_vec().unwrap_or_default()
    }
}
