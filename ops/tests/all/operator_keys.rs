//! Keys for operators on the hosts of regions, who are nobody else's to ask for.

use model::access::Actor;
use ops::access::account::{key_for_operator, tokens};
use ops::access::users::{self, NewUser};
use ops::cluster::bootstrap;
use ops::error::Refusal;
use raft_store::Store;
use tables::update::Tables;

use crate::many::admin;

async fn tables() -> Tables {
    let tables = Tables::new(Store::in_memory());
    let first = NewUser { username: "admin".to_owned(), is_superuser: true, ..NewUser::default() };
    bootstrap::bootstrap(&tables, &first).await.unwrap();
    tables
}

#[tokio::test]
async fn an_operator_is_given_the_key_that_there_is_or_a_new_one() {
    let tables = tables().await;
    let region = Actor::Region(1);
    let (user, first) = key_for_operator(&tables, &region, None, None).await.unwrap();
    assert_eq!(user.username, "admin");
    let again = key_for_operator(&tables, &region, Some("admin"), None).await.unwrap().1;
    assert_eq!(again, first);
    let new = key_for_operator(&tables, &region, None, Some("laptop")).await.unwrap().1;
    assert_eq!((new.name.as_str(), new == first), ("laptop", false));

    let alice = NewUser { username: "alice".to_owned(), ..NewUser::default() };
    let alice = Actor::without_groups(users::create(&tables, &admin(), &alice).await.unwrap());
    assert!(tokens(&tables, &alice).await.unwrap().is_empty());
    let made = key_for_operator(&tables, &region, Some("alice"), None).await.unwrap().1;
    assert_eq!(tokens(&tables, &alice).await.unwrap(), [made]);
}

#[tokio::test]
async fn nobody_else_is_given_the_key_of_another() {
    let tables = tables().await;
    for actor in [admin(), Actor::Rack("rbezqh".parse().unwrap())] {
        let refused = key_for_operator(&tables, &actor, None, None).await;
        assert!(matches!(refused, Err(Refusal::Denied(_))), "{actor:?}: {refused:?}");
    }
    let region = Actor::Region(1);
    let nobody = key_for_operator(&tables, &region, Some("nobody"), None).await;
    assert!(matches!(nobody, Err(Refusal::NotFound { model: "User" })), "{nobody:?}");
}
