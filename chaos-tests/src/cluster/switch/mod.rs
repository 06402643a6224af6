//! An Ethernet switch in this process, whose wires can be told to misbehave.
//!
//! Every node has a TAP device in its namespace; the descriptor of each is ours. A frame from one
//! reaches another only through [`link::arrivals`], for each direction on its own. The kernel's
//! `netem` is not on every machine and knows no directions between pairs.

pub mod link;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use rand::SeedableRng;
use rand::rngs::StdRng;
use testkit::lab::namespace::Namespace;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tun::{Tun, TunBuilder};

use link::{Link, Past, arrivals};

/// The interface that a node sees.
const INTERFACE: &str = "peer0";
/// The largest packet; jumbo frames, because each one costs this process two system calls.
const MTU: i32 = 9000;
/// The largest frame: a packet, its header, and a VLAN tag.
const FRAME_BYTES_MAX: usize = 9000 + 18;
/// Frames that wait before one port; more are dropped.
const WAITING_MAX: usize = 8192;

/// A node's number on the switch, from 1.
pub type Port = u64;

/// The switch. Dropping it takes the TAPs away.
pub struct Switch {
    wires: Arc<Mutex<Wires>>,
    _tasks: JoinSet<()>,
}

impl std::fmt::Debug for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Switch").finish_non_exhaustive()
    }
}

/// The state of all wires.
struct Wires {
    links: BTreeMap<(Port, Port), (Link, Past)>,
    chance: StdRng,
}

/// A frame on its way; the earliest is the greatest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Frame {
    due: Reverse<Instant>,
    order: Reverse<u64>,
    bytes: Vec<u8>,
}

/// What a port needs to pass frames on.
struct Sender {
    from: Port,
    tun: Arc<Tun>,
    wires: Arc<Mutex<Wires>>,
    others: BTreeMap<Port, (Arc<Tun>, mpsc::Sender<Frame>)>,
}

impl Switch {
    /// Gives each node an interface with the address `address(port)`, all on one wire. `seed`
    /// decides what is lost, doubled or late.
    ///
    /// # Errors
    /// When a TAP cannot be made.
    pub fn create(
        nodes: &BTreeMap<Port, &Namespace>,
        address: impl Fn(Port) -> String,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let mut tuns = BTreeMap::new();
        for (port, namespace) in nodes {
            let tun = plug(namespace, *port, &address(*port))
                .with_context(|| format!("cannot make a TAP in {}", namespace.name()))?;
            tuns.insert(*port, Arc::new(tun));
        }
        let wires = Wires { links: BTreeMap::new(), chance: StdRng::seed_from_u64(seed) };
        let wires = Arc::new(Mutex::new(wires));
        let mut tasks = JoinSet::new();
        let mut queues = BTreeMap::new();
        for (port, tun) in &tuns {
            let (queue, waiting) = mpsc::channel(WAITING_MAX);
            tasks.spawn(deliver(Arc::clone(tun), waiting));
            queues.insert(*port, (Arc::clone(tun), queue));
        }
        for (port, tun) in tuns {
            let others = queues.iter().filter(|(other, _)| **other != port);
            let sender = Sender {
                from: port,
                tun,
                wires: Arc::clone(&wires),
                others: others.map(|(to, queue)| (*to, queue.clone())).collect(),
            };
            tasks.spawn(sender.run());
        }
        Ok(Self { wires, _tasks: tasks })
    }

    /// Sets the wire from one node to another, in this direction.
    pub fn set(&self, from: Port, to: Port, link: Link) {
        lock(&self.wires).links.insert((from, to), (link, Past::default()));
    }

    /// Makes all wires perfect again.
    pub fn heal(&self) {
        lock(&self.wires).links.clear();
    }
}

impl Wires {
    fn arrivals(&mut self, from: Port, to: Port, now: Instant, bytes: usize) -> Vec<Instant> {
        match self.links.get_mut(&(from, to)) {
            None => vec![now],
            Some((link, past)) => arrivals(link, past, &mut self.chance, now, bytes),
        }
    }
}

impl Sender {
    async fn run(self) {
        let mut buffer = vec![0; FRAME_BYTES_MAX];
        let mut order = 0;
        while let Ok(length) = self.tun.recv(&mut buffer).await {
            let frame = &buffer[..length];
            for (to, (tun, queue)) in self.targets(frame) {
                let now = Instant::now();
                let times = lock(&self.wires).arrivals(self.from, to, now, length);
                for due in times {
                    if due <= now {
                        // A full TAP drops frames, like any card.
                        tun.try_send(frame).ok();
                        continue;
                    }
                    order += 1;
                    let (due, order) = (Reverse(due), Reverse(order));
                    queue.try_send(Frame { due, order, bytes: frame.to_vec() }).ok();
                }
            }
        }
    }

    /// Where a frame goes: to the port in its address, or to all when that is a group's.
    fn targets(
        &self,
        frame: &[u8],
    ) -> impl Iterator<Item = (Port, &(Arc<Tun>, mpsc::Sender<Frame>))> {
        let destination: Option<[u8; 6]> = frame.first_chunk().copied();
        let to_all = destination.is_some_and(|mac| mac[0] & 1 == 1);
        self.others.iter().filter_map(move |(port, other)| {
            (to_all || destination == Some(mac_of(*port))).then_some((*port, other))
        })
    }
}

/// Sends the frames of one port when they are due.
async fn deliver(tun: Arc<Tun>, mut waiting: mpsc::Receiver<Frame>) {
    let mut queue: BinaryHeap<Frame> = BinaryHeap::new();
    loop {
        let due = queue.peek().map(|frame| frame.due.0);
        let next = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            frame = waiting.recv() => match frame {
                Some(frame) => queue.push(frame),
                None => return,
            },
            () = next => {
                if let Some(frame) = queue.pop() {
                    tun.try_send(&frame.bytes).ok();
                }
            }
        }
    }
}

/// Makes the TAP inside the node's namespace; its descriptor stays ours.
fn plug(namespace: &Namespace, port: Port, address: &str) -> io::Result<Tun> {
    let runtime = Handle::current();
    let tun = namespace.enter(|| {
        let _entered = runtime.enter();
        let built = TunBuilder::new().name(INTERFACE).tap().mtu(MTU).build();
        let mut tuns = built.map_err(io::Error::other)?;
        tuns.pop().ok_or_else(|| io::Error::other("no TAP was made"))
    })?;
    let mac = mac_of(port).map(|byte| format!("{byte:02x}")).join(":");
    namespace.ip(&["link", "set", INTERFACE, "address", &mac])?;
    namespace.ip(&["address", "add", address, "dev", INTERFACE])?;
    namespace.ip(&["link", "set", INTERFACE, "up"])?;
    Ok(tun)
}

fn mac_of(port: Port) -> [u8; 6] {
    let [.., high, low] = port.to_be_bytes();
    [0x52, 0x54, 0x00, 0x0c, high, low]
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::UdpSocket;
    use std::time::Duration;

    use testkit::lab::namespace::Namespace;

    use super::Switch;
    use super::link::Link;

    /// How long a datagram may take that is not lost.
    const TIMEOUTS: Duration = Duration::from_millis(500);
    const SENT: usize = 5;

    /// The socket of a node.
    fn socket(namespace: &Namespace, port: u64) -> UdpSocket {
        let address = format!("10.98.0.{port}:9000");
        let socket = namespace.enter(|| UdpSocket::bind(&address)).expect("a socket");
        socket.set_read_timeout(Some(TIMEOUTS)).expect("a timeout");
        socket
    }

    /// Sends datagrams and counts those that arrive before it is silent for a while.
    fn passed(from: &UdpSocket, to: &UdpSocket) -> usize {
        for number in 0..SENT {
            let target = to.local_addr().expect("an address");
            from.send_to(&number.to_be_bytes(), target).expect("to be sent");
        }
        let mut arrived = 0;
        while to.recv(&mut [0; 100]).is_ok() {
            arrived += 1;
        }
        arrived
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn each_direction_of_a_wire_is_cut_and_healed_on_its_own() {
        let spaces = [1, 2].map(|port| (port, Namespace::create("s").expect("a namespace")));
        let nodes: BTreeMap<_, _> = spaces.iter().map(|(port, space)| (*port, space)).collect();
        let address = |port| format!("10.98.0.{port}/24");
        let switch = Switch::create(&nodes, address, 1).expect("a switch");
        let [first, second] = [1, 2].map(|port| socket(nodes[&port], port));

        assert_eq!(passed(&first, &second), SENT);
        switch.set(2, 1, Link::severed());
        assert_eq!((passed(&first, &second), passed(&second, &first)), (SENT, 0));
        switch.set(1, 2, Link { duplicate: 1.0, ..Link::default() });
        assert_eq!(passed(&first, &second), 2 * SENT);
        switch.heal();
        let late = Link { delay: Duration::from_millis(20), ..Link::default() };
        switch.set(2, 1, late);
        assert_eq!((passed(&first, &second), passed(&second, &first)), (SENT, SENT));
    }
}
