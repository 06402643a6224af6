//! A region in memory with objects of every kind, and those who ask it.

use axum::Router;
use axum::body::Body;
use http::request::Builder;
use http::{Request as HttpRequest, StatusCode, header};
use http_body_util::BodyExt;
use model::access::Actor;
use model::id::UserId;
use model::user::{ApiToken, TokenOwner, User};
use ops::access::users::NewUser;
use ops::access::{account, users};
use ops::cluster::bootstrap;
use raft_store::Store;
use raft_store::read::{Consistency, ReadView};
use rest::call::Parts;
use rest::native;
use rest::operation::{Method, Operation};
use rest::router::{ROOT, collapse_slashes, router};
use serde_json::Value;
use tables::read::{Reads, View};
use tables::update::Tables;
use tower::ServiceExt;

use super::found::Found;
use super::requests::{Answer, Form, Request, Rooted};
use super::roles::Role;
use super::secrets::Secrets;
use super::stock;

const BOUNDARY: &str = "boundary-of-parts";

/// A region in memory.
pub(crate) struct Site {
    pub(crate) tables: Tables,
    router: Router,
    keys: Vec<(Role, ApiToken)>,
    /// The users that ask.
    pub(crate) users: Vec<(Role, UserId)>,
    /// Every action, below its root.
    pub(crate) actions: Vec<Rooted>,
    /// What there is.
    pub(crate) found: Found,
    /// What must not be told.
    pub(crate) secrets: Secrets,
    nonce: u64,
}

impl Site {
    /// A region with objects of every kind.
    pub(crate) async fn new() -> Self {
        let tables = Tables::new(Store::in_memory());
        let admin = NewUser {
            username: name_of(Role::Superuser),
            email: "admin@example.com".to_owned(),
            is_superuser: true,
            ..NewUser::default()
        };
        let key = bootstrap::bootstrap(&tables, &admin).await.expect("a new store takes it");
        let TokenOwner::User(id) = key.owner else { panic!("the first key is a user's") };
        let mut site = Self {
            router: router(Parts::new(tables.clone())),
            tables,
            keys: vec![(Role::Superuser, key)],
            users: vec![(Role::Superuser, id)],
            actions: actions(),
            found: Found::default(),
            secrets: Secrets::default(),
            nonce: 0,
        };
        let admin = site.tables.view().await.ok().and_then(|view| view.get::<User>(&id).ok()?);
        let admin = Actor::without_groups(admin.expect("it was made"));
        for role in [Role::Owner, Role::Other] {
            let wanted = NewUser { username: name_of(role), ..NewUser::default() };
            let user = users::create(&site.tables, &admin, &wanted).await.expect("a new name");
            let id = user.id;
            let key =
                account::create_token(&site.tables, &Actor::without_groups(user), "fuzz").await;
            site.users.push((role, id));
            site.keys.push((role, key.expect("a user has few keys")));
        }
        for (role, path, form) in stock::FORMS {
            site.make(*role, path, form).await;
        }
        let users: Vec<UserId> = site.users.iter().map(|(_, id)| *id).collect();
        let of_machine = stock::write(&site.tables, &users).await;
        site.keys.push((Role::Machine, of_machine));
        site.know_keys().await;
        site
    }

    /// The user that somebody is.
    pub(crate) fn user(&self, role: Role) -> Option<UserId> {
        self.users.iter().find(|(other, _)| *other == role).map(|(_, id)| *id)
    }

    /// The tables as they are now.
    pub(crate) async fn view(&self) -> View {
        self.tables.view().await.expect("a store in memory can be read")
    }

    /// The store as it is now.
    pub(crate) async fn read(&self) -> ReadView {
        let read = self.tables.store().read(Consistency::Stale).await;
        read.expect("a store in memory can be read")
    }

    /// The revision of the store.
    pub(crate) async fn revision(&self) -> u64 {
        self.read().await.revision()
    }

    /// Looks up what there is, as an administrator.
    pub(crate) async fn survey(&mut self) {
        let lists: Vec<Rooted> = self
            .actions
            .iter()
            .filter(|(_, action)| action.method == Method::Get && action.op.is_none())
            .filter(|(_, action)| !action.path.contains('{') && action.path != "describe/")
            .copied()
            .collect();
        self.found = Found::default();
        for (root, action) in lists {
            let answer = self.plain(Role::Superuser, action, root).await;
            let resource = action.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            self.found.take_in(resource, &json_of(&answer));
        }
        self.know_keys().await;
    }

    /// Takes in what came back: what was made is named by later requests.
    pub(crate) fn note(&mut self, request: &Request, answer: &Answer) {
        if answer.status == 200 && request.action.method == Method::Post {
            let resource = request.action.path.split('/').next().unwrap_or_default();
            self.found.take_in(resource, &json_of(answer));
        }
    }

    /// Which keys there are: a secret of a key that was made meanwhile is one, too.
    pub(crate) async fn know_keys(&mut self) {
        let view = self.view().await;
        let keys = view.list::<ApiToken>().expect("rows can be read");
        for key in keys {
            let owner = match key.owner {
                TokenOwner::User(id) => {
                    view.get::<User>(&id).ok().flatten().map(|user| user.username)
                }
                TokenOwner::Machine(_) => None,
            };
            let secret = key.secret.expose().clone();
            if !self.secrets.keys.iter().any(|(_, known)| *known == secret) {
                self.secrets.keys.push((owner, secret));
            }
        }
    }

    /// Asks without any parameters.
    async fn plain(&mut self, role: Role, action: Operation, root: &str) -> Answer {
        let path = format!("{root}{}", action.path);
        let request =
            Request { role, action, path, op: None, params: Vec::new(), form: Form::Query };
        self.send(&request).await
    }

    /// Sends a request.
    pub(crate) async fn send(&mut self, request: &Request) -> Answer {
        let (content_type, query, body) = encoded(request);
        let mut uri = request.path.clone();
        if !query.is_empty() {
            uri = format!("{uri}?{query}");
        }
        let built = HttpRequest::builder().method(request.action.method.name()).uri(uri);
        let built = match content_type {
            Some(content_type) => built.header(header::CONTENT_TYPE, content_type),
            None => built,
        };
        self.deliver(request.role, built, body).await
    }

    /// Makes an object by a form.
    ///
    /// # Panics
    /// When it is refused.
    pub(crate) async fn make(&mut self, role: Role, path: &str, form: &[(&str, &str)]) {
        // Every other part is a file, which is what files want.
        let pairs = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let built = HttpRequest::post(format!("{ROOT}{path}"));
        let (built, body) = if path == "files/" {
            let body = parts(&pairs.collect::<Vec<_>>());
            (built.header(header::CONTENT_TYPE, content_type), body)
        } else {
            let body = serde_urlencoded::to_string(form).unwrap_or_default().into_bytes();
            (built.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"), body)
        };
        let answer = self.deliver(role, built, body).await;
        assert!(answer.status < 300, "{path} {form:?}: {} {}", answer.status, answer.text);
    }

    async fn deliver(&mut self, role: Role, request: Builder, body: Vec<u8>) -> Answer {
        self.nonce += 1;
        let key = self.keys.iter().find(|(other, _)| *other == role);
        let request = match key {
            Some((_, key)) => request.header(header::AUTHORIZATION, authorization(key, self.nonce)),
            None => request,
        };
        let Ok(request) = request.body(Body::from(body)) else {
            // No such request can be sent: its path is too long.
            return Answer { status: StatusCode::URI_TOO_LONG.as_u16(), text: String::new() };
        };
        let sent = self.router.clone().oneshot(collapse_slashes(request)).await;
        let (head, body) = sent.unwrap_or_else(|never| match never {}).into_parts();
        let body = body.collect().await.expect("a list that was begun can be ended").to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { status: head.status.as_u16(), text }
    }
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.text).unwrap_or(Value::Null)
}

fn name_of(role: Role) -> String {
    role.username().unwrap_or_default().to_owned()
}

/// Every action there is, below its root.
fn actions() -> Vec<Rooted> {
    let of_maas = rest::operations().into_iter().map(|action| (ROOT, action));
    of_maas.chain(native::operations().into_iter().map(|action| (native::ROOT, action))).collect()
}

/// The content type, the query and the body of a request.
fn encoded(request: &Request) -> (Option<String>, String, Vec<u8>) {
    let op = request.op.iter().map(|op| ("op".to_owned(), op.clone()));
    let text =
        |pairs: Vec<(String, String)>| serde_urlencoded::to_string(pairs).unwrap_or_default();
    let params = request.params.clone();
    if request.form == Form::Query {
        return (None, text(op.chain(params).collect()), Vec::new());
    }
    let query = text(op.collect());
    let (content_type, body) = match request.form {
        Form::Query | Form::Urlencoded => {
            ("application/x-www-form-urlencoded".to_owned(), text(params).into_bytes())
        }
        Form::Multipart => (format!("multipart/form-data; boundary={BOUNDARY}"), parts(&params)),
        Form::Json => {
            let fields: serde_json::Map<String, Value> =
                params.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
            ("application/json".to_owned(), Value::Object(fields).to_string().into_bytes())
        }
        Form::Bytes => ("application/octet-stream".to_owned(), text(params).into_bytes()),
    };
    (Some(content_type), query, body)
}

/// A form of parts; every other value is a file.
fn parts(params: &[(String, String)]) -> Vec<u8> {
    let mut body = String::new();
    for (at, (name, value)) in params.iter().enumerate() {
        let name = name.replace(['"', '\r', '\n'], "_");
        let file = if at % 2 == 1 { "; filename=\"f\"" } else { "" };
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        );
        body += value;
        body += "\r\n";
    }
    body += &format!("--{BOUNDARY}--\r\n");
    body.into_bytes()
}

fn authorization(key: &ApiToken, nonce: u64) -> String {
    let now = tables::update::now().unix_ms / 1000;
    format!(
        "OAuth oauth_version=\"1.0\", oauth_nonce=\"{nonce}\", oauth_timestamp=\"{now}\", \
         oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{}\", oauth_token=\"{}\", \
         oauth_signature=\"%26{}\"",
        key.consumer_key,
        key.key,
        key.secret.expose()
    )
}
