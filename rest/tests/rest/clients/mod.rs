//! What public clients of MAAS's API send, in the order in which they send it, and what they read of the answers.
//! Each says in its first lines what of its calls is not served.

mod ansible;
mod gomaasapi;
mod juju;
mod maascli;
mod reads;
mod terraform;
