//! Licence keys: kept for who installs Windows.

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::license_key::{LicenseKey, OSYSTEM, is_key, is_series};
use model::secret::Secret;

use crate::authorize::authorize;
use crate::error::Refusal;
use tables::read::Reads;
use tables::update::Tables;

const MISSING: Refusal = Refusal::NotFound { model: "LicenseKey" };

/// All licence keys, by operating system and release.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<LicenseKey>, Refusal> {
    permits(actor, Permission::ReadLicenses, &Object::Site)?;
    Ok(tables.view().await?.list::<LicenseKey>()?)
}

/// The key of a release.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    osystem: &str,
    distro_series: &str,
) -> Result<LicenseKey, Refusal> {
    permits(actor, Permission::ReadLicenses, &Object::Site)?;
    let id = id(osystem, distro_series).ok_or(MISSING)?;
    tables.view().await?.get::<LicenseKey>(&id)?.ok_or(MISSING)
}

/// Keeps the key of a release that has none.
///
/// # Errors
/// [`Refusal::Fields`].
pub async fn create(tables: &Tables, actor: &Actor, new: &LicenseKey) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageLicenses, "licensekey.create")?;
    check(new)?;
    tables
        .update(&cause, |tx| {
            let id = (new.osystem.clone(), new.distro_series.clone());
            if tx.get::<LicenseKey>(&id)?.is_some() {
                let message =
                    "License key already exists for this operating system and distro series.";
                return Err(Refusal::field("__all__", message));
            }
            Ok(tx.insert(new)?)
        })
        .await
}

/// Changes the key of a release.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    (osystem, distro_series): (&str, &str),
    license_key: Option<Secret>,
) -> Result<LicenseKey, Refusal> {
    let cause = authorize(actor, Permission::ManageLicenses, "licensekey.update")?;
    let id = id(osystem, distro_series).ok_or(MISSING)?;
    tables
        .update(&cause, |tx| {
            let before = tx.get::<LicenseKey>(&id)?.ok_or(MISSING)?;
            let license_key = license_key.clone().unwrap_or_else(|| before.license_key.clone());
            let after = LicenseKey { license_key, ..before };
            check(&after)?;
            tx.put(&after)?;
            Ok(after)
        })
        .await
}

/// Forgets the key of a release, if there is one.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(
    tables: &Tables,
    actor: &Actor,
    osystem: &str,
    distro_series: &str,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageLicenses, "licensekey.delete")?;
    let Some(id) = id(osystem, distro_series) else { return Ok(()) };
    tables
        .update(&cause, |tx| {
            tx.delete::<LicenseKey>(&id)?;
            Ok(())
        })
        .await
}

/// What a row with a key could lie under.
fn id(osystem: &str, distro_series: &str) -> Option<(String, String)> {
    let possible = osystem == OSYSTEM && is_series(distro_series);
    possible.then(|| (osystem.to_owned(), distro_series.to_owned()))
}

fn check(key: &LicenseKey) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if key.osystem != OSYSTEM {
        let choices = format!("It should be one of: '{OSYSTEM}'.");
        errors.add("osystem", format!("'{}' is not a valid osystem.  {choices}", key.osystem));
    } else if !is_series(&key.distro_series) {
        let message = format!("'{}' is not a valid distro_series.", key.distro_series);
        errors.add("distro_series", message);
    }
    if !is_key(key.license_key.expose()) {
        errors.add("license_key", "Invalid license key.");
    }
    errors.finish()
}
