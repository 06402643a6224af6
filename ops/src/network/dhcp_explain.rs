//! Why a client gets the address and the options that it gets: the rules of the racks' DHCP server,
//! run on what the region knows of the client's link.

use std::net::{IpAddr, Ipv4Addr};

use api::dhcp::{
    ExplainedBoot, ExplainedLink, ExplainedOffer, ExplainedOption, ExplainedRack,
    Explanation as Shape, KnownClient, LeftOut, NamedMachine, NamedSubnet, NamedVlan, OptionBytes,
    Outcome, Reason, Span,
};
use dhcp::v4::explain::source::Source;
use dhcp::v4::explain::told::name_of;
use dhcp::v4::explain::{
    Answer, Boot, Explanation, Link, LinkedBy, NOT_SEEN, Offer, Question, Way, link, turns,
};
use model::access::Actor;
use model::controller::RackController;
use model::dhcp::snippet::DhcpSnippet;
use model::id::{IpRangeId, SubnetId, SystemId, VlanId};
use model::lease::binding::Binding;
use model::lease::block::Block;
use model::lease::clock::Moment;
use model::mac::MacAddress;
use model::net::iprange::IpRange;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::time::Timestamp;

use crate::background;
use crate::details::Details;
use crate::error::Refusal;
use crate::network::dhcp_link::{DhcpLink, subnet_around};
use crate::network::lease_list::Rows;
use crate::network::vlans::{self, VlanName};
use tables::error::TableError;
use tables::network::SUBNETS_OF_VLAN;
use tables::read::Reads;
use tables::update::{Tables, now};
use tables::views::machines::MachineKey;

/// The longest vendor or user class, in bytes: what an option holds in one piece.
const CLASS_MAX: usize = 255;

/// A client, as it is asked about.
#[derive(Debug, Clone)]
pub struct ExplainQuery {
    /// Its hardware address.
    pub mac: MacAddress,
    /// The VLAN it is on; with neither this nor a relay, where it is known to be.
    pub vlan: Option<VlanName>,
    /// The address of its relay.
    pub relay: Option<Ipv4Addr>,
    /// The relay's link selection (RFC 3527).
    pub link_selection: Option<Ipv4Addr>,
    /// Its architecture (option 93).
    pub architecture: Option<u16>,
    /// Its vendor class (option 60); with an architecture, `PXEClient` by default.
    pub vendor_class: Option<String>,
    /// Its user class (option 77).
    pub user_class: Option<String>,
    /// The address it asks for (option 50).
    pub requested: Option<Ipv4Addr>,
    /// What it calls itself (option 61).
    pub client_id: Option<OptionBytes>,
}

/// Explains what a client would be answered.
///
/// # Errors
/// [`Refusal`]; of the field `vlan` when it is not known where the client is.
pub async fn explain(
    tables: &Tables,
    actor: &Actor,
    query: &ExplainQuery,
) -> Result<Shape, Refusal> {
    let details = Details::of_site(actor, tables).await?;
    let query = query.clone();
    background::run(move || answer(&details, &query, now())).await
}

fn answer(details: &Details, query: &ExplainQuery, now: Timestamp) -> Result<Shape, Refusal> {
    check(query)?;
    let at = details.view();
    let (way, mut assumed) = way(details, query)?;
    let vlan = match way {
        Way::Link(vlan) => Some(vlan),
        Way::Relay { giaddr, selected } => {
            subnet_around(at, selected.unwrap_or(giaddr).into())?.map(|subnet| subnet.vlan)
        }
    };
    let by_architecture = query.architecture.map(|_| "PXEClient".to_owned());
    let question = Question {
        mac: query.mac,
        way,
        architecture: query.architecture,
        vendor_class: query.vendor_class.clone().or(by_architecture),
        user_class: query.user_class.clone(),
        requested: query.requested,
        identifier: query.client_id.clone().map(OptionBytes::into_bytes),
    };
    let dhcp_link = DhcpLink::read(at, vlan, query.mac)?;
    let judged = link(&dhcp_link.view, &question).map(|link| link.vlan);
    let first =
        judged.and_then(|vlan| turns(&dhcp_link.view, vlan, query.mac, None).into_iter().next());
    // Where no rack serves, any may say so.
    let first = first.map_or_else(|| SystemId::from_number(0), |turn| turn.rack);
    let blocks = dhcp_link.blocks.clone();
    let ask = |dhcp_link: DhcpLink, rack: &SystemId| {
        let engine = dhcp_link.engine(at, rack, query.requested, now);
        engine.map(|mut engine| engine.explain(&question, Moment::default()))
    };
    let mut explanation = ask(dhcp_link, &first)?;
    // Another one is first where it alone can give what is asked for.
    let answering = explanation.racks.first();
    if let Some(other) = answering.map(|turn| turn.rack.clone()).filter(|rack| *rack != first) {
        explanation = ask(DhcpLink::read(at, vlan, query.mac)?, &other)?;
    }
    assumed.extend(which_address(details, &explanation, &question)?);
    assumed.extend(which_family(details, vlan)?);
    let shapes = Shapes { details, question: &question, blocks: &blocks, now };
    Ok(shapes.explanation(&explanation, assumed)?)
}

/// What `DHCPv6` would answer is not explained; who reads of a VLAN with subnets of IPv6 is told so.
fn which_family(details: &Details, vlan: Option<VlanId>) -> Result<Option<String>, TableError> {
    let Some(vlan) = vlan else { return Ok(None) };
    let subnets = details.view().list_by(&SUBNETS_OF_VLAN, &vlan)?;
    let others = subnets.iter().filter(|subnet| subnet.cidr.addr().is_ipv6());
    let others: Vec<String> = others.map(|subnet| subnet.cidr.to_string()).collect();
    Ok((!others.is_empty()).then(|| {
        format!(
            "the client asks by DHCPv4; what DHCPv6 answers in {} is not explained, `ironraft dhcp leases` says who has \
             which address there",
            others.join(", ")
        )
    }))
}

/// A relay sends to one of a rack's addresses, and the client is told that one.
fn which_address(
    details: &Details,
    explanation: &Explanation,
    question: &Question,
) -> Result<Option<String>, TableError> {
    let first = explanation.racks.first().map(|turn| &turn.rack);
    let (Way::Relay { .. }, Answer::Offer(offer), Some(rack)) =
        (question.way, &explanation.answer, first)
    else {
        return Ok(None);
    };
    let (at, link) = (details.view(), subnet_around(details.view(), offer.server.into())?);
    let Some(rack) = at.get::<RackController>(rack)? else { return Ok(None) };
    let mut others = 0;
    for net in rack.interfaces.iter().flat_map(|interface| &interface.addresses) {
        let other = net.addr() != IpAddr::V4(offer.server);
        let on = if other { subnet_around(at, net.addr())? } else { None };
        others +=
            usize::from(on.is_some_and(|on| Some(on.vlan) == link.as_ref().map(|it| it.vlan)));
    }
    let server = offer.server;
    Ok((others > 0).then(|| format!("the relay sends to {server}, of the rack's addresses there")))
}

fn check(query: &ExplainQuery) -> Result<(), Refusal> {
    let classes = [("vendor", &query.vendor_class), ("user_class", &query.user_class)];
    for (field, class) in classes {
        if class.as_ref().is_some_and(|class| class.is_empty() || class.len() > CLASS_MAX) {
            return Err(Refusal::field(field, format!("It has 1 to {CLASS_MAX} bytes.")));
        }
    }
    if !query.mac.is_unicast() {
        return Err(Refusal::field("mac", "It is no address of an interface."));
    }
    if query.relay.is_none() && query.link_selection.is_some() {
        return Err(Refusal::field("link_selection", "Only a relay selects a link: give one."));
    }
    if query.relay.is_some() && query.vlan.is_some() {
        return Err(Refusal::field("vlan", "A relay's address says the VLAN: leave one out."));
    }
    Ok(())
}

/// How the client's packets come, and what was assumed for it.
fn way(details: &Details, query: &ExplainQuery) -> Result<(Way, Vec<String>), Refusal> {
    if let Some(giaddr) = query.relay {
        return Ok((Way::Relay { giaddr, selected: query.link_selection }, Vec::new()));
    }
    let at = details.view();
    let (vlan, mut assumed) = match &query.vlan {
        Some(name) => (vlans::find(at, name)?, Vec::new()),
        None => {
            let (vlan, why) = whereabouts(details, query.mac)?;
            (vlan, vec![why])
        }
    };
    if vlan.relay_vlan.is_none() {
        return Ok((Way::Link(vlan.id), assumed));
    }
    let subnets = at.list_by(&SUBNETS_OF_VLAN, &vlan.id)?;
    let mut gateways = subnets.iter().filter_map(|subnet| match subnet.gateway_ip? {
        IpAddr::V4(gateway) => Some(gateway),
        IpAddr::V6(_) => None,
    });
    let missing = || {
        Refusal::field(
            "relay",
            "The VLAN is relayed and its subnets have no gateway: give a relay.",
        )
    };
    let giaddr = gateways.next().ok_or_else(missing)?;
    assumed
        .push(format!("the VLAN is relayed, so the relay is the gateway of its subnet, {giaddr}"));
    Ok((Way::Relay { giaddr, selected: None }, assumed))
}

/// The VLAN that a client is known to be on, and what says so.
fn whereabouts(details: &Details, mac: MacAddress) -> Result<(Vlan, String), Refusal> {
    let at = details.view();
    let key = [MachineKey::Mac(mac)];
    let mut machines = at.state().all_machines().with(&key);
    machines.extend(at.state().devices().with(&key));
    let interfaces = machines.iter().flat_map(|machine| {
        machine.interfaces.iter().map(move |interface| (&machine.hostname, interface))
    });
    let of_machine = interfaces
        .filter(|(_, interface)| interface.mac == mac)
        .find_map(|(hostname, interface)| Some((interface.vlan?, hostname)));
    if let Some((vlan, hostname)) = of_machine
        && let Some(vlan) = at.get::<Vlan>(&vlan)?
    {
        return Ok((vlan, format!("the client is on the VLAN of its interface of {hostname}")));
    }
    let mut bindings = Vec::new();
    for ip in at.state().bound_to(mac) {
        bindings.extend(at.get::<Binding>(&ip)?);
    }
    let last = bindings.iter().max_by_key(|binding| binding.promise_until);
    let now_in = last.map_or(Ok(None), |last| subnet_around(at, last.ip))?;
    if let Some(last) = last
        && let Some(vlan) = at.get::<Vlan>(&now_in.map_or(last.vlan, |subnet| subnet.vlan))?
    {
        return Ok((vlan, format!("the client is where it was told {} last", last.ip)));
    }
    let message = "Nobody knows where the client is: name a VLAN, or give the address of a relay.";
    Err(Refusal::field("vlan", message))
}

/// Turns an explanation into its shape, with the names of what it is about.
struct Shapes<'a> {
    details: &'a Details,
    question: &'a Question,
    blocks: &'a [Block],
    now: Timestamp,
}

impl Shapes<'_> {
    fn explanation(&self, found: &Explanation, assumed: Vec<String>) -> Result<Shape, TableError> {
        let Explanation { link, racks, client, requested, answer } = found;
        let mut rows = Rows::at(self.details);
        let mut explained_racks = Vec::new();
        for turn in racks {
            explained_racks.push(ExplainedRack {
                rack: rows.rack(&turn.rack)?,
                connected: turn.connected,
                on_link: turn.on_link,
                transmission: turn.transmission,
            });
        }
        let mut leases = Vec::new();
        for binding in &client.bindings {
            leases.push(rows.lease(binding, self.now)?);
        }
        let machine = client.machine.as_ref().and_then(|id| {
            let state = self.details.view().state();
            let machine = state.machine(id).or_else(|| state.devices().get(id))?;
            Some(NamedMachine { system_id: id.to_string(), hostname: machine.hostname.clone() })
        });
        let reserved = client.reserved.iter().map(|ip| IpAddr::V4(*ip)).collect();
        let requested = self.question.requested.zip(*requested).map(|(ip, outcome)| Outcome {
            ip: ip.into(),
            outcome: reason(outcome.word(), &outcome),
        });
        let (offer, silence) = match answer {
            Answer::Offer(offer) => (Some(self.offer(offer)?), None),
            Answer::Silence(silence) => (None, Some(reason(silence.word(), silence))),
        };
        Ok(Shape {
            client: self.question.mac.to_string(),
            link: link.as_ref().map(|link| self.link(link)).transpose()?,
            racks: explained_racks,
            known: KnownClient { machine, reserved, leases },
            requested,
            offer,
            silence,
            assumed,
            not_seen: NOT_SEEN.map(str::to_owned).to_vec(),
        })
    }

    fn link(&self, link: &Link) -> Result<ExplainedLink, TableError> {
        let (giaddr, selected) = match self.question.way {
            Way::Link(_) => (None, None),
            Way::Relay { giaddr, selected } => (Some(giaddr), selected),
        };
        let by = match link.by {
            LinkedBy::Interface => {
                reason("interface", &"the packet comes in at a rack's interface on this VLAN")
            }
            LinkedBy::Giaddr(subnet) => {
                let (relay, cidr) = (shown(giaddr), self.cidr(subnet)?);
                reason("giaddr", &format!("the relay's address {relay} lies in {cidr}"))
            }
            LinkedBy::LinkSelection(subnet) => {
                let (selected, cidr) = (shown(selected), self.cidr(subnet)?);
                let relay = shown(giaddr);
                let text = format!("the relay {relay} selects the link of {selected}, in {cidr}");
                reason("link-selection", &text)
            }
        };
        let relayed_to = self.details.view().get::<Vlan>(&link.vlan)?;
        let relayed_to = relayed_to.and_then(|vlan| vlan.relay_vlan);
        let mut subnets = Vec::new();
        for id in &link.subnets {
            subnets.push(self.subnet(*id)?);
        }
        Ok(ExplainedLink {
            vlan: self.vlan(link.vlan)?,
            by,
            relayed_to: relayed_to.map(|vlan| self.vlan(vlan)).transpose()?,
            subnets,
        })
    }

    fn offer(&self, offer: &Offer) -> Result<ExplainedOffer, TableError> {
        let block = self.blocks.iter().find(|block| Some(block.id) == offer.block);
        let mut options = Vec::new();
        for option in &offer.options {
            options.push(ExplainedOption {
                code: option.code,
                name: option.name().to_owned(),
                value: option.text(),
                source: self.source(option.source)?,
            });
        }
        let left_out = offer.left_out.iter();
        let left_out =
            left_out.map(|code| LeftOut { code: *code, name: name_of(*code).to_owned() });
        Ok(ExplainedOffer {
            ip: offer.ip.into(),
            why: reason(offer.why.word(), &offer.why),
            subnet: offer.subnet.map(|id| self.subnet(id)).transpose()?,
            range: offer.range.map(|id| self.range(id)).transpose()?.flatten(),
            block: block.map(|it| Span { id: it.id.0, first: it.first, last: it.last }),
            lease_seconds: offer.lease_seconds,
            server: offer.server.into(),
            boot: boot(&offer.boot, self.question),
            options,
            left_out: left_out.collect(),
        })
    }

    fn source(&self, source: Source) -> Result<String, TableError> {
        let named = match source {
            Source::Snippet(id) => self.details.view().get::<DhcpSnippet>(&id)?,
            _ => None,
        };
        Ok(named.map_or_else(|| source.to_string(), |it| format!("DHCP snippet {}", it.name)))
    }

    fn range(&self, id: IpRangeId) -> Result<Option<Span>, TableError> {
        let range = self.details.view().get::<IpRange>(&id)?;
        Ok(range.map(|it| Span { id: it.id.0, first: it.start_ip, last: it.end_ip }))
    }

    fn subnet(&self, id: SubnetId) -> Result<NamedSubnet, TableError> {
        let subnet = self.details.view().get::<Subnet>(&id)?;
        Ok(NamedSubnet { id: id.0, cidr: subnet.map(|subnet| subnet.cidr) })
    }

    fn cidr(&self, id: SubnetId) -> Result<String, TableError> {
        let cidr = self.subnet(id)?.cidr;
        Ok(cidr.map_or_else(|| format!("subnet {id}"), |cidr| cidr.to_string()))
    }

    fn vlan(&self, id: VlanId) -> Result<NamedVlan, TableError> {
        let vlan = self.details.vlan(id)?;
        let (fabric, vid) = vlan.map(|it| (it.fabric.clone(), it.vlan.vid)).unzip();
        Ok(NamedVlan { id: id.0, fabric, vid })
    }
}

fn reason(word: &str, text: &dyn std::fmt::Display) -> Reason {
    Reason { word: word.to_owned(), text: text.to_string() }
}

fn shown(ip: Option<Ipv4Addr>) -> String {
    ip.map(|ip| ip.to_string()).unwrap_or_default()
}

fn boot(boot: &Boot, question: &Question) -> ExplainedBoot {
    let nothing = |why: String| ExplainedBoot { file: None, next_server: None, why };
    match boot {
        Boot::NotAsked => nothing(
            "neither vendor class (60) nor user class (77) says that it boots from the network"
                .to_owned(),
        ),
        Boot::NoProgram(architectures) => {
            let codes: Vec<String> = architectures.iter().map(u16::to_string).collect();
            nothing(format!("there is no program for architecture {}", codes.join(", ")))
        }
        Boot::Disabled(client) => {
            nothing(format!("the subnet does not answer this way to boot: {client}"))
        }
        Boot::File { client, file, next_server } => {
            let told = question.architecture.map(|code| format!(", architecture {code}"));
            ExplainedBoot {
                file: Some(file.clone()),
                next_server: next_server.map(IpAddr::V4),
                why: format!("{client}{}", told.unwrap_or_default()),
            }
        }
    }
}
