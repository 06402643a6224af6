//! Which snippets apply to a client, and what they say together.
//!
//! The order is that of ISC's server: global, subnet, IP range, classes, machine. What comes later
//! replaces what came before. Of several snippets of one scope the one with the highest id comes last;
//! of the classes of one snippet the first counts most, and those of narrower scopes more than those
//! of wider ones. Only snippets of the client's own scopes are looked at, however many there are.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::dhcp::condition::ClientFacts;
use model::dhcp::program::{LeaseBound, Program, Settings};
use model::dhcp::snippet::Scope;
use model::id::DhcpSnippetId;

use crate::v4::engine::Engine;
use crate::v4::view::View;
use crate::wire::code;
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

/// One of the things that are said to a client, one after the other.
struct Word<'a> {
    snippet: DhcpSnippetId,
    program: &'a Program,
    /// What is said to classes of clients; else what is said to all.
    to_classes: bool,
}

impl<'a> Word<'a> {
    fn apply(&self, settings: &mut Settings<'a>, client: &Asking<'_>) {
        if self.to_classes {
            settings.apply_classes(&self.program.classes, client);
        } else {
            settings.apply(&self.program.statements, client);
        }
    }
}

/// Which snippets say what a client is told.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    options: BTreeMap<u8, DhcpSnippetId>,
    lease: Option<DhcpSnippetId>,
    next_server: Option<DhcpSnippetId>,
    boot_file: Option<DhcpSnippetId>,
}

impl Origins {
    /// The snippet that an option of an answer comes from, if any.
    pub(crate) fn of(&self, code: u8) -> Option<DhcpSnippetId> {
        let said = self.options.get(&code).copied();
        match code {
            code::BOOT_FILE_NAME => self.boot_file.or(said),
            code::TFTP_SERVER_NAME => said.or(self.next_server),
            code::LEASE_TIME | code::RENEWAL_TIME | code::REBINDING_TIME => said.or(self.lease),
            _ => said,
        }
    }
}

impl Engine {
    /// What snippets say to a client that has, or gets, this address.
    pub(crate) fn settings(&self, message: &Message, ip: Ipv4Addr) -> Settings<'_> {
        let mut settings = Settings::default();
        let client = Asking { view: &self.leases.view, message };
        for word in self.words(message, ip) {
            word.apply(&mut settings, &client);
        }
        settings
    }

    /// Which of them says what, for explanations.
    pub(crate) fn origins(&self, message: &Message, ip: Ipv4Addr) -> Origins {
        let client = Asking { view: &self.leases.view, message };
        let mut origins = Origins::default();
        let (mut default, mut max, mut min) = (None, None, None);
        for word in self.words(message, ip) {
            let mut said = Settings::default();
            word.apply(&mut said, &client);
            let from = |said: bool, before| if said { Some(word.snippet) } else { before };
            default = from(said.lease_default_s.is_some(), default);
            max = from(said.lease_max_s.is_some(), max);
            min = from(said.lease_min_s.is_some(), min);
            origins.next_server = from(said.next_server.is_some(), origins.next_server);
            origins.boot_file = from(said.boot_file.is_some(), origins.boot_file);
            origins.options.extend(said.options.keys().map(|code| (*code, word.snippet)));
        }
        origins.lease = match self.lease_said(message, ip) {
            Some(LeaseBound::Default) => default,
            Some(LeaseBound::Max) => max,
            Some(LeaseBound::Min) => min,
            None => None,
        };
        origins
    }

    /// What applies to a client, in order.
    fn words(&self, message: &Message, ip: Ipv4Addr) -> Vec<Word<'_>> {
        let snippets = &self.leases.view.snippets;
        if snippets.is_empty() {
            return Vec::new();
        }
        let subnet = self.leases.view.subnet_of(ip).map(|(_, subnet)| subnet.id);
        let range = subnet.zip(snippets.range_of(ip));
        let wide = [
            Some(Scope::Global),
            subnet.map(Scope::Subnet),
            range.map(|(subnet, range)| Scope::Range { subnet, range }),
        ];
        let machine = message.client.mac().and_then(|mac| self.leases.view.host_id(mac));
        let machine = machine.map(|id| Scope::Node(id.clone()));
        let mut words = Vec::new();
        let word = |to_classes| move |(snippet, program)| Word { snippet, program, to_classes };
        for scope in wide.iter().flatten() {
            words.extend(snippets.of(scope).map(word(false)));
        }
        for scope in wide.iter().chain([&machine]).flatten() {
            words.extend(snippets.of(scope).rev().map(word(true)));
        }
        if let Some(scope) = &machine {
            words.extend(snippets.of(scope).map(word(false)));
        }
        words
    }
}
