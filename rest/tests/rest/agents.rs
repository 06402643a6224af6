//! What MAAS's agents ask for: racks here are none, and say so by name.

use crate::harness::{By, Region};
use crate::stock::rack;

#[tokio::test]
async fn services_of_racks_have_no_configuration_and_are_refused_by_name() {
    let region = Region::start().await;
    let rack = rack(7);
    region.store(&rack).await;
    let path = format!("agents/{}/services/dhcp/config/", rack.system_id);
    let refused = region.get(By::Admin, &path).await.assert(501);
    let named = format!("There is no configuration of service dhcp of rack {}: ", rack.hostname);
    assert!(refused.text.starts_with(&named), "{}", refused.text);
    let reserved = region.get(By::User, &path).await.assert(403);
    assert_eq!(reserved.text, "This method is reserved for admin users.");
    region.get(By::Nobody, &path).await.assert(401);
    let missing = region.get(By::Admin, "agents/abcdef/services/dhcp/config/").await.assert(404);
    assert_eq!(missing.text, "No RackController matches the given query.");
    assert_eq!(region.post(By::User, &path, &[]).await.assert(501).text, "Not Implemented");
    region.put(By::Admin, &path, &[("a", "1")]).await.assert(405);
}
