//! `users/`: users, and who the caller is.

use std::future::ready;

use crate::problem::Problem;
use api::users::User;

use crate::call::Call;
use crate::operation::Operation;
use crate::reply::Reply;
use ops::access::users::{self, NewUser};
use tables::read::Reads;
use tables::site::USER_BY_NAME;

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("UsersHandler", "users/", |call| Box::pin(list(call))).doc("List all users."),
    Operation::get("UsersHandler", "users/", |call| Box::pin(ready(whoami(&call))))
        .op("whoami")
        .doc("Read the user that calls."),
    Operation::post("UsersHandler", "users/", |call| Box::pin(create(call))).admin().doc(
        "Create a user.\n\n\
         :param username: The user's name.\n\
         :param email: The user's mail address.\n\
         :param password: The user's password.\n\
         :param is_superuser: Whether the user may do everything: 0 or 1.",
    ),
    Operation::get("UserHandler", "users/{username}/", |call| Box::pin(read(call)))
        .doc("Read a user."),
    Operation::delete("UserHandler", "users/{username}/", |call| Box::pin(delete(call)))
        .admin()
        .doc("Delete a user without machines, with its API keys."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let users = call.view().await?.list::<model::user::User>()?;
    Ok(Reply::json(&users.iter().map(User::from).collect::<Vec<_>>()))
}

fn whoami(call: &Call) -> Result<Reply, Problem> {
    Ok(Reply::json(&User::from(call.user()?)))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let new = NewUser {
        username: call.params.required("username")?.to_owned(),
        email: call.params.required("email")?.to_owned(),
        password: call.params.required("password")?.into(),
        is_superuser: match call.params.required("is_superuser")? {
            "0" => false,
            "1" => true,
            _ => {
                return Err(Problem::text(
                    model::error::Kind::Invalid,
                    "Invalid is_superuser: Value must be one of: 0; 1",
                ));
            }
        },
    };
    let user = users::create(&call.parts.tables, &call.cause("user.create"), &new).await?;
    Ok(Reply::json(&User::from(&user)))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let found = call.view().await?.find(&USER_BY_NAME, &call.segment("username").to_owned())?;
    found
        .as_ref()
        .map(|user| Reply::json(&User::from(user)))
        .ok_or_else(|| Problem::not_found("User"))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let cause = call.cause("user.delete");
    users::delete(&call.parts.tables, &cause, call.user()?, call.segment("username")).await?;
    Ok(Reply::no_content())
}
