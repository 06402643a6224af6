//! What there is to do, and with what: the words of the command line, made of the routes of the native API.
//!
//! `POST /api/v1/machines/{machine}/deploy` is `machine deploy SELECTOR`, `GET /api/v1/fabrics/{fabric}/vlans/{vid}` is `fabric
//! vlan get FABRIC VID`, and what is below that has both names first: `machine partition get MACHINE BLOCKDEVICE ID`. What a
//! resource has follows from its entry in the table of resources; nothing is kept here for one.

use std::sync::LazyLock;

use http::Method;
use native::resource::Resource;
use native::route::{Act, ROUTES, Route};
use rest::param::{Presence, Spec};

use crate::cli::maas::names::handler_name;

/// What the first elements of paths are that are no business of operators: what only nodes and MAAS's clients ask for, and what
/// has commands of its own.
const LEFT_OUT: &[&str] = &[
    "agents",
    "boot-files",
    "contents",
    "dhcp",
    "docs",
    "images-sync-progress",
    "license-key",
    "maas",
    "openapi.json",
    "openapi.yaml",
    "resources",
    "version",
    "watch",
];

/// Something that things are done with.
#[derive(Debug)]
pub(crate) struct Noun {
    /// What one is called: `machine`, `ip-range`; below another noun, `interface`.
    pub(crate) name: String,
    /// What many are called: the element of the path.
    pub(crate) plural: String,
    /// What MAAS's command line calls it besides, where that is another word: `block-device`.
    pub(crate) also: Vec<String>,
    /// What one is called where it is named on the command line: `MACHINE`.
    pub(crate) upper: String,
    /// The same for those that it is below, from the outside in.
    pub(crate) owners: Vec<String>,
    /// What it is.
    pub(crate) about: String,
    /// Its entry in the table of resources; none of what is below another, or in no table.
    pub(crate) resource: Option<&'static Resource>,
    /// What can be done.
    pub(crate) deeds: Vec<Deed>,
    /// What there is of each of them.
    pub(crate) below: Vec<Self>,
}

/// Something that can be done.
#[derive(Debug)]
pub(crate) struct Deed {
    /// The word.
    pub(crate) name: String,
    /// What it does.
    pub(crate) about: String,
    /// How it is done.
    pub(crate) kind: Kind,
    /// The method.
    pub(crate) method: Method,
    /// The path below the root; those elements in braces are placeholders.
    pub(crate) path: Vec<String>,
    /// Its parameters.
    pub(crate) parameters: Vec<Parameter>,
    /// Whether it takes parameters of any name.
    pub(crate) takes_any: bool,
    /// What `actions` of the resource calls it, when it can be done to many by one request.
    pub(crate) of_many: Option<String>,
    /// Whether it can be planned.
    pub(crate) has_plan: bool,
}

/// How something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Lists objects.
    List,
    /// Shows objects as rows.
    Get,
    /// Shows all of an object.
    Describe,
    /// Makes one.
    Create,
    /// Changes members.
    Set,
    /// Changes members in an editor.
    Edit,
    /// Removes.
    Delete,
    /// Tells what became of one.
    History,
    /// Shows what changes.
    Watch,
    /// Says why one is as it is.
    Why,
    /// Does something else to one.
    Change,
    /// Asks for something about one.
    Ask,
    /// Does something that is about none in particular.
    ChangeAll,
    /// Asks for something that is about none in particular.
    AskAll,
}

/// A parameter.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    /// Its name; what ends in `{param}` stands for all that begin so.
    pub(crate) name: &'static str,
    /// The same as an option: `distro-series`; none for many names.
    pub(crate) flag: Option<String>,
    /// What it means.
    pub(crate) doc: String,
    /// Whether it must be there.
    pub(crate) is_needed: bool,
}

/// All of them, in the order of the table of resources.
pub(crate) static NOUNS: LazyLock<Vec<Noun>> = LazyLock::new(|| of(&ROUTES));

/// The noun of a name, or of what many of it are called.
pub(crate) fn find(name: &str) -> Option<&'static Noun> {
    NOUNS.iter().find(|noun| noun.is_called(name))
}

/// The commands of what is called so below other objects: `machine raid`.
pub(crate) fn below(name: &str) -> Vec<String> {
    let is_it = |noun: &&Noun| noun.is_called(name) || noun.also.iter().any(|also| also == name);
    let of_one = |noun: &'static Noun| {
        noun.below.iter().filter(is_it).map(|below| format!("{} {}", noun.name, below.name))
    };
    NOUNS.iter().flat_map(of_one).collect()
}

/// The noun of a resource's objects.
pub(crate) fn of_resource(plural: &str) -> Option<&'static Noun> {
    NOUNS.iter().find(|noun| noun.plural == plural)
}

fn of(routes: &'static [Route]) -> Vec<Noun> {
    let mut nouns: Vec<Noun> = Vec::new();
    for route in routes {
        let Some((first, rest)) = route.path.split_first() else { continue };
        if LEFT_OUT.contains(&first.as_str()) {
            continue;
        }
        let noun = match nouns.iter().position(|noun| noun.plural == *first) {
            Some(at) => &mut nouns[at],
            None => {
                nouns.push(Noun::new(first));
                let last = nouns.len() - 1;
                &mut nouns[last]
            }
        };
        match rest {
            [of, kind, one, below, rest @ ..]
                if is_placeholder(one) && is_kind(routes, &[first, of, kind, one], below) =>
            {
                noun.below(below, Some(kind)).add(rest, route);
            }
            [of, below, rest @ ..]
                if is_placeholder(of) && is_kind(routes, &[first, of], below) =>
            {
                noun.below(below, None).add(rest, route);
            }
            rest => noun.add(rest, route),
        }
    }
    nouns.iter_mut().for_each(Noun::complete);
    nouns.retain(|noun| !noun.deeds.is_empty());
    nouns
}

/// Whether what is below an object are many that are named. A list and what it has may be called by one and by many: `raids`
/// and `raid/{id}`.
fn is_kind(routes: &[Route], above: &[&String], below: &str) -> bool {
    let is_it = |route: &Route| match route.path.get(above.len()..) {
        Some([kind, one, ..]) => {
            let is_below = route.path.iter().zip(above).all(|(element, above)| element == *above);
            is_below && singular(kind) == singular(below) && is_placeholder(one)
        }
        _ => false,
    };
    routes.iter().any(is_it)
}

fn is_placeholder(element: &str) -> bool {
    element.starts_with('{')
}

impl Noun {
    fn new(plural: &str) -> Self {
        let resource = native::registry::find(plural);
        let name = resource.map_or_else(|| singular(plural), |found| found.singular.to_owned());
        let about = match resource {
            Some(resource) => resource.doc.to_owned(),
            None => format!("What there is to do with {}", plural.replace('-', " ")),
        };
        let upper = name.to_uppercase();
        let plural = plural.to_owned();
        let (also, owners, deeds, below) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { name, plural, also, upper, owners, about, resource, deeds, below }
    }

    /// Whether it has that name, or many of it are called so.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.plural == name
    }

    /// What can be done by a word.
    pub(crate) fn deed(&self, name: &str) -> Option<&Deed> {
        self.deeds.iter().find(|deed| deed.name == name)
    }

    /// The fields that its objects can be filtered by.
    pub(crate) fn fields(&self) -> &'static [model::query::field::Field] {
        self.resource.map_or(&[], native::registry::fields_of)
    }

    /// What many of them are called in a sentence.
    pub(crate) fn many(&self) -> String {
        self.plural.replace('-', " ")
    }

    /// What is below one of them, or below what is of a kind below one of them.
    fn below(&mut self, plural: &str, kind: Option<&str>) -> &mut Self {
        let name = singular(plural);
        let at = self.below.iter().position(|noun| noun.name == name);
        let at = at.unwrap_or_else(|| {
            let mut below = Self::new(plural);
            // Of that name there may be others, which are something else.
            below.resource = None;
            below.upper = "ID".to_owned();
            let owner = kind.map(|kind| singular(kind).to_uppercase());
            below.owners = [self.upper.clone()].into_iter().chain(owner).collect();
            below.name.clone_from(&name);
            self.below.push(below);
            self.below.len() - 1
        });
        let of = kind.map_or_else(|| self.name.clone(), singular);
        let below = &mut self.below[at];
        // Their list may be called by many, and one of them by one.
        if plural.len() > below.plural.len() {
            below.plural = plural.to_owned();
        }
        below.about = format!("The {} of one {of}", below.many());
        below
    }

    fn add(&mut self, rest: &[String], route: &'static Route) {
        let is_reading = route.method == "GET";
        let (name, kind) = match rest {
            [] if is_reading => ("list", Kind::List),
            [] if route.method == "POST" => ("create", Kind::Create),
            [one] if is_placeholder(one) => match route.method {
                "GET" => ("get", Kind::Get),
                "DELETE" => ("delete", Kind::Delete),
                _ => ("set", Kind::Set),
            },
            [word] => (word.as_str(), if is_reading { Kind::AskAll } else { Kind::ChangeAll }),
            [one, word] if is_placeholder(one) && !is_placeholder(word) => {
                (word.as_str(), if is_reading { Kind::Ask } else { Kind::Change })
            }
            _ => return,
        };
        self.deeds.extend(Deed::of(name, kind, route));
        if let Act::Run(verb) = &route.act
            && !self.owners.is_empty()
        {
            self.also_called(&handler_name(verb.operation.handler));
        }
    }

    /// MAAS's word for what is below another object, where it is the same word with hyphens: others mean others, too.
    fn also_called(&mut self, word: &str) {
        let is_same =
            [&self.name, &self.plural].into_iter().any(|own| *own == word.replace('-', ""));
        if is_same && !self.is_called(word) && !self.also.iter().any(|known| known == word) {
            self.also.push(word.to_owned());
        }
    }

    /// Adds what follows from what there is, and puts everything in order.
    fn complete(&mut self) {
        self.below.iter_mut().for_each(Self::complete);
        self.below.retain(|noun| !noun.deeds.is_empty());
        let found = |kind| self.deeds.iter().find(move |deed| deed.kind == kind);
        let mut more = Vec::new();
        let one = article(&self.name);
        if let Some(get) = found(Kind::Get) {
            more.push(get.like("describe", Kind::Describe, format!("Show every field of {one}")));
        }
        if self.resource.is_some()
            && let Some(set) = found(Kind::Set)
        {
            more.push(set.like("edit", Kind::Edit, format!("Change {one} in an editor")));
        }
        if self.resource.is_some_and(|resource| resource.rows.is_some())
            && let Some(list) = found(Kind::List)
        {
            let about = format!("Show {}, and then what changes", self.many());
            more.push(list.like("watch", Kind::Watch, about));
        }
        if let Some(timeline) = self.deed("timeline") {
            let about =
                format!("Say why {one} is as it is, what it waits for, and what would help");
            more.push(timeline.like("why", Kind::Why, about));
        }
        self.deeds.extend(more);
        let many = self.many();
        for deed in &mut self.deeds {
            match deed.kind {
                Kind::List => deed.about = format!("List {many}"),
                Kind::Get => deed.about = format!("Show {many}, a row for each"),
                Kind::History => {
                    deed.about = format!("Show what became of {one}, when, by whom and why");
                }
                _ => {}
            }
        }
        self.deeds.sort_by_key(|deed| deed.kind);
        let mut known: Vec<String> = Vec::new();
        self.deeds.retain(|deed| {
            let is_new = !known.contains(&deed.name);
            known.push(deed.name.clone());
            is_new
        });
    }
}

impl Deed {
    fn of(name: &str, kind: Kind, route: &'static Route) -> Option<Self> {
        let mut deed = Self {
            name: name.to_owned(),
            about: String::new(),
            kind,
            method: route.method.parse().ok()?,
            path: route.path.clone(),
            parameters: Vec::new(),
            takes_any: false,
            of_many: None,
            has_plan: matches!(route.act, Act::Run(_)),
        };
        match &route.act {
            Act::Run(verb) if verb.operation.takes_content => return None,
            Act::Run(verb) => {
                deed.about = sentence(verb.operation.doc);
                deed.parameters = verb.operation.params.iter().map(Parameter::of).collect();
                deed.takes_any = verb.operation.takes_any_name && kind != Kind::List;
                let is_for_many = verb.resource.is_some_and(|of| verb.is_for_many_of(of));
                deed.of_many = is_for_many.then(|| verb.name());
            }
            Act::Own(own) => {
                deed.about = sentence(own.doc);
                let named = own.params.iter().map(|(name, doc)| Parameter::named(name, doc));
                deed.parameters = named.collect();
            }
            Act::History(_) => deed.kind = Kind::History,
            Act::List(_) | Act::Read(_) => {}
            Act::Many(_) => return None,
        }
        Some(deed)
    }

    fn like(&self, name: &str, kind: Kind, about: String) -> Self {
        let parameters = if kind == Kind::Edit { self.parameters.clone() } else { Vec::new() };
        let (method, path) = (self.method.clone(), self.path.clone());
        let name = name.to_owned();
        Self {
            name,
            about,
            kind,
            method,
            path,
            parameters,
            takes_any: false,
            of_many: None,
            has_plan: self.has_plan && kind == Kind::Edit,
        }
    }

    /// How many objects its path names.
    pub(crate) fn named(&self) -> usize {
        self.path.iter().filter(|element| is_placeholder(element)).count()
    }

    /// What its path calls the last object that it names: `id`, `vid`.
    pub(crate) fn key(&self) -> Option<&str> {
        let last = self.path.iter().rfind(|element| is_placeholder(element))?;
        Some(last.trim_start_matches('{').trim_end_matches('}'))
    }

    /// Its path for these objects.
    pub(crate) fn path_of<'a>(&'a self, objects: &[&'a str]) -> Vec<&'a str> {
        let mut objects = objects.iter();
        let filled = self.path.iter().map(|element| {
            let is_one = is_placeholder(element);
            let given = if is_one { objects.next() } else { None };
            given.copied().unwrap_or(element.as_str())
        });
        filled.collect()
    }

    /// Whether it changes nothing.
    pub(crate) fn only_reads(&self) -> bool {
        self.method == Method::GET
    }
}

impl Parameter {
    fn of(spec: &Spec) -> Self {
        let is_needed = spec.presence == Presence::Required;
        Self { is_needed, ..Self::named(spec.name, spec.doc) }
    }

    fn named(name: &'static str, doc: &str) -> Self {
        let flag = (!name.contains('{')).then(|| name.replace('_', "-"));
        Self { name, flag, doc: one_line(doc), is_needed: false }
    }

    /// Whether that is its name.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        match self.name.split_once("{param}") {
            Some((prefix, _)) => name.starts_with(prefix),
            None => name == self.name,
        }
    }
}

fn singular(plural: &str) -> String {
    plural.strip_suffix('s').unwrap_or(plural).to_owned()
}

/// One of them in a sentence.
pub(crate) fn article(name: &str) -> String {
    let is_vowel = name.starts_with(['a', 'e', 'i', 'o']) || name.starts_with("ip-");
    format!("{} {}", if is_vowel { "an" } else { "a" }, name.replace('-', " "))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text without the full stop at its end.
fn sentence(doc: &str) -> String {
    one_line(doc).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(noun: &str) -> Vec<&'static str> {
        find(noun).unwrap().deeds.iter().map(|deed| deed.name.as_str()).collect()
    }

    #[test]
    fn every_resource_is_a_noun_with_its_verbs() {
        for resource in native::registry::RESOURCES {
            let noun = find(resource.singular).unwrap_or_else(|| panic!("{}", resource.singular));
            assert!(noun.deed("list").is_some(), "{}", resource.name);
            assert!(noun.deed("get").is_some(), "{}", resource.name);
        }
        let of_catalogue = native::catalog::entries();
        for entry in of_catalogue {
            let noun = find(entry.singular).unwrap();
            for verb in entry.verbs.iter().filter(|verb| verb.of_many) {
                let has = noun.deeds.iter().any(|deed| deed.of_many.as_ref() == Some(&verb.name));
                assert!(has, "{} {}", entry.name, verb.name);
            }
        }
    }

    #[test]
    fn machines_have_the_verbs_that_people_expect() {
        let words = words("machine");
        for word in [
            "list", "get", "describe", "create", "set", "edit", "delete", "history", "watch",
            "why", "deploy", "release", "power-on", "allocate",
        ] {
            assert!(words.contains(&word), "{word} in {words:?}");
        }
        let machine = find("machines").unwrap();
        let deploy = machine.deed("deploy").unwrap();
        assert_eq!(deploy.of_many.as_deref(), Some("deploy"));
        assert_eq!(deploy.path_of(&["web-01"]), ["machines", "web-01", "deploy"]);
        assert_eq!(machine.deed("release").unwrap().kind, Kind::Change, "of one, not of all");
    }

    #[test]
    fn what_is_below_an_object_is_a_noun_of_its_own() {
        let below = &find("fabric").unwrap().below;
        let vlan = below.iter().find(|noun| noun.name == "vlan").unwrap();
        let set = vlan.deed("set").unwrap();
        assert_eq!(set.path_of(&["plant", "101"]), ["fabrics", "plant", "vlans", "101"]);
        let machine = find("machine").unwrap();
        let interface = machine.below.iter().find(|noun| noun.name == "interface").unwrap();
        let link = interface.deed("link-subnet").unwrap();
        assert_eq!((link.kind, link.named()), (Kind::Change, 2));
    }

    #[test]
    fn what_machines_have_is_done_by_the_words_of_maas() {
        let machine = find("machine").unwrap();
        let below = |name: &str| {
            let found = machine.below.iter().find(|noun| noun.name == name);
            found.unwrap_or_else(|| panic!("{name}"))
        };
        for (name, words) in [
            (
                "blockdevice",
                "list get create set delete format unformat mount unmount add-tag remove-tag set-boot-disk",
            ),
            (
                "partition",
                "list get create delete format unformat mount unmount add-tag remove-tag",
            ),
            ("raid", "list get create set delete"),
            (
                "volume-group",
                "list get create set delete create-logical-volume delete-logical-volume",
            ),
            ("bcache", "list get create set delete"),
            ("bcache-cache-set", "list get create set delete"),
            ("vmfs-datastore", "list get create set delete"),
            (
                "interface",
                "list get set delete link-subnet unlink-subnet disconnect set-default-gateway create-physical create-bond create-bridge create-vlan add-tag remove-tag",
            ),
        ] {
            for word in words.split(' ') {
                assert!(below(name).deed(word).is_some(), "{name} {word}");
            }
        }
        assert_eq!(below("blockdevice").also, ["block-devices", "block-device"]);
        assert_eq!(below("partition").owners, ["MACHINE", "BLOCKDEVICE"]);
        let format = below("partition").deed("format").unwrap();
        let path = format.path_of(&["web", "sdb", "sdb-part1"]);
        assert_eq!(path.join("/"), "machines/web/blockdevices/sdb/partition/sdb-part1/format");
        assert!(machine.deed("raids").is_none(), "one way is enough");
    }

    #[test]
    fn what_is_in_no_table_has_verbs_too() {
        assert!(words("group").contains(&"add-member"));
        assert!(words("revision").contains(&"undo"));
        assert!(words("operation").contains(&"cancel"));
    }
}
