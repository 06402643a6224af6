//! What a snippet says, and what those that apply to a client say together.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::dhcp::condition::{ClientFacts, Condition};

/// What a snippet says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// For all clients that it is for.
    pub statements: Vec<Statement>,
    /// For some of them; where several classes match, the first one counts most.
    pub classes: Vec<Class>,
}

/// What is said to clients that something is so of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Of which clients it is said.
    pub condition: Condition,
    /// What is said.
    pub statements: Vec<Statement>,
}

/// One thing that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// The value of an option.
    Option {
        /// Its code.
        code: u8,
        /// The value.
        value: Vec<u8>,
    },
    /// A lease time, in seconds.
    LeaseTime {
        /// Which.
        bound: LeaseBound,
        /// How long.
        seconds: u32,
    },
    /// Where boot files come from.
    NextServer(Ipv4Addr),
    /// The boot file.
    BootFile(String),
    /// One of several, or none.
    If {
        /// The first of these whose condition is so.
        branches: Vec<(Condition, Vec<Self>)>,
        /// What is said when none is.
        otherwise: Vec<Self>,
    },
}

/// What a lease time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseBound {
    /// That of a client that asks for none.
    Default,
    /// The longest that a client gets.
    Max,
    /// The shortest that a client gets.
    Min,
}

/// What a client is told, from all that applies to it. Later words replace earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings<'a> {
    /// Values of options, by code.
    pub options: BTreeMap<u8, &'a [u8]>,
    /// The lease time of a client that asks for none, in seconds.
    pub lease_default_s: Option<u32>,
    /// The longest lease, in seconds.
    pub lease_max_s: Option<u32>,
    /// The shortest lease, in seconds.
    pub lease_min_s: Option<u32>,
    /// Where boot files come from.
    pub next_server: Option<Ipv4Addr>,
    /// The boot file.
    pub boot_file: Option<&'a str>,
}

impl<'a> Settings<'a> {
    /// Adds what statements say to a client.
    pub fn apply(&mut self, statements: &'a [Statement], client: &impl ClientFacts) {
        for statement in statements {
            match statement {
                Statement::Option { code, value } => {
                    self.options.insert(*code, value);
                }
                Statement::LeaseTime { bound, seconds } => match bound {
                    LeaseBound::Default => self.lease_default_s = Some(*seconds),
                    LeaseBound::Max => self.lease_max_s = Some(*seconds),
                    LeaseBound::Min => self.lease_min_s = Some(*seconds),
                },
                Statement::NextServer(server) => self.next_server = Some(*server),
                Statement::BootFile(file) => self.boot_file = Some(file),
                Statement::If { branches, otherwise } => {
                    let holds = branches.iter().find(|(condition, _)| condition.holds(client));
                    self.apply(holds.map_or(otherwise, |(_, statements)| statements), client);
                }
            }
        }
    }

    /// Adds what the classes that match a client say; the first counts most, so it comes last.
    pub fn apply_classes(&mut self, classes: &'a [Class], client: &impl ClientFacts) {
        for class in classes.iter().rev().filter(|class| class.condition.holds(client)) {
            self.apply(&class.statements, client);
        }
    }
}

impl Program {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty() && self.classes.is_empty()
    }
}
