//! What the service counts that the sockets' tests do not show.

use super::*;

fn service(metrics: &DhcpMetrics) -> DhcpService {
    let rack = model::id::SystemId::from_number(1);
    DhcpService::new(
        OwnRack { rack, incarnation: 7 },
        &Generations::default(),
        RegionClock::default(),
        Uplink::default(),
        metrics.clone(),
        Arc::new(|_| {}),
        Arc::new(|_| {}),
    )
}

fn packet() -> Received {
    Received {
        payload: Vec::new(),
        source: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 68),
        destination: Ipv4Addr::BROADCAST,
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
    service.start -= Duration::from_secs(2);
    service.tick();
    service.tick();
    assert_eq!((counted(), service.parked.len()), (1, 0));
}

#[tokio::test]
async fn commits_are_timed_from_the_decision_to_the_outcome_however_often_they_are_repeated() {
    let metrics = DhcpMetrics::default();
    let mut service = service(&metrics);
    let commit = CommitRequest {
        request_id: [1; 16],
        change: model::lease::commit::Change::Bind,
        vlan: VlanId(1),
        subnet: SubnetId(1),
        ip: Ipv4Addr::LOCALHOST,
        client: model::mac::MacAddress([2; 6]).into(),
        hostname: None,
        told_ms: 1,
        block: None,
    };
    service.carry_out(vec![Output::Commit(commit.clone())]);
    let first = service.asked[&commit.request_id];
    let decided = |outcome, word| vec![Decided { id: commit.request_id, outcome, word }];
    service.decided(decided(Outcome::Unknown, "unknown"));
    service.carry_out(vec![Output::Commit(commit.clone())]);
    assert_eq!(service.asked[&commit.request_id], first, "it goes on from the first time");
    service.decided(decided(Outcome::Committed { revision: 1, told_ms: 1 }, "committed"));
    assert!(service.asked.is_empty());
    let count = |outcome| {
        metrics.commits.get_or_create(&crate::dhcp::metrics::CommitOutcome { outcome }).get()
    };
    assert_eq!((count("unknown"), count("committed")), (1, 1));
}
