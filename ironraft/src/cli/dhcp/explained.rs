//! An explanation in lines: what was judged, who answers, what the client gets, and why.

use api::dhcp::{
    ExplainedLink, ExplainedOffer, ExplainedRack, Explanation, KnownClient, NamedRack, NamedVlan,
    Reason, Span,
};

use crate::cli::output::plain_lines;

/// The explanation as it is printed.
pub(crate) fn lines(explanation: &Explanation) -> Vec<String> {
    let mut text = Lines::default();
    let none = || "none".to_owned();
    text.add("client", [explanation.client.clone()]);
    text.add("assumed", explanation.assumed.iter().cloned());
    text.add("link", [explanation.link.as_ref().map_or_else(none, link)]);
    text.add("subnets", explanation.link.iter().map(subnets));
    text.add("racks", explanation.racks.iter().map(rack));
    text.add("known as", known(&explanation.known));
    let requested = explanation.requested.iter();
    text.add("asks for", requested.map(|it| format!("{}: {}", it.ip, it.outcome.text)));
    if let Some(Reason { text: why, .. }) = &explanation.silence {
        text.add("answer", [format!("none: {why}")]);
    }
    explanation.offer.iter().for_each(|offer| text.add_offer(offer));
    text.add("not seen", explanation.not_seen.iter().cloned());
    text.0
}

/// A VLAN as an operator names it.
pub(crate) fn vlan(vlan: &NamedVlan) -> String {
    match (&vlan.fabric, vlan.vid) {
        (Some(fabric), Some(vid)) => format!("{fabric} {vid}"),
        _ => format!("id {}", vlan.id),
    }
}

/// Lines under labels.
#[derive(Default)]
struct Lines(Vec<String>);

impl Lines {
    /// Adds lines, of which the first has the label; nothing when there are none.
    fn add(&mut self, label: &str, lines: impl IntoIterator<Item = String>) {
        for (number, line) in lines.into_iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            self.0.push(format!("{label:9} {line}"));
        }
    }

    fn add_offer(&mut self, offer: &ExplainedOffer) {
        self.add("answer", [format!("{}: {}", offer.ip, offer.why.text)]);
        let span = |name: &str, span: &Span| {
            format!("{name} {}: {} to {}", span.id, span.first, span.last)
        };
        let range = offer.range.iter().map(|it| span("in range", it));
        let block = offer.block.iter().map(|it| span("in the rack's block", it));
        self.add("", range.chain(block));
        self.add("lease", [format!("{} s, from {}", offer.lease_seconds, offer.server)]);
        let boot = match (&offer.boot.file, offer.boot.next_server) {
            (Some(file), Some(server)) => format!("{file} by TFTP from {server}"),
            (Some(file), None) => file.clone(),
            (None, _) => "nothing".to_owned(),
        };
        self.add("boot", [format!("{boot}: {}", offer.boot.why)]);
        let rows: Vec<Vec<String>> = offer
            .options
            .iter()
            .map(|it| {
                [&it.code.to_string(), &it.name, &it.value, &it.source].map(Clone::clone).into()
            })
            .collect();
        let left_out = offer.left_out.iter();
        let left_out =
            left_out.map(|it| format!("{} {}: it has no room in the answer", it.code, it.name));
        let left_out: Vec<String> = left_out.collect();
        self.add("options", plain_lines(&["CODE", "OPTION", "VALUE", "FROM"], &rows));
        self.add("left out", left_out);
    }
}

fn link(link: &ExplainedLink) -> String {
    let relayed =
        link.relayed_to.as_ref().map(|to| format!(", served by the racks of {}", vlan(to)));
    format!("VLAN {}{}: {}", vlan(&link.vlan), relayed.unwrap_or_default(), link.by.text)
}

fn subnets(link: &ExplainedLink) -> String {
    let all: Vec<String> = link
        .subnets
        .iter()
        .map(|it| it.cidr.map_or_else(|| format!("id {}", it.id), |cidr| cidr.to_string()))
        .collect();
    if all.is_empty() { "none is managed".to_owned() } else { all.join(", ") }
}

fn rack(rack: &ExplainedRack) -> String {
    let ExplainedRack { rack: NamedRack { system_id, hostname }, transmission, on_link, .. } = rack;
    let name = hostname.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let turn = match transmission {
        Some(1) => "answers at once".to_owned(),
        Some(number) => format!("answers transmission {number}, if the client has to ask so often"),
        None if !on_link => "has no address in a subnet of this VLAN".to_owned(),
        None => "has no session with a region; it answers only what it can answer alone".to_owned(),
    };
    format!("{system_id}{name} {turn}")
}

fn known(known: &KnownClient) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(machine) = &known.machine {
        lines.push(format!("machine {} ({})", machine.system_id, machine.hostname));
    }
    lines.extend(known.reserved.iter().map(|ip| format!("{ip} is kept for it")));
    lines.extend(known.leases.iter().map(|lease| {
        let (ip, until, promised) = (lease.what(), &lease.told_until, &lease.promised_until);
        format!("{ip} is its, {}: told until {until}, promised until {promised}", lease.state)
    }));
    if lines.is_empty() {
        lines.push("nobody: no machine, no kept address, no lease on this link".to_owned());
    }
    lines
}
