//! Where a request comes from: the other end of its connection. Nobody is believed who says it comes for another.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::Extensions;

/// The address of the other end; none in a test without connections.
#[must_use]
pub fn of(extensions: &Extensions) -> Option<IpAddr> {
    let connection = extensions.get::<ConnectInfo<SocketAddr>>();
    connection.map(|ConnectInfo(address)| address.ip().to_canonical())
}
