//! Where a request comes from: the other end of its connection, and what it is called. Nobody is believed who says it comes
//! for another.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::Extensions;
use model::request::{RequestId, Source};

/// Where a request comes from.
#[must_use]
pub fn of(extensions: &Extensions) -> Source {
    Source { address: address(extensions), request_id: extensions.get::<RequestId>().cloned() }
}

/// The address of the other end; none in a test without connections.
#[must_use]
pub fn address(extensions: &Extensions) -> Option<IpAddr> {
    let connection = extensions.get::<ConnectInfo<SocketAddr>>();
    connection.map(|ConnectInfo(address)| address.ip().to_canonical())
}
