//! A read-only TFTP server for boot programs (RFC 1350, options of RFC 2347, 2348, 2349, 7440).
//!
//! Every transfer answers from a socket of its own, bound to the address that the client asked.
//! Firmware is the client: it aborts its size probes with an ERROR packet, repeats requests, and
//! acknowledges twice; none of that may leave a transfer behind or double the traffic.

pub mod files;
pub mod packet;

mod transfer;

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::metrics::Metrics;
use crate::tftp::files::{BootFolder, FileError};
use crate::tftp::packet::{ErrorCode, Packet, ReadRequest, error_packet};
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
    socket: UdpSocket,
    folder: BootFolder,
    metrics: Arc<Metrics>,
}

impl TftpServer {
    /// A server of `folder` on a bound socket.
    #[must_use]
    pub fn new(socket: UdpSocket, folder: BootFolder, metrics: Arc<Metrics>) -> Self {
        Self { socket, folder, metrics }
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
                received = self.socket.recv_from(&mut buffer) => match received {
                    Ok((bytes, client)) => self.receive(&mut running, &buffer[..bytes], client).await,
                    Err(error) => warn!("the TFTP socket cannot be read: {error}"),
                },
            }
        }
    }

    async fn receive(&self, running: &mut Running, bytes: &[u8], client: SocketAddr) {
        let request = match Packet::parse(bytes) {
            Ok(Packet::Read(request)) => request,
            Ok(Packet::Write) => {
                let text = "this server is read-only";
                return self.refuse(client, ErrorCode::AccessViolation, text).await;
            }
            Ok(Packet::Ack(_) | Packet::Error { .. } | Packet::Other) => {
                return debug!(%client, "a TFTP packet without a transfer");
            }
            Err(error) => {
                return self.refuse(client, ErrorCode::IllegalOperation, &error.to_string()).await;
            }
        };
        // A repeated request belongs to the transfer that it began.
        if running.clients.contains(&client) {
            return;
        }
        if running.is_full(client.ip()) {
            return debug!(%client, "too many TFTP transfers; the client will ask again");
        }
        match self.start(&request, client).await {
            Ok(transfer) => running.start(client, transfer),
            Err(Refusal { code, text }) => {
                debug!(%client, file = request.path, "TFTP request refused: {text}");
                self.refuse(client, code, &text).await;
            }
        }
    }

    async fn start(&self, request: &ReadRequest, client: SocketAddr) -> Result<Transfer, Refusal> {
        let file = self.folder.read(&request.path).await?;
        let local = local_address_to(client, self.socket.local_addr()?).await?;
        let socket = UdpSocket::bind(SocketAddr::new(local, 0)).await?;
        socket.connect(client).await?;
        let mtu_payload = if client.is_ipv4() { 1_500 - 32 } else { 1_500 - 52 };
        info!(%client, file = request.path, "client {client} fetches {} by TFTP", request.path);
        Ok(Transfer::new(socket, file, request, mtu_payload))
    }

    async fn refuse(&self, client: SocketAddr, code: ErrorCode, text: &str) {
        if let Err(error) = self.socket.send_to(&error_packet(code, text), client).await {
            debug!(%client, "a TFTP error was not sent: {error}");
        }
    }

    fn count(&self, client: SocketAddr, outcome: &Outcome) {
        match outcome {
            Outcome::Complete { bytes, retransmits } => {
                self.metrics.tftp_transfers.inc();
                debug!(%client, bytes, retransmits, "TFTP transfer complete");
            }
            Outcome::Aborted { reason } => debug!(%client, "TFTP transfer ended: {reason}"),
            Outcome::Failed { reason } => {
                self.metrics.tftp_failures.inc();
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

/// The address to answer a client from: the one that is listened on, or, when that is any address,
/// the one that the kernel routes to the client from.
async fn local_address_to(client: SocketAddr, listened: SocketAddr) -> io::Result<IpAddr> {
    if !listened.ip().is_unspecified() {
        return Ok(listened.ip());
    }
    let any: IpAddr = match client {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let probe = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    probe.connect(client).await?;
    Ok(probe.local_addr()?.ip())
}

#[cfg(test)]
mod tests;
