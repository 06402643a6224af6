//! The native API: the first page of a list as an operator's screen asks for it, and the plan of a release of many machines.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use serde_json::json;

use super::load::{self, Act, Bounds, field, work};
use super::part::{Sample, Which};
use super::site::Site;
use crate::regions::rest::Answer;

/// What a screen of machines asks for: a page of 50 with a filter, an order and counts.
const PAGE: &str =
    "machines?filter=status:ready%20pool:default&sort=-hostname&facets=status,pool,zone&limit=50";
/// Machines of a plan.
pub(super) const PLANNED: usize = 500;
/// Clients that bring these machines into the state that they are released from.
const PREPARING: usize = 8;
/// How long that may take.
const PREPARING_MAX: Duration = Duration::from_secs(600);

/// Reads the first page again and again.
pub(super) async fn page(site: &Site, which: Which, seconds: f64) -> anyhow::Result<Sample> {
    let rest = site.rest(which.door)?;
    let first = rest.get_native(PAGE).await?.success()?.json();
    let shown = first["items"].as_array().map_or(0, Vec::len);
    ensure!(shown == site.machines.len().min(50), "a page of {shown} machines");
    let act: Act = Arc::new(move |_| {
        let rest = rest.clone();
        Box::pin(async move {
            let answer = rest.get_native(PAGE).await?;
            Ok(Answer { text: String::new(), ..answer.success()? })
        })
    });
    let limit = Duration::from_secs_f64(seconds);
    let bounds = Bounds { clients: which.clients, tickets: usize::MAX, limit };
    Ok(Sample::of("page", which, work(&site.regions.pids(), bounds, &act).await?))
}

/// Asks again and again what a release of [`PLANNED`] machines that are deployed would do; all are Ready afterwards.
pub(super) async fn plan(site: &Site, which: Which, seconds: f64) -> anyhow::Result<Sample> {
    let rest = site.rest(which.door)?;
    let preparing = Bounds { clients: PREPARING, tickets: PLANNED, limit: PREPARING_MAX };
    let allocated = work(&[], preparing, &load::allocating(&rest)).await?;
    let ids: Vec<String> =
        allocated.answers.iter().filter_map(|(_, text)| field(text, "system_id")).collect();
    ensure!(ids.len() == PLANNED, "{} machines of {PLANNED} were allocated", ids.len());
    let deployed = work(&[], preparing, &load::deploying(&rest, &ids)).await?;
    ensure!(deployed.failed == 0, "a deployment: {:?}", deployed.refusal);

    let order = json!({ "verb": "release", "ids": ids, "max": PLANNED });
    let planning = rest.clone();
    let act: Act = Arc::new(move |_| {
        let (rest, order) = (planning.clone(), order.clone());
        Box::pin(async move { rest.post_native("machines/actions?plan=true", &order).await })
    });
    let limit = Duration::from_secs_f64(seconds);
    let bounds = Bounds { clients: which.clients, tickets: usize::MAX, limit };
    let seen = work(&site.regions.pids(), bounds, &act).await;
    load::give_back(&ids, move |id| load::release(rest.clone(), id)).await?;
    Ok(Sample::of("plan", which, seen?))
}
