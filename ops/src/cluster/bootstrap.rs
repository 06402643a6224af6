//! What every cluster begins with: the first administrator with a key, and MAAS's default objects.

use model::access::{Actor, Permission};
use model::dns::domain::Domain;
use model::id::{AvailabilityZoneId, DomainId, FabricId, ResourcePoolId, VlanId};
use model::net::fabric::Fabric;
use model::net::vlan::Vlan;
use model::pool::ResourcePool;
use model::user::{ApiToken, TokenOwner, User};
use model::zone::AvailabilityZone;

use crate::access::keys::new_token;
use crate::access::memberships;
use crate::access::password;
use crate::access::users::{self, NewUser};
use crate::authorize::authorize;
use crate::error::Refusal;
use tables::read::Reads;
use tables::row::Row;
use tables::site::{TOKENS_OF_USER, USER_BY_NAME};
use tables::tx::Tx;
use tables::update::Tables;

/// The fabric that exists from the start.
pub const DEFAULT_FABRIC: FabricId = FabricId(0);

/// The domain that is the default at the start.
pub const FIRST_DOMAIN: DomainId = DomainId(0);

/// The zone of machines that have no other.
pub const DEFAULT_ZONE: AvailabilityZoneId = AvailabilityZoneId(1);

/// The pool of machines that have no other.
pub const DEFAULT_POOL: ResourcePoolId = ResourcePoolId(0);

/// The name of the administrator's first key.
const KEY_NAME: &str = "ironraft init";

/// Makes the default objects and an administrator with an API key, all in one transaction.
/// Whatever exists already is left as it is, so it may be run again; the key is the same then.
///
/// # Errors
/// [`Refusal`].
pub async fn bootstrap(tables: &Tables, admin: &NewUser) -> Result<ApiToken, Refusal> {
    users::check(admin)?;
    let hash = password::hash(&admin.password).await?;
    let fresh = new_token(KEY_NAME, TokenOwner::User(model::id::UserId(0)), Default::default());
    let cause = authorize(&Actor::Setup, Permission::InitCluster, "cluster.init")?;
    tables
        .update(&cause, |tx| {
            insert_defaults(tx)?;
            memberships::begin(tx)?;
            let user = match tx.find(&USER_BY_NAME, &admin.username)? {
                Some(user) => user,
                None => users::insert(
                    tx,
                    &NewUser { is_superuser: true, ..admin.clone() },
                    hash.clone(),
                )?,
            };
            key_of(tx, &user, &fresh)
        })
        .await
}

fn key_of(tx: &mut Tx, user: &User, fresh: &ApiToken) -> Result<ApiToken, Refusal> {
    let known = tx.list_by(&TOKENS_OF_USER, &user.id)?;
    if let Some(token) = known.into_iter().find(|token| token.name == KEY_NAME) {
        return Ok(token);
    }
    let token = ApiToken { owner: TokenOwner::User(user.id), created: tx.now(), ..fresh.clone() };
    tx.insert(&token)?;
    Ok(token)
}

fn insert_defaults(tx: &mut Tx) -> Result<(), Refusal> {
    insert_missing(
        tx,
        &Domain {
            id: FIRST_DOMAIN,
            name: "maas".to_owned(),
            authoritative: true,
            ttl: None,
            is_default: true,
        },
    )?;
    insert_missing(
        tx,
        &ResourcePool {
            id: DEFAULT_POOL,
            name: "default".to_owned(),
            description: "Default pool".to_owned(),
        },
    )?;
    if tx.get::<AvailabilityZone>(&DEFAULT_ZONE)?.is_none() {
        let id = AvailabilityZoneId(tx.next_id::<AvailabilityZone>()?);
        let (name, description) = ("default".to_owned(), String::new());
        tx.insert(&AvailabilityZone { id, name, description })?;
    }
    if tx.get::<Fabric>(&DEFAULT_FABRIC)?.is_none() {
        tx.insert(&Fabric {
            id: DEFAULT_FABRIC,
            name: "fabric-0".to_owned(),
            description: String::new(),
            class_type: None,
        })?;
        let vlan = VlanId(tx.next_id::<Vlan>()?);
        tx.insert(&Vlan::untagged(vlan, DEFAULT_FABRIC))?;
    }
    Ok(())
}

fn insert_missing<T: Row>(tx: &mut Tx, row: &T) -> Result<(), Refusal> {
    if tx.get::<T>(&row.id())?.is_none() {
        tx.insert(row)?;
    }
    Ok(())
}
