//! Site settings by MAAS's names: how they are read, by users and by us, and set.

use model::access::{Actor, Object, Permission, permits};
use model::boot::resource::BootResource;
use model::session::{EndedSessions, SessionLimits};
use model::setting::Setting;
use model::setting::table::{Definition, SETTINGS, Usage, find};
use model::setting::typed::{DEFAULT_DISTRO_SERIES, DEFAULT_OSYSTEM, SESSION_LENGTH, Typed};
use model::url::without_passwords;
use serde_json::Value;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// The setting of that name.
///
/// # Errors
/// [`Refusal::Fields`], naming it and all that exist.
pub fn known(name: &str) -> Result<&'static Definition, Refusal> {
    find(name).ok_or_else(|| {
        let names: Vec<&str> = SETTINGS.iter().map(|known| known.name).collect();
        let message = format!(
            "{name} is not a valid config setting (valid settings are: {}).",
            names.join(", ")
        );
        Refusal::field(name, message)
    })
}

/// The value of a setting as clients see it. One that cannot be set has its default, whatever an
/// earlier version stored.
///
/// # Errors
/// [`TableError`].
pub fn value(at: &impl Reads, known: &Definition) -> Result<Value, TableError> {
    if matches!(known.usage, Usage::Refused(_)) {
        return Ok(known.default.value());
    }
    let stored = at.get::<Setting>(&known.name.to_owned())?;
    Ok(stored.map_or_else(|| known.default.value(), |setting| setting.value))
}

/// The value of a setting that Ironraft reads.
///
/// # Errors
/// [`TableError`].
pub fn read<T: Default>(at: &impl Reads, setting: &Typed<T>) -> Result<T, TableError> {
    let stored = at.get::<Setting>(&setting.name().to_owned())?;
    Ok(setting.read(stored.as_ref()))
}

/// The value of a setting, as a door shows it: passwords in URLs only to who may change them.
///
/// # Errors
/// [`Refusal`].
pub async fn show(tables: &Tables, actor: &Actor, known: &Definition) -> Result<Value, Refusal> {
    let value = value(Details::of_settings(actor, tables).await?.view(), known)?;
    Ok(if may_see_passwords(actor) { value } else { without_passwords(value) })
}

/// Whether an actor is shown passwords in settings and in URLs of package repositories.
pub(crate) fn may_see_passwords(actor: &Actor) -> bool {
    permits(actor, Permission::ManageSettings, &Object::Site).is_ok()
}

/// What the site is called; everybody may know.
///
/// # Errors
/// [`Refusal`].
pub async fn site_name(tables: &Tables) -> Result<String, Refusal> {
    let name = value(&tables.stale_view().await?, known("maas_name")?)?;
    Ok(name.as_str().unwrap_or_default().to_owned())
}

/// Sets a setting from the text that a client sent.
///
/// # Errors
/// [`Refusal::Fields`] when it is no value of that setting, or when the setting is not supported.
pub async fn set(
    tables: &Tables,
    actor: &Actor,
    known: &Definition,
    text: &str,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageSettings, "setting.set")?;
    let name = known.name;
    if let Usage::Refused(reason) = known.usage {
        let message = format!("Ironraft does not support setting {name} yet: {reason}.");
        return Err(Refusal::field(name, message));
    }
    let value = known.form.parse(text).map_err(|message| Refusal::field(name, message))?;
    let setting = Setting { name: name.to_owned(), value };
    tables
        .update(&cause, |tx| {
            check_image(tx, known, &setting.value)?;
            precede(tx, known.name)?;
            Ok(tx.put(&setting)?)
        })
        .await
}

/// How long sessions last.
///
/// # Errors
/// [`TableError`].
pub fn session_limits(at: &impl Reads) -> Result<SessionLimits, TableError> {
    let ended = at.get::<EndedSessions>(&EndedSessions::NAME.to_owned())?;
    let length = read(at, &SESSION_LENGTH)?;
    Ok(SessionLimits {
        length_ms: u64::try_from(length.as_millis()).unwrap_or(u64::MAX),
        ended_until: ended.map(|ended| ended.begun_until).unwrap_or_default(),
    })
}

/// Writes what has to be known of a setting's value before it changes in the same transaction: sessions that are over stay over,
/// whatever `session_length` becomes.
///
/// # Errors
/// [`Refusal`].
pub(crate) fn precede(tx: &mut Tx, name: &str) -> Result<(), Refusal> {
    if name == SESSION_LENGTH.name() {
        let ended = EndedSessions::at(session_limits(tx)?, tx.now());
        tx.put(&ended)?;
    }
    Ok(())
}

/// Whether a setting may be as it is written.
///
/// # Errors
/// [`Refusal`] for one that is not known or not supported.
pub(crate) fn check_row(tx: &Tx, setting: &Setting) -> Result<(), Refusal> {
    let known = known(&setting.name)?;
    if let Usage::Refused(reason) = known.usage {
        let message = format!("Ironraft does not support setting {} yet: {reason}.", known.name);
        return Err(Refusal::field(known.name, message));
    }
    check_image(tx, known, &setting.value)
}

/// What is deployed by default has to be there, as in MAAS; the site's first default need not be.
fn check_image(tx: &Tx, known: &Definition, value: &Value) -> Result<(), Refusal> {
    let name_of: fn(&BootResource) -> &str = match known.name {
        name if name == DEFAULT_OSYSTEM.name() => BootResource::osystem,
        name if name == DEFAULT_DISTRO_SERIES.name() => BootResource::series,
        _ => return Ok(()),
    };
    let images = tx.list::<BootResource>()?;
    let mut choices: Vec<&str> = images.iter().map(name_of).collect();
    let wanted = value.as_str().unwrap_or_default();
    if choices.contains(&wanted) || *value == known.default.value() {
        return Ok(());
    }
    choices.sort_unstable();
    choices.dedup();
    let message = format!(
        "'{wanted}' is not a valid value.  It should be one of: '{}'.",
        choices.join("', '")
    );
    Err(Refusal::field(known.name, message))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::setting::typed::NODE_TIMEOUT;
    use raft_store::Store;
    use serde_json::json;
    use tables::update::Cause;

    use super::*;
    use crate::authorize::tests::administrator;

    async fn set_to(tables: &Tables, name: &str, text: &str) -> Result<(), Refusal> {
        set(tables, &administrator(), known(name)?, text).await
    }

    #[tokio::test]
    async fn what_is_set_is_read_by_clients_and_by_us() {
        let tables = Tables::new(Store::in_memory());
        set_to(&tables, "node_timeout", "45").await.unwrap();
        let view = tables.view().await.unwrap();
        assert_eq!(value(&view, known("node_timeout").unwrap()), Ok(json!(45)));
        assert_eq!(read(&view, &NODE_TIMEOUT), Ok(Duration::from_secs(45 * 60)));
    }

    #[tokio::test]
    async fn what_is_deployed_by_default_has_to_be_there() {
        let tables = Tables::new(Store::in_memory());
        for (name, default) in
            [("default_osystem", "debian"), ("default_distro_series", "bookworm")]
        {
            let said = set_to(&tables, name, "nosuch").await.unwrap_err().to_string();
            assert!(said.contains("'nosuch' is not a valid value"), "{said}");
            set_to(&tables, name, default).await.unwrap();
        }
    }

    #[tokio::test]
    async fn every_setting_is_read_and_unsupported_ones_are_refused_by_name() {
        let tables = Tables::new(Store::in_memory());
        for known in SETTINGS {
            let view = tables.view().await.unwrap();
            assert_eq!(value(&view, known), Ok(known.default.value()), "{}", known.name);
            let Usage::Refused(reason) = known.usage else { continue };
            let text = known.default.value().to_string();
            let refused = set_to(&tables, known.name, text.trim_matches('"')).await.unwrap_err();
            let said = refused.to_string();
            assert!(said.contains(known.name) && said.contains(reason), "{said}");
        }
    }

    #[tokio::test]
    async fn what_an_earlier_version_stored_of_a_refused_setting_is_not_shown() {
        let tables = Tables::new(Store::in_memory());
        let cause = Cause::new("user:admin", "setting.set");
        let stored = Setting { name: "theme".to_owned(), value: json!("dark") };
        let refused = Setting { name: "enable_analytics".to_owned(), value: json!(false) };
        let put = tables.update(&cause, |tx| {
            tx.put(&stored)?;
            tx.put(&refused)
        });
        put.await.unwrap();
        let view = tables.view().await.unwrap();
        assert_eq!(value(&view, known("theme").unwrap()), Ok(json!("dark")));
        assert_eq!(value(&view, known("enable_analytics").unwrap()), Ok(json!(true)));
    }
}
