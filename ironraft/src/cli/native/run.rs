//! Carries out a command of a noun: reads what is meant, asks the API, prints what it answers.

use clap::{ArgMatches, FromArgMatches};
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::changing::Changing;
use crate::cli::native::columns::Shown;
use crate::cli::native::exchange::{ConnectionArguments, NativeApi, Reading};
use crate::cli::native::grammar::{
    ChangeArguments, Chosen, EditArguments, HistoryArguments, ListArguments,
};
use crate::cli::native::noun::Kind;
use crate::cli::native::selected::{self, Selected};
use crate::cli::native::values::{self, Values};
use crate::cli::native::{cells, edit, history, named, power, reading, why};
use crate::cli::output::OutputArguments;

/// Carries it out.
///
/// # Errors
/// What was to be done, with what, and why it was not.
pub(crate) async fn run(chosen: Chosen<'_>) -> Result<(), Failure> {
    let (given, objects) = values::parted(chosen.deed, &chosen.given());
    let mut what = chosen.words();
    let names = chosen.parents().into_iter().chain(objects.iter().map(String::as_str));
    let names: Vec<&str> = names.collect();
    if !matches!(chosen.deed.kind, Kind::List | Kind::Watch) && !names.is_empty() {
        what += &format!(" {}", names.join(" "));
    }
    let done = carried_out(&chosen, given, objects).await;
    done.map_err(|failure| hinted(&chosen, failure).of(&what))
}

/// The command that lists what there is where something was not found.
fn listing(chosen: &Chosen<'_>) -> String {
    let words: Vec<&str> = chosen.nouns.iter().map(|noun| noun.name.as_str()).collect();
    let above = chosen.parents();
    let is_listed = chosen.noun().deed("list").is_some() && chosen.deed.kind != Kind::List;
    let words = if is_listed { words } else { vec![words[0]] };
    let above = if is_listed { above } else { Vec::new() };
    [&["ironraft"], &words[..], &["list"], &above[..]].concat().join(" ")
}

/// A failure with what to try next, if that is known.
fn hinted(chosen: &Chosen<'_>, failure: Failure) -> Failure {
    let noun = chosen.nouns[0];
    let (code, said) = failure.told();
    if said.contains("(try:") {
        return failure;
    }
    let above = chosen.parents();
    let one = above
        .first()
        .map_or_else(|| chosen.given().first().cloned(), |one| Some((*one).to_owned()));
    let one = one.unwrap_or_default();
    match (code, chosen.deed.kind) {
        (3, kind) if kind != Kind::List || !above.is_empty() => failure.hint(&listing(chosen)),
        (4, Kind::Change | Kind::Set | Kind::Delete) if noun.deed("why").is_some() => {
            failure.hint(&format!("ironraft {} why {one}", noun.name))
        }
        (2, _) => failure.hint(&format!("ironraft {} --help", chosen.words())),
        (6, _) if chosen.matches.try_get_one::<bool>("stale").ok().flatten() == Some(&false) => {
            failure.hint("--stale reads what one region has")
        }
        _ => failure,
    }
}

async fn carried_out(
    chosen: &Chosen<'_>,
    mut given: Values,
    objects: Vec<String>,
) -> Result<(), Failure> {
    let output: OutputArguments = arguments(chosen.matches)?;
    let connection: ConnectionArguments = arguments(chosen.matches)?;
    let noun = chosen.noun();
    let resource = noun.resource.filter(|_| chosen.nouns.len() == 1);
    match (chosen.deed.kind, resource) {
        (Kind::List | Kind::Watch, Some(resource)) => {
            let words = chosen.given();
            let mut wanted: ListArguments = arguments(chosen.matches)?;
            wanted.watch |= chosen.deed.kind == Kind::Watch;
            let reading = if chosen.deed.kind == Kind::List {
                arguments(chosen.matches)?
            } else {
                Reading::default()
            };
            let asked = reading::asked(noun, resource, &words, &wanted, reading, &output)?;
            let api = NativeApi::connect(&connection).await?;
            reading::list(&api, noun, resource, asked, wanted.watch, &output).await
        }
        (Kind::Get | Kind::Describe, Some(resource)) => {
            let selected = selected::read(noun, &objects)?;
            let reading: Reading = arguments(chosen.matches)?;
            let api = NativeApi::connect(&connection).await?;
            let is_whole = chosen.deed.kind == Kind::Describe;
            reading::get(&api, (noun, resource), selected, &reading, is_whole, &output).await
        }
        (Kind::Edit, Some(resource)) => {
            let Selected::One(name) = selected::read(noun, &objects)? else {
                return Err(Failure::Usage("one is edited at a time".to_owned()));
            };
            let api = NativeApi::connect(&connection).await?;
            let editor: EditArguments = arguments(chosen.matches)?;
            let how: ChangeArguments = arguments(chosen.matches)?;
            let edited = edit::edited(&api, resource, chosen.deed, &name, &editor).await?;
            let Some((given, at)) = edited else {
                eprintln!("nothing was changed");
                return Ok(());
            };
            let changing = Changing { api: &api, chosen, how, output: &output, given, at };
            changing.run(vec![name]).await
        }
        (Kind::History, Some(resource)) => {
            let how: HistoryArguments = arguments(chosen.matches)?;
            let api = NativeApi::connect(&connection).await?;
            history::run(&api, resource, &objects.join(","), &how, &output).await
        }
        (Kind::Why, Some(resource)) => {
            let api = NativeApi::connect(&connection).await?;
            why::run(&api, resource.name, &objects.join(","), &output).await
        }
        _ => {
            given.extend(chosen.options());
            let given = values::read(chosen.deed, given)?;
            if chosen.deed.only_reads() {
                return ask(chosen, given, objects, &connection, &output).await;
            }
            let how: ChangeArguments = arguments(chosen.matches)?;
            let api = NativeApi::connect(&connection).await?;
            let changing = Changing { api: &api, chosen, how, output: &output, given, at: None };
            changing.run(objects).await
        }
    }
}

/// Arguments that a command has.
fn arguments<T: FromArgMatches>(matches: &ArgMatches) -> Result<T, Failure> {
    T::from_arg_matches(matches).map_err(Failure::other)
}

/// Asks for something about one object after the other, or about none.
async fn ask(
    chosen: &Chosen<'_>,
    given: Values,
    objects: Vec<String>,
    connection: &ConnectionArguments,
    output: &OutputArguments,
) -> Result<(), Failure> {
    let noun = chosen.noun();
    let parents = chosen.parents();
    let is_of_one = chosen.deed.named() > parents.len();
    if !is_of_one {
        if let Some(word) = objects.first() {
            return Err(Failure::Usage(format!("`{word}` is no NAME=VALUE")));
        }
        let api = NativeApi::connect(connection).await?;
        let answer = api.get(&chosen.deed.path_of(&parents), given).await?.body;
        return print(&api, chosen, vec![answer], output).await;
    }
    let api = NativeApi::connect(connection).await?;
    let names = match selected::read(noun, &objects)? {
        Selected::One(name) => vec![name],
        Selected::Named(names) => names,
        Selected::Meant(filter) => reading::keys(&api, noun, &filter).await?,
    };
    let mut answers = Vec::with_capacity(names.len());
    let mut failures = Vec::new();
    for name in &names {
        let known = named::known_by(&api, chosen, &parents, name).await?;
        let elements = [&parents[..], &[known.as_str()]].concat();
        match api.get(&chosen.deed.path_of(&elements), given.clone()).await {
            Ok(reply) => answers.push(reply.body),
            Err(failure) if names.len() == 1 => return Err(failure),
            Err(failure) => {
                let failure = failure.of(name);
                failure.report();
                failures.push(failure);
            }
        }
    }
    print(&api, chosen, answers.clone(), output).await?;
    match failures.pop() {
        None => match (names.as_slice(), answers.first()) {
            ([name], Some(answer)) if chosen.deed.name == power::VERB => {
                power::told(&api, name, answer).await
            }
            _ => Ok(()),
        },
        Some(last) if failures.len() + 1 == names.len() => Err(last),
        Some(_) => {
            let failed = failures.len() + 1;
            Err(Failure::Partial(format!("{failed} of {} could not be asked", names.len())))
        }
    }
}

/// Whether an answer is the object that was made or changed.
fn is_row(chosen: &Chosen<'_>, answer: &Value) -> bool {
    let is_changed = !chosen.deed.only_reads() && chosen.nouns.len() == 1;
    let key = chosen.noun().resource.map(|resource| resource.key);
    is_changed && key.is_some_and(|key| answer.get(key).is_some())
}

/// Prints what was answered: rows of what is a list, all members of one object.
pub(crate) async fn print(
    api: &NativeApi,
    chosen: &Chosen<'_>,
    answers: Vec<Value>,
    output: &OutputArguments,
) -> Result<(), Failure> {
    let answers = match answers.as_slice() {
        [Value::Array(rows)] => {
            vec![Value::Array(cells::in_rows(api, output, rows.clone()).await)]
        }
        _ => cells::in_rows(api, output, answers).await,
    };
    let [answer] = answers.as_slice() else {
        let rows = answers;
        return Shown::of(chosen.noun(), &rows).print(output, &rows, &Value::Array(rows.clone()));
    };
    let rows = match answer {
        Value::Array(rows) => Some(rows),
        answer => ["items", "events", "objects"].iter().find_map(|name| answer[*name].as_array()),
    };
    match rows {
        Some(rows) if rows.iter().all(Value::is_object) => {
            Shown::of(chosen.noun(), rows).print(output, rows, answer)
        }
        _ if is_row(chosen, answer) => {
            let rows = std::slice::from_ref(answer);
            Shown::of(chosen.noun(), rows).print(output, rows, answer)
        }
        _ if answer.is_object() => {
            output.print_object(answer);
            Ok(())
        }
        _ => {
            output.print_value(answer);
            Ok(())
        }
    }
}
