//! Deliveries to receivers on loopback: signed, in order, again after failures and by the next leader, and given up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use model::access::Actor;
use model::event::EventLevel;
use model::id::WebhookId;
use model::notification::Notification;
use model::secret::Secret;
use model::user::User;
use model::webhook::{DeadLetter, Patience, Tells, Webhook, WebhookProgress};
use model::zone::AvailabilityZone;
use native::webhooks::deliver::Teller;
use native::webhooks::sign::signature;
use ops::access::users::NewUser;
use ops::cluster::bootstrap;
use ops::machine::naming::Naming;
use ops::site::events::{EventQuery, list as list_events};
use ops::site::groups;
use ops::site::webhook_deliveries::begin;
use ops::site::webhooks::{self, WebhookChange};
use raft_store::Store;
use region::reconcile::webhooks::{Delivered, Webhooks};
use rest::call::Parts;
use serde_json::{Value, json};
use tables::read::{Reads, View};
use tables::row::prefix;
use tables::update::Tables;
use tables::webhooks::DEAD_LETTERS_OF_WEBHOOK;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a receiver does with a delivery.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Status(u16),
    Never,
}

/// A receiver that answers as it is told, and with 200 when it is told no more.
struct Receiver {
    url: String,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    received: mpsc::UnboundedReceiver<(HeaderMap, String)>,
    _serving: JoinSet<()>,
}

impl Receiver {
    async fn start(answers: &[Answer]) -> Self {
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        let (sender, received) = mpsc::unbounded_channel();
        let known = Arc::clone(&answers);
        let receive = move |headers: HeaderMap, body: String| {
            let answer = known.lock().unwrap().pop_front().unwrap_or(Answer::Status(200));
            sender.send((headers, body)).unwrap();
            async move {
                match answer {
                    Answer::Status(status) => StatusCode::from_u16(status).unwrap(),
                    Answer::Never => std::future::pending().await,
                }
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        let router = Router::new().route("/", post(receive));
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, answers, received, _serving: serving }
    }

    /// The next delivery, with its name, when its signature is right.
    async fn next(&mut self) -> (String, Value) {
        let (headers, body) = self.received.recv().await.unwrap();
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        let at = header("webhook-timestamp").parse().unwrap();
        let secret = Secret::from(SECRET.to_owned());
        let made = signature(&secret, &header("webhook-id"), at, body.as_bytes());
        assert_eq!(Some(header("webhook-signature")), made);
        (header("webhook-id"), serde_json::from_str(&body).unwrap())
    }
}

struct Site {
    webhooks: Webhooks,
    admin: Actor,
}

impl Site {
    async fn start() -> Self {
        let tables = Tables::new(Store::in_memory());
        let admin = NewUser {
            username: "admin".to_owned(),
            email: "admin@example.com".to_owned(),
            is_superuser: true,
            ..NewUser::default()
        };
        bootstrap::bootstrap(&tables, &admin).await.unwrap();
        let admin = tables.view().await.unwrap().list::<User>().unwrap();
        let admin = Actor::without_groups(admin.into_iter().next().unwrap());
        let webhooks = Webhooks {
            tables: tables.clone(),
            teller: Teller::new(Parts::new(tables)),
            patience: Patience { first_ms: 1, longest_ms: 4, attempts: 3, dead_in_a_row: 2 },
            delivered: Delivered::default(),
        };
        Self { webhooks, admin }
    }

    fn tables(&self) -> &Tables {
        &self.webhooks.tables
    }

    async fn hook(&self, name: &str, receiver: &Receiver) -> WebhookId {
        let change = WebhookChange {
            name: Some(name.to_owned()),
            url: Some(receiver.url.clone()),
            secret: Some(Secret::from(SECRET.to_owned())),
            resources: Some(vec!["zones".to_owned()]),
            allow_internal: Some(true),
            ..WebhookChange::default()
        };
        webhooks::create(self.tables(), &self.admin, &change).await.unwrap().webhook.id
    }

    async fn zone(&self, name: &str) {
        let naming = Naming { name: Some(name.to_owned()), description: None };
        let made = groups::create::<AvailabilityZone>(self.tables(), &self.admin, &naming);
        made.await.unwrap();
    }

    /// Does something while this node leads.
    async fn leading<T>(&self, doing: impl Future<Output = T>) -> T {
        tokio::select! {
            () = self.webhooks.lead() => unreachable!("it leads until it is dropped"),
            done = doing => done,
        }
    }

    async fn progress(&self, id: WebhookId) -> WebhookProgress {
        self.tables().view().await.unwrap().get::<WebhookProgress>(&id).unwrap().unwrap()
    }

    /// Waits until what is known of a hook is as expected.
    async fn until(&self, id: WebhookId, is_so: impl Fn(&View) -> bool) {
        let prefixes =
            vec![prefix::<WebhookProgress>(), prefix::<DeadLetter>(), prefix::<Webhook>()];
        let mut watch = self.tables().store().watch(prefixes, 0).await.unwrap();
        loop {
            let view = self.tables().view().await.unwrap();
            if is_so(&view) {
                return;
            }
            watch.next().await.unwrap_or_else(|error| panic!("webhook {id}: {error}"));
        }
    }
}

fn names(body: &Value) -> Vec<Value> {
    let changes = body["data"]["changes"].as_array().unwrap();
    changes.iter().map(|change| change["object"]["name"].clone()).collect()
}

#[tokio::test]
async fn changes_arrive_signed_and_in_order() {
    let (site, mut receiver) = (Site::start().await, Receiver::start(&[]).await);
    let id = site.hook("chat", &receiver).await;
    site.leading(async {
        site.zone("attic").await;
        let (first, body) = receiver.next().await;
        assert_eq!((&body["type"], names(&body)), (&json!("change"), vec![json!("attic")]));
        assert_eq!(body["data"]["changes"][0]["change"], "put");
        site.zone("cellar").await;
        let (second, body) = receiver.next().await;
        assert_eq!(names(&body), [json!("cellar")]);
        assert_ne!(first, second);
        let through = body["data"]["revision"].as_u64().unwrap();
        site.until(id, |view| {
            let progress = view.get::<WebhookProgress>(&id).unwrap().unwrap();
            progress.revision == through && progress.sending.is_none()
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_next_leader_sends_the_same_delivery_again_and_goes_on() {
    let (site, mut receiver) = (Site::start().await, Receiver::start(&[Answer::Never]).await);
    site.hook("chat", &receiver).await;
    let (first, told) = site
        .leading(async {
            site.zone("attic").await;
            receiver.next().await
        })
        .await;
    // It arrived, and the leader was gone before it knew.
    site.zone("cellar").await;
    site.leading(async {
        let (again, body) = receiver.next().await;
        assert_eq!((&again, &body), (&first, &told));
        let (next, body) = receiver.next().await;
        assert_eq!(names(&body), [json!("cellar")]);
        assert_ne!(next, first);
        assert_eq!(body["data"]["since"], told["data"]["revision"]);
    })
    .await;
}

#[tokio::test]
async fn the_next_leader_knows_how_often_it_failed() {
    let answers = [Answer::Status(500), Answer::Status(302)];
    let (site, mut receiver) = (Site::start().await, Receiver::start(&answers).await);
    let id = site.hook("chat", &receiver).await;
    let failed = |view: &View, attempts| {
        let progress = view.get::<WebhookProgress>(&id).unwrap().unwrap();
        progress.sending.is_some_and(|sending| sending.attempts >= attempts)
    };
    site.leading(async {
        site.zone("attic").await;
        receiver.next().await;
        site.until(id, |view| failed(view, 1)).await;
    })
    .await;
    let sending = site.progress(id).await.sending.unwrap();
    assert!(sending.error.contains("500"), "{}", sending.error);
    assert!(sending.not_before > sending.made);
    site.leading(async {
        receiver.next().await;
        site.until(id, |view| view.get::<WebhookProgress>(&id).unwrap().unwrap().sending.is_none())
            .await;
    })
    .await;
    assert_eq!(site.progress(id).await.dead_in_a_row, 0);
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_holds_nobody_else_up() {
    let site = Site::start().await;
    let (slow, mut quick) = (Receiver::start(&[Answer::Never]).await, Receiver::start(&[]).await);
    site.hook("slow", &slow).await;
    site.hook("quick", &quick).await;
    site.leading(async {
        for name in ["attic", "cellar", "garden"] {
            site.zone(name).await;
            assert_eq!(names(&quick.next().await.1), [json!(name)]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_fails_for_good_is_kept_and_told_and_the_hook_is_disabled_in_the_end() {
    let (site, mut receiver) =
        (Site::start().await, Receiver::start(&[Answer::Status(500); 6]).await);
    let id = site.hook("chat", &receiver).await;
    let letters = async || webhooks::dead_letters(site.tables(), &site.admin, id).await.unwrap();
    site.leading(async {
        site.zone("attic").await;
        site.until(id, |view| !view.list_by(&DEAD_LETTERS_OF_WEBHOOK, &id).unwrap().is_empty())
            .await;
        assert!(site.tables().view().await.unwrap().get::<Webhook>(&id).unwrap().unwrap().enabled);
        site.zone("cellar").await;
        site.until(id, |view| !view.get::<Webhook>(&id).unwrap().unwrap().enabled).await;
    })
    .await;
    let dead = letters().await;
    assert_eq!(dead.iter().map(|letter| letter.delivery.attempts).collect::<Vec<_>>(), [3, 3]);
    let wanted = EventQuery { limit: 9, level: Some(EventLevel::Warning), ..EventQuery::default() };
    let events = list_events(site.tables(), &site.admin, &wanted).await.unwrap();
    let mut kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Webhook delivery failed", "Webhook delivery failed", "Webhook disabled"]);
    let told = site.tables().view().await.unwrap().list::<Notification>().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].admins && told[0].message.contains("chat was disabled"), "{told:?}");
    let enabled = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    webhooks::update(site.tables(), &site.admin, id, &enabled).await.unwrap();
    assert!(receiver.answers.lock().unwrap().is_empty());
    while receiver.received.try_recv().is_ok() {}
    let name = dead[0].delivery.name(id);
    webhooks::retry(site.tables(), &site.admin, id, Some(&name)).await.unwrap();
    site.leading(async {
        let (again, body) = receiver.next().await;
        assert_eq!((again, names(&body)), (name, vec![json!("attic")]));
        site.until(id, |view| view.list_by(&DEAD_LETTERS_OF_WEBHOOK, &id).unwrap().len() == 1)
            .await;
    })
    .await;
    assert_eq!(letters().await[0].delivery.through, dead[1].delivery.through);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_not_asked_again() {
    let (site, receiver) = (Site::start().await, Receiver::start(&[Answer::Status(410)]).await);
    let id = site.hook("chat", &receiver).await;
    site.leading(async {
        site.zone("attic").await;
        site.until(id, |view| !view.get::<Webhook>(&id).unwrap().unwrap().enabled).await;
    })
    .await;
    let found = webhooks::get(site.tables(), &site.admin, id).await.unwrap();
    assert!(found.webhook.disabled_because.unwrap().contains("410"));
    assert!(found.progress.unwrap().sending.is_some(), "it is sent when the hook is enabled again");
}

#[tokio::test]
async fn a_hook_whose_history_is_gone_is_told_to_read_everything_again() {
    let (site, mut receiver) = (Site::start().await, Receiver::start(&[]).await);
    let id = site.hook("chat", &receiver).await;
    site.zone("attic").await;
    let (after, through) = {
        let through = site.tables().view().await.unwrap().revision();
        (site.progress(id).await.revision, through)
    };
    begin(site.tables(), id, after, through, Tells::Reset).await.unwrap();
    site.leading(async {
        let (_, body) = receiver.next().await;
        assert_eq!(body["type"], "reset");
        assert_eq!(body["data"], json!({ "since": after, "revision": through }));
        site.zone("cellar").await;
        assert_eq!(names(&receiver.next().await.1), [json!("cellar")]);
    })
    .await;
}
