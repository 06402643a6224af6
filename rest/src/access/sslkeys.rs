//! `account/prefs/sslkeys/`: the SSL keys of the user that calls, which are certificates.

use api::sslkeys::SslKey;
use model::access::Permission;
use model::id::SslKeyId;
use ops::access::sslkeys;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::reply::Reply;

const ALL: &str = "account/prefs/sslkeys/";
const ONE: &str = "account/prefs/sslkeys/{id}/";
const MODEL: &str = "SSLKey";

const KEY: Param<String> = Param::text("key", "An X.509 certificate in PEM.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("SSLKeysHandler", ALL, |call| Box::pin(list(call)))
        .requires(Permission::ManageOwnKeys)
        .doc("List the SSL keys of the user that calls."),
    Operation::post("SSLKeysHandler", ALL, |call| Box::pin(create(call)))
        .requires(Permission::ManageOwnKeys)
        .doc("Add an SSL key: systems on the machines of its owner are told it as x509.")
        .params(&[KEY.needed()]),
    Operation::get("SSLKeyHandler", ONE, |call| Box::pin(read(call)))
        .requires(Permission::ManageOwnKeys)
        .doc("Read an SSL key of the user that calls."),
    Operation::delete("SSLKeyHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageOwnKeys)
        .doc("Delete an SSL key of the user that calls."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let keys = sslkeys::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&keys.iter().map(SslKey::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let missing = || Problem::field("key", "This field is required.");
    let key = KEY.named(&call.params).ok_or_else(missing)?;
    let key = sslkeys::create(&call.parts.tables, &call.actor, &key).await?;
    Ok(Reply::json(&SslKey::from(&key)).with_status(201))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id: SslKeyId = call.id("id", MODEL)?;
    let key = sslkeys::get(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::json(&SslKey::from(&key)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id: SslKeyId = call.id("id", MODEL)?;
    sslkeys::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}
