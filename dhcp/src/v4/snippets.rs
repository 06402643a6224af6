//! Which snippets apply to a client, and what they say together.
//!
//! The order is that of ISC's server: global, subnet, IP range, classes, machine. What comes later
//! replaces what came before. Of several snippets of one scope the one with the highest id comes last;
//! of the classes of one snippet the first counts most, and those of narrower scopes more than those
//! of wider ones. Only snippets of the client's own scopes are looked at, however many there are.

use std::net::Ipv4Addr;

use model::dhcp::condition::ClientFacts;
use model::dhcp::program::{Program, Settings};
use model::dhcp::snippet::Scope;

use crate::v4::engine::Engine;
use crate::v4::view::View;
use crate::wire::message::Message;

/// A client, as its message and the copy know it.
struct Asking<'a> {
    view: &'a View,
    message: &'a Message,
}

impl ClientFacts for Asking<'_> {
    fn option(&self, code: u8) -> Option<&[u8]> {
        self.message.options.get(code)
    }

    fn hardware(&self) -> Vec<u8> {
        [&[self.message.htype], self.message.client.bytes()].concat()
    }

    fn is_known(&self) -> bool {
        self.view.is_of_site(&self.message.client)
    }
}

impl Engine {
    /// What snippets say to a client that has, or gets, this address.
    pub(crate) fn settings(&self, message: &Message, ip: Ipv4Addr) -> Settings<'_> {
        let mut settings = Settings::default();
        let snippets = &self.view.snippets;
        if snippets.is_empty() {
            return settings;
        }
        let client = Asking { view: &self.view, message };
        let subnet = self.view.subnet_of(ip).map(|(_, subnet)| subnet.id);
        let range = subnet.zip(snippets.range_of(ip));
        let wide = [
            Some(Scope::Global),
            subnet.map(Scope::Subnet),
            range.map(|(subnet, range)| Scope::Range { subnet, range }),
        ];
        let machine = message.client.mac().and_then(|mac| self.view.host_id(mac));
        let machine = machine.map(|id| Scope::Node(id.clone()));
        for program in wide.iter().flatten().flat_map(|scope| snippets.of(scope)) {
            settings.apply(&program.statements, &client);
        }
        for scope in wide.iter().chain([&machine]).flatten() {
            let programs: Vec<&Program> = snippets.of(scope).collect();
            for program in programs.into_iter().rev() {
                settings.apply_classes(&program.classes, &client);
            }
        }
        for program in machine.iter().flat_map(|scope| snippets.of(scope)) {
            settings.apply(&program.statements, &client);
        }
        settings
    }
}
