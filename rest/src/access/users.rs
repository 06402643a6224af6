//! `users/`: users, and who the caller is.

use model::access::Permission;
use model::user::User;
use ops::access::users::{self, NewUser};

use crate::access::sshkeys::KEY;
use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

const USERNAME: Param<String> = Param::text("username", "The user's name.");
const EMAIL: Param<String> = Param::text("email", "The user's mail address.");
const PASSWORD: Param<String> = Param::text("password", "The user's password.");
const IS_SUPERUSER: Param<String> =
    Param::text("is_superuser", "Whether the user may do everything: 0 or 1.");
const TRANSFER_RESOURCES_TO: Param<String> = Param::text(
    "transfer_resources_to",
    "The user that gets its machines, addresses and IP ranges before.",
);

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("UsersHandler", "users/", |call| Box::pin(list(call))).doc("List all users."),
    Operation::get("UsersHandler", "users/", |call| Box::pin(whoami(call)))
        .op("whoami")
        .doc("Read the user that calls."),
    Operation::post("UsersHandler", "users/", |call| Box::pin(create(call)))
        .reserved(Permission::ManageUsers)
        .doc("Create a user.")
        .params(&[
            USERNAME.needed(),
            EMAIL.needed(),
            PASSWORD.needed(),
            IS_SUPERUSER.needed(),
            KEY.optional(),
        ]),
    Operation::get("UserHandler", "users/{username}/", |call| Box::pin(read(call)))
        .doc("Read a user."),
    Operation::delete("UserHandler", "users/{username}/", |call| Box::pin(delete(call)))
        .reserved(Permission::ManageUsers)
        .doc("Delete a user without machines, addresses and IP ranges, with its keys and files.")
        .params(&[TRANSFER_RESOURCES_TO.optional()]),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let users = users::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&users.iter().map(shapes::user).collect::<Vec<_>>()))
}

async fn whoami(call: Call) -> Result<Reply, Problem> {
    told(&call, call.user()?.clone()).await
}

async fn told(call: &Call, user: User) -> Result<Reply, Problem> {
    let detail = users::detail(&call.parts.tables, user).await?;
    Ok(Reply::json(&shapes::user(&detail)))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let new = NewUser {
        username: USERNAME.required(&call.params)?,
        email: EMAIL.required(&call.params)?,
        password: PASSWORD.required(&call.params)?.into(),
        is_superuser: match IS_SUPERUSER.required(&call.params)?.as_str() {
            "0" | "false" => false,
            "1" | "true" => true,
            _ => {
                return Err(Problem::text(
                    model::error::Kind::Invalid,
                    "Invalid is_superuser: Value must be one of: 0; 1",
                ));
            }
        },
        ssh_key: KEY.of(&call.params)?,
    };
    let user = users::create(&call.parts.tables, &call.actor, &new).await?;
    told(&call, user).await
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let user = users::get(&call.parts.tables, &call.actor, call.segment("username")).await?;
    told(&call, user).await
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let heir = TRANSFER_RESOURCES_TO.named(&call.params);
    let username = call.segment("username");
    users::delete(&call.parts.tables, &call.actor, username, heir.as_deref()).await?;
    Ok(Reply::no_content())
}
