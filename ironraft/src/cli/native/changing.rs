//! Changes: planned or carried out, with one object or with many.

use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::change::{Change, Targets};
use crate::cli::native::exchange::NativeApi;
use crate::cli::native::grammar::{ChangeArguments, Chosen};
use crate::cli::native::noun::Kind;
use crate::cli::native::selected::{self, Selected};
use crate::cli::native::values::{self, Values};
use crate::cli::native::waiting::Until;
use crate::cli::native::{named, operation, plan, question, reading, run, waiting};
use crate::cli::output::{OutputArguments, field};

/// A change that is asked for.
pub(crate) struct Changing<'a> {
    /// Who is asked.
    pub(crate) api: &'a NativeApi,
    /// The command.
    pub(crate) chosen: &'a Chosen<'a>,
    /// How.
    pub(crate) how: ChangeArguments,
    /// How what is answered is printed.
    pub(crate) output: &'a OutputArguments,
    /// The parameters.
    pub(crate) given: Values,
    /// The revision that the object must still have.
    pub(crate) at: Option<u64>,
}

impl Changing<'_> {
    /// Carries it out with these objects.
    ///
    /// # Errors
    /// Why it was not done, or not with all of them.
    pub(crate) async fn run(self, objects: Vec<String>) -> Result<(), Failure> {
        let (chosen, deed) = (self.chosen, self.chosen.deed);
        // What cannot be waited for is said before anything is done.
        let until = self.until()?;
        let until = until.as_ref();
        let parents = chosen.parents();
        if deed.named() <= parents.len() {
            if let Some(word) = objects.first() {
                return Err(Failure::Usage(format!("`{word}` is no NAME=VALUE")));
            }
            let named = parents.iter().map(|name| (*name).to_owned()).collect();
            return self.one(&parents, named, until).await;
        }
        match selected::read(chosen.noun(), &objects)? {
            Selected::One(name) => {
                let known = named::known_by(self.api, chosen, &parents, &name).await?;
                let elements = [&parents[..], &[known.as_str()]].concat();
                self.one(&elements, vec![name], until).await
            }
            selected if chosen.nouns.len() == 1 => {
                let noun = chosen.noun();
                let (targets, named) = match selected {
                    Selected::One(name) => {
                        (Targets::Ids(vec![name.clone()]), vec![(name.clone(), name)])
                    }
                    Selected::Named(names) => {
                        let named = names.iter().map(|name| (name.clone(), name.clone())).collect();
                        (Targets::Ids(names), named)
                    }
                    Selected::Meant(filter) => {
                        let named = reading::keys_and_names(self.api, noun, &filter).await?;
                        (Targets::Filter(filter), named)
                    }
                };
                match &deed.of_many {
                    Some(verb) => self.many(verb, &targets, &named, until).await,
                    None => self.each(&named, until).await,
                }
            }
            _ => Err(Failure::Usage("one is changed at a time".to_owned())),
        }
    }

    /// What to wait for when it is done.
    fn until(&self) -> Result<Option<Until>, Failure> {
        let given = self.how.wait.as_ref();
        if given.is_some() && self.chosen.nouns.len() > 1 {
            let what = self.chosen.noun().many();
            return Err(Failure::Usage(format!(
                "--wait: {what} are changed at once, leave it out"
            )));
        }
        let read = |text: &String| Until::read(self.chosen.noun(), text, self.how.timeout);
        given.map(read).transpose()
    }

    fn change(&self, elements: &[&str]) -> Change {
        let deed = self.chosen.deed;
        let elements = deed.path_of(elements);
        let body = values::body(&self.given);
        let change = match (elements.as_slice(), deed.kind) {
            ([resource], Kind::Create) => Change::create(resource, body),
            ([resource, key], Kind::Set) => Change::update(resource, key, body),
            ([resource, key], Kind::Delete) if self.given.is_empty() => {
                Change::delete(resource, key)
            }
            ([resource, key, verb], Kind::Change) => Change::verb(resource, key, verb, body),
            (elements, _) => Change::new(deed.method.clone(), elements, Some(body)),
        };
        let change = match self.at {
            Some(revision) => change.only_at(revision),
            None => change,
        };
        match &self.how.if_plan {
            Some(plan) => change.only_if(plan),
            None => change,
        }
    }

    /// Changes one object, or makes one.
    async fn one(
        &self,
        elements: &[&str],
        named: Vec<String>,
        until: Option<&Until>,
    ) -> Result<(), Failure> {
        let change = self.change(elements);
        if self.how.plan || self.how.check {
            return self.planned(&change).await;
        }
        let change = self.permitted(change, &named).await?;
        let body = self.api.carry_out(&change).await?.body;
        match (&body, self.chosen.deed.kind) {
            (Value::Null, _) | (_, Kind::Delete) if self.output.is_columns() => {
                eprintln!("done: {} {}", self.chosen.words(), named.join(" "));
            }
            _ => run::print(self.api, self.chosen, vec![body.clone()], self.output).await?,
        }
        let Some(resource) = self.chosen.noun().resource else { return Ok(()) };
        let Some(until) = until else { return Ok(()) };
        let key = match field(&body, resource.key) {
            none if none == "-" => named.first().cloned().unwrap_or_default(),
            key => key,
        };
        waiting::wait(self.api, self.chosen.noun(), &[key], until).await
    }

    /// Changes many objects by one request.
    async fn many(
        &self,
        verb: &str,
        targets: &Targets,
        named: &[(String, String)],
        until: Option<&Until>,
    ) -> Result<(), Failure> {
        let noun = self.chosen.noun();
        let Some(resource) = noun.resource else { return Ok(()) };
        let parameters = values::body(&self.given);
        let change = Change::many(resource.name, verb, targets, parameters, named.len());
        let change = match &self.how.if_plan {
            Some(plan) => change.only_if(plan),
            None => change,
        };
        if self.how.plan || self.how.check {
            return self.planned(&change).await;
        }
        let names: Vec<String> = named.iter().map(|(_, name)| name.clone()).collect();
        let change = self.permitted(change, &names).await?;
        let begun = self.api.carry_out(&change).await?;
        let ended = operation::followed(self.api, begun.body).await?;
        let outcome = operation::print(&ended, self.output);
        if let Some(until) = until {
            let done = operation::done(&ended);
            if !done.is_empty() {
                waiting::wait(self.api, noun, &done, until).await?;
            }
        }
        outcome
    }

    /// Changes one object after the other, where many are no request. What fails is told at once.
    async fn each(&self, named: &[(String, String)], until: Option<&Until>) -> Result<(), Failure> {
        let mut failures = Vec::new();
        for (key, name) in named {
            if let Err(failure) = self.one(&[key], vec![name.clone()], until).await {
                let failure = failure.of(name);
                failure.report();
                failures.push(failure);
            }
        }
        let (failed, all) = (failures.len(), named.len());
        match failures.pop() {
            None => Ok(()),
            Some(Failure::Differs(_)) => Err(Failure::Differs(format!("{failed} of {all} differ"))),
            Some(last) if failed == all => Err(last.of(&format!("none of {all} was done"))),
            Some(_) => Err(Failure::Partial(format!(
                "{} of {all} were done, {failed} were not",
                all - failed
            ))),
        }
    }

    /// Shows what would change.
    async fn planned(&self, change: &Change) -> Result<(), Failure> {
        if !self.chosen.deed.has_plan {
            return Err(Failure::Usage("this cannot be planned".to_owned()));
        }
        let plan = self.api.plan(change).await?;
        plan::print(&plan, self.output);
        let count = plan::count(&plan);
        if self.how.check && count > 0 {
            let objects = if count == 1 { "object" } else { "objects" };
            return Err(Failure::Differs(format!("{count} {objects} would change")));
        }
        Ok(())
    }

    /// The change, when nobody needs to be asked or who is asked agrees: then only as it was shown.
    async fn permitted(&self, change: Change, named: &[String]) -> Result<Change, Failure> {
        let is_harmless = matches!(self.chosen.deed.kind, Kind::Create | Kind::Set | Kind::Edit);
        let is_said = self.how.yes || self.how.if_plan.is_some();
        if is_said || !self.chosen.deed.has_plan || (is_harmless && named.len() < 2) {
            return Ok(change);
        }
        let plan = self.api.plan(&change).await?;
        let weight = plan::Weight::of(&plan, self.chosen.deed);
        if weight.is_nothing() {
            return Ok(change);
        }
        question::ask(&self.chosen.words(), named, &plan, &weight)?;
        Ok(match plan["plan"].as_str() {
            Some(word) => change.only_if(word),
            None => change,
        })
    }
}
