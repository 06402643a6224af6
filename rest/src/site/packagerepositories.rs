//! `package-repositories/`: where deployed systems get packages from.

use api::packagerepositories::PackageRepository;
use model::access::Permission;
use ops::site::packagerepositories::{self, PackageRepositoryChange};

use crate::call::Call;
use crate::operation::Operation;
use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL: &str = "package-repositories/";
const ONE: &str = "package-repositories/{id}/";

const NAME: Param<String> = Param::text("name", "Its name.");
const URL: Param<String> = Param::text("url", "Where it is: a URL, or `ppa:owner/name`.");
const DISTRIBUTIONS: Param<String> =
    Param::text("distributions", "Its distributions; by default that of the deployed system.");
const DISABLED_POCKETS: Param<String> =
    Param::text("disabled_pockets", "What to leave out: `updates`, `security`, `backports`.");
const DISABLED_COMPONENTS: Param<String> = Param::text(
    "disabled_components",
    "What to leave out of an archive of Ubuntu: `restricted`, `universe`, `multiverse`.",
);
const COMPONENTS: Param<String> =
    Param::text("components", "The components of any other repository; by default `main`.");
const ARCHES: Param<String> = Param::text("arches", "The architectures of machines that use it.");
const KEY: Param<String> = Param::text("key", "The public key that its lists are signed with.");
const DISABLE_SOURCES: Param<bool> =
    Param::boolean("disable_sources", "Whether there are no sources of packages; true by default.");
const ENABLED: Param<bool> = Param::boolean("enabled", "Whether it is used; true by default.");

/// What can be left out when a repository is changed, and all but two when one is created.
const REST: [Spec; 8] = [
    DISTRIBUTIONS.repeated(),
    DISABLED_POCKETS.repeated(),
    DISABLED_COMPONENTS.repeated(),
    COMPONENTS.repeated(),
    ARCHES.repeated(),
    KEY.optional(),
    DISABLE_SOURCES.optional(),
    ENABLED.optional(),
];

const NEW: [Spec; 10] = crate::param::joined([NAME.needed(), URL.needed()], REST);
const CHANGE: [Spec; 10] = crate::param::joined([NAME.optional(), URL.optional()], REST);

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("PackageRepositoriesHandler", ALL, |call| Box::pin(list(call)))
        .doc("List all package repositories."),
    Operation::post("PackageRepositoriesHandler", ALL, |call| Box::pin(create(call)))
        .reserved(Permission::ManageSettings)
        .doc("Create a package repository: systems that are deployed get packages from it.")
        .params(&NEW),
    Operation::get("PackageRepositoryHandler", ONE, |call| Box::pin(read(call)))
        .doc("Read a package repository, by id or name."),
    Operation::put("PackageRepositoryHandler", ONE, |call| Box::pin(update(call)))
        .reserved(Permission::ManageSettings)
        .doc("Update a package repository.")
        .params(&CHANGE),
    Operation::delete("PackageRepositoryHandler", ONE, |call| Box::pin(delete(call)))
        .reserved(Permission::ManageSettings)
        .doc("Delete a package repository. The archives of Ubuntu stay."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let all = packagerepositories::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&all.iter().map(PackageRepository::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let created = packagerepositories::create(&call.parts.tables, &call.actor, &change).await?;
    Ok(Reply::json(&PackageRepository::from(&created)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let found =
        packagerepositories::get(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::json(&PackageRepository::from(&found)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let change = change(&call.params)?;
    let id = call.segment("id");
    let updated = packagerepositories::update(&call.parts.tables, &call.actor, id, &change).await?;
    Ok(Reply::json(&PackageRepository::from(&updated)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    packagerepositories::delete(&call.parts.tables, &call.actor, call.segment("id")).await?;
    Ok(Reply::no_content())
}

fn change(params: &Params) -> Result<PackageRepositoryChange, Problem> {
    Ok(PackageRepositoryChange {
        name: NAME.given(params),
        url: URL.given(params),
        distributions: items(&DISTRIBUTIONS, params),
        disabled_pockets: items(&DISABLED_POCKETS, params),
        disabled_components: items(&DISABLED_COMPONENTS, params),
        disable_sources: DISABLE_SOURCES.of(params)?,
        components: items(&COMPONENTS, params),
        arches: items(&ARCHES, params),
        signing: KEY.given(params),
        enabled: ENABLED.of(params)?,
    })
}

/// A list: repeated, or separated by commas. As in MAAS, `None` and `[]` are empty ones.
fn items(param: &Param<String>, params: &Params) -> Option<Vec<String>> {
    let values = param.all(params);
    if values.is_empty() {
        return None;
    }
    let items = values.iter().flat_map(|value| value.split(',')).map(str::trim);
    let items = items.filter(|item| !item.is_empty()).map(str::to_owned);
    let items: Vec<String> = items.collect();
    let is_empty = items == ["None"] || items == ["[]"];
    Some(if is_empty { Vec::new() } else { items })
}
