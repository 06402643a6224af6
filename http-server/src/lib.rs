//! HTTP at the ports of nodes, for whoever comes: so many connections in all and from one address,
//! so long for the head of a request, and so long without a byte of the answer taken.
//!
//! What a request may do once its head is there is not decided here (`region/src/admission`).
//! HTTP/1.1 only: nobody who comes to these ports speaks anything else, and it leaves no time before
//! the first head that is not limited.

mod connections;
mod open_files;
mod progress;
mod serve;

pub use open_files::OpenFiles;
pub use serve::{Limits, serve, serve_tls};
