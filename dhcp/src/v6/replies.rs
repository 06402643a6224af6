//! What a reply says (RFC 9915 §18.3.10).

use std::net::Ipv6Addr;

use model::lease::clock::Moment;
use model::net::subnet::Subnet;

use crate::v4::fqdn::labels;
use crate::v6::asking::Asking;
use crate::v6::associations::{Fate, Judged};
use crate::v6::engine::Engine;
use crate::v6::output::{Exchange, Output, Sending};
use crate::v6::{boot, fqdn};
use crate::wire::v6::code::{self, Status};
use crate::wire::v6::message::{Kind, Leased, Purpose};
use crate::wire::v6::reply::{self, Given, Reply};

/// The client need not wait for other servers (RFC 9915 §18.2.1): all racks give the same.
const CHOOSE_ME: u8 = 255;
/// How long a reply with a time in it may wait for its sending: less than the skew that every
/// deadline is shortened by.
const SEND_WITHIN_MS: u64 = 1_000;
/// How long a status may.
const STATUS_WITHIN_MS: u64 = 10_000;
/// After how many seconds who has an address of its own asks for information anew.
const REFRESH_S: u32 = 3_600;
/// The longest pause between two Solicit or Information-request messages: that of the RFC.
const RETRANSMIT_MAX_S: u32 = 3_600;
/// The ports of clients and of relays.
const CLIENT_PORT: u16 = 546;
const RELAY_PORT: u16 = 547;
/// An NTP server's address (RFC 5908 §4.1).
const NTP_ADDRESS: u16 = 1;

impl Engine {
    /// An answer that says what becomes of all associations, and the reports of what was given.
    pub(crate) fn answer(
        &self,
        kind: reply::Kind,
        asking: &Asking,
        judged: &[Judged],
        now: Moment,
    ) -> Vec<Output> {
        let mut reply = self.begin(kind, asking);
        let given_any = judged.iter().any(|it| given(it).is_some());
        let first = judged.iter().find_map(address);
        if kind == reply::Kind::Advertise && given_any {
            reply.put(code::PREFERENCE, &[CHOOSE_ME]);
        }
        if kind == reply::Kind::Reply && asking.message.kind == Kind::Solicit {
            reply.put(code::RAPID_COMMIT, &[]);
        }
        // The same times in all associations, so that a client renews them together.
        let least = judged.iter().filter_map(given).map(|(_, until)| seconds(until, now)).min();
        let times = least.map(|least| (least / 2, least / 5 * 4)).unwrap_or_default();
        for of in judged {
            put_association(&mut reply, asking, of, times, now);
        }
        self.put_configuration(&mut reply, asking, first);
        let boot = self.put_boot(&mut reply, asking, first);
        let within_ms = match kind {
            reply::Kind::Advertise => self.leases.policy.lease_ms,
            reply::Kind::Reply | reply::Kind::AddrRegReply => SEND_WITHIN_MS,
        };
        let mut outputs = vec![self.send(&reply, asking, now.plus_ms(within_ms))];
        if let Some(mac) = asking.hardware.filter(|_| kind == reply::Kind::Reply) {
            outputs.extend(judged.iter().filter_map(address).map(|ip| {
                let (client, vlan) = (mac.into(), asking.vlan());
                Output::Report(Exchange { client, vlan, ip, boot: boot.clone() })
            }));
        }
        outputs
    }

    /// An answer with a status and nothing else.
    pub(crate) fn status_reply(
        &self,
        asking: &Asking,
        status: Status,
        why: &str,
        now: Moment,
    ) -> Output {
        let mut reply = self.begin(reply::Kind::Reply, asking);
        reply.put_status(status, why);
        self.send(&reply, asking, now.plus_ms(STATUS_WITHIN_MS))
    }

    /// A reply that says who asked and who answers.
    pub(crate) fn begin(&self, kind: reply::Kind, asking: &Asking) -> Reply {
        let mut reply = Reply::new(kind, asking.message.xid);
        if let Some(client) = &asking.message.client {
            reply.put(code::CLIENT_ID, client);
        }
        reply.put(code::SERVER_ID, &self.server_id);
        reply
    }

    /// The options that the client asks for, of the subnet of an address or else of its link.
    pub(crate) fn put_configuration(
        &self,
        reply: &mut Reply,
        asking: &Asking,
        ip: Option<Ipv6Addr>,
    ) {
        let message = &asking.message;
        let mut put = |code: u16, value: &[u8]| {
            if message.wants(code) && !value.is_empty() {
                reply.put(code, value);
            }
        };
        let mut time_servers = self.leases.view.ntp_servers.clone();
        if let Some(subnet) = self.subnet(asking, ip) {
            let servers = self.leases.name_servers(subnet, asking.arrival.server);
            put(code::DNS_SERVERS, &octets(&servers));
            time_servers = self.leases.time_servers(subnet, asking.arrival.server);
        }
        let view = &self.leases.view;
        if let Some(domain) = &view.domain {
            put(code::DOMAIN_LIST, &labels(domain));
        }
        let servers = time_servers.iter().flat_map(|server| {
            let length = [0, 16];
            [&NTP_ADDRESS.to_be_bytes()[..], &length, &server.octets()].concat()
        });
        put(code::NTP_SERVER, &servers.collect::<Vec<u8>>());
        put(code::SNTP_SERVERS, &octets(&time_servers));
        put(code::SOL_MAX_RT, &RETRANSMIT_MAX_S.to_be_bytes());
        put(code::INF_MAX_RT, &RETRANSMIT_MAX_S.to_be_bytes());
        if message.kind == Kind::InformationRequest {
            put(code::INFORMATION_REFRESH_TIME, &REFRESH_S.to_be_bytes());
        }
        if self.registering.is_taken && message.wants(code::ADDR_REG_ENABLE) {
            reply.put(code::ADDR_REG_ENABLE, &[]);
        }
        if let Some(answer) = fqdn::answer(message, &self.full_name(asking)) {
            reply.put(code::CLIENT_FQDN, &answer);
        }
    }

    /// What a client that boots from the network loads from this rack, if its subnet lets it. Returns the
    /// URL.
    fn put_boot(&self, reply: &mut Reply, asking: &Asking, ip: Option<Ipv6Addr>) -> Option<String> {
        let disabled = &self.subnet(asking, ip)?.disabled_boot_architectures;
        let client = boot::client(&asking.message, disabled)?;
        let own = asking.arrival.server;
        let service = self.leases.service_address(asking.vlan(), ip, Some(own));
        let mac = asking.hardware?;
        let secure_boot = self.leases.view.host_with(mac).and_then(|host| host.secure_boot);
        let told = boot::told(client, mac, service.unwrap_or(own), secure_boot)?;
        reply.put(code::BOOT_FILE_URL, told.url.as_bytes());
        if let Some(class) = told.vendor_class {
            reply.put(code::VENDOR_CLASS, &class);
        }
        Some(told.url)
    }

    fn subnet(&self, asking: &Asking, ip: Option<Ipv6Addr>) -> Option<&Subnet> {
        let view = &self.leases.view;
        let of_address = ip.and_then(|ip| view.subnet_of(ip));
        of_address.or_else(|| view.subnets_on(asking.vlan()).next()).map(|(_, subnet)| subnet)
    }

    /// The name that the client has in DNS; empty when it has none.
    fn full_name(&self, asking: &Asking) -> String {
        let host = asking.hardware.and_then(|mac| self.leases.view.host_with(mac));
        let label = host.map(|host| host.hostname.clone());
        let label = label.or_else(|| fqdn::hostname(&asking.message)).unwrap_or_default();
        match &self.leases.view.domain {
            Some(domain) if !label.is_empty() => format!("{label}.{domain}"),
            _ => label,
        }
    }

    /// A reply on its way: to the client's address on the link, or back through its relays.
    pub(crate) fn send(&self, reply: &Reply, asking: &Asking, send_before: Moment) -> Output {
        let Asking { message, arrival, .. } = asking;
        let port = match message.relays.first() {
            Some(relay) if relay.source_port.is_some() => arrival.source_port,
            Some(_) => RELAY_PORT,
            None => CLIENT_PORT,
        };
        Output::Send(Sending {
            interface: arrival.interface,
            destination: arrival.source,
            port,
            kind: reply.kind,
            payload: reply.encode(&message.relays),
            send_before,
            received_us: arrival.received_us,
        })
    }
}

/// What an association has, and until when.
fn given(judged: &Judged) -> Option<(Leased, Moment)> {
    match judged.fate {
        Fate::Given { what, until } => Some((what, until)),
        Fate::Asked { .. } | Fate::Refused(_) | Fate::Unknown => None,
    }
}

/// The address that an association has.
fn address(judged: &Judged) -> Option<Ipv6Addr> {
    match given(judged)?.0 {
        Leased::Address(ip) => Some(ip),
        Leased::Prefix(_) => None,
    }
}

/// Says what becomes of an association. Of one that a client extends and nobody can tell of, nothing is said:
/// the client goes on with it and asks again.
fn put_association(
    reply: &mut Reply,
    asking: &Asking,
    judged: &Judged,
    times: (u32, u32),
    now: Moment,
) {
    let over = judged.ended.iter().map(|what| Given { what: *what, seconds: 0 });
    let extends = matches!(asking.message.kind, Kind::Renew | Kind::Rebind);
    let status = match judged.fate {
        Fate::Given { what, until } => {
            let has = [Given { what, seconds: seconds(until, now) }];
            let given: Vec<Given> = has.into_iter().chain(over).collect();
            return reply.put_association(&judged.association, times, &given, None);
        }
        Fate::Refused(status) => status,
        Fate::Asked { .. } | Fate::Unknown if extends => return,
        Fate::Asked { .. } | Fate::Unknown => Some(match judged.association.purpose {
            Purpose::Addresses => Status::NoAddrsAvail,
            Purpose::Prefixes => Status::NoPrefixAvail,
        }),
    };
    let given: Vec<Given> = over.collect();
    let status = status.map(|status| (status, words(status)));
    reply.put_association(&judged.association, (0, 0), &given, status);
}

const fn words(status: Status) -> &'static str {
    match status {
        Status::Success => "",
        Status::UnspecFail => "it is not done",
        Status::NoAddrsAvail => "no address is free",
        Status::NoBinding => "nothing is bound to it",
        Status::NotOnLink => "an address is of another link",
        Status::NoPrefixAvail => "no prefix is free",
    }
}

/// Whole seconds until then.
fn seconds(until: Moment, now: Moment) -> u32 {
    u32::try_from(until.since_ms(now) / 1_000).unwrap_or(u32::MAX - 1)
}

fn octets(addresses: &[Ipv6Addr]) -> Vec<u8> {
    addresses.iter().flat_map(Ipv6Addr::octets).collect()
}
