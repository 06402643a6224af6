//! What a reply says and where it goes (RFC 2131 §4.1, §4.3).

use std::net::{IpAddr, Ipv4Addr};

use model::mac::MacAddress;

use crate::v4::boot::BootClient;
use crate::v4::engine::{Arrival, Engine};
use crate::wire::code;
use crate::wire::message::Message;
use crate::wire::reply::{Kind, Reply};

/// Where a reply is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// To the first relay, at this UDP port.
    Relay {
        /// Its address.
        ip: Ipv4Addr,
        /// 67, or the port it sent from (RFC 8357).
        port: u16,
    },
    /// To 255.255.255.255, port 68, on the link.
    Broadcast,
    /// To a client that has this address.
    Unicast {
        /// The address.
        ip: Ipv4Addr,
    },
    /// To a client that does not have the address yet: a frame to its hardware address.
    Frame {
        /// The address that it gets.
        ip: Ipv4Addr,
        /// Its hardware address.
        mac: MacAddress,
    },
}

/// Where a reply goes; the order of the cases matters (RFC 2131 §4.1).
#[must_use]
pub fn destination(request: &Message, reply: &Reply, source_port: u16) -> Destination {
    if request.relayed() {
        let port = if request.relay_source_port() { source_port } else { 67 };
        return Destination::Relay { ip: request.giaddr, port };
    }
    if reply.kind == Kind::Nak {
        return Destination::Broadcast;
    }
    if !request.ciaddr.is_unspecified() {
        return Destination::Unicast { ip: request.ciaddr };
    }
    if request.wants_broadcast() || reply.yiaddr.is_unspecified() {
        return Destination::Broadcast;
    }
    Destination::Frame { ip: reply.yiaddr, mac: reply.mac }
}

impl Engine {
    /// The server identifier of replies: what the relay wants, or the address it arrived at.
    pub(crate) fn server_identifier(request: &Message, arrival: &Arrival) -> Ipv4Addr {
        request.server_override().unwrap_or(arrival.server)
    }

    /// An offer or an acknowledgement of an address for a time.
    pub(crate) fn grant_reply(
        &self,
        request: &Message,
        arrival: &Arrival,
        kind: Kind,
        ip: Ipv4Addr,
        lease_ms: u64,
    ) -> Reply {
        let mut reply = Reply::to(request, kind);
        reply.yiaddr = ip;
        if kind == Kind::Ack {
            reply.ciaddr = request.ciaddr;
        }
        let seconds = u32::try_from(lease_ms / 1_000).unwrap_or(u32::MAX - 1);
        reply.put(code::SERVER_IDENTIFIER, Self::server_identifier(request, arrival).octets());
        reply.put(code::LEASE_TIME, seconds.to_be_bytes());
        reply.put(code::RENEWAL_TIME, (seconds / 2).to_be_bytes());
        reply.put(code::REBINDING_TIME, (seconds - seconds / 8).to_be_bytes());
        self.put_configuration(&mut reply, request, ip);
        put_boot(&mut reply, request, arrival);
        reply
    }

    /// The acknowledgement of a DHCPINFORM: everything but an address and its times.
    pub(crate) fn inform_reply(&self, request: &Message, arrival: &Arrival) -> Reply {
        let mut reply = Reply::to(request, Kind::Ack);
        reply.ciaddr = request.ciaddr;
        reply.put(code::SERVER_IDENTIFIER, Self::server_identifier(request, arrival).octets());
        self.put_configuration(&mut reply, request, request.ciaddr);
        put_boot(&mut reply, request, arrival);
        reply
    }

    /// A refusal: nothing but the message and who says it (RFC 2131 table 3).
    pub(crate) fn nak_reply(request: &Message, arrival: &Arrival, reason: &str) -> Reply {
        let mut reply = Reply::to(request, Kind::Nak);
        reply.put(code::SERVER_IDENTIFIER, Self::server_identifier(request, arrival).octets());
        reply.put(code::MESSAGE, reason);
        put_client_identifier(&mut reply, request);
        reply
    }

    /// The options of the subnet of an address, and of the client's machine.
    fn put_configuration(&self, reply: &mut Reply, request: &Message, ip: Ipv4Addr) {
        put_client_identifier(reply, request);
        let Some((net, subnet)) = self.view.subnet_of(ip) else { return };
        reply.put(code::SUBNET_MASK, net.netmask().octets());
        reply.put_wanted(code::BROADCAST_ADDRESS, net.broadcast().octets());
        if let Some(IpAddr::V4(gateway)) = subnet.gateway_ip {
            reply.put(code::ROUTER, gateway.octets());
        }
        let servers: Vec<u8> =
            self.name_servers(subnet).iter().flat_map(Ipv4Addr::octets).collect();
        if !servers.is_empty() {
            reply.put_wanted(code::DOMAIN_NAME_SERVER, servers);
        }
        if let Some(host) = self.view.host(request.mac) {
            reply.put_wanted(code::HOST_NAME, host.hostname.as_str());
        }
        if let Some(domain) = &self.view.domain {
            reply.put_wanted(code::DOMAIN_NAME, domain.as_str());
        }
        let clocks: Vec<u8> = self.view.ntp_servers.iter().flat_map(Ipv4Addr::octets).collect();
        if !clocks.is_empty() {
            reply.put_wanted(code::NTP_SERVERS, clocks);
        }
        let mtu = self.view.vlan(subnet.vlan).map_or(1_500, |vlan| vlan.mtu);
        if mtu != 1_500 && reply.wanted.contains(&code::INTERFACE_MTU) {
            reply.put(code::INTERFACE_MTU, mtu.to_be_bytes());
        }
    }

    /// The racks of the link, this one first, then the servers that the subnet names.
    fn name_servers(&self, subnet: &model::net::subnet::Subnet) -> Vec<Ipv4Addr> {
        let mut servers: Vec<Ipv4Addr> = Vec::new();
        if subnet.allow_dns {
            let mut racks: Vec<_> = self.view.racks_on(subnet.vlan).collect();
            racks.sort_by_key(|(id, _)| **id != self.own.rack);
            let addresses = racks.iter().filter_map(|(_, rack)| *rack).flat_map(|rack| {
                rack.addresses.iter().filter(|own| subnet.cidr.contains(&own.addr()))
            });
            servers.extend(addresses.filter_map(|own| v4(own.addr())));
        }
        servers.extend(subnet.dns_servers.iter().filter_map(|ip| v4(*ip)));
        servers.dedup();
        servers
    }
}

fn v4(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

/// The client identifier goes back as it came (RFC 6842).
fn put_client_identifier(reply: &mut Reply, request: &Message) {
    if let Some(identifier) = request.options.get(code::CLIENT_IDENTIFIER) {
        reply.put(code::CLIENT_IDENTIFIER, identifier);
    }
}

fn put_boot(reply: &mut Reply, request: &Message, arrival: &Arrival) {
    let Some(client) = BootClient::of(request) else { return };
    let boot = client.reply(request, arrival.server);
    reply.siaddr = arrival.server;
    if boot.tftp {
        reply.put(code::TFTP_SERVER_NAME, arrival.server.to_string());
    }
    reply.put(code::BOOT_FILE_NAME, boot.file.as_str());
    reply.file = boot.file;
    for (code, value) in boot.options {
        reply.put(code, value);
    }
}
