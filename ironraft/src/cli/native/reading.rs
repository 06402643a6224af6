//! Lists and single objects, as they are, as they were, and as they change.

use native::listing::Listing;
use native::resource::Resource;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::native::columns::Shown;
use crate::cli::native::exchange::{Found, NativeApi, Reading, Wanted};
use crate::cli::native::grammar::ListArguments;
use crate::cli::native::noun::Noun;
use crate::cli::native::selected::{self, Selected};
use crate::cli::native::watch::Told;
use crate::cli::native::{cells, why};
use crate::cli::output::{OutputArguments, Sheet, field, name_of, say, span};

/// How many objects are listed for people, unless it is said.
const SHOWN: usize = 50;

/// How many are listed of what has no end, unless it is said.
const OF_MANY: usize = 1000;

/// What a list is asked for.
///
/// # Errors
/// What is meant is not understood.
pub(crate) fn asked(
    noun: &Noun,
    resource: &Resource,
    words: &[String],
    arguments: &ListArguments,
    reading: Reading,
    output: &OutputArguments,
) -> Result<Wanted, Failure> {
    let fields = noun.fields();
    let is_field = |name: &str| fields.iter().any(|field| field.is_called(name));
    for word in words {
        if let Some((name, value)) = word.split_once('=')
            && is_field(name)
        {
            return Err(Failure::Usage(format!("`{word}`: a filter is written {name}:{value}")));
        }
    }
    let mut filter = selected::as_filter(noun, &words.join(" "))?;
    for more in &arguments.filter {
        let more = selected::as_filter(noun, more)?;
        filter = if filter.trim().is_empty() { more } else { format!("({filter}) ({more})") };
    }
    let is_endless = matches!(resource.listing, Listing::Pages(_));
    let limit = match arguments.limit {
        Some(limit) => Some(usize::try_from(limit).unwrap_or(usize::MAX)),
        None if arguments.all => None,
        None if output.is_shown_to_people() => Some(SHOWN),
        None if is_endless => Some(OF_MANY),
        None => None,
    };
    Ok(Wanted { filter, sort: arguments.sort.clone(), fields: Vec::new(), limit, reading })
}

/// Lists, and goes on with what changes if that is wanted.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn list(
    api: &NativeApi,
    noun: &Noun,
    resource: &Resource,
    wanted: Wanted,
    is_watch: bool,
    output: &OutputArguments,
) -> Result<(), Failure> {
    if is_watch {
        return follow(api, noun, resource, &wanted, output).await;
    }
    let mut found = api.list(resource.name, &wanted).await?;
    found.items = cells::in_rows(api, output, found.items).await;
    Shown::of(noun, &found.items).print(output, &found.items, &json!(found.items))?;
    tell_rest(noun, &found, output);
    Ok(())
}

/// Says on standard error what is not in the rows.
fn tell_rest(noun: &Noun, found: &Found, output: &OutputArguments) {
    if let Some(stale) = found.stale {
        eprintln!("read without a quorum: up to {} old", span(stale));
    }
    let count = found.items.len();
    if found.has_more {
        let total = found.total.map(|total| format!(" of {total}")).unwrap_or_default();
        eprintln!("{count}{total} {}; --all shows the rest", noun.many());
    } else if count == 0 && output.is_shown_to_people() {
        eprintln!("no {}", noun.many());
    }
}

/// Shows objects, or all of one.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn get(
    api: &NativeApi,
    (noun, resource): (&Noun, &Resource),
    selected: Selected,
    reading: &Reading,
    is_whole: bool,
    output: &OutputArguments,
) -> Result<(), Failure> {
    let names = match selected {
        Selected::One(name) => {
            let object = api.object(resource.name, &name, reading).await?.body;
            if !is_whole {
                let rows = cells::in_rows(api, output, vec![object.clone()]).await;
                return Shown::of(noun, &rows).print(output, &rows, &object);
            }
            let whole = cells::in_rows(api, output, vec![object]).await;
            whole.iter().for_each(|object| output.print_object(object));
            if noun.deed("why").is_some() && output.is_for_people() && reading.at.is_none() {
                say(format_args!(""));
                return why::summary(api, resource.name, &name).await;
            }
            return Ok(());
        }
        Selected::Named(names) => names,
        Selected::Meant(filter) => {
            let wanted = Wanted { filter, reading: reading.clone(), ..Wanted::default() };
            let found = api.list(resource.name, &wanted).await?;
            if found.items.is_empty() {
                return Err(Failure::NotFound(format!("no {} are meant", noun.many())));
            }
            let rows = cells::in_rows(api, output, found.items).await;
            return Shown::of(noun, &rows).print(output, &rows, &json!(rows));
        }
    };
    let mut rows = Vec::with_capacity(names.len());
    let mut failures = Vec::new();
    for name in &names {
        match api.object(resource.name, name, reading).await {
            Ok(reply) => rows.push(reply.body),
            Err(failure) => {
                let failure = failure.of(name);
                failure.report();
                failures.push(failure);
            }
        }
    }
    let rows = cells::in_rows(api, output, rows).await;
    Shown::of(noun, &rows).print(output, &rows, &json!(rows))?;
    match failures.pop() {
        None => Ok(()),
        Some(last) if rows.is_empty() => Err(last),
        Some(_) => Err(Failure::Partial(format!(
            "{} of {} were not found",
            failures.len() + 1,
            names.len()
        ))),
    }
}

/// The keys of the objects that a filter means.
///
/// # Errors
/// There are none, or it was refused.
pub(crate) async fn keys(
    api: &NativeApi,
    noun: &Noun,
    filter: &str,
) -> Result<Vec<String>, Failure> {
    let named = keys_and_names(api, noun, filter).await?;
    Ok(named.into_iter().map(|(key, _)| key).collect())
}

/// The keys of the objects that a filter means, and what they are called.
///
/// # Errors
/// There are none, or it was refused.
pub(crate) async fn keys_and_names(
    api: &NativeApi,
    noun: &Noun,
    filter: &str,
) -> Result<Vec<(String, String)>, Failure> {
    let Some(resource) = noun.resource else { return Ok(Vec::new()) };
    let fields = std::iter::once(resource.key).chain(resource.also.iter().copied());
    let fields = fields.map(str::to_owned).collect();
    let wanted = Wanted { filter: filter.to_owned(), fields, ..Wanted::default() };
    let found = api.list(resource.name, &wanted).await?;
    if found.items.is_empty() {
        return Err(Failure::NotFound(format!("no {} are meant", noun.many())));
    }
    let named = |object: &Value| {
        let key = field(object, resource.key);
        let name = resource.also.iter().map(|also| field(object, also)).find(|name| name != "-");
        (key.clone(), name.unwrap_or(key))
    };
    Ok(found.items.iter().map(named).collect())
}

/// Shows rows, and then what changes, until it is interrupted.
async fn follow(
    api: &NativeApi,
    noun: &Noun,
    resource: &Resource,
    wanted: &Wanted,
    output: &OutputArguments,
) -> Result<(), Failure> {
    let mut output = output.in_lines();
    loop {
        let found = api.list(resource.name, wanted).await?;
        let listed = found.items.into_iter().map(|object| ("listed".to_owned(), object));
        let columns = print_changes(noun, None, listed.collect(), &output)?;
        output = output.without_headers();
        let mut watch = api.watch(&[resource.name], &wanted.filter, Some(found.revision));
        loop {
            match watch.next().await? {
                Told::Changes(changes) => {
                    let rows =
                        changes.into_iter().map(|change| changed(resource, change)).collect();
                    print_changes(noun, Some(&columns), rows, &output)?;
                }
                Told::Nothing(_) => {}
                Told::Reset => break,
            }
        }
    }
}

/// What became of an object, and the object.
fn changed(resource: &Resource, mut change: Value) -> (String, Value) {
    let what = change["change"].as_str().unwrap_or_default().to_owned();
    let object = match change["object"].take() {
        Value::Null => json!({ resource.key: change["id"].take() }),
        object => object,
    };
    (what, object)
}

fn print_changes(
    noun: &Noun,
    columns: Option<&Shown>,
    rows: Vec<(String, Value)>,
    output: &OutputArguments,
) -> Result<Shown, Failure> {
    let objects: Vec<Value> = rows.iter().map(|(_, object)| object.clone()).collect();
    let columns = columns.cloned().unwrap_or_else(|| Shown::of(noun, &objects));
    if !output.is_columns() {
        for (what, object) in rows {
            output.print_row(&json!({ "change": what, "object": object }));
        }
        return Ok(columns);
    }
    let words: Vec<String> = rows.into_iter().map(|(what, _)| what).collect();
    // Of what is gone only its key is known, which may be none of the columns.
    let keys = || objects.iter().map(|object| vec![name_of(object)]).collect();
    let sheet = match columns.sheet(output, &objects) {
        Ok(sheet) => sheet,
        Err(_) if words.iter().all(|word| word != "listed") => Sheet::new(&["NAME"], keys()),
        Err(other) => return Err(other),
    };
    output.print_cells(&sheet.behind("CHANGE", &words));
    Ok(columns)
}
