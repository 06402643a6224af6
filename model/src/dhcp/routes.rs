//! Classless static routes in a DHCP option (RFC 3442).
//!
//! A client that takes the option does not look at the option of routers, so the default route stands
//! in it as well.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// A route as a client is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OptionRoute {
    /// Where it leads.
    pub destination: Ipv4Net,
    /// By which router.
    pub router: Ipv4Addr,
}

/// The value of the option.
#[must_use]
pub fn encode(routes: &[OptionRoute]) -> Vec<u8> {
    let mut value = Vec::new();
    for route in routes {
        let len = route.destination.prefix_len();
        value.push(len);
        let octets = route.destination.network().octets();
        value.extend_from_slice(&octets[..significant(len)]);
        value.extend_from_slice(&route.router.octets());
    }
    value
}

/// The routes in a value; none when it is not made of whole ones.
#[must_use]
pub fn decode(mut value: &[u8]) -> Option<Vec<OptionRoute>> {
    let mut routes = Vec::new();
    while let Some((len, rest)) = value.split_first() {
        let significant = significant(*len);
        if *len > 32 || rest.len() < significant + 4 {
            return None;
        }
        let (network, rest) = rest.split_at(significant);
        let mut octets = [0; 4];
        octets[..significant].copy_from_slice(network);
        let destination = Ipv4Net::new(Ipv4Addr::from(octets), *len).ok()?.trunc();
        let (router, rest) = rest.split_first_chunk::<4>()?;
        routes.push(OptionRoute { destination, router: Ipv4Addr::from(*router) });
        value = rest;
    }
    (!routes.is_empty()).then_some(routes)
}

/// How many bytes of an address a prefix of that length has.
fn significant(len: u8) -> usize {
    usize::from(len).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 3442, page 4.
    #[test]
    fn only_the_significant_bytes_are_told() {
        let examples: [(&str, &[u8]); 6] = [
            ("0.0.0.0/0", &[0]),
            ("10.0.0.0/8", &[8, 10]),
            ("10.0.0.0/24", &[24, 10, 0, 0]),
            ("10.17.0.0/16", &[16, 10, 17]),
            ("10.27.129.0/24", &[24, 10, 27, 129]),
            ("10.229.0.128/25", &[25, 10, 229, 0, 128]),
        ];
        let mut all = Vec::new();
        for (destination, descriptor) in examples {
            let router = Ipv4Addr::new(10, 0, 0, 1);
            let route = OptionRoute { destination: destination.parse().unwrap(), router };
            let value = encode(&[route]);
            assert_eq!(value, [descriptor, &[10, 0, 0, 1]].concat(), "{destination}");
            all.push(route);
        }
        assert_eq!(decode(&encode(&all)), Some(all));
    }

    #[test]
    fn what_is_cut_off_or_wider_than_an_address_is_no_route() {
        let cut: [&[u8]; 5] = [&[], &[24], &[24, 10, 0, 0, 10, 0, 0], &[33; 10], &[0, 1, 2, 3]];
        for value in cut {
            assert_eq!(decode(value), None, "{value:?}");
        }
    }
}
