//! Drives clients on a real socket: lets them begin at a pace, passes answers in, and asks again.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::Context;
use socket2::SockRef;
use testkit::lab::Lab;
use tokio::time::{Instant, timeout};

use super::clients::{Clients, Seen};
use crate::clients::{NODE, RELAY};

const SERVER_PORT: u16 = 67;
/// Room for answers that came while nobody looked.
const BUFFER_BYTES: usize = 8 << 20;
const PACKET_MAX: usize = 1500;
/// How often the clock is looked at when no answer comes.
const LOOK: Duration = Duration::from_millis(1);
/// Clients that begin before answers are looked at again.
const TOGETHER: usize = 32;

/// When clients begin.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// So many a second, whether or not earlier ones were answered.
    Rate(f64),
    /// As soon as fewer than so many are under way.
    Window(usize),
}

/// The relay's socket, and the servers it passes messages on to.
#[derive(Debug)]
pub struct Relay {
    socket: tokio::net::UdpSocket,
    servers: Vec<SocketAddr>,
}

/// One round: the clients that take part, in this order.
#[derive(Debug)]
pub struct Round {
    /// Their numbers.
    pub clients: Vec<u32>,
    /// When they begin.
    pub pace: Pace,
    /// When whoever is not done is given up.
    pub limit: Duration,
}

impl Relay {
    /// Opens the relay in the clients' namespace.
    ///
    /// # Errors
    /// When the socket cannot be opened.
    pub fn open(lab: &Lab, servers: &[Ipv4Addr]) -> anyhow::Result<Self> {
        let node = lab.network().node(NODE)?;
        let socket = node.enter(|| UdpSocket::bind((RELAY, SERVER_PORT)));
        let socket = socket.context("cannot open the relay's socket")?;
        SockRef::from(&socket).set_recv_buffer_size(BUFFER_BYTES)?;
        socket.set_nonblocking(true)?;
        let servers = servers.iter().map(|ip| SocketAddr::from((*ip, SERVER_PORT))).collect();
        Ok(Self { socket: tokio::net::UdpSocket::from_std(socket)?, servers })
    }

    /// Drives a round until all clients are done or given up.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn drive(&self, clients: &mut Clients, round: &Round) -> anyhow::Result<Seen> {
        let begin = Instant::now();
        let mut buffer = vec![0; PACKET_MAX];
        let mut waiting = round.clients.iter().copied();
        let (mut begun, mut left) = (0_usize, round.clients.len());
        while (left > 0 || clients.ended() < begun) && begin.elapsed() < round.limit {
            let mut may = due(round.pace, begin.elapsed(), begun, clients.ended());
            may = may.min(TOGETHER);
            for number in waiting.by_ref().take(may) {
                self.pass_on(&clients.begin(number, begin.elapsed())?).await;
                begun += 1;
                left -= 1;
            }
            for packet in clients.repeat(begin.elapsed())? {
                self.pass_on(&packet).await;
            }
            if may < TOGETHER {
                // Nothing to do before an answer comes or the clock goes on.
                drop(timeout(LOOK, self.socket.readable()).await);
            }
            while let Ok(length) = self.socket.try_recv(&mut buffer) {
                if let Some(packet) = clients.receive(&buffer[..length], begin.elapsed())? {
                    self.pass_on(&packet).await;
                }
            }
        }
        Ok(clients.end_round())
    }

    /// To every server. What cannot be sent, because the server is gone or a buffer is full, is lost as
    /// on any network, and its client asks again.
    async fn pass_on(&self, packet: &[u8]) {
        for server in &self.servers {
            self.socket.send_to(packet, server).await.ok();
        }
    }
}

/// How many clients may begin now.
fn due(pace: Pace, now: Duration, begun: usize, ended: usize) -> usize {
    match pace {
        Pace::Rate(per_second) => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number of clients, far from the limits"
            )]
            let wanted = (now.as_secs_f64() * per_second) as usize;
            wanted.saturating_sub(begun)
        }
        Pace::Window(most) => most.saturating_sub(begun - ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_goes_on_without_answers_and_a_window_waits_for_them() {
        let second = Duration::from_secs(1);
        assert_eq!(due(Pace::Rate(100.0), second, 40, 0), 60);
        assert_eq!(due(Pace::Rate(100.0), second, 140, 0), 0);
        assert_eq!(due(Pace::Window(64), second, 100, 50), 14);
        assert_eq!(due(Pace::Window(64), second, 164, 100), 0);
    }
}
