//! Sites without IPv4: nodes, clients, BMCs and machines have addresses of IPv6 alone.

mod firmware;
mod services;
