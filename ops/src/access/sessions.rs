//! Sessions of users that logged in with a cookie. They are rows, so any region knows them.
//!
//! The cookie is random and is kept nowhere: a session is found by the cookie's hash, and the token against forged
//! requests is another hash of it.

use std::net::IpAddr;
use std::time::Duration;

use model::access::Actor;
use model::secret::Secret;
use model::session::{Session, make_room};
use model::setting::typed::SESSION_LENGTH;
use model::time::Timestamp;
use model::user::User;
use sha2::{Digest, Sha256};

use crate::access::keys::random_text;
use crate::access::login::LoginError;
use crate::authorize::cause;
use crate::error::Refusal;
use crate::site::settings;
use tables::accounts::SESSIONS_OF_USER;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::update::{Cause, Tables};

/// How many characters a cookie has: 185 bits of chance.
const COOKIE_LENGTH: usize = 32;

/// How many sessions are looked at in one step.
const LOOKED_AT_MAX: usize = 256;

/// A session that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the browser presents from now on.
    pub cookie: Secret,
    /// How long it may do so at most, in seconds.
    pub length_seconds: u64,
}

/// Begins a session of a user that showed its password; the one that was presented with it ends.
///
/// # Errors
/// [`LoginError::Wrong`] when the user has another password now, or is gone.
pub async fn begin(
    tables: &Tables,
    user: &User,
    from: Option<IpAddr>,
    presented: Option<&str>,
) -> Result<Begun, LoginError> {
    let cause = cause(&Actor::without_groups(user.clone()), "session.begin");
    begin_by(tables, &cause, user, Beginning { from, presented, length_max: None }).await
}

/// As [`begin`], of a user that a provider vouches for; it lasts so long at most.
///
/// # Errors
/// [`LoginError::Wrong`] when the user is gone.
pub async fn begin_external(
    tables: &Tables,
    user: &User,
    from: Option<IpAddr>,
    presented: Option<&str>,
    length_max: Duration,
) -> Result<Begun, LoginError> {
    let cause = cause(&Actor::without_groups(user.clone()), "session.begin-oidc");
    let length_max = Some(length_max);
    begin_by(tables, &cause, user, Beginning { from, presented, length_max }).await
}

struct Beginning<'a> {
    from: Option<IpAddr>,
    /// The cookie of the session that it replaces.
    presented: Option<&'a str>,
    /// How long it lasts at most, where it is less than others do.
    length_max: Option<Duration>,
}

async fn begin_by(
    tables: &Tables,
    cause: &Cause,
    user: &User,
    beginning: Beginning<'_>,
) -> Result<Begun, LoginError> {
    let Beginning { from, presented, length_max } = beginning;
    let cookie = Secret::from(random_text(COOKIE_LENGTH));
    let length = tables.update(cause, |tx| {
        let known = tx.get::<User>(&user.id)?;
        if known.is_none_or(|known| known.password_hash != user.password_hash) {
            return Err(LoginError::Wrong);
        }
        let (now, length) = (tx.now(), settings::read(tx, &SESSION_LENGTH)?);
        let limits = settings::session_limits(tx)?;
        if let Some(presented) = presented {
            tx.delete::<Session>(&id_of(presented))?;
        }
        let known = tx.list_by(&SESSIONS_OF_USER, &user.id)?;
        for ending in make_room(known, limits, now) {
            tx.delete::<Session>(&ending.id)?;
        }
        let id = id_of(cookie.expose());
        let ends = length_max.map(|length_max| now.plus_ms(millis(length_max)));
        tx.insert(&Session { id, user: user.id, created: now, used: now, from, ends })?;
        Ok(length_max.map_or(length, |length_max| length.min(length_max)))
    });
    let length_seconds = length.await?.as_secs();
    Ok(Begun { cookie, length_seconds })
}

/// The session of a cookie, and its user; none when it has ended.
///
/// As keys are, it is looked up in this node's own state first, which needs no quorum.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn find(tables: &Tables, cookie: &str) -> Result<Option<(Session, User)>, Refusal> {
    let id = id_of(cookie);
    let now = tables.clock().now()?;
    let mut found = with_user(&tables.stale_view().await?, &id, now)?;
    if found.is_none() {
        found = with_user(&tables.view().await?, &id, now)?;
    }
    if let Some((session, _)) = &found
        && session.is_use_news(now)
    {
        // It works without the note, also where no quorum could take it.
        if let Err(error) = note_use(tables, &session.id).await {
            tracing::debug!("the use of a session is not noted: {error}");
        }
    }
    Ok(found)
}

/// Whether this node knows the session of a cookie; it may be behind.
pub async fn known(tables: &Tables, cookie: &str) -> Option<Session> {
    let view = tables.stale_view().await.ok()?;
    let now = tables.clock().now().ok()?;
    with_user(&view, &id_of(cookie), now).ok()?.map(|(session, _)| session)
}

/// Ends the session of a cookie.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn end(tables: &Tables, user: &User, cookie: &str) -> Result<(), Refusal> {
    let cause = cause(&Actor::without_groups(user.clone()), "session.end");
    tables
        .update(&cause, |tx| {
            tx.delete::<Session>(&id_of(cookie))?;
            Ok(())
        })
        .await
}

/// What a page of ours sends with a request that changes something, and no other page knows.
#[must_use]
pub fn csrf_token(cookie: &str) -> Secret {
    hash("csrf", cookie).into()
}

/// Looks at the sessions that follow `last`, and removes those that are over; returns the last one that was looked at,
/// or none when it was the end.
///
/// # Errors
/// [`TableError`].
pub async fn forget_ended(
    tables: &Tables,
    last: Option<&String>,
) -> Result<Option<String>, TableError> {
    let view = tables.stale_view().await?;
    let limits = settings::session_limits(&view)?;
    let ids = view.ids_after::<Session>(last, LOOKED_AT_MAX);
    let now = tables.clock().now()?;
    let is_over = |session: Session| session.is_over(limits, now);
    let mut over = Vec::new();
    for id in &ids {
        if view.get::<Session>(id)?.is_some_and(is_over) {
            over.push(id);
        }
    }
    if !over.is_empty() {
        let cause = Cause::new("reconciler:logins", "session.expire");
        let removed = tables.update(&cause, |tx| {
            for id in &over {
                // It may have been used meanwhile.
                if tx.get::<Session>(id)?.is_some_and(is_over) {
                    tx.delete::<Session>(id)?;
                }
            }
            Ok::<_, TableError>(())
        });
        removed.await?;
    }
    Ok(ids.into_iter().nth(LOOKED_AT_MAX - 1))
}

async fn note_use(tables: &Tables, id: &String) -> Result<(), TableError> {
    let cause = Cause::new("session", "session.use");
    tables
        .update(&cause, |tx| {
            // Of many requests at once one notes it.
            let session = tx.get::<Session>(id)?;
            if let Some(session) = session.filter(|session| session.is_use_news(tx.now())) {
                tx.put(&Session { used: tx.now(), ..session })?;
            }
            Ok(())
        })
        .await
}

fn with_user(
    view: &View,
    id: &String,
    now: Timestamp,
) -> Result<Option<(Session, User)>, TableError> {
    let Some(session) = view.get::<Session>(id)? else { return Ok(None) };
    if session.is_over(settings::session_limits(view)?, now) {
        return Ok(None);
    }
    Ok(view.get::<User>(&session.user)?.map(|user| (session, user)))
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

fn id_of(cookie: &str) -> String {
    hash("session", cookie)
}

fn hash(purpose: &str, cookie: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("{purpose}:{cookie}")).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::lease::agreement::Verdict;
    use model::session::IDLE_MAX_MS;
    use raft_store::Store;
    use tables::clock::reading;
    use tables::update::now;

    use super::*;
    use crate::access::users::{self, NewUser};
    use crate::authorize::tests::administrator;

    async fn with_anna() -> (Tables, User) {
        let tables = Tables::new(Store::in_memory());
        let anna = NewUser { username: "anna".to_owned(), ..NewUser::default() };
        let anna = users::create(&tables, &administrator(), &anna).await.unwrap();
        (tables, anna)
    }

    #[tokio::test]
    async fn nothing_that_is_stored_opens_a_session() {
        let (tables, anna) = with_anna().await;
        let begun = begin(&tables, &anna, None, None).await.unwrap();
        let cookie = begun.cookie.expose();
        let (session, user) = find(&tables, cookie).await.unwrap().unwrap();
        assert_eq!(user, anna);
        assert_eq!(find(&tables, &session.id).await, Ok(None));
        assert!(!session.id.contains(cookie) && csrf_token(cookie).expose() != &session.id);
    }

    #[tokio::test]
    async fn a_login_ends_the_session_that_it_replaces() {
        let (tables, anna) = with_anna().await;
        let first = begin(&tables, &anna, None, None).await.unwrap();
        begin(&tables, &anna, None, Some(first.cookie.expose())).await.unwrap();
        assert_eq!(find(&tables, first.cookie.expose()).await, Ok(None));
        assert_eq!(tables.view().await.unwrap().list::<Session>().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_region_that_may_not_use_its_clock_says_nothing_of_sessions() {
        let (tables, anna) = with_anna().await;
        let begun = begin(&tables, &anna, None, None).await.unwrap();
        let apart = Verdict::Apart { offset_ms: 3_600_000, is_odd: true };
        tables.clock().judged(apart, reading(), BTreeMap::new());
        let found = find(&tables, begun.cookie.expose()).await;
        assert!(matches!(found, Err(Refusal::Tables(TableError::Unavailable { .. }))), "{found:?}");
    }

    #[tokio::test]
    async fn a_password_that_was_changed_meanwhile_opens_nothing() {
        let (tables, anna) = with_anna().await;
        let before = User { password_hash: Some("another".into()), ..anna };
        assert_eq!(begin(&tables, &before, None, None).await, Err(LoginError::Wrong));
    }

    #[tokio::test]
    async fn a_session_that_has_ended_is_not_good_again_when_sessions_last_longer() {
        let (tables, anna) = with_anna().await;
        let begun = begin(&tables, &anna, None, None).await.unwrap();
        let id = id_of(begun.cookie.expose());
        let cause = Cause::new("test", "session.use");
        let aged = tables.update(&cause, |tx| {
            let session = tx.get::<Session>(&id)?.expect("the session");
            let created = Timestamp::from_unix_ms(now().unix_ms - 20_000);
            tx.put(&Session { created, ..session })
        });
        aged.await.unwrap();
        let length = settings::known(SESSION_LENGTH.name()).unwrap();
        for (seconds, is_good) in [("3600", true), ("10", false), ("3600", false)] {
            settings::set(&tables, &administrator(), length, seconds).await.unwrap();
            let found = find(&tables, begun.cookie.expose()).await.unwrap();
            assert_eq!(found.is_some(), is_good, "{seconds}");
        }
        let young = begin(&tables, &anna, None, None).await.unwrap();
        assert!(find(&tables, young.cookie.expose()).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_session_of_a_provider_lasts_as_long_as_the_provider_says_at_most() {
        let (tables, anna) = with_anna().await;
        let begin =
            |seconds| begin_external(&tables, &anna, None, None, Duration::from_secs(seconds));
        assert_eq!(begin(60).await.unwrap().length_seconds, 60);
        assert_eq!(begin(1 << 40).await.unwrap().length_seconds, 1_209_600);
        let over = begin(0).await.unwrap();
        assert_eq!(find(&tables, over.cookie.expose()).await, Ok(None));
    }

    #[tokio::test]
    async fn sessions_that_are_over_are_not_accepted_and_go() {
        let (tables, anna) = with_anna().await;
        let begun = begin(&tables, &anna, None, None).await.unwrap();
        let lasting = begin(&tables, &anna, None, None).await.unwrap();
        let id = id_of(begun.cookie.expose());
        let cause = Cause::new("test", "session.use");
        let aged = tables.update(&cause, |tx| {
            let session = tx.get::<Session>(&id)?.expect("the session");
            let used = Timestamp::from_unix_ms(now().unix_ms - IDLE_MAX_MS);
            tx.put(&Session { used, ..session })
        });
        aged.await.unwrap();
        assert_eq!(find(&tables, begun.cookie.expose()).await, Ok(None));
        assert_eq!(forget_ended(&tables, None).await, Ok(None));
        let left = tables.view().await.unwrap().ids_after::<Session>(None, 9);
        assert_eq!(left, [id_of(lasting.cookie.expose())]);
    }
}
