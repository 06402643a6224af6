//! What a reply says (RFC 2131 §4.3).

use std::net::{IpAddr, Ipv4Addr};

use model::dhcp::program::Settings;

use crate::v4::boot::{BootClient, BootReply};
use crate::v4::engine::Engine;
use crate::v4::fqdn::{ClientFqdn, hostname, labels};
use crate::v4::output::Arrival;
use crate::v4::routes;
use crate::wire::code;
use crate::wire::message::{self, Message};
use crate::wire::reply::{BROADCAST_FLAG, Kind, Reply};

impl Engine {
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
        let settings = self.settings(request, ip);
        let lease_ms = lease_ms.min(self.lease_within(request, ip, &settings));
        let seconds = u32::try_from(lease_ms / 1_000).unwrap_or(u32::MAX - 1);
        let server = self.server_identifier(request, arrival, Some(ip));
        reply.put(code::SERVER_IDENTIFIER, server.octets());
        reply.put(code::LEASE_TIME, seconds.to_be_bytes());
        reply.put(code::RENEWAL_TIME, (seconds / 2).to_be_bytes());
        reply.put(code::REBINDING_TIME, (seconds - seconds / 8).to_be_bytes());
        if kind == Kind::Ack && request.kind == message::Kind::Discover {
            reply.put(code::RAPID_COMMIT, []);
        }
        if let Some(selected) = self.selected_subnet(request, arrival) {
            reply.put(code::SUBNET_SELECTION, selected.octets());
        }
        let server = self.server_address(arrival, Some(ip));
        let own = self.own_address(arrival, Some(ip));
        self.put_configuration(&mut reply, request, ip, own, &settings);
        self.put_boot(&mut reply, request, ip, server, &settings);
        put_settings(&mut reply, &settings);
        reply
    }

    /// The subnet selection (RFC 3011) that a relayed message's answer follows, and says so by
    /// repeating it. Relays pass on what clients write, so it may select among the subnets of the
    /// relay's own link, whose addresses its clients get anyway, and never those of another link:
    /// a relay that needs that says so in its own option (RFC 3527).
    fn selected_subnet(&self, request: &Message, arrival: &Arrival) -> Option<Ipv4Addr> {
        let selected = request.options.address(code::SUBNET_SELECTION)?;
        let (_, subnet) = self.leases.view.subnet_of(selected)?;
        (request.relayed() && subnet.vlan == arrival.vlan).then_some(selected)
    }

    /// The acknowledgement of a DHCPINFORM: everything but an address and its times. One that goes
    /// to the client itself passes no relay that would take its option out again.
    pub(crate) fn inform_reply(&self, request: &Message, arrival: &Arrival) -> Reply {
        let mut reply = Reply::to(request, Kind::Ack);
        reply.ciaddr = request.ciaddr;
        let own = Some(request.ciaddr).filter(|ip| !ip.is_unspecified());
        if own.is_some() {
            reply.relay_agent = None;
        } else if request.relayed() {
            reply.flags |= BROADCAST_FLAG;
        }
        let near = own.or_else(|| request.link_address()).unwrap_or(arrival.server);
        let identifier = self.server_identifier(request, arrival, Some(near));
        reply.put(code::SERVER_IDENTIFIER, identifier.octets());
        let server = self.server_address(arrival, Some(near));
        let settings = self.settings(request, near);
        let own = self.own_address(arrival, Some(near));
        self.put_configuration(&mut reply, request, near, own, &settings);
        self.put_boot(&mut reply, request, near, server, &settings);
        put_settings(&mut reply, &settings);
        reply
    }

    /// A refusal: nothing but the message and who says it (RFC 2131 table 3).
    pub(crate) fn nak_reply(&self, request: &Message, arrival: &Arrival, reason: &str) -> Reply {
        let mut reply = Reply::to(request, Kind::Nak);
        let server = self.server_identifier(request, arrival, None);
        reply.put(code::SERVER_IDENTIFIER, server.octets());
        reply.put(code::MESSAGE, reason);
        put_client_identifier(&mut reply, request);
        reply
    }

    /// The options of the subnet of an address, and of the client's machine; `own` is this rack's address for it.
    fn put_configuration(
        &self,
        reply: &mut Reply,
        request: &Message,
        ip: Ipv4Addr,
        own: Ipv4Addr,
        settings: &Settings<'_>,
    ) {
        put_client_identifier(reply, request);
        let Some((net, subnet)) = self.leases.view.subnet_of(ip) else { return };
        reply.put(code::SUBNET_MASK, net.netmask().octets());
        reply.put_wanted(code::BROADCAST_ADDRESS, net.broadcast().octets());
        let gateway = subnet.gateway_ip.and_then(v4);
        let router = settings.options.get(&code::ROUTER).and_then(|value| value.first_chunk());
        let router = router.map(|octets: &[u8; 4]| Ipv4Addr::from(*octets)).or(gateway);
        routes::put(reply, &self.leases.view, subnet.id, router);
        if let Some(gateway) = gateway {
            reply.put(code::ROUTER, gateway.octets());
        }
        let servers: Vec<u8> =
            self.leases.name_servers(subnet, own).iter().flat_map(Ipv4Addr::octets).collect();
        if !servers.is_empty() {
            reply.put_wanted(code::DOMAIN_NAME_SERVER, servers);
        }
        let servers: Vec<u8> =
            self.leases.time_servers(subnet, own).iter().flat_map(Ipv4Addr::octets).collect();
        if !servers.is_empty() {
            reply.put_wanted(code::NTP_SERVERS, servers);
        }
        if let Some(host) = self.leases.view.host(&request.client) {
            reply.put_wanted(code::HOST_NAME, host.hostname.as_str());
        }
        if let Some(domain) = &self.leases.view.domain {
            reply.put_wanted(code::DOMAIN_NAME, domain.as_str());
            if reply.wanted.contains(&code::DOMAIN_SEARCH) {
                reply.put(code::DOMAIN_SEARCH, labels(domain));
            }
        }
        if let Some(fqdn) = ClientFqdn::of(&request.options) {
            reply.put(code::CLIENT_FQDN, fqdn.answer(&self.full_name(request)));
        }
        let mtu = self.leases.view.vlan(subnet.vlan).map_or(1_500, |vlan| vlan.mtu);
        if mtu != 1_500 && reply.wanted.contains(&code::INTERFACE_MTU) {
            reply.put(code::INTERFACE_MTU, mtu.to_be_bytes());
        }
    }

    /// The boot server and file: those of snippets, else what a client that boots loads from this rack,
    /// if its subnet lets it. Clients that boot are told them in the fields and in the options; the
    /// others in the fields, as ISC's server does, and in the option if they ask for it.
    pub(crate) fn put_boot(
        &self,
        reply: &mut Reply,
        request: &Message,
        ip: Ipv4Addr,
        server: Ipv4Addr,
        settings: &Settings<'_>,
    ) {
        let Some(boot) = self.boot_reply(request, ip, server) else {
            reply.siaddr = settings.next_server.unwrap_or(reply.siaddr);
            if let Some(file) = settings.boot_file {
                file.clone_into(&mut reply.file);
                reply.put_wanted(code::BOOT_FILE_NAME, file);
            }
            return;
        };
        let said = |code| settings.options.get(&code).copied();
        let text = |code| said(code).and_then(|value| std::str::from_utf8(value).ok());
        let next = settings.next_server.unwrap_or(server);
        reply.siaddr = next;
        if boot.tftp {
            let name = text(code::TFTP_SERVER_NAME).map_or_else(|| next.to_string(), str::to_owned);
            reply.put(code::TFTP_SERVER_NAME, name.as_str());
            reply.sname = name;
        }
        let file = settings.boot_file.or_else(|| text(code::BOOT_FILE_NAME));
        let file = file.map_or(boot.file, str::to_owned);
        reply.put(code::BOOT_FILE_NAME, file.as_str());
        reply.file = file;
        for (code, value) in boot.options {
            reply.put(code, value);
        }
    }

    /// What the subnet of an address lets its client load, and from where. A proxy, which knows no address of the
    /// client and passes the rack's, has firmware load iPXE in any case: GRUB of Debian 12 would go on at the server
    /// that gave the address.
    pub(crate) fn boot_reply(
        &self,
        request: &Message,
        ip: Ipv4Addr,
        server: Ipv4Addr,
    ) -> Option<BootReply> {
        let subnet = self.leases.view.subnet_of(ip).map(|(_, subnet)| subnet);
        let disabled = subnet.map(|subnet| subnet.disabled_boot_architectures.as_slice());
        let said = self.leases.view.host(&request.client).and_then(|host| host.secure_boot);
        let secure_boot = if ip == server { Some(false) } else { said };
        BootClient::of(request, disabled.unwrap_or_default())?.reply(request, server, secure_boot)
    }

    /// The name that the client has in DNS; empty when it has none.
    fn full_name(&self, request: &Message) -> String {
        let known = self.leases.view.host(&request.client).map(|host| host.hostname.clone());
        let label = known.or_else(|| hostname(&request.options));
        label
            .map(|label| match &self.leases.view.domain {
                Some(domain) => format!("{label}.{domain}"),
                None => label,
            })
            .unwrap_or_default()
    }
}

fn v4(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

/// The client identifier goes back as it came (RFC 6842).
pub(crate) fn put_client_identifier(reply: &mut Reply, request: &Message) {
    let identifier = request.options.get(code::CLIENT_IDENTIFIER).filter(|own| !own.is_empty());
    if let Some(identifier) = identifier {
        reply.put(code::CLIENT_IDENTIFIER, identifier);
    }
}

/// What snippets say replaces what follows from the network; what nothing follows for is told to who
/// asks for it, or asks for nothing in particular.
fn put_settings(reply: &mut Reply, settings: &Settings<'_>) {
    for (code, value) in &settings.options {
        match reply.options.iter_mut().find(|(own, _)| own == code) {
            Some((_, own)) => *own = value.to_vec(),
            None => reply.put_wanted(*code, *value),
        }
    }
}
