//! Carries out a plan, object by object. What fails because of what is still to be done is tried again after it; what fails for
//! good is told, and the rest is done all the same, so that the same file can be applied again.

use http::Method;
use serde_json::{Map, Value, json};

use crate::cli::failure::Failure;
use crate::cli::native::change::Change;
use crate::cli::site::api::{self, SiteApi};
use crate::cli::site::document::is_empty;
use crate::cli::site::kind::{self, Field, Fields, Form, Kind, Verb};
use crate::cli::site::live::{Live, Object};
use crate::cli::site::plan::{Act, Plan, Step, is_as_wanted};

/// What came of a plan.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// How many steps were done.
    pub(crate) done: usize,
    /// Those that were not, and why.
    pub(crate) failed: Vec<(String, Failure)>,
}

/// Carries out a plan, and tells of each step that was done.
pub(crate) async fn carry_out(
    api: &impl SiteApi,
    live: &mut Live,
    plan: &Plan,
    told: &mut impl FnMut(&Step),
) -> Applied {
    let mut applied = Applied::default();
    let mut left: Vec<&Step> = plan.steps.iter().collect();
    loop {
        let mut failed: Vec<(&Step, Failure)> = Vec::new();
        let before = applied.done;
        let mut steps = left.into_iter();
        for step in steps.by_ref() {
            match one(api, live, step).await {
                Ok(()) => {
                    applied.done += 1;
                    told(step);
                }
                Err(failure) => {
                    let is_hopeless =
                        matches!(failure, Failure::Unavailable(_) | Failure::Denied(_));
                    failed.push((step, failure));
                    if is_hopeless {
                        break;
                    }
                }
            }
        }
        let is_stopped = steps.len() > 0;
        if failed.is_empty() || is_stopped || applied.done == before {
            let named = |(step, failure): (&Step, Failure)| (step.title(), failure);
            applied.failed.extend(failed.into_iter().map(named));
            let not_asked = || Failure::Unavailable("it was not tried any more".to_owned());
            applied.failed.extend(steps.map(|step| (step.title(), not_asked())));
            return applied;
        }
        left = failed.into_iter().map(|(step, _)| step).collect();
    }
}

async fn one(api: &impl SiteApi, live: &mut Live, step: &Step) -> Result<(), Failure> {
    let kind = step.kind;
    let object = live.find(kind.name, &step.name).cloned();
    match (&step.act, object) {
        (Act::Delete, None) => Ok(()),
        (Act::Delete, Some(object)) => delete(api, live, kind, &object).await,
        (Act::Create(wanted), object) => {
            let object = match object {
                // It came with another one, as a fabric's first VLAN does.
                Some(object) => object,
                None => create(api, live, kind, wanted).await?,
            };
            change(api, live, kind, object, wanted).await
        }
        (Act::Change(_), None) => Err(Failure::NotFound("it is not there".to_owned())),
        (Act::Change(differences), Some(object)) => {
            let after = differences.iter().map(|it| (it.field.to_owned(), it.after.clone()));
            change(api, live, kind, object, &after.collect()).await
        }
    }
}

async fn create(
    api: &impl SiteApi,
    live: &mut Live,
    kind: &'static Kind,
    wanted: &Fields,
) -> Result<Object, Failure> {
    let mut body = Map::new();
    for field in kind.fields().iter().filter(|field| field.by_create) {
        let Some(value) = wanted.get(field.name) else { continue };
        if field.is_needed || !is_empty(value) {
            body.insert(field.name.to_owned(), sent(live, field, value)?);
        }
    }
    body.extend(kind.besides.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    let elements = elements(live, kind, wanted)?;
    let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
    let made = api.change(&Change::new(Method::POST, &elements, Some(body.into()))).await?;
    if kind.name == "fabrics"
        && let Some(vlans) = kind::find("vlans")
    {
        live.put_one(kind, made.clone());
        let shown = api::list(api, vlans, live).await?;
        live.put(vlans, shown);
    }
    let object = live.put_one(kind, made);
    let mut object = object.ok_or_else(|| unexpected(kind))?;
    // What an answer does not tell is as it was sent.
    for field in kind.fields().iter().filter(|field| field.by_create) {
        if let (None, Some(value)) = (object.fields.get(field.name), wanted.get(field.name)) {
            object.fields.insert(field.name.to_owned(), value.clone());
        }
    }
    Ok(object)
}

fn unexpected(kind: &Kind) -> Failure {
    Failure::Other(anyhow::anyhow!("the region answered with no {}", kind.singular()))
}

async fn delete(
    api: &impl SiteApi,
    live: &mut Live,
    kind: &'static Kind,
    object: &Object,
) -> Result<(), Failure> {
    if kind.is_map() {
        let default = object.shown.get("default").cloned().unwrap_or_default();
        let wanted = Fields::from([("value".to_owned(), default)]);
        return change(api, live, kind, object.clone(), &wanted).await;
    }
    let elements = path_of(live, kind, object)?;
    let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
    let asked = guarded(Change::new(Method::DELETE, &elements, None), object);
    match api.change(&asked).await {
        Ok(_) | Err(Failure::NotFound(_)) => {}
        Err(Failure::Conflict(message)) => {
            reread(api, live, kind, object).await?;
            return Err(Failure::Conflict(message));
        }
        Err(failure) => return Err(failure),
    }
    live.remove(kind, &object.id);
    Ok(())
}

/// Has an object's fields be as they are wanted, as far as they are not.
async fn change(
    api: &impl SiteApi,
    live: &mut Live,
    kind: &'static Kind,
    mut object: Object,
    wanted: &Fields,
) -> Result<(), Failure> {
    let differing: Vec<&Field> = kind
        .fields()
        .iter()
        .filter(|field| !kind.key.contains(&field.name))
        .filter(|field| {
            let now = object.fields.get(field.name).unwrap_or(&Value::Null);
            wanted.get(field.name).is_some_and(|after| !is_as_wanted(field, now, after))
        })
        .collect();
    let patched: Vec<&Field> =
        differing.iter().copied().filter(|field| field.by_update && field.verb.is_none()).collect();
    if !patched.is_empty() {
        object = patch(api, live, kind, object, &patched, wanted).await?;
    }
    for field in differing {
        let (Some(verb), Some(after)) = (field.verb, wanted.get(field.name)) else { continue };
        let before = object.fields.get(field.name).cloned().unwrap_or_default();
        for asked in requests(live, kind, &object, verb, &before, after)? {
            api.change(&asked).await?;
        }
    }
    Ok(())
}

async fn patch(
    api: &impl SiteApi,
    live: &mut Live,
    kind: &'static Kind,
    object: Object,
    fields: &[&Field],
    wanted: &Fields,
) -> Result<Object, Failure> {
    let mut body = Map::new();
    for field in fields {
        let value = wanted.get(field.name).unwrap_or(&Value::Null);
        body.insert(field.name.to_owned(), sent(live, field, value)?);
    }
    let elements = path_of(live, kind, &object)?;
    let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
    let asked = || Change::new(Method::PATCH, &elements, Some(body.clone().into()));
    let answer = match api.change(&guarded(asked(), &object)).await {
        Err(Failure::Conflict(message)) => {
            // Another step may have changed it, or somebody else: then it is as it was in what is to be changed, or not.
            let now = reread(api, live, kind, &object).await?;
            let is_as_it_was =
                |field: &&Field| now.fields.get(field.name) == object.fields.get(field.name);
            if now.shown == object.shown || !fields.iter().all(is_as_it_was) {
                return Err(Failure::Conflict(message));
            }
            api.change(&guarded(asked(), &now)).await?
        }
        answer => answer?,
    };
    let mut shown = answer;
    // What an answer does not tell is as it was.
    if let (Some(shown), Some(before)) = (shown.as_object_mut(), object.shown.as_object()) {
        for (name, value) in before {
            shown.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    live.put_one(kind, shown).ok_or_else(|| unexpected(kind))
}

/// The same change, made only to an object as it was read.
fn guarded(change: Change, object: &Object) -> Change {
    match object.shown.get("revision").and_then(Value::as_u64).filter(|revision| *revision > 0) {
        Some(revision) => change.only_at(revision),
        None => change,
    }
}

/// Reads an object anew, if it is one that can be read alone.
async fn reread(
    api: &impl SiteApi,
    live: &mut Live,
    kind: &'static Kind,
    object: &Object,
) -> Result<Object, Failure> {
    let elements = path_of(live, kind, object)?;
    let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
    let shown = api.read(&elements).await?;
    live.put_one(kind, shown).ok_or_else(|| unexpected(kind))
}

/// The request for one item of a list.
type OfOne<'a> = dyn Fn(&str) -> Result<Change, Failure> + 'a;

/// The requests that set a field which is no parameter.
fn requests(
    live: &Live,
    kind: &Kind,
    object: &Object,
    verb: Verb,
    before: &Value,
    after: &Value,
) -> Result<Vec<Change>, Failure> {
    let key = object.id.as_str();
    let both = |add: &OfOne<'_>, remove: &OfOne<'_>| -> Result<Vec<Change>, Failure> {
        let removed = without(before, after).into_iter().map(|it| remove(&it));
        removed.chain(without(after, before).into_iter().map(|it| add(&it))).collect()
    };
    match verb {
        Verb::SetDefault => {
            Ok(vec![Change::new(Method::POST, &[kind.path, key, "set-default"], None)])
        }
        Verb::Tags => {
            let update = |tag: &str, member: &str| -> Result<Change, Failure> {
                Ok(Change::verb("tags", tag, "update-nodes", json!({ member: [key] })))
            };
            both(&|tag| update(tag, "add"), &|tag| update(tag, "remove"))
        }
        Verb::Annotations => {
            let mut notes = Map::new();
            let names = |value: &Value| value.as_object().cloned().unwrap_or_default();
            // An empty note takes it away.
            notes.extend(names(before).into_iter().map(|(name, _)| (name, Value::from(""))));
            notes.extend(names(after));
            Ok(vec![Change::verb(kind.path, key, "set-workload-annotations", notes.into())])
        }
        Verb::Members => {
            let update = |user: &str, verb: &str| -> Result<Change, Failure> {
                Ok(Change::verb("groups", key, verb, json!({ "username": user })))
            };
            both(&|user| update(user, "add-member"), &|user| update(user, "remove-member"))
        }
        Verb::Entitlements => {
            let update = |given: &str, verb: &str| -> Result<Change, Failure> {
                Ok(Change::verb("groups", key, verb, entitlement(live, given)?))
            };
            both(&|it| update(it, "add-entitlement"), &|it| update(it, "remove-entitlement"))
        }
    }
}

/// The texts of a list that are not in another one.
fn without(list: &Value, other: &Value) -> Vec<String> {
    let texts = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let other = texts(other);
    texts(list).into_iter().filter(|text| !other.contains(text)).collect()
}

/// The parameters that an entitlement is given by.
fn entitlement(live: &Live, text: &str) -> Result<Value, Failure> {
    let wrong = || {
        let forms = "site/can_edit_machines or pool/lab/can_edit_machines";
        Failure::Usage(format!("{text} is no entitlement: {forms} are"))
    };
    let (scope, name) = text.rsplit_once('/').ok_or_else(wrong)?;
    let (kind, id) = match scope.split_once('/') {
        None if scope == "site" => ("maas", "0".to_owned()),
        Some(("pool", pool)) => {
            let missing = || Failure::NotFound(format!("there is no pool {pool}"));
            ("pool", live.find("pools", pool).ok_or_else(missing)?.id.clone())
        }
        _ => return Err(wrong()),
    };
    Ok(json!({ "resource_type": kind, "resource_id": id, "entitlement": name }))
}

/// A value as a region takes it: keys for names, and lists as texts where they are no lists there.
fn sent(live: &Live, field: &Field, value: &Value) -> Result<Value, Failure> {
    match value {
        value if is_empty(value) => Ok(Value::Null),
        Value::String(name) if !field.refers.is_empty() => {
            key_of(live, field, name).map(Value::from)
        }
        Value::Array(items) if !field.is_repeated => {
            let names = items.iter().filter_map(Value::as_str);
            let items: Vec<&str> = if field.refers.is_empty() {
                names.collect()
            } else {
                names.map(|name| key_of(live, field, name)).collect::<Result<_, _>>()?
            };
            Ok(items.join(",").into())
        }
        value => {
            debug_assert!(field.form == Form::Map || !value.is_object(), "{}", field.name);
            Ok(value.clone())
        }
    }
}

fn key_of<'a>(live: &'a Live, field: &Field, name: &str) -> Result<&'a str, Failure> {
    let missing = || Failure::NotFound(format!("{}: there is no {name}", field.name));
    live.key_of(field, name).ok_or_else(missing)
}

/// The elements of the path that has all objects of a kind, of which one is meant.
fn elements(live: &Live, kind: &Kind, fields: &Fields) -> Result<Vec<String>, Failure> {
    let element = |element: &str| {
        let Some(name) = element.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return Ok(element.to_owned());
        };
        let named = fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let field = kind.field(name);
        let key = field.and_then(|field| live.key_of(field, named));
        key.map(str::to_owned)
            .ok_or_else(|| Failure::NotFound(format!("{name}: there is no {named}")))
    };
    kind.path.split('/').map(element).collect()
}

fn path_of(live: &Live, kind: &Kind, object: &Object) -> Result<Vec<String>, Failure> {
    let mut elements = elements(live, kind, &object.fields)?;
    elements.push(object.id.clone());
    Ok(elements)
}
