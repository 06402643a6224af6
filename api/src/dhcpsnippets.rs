//! The shape of a snippet of DHCP configuration.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::devices::Device;
use crate::machines::Machine;
use crate::subnets::Subnet;

/// A snippet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DhcpSnippet {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its text.
    pub value: String,
    /// Its texts, the present one first.
    pub history: Vec<Version>,
    /// Free text.
    pub description: String,
    /// Whether clients are told it.
    pub enabled: bool,
    /// The node that it is for.
    pub node: Option<Node>,
    /// The subnet that it is for, or that its IP range lies in.
    pub subnet: Option<Subnet>,
    /// Whether it is for all clients.
    pub global_snippet: bool,
    /// Its path.
    pub resource_uri: String,
}

/// What a snippet may be for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = SnippetNode)]
pub enum Node {
    /// A machine.
    Machine(Box<Machine>),
    /// A device.
    Device(Box<Device>),
}

/// A text that it has or had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SnippetVersion)]
pub struct Version {
    /// Its id.
    pub id: u64,
    /// The text.
    pub value: String,
    /// Since when.
    pub created: String,
}
