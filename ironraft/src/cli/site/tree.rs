//! YAML as a tree whose parts know their lines. What files of a site have no use for is refused: several documents, anchors,
//! tags, and keys that stand twice.

use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The line, from one on.
    pub(crate) line: usize,
    /// What is wrong with it.
    pub(crate) message: String,
}

impl Wrong {
    /// Something wrong at a line.
    pub(crate) fn at(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// Where it begins.
    pub(crate) line: usize,
    /// What it is.
    pub(crate) content: Content,
}

/// What a part of a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// A word or a text.
    Scalar {
        /// As it stands there, without quotation marks.
        text: String,
        /// Whether there are none.
        is_plain: bool,
    },
    /// Parts in an order.
    List(Vec<Node>),
    /// Parts by their names.
    Map(Vec<(Key, Node)>),
}

/// The name of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Where it stands.
    pub(crate) line: usize,
    /// The name.
    pub(crate) text: String,
}

/// How deep parts may lie within each other: more than a site has, and far less than the stack holds.
const DEPTH_MAX: usize = 16;

/// The tree of a document; none when there is nothing in it.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn read(text: &str) -> Result<Option<Node>, Wrong> {
    let mut reader = Reader { parser: Parser::new_from_str(text), last: 1 };
    let mut root = None;
    loop {
        let (event, line) = reader.next()?;
        match event {
            Event::StreamEnd => return Ok(root),
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            _ if root.is_some() => return Err(Wrong::at(line, "there is a second document")),
            event => root = Some(reader.node(event, line, 0)?),
        }
    }
}

struct Reader<'a, P: Iterator<Item = Result<(Event<'a>, Span), ScanError>>> {
    parser: P,
    last: usize,
}

impl<'a, P: Iterator<Item = Result<(Event<'a>, Span), ScanError>>> Reader<'a, P> {
    fn next(&mut self) -> Result<(Event<'a>, usize), Wrong> {
        match self.parser.next() {
            Some(Ok((event, span))) => {
                self.last = span.start.line();
                Ok((event, self.last))
            }
            Some(Err(error)) => Err(Wrong::at(error.marker().line(), error.info())),
            None => Ok((Event::StreamEnd, self.last)),
        }
    }

    /// The part that begins with an event.
    fn node(&mut self, event: Event<'a>, line: usize, depth: usize) -> Result<Node, Wrong> {
        if depth > DEPTH_MAX {
            return Err(Wrong::at(line, "this lies too deep"));
        }
        let content = match event {
            Event::Scalar(text, style, 0, None) => {
                Content::Scalar { text: text.into_owned(), is_plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(0, None) => self.list(depth)?,
            Event::MappingStart(0, None) => self.map(depth)?,
            Event::Alias(_) => return Err(Wrong::at(line, "there are no references (`*`)")),
            _ => return Err(Wrong::at(line, "there are no anchors (`&`) and no tags (`!`)")),
        };
        Ok(Node { line, content })
    }

    fn list(&mut self, depth: usize) -> Result<Content, Wrong> {
        let mut items = Vec::new();
        loop {
            let (event, line) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Content::List(items));
            }
            items.push(self.node(event, line, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Content, Wrong> {
        let mut members: Vec<(Key, Node)> = Vec::new();
        loop {
            let (event, line) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Content::Map(members));
            }
            let Content::Scalar { text, .. } = self.node(event, line, depth + 1)?.content else {
                return Err(Wrong::at(line, "a name is expected here"));
            };
            if let Some((known, _)) = members.iter().find(|(known, _)| known.text == text) {
                let message = format!("{text} stands here again, after line {}", known.line);
                return Err(Wrong::at(line, message));
            }
            let (event, at) = self.next()?;
            let value = self.node(event, at, depth + 1)?;
            members.push((Key { line, text }, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_know_their_lines() {
        let root = read("# site\na: 1\nb:\n  - x\n  - \"y\"\n").unwrap().unwrap();
        let Content::Map(members) = root.content else { panic!() };
        assert_eq!((members[1].0.text.as_str(), members[1].0.line), ("b", 3));
        let Content::List(items) = &members[1].1.content else { panic!() };
        assert_eq!(items[1].line, 5);
        let text = "y".to_owned();
        assert_eq!(items[1].content, Content::Scalar { text, is_plain: false });
        assert_eq!(read("# nothing\n"), Ok(None));
    }

    #[test]
    fn what_a_site_has_no_use_for_is_refused_where_it_stands() {
        for (text, line, message) in [
            ("a: 1\nb: 2\na: 3\n", 3, "a stands here again, after line 1"),
            ("a: &x 1\n", 1, "there are no anchors (`&`) and no tags (`!`)"),
            ("a: 1\n---\nb: 2\n", 3, "there is a second document"),
            ("a:\n  !!binary x\n", 2, "there are no anchors (`&`) and no tags (`!`)"),
            ("[a, b]: 1\n", 1, "a name is expected here"),
        ] {
            assert_eq!(read(text).unwrap_err(), Wrong::at(line, message), "{text}");
        }
        assert_eq!(read("a: [1\nb: 2\n").unwrap_err().line, 2);
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
