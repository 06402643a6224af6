//! Machines, their power jobs, and events.

use model::event::Event;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::output::ToolOutput;
use model::machine::power::PowerJob;
use model::machine::secrets::MachineSecrets;
use raft_store::version::FIRST;

use crate::error::TableError;
use crate::key::encoded;
use crate::network::ADDRESS;
use crate::parts::PARTS;
use crate::read::Reads;
use crate::row::{Index, Part, Row, Unique, row_key};
use crate::tx::Tx;

/// Machines by host name in lower case (a [`String`]).
pub const MACHINE_BY_HOSTNAME: Unique<Machine> = Unique {
    name: "machine.hostname",
    keys: |machine| vec![encoded(&machine.hostname.to_lowercase())],
};

/// Machines by the hardware address of a physical interface (a [`model::mac::MacAddress`]); what is made of such interfaces
/// has the address of one of them.
pub const MACHINE_BY_MAC: Unique<Machine> = Unique {
    name: "mac",
    keys: |machine| {
        let physical = machine.interfaces.iter().filter(|interface| interface.kind.is_physical());
        physical.map(|interface| encoded(&interface.mac)).collect()
    },
};

/// Machines by an address of a link (an [`std::net::IpAddr`]). The key space is shared with
/// reserved addresses, so a machine never gets an address that a user reserved.
pub const MACHINE_BY_ADDRESS: Unique<Machine> = Unique {
    name: ADDRESS,
    keys: |machine| {
        let links = machine.interfaces.iter().flat_map(|interface| &interface.links);
        links.filter_map(|link| link.ip_address.as_ref().map(encoded)).collect()
    },
};

/// Machines that carry a tag (a [`String`]).
pub const MACHINES_OF_TAG: Index<Machine> = Index {
    name: "machine.tag",
    keys: |machine| machine.placement.tags.iter().map(encoded).collect(),
    since: FIRST,
};

/// What the tools on a machine printed (a [`SystemId`]).
pub const OUTPUTS_OF_MACHINE: Index<ToolOutput> = Index {
    name: "tooloutput.machine",
    keys: |output| vec![encoded(&output.machine)],
    since: FIRST,
};

/// The events of a machine or controller (a [`SystemId`]).
pub const EVENTS_OF_NODE: Index<Event> = Index {
    name: "event.node",
    keys: |event| event.node.iter().map(encoded).collect(),
    since: FIRST,
};

/// The events of a level (an [`EventLevel`](model::event::EventLevel)), of all nodes and of none.
pub const EVENTS_OF_LEVEL: Index<Event> =
    Index { name: "event.level", keys: |event| vec![encoded(&event.level)], since: 3 };

impl Row for Machine {
    type Id = SystemId;
    const TABLE: &'static str = "machine";
    const PARTS: &'static [Part<Self>] = PARTS;
    const PARTS_SINCE: u32 = 2;
    const UNIQUE: &'static [Unique<Self>] =
        &[MACHINE_BY_HOSTNAME, MACHINE_BY_MAC, MACHINE_BY_ADDRESS];
    const INDEXES: &'static [Index<Self>] = &[MACHINES_OF_TAG];

    fn id(&self) -> SystemId {
        self.system_id.clone()
    }
}

impl Row for PowerJob {
    type Id = SystemId;
    const TABLE: &'static str = "powerjob";

    fn id(&self) -> SystemId {
        self.machine.clone()
    }
}

impl Row for MachineSecrets {
    type Id = SystemId;
    const TABLE: &'static str = "machinesecrets";

    fn id(&self) -> SystemId {
        self.machine.clone()
    }
}

impl Row for ToolOutput {
    type Id = (SystemId, String);
    const TABLE: &'static str = "tooloutput";
    const INDEXES: &'static [Index<Self>] = &[OUTPUTS_OF_MACHINE];

    fn id(&self) -> (SystemId, String) {
        (self.machine.clone(), self.tool.clone())
    }
}

impl Row for Event {
    type Id = u64;
    const TABLE: &'static str = "event";
    const INDEXES: &'static [Index<Self>] = &[EVENTS_OF_NODE, EVENTS_OF_LEVEL];

    fn id(&self) -> u64 {
        self.id
    }
}

impl Tx {
    /// A new system id for a machine or controller; never used before.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] when the counter is.
    pub fn next_system_id(&mut self) -> Result<SystemId, TableError> {
        // An odd factor, prime to the 24^6 ids, scatters consecutive numbers over all of them.
        const IDS: u64 = 24_u64.pow(6);
        const STRIDE: u64 = 104_729_177;
        let number = self.any_number("system-id")?;
        Ok(SystemId::from_number(number.wrapping_mul(STRIDE) % IDS))
    }

    /// A new event id: ordered by time, and free at this view.
    #[must_use]
    pub fn next_event_id(&self) -> u64 {
        let mut id =
            self.now().unix_ms.saturating_mul(4096) + u64::from(rand::random::<u16>() % 4096);
        while self.value(&row_key::<Event>(&id)).is_some() {
            id += 1;
        }
        id
    }
}

/// A machine for tests.
#[cfg(test)]
pub(crate) fn web_1() -> Machine {
    Machine {
        system_id: SystemId::from_number(1),
        hostname: "web-1".to_owned(),
        description: String::new(),
        placement: model::machine::Placement::default(),
        lifecycle: model::machine::lifecycle::Lifecycle::default(),
        power: model::machine::power::Power::default(),
        hardware: model::machine::hardware::Hardware::default(),
        interfaces: Vec::new(),
        block_devices: Vec::new(),
        storage: model::machine::storage::Storage::default(),
        deployment: None,
        created: model::time::Timestamp::default(),
        updated: model::time::Timestamp::default(),
    }
}
