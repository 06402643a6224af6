//! Who is told of the regions.

use crate::harness::{By, Region};

#[tokio::test]
async fn regions_are_told_to_who_may_see_controllers_where_there_are_some() {
    let region = Region::start().await;
    region.get(By::Nobody, "cluster").await.assert(401);
    region.get(By::User, "cluster").await.assert(403);
    let alone = region.get(By::Admin, "cluster").await.assert(404);
    assert!(alone.text.contains("not replicated"), "{}", alone.text);
}
