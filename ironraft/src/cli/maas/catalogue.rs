//! The commands of a profile, from the description of a region's API.

use api::describe::{Description, Handler};

use crate::cli::maas::names::{action_name, handler_name};

/// A handler as a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HandlerCommand<'a> {
    /// Its name.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) doc: Documentation,
    /// The path from the host's root, with placeholders.
    pub(crate) path: &'a str,
    /// The placeholders, which are positional arguments.
    pub(crate) params: &'a [String],
    /// Its operations.
    pub(crate) actions: Vec<ActionCommand<'a>>,
}

/// An operation as a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ActionCommand<'a> {
    /// Its name.
    pub(crate) name: String,
    /// What it does.
    pub(crate) doc: Documentation,
    /// The method.
    pub(crate) method: &'a str,
    /// The `op` that selects it.
    pub(crate) op: Option<&'a str>,
}

impl ActionCommand<'_> {
    /// Whether it takes `key=value` arguments: MAAS's command takes none where none is described.
    pub(crate) fn takes_pairs(&self) -> bool {
        self.doc.body.contains(":param")
    }
}

/// The commands of a description in the order of their names.
pub(crate) fn handlers(description: &Description, is_anonymous: bool) -> Vec<HandlerCommand<'_>> {
    let mut all: Vec<HandlerCommand<'_>> = Vec::new();
    for resource in &description.resources {
        let auth = resource.auth.as_ref().filter(|_| !is_anonymous);
        let may_do = |handler: Option<&Handler>| handler.is_some_and(|it| !it.actions.is_empty());
        if !may_do(auth) && !may_do(resource.anon.as_ref()) {
            continue;
        }
        // Shown is what users can do, to callers without a key, too.
        let Some(shown) = resource.auth.as_ref().or(resource.anon.as_ref()) else { continue };
        all.push(command(handler_name(&resource.name), shown));
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn command(name: String, handler: &Handler) -> HandlerCommand<'_> {
    let actions = handler.actions.iter().map(|action| ActionCommand {
        name: action_name(&action.name),
        doc: Documentation::read(&action.doc),
        method: &action.method,
        op: action.op.as_deref(),
    });
    HandlerCommand {
        name,
        doc: Documentation::read(&handler.doc),
        path: &handler.path,
        params: &handler.params,
        actions: actions.collect(),
    }
}

/// A docstring: its first paragraph in one line, and the rest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Documentation {
    /// The first paragraph.
    pub(crate) title: String,
    /// Everything behind it.
    pub(crate) body: String,
}

impl Documentation {
    /// Takes a docstring apart, without its indentation.
    pub(crate) fn read(text: &str) -> Self {
        let text = dedented(&text.replace("\r\n", "\n").replace('\r', "\n"));
        let (title, body) = match text.find("\n\n") {
            Some(at) => (&text[..at], text[at..].trim_start_matches('\n')),
            None => (text.as_str(), ""),
        };
        let title = title.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        Self { title, body: body.to_owned() }
    }
}

/// Without blank lines around it, and without what all lines but the first are indented by.
fn dedented(text: &str) -> String {
    let mut lines = text.lines().map(str::trim_end);
    let first = lines.next().unwrap_or_default().trim_start();
    let rest: Vec<&str> = lines.collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let margin = rest.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let rest = rest.iter().map(|line| line.get(margin..).unwrap_or_default());
    let all: Vec<&str> = std::iter::once(first).chain(rest).collect();
    all.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_docstring_has_a_title_and_a_body() {
        for (text, title, body) in [
            ("Title\n\nBody", "Title", "Body"),
            ("Title\n\n", "Title", ""),
            ("long\r\ntitle", "long title", ""),
            ("title\n\nbody1\r\rbody2", "title", "body1\n\nbody2"),
            (
                "\n    Two\n    lines\n\n    More\n      indented\n    ",
                "Two lines",
                "More\n  indented",
            ),
        ] {
            let expected = Documentation { title: title.to_owned(), body: body.to_owned() };
            assert_eq!(Documentation::read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn every_operation_of_the_api_is_a_command_of_its_own() {
        let all = handlers(&rest::describe::DESCRIPTION, false);
        for handler in &all {
            let mut names: Vec<&str> = handler.actions.iter().map(|it| it.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), handler.actions.len(), "{}", handler.name);
        }
        let machine = all.iter().find(|it| it.name == "machine").expect("there are machines");
        assert_eq!(machine.params, ["system_id"]);
        assert!(machine.actions.iter().any(|it| it.name == "query-power-state"));
        assert!(all.windows(2).all(|pair| pair[0].name < pair[1].name), "names differ");
    }

    #[test]
    fn without_a_key_there_is_only_what_everybody_may_do() {
        let all = handlers(&rest::describe::DESCRIPTION, true);
        assert!(all.iter().any(|it| it.name == "version"));
        assert!(!all.iter().any(|it| it.name == "subnets"));
    }
}
