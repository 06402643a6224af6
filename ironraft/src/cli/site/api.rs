//! What a site is read by and changed by: the native API of a cluster, or one in memory.

use std::collections::BTreeSet;

use model::machine::power::driver::is_public;
use serde_json::{Map, Value};

use crate::cli::failure::Failure;
use crate::cli::native::change::Change;
use crate::cli::native::exchange::{NativeApi, Wanted};
use crate::cli::site::kind::{self, Kind};
use crate::cli::site::live::Live;
use crate::cli::site::table::KINDS;

/// Reads a site and changes it.
pub(crate) trait SiteApi {
    /// All objects of a resource.
    async fn list(&self, resource: &str) -> Result<Vec<Value>, Failure>;

    /// What is at a path of these elements.
    async fn read(&self, elements: &[&str]) -> Result<Value, Failure>;

    /// Carries out a change, once, and returns what was answered.
    async fn change(&self, change: &Change) -> Result<Value, Failure>;
}

impl SiteApi for NativeApi {
    async fn list(&self, resource: &str) -> Result<Vec<Value>, Failure> {
        Ok(Self::list(self, resource, &Wanted::default()).await?.items)
    }

    async fn read(&self, elements: &[&str]) -> Result<Value, Failure> {
        Ok(self.get(elements, Vec::new()).await?.body)
    }

    async fn change(&self, change: &Change) -> Result<Value, Failure> {
        Ok(self.carry_out(change).await?.body)
    }
}

/// Reads some kinds of a site, and what they refer to.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn read_site(
    api: &impl SiteApi,
    wanted: &BTreeSet<&str>,
) -> Result<Live, Failure> {
    let needed = with_references(wanted);
    let mut live = Live::default();
    for kind in KINDS.iter().filter(|kind| needed.contains(kind.name)) {
        let shown = list(api, kind, &live).await.map_err(|failure| failure.of(kind.name))?;
        live.put(kind, shown);
    }
    Ok(live)
}

/// The kinds with all that they refer to.
fn with_references<'a>(wanted: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut needed = wanted.clone();
    loop {
        let kinds = needed.iter().filter_map(|name| kind::find(name));
        let refers: Vec<&'static str> =
            kinds.flat_map(Kind::fields).flat_map(|field| field.refers).copied().collect();
        let before = needed.len();
        needed.extend(refers);
        // A group may do something in a pool.
        if needed.contains("groups") {
            needed.insert("pools");
        }
        if needed.len() == before {
            return needed;
        }
    }
}

/// All objects of a kind, with what the region shows of them elsewhere.
pub(crate) async fn list(
    api: &impl SiteApi,
    kind: &Kind,
    live: &Live,
) -> Result<Vec<Value>, Failure> {
    match kind.name {
        "settings" => {
            let all = api.list(kind.path).await?;
            Ok(all.into_iter().filter(|setting| setting["read_by"] != "nobody").collect())
        }
        // What is in no space is shown as if there were one of that name.
        "spaces" => {
            let all = api.list(kind.path).await?;
            Ok(all.into_iter().filter(|space| space["name"] != "undefined").collect())
        }
        "machines" => with_power(api, api.list(kind.path).await?).await,
        "groups" => groups(api, live).await,
        "boot-source-selections" => {
            let mut all = Vec::new();
            for source in live.all("boot-sources") {
                all.extend(items(api.read(&["boot-sources", &source.id, "selections"]).await?));
            }
            Ok(all)
        }
        _ => api.list(kind.path).await,
    }
}

/// Machines with those of their power parameters that are known to be no secrets.
async fn with_power(api: &impl SiteApi, mut machines: Vec<Value>) -> Result<Vec<Value>, Failure> {
    if machines.is_empty() {
        return Ok(machines);
    }
    let all = api.read(&["machines", "power-parameters"]).await?;
    for machine in &mut machines {
        let of_it = machine["system_id"].as_str().and_then(|id| all.get(id)?.as_object());
        let public = of_it.into_iter().flatten().filter(|(name, value)| {
            is_public(name) && value.as_str().is_some_and(|value| !value.is_empty())
        });
        let public: Map<String, Value> =
            public.map(|(name, value)| (name.clone(), value.clone())).collect();
        machine["power_parameters"] = public.into();
    }
    Ok(machines)
}

/// Groups with their members and what they give: `site/can_edit_machines`, `pool/lab/can_deploy_machines`.
async fn groups(api: &impl SiteApi, live: &Live) -> Result<Vec<Value>, Failure> {
    let mut groups = items(api.read(&["groups"]).await?);
    for group in &mut groups {
        let id = group["id"].to_string();
        let members = items(api.read(&["groups", &id, "list-members"]).await?);
        group["members"] = members.iter().map(|member| member["username"].clone()).collect();
        let given = items(api.read(&["groups", &id, "list-entitlements"]).await?);
        let given = given.iter().map(|given| {
            let name = given["entitlement"].as_str().unwrap_or_default();
            let pool = given["resource_id"].to_string();
            match live.all("pools").find(|known| known.id == pool) {
                Some(pool) if given["resource_type"] == "pool" => {
                    format!("pool/{}/{name}", pool.name)
                }
                _ => format!("site/{name}"),
            }
        });
        group["entitlements"] = given.map(Value::from).collect();
    }
    Ok(groups)
}

fn items(list: Value) -> Vec<Value> {
    match list {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}
