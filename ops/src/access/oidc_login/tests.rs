//! Who becomes which user, and who does not.

use std::time::Duration;

use model::access::Permission;
use model::entitlement::Entitlements;
use raft_store::Store;
use serde_json::json;

use super::*;
use crate::access::entitlements::actor_of;
use crate::access::oidc_providers::{self, OidcProviderChange};
use crate::access::usergroups::UserGroupChange;
use crate::access::{sessions, usergroups};
use crate::authorize::tests::administrator;

async fn with_provider() -> (Tables, OidcProvider) {
    let tables = Tables::new(Store::in_memory());
    let text = |text: &str| Some(text.to_owned());
    let change = OidcProviderChange {
        name: text("corp"),
        issuer_url: text("https://id.example.com"),
        client_id: text("maas"),
        client_secret: Some("hush".into()),
        redirect_uri: text("https://maas.example.com/MAAS/r/login/oidc/callback"),
        admin_groups: Some(vec!["admins".to_owned()]),
        user_groups: Some(vec!["staff".to_owned()]),
        ..OidcProviderChange::default()
    };
    let provider = oidc_providers::create(&tables, &administrator(), &change).await.unwrap();
    (tables, provider)
}

async fn come(
    (tables, provider): &(Tables, OidcProvider),
    subject: &str,
    claims: Value,
) -> Result<User, NotAdmitted> {
    let claims = claims.as_object().unwrap();
    let issuer = "https://id.example.com";
    admit(tables, &Person { provider, issuer, subject, claims, source: &Source::default() }).await
}

#[tokio::test]
async fn somebody_is_the_same_user_whatever_it_is_called_and_has_the_rights_of_today() {
    let site = with_provider().await;
    let claims = json!({ "preferred_username": "anna", "email": "anna@x.y", "groups": ["staff"] });
    let anna = come(&site, "1", claims).await.unwrap();
    assert_eq!((anna.username.as_str(), anna.email.as_str()), ("anna", "anna@x.y"));
    assert!(!anna.is_superuser && anna.password_hash.is_none());

    let promoted = json!({ "preferred_username": "anna.new", "groups": ["staff", "admins"] });
    let again = come(&site, "1", promoted).await.unwrap();
    assert_eq!((again.id, again.username.as_str(), again.is_superuser), (anna.id, "anna", true));
    let demoted = come(&site, "1", json!({ "groups": ["staff"] })).await.unwrap();
    assert!(!demoted.is_superuser);
    // The same subject of another issuer is somebody else.
    let (tables, provider) = &site;
    let claims = json!({ "preferred_username": "anna", "groups": ["admins"] });
    let issuer = "https://other.example.com";
    let claims = claims.as_object().unwrap();
    let other = Person { provider, issuer, subject: "1", claims, source: &Source::default() };
    assert_eq!(admit(tables, &other).await, Err(NotAdmitted::NameTaken("anna".to_owned())));
}

#[tokio::test]
async fn an_account_that_is_there_is_not_taken_over() {
    let site = with_provider().await;
    let local = NewUser { username: "root".to_owned(), is_superuser: true, ..NewUser::default() };
    users::create(&site.0, &administrator(), &local).await.unwrap();
    let claims = json!({ "preferred_username": "root", "email": "root@x.y", "groups": ["admins"] });
    assert_eq!(come(&site, "7", claims).await, Err(NotAdmitted::NameTaken("root".to_owned())));
    assert_eq!(site.0.view().await.unwrap().list::<ExternalIdentity>().unwrap(), []);
}

#[tokio::test]
async fn who_is_in_no_group_any_more_loses_rights_and_sessions() {
    let site = with_provider().await;
    let claims = json!({ "preferred_username": "anna", "groups": ["admins"] });
    let anna = come(&site, "1", claims).await.unwrap();
    let hour = Duration::from_secs(3_600);
    let begun = sessions::begin_external(&site.0, &anna, None, None, hour).await.unwrap();
    assert_eq!(come(&site, "1", json!({ "groups": [] })).await, Err(NotAdmitted::NoGroup));
    assert_eq!(sessions::find(&site.0, begun.cookie.expose()).await, Ok(None));
    let left = users::get(&site.0, &administrator(), "anna").await.unwrap();
    assert!(!left.is_superuser);
    assert_eq!(
        come(&site, "2", json!({ "preferred_username": "ben" })).await,
        Err(NotAdmitted::NoGroup)
    );
    assert!(users::get(&site.0, &administrator(), "ben").await.is_err(), "nobody was made");
}

#[tokio::test]
async fn who_is_no_administrator_any_more_keeps_nothing_by_their_group() {
    let site = with_provider().await;
    let (tables, _) = &site;
    // A change of groups begins with the first ones.
    let web = UserGroupChange { name: Some("web".to_owned()), ..UserGroupChange::default() };
    usergroups::create(tables, &administrator(), &web).await.unwrap();
    let claims = |group: &str| json!({ "preferred_username": "anna", "groups": [group] });
    let anna = come(&site, "1", claims("admins")).await.unwrap();
    let given = async || match actor_of(
        tables,
        users::get(tables, &administrator(), "anna").await.unwrap(),
    )
    .await
    {
        Ok(Some(Actor::User(_, given))) => Entitlements::clone(&given),
        other => panic!("no user: {other:?}"),
    };
    assert!(anna.is_superuser);
    come(&site, "1", claims("staff")).await.unwrap();
    assert_eq!(given().await, Entitlements::of_everybody());
    come(&site, "1", claims("admins")).await.unwrap();
    assert_eq!(come(&site, "1", claims("other")).await, Err(NotAdmitted::NoGroup));
    assert_eq!(given().await, Entitlements::of_everybody());
    // What an operator said of it since stays.
    let users_group = usergroups::list(tables, &administrator()).await.unwrap()[1].id;
    usergroups::remove_member(tables, &administrator(), users_group, "anna").await.unwrap();
    come(&site, "1", claims("admins")).await.unwrap();
    come(&site, "1", claims("staff")).await.unwrap();
    assert_eq!(given().await, Entitlements::default());
}

#[tokio::test]
async fn who_has_no_name_or_one_that_cannot_be_is_refused() {
    let site = with_provider().await;
    assert_eq!(come(&site, "1", json!({ "groups": ["staff"] })).await, Err(NotAdmitted::NoName));
    let odd = json!({ "preferred_username": "a b\n", "groups": ["staff"] });
    assert_eq!(come(&site, "1", odd).await, Err(NotAdmitted::WrongName("a b".to_owned())));
    let mail = json!({ "email": "anna@x.y", "groups": "staff" });
    assert_eq!(come(&site, "1", mail).await.unwrap().username, "anna@x.y");
}

#[tokio::test]
async fn a_user_that_was_deleted_comes_back_as_another_one() {
    let site = with_provider().await;
    let claims = json!({ "preferred_username": "anna", "groups": ["staff"] });
    let first = come(&site, "1", claims.clone()).await.unwrap();
    users::delete(&site.0, &administrator(), "anna", None).await.unwrap();
    assert_eq!(site.0.view().await.unwrap().list::<ExternalIdentity>().unwrap(), []);
    let second = come(&site, "1", claims).await.unwrap();
    assert_ne!(first.id, second.id);
}

#[tokio::test]
async fn a_login_comes_back_once() {
    let (tables, _) = with_provider().await;
    let state = Secret::from("state");
    assert_eq!(return_once(&tables, &state).await, Ok(true));
    assert_eq!(return_once(&tables, &state).await, Ok(false));
    assert_eq!(return_once(&tables, &Secret::from("another")).await, Ok(true));
}

#[tokio::test]
async fn one_provider_is_enabled_and_only_administrators_see_any() {
    let (tables, provider) = with_provider().await;
    let on = OidcProviderChange { enabled: Some(true), ..OidcProviderChange::default() };
    oidc_providers::update(&tables, &administrator(), provider.id, &on).await.unwrap();
    let refused = oidc_providers::delete(&tables, &administrator(), provider.id).await;
    assert!(refused.unwrap_err().to_string().contains("currently enabled"));
    let second = OidcProviderChange {
        name: Some("other".to_owned()),
        issuer_url: Some(provider.issuer_url.clone()),
        client_id: Some(provider.client_id.clone()),
        client_secret: Some(provider.client_secret.clone()),
        redirect_uri: Some(provider.redirect_uri.clone()),
        ..on.clone()
    };
    let refused = oidc_providers::create(&tables, &administrator(), &second).await.unwrap_err();
    assert!(refused.to_string().starts_with("An enabled provider already exists."));
    let same = OidcProviderChange { name: Some("corp".to_owned()), enabled: None, ..second };
    let refused = oidc_providers::create(&tables, &administrator(), &same).await.unwrap_err();
    assert_eq!(refused.to_string(), "An OIDC provider with the same name already exists.");
    let denied = oidc_providers::list(&tables, &Actor::Anonymous).await;
    assert!(
        matches!(denied, Err(Refusal::Denied(denied)) if denied.permission == Permission::ManageSuperusers)
    );
}
