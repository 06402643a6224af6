//! Static routes of subnets, as clients are told them (RFC 3442).

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use model::dhcp::routes::{OptionRoute, encode};
use model::id::SubnetId;

use crate::v4::view::View;
use crate::wire::code;
use crate::wire::reply::Reply;

/// Tells the routes of a subnet to a client that asks for them, under either code; it does not look at
/// `router` then, so that is among them. One that has no routes of its own is told nothing.
pub(crate) fn put(reply: &mut Reply, view: &View, subnet: SubnetId, router: Option<Ipv4Addr>) {
    let codes = [code::CLASSLESS_ROUTES, code::CLASSLESS_ROUTES_WINDOWS];
    let asked: Vec<u8> = codes.into_iter().filter(|code| reply.wanted.contains(code)).collect();
    if asked.is_empty() {
        return;
    }
    let own = view.routes.of(subnet).filter_map(|(to, router)| {
        let (destination, _) = view.subnet(to)?;
        Some(OptionRoute { destination, router })
    });
    let mut routes: Vec<OptionRoute> = own.collect();
    if routes.is_empty() {
        return;
    }
    let default = router.map(|router| OptionRoute { destination: Ipv4Net::default(), router });
    routes.extend(default);
    for code in asked {
        reply.put(code, encode(&routes));
    }
}
