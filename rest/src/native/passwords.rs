//! `account/` and `users/{username}/`: how passwords are changed, which MAAS does in its web UI only.

use model::access::Permission;
use ops::access::passwords;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const OLD: Param<String> =
    Param::text("old_password", "The password that the user has; none when it has none.");
const NEW: Param<String> = Param::text("new_password", "The password that it shall have.");

/// The operations on passwords.
pub const OPERATIONS: &[Operation] = &[
    Operation::post("AccountHandler", "account/", |call| Box::pin(change(call)))
        .op("change_password")
        .at_once()
        .requires(Permission::ManageOwnKeys)
        .doc("Change the password of the user that calls. All its sessions end.")
        .params(&[OLD.optional(), NEW.needed()]),
    Operation::post("UserHandler", "users/{username}/", |call| Box::pin(set(call)))
        .op("set_password")
        .reserved(Permission::ManageUsers)
        .doc("Set the password of a user. All its sessions end.")
        .params(&[NEW.needed()]),
];

async fn change(call: Call) -> Result<Reply, Problem> {
    let old = OLD.of(&call.params)?.unwrap_or_default().into();
    let new = NEW.required(&call.params)?.into();
    let tables = &call.parts.tables;
    passwords::change(tables, &call.actor, &old, &new, call.source.address).await?;
    Ok(Reply::no_content())
}

async fn set(call: Call) -> Result<Reply, Problem> {
    let new = NEW.required(&call.params)?.into();
    passwords::set(&call.parts.tables, &call.actor, call.segment("username"), &new).await?;
    Ok(Reply::no_content())
}
