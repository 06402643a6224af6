//! Hosts that racks saw, with what stands for each in the watch: its address and the link that it is on.

use std::collections::BTreeMap;
use std::net::IpAddr;

use api::discoveries::Discovery as Shape;
use model::net::fabric::Fabric;
use rest::call::Content;
use rest::operation::Method;
use rest::params::Params;
use serde::Serialize;
use serde_json::Value;
use tables::error::TableError;
use tables::network::{FABRIC_BY_NAME, VLAN_BY_VID};
use tables::read::Reads;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::{Request, json_of, operation_at};
use crate::rows::{neighbour_id, neighbour_of};

/// Where MAAS's API has one.
const ONE: &str = "discovery/{discovery_id}/";

/// A host that racks saw.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LocatedDiscovery)]
pub struct Discovery {
    /// As MAAS's API shows it.
    #[serde(flatten)]
    pub discovery: Shape,
    /// Its address and the id of its VLAN, with a blank in between.
    pub id: String,
}

/// All hosts.
///
/// # Errors
/// [`Problem`].
pub async fn all(request: &Request) -> Result<Vec<Value>, Problem> {
    let all = request.list_with("discovery/", Params::default()).await?;
    all.into_iter().map(|found| located(request, found)).collect()
}

/// The host with that id, name or address, if there is one.
///
/// # Errors
/// [`Problem`].
pub async fn one(request: &Request, key: &str) -> Result<Vec<Value>, Problem> {
    let ip: Option<IpAddr> = neighbour_of(key).map(|(ip, _)| ip).or_else(|| key.parse().ok());
    let name = ip.map_or_else(|| key.to_owned(), |ip| format!("ip:{ip}"));
    let operation = operation_at(Method::Get, ONE, None)
        .ok_or_else(|| Problem::new(500, format!("Nothing is read at {ONE}.")))?;
    let path = BTreeMap::from([("discovery_id", name)]);
    match request.run(operation, path, Params::default(), Content::default()).await {
        Ok(reply) => Ok(vec![located(request, json_of(reply).await?)?]),
        Err(problem) if problem.status == 404 => Ok(Vec::new()),
        Err(problem) => Err(problem),
    }
}

fn located(request: &Request, mut found: Value) -> Result<Value, Problem> {
    let failed = |error: TableError| Problem::of(error.kind(), error.to_string());
    let fabric = found["fabric_name"].as_str().unwrap_or_default().to_owned();
    let vid = found["vid"].as_u64().and_then(|vid| u16::try_from(vid).ok()).unwrap_or_default();
    let ip = found["ip"].as_str().and_then(|ip| ip.parse().ok());
    let fabric = request.view.find(&FABRIC_BY_NAME, &fabric).map_err(failed)?;
    let of_fabric = |Fabric { id, .. }| request.view.find(&VLAN_BY_VID, &(id, vid)).map_err(failed);
    let vlan = fabric.map(of_fabric).transpose()?.flatten();
    if let (Some(ip), Some(vlan), Some(members)) = (ip, vlan, found.as_object_mut()) {
        members.insert("id".to_owned(), neighbour_id(ip, vlan.id).into());
    }
    Ok(found)
}
