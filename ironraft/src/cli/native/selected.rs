//! The objects that are meant on the command line: one by its name, some by their names, or those that a filter means.

use model::query::field::FieldKind;
use model::query::selector::{Named, Pick, Selector};
use native::registry::fields_of;
use native::resource::Resource;

use crate::cli::failure::Failure;
use crate::cli::native::noun::Noun;

/// The fields whose values are names of groups.
const GROUPS: &[&str] =
    &["tag", "pool", "zone", "rack", "domain", "fabric", "vlan", "subnet", "space", "owner"];

/// What is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selected {
    /// One object, by its key or name.
    One(String),
    /// Some, by their keys or names.
    Named(Vec<String>),
    /// Those that a filter means.
    Meant(String),
}

/// Reads what is meant.
///
/// # Errors
/// It is not understood, or there is nothing.
pub(crate) fn read(noun: &Noun, words: &[String]) -> Result<Selected, Failure> {
    let text = words.join(",");
    if text.trim().is_empty() {
        return Err(Failure::Usage(format!("no {} is named", noun.name)));
    }
    let Some(resource) = noun.resource else { return Ok(named(words)) };
    if words.iter().any(|word| is_name_with_colon(resource, word)) {
        return Ok(named(words));
    }
    let selector = Selector::parse(&text).map_err(|error| Failure::Usage(error.to_string()))?;
    match selector.names() {
        Some(names) => Ok(named(&names)),
        None => Ok(Selected::Meant(filter(resource, &selector)?)),
    }
}

/// The filter that a text stands for: it may be a selector.
///
/// # Errors
/// It is not understood.
pub(crate) fn as_filter(noun: &Noun, text: &str) -> Result<String, Failure> {
    let has_group =
        text.split([' ', ',']).any(|word| word.trim_start_matches('-').starts_with('@'));
    let Some(resource) = noun.resource.filter(|_| has_group || text.contains('[')) else {
        return Ok(text.to_owned());
    };
    let selector = Selector::parse(text).map_err(|error| Failure::Usage(error.to_string()))?;
    filter(resource, &selector)
}

fn named<T: AsRef<str>>(names: &[T]) -> Selected {
    match names {
        [one] => Selected::One(one.as_ref().to_owned()),
        names => Selected::Named(names.iter().map(|name| name.as_ref().to_owned()).collect()),
    }
}

/// Whether a word is a name that has a colon: `fd00::1`, `52:54:00:12:34:56`, `http://images.example`.
fn is_name_with_colon(resource: &'static Resource, word: &str) -> bool {
    let is_plain = !word.contains([' ', '(', ')', '"', ',', '@', '[']);
    let Some((field, _)) = word.split_once(':').filter(|_| is_plain) else { return false };
    let field = field.trim_start_matches('-');
    !fields_of(resource).iter().any(|known| known.is_called(field))
}

fn filter(resource: &'static Resource, selector: &Selector) -> Result<String, Failure> {
    let fields = fields_of(resource);
    let has = |name: &&str, is_it: fn(FieldKind) -> bool| {
        fields.iter().any(|field| field.is_called(name) && is_it(field.kind))
    };
    let named: Vec<&str> =
        std::iter::once(resource.key).chain(resource.also.iter().copied()).collect();
    // A number is no name, unless there is nothing else.
    let texts: Vec<&str> =
        named.iter().copied().filter(|name| has(name, |kind| kind == FieldKind::Text)).collect();
    let names = if texts.is_empty() { named } else { texts };
    let groups: Vec<&str> =
        GROUPS.iter().copied().filter(|name| has(name, |kind| kind == FieldKind::Text)).collect();
    // Without a field that could have it, a group would mean everything.
    if groups.is_empty() && has_group(selector) {
        let message = format!("{} are in no groups: @field:value names those", resource.name);
        return Err(Failure::Usage(message));
    }
    Ok(selector.filter(&Named { names: &names, groups: &groups }))
}

fn has_group(selector: &Selector) -> bool {
    match selector {
        Selector::Names { include, exclude } => {
            include.iter().chain(exclude).any(|pick| matches!(pick, Pick::Group(_)))
        }
        Selector::Filter(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use model::query::Query;
    use model::time::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::cli::native::noun;

    fn read_as(noun: &str, words: &[&str]) -> Selected {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        read(noun::find(noun).unwrap(), &words).unwrap()
    }

    fn meant(noun: &str, words: &[&str]) -> String {
        match read_as(noun, words) {
            Selected::Meant(filter) => filter,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_are_names_and_everything_else_is_a_filter() {
        assert_eq!(read_as("machine", &["web-01"]), Selected::One("web-01".to_owned()));
        let two = Selected::Named(vec!["n1".to_owned(), "n2".to_owned()]);
        assert_eq!(read_as("machine", &["n1", "n2"]), two);
        assert_eq!(read_as("machine", &["n[1-2]"]), two);
        assert_eq!(meant("machine", &["tag:gpu status:ready"]), "tag:gpu status:ready");
        let excluded = meant("machine", &["n[1-2],@gpu,-n2"]);
        assert!(excluded.contains("hostname:n1,n2"), "{excluded}");
        assert!(excluded.contains("tag:gpu") && excluded.contains("pool:gpu"), "{excluded}");
        assert!(excluded.contains("-(system_id:n2"), "{excluded}");
    }

    proptest! {
        /// Whatever is written means names, or a filter that the language understands, or is refused with a reason.
        #[test]
        fn every_text_is_understood_or_refused(text in r#"[a-c0-3@:,*\-\[\]() "x]{0,24}"#) {
            let machines = noun::find("machine").unwrap();
            match read(machines, &[text]) {
                Ok(Selected::Named(names)) => prop_assert!(names.len() > 1),
                Ok(Selected::One(_) | Selected::Meant(_)) => {}
                Err(failure) => prop_assert_eq!(failure.told().0, 2),
            }
        }

        /// Names and groups become a filter that is understood, however many there are.
        #[test]
        fn names_and_groups_become_a_filter(
            parts in prop::collection::vec(r"-?@?[a-z][a-z0-9]{0,4}(\*|\[0[1-4]-0[5-9]\])?", 1..6),
        ) {
            let machines = noun::find("machine").unwrap();
            if let Selected::Meant(filter) = read(machines, &[parts.join(",")]).unwrap() {
                let parsed = Query::parse(&filter, machines.fields(), Timestamp::default());
                prop_assert!(parsed.is_ok(), "{}: {:?}", filter, parsed);
            }
        }
    }

    #[test]
    fn a_name_may_have_a_colon() {
        let one = |text: &str| Selected::One(text.to_owned());
        assert_eq!(read_as("ip-address", &["fd00::1"]), one("fd00::1"));
        assert_eq!(read_as("boot-source", &["http://images.x"]), one("http://images.x"));
        assert_eq!(read_as("subnet", &["10.0.0.0/24"]), one("10.0.0.0/24"));
        assert_eq!(meant("discovery", &["ip:10.0.0.9"]), "ip:10.0.0.9");
    }

    #[test]
    fn a_group_never_means_everything() {
        for noun in noun::NOUNS.iter().filter(|noun| noun.resource.is_some()) {
            if let Ok(Selected::Meant(filter)) = read(noun, &["@group".to_owned()]) {
                assert!(filter.contains("group"), "{}: {filter:?}", noun.name);
            }
        }
    }

    #[test]
    fn every_kind_of_object_understands_its_selectors() {
        let has_names = |noun: &&Noun| {
            noun.fields().iter().any(|field| {
                let of = noun.resource.unwrap();
                field.kind == FieldKind::Text
                    && (of.key == field.name || of.also.contains(&&*field.name))
            })
        };
        for noun in noun::NOUNS.iter().filter(|noun| noun.resource.is_some()).filter(has_names) {
            for text in ["a*", "@group,-b*", "a[1-3],@x"] {
                let Ok(Selected::Meant(filter)) = read(noun, &[text.to_owned()]) else { continue };
                let read = Query::parse(&filter, noun.fields(), Timestamp::default());
                assert!(read.is_ok(), "{} {text}: {filter}: {read:?}", noun.name);
            }
        }
    }
}
