//! `account/`: the API keys of the user that calls.

use crate::problem::Problem;
use api::account::{ApiKey, ListedApiKey};

use crate::access::accounts::DEFAULT_CONSUMER;
use crate::call::Call;
use crate::operation::Operation;
use crate::reply::Reply;
use ops::access::account;

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("AccountHandler", "account/", |call| Box::pin(list(call)))
        .op("list_authorisation_tokens")
        .doc("List the API keys of the user that calls."),
    Operation::post("AccountHandler", "account/", |call| Box::pin(create(call)))
        .op("create_authorisation_token")
        .doc("Create an API key.\n\n:param name: What to call it. Optional."),
    Operation::post("AccountHandler", "account/", |call| Box::pin(rename(call)))
        .op("update_token_name")
        .doc(
            "Give an API key another name.\n\n\
             :param token: The key, or its middle part.\n\
             :param name: What to call it.",
        ),
    Operation::post("AccountHandler", "account/", |call| Box::pin(delete(call)))
        .op("delete_authorisation_token")
        .doc("Delete an API key.\n\n:param token_key: The key's middle part."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let tokens = account::tokens(&call.parts.tables, call.user()?).await?;
    let listed = tokens
        .iter()
        .map(|token| ListedApiKey { name: token.name.clone(), token: token.api_key() });
    Ok(Reply::json(&listed.collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let name = call.params.get("name").filter(|name| !name.is_empty()).unwrap_or(DEFAULT_CONSUMER);
    let token = account::create_token(&call.parts.tables, call.user()?, name).await?;
    Ok(Reply::json(&ApiKey::from(&token)))
}

async fn rename(call: Call) -> Result<Reply, Problem> {
    let (token, name) = (call.params.required("token")?, call.params.required("name")?);
    let key = token.split(':').nth(1).unwrap_or(token);
    account::rename_token(&call.parts.tables, call.user()?, key, name).await?;
    Ok(Reply::text("Accepted").with_status(202))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let key = call.params.required("token_key")?;
    account::delete_token(&call.parts.tables, call.user()?, key).await?;
    Ok(Reply::no_content())
}
