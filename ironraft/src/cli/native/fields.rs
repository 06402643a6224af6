//! `explain`: what kinds of objects there are, by which fields they are found, and what can be done with them. It asks nobody.

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::native::noun::{self, Kind, NOUNS, Noun};
use crate::cli::native::values::nearest;
use crate::cli::output::{OutputArguments, Sheet};

/// What is to be explained.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ironraft explain\n  ironraft explain machine\n  ironraft explain machine.power\n  \
                        ironraft explain machine.deploy"
)]
pub(crate) struct ExplainArguments {
    /// A kind of objects, one of its fields, or something that can be done: `machine`, `machine.power`, `machine.deploy`
    what: Option<String>,
    #[command(flatten)]
    output: OutputArguments,
}

/// Explains it.
///
/// # Errors
/// There is nothing of that name.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result<(), Failure> {
    arguments.output.print_sheet(&sheet(arguments.what.as_deref())?)
}

fn sheet(what: Option<&str>) -> Result<Sheet, Failure> {
    let Some(what) = what else {
        let rows = NOUNS.iter().map(|noun| vec![noun.name.clone(), noun.about.clone()]);
        return Ok(Sheet::new(&["NAME", "WHAT"], rows.collect()));
    };
    let (name, member) =
        what.split_once('.').map_or((what, None), |(name, rest)| (name, Some(rest)));
    let Some(noun) = noun::find(name) else {
        let known: Vec<&str> = NOUNS.iter().map(|noun| noun.name.as_str()).collect();
        return Err(unknown("kind of objects", name, &known));
    };
    match member {
        None => Ok(of_noun(noun)),
        Some(member) => of_member(noun, member),
    }
}

/// All fields and verbs.
fn of_noun(noun: &Noun) -> Sheet {
    let mut rows = Vec::new();
    for field in noun.fields() {
        let others: Vec<&str> = field.aliases.iter().map(AsRef::as_ref).collect();
        let others =
            if others.is_empty() { String::new() } else { format!(" Also {}.", others.join(", ")) };
        rows.push(vec![
            field.name.to_string(),
            format!("field, {}", field.kind.name()),
            format!("{}{others}", field.doc),
        ]);
    }
    for deed in &noun.deeds {
        let kind = if deed.of_many.is_some() { "verb, of many" } else { "verb" };
        rows.push(vec![deed.name.clone(), kind.to_owned(), deed.about.clone()]);
    }
    Sheet::new(&["NAME", "IS", "WHAT"], rows)
}

/// A field, or a verb with its parameters; of a name that both have, both.
fn of_member(noun: &Noun, member: &str) -> Result<Sheet, Failure> {
    let mut rows = Vec::new();
    for field in noun.fields() {
        let is_within = field.name.strip_prefix(member).is_some_and(|rest| rest.starts_with('.'));
        if field.is_called(member) || is_within {
            let kind = format!("field, {}", field.kind.name());
            rows.push(vec![field.name.to_string(), kind, field.doc.to_string()]);
        }
    }
    // `power` is a field, and the beginning of what can be done about it.
    let is_meant = |name: &str| name == member || name.starts_with(&format!("{member}-"));
    for deed in noun.deeds.iter().filter(|deed| is_meant(&deed.name)) {
        rows.push(vec![deed.name.clone(), "verb".to_owned(), deed.about.clone()]);
        if deed.kind == Kind::Edit || deed.name != member {
            continue;
        }
        for parameter in &deed.parameters {
            let kind = if parameter.is_needed { "parameter, needed" } else { "parameter" };
            let name = parameter.name.replace("{param}", "…");
            rows.push(vec![name, kind.to_owned(), parameter.doc.clone()]);
        }
    }
    if rows.is_empty() {
        let fields = noun.fields().iter().map(|field| &*field.name);
        let known: Vec<&str> =
            fields.chain(noun.deeds.iter().map(|deed| deed.name.as_str())).collect();
        return Err(unknown(&format!("field or verb of {}", noun.many()), member, &known));
    }
    Ok(Sheet::new(&["NAME", "IS", "WHAT"], rows))
}

fn unknown(kind: &str, name: &str, known: &[&str]) -> Failure {
    let failure = Failure::NotFound(format!("there is no {kind} `{name}`"));
    match nearest(name, known) {
        Some(nearest) => failure.hint(nearest),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_verbs_of_a_name_are_told_together() {
        let rows = sheet(Some("machine.power")).unwrap().rows;
        let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert!(names.contains(&"power") && names.contains(&"power-on"), "{names:?}");
        let deploy = sheet(Some("machine.deploy")).unwrap().rows;
        assert!(deploy.iter().any(|row| row[0] == "user_data"), "{deploy:?}");
    }

    #[test]
    fn what_there_is_not_is_said_with_the_nearest() {
        let told = |what: &str| sheet(Some(what)).unwrap_err().told();
        assert_eq!(
            told("machin"),
            (3, "there is no kind of objects `machin` (try: machine)".to_owned())
        );
        assert_eq!(told("machine.pwer").0, 3);
        assert!(sheet(None).unwrap().rows.len() > 30);
    }
}
