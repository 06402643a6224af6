//! Why something is done stands in the event log.

use ops::machine::allocate::{AllocateRequest, allocate};
use ops::site::events::{self, EventQuery};

use crate::many::{admin, site_with};

#[tokio::test]
async fn the_comment_of_an_allocation_is_an_event_of_its_machine() {
    let site = site_with(1).await;
    let comment = Some("for the demo".to_owned());
    let request = AllocateRequest { comment, ..AllocateRequest::default() };
    let dry = AllocateRequest { dry_run: true, ..request.clone() };
    allocate(&site.tables, &admin(), &dry).await.unwrap();
    let machine = allocate(&site.tables, &admin(), &request).await.unwrap().machine;
    let wanted = EventQuery { limit: 10, ..EventQuery::default() };
    let found = events::list(&site.tables, &admin(), &wanted).await.unwrap();
    let why: Vec<_> = found.iter().filter(|event| event.description == "for the demo").collect();
    assert_eq!(why.len(), 1, "{found:?}");
    assert_eq!(why[0].kind, "User acquiring node");
    assert_eq!(why[0].username.as_deref(), Some("admin"));
    assert_eq!(why[0].node.as_ref(), Some(&machine.system_id));
}
