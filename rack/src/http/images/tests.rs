//! The cache against regions that break off, lie about the length or send something else.

use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use proto::rack::RegionAddress;

use super::*;

/// What a region does when it is asked for the image.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// Sends it.
    Good,
    /// Announces all and sends half of the rest, then breaks the connection.
    Breaks,
    /// As `Breaks`, with other bytes.
    BreaksWrong,
    /// Announces and sends less than there is.
    Shorter,
    /// Announces more than it sends.
    Longer,
    /// Sends other bytes.
    Wrong,
    /// Sends from the first byte on, whatever is asked for, and says otherwise.
    OtherRange,
    /// Has nothing.
    Absent,
}

/// A region that answers in its manner, each time it is let.
struct FakeRegion {
    address: String,
    asked: Arc<AtomicUsize>,
    let_through: Arc<Semaphore>,
    _serving: JoinSet<()>,
}

impl FakeRegion {
    async fn start(manner: Manner) -> Self {
        let region = Self::start_waiting(manner).await;
        region.let_through.add_permits(1_000);
        region
    }

    async fn start_waiting(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (asked, let_through) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let mut serving = JoinSet::new();
        let (count, gate) = (Arc::clone(&asked), Arc::clone(&let_through));
        serving.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
                // Clients that do not like what they read hang up.
                let _ = answer(stream, manner).await;
            }
        });
        Self { address, asked, let_through, _serving: serving }
    }

    fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn image() -> Vec<u8> {
    (0..100_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn sha256() -> String {
    Sha256::digest(image()).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn answer(mut stream: TcpStream, manner: Manner) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let from = head.split("range: bytes=").nth(1).and_then(|rest| rest.split('-').next());
    let from: usize = from.unwrap().parse().unwrap();
    let mut bytes = image();
    let total = bytes.len();
    if matches!(manner, Manner::Wrong | Manner::BreaksWrong) {
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
    }
    let rest = bytes.split_off(from);
    let (announced, sent) = match manner {
        Manner::Absent => {
            let none = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return stream.write_all(none).await;
        }
        Manner::Good | Manner::Wrong => (rest.len(), rest.len()),
        Manner::Breaks | Manner::BreaksWrong => (rest.len(), rest.len() / 2),
        Manner::Shorter => (rest.len() - 1, rest.len() - 1),
        Manner::Longer => (rest.len() + 10, rest.len()),
        Manner::OtherRange => (total, total),
    };
    let from = if matches!(manner, Manner::OtherRange) { from + 1 } else { from };
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\ncontent-length: {announced}\r\nconnection: close\r\n\
         content-range: bytes {from}-{}/{total}\r\n\r\n",
        total - 1
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(rest.get(..sent).unwrap_or(&rest)).await?;
    stream.shutdown().await
}

struct Setup {
    cache: ImageCache,
    uplink: Uplink,
    folder: tempfile::TempDir,
    metrics: Arc<Metrics>,
}

async fn cache(regions: &[&FakeRegion]) -> Setup {
    let uplink = Uplink::default();
    let address = |region: &&FakeRegion| RegionAddress {
        node_id: 1,
        grpc: region.address.clone(),
        http: region.address.clone(),
    };
    uplink.set_regions(regions.iter().map(address).collect());
    let (folder, metrics) = (tempfile::tempdir().unwrap(), Arc::new(Metrics::default()));
    let path = folder.path().to_owned();
    let cache =
        ImageCache::open(path, 1 << 30, uplink.clone(), Arc::clone(&metrics)).await.unwrap();
    Setup { cache, uplink, folder, metrics }
}

impl Setup {
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The image is here, whole, under its name, and nothing else is.
    #[track_caller]
    fn assert_published(&self) {
        assert_eq!(self.names(), [sha256()]);
        assert!(std::fs::read(self.folder.path().join(sha256())).unwrap() == image());
    }
}

#[track_caller]
fn check_recovers(manner: Manner, wrong_hashes: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (bad, good) = (FakeRegion::start(manner).await, FakeRegion::start(Manner::Good).await);
        let setup = cache(&[&bad, &good]).await;
        setup.cache.file(&sha256()).await.unwrap();
        setup.assert_published();
        assert!(bad.times_asked() > 0, "{manner:?}");
        assert_eq!(setup.metrics.image_wrong_hashes.get(), wrong_hashes, "{manner:?}");
    });
}

#[test]
fn a_region_that_breaks_off_is_followed_by_another_one() {
    check_recovers(Manner::Breaks, 0);
}

#[test]
fn a_region_that_lies_about_the_length_is_followed_by_another_one() {
    check_recovers(Manner::Longer, 0);
    check_recovers(Manner::Shorter, 1);
    check_recovers(Manner::OtherRange, 0);
}

#[test]
fn a_region_that_sends_other_bytes_is_followed_by_another_one() {
    check_recovers(Manner::Wrong, 1);
}

#[test]
fn other_bytes_before_a_break_do_not_spoil_what_the_next_region_sends() {
    check_recovers(Manner::BreaksWrong, 1);
}

#[tokio::test]
async fn what_no_region_sends_right_is_never_published() {
    let (wrong, short) =
        (FakeRegion::start(Manner::Wrong).await, FakeRegion::start(Manner::Shorter).await);
    let setup = cache(&[&wrong, &short]).await;
    let error = setup.cache.file(&sha256()).await.unwrap_err();
    assert!(matches!(*error, ImageError::Corrupt { .. }), "{error}");
    assert!(setup.names().is_empty(), "{:?}", setup.names());
    assert_eq!(setup.metrics.image_fill_failures.get(), 1);
    // It does not ask a region twice that sent something else.
    assert_eq!((wrong.times_asked(), short.times_asked()), (1, 1));
}

#[tokio::test]
async fn what_no_region_has_is_unknown() {
    let absent = FakeRegion::start(Manner::Absent).await;
    let setup = cache(&[&absent]).await;
    let error = setup.cache.file(&sha256()).await.unwrap_err();
    assert!(matches!(*error, ImageError::Unknown { .. }), "{error}");
}

#[tokio::test]
async fn two_misses_at_once_make_one_fetch() {
    let region = FakeRegion::start_waiting(Manner::Good).await;
    let setup = cache(&[&region]).await;
    let name = sha256();
    let opened = async { region.let_through.add_permits(2) };
    let (first, second, ()) =
        tokio::join!(setup.cache.file(&name), setup.cache.file(&name), opened);
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(region.times_asked(), 1);
    setup.assert_published();
}

#[tokio::test]
async fn a_fetch_goes_on_when_its_reader_hangs_up() {
    let region = FakeRegion::start_waiting(Manner::Good).await;
    let setup = cache(&[&region]).await;
    let name = sha256();
    {
        let mut reader = std::pin::pin!(setup.cache.file(&name));
        while region.times_asked() == 0 {
            assert!(futures::poll!(&mut reader).is_pending());
            tokio::task::yield_now().await;
        }
    }
    region.let_through.add_permits(1);
    setup.cache.file(&name).await.unwrap();
    assert_eq!(region.times_asked(), 1);
    setup.assert_published();
}

#[tokio::test]
async fn after_a_failed_fetch_there_is_again_one_writer() {
    let region = FakeRegion::start_waiting(Manner::Wrong).await;
    let setup = cache(&[&region]).await;
    let name = sha256();
    region.let_through.add_permits(1);
    assert!(setup.cache.file(&name).await.is_err());
    let opened = async { region.let_through.add_permits(2) };
    let (first, second, ()) =
        tokio::join!(setup.cache.file(&name), setup.cache.file(&name), opened);
    assert!(first.is_err() && second.is_err());
    assert_eq!(region.times_asked(), 2);
}

/// A cache whose one region serves these routes where racks dial it, and `public` over HTTP.
async fn dialing_cache(routes: tonic::service::Routes, public: &str) -> (Setup, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let grpc = listener.local_addr().unwrap().to_string();
    let mut serving = JoinSet::new();
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let server = tonic::transport::Server::builder().add_routes(routes);
    serving.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
    let mut setup = cache(&[]).await;
    let http = public.to_owned();
    setup.uplink.set_regions(vec![RegionAddress { node_id: 1, grpc, http }]);
    let dial: Dial = Arc::new(|address| {
        let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}"));
        endpoint.unwrap().connect_lazy()
    });
    setup.cache = setup.cache.over(dial);
    (setup, serving)
}

#[tokio::test]
async fn images_come_from_where_the_rack_shows_its_certificate() {
    let path = format!("/ironraft/images/{}", sha256());
    let routes = axum::Router::new().route(&path, axum::routing::get(async || image()));
    let public = FakeRegion::start(Manner::Wrong).await;
    let (setup, _serving) = dialing_cache(routes.into(), &public.address).await;
    setup.cache.file(&sha256()).await.unwrap();
    setup.assert_published();
    assert_eq!(public.times_asked(), 0);
}

#[tokio::test]
async fn a_region_of_the_version_before_is_asked_in_public() {
    let public = FakeRegion::start(Manner::Good).await;
    let routes = tonic::service::Routes::default();
    let (setup, _serving) = dialing_cache(routes, &public.address).await;
    setup.cache.file(&sha256()).await.unwrap();
    setup.assert_published();
    assert_eq!(public.times_asked(), 1);
}
