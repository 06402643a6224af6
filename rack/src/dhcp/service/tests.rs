//! What the service counts that the sockets' tests do not show.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::*;

fn service(metrics: &DhcpMetrics) -> DhcpService {
    let rack = model::id::SystemId::from_number(1);
    DhcpService::new(
        OwnRack { rack, incarnation: 7, serves_time: true },
        &Generations::default(),
        RegionClock::default(),
        Uplink::default(),
        metrics.clone(),
        Arc::new(|_| {}),
    )
}

fn packet() -> Received {
    Received {
        payload: Vec::new(),
        source: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 68),
        destination: Ipv4Addr::BROADCAST,
        interface: 1,
        received: Instant::now(),
        dropped: 0,
    }
}

/// Its client was not answered, so somebody must be able to see it.
#[tokio::test]
async fn a_packet_that_waits_in_vain_for_an_address_is_counted_once() {
    let metrics = DhcpMetrics::default();
    let mut service = service(&metrics);
    let counted = || {
        let reason = crate::dhcp::metrics::DropReason { reason: "no free address" };
        metrics.dropped.get_or_create(&reason).get()
    };
    service.parked.park(1, packet(), service.now()).unwrap();
    service.forget_parked();
    assert_eq!(counted(), 0, "it still waits");
    service.zero = service.zero.minus(Duration::from_secs(2));
    service.tick();
    service.tick();
    assert_eq!((counted(), service.parked.len()), (1, 0));
}
