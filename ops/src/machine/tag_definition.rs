//! Definitions of tags: `XPath` 1.0 over what `lshw -xml` printed on a machine, as MAAS evaluates them.
//!
//! Elements of lshw are found by their names, and by the same names with the prefix `lshw`; what has
//! the prefix `lldp` is nowhere, because racks keep no neighbours. What a machine printed is not
//! trusted, and neither may a definition end the process: both are bounded before the parsers, which
//! call themselves, see them.

use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sxd_document::dom::{ChildOfElement, Document, Element};
use sxd_document::{Package, QName, parser};
use sxd_xpath::{Context, Factory, XPath};

/// The longest definition, in bytes.
const DEFINITION_BYTES_MAX: usize = 1_024;

/// How deep brackets and signs of a definition may be nested, and elements of a description.
const DEPTH_MAX: usize = 64;

/// The prefixes that MAAS declares.
const PREFIXES: &[&str] = &["lshw", "lldp"];

/// A definition that can be evaluated.
#[derive(Debug)]
pub struct Definition {
    path: XPath,
    /// Whether it names elements of lshw with their prefix.
    is_prefixed: bool,
}

impl Definition {
    /// Reads a definition.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let invalid = |reason: &str| format!("Invalid xpath expression: {reason}");
        if text.len() > DEFINITION_BYTES_MAX {
            return Err(invalid(&format!("it has more than {DEFINITION_BYTES_MAX} bytes")));
        }
        let shape = Shape::of(text);
        if shape.depth > DEPTH_MAX {
            return Err(invalid(&format!("it is nested more than {DEPTH_MAX} deep")));
        }
        if let Some(prefix) = shape.prefixes.iter().find(|found| !PREFIXES.contains(found)) {
            return Err(invalid(&format!("Undefined namespace prefix: {prefix}")));
        }
        let path = match Factory::new().build(text) {
            Ok(Some(path)) => path,
            Ok(None) => return Err(invalid("it is empty")),
            Err(error) => return Err(invalid(&error.to_string())),
        };
        let definition = Self { path, is_prefixed: shape.prefixes.contains(&"lshw") };
        // Variables and functions that there are not are found when they are asked for.
        match definition.evaluate(&Hardware::unknown()) {
            Ok(_) => Ok(definition),
            Err(reason) => Err(invalid(&reason)),
        }
    }

    /// Whether hardware is what the definition says; what cannot be evaluated is not.
    #[must_use]
    pub fn is_met(&self, hardware: &Hardware) -> bool {
        self.evaluate(hardware).unwrap_or(false)
    }

    fn evaluate(&self, hardware: &Hardware) -> Result<bool, String> {
        let mut context = Context::new();
        for prefix in PREFIXES {
            context.set_namespace(prefix, prefix);
        }
        let document = hardware.document(self.is_prefixed);
        let evaluated =
            catch_unwind(AssertUnwindSafe(|| self.path.evaluate(&context, document.root())));
        match evaluated {
            Ok(Ok(value)) => Ok(value.boolean()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("it cannot be evaluated".to_owned()),
        }
    }
}

/// What is known of a machine's hardware.
#[derive(Debug, Default)]
pub struct Hardware {
    lshw: String,
    plain: OnceCell<Package>,
    /// The same, and below its root all of it once more with the prefix.
    prefixed: OnceCell<Package>,
}

impl Hardware {
    /// That of a machine of which nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default()
    }

    /// What `lshw -xml` printed; what cannot be read is as good as nothing.
    #[must_use]
    pub fn read(lshw: String) -> Self {
        Self { lshw, ..Self::default() }
    }

    fn document(&self, is_prefixed: bool) -> Document<'_> {
        if is_prefixed {
            let with_prefixes = || {
                let package = self.parsed();
                add_prefixed(&package.as_document());
                package
            };
            self.prefixed.get_or_init(with_prefixes).as_document()
        } else {
            self.plain.get_or_init(|| self.parsed()).as_document()
        }
    }

    fn parsed(&self) -> Package {
        let lshw = self.lshw.trim_start();
        let read = (depth_of(lshw) <= DEPTH_MAX).then(|| parser::parse(lshw).ok()).flatten();
        read.unwrap_or_else(|| {
            let package = Package::new();
            let document = package.as_document();
            document.root().append_child(document.create_element("list"));
            package
        })
    }
}

/// Adds a copy of the elements in the namespace of lshw.
fn add_prefixed(document: &Document<'_>) {
    let Some(root) = document.root().children().into_iter().find_map(|child| child.element())
    else {
        return;
    };
    let copies: Vec<ChildOfElement<'_>> = root
        .children()
        .into_iter()
        .filter_map(|child| child.element())
        .map(|element| ChildOfElement::Element(prefixed(document, element)))
        .collect();
    root.append_children(copies);
}

/// As deep as the document, which is bounded.
fn prefixed<'d>(document: &Document<'d>, element: Element<'d>) -> Element<'d> {
    let name = element.name().local_part();
    let copy = document.create_element(QName::with_namespace_uri(Some("lshw"), name));
    for attribute in element.attributes() {
        copy.set_attribute_value(attribute.name().local_part(), attribute.value());
    }
    for child in element.children() {
        match child {
            ChildOfElement::Element(child) => copy.append_child(prefixed(document, child)),
            ChildOfElement::Text(text) => copy.append_child(document.create_text(text.text())),
            ChildOfElement::Comment(_) | ChildOfElement::ProcessingInstruction(_) => {}
        }
    }
    copy
}

/// How deep elements are nested at most, counted without a parser.
fn depth_of(xml: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let skipped = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>"), ("!", ">")];
        if let Some((_, end)) = skipped.iter().find(|(begin, _)| rest.starts_with(begin)) {
            rest = rest.split_once(end).map_or("", |(_, behind)| behind);
            continue;
        }
        let (tag, behind) = rest.split_at(tag_length(rest));
        rest = behind;
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else {
            deepest = deepest.max(depth + 1);
            depth += usize::from(!tag.ends_with('/'));
        }
    }
    deepest
}

/// How long a tag is that begins here, without its `>`, which may stand in the value of an attribute as well.
fn tag_length(text: &str) -> usize {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None | Some(_), _) => {}
        }
    }
    text.len()
}

/// What a definition is made of, as far as it matters before it is parsed.
struct Shape<'a> {
    depth: usize,
    prefixes: Vec<&'a str>,
}

impl<'a> Shape<'a> {
    fn of(text: &'a str) -> Self {
        let mut shape = Self { depth: 0, prefixes: Vec::new() };
        let (mut depth, mut quote, mut signs) = (0_usize, None, 0_usize);
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '-' => signs += 1,
                blank if blank.is_whitespace() => {}
                _ => signs = 0,
            }
            shape.depth = shape.depth.max(signs);
            match (quote, character) {
                (Some(open), _) if open == character => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(character),
                (None, '(' | '[') => {
                    depth += 1;
                    shape.depth = shape.depth.max(depth);
                }
                (None, ')' | ']') => depth = depth.saturating_sub(1),
                // Not that of an axis, `child::`.
                (None, ':') if characters.next_if(|(_, next)| *next == ':').is_none() => {
                    shape.prefixes.push(name_before(&text[..at]));
                }
                (None, _) => {}
            }
        }
        shape
    }
}

fn name_before(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = text.trim_end_matches(is_part).len();
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LSHW: &str = r#"<?xml version="1.0" standalone="yes" ?>
<!-- generated by lshw -->
<list>
<node id="host" claimed="true" class="system">
 <vendor>Supermicro</vendor>
 <node id="cpu" class="processor"><size units="Hz">2400000000</size></node>
 <node id="display" class="display"><clock units="Hz">33000000</clock></node>
</node>
</list>"#;

    #[track_caller]
    fn check(definition: &str, expected: bool) {
        let definition = Definition::parse(definition).unwrap();
        assert_eq!(definition.is_met(&Hardware::read(LSHW.to_owned())), expected, "{definition:?}");
    }

    #[test]
    fn definitions_are_evaluated_as_maas_does() {
        check("//node[@id='display']", true);
        check("//node[@id='display']/clock[@units='Hz'] > 1000000000", false);
        check("//node[@class='processor']/size > 2000000000", true);
        check("//vendor[contains(text(), 'micro')] and not(//node[@class='tape'])", true);
        check("count(//node) = 3", true);
        check("/list/node/@class = 'system'", true);
        check("//node[@id='host']/child::node[last()]/@id = 'display'", true);
        check("starts-with(normalize-space(//vendor), 'Dell')", false);
        check("//lshw:node[@class='processor'] | //lldp:lldp", true);
        check("count(//lshw:node) = 3 and count(//node) = 3", true);
        check("//lldp:interface", false);
        check("''", false);
    }

    #[test]
    fn nothing_is_known_of_hardware_that_cannot_be_read() {
        let deep = format!("<list>{}{}</list>", "<a>".repeat(9_000), "</a>".repeat(9_000));
        for text in ["", "no XML", "<list><node>", deep.as_str()] {
            let hardware = Hardware::read(text.to_owned());
            assert!(!Definition::parse("//node").unwrap().is_met(&hardware));
            assert!(Definition::parse("not(//node)").unwrap().is_met(&hardware));
        }
        assert_eq!(depth_of("<a><b/><c><d x='1'/></c></a><!-- <e> -->"), 3);
        assert_eq!(depth_of("<?x <a> ?><a x='/>' y=\"/>\"><b z='>'><![CDATA[<c>]]></b></a>"), 2);
        let hidden = "<a x='/>'>".repeat(100);
        assert_eq!(depth_of(&hidden), 100);
    }

    #[test]
    fn what_cannot_be_evaluated_is_refused_when_it_is_set() {
        let long = format!("'{}'", "a".repeat(DEFINITION_BYTES_MAX));
        let nested = format!("{}1{}", "(".repeat(65), ")".repeat(65));
        for wrong in ["//node[", "foo(", "no-such()", "$x", "//foo:node", "", " ", &long, &nested] {
            let refused = Definition::parse(wrong).unwrap_err();
            assert!(refused.starts_with("Invalid xpath expression: "), "{wrong}: {refused}");
        }
        assert!(Definition::parse(&format!("{}1{}", "(".repeat(64), ")".repeat(64))).is_ok());
        assert!(Definition::parse(&format!("{}1", "- ".repeat(65))).is_err());
        assert!(Definition::parse(&format!("{}1", "-".repeat(64))).is_ok());
        for chain in ["/", "[1]/", "|", " or ", "+"] {
            let long = vec!["a"; 1_020 / (chain.len() + 1)].join(chain);
            assert!(Definition::parse(&long).is_ok(), "{chain}");
        }
        check("'(((foo:bar' != ''", true);
    }

    #[test]
    fn a_long_description_is_read_soon_enough() {
        let nodes = "<node id='x' class='y'><size>1</size></node>".repeat(10_000);
        let hardware = Hardware::read(format!("<list>{nodes}</list>"));
        assert!(Definition::parse("count(//size) = 10000").unwrap().is_met(&hardware));
    }
}
