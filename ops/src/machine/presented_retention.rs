//! Machines that somebody presented and nobody accepted are forgotten. What an administrator made stays, however long it
//! waits: what tells the two apart is the event of who was presented.

use model::event::{Event, EventLevel};
use model::id::SystemId;
use model::machine::Machine;
use model::machine::status::Status;
use model::retention::is_given_up;
use model::setting::typed::PRESENTED_MACHINES_MAX_AGE;

use crate::error::Refusal;
use crate::machine::enlist::ENLISTED;
use crate::machine::machines;
use crate::site::events::{NewEvent, record_of_site};
use crate::site::settings;
use tables::error::TableError;
use tables::machines::EVENTS_OF_NODE;
use tables::read::{Reads, View};
use tables::update::{Cause, Tables, now};
use tables::views::machines::MachineKey;

/// How many of a machine's first events are looked at: the first one is that it was presented.
const EVENTS_MAX: usize = 8;

/// Forgets at most `limit` machines, one transaction each; returns how many it forgot.
///
/// # Errors
/// [`Refusal::Tables`].
pub async fn forget(tables: &Tables, limit: usize) -> Result<usize, Refusal> {
    let view = tables.stale_view().await?;
    let age_max = settings::read(&view, &PRESENTED_MACHINES_MAX_AGE)?;
    let is_over = |machine: &Machine| {
        let is_new = Status::of(&machine.lifecycle) == Status::New;
        is_new && is_given_up(machine.updated, now(), age_max)
    };
    let waiting = view.state().machines_with([&MachineKey::Status(Status::New)]);
    let over = waiting.into_iter().filter(|machine| is_over(machine));
    let mut forgotten = 0;
    for machine in over {
        if forgotten == limit {
            break;
        }
        if was_presented(&view, &machine.system_id)? {
            forgotten += usize::from(forget_one(tables, &machine.system_id, &is_over).await?);
        }
    }
    Ok(forgotten)
}

fn was_presented(view: &View, id: &SystemId) -> Result<bool, TableError> {
    for event in view.ids_by_after(&EVENTS_OF_NODE, id, None, EVENTS_MAX)? {
        if view.get::<Event>(&event)?.is_some_and(|event| event.kind == ENLISTED) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn forget_one(
    tables: &Tables,
    id: &SystemId,
    is_over: &(impl Fn(&Machine) -> bool + Sync),
) -> Result<bool, Refusal> {
    let cause = Cause::new("reconciler:presented", "machine.forget");
    tables
        .update(&cause, |tx| {
            // It may have been accepted, or come again.
            let Some(machine) = tx.get::<Machine>(id)?.filter(|machine| is_over(machine)) else {
                return Ok(false);
            };
            machines::remove(tx, &machine)?;
            let name = &machine.hostname;
            let description = format!("{name} ({id}) was presented and never accepted.");
            let (kind, level) = ("Node forgotten", EventLevel::Info);
            record_of_site(tx, NewEvent { kind, level, description })?;
            Ok(true)
        })
        .await
}

#[cfg(test)]
mod tests {
    use model::access::Actor;
    use model::time::Timestamp;
    use raft_store::Store;

    use super::*;
    use crate::access::users::NewUser;
    use crate::authorize::tests::administrator;
    use crate::cluster::bootstrap::bootstrap;
    use crate::machine::create::{CreateRequest, create};
    use crate::machine::enlist::NewMachine;

    const DAY_MS: u64 = 24 * 3600 * 1000;

    async fn made(tables: &Tables, actor: &Actor, number: u8, days_ago: u64) -> SystemId {
        let machine = NewMachine {
            hostname: Some(format!("waits-{number}")),
            architecture: "amd64/generic".to_owned(),
            macs: vec![model::mac::MacAddress([2, 0, 0, 0, 0, number])],
            ..NewMachine::default()
        };
        let request = CreateRequest { machine, ..CreateRequest::default() };
        let made = create(tables, actor, &request).await.expect("made");
        let updated = Timestamp::from_unix_ms(now().unix_ms - days_ago * DAY_MS);
        let cause = Cause::new("test", "machine.age");
        let aged = tables.update(&cause, |tx| tx.put(&Machine { updated, ..made.clone() }));
        aged.await.expect("aged");
        made.system_id
    }

    #[tokio::test]
    async fn machines_that_were_presented_and_never_accepted_are_forgotten() {
        let tables = Tables::new(Store::in_memory());
        let admin = NewUser { username: "admin".to_owned(), ..NewUser::default() };
        bootstrap(&tables, &admin).await.expect("a site");
        let old = made(&tables, &Actor::Anonymous, 1, 91).await;
        let young = made(&tables, &Actor::Anonymous, 2, 89).await;
        let wanted = made(&tables, &administrator(), 3, 400).await;
        let accepted = made(&tables, &Actor::Anonymous, 4, 400).await;
        let cause = Cause::new("test", "machine.accept");
        let accepting = tables.update(&cause, |tx| {
            let mut machine = tx.get::<Machine>(&accepted)?.expect("it is there");
            machine.lifecycle.phase = model::machine::lifecycle::Phase::Ready;
            tx.put(&machine)
        });
        accepting.await.expect("accepted");
        assert_eq!(forget(&tables, 9).await, Ok(1));
        assert_eq!(forget(&tables, 9).await, Ok(0));
        let view = tables.view().await.expect("a view");
        assert_eq!(view.get::<Machine>(&old), Ok(None));
        for stays in [young, wanted, accepted] {
            assert!(view.get::<Machine>(&stays).expect("readable").is_some(), "{stays}");
        }
        assert_eq!(
            view.list_by(&EVENTS_OF_NODE, &old).map(|left| left.len()),
            Ok(1),
            "its past stays"
        );
    }
}
