//! `account/prefs/sshkeys/`: the SSH keys of the user that calls.

use std::future::ready;

use api::sshkeys::SshKey;
use model::access::Permission;
use model::id::SshKeyId;
use model::ssh_key::PublicKey;
use ops::access::sshkeys;

use crate::call::Call;
use crate::operation::Operation;
use crate::param::Param;
use crate::problem::Problem;
use crate::refused::Refused;
use crate::reply::Reply;

const ALL: &str = "account/prefs/sshkeys/";
const ONE: &str = "account/prefs/sshkeys/{id}/";

/// A public key.
pub(crate) const KEY: Param<PublicKey> =
    Param::explained("key", "A public key, as a line of authorized_keys without options.");

const USER: Param<String> = Param::text("user", "The user that gets the key; administrators only.");

/// The operations of this resource.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("SSHKeysHandler", ALL, |call| Box::pin(list(call)))
        .requires(Permission::ManageOwnKeys)
        .doc("List the SSH keys of the user that calls."),
    Operation::post("SSHKeysHandler", ALL, |call| Box::pin(create(call)))
        .requires(Permission::ManageOwnKeys)
        .doc("Add an SSH key: systems that are deployed from now on let its owner in.")
        .params(&[KEY.needed(), USER.optional()]),
    Operation::post("SSHKeysHandler", ALL, |_| Box::pin(ready(import())))
        .op("import")
        .requires(Permission::ManageOwnKeys)
        .doc("Refused: regions fetch nothing from the internet.")
        .refuses(&[Refused::new(
            &["keysource"],
            "Regions fetch no keys from the internet: add each key by a POST without op.",
        )]),
    Operation::get("SSHKeyHandler", ONE, |call| Box::pin(read(call)))
        .requires(Permission::ManageOwnKeys)
        .doc("Read an SSH key of the user that calls."),
    Operation::delete("SSHKeyHandler", ONE, |call| Box::pin(delete(call)))
        .requires(Permission::ManageOwnKeys)
        .doc("Delete an SSH key of the user that calls."),
];

async fn list(call: Call) -> Result<Reply, Problem> {
    let keys = sshkeys::list(&call.parts.tables, &call.actor).await?;
    Ok(Reply::json(&keys.iter().map(SshKey::from).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, Problem> {
    let (tables, actor) = (&call.parts.tables, &call.actor);
    let (key, user) = (KEY.required(&call.params), USER.named(&call.params));
    let key = match user {
        Some(user) => sshkeys::create_for(tables, actor, &user, &key?).await?,
        None => sshkeys::create(tables, actor, &key?).await?,
    };
    Ok(Reply::json(&SshKey::from(&key)).with_status(201))
}

fn import() -> Result<Reply, Problem> {
    Err(Problem::field("keysource", "This field is required."))
}

async fn read(call: Call) -> Result<Reply, Problem> {
    let id: SshKeyId = call.id("id", "SSHKey")?;
    let key = sshkeys::get(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::json(&SshKey::from(&key)))
}

async fn delete(call: Call) -> Result<Reply, Problem> {
    let id: SshKeyId = call.id("id", "SSHKey")?;
    sshkeys::delete(&call.parts.tables, &call.actor, id).await?;
    Ok(Reply::no_content())
}
