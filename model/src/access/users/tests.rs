//! Every entitlement, on the pool, on the site and on another pool, against every permission.

use std::fmt::Write;
use std::sync::Arc;

use super::*;
use crate::access::{Actor, is_for_users, permits};
use crate::entitlement::{Grant, Scope};
use crate::id::{ResourcePoolId, SystemId, UserId};
use crate::time::Timestamp;

const POOL: ResourcePoolId = ResourcePoolId(1);
const OTHER_POOL: ResourcePoolId = ResourcePoolId(2);

fn user(is_superuser: bool) -> User {
    User {
        id: UserId(1),
        username: "anna".to_owned(),
        email: String::new(),
        is_superuser,
        password_hash: None,
        created: Timestamp::default(),
    }
}

fn with(scope: Scope, entitlement: Entitlement) -> Actor {
    let given = std::iter::once(Grant { scope, entitlement }).collect();
    Actor::User(user(false), Arc::new(given))
}

fn objects(id: &SystemId) -> Vec<(&'static str, Object<'_>)> {
    let machine = |owner: Option<u32>, locked| Object::Machine {
        id,
        pool: POOL,
        owner: owner.map(UserId),
        locked,
    };
    let owned = |owner: u32| Some(UserId(owner));
    vec![
        ("the site", Object::Site),
        ("free machine", machine(None, false)),
        ("own machine", machine(Some(1), false)),
        ("other's machine", machine(Some(2), false)),
        ("other's locked machine", machine(Some(2), true)),
        ("pool", Object::Pool { id: POOL }),
        ("own device", Object::Device { owner: owned(1) }),
        ("other's device", Object::Device { owner: owned(2) }),
        ("own range", Object::Range { owner: owned(1) }),
        ("other's range", Object::Range { owner: owned(2) }),
    ]
}

/// What each entitlement adds to what a user without any may do.
#[test]
fn table_of_entitlement_and_permission() {
    let id = SystemId::from_number(1);
    let nothing = Actor::without_groups(user(false));
    let mut table = String::new();
    for (name, object) in objects(&id) {
        let may = |actor: &Actor, permission| permits(actor, permission, &object).is_ok();
        let base = Permission::ALL.iter().filter(|permission| may(&nothing, **permission));
        let _ = writeln!(table, "{name}, in no group: {:?}", base.collect::<Vec<_>>());
        for entitlement in Entitlement::ALL {
            for (place, scope) in [
                ("site", Scope::Site),
                ("pool", Scope::Pool(POOL)),
                ("other pool", Scope::Pool(OTHER_POOL)),
            ] {
                let actor = with(scope, *entitlement);
                let added = |permission: &&Permission| {
                    may(&actor, **permission) && !may(&nothing, **permission)
                };
                let added: Vec<_> = Permission::ALL.iter().filter(added).collect();
                if !added.is_empty() {
                    let _ = writeln!(table, "  {entitlement} on the {place}: {added:?}");
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn entitlements_only_add_and_superusers_need_none() {
    let id = SystemId::from_number(1);
    let nothing = Actor::without_groups(user(false));
    let superuser = Actor::without_groups(user(true));
    for (name, object) in objects(&id) {
        for permission in Permission::ALL {
            let may = |actor: &Actor| permits(actor, *permission, &object).is_ok();
            for entitlement in Entitlement::ALL {
                let Actor::User(_, given) = with(Scope::Site, *entitlement) else { continue };
                let entitled = may(&Actor::User(user(false), Arc::clone(&given)));
                assert!(entitled || !may(&nothing), "{entitlement} takes {permission:?} of {name}");
                assert!(may(&superuser) || !entitled, "{entitlement} gives more than all");
                assert_eq!(may(&Actor::User(user(true), given)), may(&superuser), "{name}");
            }
            if is_for_users(*permission) && !name.contains("locked") {
                assert!(may(&superuser), "{permission:?} of {name}");
            }
        }
    }
}

#[test]
fn what_is_given_on_another_pool_gives_nothing_on_this_one() {
    let id = SystemId::from_number(1);
    let nothing = Actor::without_groups(user(false));
    for (name, object) in objects(&id).into_iter().skip(1) {
        for permission in Permission::ALL {
            for entitlement in Entitlement::ALL {
                let actor = with(Scope::Pool(OTHER_POOL), *entitlement);
                assert_eq!(
                    permits(&actor, *permission, &object).is_ok(),
                    permits(&nothing, *permission, &object).is_ok(),
                    "{entitlement}: {permission:?} of {name}"
                );
            }
        }
    }
}
