//! Logins by name and password, and how long they are held up after failures.
//!
//! A guess is judged and counted in one turn at hashing (`password`), so at most a few guesses of a region are under
//! way that are not counted yet, however many come at once. A failure that cannot be counted is not told.

use std::net::IpAddr;

use model::access::Actor;
use model::event::EventLevel;
use model::login::{LoginRecord, Subject, source};
use model::secret::Secret;
use model::user::User;
use ring::hmac;

use crate::access::cluster_key;
use crate::access::password::Turn;
use crate::authorize::cause;
use crate::error::Refusal;
use crate::site::events::{NewEvent, record_of_site};
use tables::accounts::login_id;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::site::USER_BY_NAME;
use tables::tx::Tx;
use tables::update::Tables;

/// Somebody who says that it is a user.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The user's name.
    pub username: String,
    /// What it says is its password.
    pub password: Secret,
    /// Where it connects from; none in a test without connections.
    pub from: Option<IpAddr>,
}

/// Why somebody was not logged in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// There is no such user, or it has another password.
    #[error("name or password is wrong")]
    Wrong,
    /// There were too many failures; nothing was looked at.
    #[error("too many failed logins {}: try again in {seconds} s", whose(*.by_address))]
    Held {
        /// How long to wait, at least 1.
        seconds: u64,
        /// Whether it is because of the address, and not of the account.
        by_address: bool,
    },
    /// It could not be found out.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

fn whose(by_address: bool) -> &'static str {
    if by_address { "from this address" } else { "for this account" }
}

impl From<TableError> for LoginError {
    fn from(error: TableError) -> Self {
        Self::Refused(error.into())
    }
}

/// The user that somebody is. Failures count against the account and the address.
///
/// # Errors
/// See [`LoginError`].
pub async fn check(tables: &Tables, attempt: &Attempt) -> Result<User, LoginError> {
    judge(tables, attempt).await?;
    let turn = Turn::wait().await?;
    let (user, subjects) = judge(tables, attempt).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let is_right = turn.verify(attempt.password.clone(), hash).await;
    match user.filter(|_| is_right) {
        Some(user) => {
            note_success(tables, attempt, &subjects.account).await?;
            Ok(user)
        }
        None => {
            note_failure(tables, attempt, &subjects).await?;
            Err(LoginError::Wrong)
        }
    }
}

/// What a login counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Subjects {
    account: Subject,
    address: Option<Subject>,
}

impl Subjects {
    fn of(attempt: &Attempt, user: Option<&User>, hashing: &Hashing) -> Self {
        let unknown = || Subject::unknown(hashing.of(&format!("name:{}", attempt.username)));
        let account = user.map_or_else(unknown, |user| Subject::User(user.id));
        let address = attempt.from.map(|from| hashing.address(from));
        Self { account, address }
    }
}

/// The same on every region, and nothing that others can reckon: nobody finds out which address shares a row with another.
struct Hashing(hmac::Key);

impl Hashing {
    async fn of_cluster(tables: &Tables) -> Result<Self, TableError> {
        let key = cluster_key::for_purpose(tables, "rows of failed logins").await?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key.expose())))
    }

    fn of(&self, text: &str) -> u32 {
        let digest = hmac::sign(&self.0, text.as_bytes());
        digest.as_ref().iter().take(4).fold(0, |hash, byte| hash << 8 | u32::from(*byte))
    }

    fn address(&self, from: IpAddr) -> Subject {
        Subject::address(self.of(&format!("address:{}", source(from))))
    }
}

/// The user with that name, and what is counted, unless it has to wait.
async fn judge(tables: &Tables, attempt: &Attempt) -> Result<(Option<User>, Subjects), LoginError> {
    let hashing = Hashing::of_cluster(tables).await?;
    let view = tables.view().await?;
    let user = view.find(&USER_BY_NAME, &attempt.username)?;
    let subjects = Subjects::of(attempt, user.as_ref(), &hashing);
    let now = tables.clock().now()?;
    if let Some(address) = &subjects.address {
        held(record(&view, address)?.wait_ms(None, now), true)?;
    }
    held(record(&view, &subjects.account)?.wait_ms(attempt.from, now), false)?;
    Ok((user, subjects))
}

const fn held(wait_ms: u64, by_address: bool) -> Result<(), LoginError> {
    match wait_ms {
        0 => Ok(()),
        wait_ms => Err(LoginError::Held { seconds: wait_ms.div_ceil(1_000), by_address }),
    }
}

/// Refuses who comes from an address whose failures it has to wait for, whatever its name is.
///
/// # Errors
/// [`LoginError::Held`].
pub async fn check_address(tables: &Tables, from: Option<IpAddr>) -> Result<(), LoginError> {
    let Some(from) = from else { return Ok(()) };
    let address = Hashing::of_cluster(tables).await?.address(from);
    let view = tables.view().await?;
    held(record(&view, &address)?.wait_ms(None, tables.clock().now()?), true)
}

/// Counts a failure of a login that was not by a name, and notes what happened.
///
/// # Errors
/// [`TableError`].
pub async fn note_failure_from(
    tables: &Tables,
    from: Option<IpAddr>,
    event: Option<NewEvent>,
) -> Result<(), TableError> {
    let hashing = Hashing::of_cluster(tables).await?;
    let address = from.map(|from| hashing.address(from));
    let cause = cause(&Actor::Anonymous, "login.fail");
    tables
        .update(&cause, |tx| {
            if let Some(event) = &event {
                record_of_site(tx, event.clone())?;
            }
            address.iter().try_for_each(|address| count(tx, address, "", from))
        })
        .await
}

fn record(at: &View, subject: &Subject) -> Result<LoginRecord, TableError> {
    let found = at.get::<LoginRecord>(&login_id(subject))?;
    Ok(found.unwrap_or_else(|| LoginRecord::new(subject.clone())))
}

async fn note_failure(
    tables: &Tables,
    attempt: &Attempt,
    subjects: &Subjects,
) -> Result<(), TableError> {
    let cause = cause(&Actor::Anonymous, "login.fail");
    tables
        .update(&cause, |tx| {
            let mut all = std::iter::once(&subjects.account).chain(&subjects.address);
            all.try_for_each(|subject| count(tx, subject, &attempt.username, attempt.from))
        })
        .await
}

fn count(
    tx: &mut Tx,
    subject: &Subject,
    username: &str,
    from: Option<IpAddr>,
) -> Result<(), TableError> {
    let known = tx.get::<LoginRecord>(&login_id(subject))?;
    let known = known.unwrap_or_else(|| LoginRecord::new(subject.clone()));
    let failed = known.failed(tx.now());
    if failed.begins_to_wait() {
        record_of_site(tx, waiting(&failed, username, from))?;
    }
    tx.put(&failed)
}

/// What administrators are told once, when waits begin.
fn waiting(failed: &LoginRecord, username: &str, from: Option<IpAddr>) -> NewEvent {
    let from = from.map_or_else(String::new, |from| format!(" from {from}"));
    let whose = match failed.subject {
        Subject::Address(_) => format!("Logins{from} wait"),
        Subject::User(_) | Subject::Unknown(_) => {
            format!("Logins as {username:.150} wait")
        }
    };
    NewEvent {
        kind: "Authorisation",
        level: EventLevel::Audit,
        description: format!("{whose} after {} failures, the last one{from}.", failed.failures),
    }
}

/// Forgets failures of the account, and notes that it was used from there. What an address did wrong is not
/// forgotten: it may have an account of its own.
async fn note_success(
    tables: &Tables,
    attempt: &Attempt,
    account: &Subject,
) -> Result<(), TableError> {
    let cause = cause(&Actor::Anonymous, "login.succeed");
    tables
        .update(&cause, |tx| {
            let known = tx.get::<LoginRecord>(&login_id(account))?;
            let known = known.unwrap_or_else(|| LoginRecord::new(account.clone()));
            if let Some(after) = known.succeeded(attempt.from, tx.now()) {
                tx.put(&after)?;
            }
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use raft_store::Store;

    use super::*;
    use crate::access::users::{self, NewUser};
    use crate::authorize::tests::administrator;

    async fn with_anna() -> Tables {
        let tables = Tables::new(Store::in_memory());
        let anna = NewUser {
            username: "anna".to_owned(),
            password: "correct horse".into(),
            ..NewUser::default()
        };
        users::create(&tables, &administrator(), &anna).await.unwrap();
        tables
    }

    async fn attempt(
        tables: &Tables,
        username: &str,
        password: &str,
        from: &str,
    ) -> Result<String, LoginError> {
        let attempt = Attempt {
            username: username.to_owned(),
            password: password.into(),
            from: Some(from.parse().unwrap()),
        };
        check(tables, &attempt).await.map(|user| user.username)
    }

    /// Has those who wait do so for a minute, however slow this host is.
    async fn lengthen(tables: &Tables) {
        let cause = cause(&Actor::Anonymous, "test");
        let put = tables.update(&cause, |tx| -> Result<(), TableError> {
            for record in tx.list::<LoginRecord>()? {
                if record.failures > record.subject.backoff().free {
                    tx.put(&LoginRecord { failures: 100, last_failure: tx.now(), ..record })?;
                }
            }
            Ok(())
        });
        put.await.unwrap();
    }

    fn is_held(outcome: &Result<String, LoginError>, from_address: bool) -> bool {
        matches!(outcome, Err(LoginError::Held { by_address, .. }) if *by_address == from_address)
    }

    #[tokio::test]
    async fn a_name_that_exists_and_one_that_does_not_are_held_up_alike() {
        let tables = with_anna().await;
        for name in ["anna", "nobody"] {
            for _ in 0..6 {
                let wrong = attempt(&tables, name, "wrong", "10.0.0.1").await;
                assert_eq!(wrong, Err(LoginError::Wrong), "{name}");
            }
            lengthen(&tables).await;
            let held = attempt(&tables, name, "correct horse", "10.0.0.2").await;
            assert!(is_held(&held, false), "{name}: {held:?}");
        }
        let rows = tables.view().await.unwrap().list::<LoginRecord>().unwrap();
        assert_eq!(rows.len(), 3, "two accounts and one address: {rows:?}");
    }

    #[tokio::test]
    async fn who_was_logged_in_from_there_is_not_locked_out_by_others() {
        let tables = with_anna().await;
        attempt(&tables, "anna", "correct horse", "10.0.0.1").await.unwrap();
        for _ in 0..6 {
            attempt(&tables, "anna", "wrong", "10.0.0.9").await.unwrap_err();
        }
        lengthen(&tables).await;
        assert!(is_held(&attempt(&tables, "anna", "correct horse", "10.0.0.9").await, false));
        assert!(attempt(&tables, "anna", "correct horse", "10.0.0.1").await.is_ok());
        assert!(attempt(&tables, "anna", "correct horse", "10.0.0.9").await.is_ok(), "counts anew");
    }

    #[tokio::test]
    async fn an_address_that_guesses_at_many_accounts_is_held_up_and_others_are_not() {
        let tables = with_anna().await;
        for at in 0..21 {
            let name = format!("guess-{at}");
            assert_eq!(attempt(&tables, &name, "x", "10.0.0.9").await, Err(LoginError::Wrong));
        }
        lengthen(&tables).await;
        assert!(is_held(&attempt(&tables, "anna", "correct horse", "10.0.0.9").await, true));
        assert!(attempt(&tables, "anna", "correct horse", "10.0.0.1").await.is_ok());
    }

    #[tokio::test]
    async fn many_guesses_at_once_are_counted() {
        let tables = with_anna().await;
        let guesses = (0..24).map(|_| attempt(&tables, "anna", "wrong", "10.0.0.9"));
        let outcomes = futures::future::join_all(guesses).await;
        let judged = outcomes.iter().filter(|outcome| **outcome == Err(LoginError::Wrong)).count();
        assert!(judged <= 8, "{judged} guesses were judged");
    }
}
