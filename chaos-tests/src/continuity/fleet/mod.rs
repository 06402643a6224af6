//! Simulated clients of both families, thousands of them on one cable.
//!
//! Clients are pure machines ([`client`]): the time and answers come in, messages go out. [`crowd`] has all of them, with what
//! else hosts do on a link: they answer who asks for their addresses, and resolve names. [`cable`] is the one place with a
//! socket: a port of the link's bridge. So racks hear each broadcast as of real hosts, each with a hardware address of its own.

pub mod cable;
pub mod client;
pub mod codec;
pub mod crowd;
pub mod dns;
pub mod frame;
pub mod identity;
mod lookups;
pub mod message;
mod message_v4;
mod message_v6;
mod patience;
