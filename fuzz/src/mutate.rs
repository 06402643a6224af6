//! Changes of packets: of single bytes, and of options, because few changes of bytes leave options
//! that can be read.

use crate::draws::Draws;

/// The fixed fields and the cookie.
const OPTIONS_AT: usize = 240;
/// No packet of the network is longer than what the rack reads.
const LEN_MAX: usize = 4_096;
/// Bytes that mean something somewhere: pad, end, lengths, message types, options.
const TELLING: [u8; 20] =
    [0, 1, 2, 3, 4, 6, 7, 8, 50, 52, 53, 54, 55, 57, 61, 81, 82, 127, 254, 255];

/// Changes a packet in one to six ways.
pub fn change(packet: &mut Vec<u8>, draws: &mut Draws) {
    for _ in 0..=draws.below(6) {
        match draws.below(10) {
            0..=2 => change_byte(packet, draws),
            3 => packet.truncate(draws.below(packet.len() + 1)),
            4 => insert(packet, draws),
            5 => remove(packet, draws),
            6 => repeat(packet, draws),
            7..=8 => add_option(packet, draws),
            _ => packet.extend((0..draws.below(40)).map(|_| *draws.pick(&TELLING))),
        }
    }
    packet.truncate(LEN_MAX);
}

/// Puts an option in front of the others, where it is read first.
pub fn put_option(packet: &mut Vec<u8>, code: u8, value: &[u8]) {
    if packet.len() < OPTIONS_AT {
        return;
    }
    let rest = packet.split_off(OPTIONS_AT);
    packet.extend([code, u8::try_from(value.len()).unwrap_or(u8::MAX)]);
    packet.extend(value.iter().take(255));
    packet.extend(rest);
}

fn change_byte(packet: &mut [u8], draws: &mut Draws) {
    let at = draws.below(packet.len());
    let with = if draws.percent(50) { *draws.pick(&TELLING) } else { draws.byte() };
    if let Some(byte) = packet.get_mut(at) {
        *byte = if draws.percent(30) { *byte ^ (1 << draws.below(8)) } else { with };
    }
}

fn insert(packet: &mut Vec<u8>, draws: &mut Draws) {
    let at = draws.below(packet.len() + 1);
    let some: Vec<u8> = (0..draws.below(8)).map(|_| draws.byte()).collect();
    packet.splice(at..at, some);
}

fn remove(packet: &mut Vec<u8>, draws: &mut Draws) {
    let from = draws.below(packet.len() + 1);
    let to = (from + draws.below(16)).min(packet.len());
    packet.drain(from..to);
}

fn repeat(packet: &mut Vec<u8>, draws: &mut Draws) {
    let from = draws.below(packet.len() + 1);
    let to = (from + draws.below(300)).min(packet.len());
    let some = packet[from..to].to_vec();
    let at = draws.below(packet.len() + 1);
    packet.splice(at..at, some);
}

fn add_option(packet: &mut Vec<u8>, draws: &mut Draws) {
    let code = if draws.percent(70) { *draws.pick(&TELLING) } else { draws.byte() };
    let long = if draws.percent(20) { 256 } else { 12 };
    let value: Vec<u8> = (0..draws.below(long))
        .map(|_| if draws.percent(50) { *draws.pick(&TELLING) } else { draws.byte() })
        .collect();
    for _ in 0..=draws.below(3) {
        put_option(packet, code, &value);
    }
}
