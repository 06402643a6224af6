//! A read-only TFTP server for boot programs, and for what GRUB boots (RFC 1350, options of RFC 2347, 2348, 2349, 7440).
//!
//! Every transfer answers from a socket of its own, bound to the address that the client asked.
//! Firmware is the client: it aborts its size probes with an ERROR packet, repeats requests, and
//! acknowledges twice; none of that may leave a transfer behind or double the traffic.

pub mod files;
pub mod offer;
pub mod packet;

mod content;
mod grub;
mod socket;
mod transfer;

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::tftp::files::FileError;
use crate::tftp::offer::Offer;
use crate::tftp::packet::{ErrorCode, Packet, ReadRequest, error_packet};
use crate::tftp::socket::{Origin, RequestSocket};
use crate::tftp::transfer::{Outcome, Transfer};

/// Transfers at one time, over all clients.
const TRANSFERS_MAX: usize = 1_024;

/// Transfers of one client address at one time.
const TRANSFERS_PER_CLIENT_MAX: usize = 8;

/// The largest request packet that is read, in bytes (RFC 2347 allows 512).
const REQUEST_BYTES_MAX: usize = 1_024;

/// The server.
#[derive(Debug)]
pub struct TftpServer {
    socket: RequestSocket,
    offer: Offer,
}

impl TftpServer {
    /// A server of `offer` on a bound socket.
    #[must_use]
    pub fn new(socket: UdpSocket, offer: Offer) -> Self {
        Self { socket: RequestSocket::new(socket), offer }
    }

    /// Serves until `shutdown`; transfers in progress end with it.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut running = Running::default();
        let mut buffer = vec![0; REQUEST_BYTES_MAX];
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                Some(ended) = running.tasks.join_next(), if !running.tasks.is_empty() => {
                    if let Ok((client, outcome)) = ended {
                        running.clients.remove(&client);
                        self.count(client, &outcome);
                    }
                }
                received = self.socket.receive(&mut buffer) => match received {
                    Ok((bytes, origin)) => self.receive(&mut running, &buffer[..bytes], origin).await,
                    Err(error) => warn!("the TFTP socket cannot be read: {error}"),
                },
            }
        }
    }

    async fn receive(&self, running: &mut Running, bytes: &[u8], origin: Origin) {
        let client = origin.client;
        let request = match Packet::parse(bytes) {
            Ok(Packet::Read(request)) => request,
            Ok(Packet::Write) => {
                let text = "this server is read-only";
                return self.refuse(origin, ErrorCode::AccessViolation, text).await;
            }
            Ok(Packet::Ack(_) | Packet::Error { .. } | Packet::Other) => {
                return debug!(%client, "a TFTP packet without a transfer");
            }
            Err(error) => {
                return self.refuse(origin, ErrorCode::IllegalOperation, &error.to_string()).await;
            }
        };
        // A repeated request belongs to the transfer that it began.
        if running.clients.contains(&client) {
            return;
        }
        if running.is_full(client.ip()) {
            return debug!(%client, "too many TFTP transfers; the client will ask again");
        }
        match self.start(&request, origin).await {
            Ok(transfer) => running.start(client, transfer),
            Err(Refusal { code, text }) => {
                debug!(%client, file = request.path, "TFTP request refused: {text}");
                self.refuse(origin, code, &text).await;
            }
        }
    }

    async fn start(&self, request: &ReadRequest, origin: Origin) -> Result<Transfer, Refusal> {
        let client = origin.client;
        let socket = origin.answering_socket().await?;
        let asked = socket.local_addr()?.ip();
        let file = self.offer.find(&request.path, client, asked).await?;
        let mtu_payload = if client.is_ipv4() { 1_500 - 32 } else { 1_500 - 52 };
        info!(%client, file = request.path, "client {client} fetches {} by TFTP", request.path);
        Ok(Transfer::new(socket, file, request, mtu_payload))
    }

    async fn refuse(&self, origin: Origin, code: ErrorCode, text: &str) {
        let sent = match origin.answering_socket().await {
            Ok(socket) => socket.send(&error_packet(code, text)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            debug!(client = %origin.client, "a TFTP error was not sent: {error}");
        }
    }

    fn count(&self, client: SocketAddr, outcome: &Outcome) {
        match outcome {
            Outcome::Complete { bytes, retransmits } => {
                self.offer.metrics.tftp_transfers.inc();
                debug!(%client, bytes, retransmits, "TFTP transfer complete");
            }
            Outcome::Aborted { reason } => debug!(%client, "TFTP transfer ended: {reason}"),
            Outcome::Failed { reason } => {
                self.offer.metrics.tftp_failures.inc();
                warn!(%client, "TFTP transfer to client {client} failed: {reason}");
            }
        }
    }
}

/// The transfers in progress, by the address and port of their clients.
#[derive(Debug, Default)]
struct Running {
    tasks: JoinSet<(SocketAddr, Outcome)>,
    clients: BTreeSet<SocketAddr>,
}

impl Running {
    fn is_full(&self, client: IpAddr) -> bool {
        let low = SocketAddr::new(client, 0);
        let high = SocketAddr::new(client, u16::MAX);
        self.clients.len() >= TRANSFERS_MAX
            || self.clients.range(low..=high).count() >= TRANSFERS_PER_CLIENT_MAX
    }

    fn start(&mut self, client: SocketAddr, transfer: Transfer) {
        self.clients.insert(client);
        self.tasks.spawn(async move { (client, transfer.run().await) });
    }
}

struct Refusal {
    code: ErrorCode,
    text: String,
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        let code = match error {
            FileError::NotFound { .. } => ErrorCode::FileNotFound,
            FileError::Outside { .. } => ErrorCode::AccessViolation,
            FileError::Unreadable { .. } => ErrorCode::NotDefined,
        };
        Self { code, text: error.to_string() }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self { code: ErrorCode::NotDefined, text: error.to_string() }
    }
}

#[cfg(test)]
mod tests;
