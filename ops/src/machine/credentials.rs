//! The credentials of the system on a machine, for the metadata service: issued by the
//! transaction that starts a deployment, gone with the one that ends it.

use model::machine::Machine;
use model::user::{ApiToken, TokenOwner};

use tables::error::TableError;
use tables::read::Reads;
use tables::site::TOKENS_OF_MACHINE;
use tables::tx::Tx;

/// Characters of keys; look-alikes are left out, as in MAAS.
const ALPHABET: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";

/// Gives the machine a new key; earlier ones end.
///
/// # Errors
/// As [`Tx::put`].
pub fn issue(tx: &mut Tx, machine: &Machine) -> Result<ApiToken, TableError> {
    revoke(tx, machine)?;
    let token = ApiToken {
        key: random_text(18),
        secret: random_text(32).into(),
        consumer_key: random_text(18),
        name: String::new(),
        owner: TokenOwner::Machine(machine.system_id.clone()),
        created: tx.now(),
    };
    tx.insert(&token)?;
    Ok(token)
}

/// Ends every key of the machine.
///
/// # Errors
/// As [`Tx::delete`].
pub fn revoke(tx: &mut Tx, machine: &Machine) -> Result<(), TableError> {
    for token in tx.list_by(&TOKENS_OF_MACHINE, &machine.system_id)? {
        tx.delete::<ApiToken>(&token.key)?;
    }
    Ok(())
}

/// The machine's key, if it has one.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn of_machine(reads: &impl Reads, machine: &Machine) -> Result<Option<ApiToken>, TableError> {
    Ok(reads.list_by(&TOKENS_OF_MACHINE, &machine.system_id)?.into_iter().next())
}

/// The machine's key; a new one if it has none.
///
/// # Errors
/// As [`Tx::put`].
pub fn current(tx: &mut Tx, machine: &Machine) -> Result<ApiToken, TableError> {
    match of_machine(tx, machine)? {
        Some(token) => Ok(token),
        None => issue(tx, machine),
    }
}

/// Random letters and digits for a secret of that many characters.
#[must_use]
pub fn random_text(length: usize) -> String {
    let draw = || char::from(ALPHABET[usize::from(rand::random::<u16>()) % ALPHABET.len()]);
    std::iter::repeat_with(draw).take(length).collect()
}
