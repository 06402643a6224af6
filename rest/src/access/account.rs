//! `account/`: the API keys of the user that calls.

use api::account::{ApiKey, ListedApiKey};
use model::access::Permission;
use model::secret::HIDDEN;
use ops::access::account;
use ops::site::dates;

use crate::access::accounts::DEFAULT_CONSUMER;
use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const NAME: Param<String> = Param::text("name", "What to call it.");
const TOKEN: Param<String> = Param::text("token", "The key, or its middle part.");
const TOKEN_KEY: Param<String> = Param::text("token_key", "The key, or its middle part.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("AccountHandler", "account/", |call| Box::pin(list(call)))
        .op("list_authorisation_tokens")
        .of_now()
        .requires(Permission::ManageOwnKeys)
        .doc("List the API keys of the user that calls."),
    Operation::post("AccountHandler", "account/", |call| Box::pin(create(call)))
        .op("create_authorisation_token")
        .requires(Permission::ManageOwnKeys)
        .doc("Create an API key.")
        .params(&[NAME.optional()]),
    Operation::post("AccountHandler", "account/", |call| Box::pin(rename(call)))
        .op("update_token_name")
        .requires(Permission::ManageOwnKeys)
        .doc("Give an API key another name.")
        .params(&[TOKEN.needed(), NAME.needed()]),
    Operation::post("AccountHandler", "account/", |call| Box::pin(delete(call)))
        .op("delete_authorisation_token")
        .requires(Permission::ManageOwnKeys)
        .doc("Delete an API key.")
        .params(&[TOKEN_KEY.needed()]),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let tokens = account::tokens(&call.parts.tables, &call.actor).await?;
    let listed = tokens.iter().map(|token| ListedApiKey {
        name: token.name.clone(),
        token: format!("{}:{}:{HIDDEN}", token.consumer_key, token.key).into(),
        created: dates::rfc3339_ms(token.created),
    });
    Ok(Reply::json(&listed.collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let name = NAME.named(&call.params).unwrap_or_else(|| DEFAULT_CONSUMER.to_owned());
    let token = account::create_token(&call.parts.tables, &call.actor, &name).await?;
    Ok(Reply::json(&ApiKey::from(&token)))
}

async fn rename(call: Call) -> Result<Reply, Problem> {
    let (token, name) = (TOKEN.required(&call.params)?, NAME.required(&call.params)?);
    account::rename_token(&call.parts.tables, &call.actor, middle(&token), &name).await?;
    Ok(Reply::text("Accepted").with_status(202))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let key = TOKEN_KEY.required(&call.params)?;
    account::delete_token(&call.parts.tables, &call.actor, middle(&key)).await?;
    Ok(Reply::no_content())
}

/// The part of a key that names it, of the whole key or of that part alone.
fn middle(key: &str) -> &str {
    key.split(':').nth(1).unwrap_or(key)
}
