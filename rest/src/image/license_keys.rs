//! `license-keys/` and `license-key/`: keys of operating systems that want one.

use api::license_keys::LicenseKey;
use model::access::Permission;
use model::license_key::LicenseKey as Stored;
use ops::image::license_keys;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL: &str = "license-keys/";
const ONE: &str = "license-key/{osystem}/{distro_series}";

const OSYSTEM: Param<String> = Param::text("osystem", "The operating system: `windows`.");
const DISTRO_SERIES: Param<String> =
    Param::text("distro_series", "The release, `win2022` or `windows/win2022`.");
const LICENSE_KEY: Param<String> = Param::text("license_key", "The key.");

/// The operations of these resources.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("LicenseKeysHandler", ALL, |call| Box::pin(list(call)))
        .of_now()
        .requires(Permission::ReadLicenses)
        .doc("List all license keys."),
    Operation::post("LicenseKeysHandler", ALL, |call| Box::pin(create(call)))
        .requires(Permission::ManageLicenses)
        .doc("Keep a license key, for who reads it here: no image is changed by it.")
        .params(&[OSYSTEM.optional(), DISTRO_SERIES.needed(), LICENSE_KEY.needed()]),
    Operation::get("LicenseKeyHandler", ONE, |call| Box::pin(read(call)))
        .of_now()
        .requires(Permission::ReadLicenses)
        .doc("Read the license key of a release."),
    Operation::put("LicenseKeyHandler", ONE, |call| Box::pin(update(call)))
        .requires(Permission::ManageLicenses)
        .doc("Change the license key of a release.")
        .params(&[LICENSE_KEY.optional()]),
    Operation::delete("LicenseKeyHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageLicenses)
        .doc("Forget the license key of a release."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let all = license_keys::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&all.iter().map(LicenseKey::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let series = DISTRO_SERIES.named(&call.params);
    let osystem = OSYSTEM.named(&call.params);
    let license_key = LICENSE_KEY.named(&call.params);
    let mut errors = api::field_errors::FieldErrors::default();
    let in_series = series.as_deref().and_then(|series| series.split_once('/'));
    let osystem = osystem.or_else(|| in_series.map(|(osystem, _)| osystem.to_owned()));
    let given = [("osystem", &osystem), ("distro_series", &series), ("license_key", &license_key)];
    for (field, _) in given.iter().filter(|(_, value)| value.is_none()) {
        errors.add(*field, "This field is required.");
    }
    errors.finish()?;
    let name = in_series.map(|(_, name)| name.to_owned()).or(series);
    let new = Stored {
        osystem: osystem.unwrap_or_default(),
        distro_series: name.unwrap_or_default(),
        license_key: license_key.unwrap_or_default().into(),
    };
    license_keys::create(&call.parts.tables, &call.actor, &new).await?;
    Ok(Reply::json(&LicenseKey::from(&new)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let (osystem, series) = named(&call);
    let found = license_keys::get(&call.parts.tables, &call.actor, osystem, series).await?;
    Ok(Reply::json(&LicenseKey::from(&found)))
}

async fn update(call: Call) -> Result<Reply, Problem> {
    let key = LICENSE_KEY.named(&call.params).map(Into::into);
    let changed = license_keys::update(&call.parts.tables, &call.actor, named(&call), key).await?;
    Ok(Reply::json(&LicenseKey::from(&changed)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let (osystem, series) = named(&call);
    license_keys::delete(&call.parts.tables, &call.actor, osystem, series).await?;
    Ok(Reply::no_content())
}

fn named(call: &Call) -> (&str, &str) {
    (call.segment("osystem"), call.segment("distro_series"))
}
