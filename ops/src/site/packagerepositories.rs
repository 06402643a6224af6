//! Package repositories: where deployed systems get packages from.
//!
//! The two archives of Ubuntu are there before they have rows: they get one when somebody changes them.

use api::field_errors::FieldErrors;
use model::access::{Actor, Permission};
use model::error::Kind;
use model::id::PackageRepositoryId;
use model::package_repository::{MAIN_ARCHITECTURES, PORTS_ARCHITECTURES, PackageRepository};
use model::url::without_password;

use crate::authorize::authorize;
use crate::details::Details;
use crate::error::Refusal;
use crate::site::settings::may_see_passwords;
use tables::error::TableError;
use tables::read::Reads;
use tables::row::Row;
use tables::tx::Tx;
use tables::update::Tables;

const MISSING: Refusal = Refusal::NotFound { model: "PackageRepository" };

/// Names that two of them must not have, and archives without rows.
const GUARD: &str = "packagerepositories";

/// What shall be set of a repository; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct PackageRepositoryChange {
    /// Its name.
    pub name: Option<String>,
    /// Where it is.
    pub url: Option<String>,
    /// Its distributions.
    pub distributions: Option<Vec<String>>,
    /// The pockets that are left out.
    pub disabled_pockets: Option<Vec<String>>,
    /// The components of an archive of Ubuntu that are left out.
    pub disabled_components: Option<Vec<String>>,
    /// Whether there are no sources of packages.
    pub disable_sources: Option<bool>,
    /// Its components.
    pub components: Option<Vec<String>>,
    /// The architectures of machines that use it; those of its archive when empty.
    pub arches: Option<Vec<String>>,
    /// The public key that its lists are signed with.
    pub signing: Option<String>,
    /// Whether it is used.
    pub enabled: Option<bool>,
}

/// All repositories, the archives of Ubuntu first; passwords in their URLs only for who may change them.
///
/// # Errors
/// [`Refusal`].
pub async fn list(tables: &Tables, actor: &Actor) -> Result<Vec<PackageRepository>, Refusal> {
    let all = all(Details::of_settings(actor, tables).await?.view())?;
    Ok(all.into_iter().map(|repository| shown(actor, repository)).collect())
}

/// All repositories, the archives of Ubuntu first.
///
/// # Errors
/// [`TableError`].
pub(crate) fn all(at: &impl Reads) -> Result<Vec<PackageRepository>, TableError> {
    let rows = at.list::<PackageRepository>()?;
    let is_missing = |archive: &PackageRepository| rows.iter().all(|found| found.id != archive.id);
    let mut all: Vec<_> = PackageRepository::defaults().into_iter().filter(is_missing).collect();
    all.extend(rows);
    all.sort_by_key(|repository| repository.id);
    Ok(all)
}

/// A repository by id or name.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
) -> Result<PackageRepository, Refusal> {
    let found = find(Details::of_settings(actor, tables).await?.view(), specifier)?;
    Ok(shown(actor, found))
}

fn shown(actor: &Actor, repository: PackageRepository) -> PackageRepository {
    if may_see_passwords(actor) {
        return repository;
    }
    PackageRepository { url: without_password(&repository.url), ..repository }
}

/// Makes a repository.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    tables: &Tables,
    actor: &Actor,
    change: &PackageRepositoryChange,
) -> Result<PackageRepository, Refusal> {
    let cause = authorize(actor, Permission::ManageSettings, "packagerepository.create")?;
    let mut errors = FieldErrors::default();
    for (field, given) in [("name", &change.name), ("url", &change.url)] {
        if given.as_deref().is_none_or(|text| text.trim().is_empty()) {
            errors.add(field, "This field is required.");
        }
    }
    errors.finish()?;
    tables
        .update(&cause, |tx| {
            // The first two numbers are those of Ubuntu's archives.
            let number = tx.next_number(PackageRepository::TABLE, 3)?;
            let number = u32::try_from(number)
                .map_err(|_| Refusal::with_message(Kind::Exhausted, "no id is left"))?;
            let blank = PackageRepository::blank(PackageRepositoryId(number), tx.now());
            put(tx, blank, change)
        })
        .await
}

/// Changes a repository.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    specifier: &str,
    change: &PackageRepositoryChange,
) -> Result<PackageRepository, Refusal> {
    let cause = authorize(actor, Permission::ManageSettings, "packagerepository.update")?;
    tables
        .update(&cause, |tx| {
            let before = find(tx, specifier)?;
            put(tx, before, change)
        })
        .await
}

/// Removes a repository.
///
/// # Errors
/// [`Refusal`] for an archive of Ubuntu.
pub async fn delete(tables: &Tables, actor: &Actor, specifier: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageSettings, "packagerepository.delete")?;
    tables
        .update(&cause, |tx| {
            let found = find(tx, specifier)?;
            if found.is_default() {
                let message = "Cannot delete default Ubuntu archives.";
                return Err(Refusal::with_message(Kind::Invalid, message));
            }
            tx.delete::<PackageRepository>(&found.id)?;
            Ok(())
        })
        .await
}

fn find(at: &impl Reads, specifier: &str) -> Result<PackageRepository, Refusal> {
    let all = all(at)?;
    let by_id = specifier.strip_prefix("id:").unwrap_or(specifier).parse().ok();
    let by_name = specifier.strip_prefix("name:").unwrap_or(specifier);
    let found = all.iter().find(|found| Some(found.id) == by_id);
    let found = found.or_else(|| all.iter().find(|found| found.name == by_name));
    found.cloned().ok_or(MISSING)
}

fn put(
    tx: &mut Tx,
    before: PackageRepository,
    change: &PackageRepositoryChange,
) -> Result<PackageRepository, Refusal> {
    tx.guard(GUARD);
    let after = changed(before, change.clone());
    let mut errors = FieldErrors::default();
    for wrong in after.check() {
        errors.add(wrong.field, wrong.message);
    }
    let mut others = all(tx)?.into_iter().filter(|other| other.id != after.id);
    if others.any(|other| other.name == after.name) {
        errors.add("name", "Package repository with this Name already exists.");
    }
    errors.finish()?;
    tx.put(&after)?;
    Ok(after)
}

/// Whether no two repositories have the same name.
///
/// # Errors
/// [`Refusal::Fields`].
pub(crate) fn check_names(tx: &mut Tx) -> Result<(), Refusal> {
    tx.guard(GUARD);
    let mut names: Vec<String> = all(tx)?.into_iter().map(|found| found.name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::field("name", "Package repository with this Name already exists."));
    }
    Ok(())
}

fn changed(before: PackageRepository, change: PackageRepositoryChange) -> PackageRepository {
    let text = |given: Option<String>, before: String| {
        given.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).unwrap_or(before)
    };
    let name = text(change.name, before.name);
    let arches = match change.arches {
        Some(arches) if arches.is_empty() => {
            let of_ports = name == "ports_archive";
            let own: &[&str] = if of_ports { &PORTS_ARCHITECTURES } else { &MAIN_ARCHITECTURES };
            own.iter().map(|arch| (*arch).to_owned()).collect()
        }
        Some(arches) => arches,
        None => before.arches,
    };
    PackageRepository {
        url: text(change.url, before.url),
        distributions: change.distributions.unwrap_or(before.distributions),
        disabled_pockets: change.disabled_pockets.unwrap_or(before.disabled_pockets),
        disabled_components: change.disabled_components.unwrap_or(before.disabled_components),
        disable_sources: change.disable_sources.unwrap_or(before.disable_sources),
        components: change.components.unwrap_or(before.components),
        signing: change.signing.unwrap_or(before.signing),
        enabled: change.enabled.unwrap_or(before.enabled),
        name,
        arches,
        id: before.id,
        created: before.created,
    }
}
