//! A kind of objects that a site file has a section of: what names one, and what can be set of it.
//!
//! What can be set follows from the native API's operations that make and change one, and the form of each field from the
//! shape that objects are shown in. Said here by `table.rs` is only what does not follow from them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use native::route::{Act, ROUTES};
use rest::param::{Presence, Spec};
use serde_json::Value;

use crate::cli::site::table::KINDS;

/// The values of an object's fields, by the names that the file gives them.
pub(crate) type Fields = BTreeMap<String, Value>;

/// What values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Boolean,
    /// Texts in an order that means something.
    Texts,
    /// Texts in no order, each once.
    Set,
    /// Texts by names.
    Map,
    /// Any of a text, a number, true or false: what a setting takes.
    Any,
}

/// A request of its own that a field is set by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Makes a domain the default one.
    SetDefault,
    /// Adds tags to a machine and takes them from it.
    Tags,
    /// Notes something of a machine or device.
    Annotations,
    /// Puts users into a group and takes them out.
    Members,
    /// Has a group give something, or not any more.
    Entitlements,
}

/// What does not follow of a field from the API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Special {
    name: &'static str,
    place: Option<&'static str>,
    refers: &'static [&'static str],
    form: Option<Form>,
    verb: Option<Verb>,
    is_late: bool,
}

/// A field whose name is that of its parameter.
pub(crate) const fn field(name: &'static str) -> Special {
    Special { name, place: None, refers: &[], form: None, verb: None, is_late: false }
}

impl Special {
    /// The same, shown in objects at these members, with dots between them.
    pub(crate) const fn at(mut self, place: &'static str) -> Self {
        self.place = Some(place);
        self
    }

    /// The same, naming an object of one of these kinds.
    pub(crate) const fn refers(mut self, kinds: &'static [&'static str]) -> Self {
        self.refers = kinds;
        self
    }

    /// The same in a form.
    pub(crate) const fn form(mut self, form: Form) -> Self {
        self.form = Some(form);
        self
    }

    /// The same, set by a request of its own.
    pub(crate) const fn by(mut self, verb: Verb) -> Self {
        self.verb = Some(verb);
        self
    }

    /// The same, switched on when everything else is there.
    pub(crate) const fn late(mut self) -> Self {
        self.is_late = true;
        self
    }
}

/// A kind of objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// The section's name.
    pub(crate) name: &'static str,
    /// Where the API has all of them.
    pub(crate) path: &'static str,
    /// The member of an object that its path ends in.
    pub(crate) id: &'static str,
    /// The fields that name one.
    pub(crate) key: &'static [&'static str],
    /// What does not follow from the API.
    pub(crate) special: &'static [Special],
    /// Parameters that are no fields: they follow from others, or are not for a file.
    pub(crate) left_out: &'static [&'static str],
    /// Whether an object is there by itself and stays.
    pub(crate) stays: fn(&Value) -> bool,
    /// Whether nothing refers to them, so that they go before others change.
    pub(crate) is_leaf: bool,
    /// Whether they have a section, or are only referred to.
    pub(crate) is_section: bool,
    /// What is sent besides when one is made.
    pub(crate) besides: &'static [(&'static str, &'static str)],
}

/// Objects at a path of the same name, that a field names.
pub(crate) const fn kind(name: &'static str, key: &'static [&'static str]) -> Kind {
    Kind {
        name,
        path: name,
        id: "id",
        key,
        special: &[],
        left_out: &[],
        stays: |_| false,
        is_leaf: false,
        is_section: true,
        besides: &[],
    }
}

impl Kind {
    /// The same at another path.
    pub(crate) const fn under(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    /// The same with another member that paths end in.
    pub(crate) const fn id(mut self, id: &'static str) -> Self {
        self.id = id;
        self
    }

    /// The same with what does not follow from the API.
    pub(crate) const fn with(mut self, special: &'static [Special]) -> Self {
        self.special = special;
        self
    }

    /// The same without some parameters.
    pub(crate) const fn without(mut self, left_out: &'static [&'static str]) -> Self {
        self.left_out = left_out;
        self
    }

    /// The same, of which some stay.
    pub(crate) const fn staying(mut self, stays: fn(&Value) -> bool) -> Self {
        self.stays = stays;
        self
    }

    /// The same, which nothing refers to.
    pub(crate) const fn leaf(mut self) -> Self {
        self.is_leaf = true;
        self
    }

    /// The same, only referred to.
    pub(crate) const fn only_named(mut self) -> Self {
        self.is_section = false;
        self
    }

    /// The same, sent with something when one is made.
    pub(crate) const fn besides(
        mut self,
        besides: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.besides = besides;
        self
    }

    /// The fields, those of the name first.
    pub(crate) fn fields(&self) -> &'static [Field] {
        FIELDS.get(self.name).map_or(&[], Vec::as_slice)
    }

    /// A field by its name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// What one is called, as it is referred to; none when a part of the name is missing.
    pub(crate) fn name_of(&self, fields: &Fields) -> Option<String> {
        let parts = self.key.iter().map(|part| match fields.get(*part)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let parts = parts.collect::<Option<Vec<String>>>()?;
        match (self.name, parts.as_slice()) {
            ("vlans", [fabric, vid]) => Some(named_vlan(&format!("{fabric}/{vid}"))),
            _ => Some(parts.join(" ")),
        }
    }

    /// Whether the section is values by names, and not a list.
    pub(crate) fn is_map(&self) -> bool {
        self.name == "settings"
    }

    /// What one of them is called in sentences.
    pub(crate) fn singular(&self) -> &'static str {
        match native::registry::find(self.name) {
            Some(resource) => resource.singular,
            None => self.name.strip_suffix('s').unwrap_or(self.name),
        }
    }
}

/// A VLAN by its fabric and its tag: the one without a tag is `lab/untagged`.
pub(crate) fn named_vlan(text: &str) -> String {
    match text.strip_suffix("/0") {
        Some(fabric) => format!("{fabric}/untagged"),
        None => text.to_owned(),
    }
}

/// A kind by its name.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The kinds that have sections, in the order in which they depend on each other.
pub(crate) fn sections() -> impl DoubleEndedIterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.is_section)
}

/// Something that can be set of an object.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Its name: in files, and of the parameter.
    pub(crate) name: &'static str,
    /// What values it has.
    pub(crate) form: Form,
    /// The members to go through to it in an object, with dots between them.
    pub(crate) place: &'static str,
    /// The kinds whose names it has.
    pub(crate) refers: &'static [&'static str],
    /// The request of its own that it is set by.
    pub(crate) verb: Option<Verb>,
    /// Whether it is switched on when everything else is there.
    pub(crate) is_late: bool,
    /// Whether objects are made with it.
    pub(crate) by_create: bool,
    /// Whether none is made without it.
    pub(crate) is_needed: bool,
    /// Whether it can be changed.
    pub(crate) by_update: bool,
    /// Whether its parameter comes as often as it has values.
    pub(crate) is_repeated: bool,
}

impl Field {
    /// Whether it stays as it is once the object is there.
    pub(crate) const fn is_fixed(&self) -> bool {
        !self.by_update && self.verb.is_none()
    }
}

/// The fields of each kind.
static FIELDS: LazyLock<BTreeMap<&'static str, Vec<Field>>> =
    LazyLock::new(|| KINDS.iter().map(|kind| (kind.name, fields_of(kind))).collect());

fn fields_of(kind: &Kind) -> Vec<Field> {
    let create = parameters(kind, "POST", 0);
    let update = parameters(kind, "PATCH", 1);
    let parameters = create.iter().chain(&update).map(|spec| bare(spec.name));
    let specials = kind.special.iter().map(|special| special.name);
    let mut names: Vec<&'static str> = Vec::new();
    for name in kind.key.iter().copied().chain(parameters).chain(specials) {
        let is_left_out =
            kind.left_out.contains(&name) || kind.besides.iter().any(|it| it.0 == name);
        if !names.contains(&name) && !is_left_out {
            names.push(name);
        }
    }
    let schema = native::registry::find(kind.name).map(schema_of).unwrap_or_default();
    let of = |specs: &[Spec], name| specs.iter().find(|spec| bare(spec.name) == name).copied();
    let described = |name: &'static str| {
        let special = kind.special.iter().find(|special| special.name == name);
        let special = special.copied().unwrap_or_else(|| field(name));
        let (made, changed) = (of(&create, name), of(&update, name));
        Field {
            name,
            form: special.form.unwrap_or_else(|| {
                if special.refers.is_empty() { form_of(&schema, name) } else { Form::Text }
            }),
            place: special.place.unwrap_or(name),
            refers: special.refers,
            verb: special.verb,
            is_late: special.is_late,
            by_create: made.is_some(),
            is_needed: made.is_some_and(|spec| spec.presence == Presence::Required),
            by_update: changed.is_some(),
            is_repeated: made.or(changed).is_some_and(|it| it.presence == Presence::Repeated),
        }
    };
    names.into_iter().map(described).collect()
}

/// The name of a parameter; of one that stands for many, what their names begin with.
fn bare(name: &'static str) -> &'static str {
    name.strip_suffix("_{param}").unwrap_or(name)
}

/// The parameters of a kind's operation that has `deeper` elements more than the list.
fn parameters(kind: &Kind, method: &str, deeper: usize) -> Vec<Spec> {
    let elements: Vec<&str> = kind.path.split('/').collect();
    let is_of = |path: &[String]| {
        let alike = |(part, element): (&String, &&str)| {
            part == element || (part.starts_with('{') && element.starts_with('{'))
        };
        path.len() == elements.len() + deeper
            && path.iter().zip(&elements).all(alike)
            && path.get(elements.len()).is_none_or(|part| part.starts_with('{'))
    };
    let found = ROUTES.iter().find_map(|route| match &route.act {
        Act::Run(verb) if route.method == method && is_of(&route.path) => {
            Some(verb.operation.params.to_vec())
        }
        _ => None,
    });
    found.unwrap_or_default()
}

/// The members of a resource's objects, by the names of their types.
fn schema_of(resource: &'static native::resource::Resource) -> BTreeMap<String, Value> {
    let shape = (resource.shape)();
    let as_json = |schema| serde_json::to_value(schema).unwrap_or_default();
    let schema = as_json(&shape.schema);
    let named: BTreeMap<&str, Value> =
        shape.named.iter().map(|(name, schema)| (name.as_str(), as_json(schema))).collect();
    // What a shape is put together of, in its place or by name.
    let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let parts = parts.map(|part| {
        let name =
            part.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        name.and_then(|name| named.get(name)).unwrap_or(part)
    });
    let members = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
    std::iter::once(&schema).chain(parts).filter_map(members).flatten().collect()
}

fn form_of(schema: &BTreeMap<String, Value>, name: &str) -> Form {
    let kind = schema.get(name).and_then(|member| member.get("type"));
    let has = |word: &str| match kind {
        Some(Value::String(only)) => only == word,
        Some(Value::Array(some)) => some.iter().any(|it| it == word),
        _ => false,
    };
    if has("integer") {
        Form::Number
    } else if has("boolean") {
        Form::Boolean
    } else if has("array") {
        Form::Texts
    } else {
        Form::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All fields of a kind as one line each: what is derived from the API is seen when it changes.
    fn described(kind: &Kind) -> String {
        let line = |field: &Field| {
            let mut words = vec![format!("  {}: {:?}", field.name, field.form)];
            words.extend(field.refers.iter().map(|kind| format!("of {kind}")));
            words.extend(field.verb.map(|verb| format!("by {verb:?}")));
            words.extend(field.is_needed.then(|| "needed".to_owned()));
            words.extend(field.is_fixed().then(|| "fixed".to_owned()));
            words.extend(field.is_late.then(|| "late".to_owned()));
            words.join(", ")
        };
        let lines: Vec<String> = kind.fields().iter().map(line).collect();
        format!("{} by {}\n{}", kind.name, kind.key.join(" + "), lines.join("\n"))
    }

    #[test]
    fn the_fields_of_all_sections_follow_from_the_api() {
        let all: Vec<String> = sections().map(described).collect();
        insta::assert_snapshot!("fields", all.join("\n"));
    }

    #[test]
    fn what_is_referred_to_stands_before() {
        for (at, kind) in KINDS.iter().enumerate() {
            for field in kind.fields().iter().filter(|field| !field.is_late) {
                for refers in field.refers {
                    let place = KINDS.iter().position(|other| other.name == *refers);
                    let place = place.unwrap_or_else(|| panic!("{refers} is no kind"));
                    assert!(place <= at, "{} before {refers}", kind.name);
                }
            }
        }
    }

    #[test]
    fn vlans_are_called_by_fabric_and_tag() {
        let vlans = find("vlans").unwrap();
        let name = |vid: u16| {
            let fields = [("fabric", Value::from("lab")), ("vid", Value::from(vid))];
            vlans.name_of(&fields.map(|(name, value)| (name.to_owned(), value)).into()).unwrap()
        };
        assert_eq!((name(0).as_str(), name(10).as_str()), ("lab/untagged", "lab/10"));
    }
}
