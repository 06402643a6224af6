//! Machines and devices: selected in memory, and only those of a page are made.

pub mod fields;
pub mod names;
pub mod timeline;

use std::sync::Arc;

use model::access::{Object, Permission, permits};
use model::id::SystemId;
use model::machine::Machine;
use model::machine::status::Status;
use model::query::Query;
use model::query::field::{Scalar, Subject};
use ops::background;
use ops::machine::devices;
use serde_json::{Map, Value, json};
use tables::read::{Reads, View};
use tables::views::machines::{MachineKey, Machines};
use tables::views::state::State;

use crate::list::listed::Listed;
use crate::list::query::ListQuery;
use crate::list::{self, Page};
use crate::machines::fields::FIELDS;
use crate::machines::names::Names;
use crate::members::{Form, Members};
use crate::problem::Problem;
use crate::request::Request;
use crate::rows::Rows;
use crate::times::Times;

/// How many nodes are looked at in one piece of work.
const PIECE: usize = 128;

/// Which nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nodes {
    /// Machines.
    Machines,
    /// Devices, in the form of machines.
    Devices,
}

/// A node as queries see it.
#[derive(Debug, Clone)]
pub struct Node {
    pub(crate) machine: Arc<Machine>,
    pub(crate) names: Arc<Names>,
    /// Whether who asks may read how it is switched.
    pub(crate) tells_power: bool,
}

impl Subject for Node {
    fn each(&self, field: usize, give: &mut dyn FnMut(Scalar<'_>)) {
        if let Some(field) = FIELDS.get(field) {
            (field.give)(self, give);
        }
    }
}

impl Listed for Node {
    fn key(&self) -> String {
        self.machine.system_id.to_string()
    }
}

impl Nodes {
    fn of(self, state: &State) -> &Machines {
        match self {
            Self::Machines => state.all_machines(),
            Self::Devices => state.devices(),
        }
    }

    fn is_seen(self, request: &Request, machine: &Machine) -> bool {
        let is_seen = |machine: &Machine| match self {
            Self::Machines => {
                let object = Object::of(machine);
                permits(&request.actor, Permission::ReadMachine, &object).is_ok()
            }
            Self::Devices => devices::is_seen(&request.actor, machine),
        };
        let now = request.present.as_ref();
        let now = now.and_then(|now| self.of(now.state()).get(&machine.system_id));
        is_seen(machine) && now.is_none_or(|now| is_seen(now))
    }

    /// All nodes that whoever asks may see, as a filter narrows them.
    fn seen(self, request: &Request, filter: &Query) -> Result<Vec<Node>, Problem> {
        let nodes = self.of(request.view.state());
        let names = Arc::new(Names::read(&request.view)?);
        let is_seen = |machine: &&Arc<Machine>| self.is_seen(request, machine);
        let node = |machine: &Arc<Machine>| Node {
            machine: Arc::clone(machine),
            names: Arc::clone(&names),
            tells_power: tells_power(request, machine),
        };
        Ok(match narrowed(filter) {
            Some(keys) => nodes.with(&keys).into_iter().filter(is_seen).map(node).collect(),
            None => nodes.all().filter(is_seen).map(node).collect(),
        })
    }

    /// The nodes that a filter means and whoever asks may see. A filter may be long, so some are looked at in a piece.
    async fn matching(self, request: &Request, filter: &Query) -> Result<Vec<Node>, Problem> {
        let mut left = self.seen(request, filter)?;
        let mut meant = Vec::new();
        while !left.is_empty() {
            let mut piece = left.split_off(left.len().saturating_sub(PIECE));
            let filter = filter.clone();
            let matching = background::run(move || {
                piece.retain(|node| filter.matches(node));
                piece
            });
            meant.extend(matching.await);
        }
        Ok(meant)
    }

    /// The page that is asked for.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn page(
        self,
        request: &Request,
        query: &ListQuery,
    ) -> Result<Page<Members>, Problem> {
        let nodes = self.matching(request, &query.filter).await?;
        let mut wanted = query.clone();
        wanted.filter = everything()?;
        let page = background::run(move || list::page(nodes, &wanted)).await;
        let Page { items, total, next, facets, groups } = page;
        let items = self.made(request, &items).await?;
        Ok(Page { items, total, next, facets, groups })
    }

    /// All of them as JSON: for few.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn all(self, request: &Request) -> Result<Vec<Value>, Problem> {
        let nodes = self.seen(request, &everything()?)?;
        self.made(request, &nodes).await
    }

    /// The node with that id, if whoever asks may see it.
    pub(crate) fn node(self, request: &Request, id: &str) -> Option<Node> {
        let id: SystemId = id.parse().ok()?;
        let machine = self.of(request.view.state()).get(&id)?;
        let names = Arc::new(Names::read(&request.view).ok()?);
        let tells_power = tells_power(request, machine);
        let node = Node { machine: Arc::clone(machine), names, tells_power };
        self.is_seen(request, machine).then_some(node)
    }

    /// The node with that id or name as JSON; none when there is none, or whoever asks may not see it.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn one(self, request: &Request, key: &str) -> Result<Vec<Value>, Problem> {
        let by_id = self.node(request, key);
        let by_name = || self.named(request, key).and_then(|id| self.node(request, &id));
        match by_id.or_else(by_name) {
            Some(node) => self.made(request, &[node]).await,
            None => Ok(Vec::new()),
        }
    }

    /// The id of the node with that name; none when none or several have it.
    fn named(self, request: &Request, name: &str) -> Option<String> {
        let names = Names::read(&request.view).ok()?;
        let only = self.only_called(request, &names, name)?;
        Some(only.system_id.to_string())
    }

    /// The node with that name; none when none or several have it.
    fn only_called(self, request: &Request, names: &Names, name: &str) -> Option<Arc<Machine>> {
        let label = name.split('.').next().unwrap_or_default().to_lowercase();
        let nodes = self.of(request.view.state());
        let found = nodes.with(&[MachineKey::Hostname(label.into())]);
        let is_meant = |machine: &&&Arc<Machine>| {
            !name.contains('.') || names.full(machine).eq_ignore_ascii_case(name)
        };
        let mut meant = found.iter().filter(is_meant);
        let only = meant.next().filter(|_| meant.next().is_none())?;
        Some(Arc::clone(only))
    }

    /// The ids and names of the nodes that a filter means and whoever asks may see, in the order of their ids.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn meant(
        self,
        request: &Request,
        filter: &Query,
    ) -> Result<Vec<(String, String)>, Problem> {
        let nodes = self.matching(request, filter).await?;
        let mut named: Vec<(String, String)> = nodes
            .iter()
            .map(|node| (node.machine.system_id.to_string(), node.machine.hostname.clone()))
            .collect();
        named.sort_unstable();
        Ok(named)
    }

    /// The node that was written at a revision, the last one of the view, if whoever asks may see it.
    ///
    /// # Errors
    /// [`Problem`].
    pub async fn written_at(
        self,
        request: &Request,
        rows: Rows,
        revision: u64,
    ) -> Result<Vec<Value>, Problem> {
        let is_it = |machine: &&Arc<Machine>| {
            let id = json!({ rows.id_field: machine.system_id });
            rows.revision(&request.view, &id) == Some(revision)
        };
        let found = self.of(request.view.state()).all().find(is_it).map(|it| it.system_id.clone());
        match found {
            Some(id) => self.one(request, id.as_str()).await,
            None => Ok(Vec::new()),
        }
    }

    /// The ids and names of the nodes with these ids or names; none for one that there is not, that several have, or that
    /// whoever asks may not see.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn called(
        self,
        request: &Request,
        keys: &[String],
    ) -> Result<Vec<Option<(String, String)>>, Problem> {
        let names = Names::read(&request.view)?;
        let nodes = self.of(request.view.state());
        let found = |key: &String| {
            let by_id = key.parse::<SystemId>().ok().and_then(|id| nodes.get(&id).cloned());
            let machine = by_id.or_else(|| self.only_called(request, &names, key))?;
            let is_seen = self.is_seen(request, &machine);
            is_seen.then(|| (machine.system_id.to_string(), machine.hostname.clone()))
        };
        Ok(keys.iter().map(found).collect())
    }

    /// When a node was made and changed.
    pub(crate) fn times(self, view: &View, object: &Map<String, Value>) -> Option<Times> {
        let id: SystemId = object.get("system_id")?.as_str()?.parse().ok()?;
        self.of(view.state()).get(&id).map(|machine| Times::from(&**machine))
    }

    async fn made<F: Form>(self, request: &Request, nodes: &[Node]) -> Result<Vec<F>, Problem> {
        let ids = nodes.iter().map(|node| node.machine.system_id.clone()).collect();
        let tables = &request.parts.tables;
        Ok(match self {
            Self::Machines => rest::machine::shape::of_ids(tables, ids, F::of).await?,
            Self::Devices => rest::machine::device_shape::of_ids(tables, ids, F::of).await?,
        })
    }
}

/// The filter that means all.
fn everything() -> Result<Query, Problem> {
    let everything = Query::parse("", &[], model::time::Timestamp::default());
    everything.map_err(|error| Problem::new(500, error.to_string()))
}

/// Whether who asks may read the power parameters of a machine.
fn tells_power(request: &Request, machine: &Machine) -> bool {
    permits(&request.actor, Permission::ReadMachineSecrets, &Object::of(machine)).is_ok()
}

/// The keys of nodes that a filter can mean; none when it may mean any.
fn narrowed(filter: &Query) -> Option<Vec<MachineKey>> {
    filter.exact_words().into_iter().find_map(|(field, words)| {
        let key = FIELDS.get(field)?.key?;
        words.iter().map(|word| key(word)).collect()
    })
}

/// The status that a word in lower case names.
pub(crate) fn status_of(word: &str) -> Option<Status> {
    Status::ALL.iter().copied().find(|status| status.filter_name() == word)
}
