//! Asks upstream servers for names that are not ours, on behalf of trusted networks. Messages are
//! passed on as they are; only the id is our own, so that nobody can guess it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use model::setting::typed::{DNS_TRUSTED_ACL, UPSTREAM_DNS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tracing::debug;

use crate::dns::message::Transport;
use crate::generation::Generation;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
const ROUNDS: usize = 2;

/// Whether the racks resolve for this client: one of a subnet that allows it, of a network that
/// the site trusts, or of this host.
pub(super) fn is_trusted(generation: &Generation, client: IpAddr) -> bool {
    let client = client.to_canonical();
    let mut subnets = generation.subnets.values();
    client.is_loopback()
        || subnets.any(|subnet| subnet.allow_dns && subnet.cidr.contains(&client))
        || generation.setting(&DNS_TRUSTED_ACL).iter().any(|network| network.contains(&client))
}

/// The servers that are asked.
pub(super) fn upstreams(generation: &Generation) -> Vec<SocketAddr> {
    let addresses = generation.setting(&UPSTREAM_DNS).into_iter();
    addresses.map(|ip| SocketAddr::new(ip, 53)).collect()
}

/// The first answer that comes; none when nobody answers in time.
pub(super) async fn forward(
    query: &[u8],
    upstreams: &[SocketAddr],
    transport: Transport,
) -> Option<Vec<u8>> {
    for &upstream in upstreams.iter().cycle().take(ROUNDS * upstreams.len()) {
        let asked = async {
            match transport {
                Transport::Udp => ask_udp(query, upstream).await,
                Transport::Tcp => ask_tcp(query, upstream).await,
            }
        };
        match timeout(ANSWER_TIMEOUT, asked).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => debug!(%upstream, "no answer from an upstream server: {error}"),
            Err(_) => debug!(%upstream, "no answer from an upstream server in time"),
        }
    }
    None
}

async fn ask_udp(query: &[u8], upstream: SocketAddr) -> std::io::Result<Vec<u8>> {
    let any: IpAddr = if upstream.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(upstream).await?;
    let id: u16 = rand::random();
    socket.send(&with_id(query, id)).await?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let bytes = socket.recv(&mut buffer).await?;
        if is_answer(&buffer[..bytes], id) {
            return Ok(with_id(&buffer[..bytes], id_of(query)));
        }
    }
}

async fn ask_tcp(query: &[u8], upstream: SocketAddr) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(upstream).await?;
    let id: u16 = rand::random();
    let length = u16::try_from(query.len()).map_err(std::io::Error::other)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(&with_id(query, id)).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    if !is_answer(&answer, id) {
        return Err(std::io::Error::other("the answer is to another question"));
    }
    Ok(with_id(&answer, id_of(query)))
}

fn with_id(message: &[u8], id: u16) -> Vec<u8> {
    let mut message = message.to_vec();
    message[..2].copy_from_slice(&id.to_be_bytes());
    message
}

fn id_of(message: &[u8]) -> u16 {
    u16::from_be_bytes([message[0], message[1]])
}

fn is_answer(message: &[u8], id: u16) -> bool {
    message.len() >= 12 && id_of(message) == id && message[2] & 0x80 != 0
}

#[cfg(test)]
mod tests {
    use model::setting::Setting;
    use proto::convert::Served;
    use serde_json::json;

    use super::*;

    #[test]
    fn clients_of_trusted_networks_are_resolved_for() {
        let mut generation = Generation::default();
        let client: IpAddr = "10.9.0.7".parse().expect("an address");
        assert!(!is_trusted(&generation, client));
        let value = json!("192.0.2.1 10.9.0.0/16");
        generation.put(Served::Setting(Setting { name: "dns_trusted_acl".to_owned(), value }));
        assert!(is_trusted(&generation, client));
        assert!(is_trusted(&generation, "192.0.2.1".parse().expect("an address")));
        assert!(!is_trusted(&generation, "192.0.2.2".parse().expect("an address")));
    }
}
