//! Why a client gets what it gets: the server's own rules, run on a DISCOVER that is made up.
//!
//! Nothing here decides. The packet goes through [`Engine::handle`] as one from the network does, and
//! what is said of the link, the racks and the address comes from the functions that the server asks.
//! A region that explains has no packets: offers that a rack made, clients that it counts and
//! what waits in its queue are not seen ([`NOT_SEEN`]).

mod packet;
pub mod source;
pub mod told;
mod words;

use std::net::Ipv4Addr;

use model::id::{BlockId, IpRangeId, SubnetId, SystemId, VlanId};
use model::lease::binding::Binding;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::mac::MacAddress;

use crate::leases::availability::Availability;
use crate::leases::sharing::rank;
use crate::lookup::free::Pool;
use crate::v4::boot::{BootClient, architectures, boots};
use crate::v4::choice::{Choice, Why};
use crate::v4::dropped::Dropped;
use crate::v4::engine::Engine;
use crate::v4::explain::source::Source;
use crate::v4::explain::told::ToldOption;
use crate::v4::output::{Arrival, Output, Sending};
use crate::v4::view::View;
use crate::wire::code;
use crate::wire::message::Message;

/// What only a rack knows, and an explanation leaves out.
pub const NOT_SEEN: [&str; 5] = [
    "what the rack's probes found: of new addresses it offers those first that did not answer",
    "offers of the last minute, which keep addresses for the clients they were made to",
    "limits: how often an unknown client asked, how many its circuit has, what it declined lately",
    "transmissions that a rack heard before, and packets that wait in its queue",
    "leases that a rack gave without a region and has not committed yet",
];

/// A client's question for an address, as somebody describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its hardware address.
    pub mac: MacAddress,
    /// How it reaches the racks.
    pub way: Way,
    /// Its architecture (option 93).
    pub architecture: Option<u16>,
    /// Its vendor class (option 60), at most 255 bytes.
    pub vendor_class: Option<String>,
    /// Its user class (option 77), bare, at most 255 bytes.
    pub user_class: Option<String>,
    /// The address it asks for (option 50).
    pub requested: Option<Ipv4Addr>,
    /// What it calls itself (option 61), at most 255 bytes. Who it is says its hardware address.
    pub identifier: Option<Vec<u8>>,
}

/// How a DISCOVER reaches a rack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As a broadcast, at an interface on this link.
    Link(VlanId),
    /// Through a relay.
    Relay {
        /// The relay's address.
        giaddr: Ipv4Addr,
        /// Its link selection (RFC 3527), if it sends one.
        selected: Option<Ipv4Addr>,
    },
}

/// What becomes of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The link that it is judged on; none when its relay's address is in no subnet.
    pub link: Option<Link>,
    /// The racks that serve the link, in the order in which they answer this client.
    pub racks: Vec<Turn>,
    /// What is known of the client on the link.
    pub client: KnownClient,
    /// What becomes of the address that it asks for.
    pub requested: Option<Requested>,
    /// The answer of the first rack.
    pub answer: Answer,
}

/// A link, and why it is that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The VLAN.
    pub vlan: VlanId,
    /// What says so.
    pub by: LinkedBy,
    /// The subnets of the link that addresses come from.
    pub subnets: Vec<SubnetId>,
}

/// What says which link a packet is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkedBy {
    /// The interface it came in at.
    Interface,
    /// The relay's address lies in this subnet.
    Giaddr(SubnetId),
    /// The link selection of the relay lies in this subnet (RFC 3527).
    LinkSelection(SubnetId),
}

/// When a rack answers a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The rack.
    pub rack: SystemId,
    /// Whether a region has a session with it.
    pub connected: bool,
    /// Whether packets of the link come in at it: it has an address there, as far as is known.
    pub on_link: bool,
    /// Which transmission of the client it answers, from 1 on; none while no region has a session with
    /// it, or it is not on the link, because the others do not wait for it then.
    pub transmission: Option<usize>,
}

/// What is known of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownClient {
    /// The machine that has an interface with its hardware address.
    pub machine: Option<SystemId>,
    /// The addresses that are kept for it on the link.
    pub reserved: Vec<Ipv4Addr>,
    /// Its bindings on the link, the one with the latest promise first.
    pub bindings: Vec<Binding>,
}

/// What becomes of the address that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requested {
    /// It gets it.
    Given,
    /// It could, but has another one that comes first.
    AnotherComesFirst,
    /// It is in no subnet of the link.
    NotOfTheLink,
    /// Somebody else has it, or it is kept.
    Taken,
    /// It is in no block of this rack, so this rack cannot give it to a client that does not have it.
    NotOfTheRack,
}

/// What the first rack answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An offer.
    Offer(Box<Offer>),
    /// Nothing.
    Silence(Silence),
}

/// An offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The address.
    pub ip: Ipv4Addr,
    /// Why that one.
    pub why: Why,
    /// The subnet it lies in.
    pub subnet: Option<SubnetId>,
    /// The range for clients that it lies in.
    pub range: Option<IpRangeId>,
    /// The rack's block that it lies in.
    pub block: Option<BlockId>,
    /// For how many seconds the client may use it.
    pub lease_seconds: u32,
    /// The rack's address that the client is told (option 54).
    pub server: Ipv4Addr,
    /// What it is told to boot.
    pub boot: Boot,
    /// The options that it is told when it asks for all there are, in the order of the packet.
    pub options: Vec<ToldOption>,
    /// The codes of options that do not fit into the answer.
    pub left_out: Vec<u8>,
}

/// What a client is told to boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Boot {
    /// Nothing: it does not say that it boots from the network (option 60 or 77).
    NotAsked,
    /// Nothing: there is no program for these architectures (option 93).
    NoProgram(Vec<u16>),
    /// Nothing: its way to boot is among those that the subnet does not answer.
    Disabled(BootClient),
    /// A file.
    File {
        /// What kind of client it is.
        client: BootClient,
        /// The file's name or URL.
        file: String,
        /// Where it comes from by TFTP, if it does.
        next_server: Option<Ipv4Addr>,
    },
}

/// Why nothing is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The relay's address, or its link selection, is in no subnet.
    NoSubnet(Ipv4Addr),
    /// DHCP is off on the link, and no other link's racks serve it.
    Off,
    /// No rack serves the link.
    NoRack,
    /// No rack that serves the link has an address where its packets come in.
    NotOnLink,
    /// No range of the link's subnets is for clients.
    NoRange,
    /// The rack has no block of the link's ranges.
    NoBlock,
    /// All addresses of the rack's blocks are in use, promised or kept.
    NoneFree {
        /// How many addresses of them clients have or had.
        bound: usize,
    },
    /// Another reason.
    Other(Dropped),
}

/// The racks of a link in the order in which they answer a client, the one that alone can give what it
/// asks for first; those without a session last.
#[must_use]
pub fn turns(view: &View, vlan: VlanId, mac: MacAddress, giver: Option<&SystemId>) -> Vec<Turn> {
    let client = ClientId::Hardware(mac);
    let racks: Vec<(&SystemId, bool, bool)> = view
        .racks_on(vlan)
        .map(|(id, rack)| {
            let on_link = rack.is_none_or(|rack| view.reaches(rack, vlan));
            (id, rack.is_some_and(|rack| rack.connected), on_link)
        })
        .collect();
    let live = || {
        let live = racks.iter().filter(|(_, connected, on_link)| *connected && *on_link);
        let live = live.map(|(id, ..)| *id);
        live.filter(|id| Some(*id) != giver)
    };
    let place = |id: &SystemId| {
        if Some(id) == giver { 0 } else { usize::from(giver.is_some()) + rank(id, live(), &client) }
    };
    let mut turns: Vec<Turn> = racks
        .iter()
        .map(|(id, connected, on_link)| Turn {
            rack: (*id).clone(),
            connected: *connected,
            on_link: *on_link,
            transmission: (*connected && *on_link).then(|| place(id) + 1),
        })
        .collect();
    turns.sort_by_key(|turn| (!turn.on_link, turn.transmission.unwrap_or(usize::MAX)));
    turns
}

/// The link of a question, before anybody serves it.
#[must_use]
pub fn link(view: &View, question: &Question) -> Option<Link> {
    let (vlan, by) = match question.way {
        Way::Link(vlan) => (vlan, LinkedBy::Interface),
        Way::Relay { .. } => {
            let message = Message::parse(&packet::discover(question)).ok()?;
            let link = message.link_address()?;
            let (_, subnet) = view.subnet_of(link)?;
            let of_relay = link == message.giaddr;
            let by = if of_relay { LinkedBy::Giaddr } else { LinkedBy::LinkSelection };
            (subnet.vlan, by(subnet.id))
        }
    };
    let subnets = view.subnets_on(vlan).map(|(_, subnet)| subnet.id).collect();
    Some(Link { vlan, by, subnets })
}

impl Engine {
    /// What this rack would answer to a question, and why. To be asked of an engine that was made for
    /// it: the question counts as a packet.
    pub fn explain(&mut self, question: &Question, now: Moment) -> Explanation {
        let Some(link) = link(&self.leases.view, question) else {
            return Explanation {
                link: None,
                racks: Vec::new(),
                client: KnownClient { machine: None, reserved: Vec::new(), bindings: Vec::new() },
                requested: None,
                answer: Answer::Silence(no_subnet(question)),
            };
        };
        let (vlan, mac) = (link.vlan, question.mac);
        let id = ClientId::Hardware(mac);
        let client = KnownClient {
            machine: self.leases.view.host_id(mac).cloned(),
            reserved: self.leases.view.reservations(vlan, &id),
            bindings: self.leases.view.bindings_of(vlan, &id).into_iter().cloned().collect(),
        };
        let packet = packet::discover(question);
        let message = Message::parse(&packet).ok();
        let message = message.as_ref();
        let chosen = message.and_then(|message| self.choose(&self.asker(message, vlan), now));
        let requested = question.requested.map(|ip| match chosen {
            Some(chosen) if chosen.ip == ip => Requested::Given,
            Some(_) | None => self.fate_of(ip, vlan, &id, now),
        });
        let giver = message.and_then(|message| self.only_giver(message, vlan, now).cloned());
        let own = self.leases.view.rack(&self.leases.own.rack);
        let served = self.leases.view.racks_on(vlan).any(|(id, _)| *id == self.leases.own.rack);
        let answer = if served && own.is_some_and(|rack| !self.leases.view.reaches(rack, vlan)) {
            Answer::Silence(Silence::NotOnLink)
        } else {
            self.answer_to(question, &packet, vlan, chosen, now)
        };
        Explanation {
            racks: turns(&self.leases.view, vlan, mac, giver.as_ref()),
            link: Some(link),
            client,
            requested,
            answer,
        }
    }

    fn answer_to(
        &mut self,
        question: &Question,
        packet: &[u8],
        vlan: VlanId,
        chosen: Option<Choice>,
        now: Moment,
    ) -> Answer {
        match self.handle(packet, self.arrival_of(question, vlan), now) {
            Ok((_, outputs)) => match (sending(&outputs), chosen) {
                (Some(sent), Some(chosen)) => {
                    Answer::Offer(Box::new(self.offer(packet, sent, vlan, chosen.why)))
                }
                (None, _) | (_, None) => Answer::Silence(Silence::Other(Dropped::NotKnown)),
            },
            Err(dropped) => Answer::Silence(self.silence(dropped, vlan)),
        }
    }

    /// Where the packet comes in: at an interface on the link, or on the link whose racks serve it.
    fn arrival_of(&self, question: &Question, vlan: VlanId) -> Arrival {
        let served = self.leases.view.vlan(vlan).and_then(|vlan| vlan.relay_vlan).unwrap_or(vlan);
        let own = self.leases.view.rack(&self.leases.own.rack);
        let first = own.and_then(|rack| self.leases.view.address_serving(rack, served));
        let near =
            || self.leases.view.subnets_on(served).find_map(|(net, _)| self.addresses.within(net));
        let server =
            first.or_else(near).or_else(|| self.addresses.first()).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let relayed = matches!(question.way, Way::Relay { .. });
        Arrival {
            vlan: served,
            interface: 0,
            server,
            source_port: if relayed { 67 } else { 68 },
            destination: if relayed { server } else { Ipv4Addr::BROADCAST },
            received_us: 0,
        }
    }

    fn fate_of(&self, ip: Ipv4Addr, vlan: VlanId, client: &ClientId, now: Moment) -> Requested {
        if self.leases.view.subnet_of(ip).is_none_or(|(_, subnet)| subnet.vlan != vlan) {
            return Requested::NotOfTheLink;
        }
        match self.availability(vlan, ip, client, now) {
            Availability::Usable { .. } => Requested::AnotherComesFirst,
            Availability::Taken => Requested::Taken,
            Availability::Unknown => Requested::NotOfTheRack,
        }
    }

    fn offer(&self, packet: &[u8], sent: &Sending, vlan: VlanId, why: Why) -> Offer {
        let reply = told::Told::read(&sent.payload);
        let ip = reply.yiaddr;
        let block = self.leases.own_block(vlan, ip);
        let in_range = || {
            let mut ranges = self.leases.view.ranges_on(vlan);
            ranges.find(|(_, span)| span.contains(ip)).map(|(id, _)| id)
        };
        Offer {
            ip,
            why,
            subnet: self.leases.view.subnet_of(ip).map(|(_, subnet)| subnet.id),
            range: in_range(),
            block: block.map(|block| block.id),
            lease_seconds: reply.options.number_u32(code::LEASE_TIME).unwrap_or_default(),
            server: reply.options.address(code::SERVER_IDENTIFIER).unwrap_or(sent.source),
            boot: self.boot(packet, &reply),
            options: self.told(packet, &reply),
            left_out: sent.left_out.clone(),
        }
    }

    /// The options of a reply, those that snippets say as such.
    fn told(&self, packet: &[u8], reply: &told::Told) -> Vec<ToldOption> {
        let mut options = reply.told();
        let Ok(message) = Message::parse(packet) else { return options };
        let origins = self.origins(&message, reply.yiaddr);
        for option in &mut options {
            let snippet = origins.of(option.code);
            option.source = snippet.map_or(option.source, Source::Snippet);
        }
        options
    }

    fn boot(&self, packet: &[u8], reply: &told::Told) -> Boot {
        let subnet = self.leases.view.subnet_of(reply.yiaddr).map(|(_, subnet)| subnet);
        let disabled = subnet.map(|subnet| subnet.disabled_boot_architectures.as_slice());
        boot(packet, reply, disabled.unwrap_or_default())
    }

    /// What is behind the word with which the server drops a packet.
    fn silence(&self, dropped: Dropped, vlan: VlanId) -> Silence {
        let is_off = |vlan: &model::net::vlan::Vlan| match vlan.relay_vlan {
            None => !vlan.dhcp_on,
            Some(relay) => self.leases.view.vlan(relay).is_some_and(|relay| !relay.dhcp_on),
        };
        if dropped == Dropped::NotServed {
            let off = self.leases.view.vlan(vlan).is_none_or(is_off);
            return if off { Silence::Off } else { Silence::NoRack };
        }
        if dropped != Dropped::NoAddress {
            return Silence::Other(dropped);
        }
        if self.leases.view.ranges_on(vlan).next().is_none() {
            return Silence::NoRange;
        }
        let none_free = |pool: &Pool<Ipv4Addr>| Silence::NoneFree { bound: pool.promised_len() };
        self.leases.view.free_on(vlan).map_or(Silence::NoBlock, none_free)
    }
}

fn no_subnet(question: &Question) -> Silence {
    match question.way {
        Way::Link(_) => Silence::Off,
        Way::Relay { giaddr, selected } => Silence::NoSubnet(selected.unwrap_or(giaddr)),
    }
}

fn sending(outputs: &[Output]) -> Option<&Sending> {
    outputs.iter().find_map(|output| match output {
        Output::Send(sending) => Some(sending),
        Output::Commit(_) | Output::Report(_) => None,
    })
}

fn boot(packet: &[u8], reply: &told::Told, disabled: &[String]) -> Boot {
    let Ok(message) = Message::parse(packet) else { return Boot::NotAsked };
    if let Some(client) = BootClient::of(&message, disabled) {
        let file = reply.options.get(code::BOOT_FILE_NAME).unwrap_or_default();
        let file = String::from_utf8_lossy(file).into_owned();
        let by_tftp = reply.options.get(code::TFTP_SERVER_NAME).is_some();
        return Boot::File { client, file, next_server: by_tftp.then_some(reply.siaddr) };
    }
    if let Some(client) = BootClient::of(&message, &[]) {
        return Boot::Disabled(client);
    }
    let vendor_class = message.options.get(code::VENDOR_CLASS).unwrap_or_default();
    if boots(&message) {
        Boot::NoProgram(architectures(&message, vendor_class))
    } else {
        Boot::NotAsked
    }
}
