//! Takes connections and answers what comes over them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

use crate::connections::Connections;
use crate::open_files::OpenFiles;
use crate::progress::Progress;

/// How long nothing is accepted after that failed: mostly because of too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What clients may have of a port.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many connections there are, while the process has files for them; more wait in the kernel.
    pub connections_max: usize,
    /// Where these files come from.
    pub open_files: OpenFiles,
    /// How many of them one address has; more are closed at once.
    pub per_address_max: usize,
    /// How long the head of a request may take, and a connection be idle before it.
    pub head: Duration,
    /// How long a client may take nothing of an answer that waits for it.
    pub reading: Duration,
}

impl Limits {
    /// So many connections, a quarter of them for one address, and 30 seconds for a head and for a
    /// byte to be taken.
    #[must_use]
    pub fn of(connections_max: usize, open_files: &OpenFiles) -> Self {
        Self {
            connections_max,
            open_files: open_files.clone(),
            per_address_max: connections_max / 4,
            head: Duration::from_secs(30),
            reading: Duration::from_secs(30),
        }
    }
}

/// Serves until `stop`, and then until what is under way is answered. The service finds the client's
/// address as a [`ConnectInfo`].
pub async fn serve<S>(listener: TcpListener, service: S, limits: Limits, stop: CancellationToken)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    run(listener, None, service, limits, stop).await;
}

/// As [`serve`], over TLS. A handshake has as long as the head of a request.
pub async fn serve_tls<S>(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    service: S,
    limits: Limits,
    stop: CancellationToken,
) where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    run(listener, Some(acceptor), service, limits, stop).await;
}

async fn run<S>(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    service: S,
    limits: Limits,
    stop: CancellationToken,
) where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let connections = Connections::new(limits.per_address_max);
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        let place = tokio::select! {
            () = stop.cancelled() => break,
            Ok(place) = Arc::clone(&places).acquire_owned() => place,
        };
        let file = tokio::select! {
            () = stop.cancelled() => break,
            Ok(file) = limits.open_files.take() => file,
        };
        let (stream, client) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener) => accepted,
        };
        let Some(counted) = connections.count(client.ip().to_canonical()) else {
            tracing::debug!(%client, "{client} has too many connections: this one is closed");
            continue;
        };
        // Answers are written whole: waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let (service, watcher) = (service.clone(), graceful.watcher());
        let (acceptor, stopping, limits) = (acceptor.clone(), stop.clone(), limits.clone());
        tasks.spawn(async move {
            let answered = match acceptor {
                None => watcher.watch(connection(stream, client, service, limits)).await,
                Some(acceptor) => {
                    let shaken = tokio::select! {
                        () = stopping.cancelled() => return,
                        shaken = timeout(limits.head, acceptor.accept(stream)) => shaken,
                    };
                    let Ok(Ok(stream)) = shaken else {
                        tracing::debug!(%client, "no TLS with {client}");
                        return;
                    };
                    watcher.watch(connection(stream, client, service, limits)).await
                }
            };
            if let Err(error) = answered {
                tracing::debug!(%client, "the connection of {client} broke: {error}");
            }
            drop((place, file, counted));
        });
    }
    drop(listener);
    graceful.shutdown().await;
    tasks.join_all().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection, pausing");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The connection as hyper drives it.
fn connection<S, T>(
    stream: T,
    client: SocketAddr,
    service: S,
    limits: Limits,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service.map_request(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(client));
        request
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(
            TokioIo::new(Progress::new(stream, limits.reading)),
            TowerToHyperService::new(service),
        )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    struct Server {
        address: SocketAddr,
        stop: CancellationToken,
        serving: JoinHandle<()>,
    }

    impl Server {
        async fn start(routes: Router, limits: Limits) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let stop = CancellationToken::new();
            #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
            let serving = tokio::spawn(serve(listener, routes, limits, stop.clone()));
            Self { address, stop, serving }
        }

        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }

        async fn end(self) {
            self.stop.cancel();
            self.serving.await.unwrap();
        }
    }

    fn limits(connections_max: usize) -> Limits {
        Limits::of(connections_max, &OpenFiles::up_to(100))
    }

    /// What the server says until it closes the connection; nothing when it resets it.
    async fn rest(mut stream: TcpStream) -> String {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_come_ends_the_connection() {
        let routes = Router::new().route("/", get(async || "here"));
        let server = Server::start(routes, limits(8)).await;
        let mut slow = server.connect().await;
        slow.write_all(b"GET / HTTP/1.1\r\nhost: ").await.unwrap();
        assert!(!rest(slow).await.contains("200"));
        assert_eq!(rest(server.connect().await).await, "", "one that says nothing at all");
        server.end().await;
    }

    #[tokio::test]
    async fn an_address_has_so_many_connections_and_others_wait_for_no_one_of_it() {
        let routes = Router::new().route(
            "/",
            get(async |ConnectInfo(client): ConnectInfo<SocketAddr>| client.to_string()),
        );
        let limits = Limits { per_address_max: 2, ..limits(8) };
        let server = Server::start(routes, limits).await;
        let mut first = server.connect().await;
        let second = server.connect().await;
        assert_eq!(rest(server.connect().await).await, "", "the third is closed");
        let own = first.local_addr().unwrap().to_string();
        first.write_all(ASK).await.unwrap();
        assert!(rest(first).await.ends_with(&own));
        drop(second);
        server.end().await;
    }

    #[tokio::test]
    async fn more_connections_than_there_are_places_wait_and_are_answered() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let entered = Arc::new(Notify::new());
        let told = Arc::clone(&entered);
        let answer = async move || {
            MOST.fetch_max(RUNNING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            told.notify_one();
            tokio::task::yield_now().await;
            RUNNING.fetch_sub(1, Ordering::SeqCst);
            "here"
        };
        let limits = Limits { per_address_max: 100, ..limits(2) };
        let server = Server::start(Router::new().route("/", get(answer)), limits).await;
        let mut streams = Vec::new();
        for _ in 0..20 {
            let mut stream = server.connect().await;
            stream.write_all(ASK).await.unwrap();
            streams.push(stream);
        }
        entered.notified().await;
        for stream in streams {
            assert!(rest(stream).await.ends_with("here"));
        }
        assert!(MOST.load(Ordering::SeqCst) <= 2, "two at a time");
        server.end().await;
    }

    /// A listener that waits for a client has a file for it, too.
    #[tokio::test]
    async fn two_listeners_share_the_files_of_the_process() {
        let files = OpenFiles::up_to(3);
        let start = || {
            let routes = Router::new().route("/", get(async || "here"));
            Server::start(routes, Limits { per_address_max: 8, ..Limits::of(8, &files) })
        };
        let (one, other) = (start().await, start().await);
        let ask = async |server: &Server| {
            let mut stream = server.connect().await;
            stream.write_all(ASK).await.unwrap();
            stream
        };
        assert!(rest(ask(&one).await).await.ends_with("here"));
        assert!(rest(ask(&other).await).await.ends_with("here"));
        let hold = async |server: &Server| {
            let mut stream = server.connect().await;
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            assert!(stream.read(&mut [0]).await.unwrap() > 0);
            stream
        };
        // The other one waits with a file, and both that are left are taken.
        let (held, kept) = (hold(&one).await, hold(&one).await);
        assert_eq!(files.left(), 0);
        let waits = ask(&one).await;
        drop(held);
        assert!(rest(waits).await.ends_with("here"));
        drop(kept);
        one.end().await;
        other.end().await;
    }

    #[tokio::test]
    async fn what_is_under_way_is_answered_before_the_end() {
        let (entered, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (told, waited) = (Arc::clone(&entered), Arc::clone(&go_on));
        let answer = async move || {
            told.notify_one();
            waited.notified().await;
            "here"
        };
        let server = Server::start(Router::new().route("/", get(answer)), limits(8)).await;
        let mut stream = server.connect().await;
        stream.write_all(ASK).await.unwrap();
        entered.notified().await;
        server.stop.cancel();
        go_on.notify_one();
        assert!(rest(stream).await.ends_with("here"));
        server.end().await;
    }
}
