//! Packets that no DHCP server should answer, sent beside good ones: noise, and messages that are broken
//! in one place each. They are the same in every run.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testkit::lab::Lab;

use super::packet::{Said, Sender, encode};
use crate::clients::NODE;

/// Different packets.
const PACKETS: u32 = 4096;
const SEED: u64 = 67;
const NOISE_MAX: usize = 600;
const LOOK: Duration = Duration::from_millis(1);
/// Where fields of a DHCP message are (RFC 2131 §2): the relay's address, the cookie, the options, and
/// among those the message type, behind the lease time.
const GIADDR: usize = 24;
const COOKIE: usize = 236;
const OPTIONS: usize = 240;
const TYPE: usize = OPTIONS + 6;

/// Junk that is being sent, until it is stopped or dropped.
#[derive(Debug)]
pub struct Sending {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Sending {
    /// Sends junk to a server at a rate, from the clients' namespace.
    ///
    /// # Errors
    /// When the socket cannot be opened.
    pub fn start(lab: &Lab, server: Ipv4Addr, per_second: u32) -> anyhow::Result<Self> {
        let node = lab.network().node(NODE)?;
        let socket = node.enter(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)))?;
        let packets = packets().context("cannot make junk")?;
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&sent));
        let server = SocketAddr::from((server, 67));
        let thread = thread::spawn(move || {
            let begin = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                let due = begin.elapsed().as_secs_f64() * f64::from(per_second);
                let mut number = count.load(Ordering::Relaxed);
                for packet in packets.iter().cycle().skip(place(number, packets.len())) {
                    if number_as_f64(number) >= due {
                        break;
                    }
                    // A server that is gone refuses; that is no concern of who sends junk.
                    socket.send_to(packet, server).ok();
                    number += 1;
                }
                count.store(number, Ordering::Relaxed);
                thread::sleep(LOOK);
            }
        });
        Ok(Self { stop, sent, thread: Some(thread) })
    }

    /// Stops; returns how many were sent.
    #[must_use]
    pub fn stop(mut self) -> u64 {
        self.end();
        self.sent.load(Ordering::Relaxed)
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It only fails when the thread panicked, and then nothing was sent any more.
            thread.join().ok();
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.end();
    }
}

fn place(number: u64, of: usize) -> usize {
    usize::try_from(number).unwrap_or(0) % of.max(1)
}

fn number_as_f64(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// All kinds of junk, in turns.
fn packets() -> anyhow::Result<Vec<Vec<u8>>> {
    let mut random = StdRng::seed_from_u64(SEED);
    (0..PACKETS).map(|number| packet(number, &mut random)).collect()
}

fn packet(number: u32, random: &mut StdRng) -> anyhow::Result<Vec<u8>> {
    let [.., a, b] = number.to_be_bytes();
    let sender = Sender { mac: [0x0e, 0, 0, 0, a, b], xid: number };
    let mut good = encode(sender, Said::Discover)?;
    match number % 8 {
        0 => return Ok((0..random.random_range(0..NOISE_MAX)).map(|_| random.random()).collect()),
        1 => good.truncate(random.random_range(0..COOKIE)),
        // Another cookie: BOOTP, or nothing.
        2 => good[COOKIE] ^= 0xff,
        // A client does not send replies.
        3 => good[0] = 2,
        // A message type that does not exist.
        4 => good[TYPE + 2] = 200,
        // An option that is longer than the packet.
        5 => {
            good.truncate(OPTIONS);
            good.extend([53, 1, 1, 55, 255, 1]);
        }
        // A relay that nobody knows.
        6 => good[GIADDR..GIADDR + 4].copy_from_slice(&[203, 0, 113, a]),
        // No message type at all.
        _ => good[TYPE] = 224,
    }
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_is_the_same_in_every_run_and_of_every_kind() {
        let once = packets().unwrap();
        assert_eq!(once, packets().unwrap());
        assert_eq!(once.len(), PACKETS as usize);
        assert!(once.iter().any(Vec::is_empty) || once.iter().any(|one| one.len() < OPTIONS));
        assert!(once.iter().any(|one| one.get(GIADDR) == Some(&203)));
    }

    #[test]
    fn fields_are_broken_where_they_are() {
        let mut random = StdRng::seed_from_u64(1);
        let sender = Sender { mac: [0; 6], xid: 0 };
        let good = encode(sender, Said::Discover).unwrap();
        assert_eq!(good[COOKIE..OPTIONS], [99, 130, 83, 99]);
        assert_eq!(good[TYPE..TYPE + 3], [53, 1, 1], "the message type");
        assert_eq!(good[GIADDR..GIADDR + 4], crate::clients::RELAY.octets());
        assert_eq!(packet(4, &mut random).unwrap()[TYPE + 2], 200);
    }
}
