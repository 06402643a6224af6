//! What the event log says of addresses in use.

use model::controller::RackController;
use model::event::EventLevel;
use model::id::SystemId;
use model::time::Timestamp;
use ops::network::conflicts::{AddressConflict, HeardTwice, take_in, take_in_twice};
use ops::site::events::{EventQuery, list};

use super::site::{Site, ip, mac};
use crate::many::admin;

#[tokio::test]
async fn an_address_in_use_is_an_event_of_the_rack_that_found_it() {
    let (site, rack) = (Site::new().await, SystemId::from_number(1));
    let controller = RackController {
        system_id: rack.clone(),
        hostname: "k1".to_owned(),
        version: String::new(),
        interfaces: Vec::new(),
        session: None,
        last_seen: Timestamp::default(),
        searches_for_hosts: false,
        holds_service_addresses: false,
    };
    site.change(|tx| tx.put(&controller)).await;
    let found = [
        (Some(mac(9)), false, None),
        (None, false, None),
        (Some(mac(9)), true, None),
        (None, false, Some(mac(7))),
    ];
    for (by, answers_for_many, kept_for) in found {
        let (vlan, ip) = (site.vlan, ip(100));
        let conflict = AddressConflict { vlan, ip, by, answers_for_many, kept_for };
        take_in(&site.tables, &rack, &conflict).await.unwrap();
    }
    let (vlan, ip, stranger) = (site.vlan, ip(101), SystemId::from_number(9));
    let conflict = AddressConflict { vlan, ip, by: None, answers_for_many: false, kept_for: None };
    assert!(take_in(&site.tables, &stranger, &conflict).await.is_err(), "it serves another link");
    let query = EventQuery { limit: 10, ..EventQuery::default() };
    let events = list(&site.tables, &admin(), &query).await.unwrap();
    let texts: Vec<&str> = events.iter().map(|event| event.description.as_str()).collect();
    assert_eq!(events.len(), 4, "{texts:?}");
    for event in &events {
        assert_eq!((event.node.as_ref(), event.hostname.as_str()), (Some(&rack), "k1"));
        assert_eq!(
            (event.kind.as_str(), event.level),
            ("IP address conflict", EventLevel::Warning)
        );
        assert!(event.description.contains("10.0.0.100"), "{texts:?}");
    }
    let says_of_kept = "52:54:00:00:00:07 declined 10.0.0.100 on VLAN";
    for says in ["52:54:00:00:00:09 uses", "a host uses", "many other free addresses", says_of_kept]
    {
        assert!(texts.iter().any(|text| text.contains(says)), "{says} is missing: {texts:?}");
    }
}

/// C-02.
#[tokio::test]
async fn a_hardware_address_in_use_twice_is_an_event_that_names_both_places() {
    let site = Site::new().await;
    let places = ["circuit 1 of relay 10.0.0.1", "circuit 2 of relay 10.0.0.1"].map(str::to_owned);
    let heard = HeardTwice { vlan: site.vlan, mac: mac(9), places: places.clone() };
    take_in_twice(&site.tables, &SystemId::from_number(1), &heard).await.unwrap();
    let stranger = take_in_twice(&site.tables, &SystemId::from_number(9), &heard).await;
    assert!(stranger.is_err(), "it serves another link");
    let query = EventQuery { limit: 10, ..EventQuery::default() };
    let events = list(&site.tables, &admin(), &query).await.unwrap();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(
        (event.kind.as_str(), event.level),
        ("Hardware address in use twice", EventLevel::Warning)
    );
    for says in [places[0].as_str(), &places[1], "52:54:00:00:00:09"] {
        assert!(event.description.contains(says), "{}", event.description);
    }
}
