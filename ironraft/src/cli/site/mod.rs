//! A whole site as a file: `export`, `diff` and `apply`. What is decided is pure, over sites as files name them; what reads
//! and changes a site stands behind a trait.

pub(crate) mod api;
mod apply;
mod document;
mod kind;
mod live;
mod plan;
mod read;
mod table;
mod tree;
mod write;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::exchange::{ConnectionArguments, NativeApi};
use crate::cli::output::{OutputArguments, say};
use crate::cli::site::api::SiteApi;
use crate::cli::site::document::Document;
use crate::cli::site::kind::sections;
use crate::cli::site::live::Live;
use crate::cli::site::plan::{Names, Plan, Step};
use crate::cli::terminal;

/// What `export` is asked.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Only these sections, `subnets,vlans`
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = section_names())]
    resources: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// What `diff` is asked.
#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The file; `-` for standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Also what would be removed: what the sections of the file do not name
    #[arg(long)]
    prune: bool,
    /// Compare with another file, and ask no region
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// What `apply` is asked.
#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    /// The file; `-` for standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Also remove what the sections of the file do not name
    #[arg(long)]
    prune: bool,
    /// Only show what would be done
    #[arg(long)]
    plan: bool,
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

fn section_names() -> clap::builder::PossibleValuesParser {
    sections().map(|kind| kind.name).collect::<Vec<_>>().into()
}

/// Prints the site as a file.
///
/// # Errors
/// It was refused, or nobody answers.
pub(crate) async fn export(arguments: ExportArguments) -> Result<(), Failure> {
    let api = NativeApi::connect(&arguments.connection).await?;
    let (text, left_out) = exported(&api, &arguments.resources).await?;
    say(format_args!("{}", text.trim_end()));
    for what in left_out {
        eprintln!("left out, because there is a password in it: {what}");
    }
    Ok(())
}

/// The site as a file, and what is left out of it.
async fn exported(
    api: &impl SiteApi,
    resources: &[String],
) -> Result<(String, Vec<String>), Failure> {
    let is_wanted = |name: &str| resources.is_empty() || resources.iter().any(|it| it == name);
    let kinds: BTreeSet<&str> =
        sections().map(|kind| kind.name).filter(|name| is_wanted(name)).collect();
    let mut document = api::read_site(api, &kinds).await?.document(&kinds);
    if let Some(settings) = document.sections.get_mut("settings") {
        settings.retain(|setting| !setting.stays);
    }
    Ok(write::document(&document))
}

/// Prints what `apply` would do.
///
/// # Errors
/// [`Failure::Differs`] when that is something.
pub(crate) async fn diff(arguments: DiffArguments) -> Result<(), Failure> {
    let wanted = read_file(&arguments.file)?;
    let plan = match &arguments.against {
        Some(file) => plan::plan(&wanted, &read_file(file)?, None, arguments.prune),
        None => {
            let api = NativeApi::connect(&arguments.connection).await?;
            planned(&api, &wanted, arguments.prune).await?.1
        }
    };
    if arguments.output.is_columns() {
        print(&plan);
    } else {
        let steps: Vec<Value> = plan.steps.iter().map(Step::as_json).collect();
        arguments.output.print_answer(&steps, &Value::from(steps.clone()));
    }
    refuse(&plan)?;
    if plan.steps.is_empty() { Ok(()) } else { Err(Failure::Differs(plan.summary())) }
}

/// Has the site be as a file says.
///
/// # Errors
/// The file is wrong, or something could not be done: the rest was done all the same.
pub(crate) async fn apply(arguments: ApplyArguments) -> Result<(), Failure> {
    let wanted = read_file(&arguments.file)?;
    let api = NativeApi::connect(&arguments.connection).await?;
    let (mut live, plan) = planned(&api, &wanted, arguments.prune).await?;
    print(&plan);
    refuse(&plan)?;
    if plan.steps.is_empty() {
        eprintln!("the site is as the file says");
        return Ok(());
    }
    eprintln!("{}", plan.summary());
    if arguments.plan {
        return Ok(());
    }
    if !arguments.yes {
        confirm()?;
    }
    let mut told = |step: &Step| say(format_args!("done: {}", step.title()));
    let applied = apply::carry_out(&api, &mut live, &plan, &mut told).await;
    outcome(applied)
}

/// The site as far as a file is about it, and what there is to do.
async fn planned(
    api: &impl SiteApi,
    wanted: &Document,
    prune: bool,
) -> Result<(Live, Plan), Failure> {
    let kinds: BTreeSet<&str> = wanted.sections.keys().copied().collect();
    let live = api::read_site(api, &kinds).await?;
    let there: Names<'_> = table::KINDS
        .iter()
        .flat_map(|kind| live.all(kind.name).map(|object| (kind.name, object.name.as_str())))
        .collect();
    let plan = plan::plan(wanted, &live.document(&kinds), Some(&there), prune);
    Ok((live, plan))
}

fn print(plan: &Plan) {
    plan.steps.iter().flat_map(Step::lines).for_each(|line| say(format_args!("{line}")));
}

/// Refuses what cannot be done as a whole.
fn refuse(plan: &Plan) -> Result<(), Failure> {
    match plan.problems.as_slice() {
        [] => Ok(()),
        problems => Err(Failure::Usage(format!("nothing is done:\n  {}", problems.join("\n  ")))),
    }
}

fn outcome(applied: apply::Applied) -> Result<(), Failure> {
    let (done, count) = (applied.done, applied.failed.len());
    for (what, failure) in &applied.failed {
        eprintln!("not done: {what}: {}", failure.told().1);
    }
    let Some((what, first)) = applied.failed.into_iter().next() else { return Ok(()) };
    if done == 0 {
        return Err(first.of(&what));
    }
    let all = done + count;
    Err(Failure::Partial(format!(
        "{count} of {all} were not done; when the cause is gone, apply the file again for the rest"
    )))
}

fn read_file(path: &Path) -> Result<Document, Failure> {
    let shown = path.display();
    let text = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.with_context(|| format!("cannot read {shown}")).map_err(Failure::other)?;
    read::document(&text).map_err(|wrong| {
        let lines: Vec<String> = wrong.iter().map(|wrong| format!("  {wrong}")).collect();
        Failure::Usage(format!("{shown} is wrong:\n{}", lines.join("\n")))
    })
}

/// Asks whether it is to be done.
fn confirm() -> Result<(), Failure> {
    if !terminal::is_attended() {
        let failure = Failure::Usage("nothing was done, because nobody can be asked".to_owned());
        return Err(failure.hint("--yes, or --plan to see it only"));
    }
    let answer = terminal::ask("Do this? [y/N] ").map_err(Failure::other)?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::Other(anyhow::anyhow!("nothing was done")))
}

#[cfg(test)]
pub(crate) mod tests;
