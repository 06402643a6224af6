//! One transfer: options, then blocks in windows, each acknowledged (RFC 1350 §2, RFC 7440 §4).

use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::tftp::content::Content;
use crate::tftp::packet::{Packet, ReadRequest, data_packet, option_ack_packet};

/// How often the same packets are sent before the client counts as gone.
const SENDS_MAX: u32 = 6;

/// The first wait for an acknowledgement; doubled each time.
const WAIT_FIRST: Duration = Duration::from_secs(1);

/// The longest wait for an acknowledgement.
const WAIT_MAX: Duration = Duration::from_secs(8);

/// The block size without the option (RFC 1350).
const BLOCK_BYTES_DEFAULT: usize = 512;

/// The largest window that is granted, in blocks.
const WINDOW_BLOCKS_MAX: u16 = 32;

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The client has the whole file.
    Complete { bytes: usize, retransmits: u32 },
    /// The client did not want it; normal for firmware that asks for the size only.
    Aborted { reason: String },
    /// The client went away, or the network failed.
    Failed { reason: String },
}

/// A file on its way to one client.
#[derive(Debug)]
pub(super) struct Transfer {
    socket: UdpSocket,
    file: Content,
    block_bytes: usize,
    window_blocks: u64,
    wait_first: Duration,
    /// The OACK, when options are acknowledged.
    options: Option<Vec<u8>>,
    retransmits: u32,
}

impl Transfer {
    /// `payload_max` is what fits into one packet on the way to the client.
    pub(super) fn new(
        socket: UdpSocket,
        file: Content,
        request: &ReadRequest,
        payload_max: usize,
    ) -> Self {
        let block_bytes = request.block_bytes.map(|bytes| bytes.min(payload_max));
        let window_blocks = request.window_blocks.map(|blocks| blocks.min(WINDOW_BLOCKS_MAX));
        let size = u64::try_from(file.len()).unwrap_or(u64::MAX);
        let options: Vec<(&str, u64)> = [
            ("blksize", block_bytes.and_then(|bytes| u64::try_from(bytes).ok())),
            ("tsize", request.transfer_size.then_some(size)),
            ("timeout", request.timeout_s.map(u64::from)),
            ("windowsize", window_blocks.map(u64::from)),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect();
        let wait_first = request.timeout_s.map(|seconds| Duration::from_secs(seconds.into()));
        Self {
            socket,
            file,
            block_bytes: block_bytes.unwrap_or(BLOCK_BYTES_DEFAULT),
            window_blocks: window_blocks.map_or(1, u64::from),
            wait_first: wait_first.unwrap_or(WAIT_FIRST),
            options: (!options.is_empty()).then(|| option_ack_packet(&options)),
            retransmits: 0,
        }
    }

    pub(super) async fn run(mut self) -> Outcome {
        match self.send_all().await {
            Ok(()) => Outcome::Complete { bytes: self.file.len(), retransmits: self.retransmits },
            Err(outcome) => outcome,
        }
    }

    async fn send_all(&mut self) -> Result<(), Outcome> {
        if let Some(options) = self.options.take() {
            self.send_until_acknowledged(&[options], 0).await?;
        }
        // A file that fills its last block is ended by an empty one.
        let last_block = self.file.len() / self.block_bytes + 1;
        let last_block = u64::try_from(last_block).unwrap_or(u64::MAX);
        let mut acknowledged = 0;
        while acknowledged < last_block {
            let end = last_block.min(acknowledged + self.window_blocks);
            let mut window = Vec::new();
            for number in acknowledged + 1..=end {
                window.push(self.block(number).await?);
            }
            acknowledged += self.send_until_acknowledged(&window, acknowledged).await?;
        }
        Ok(())
    }

    /// The DATA packet of the `number`th block, counted from 1. Numbers wrap on the wire.
    async fn block(&mut self, number: u64) -> Result<Vec<u8>, Outcome> {
        let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
        let start = index.saturating_mul(self.block_bytes).min(self.file.len());
        let end = (start + self.block_bytes).min(self.file.len());
        let unreadable = |error: std::io::Error| Outcome::Failed {
            reason: format!("it cannot be read: {error}"),
        };
        let bytes = self.file.bytes(start, end).await.map_err(unreadable)?;
        Ok(data_packet(wire_number(number), bytes))
    }

    /// Sends packets until some of them are acknowledged; returns how many (0 for an OACK). An
    /// acknowledgement of what was acknowledged before is a duplicate and not answered, so that
    /// one doubled packet does not double all that follow (the Sorcerer's Apprentice).
    async fn send_until_acknowledged(
        &mut self,
        packets: &[Vec<u8>],
        acknowledged: u64,
    ) -> Result<u64, Outcome> {
        let mut wait = self.wait_first;
        for attempt in 0..SENDS_MAX {
            if attempt > 0 {
                self.retransmits += 1;
            }
            for packet in packets {
                self.socket.send(packet).await.map_err(|error| lost(&error))?;
            }
            let deadline = Instant::now() + wait;
            while let Some(packet) = self.receive(deadline).await? {
                match packet {
                    Packet::Ack(number) => {
                        let count = u64::from(number.wrapping_sub(wire_number(acknowledged)));
                        let sent = u64::try_from(packets.len()).unwrap_or(u64::MAX);
                        let is_option_ack = acknowledged == 0 && packets[0].starts_with(&[0, 6]);
                        if is_option_ack && count == 0 {
                            return Ok(0);
                        }
                        if !is_option_ack && (1..=sent).contains(&count) {
                            return Ok(count);
                        }
                    }
                    Packet::Error { code, text } => {
                        let reason = format!("error {code} from the client: {text}");
                        return Err(Outcome::Aborted { reason });
                    }
                    // The client repeats its request while the first answer is on its way.
                    Packet::Read(_) | Packet::Write | Packet::Other => {}
                }
            }
            wait = (wait * 2).min(WAIT_MAX.max(self.wait_first));
        }
        Err(Outcome::Failed { reason: "the client does not acknowledge".to_owned() })
    }

    /// The next packet of the client; none at the deadline.
    async fn receive(&self, deadline: Instant) -> Result<Option<Packet>, Outcome> {
        let mut buffer = [0; 512];
        loop {
            match timeout_at(deadline, self.socket.recv(&mut buffer)).await {
                Err(_) => return Ok(None),
                Ok(Err(error)) => return Err(lost(&error)),
                Ok(Ok(bytes)) => {
                    if let Ok(packet) = Packet::parse(&buffer[..bytes]) {
                        return Ok(Some(packet));
                    }
                }
            }
        }
    }
}

/// A client that closed its port answers with ICMP: it has what it wanted, or it is gone.
fn lost(error: &std::io::Error) -> Outcome {
    let reason = error.to_string();
    if error.kind() == std::io::ErrorKind::ConnectionRefused {
        Outcome::Aborted { reason }
    } else {
        Outcome::Failed { reason }
    }
}

/// Block numbers are 16 bits and go on at 0 after 65535.
#[expect(clippy::cast_possible_truncation, reason = "wraps by design")]
fn wire_number(number: u64) -> u16 {
    number as u16
}
