//! Pages, orders and counts of a list of books.

use model::query::field::{Field, FieldKind, Scalar};
use model::time::Timestamp;
use proptest::prelude::*;
use rest::params::Params;

use super::*;

#[derive(Debug, Clone, PartialEq)]
struct Book {
    id: u32,
    title: String,
    pages: Option<u32>,
    tags: Vec<&'static str>,
}

impl Subject for Book {
    fn each(&self, field: usize, give: &mut dyn FnMut(Scalar<'_>)) {
        match field {
            0 => give(Scalar::Text(&self.title)),
            1 => self.pages.iter().for_each(|pages| give(Scalar::Number((*pages).into()))),
            _ => self.tags.iter().for_each(|tag| give(Scalar::Text(tag))),
        }
    }
}

impl Listed for Book {
    fn key(&self) -> String {
        self.id.to_string()
    }
}

fn fields() -> Vec<Field> {
    vec![
        Field::new("title", FieldKind::Text, "").searched(),
        Field::new("pages", FieldKind::Number, ""),
        Field::new("tag", FieldKind::Text, ""),
    ]
}

fn book(id: u32, title: &str, pages: impl Into<Option<u32>>, tags: &[&'static str]) -> Book {
    Book { id, title: title.to_owned(), pages: pages.into(), tags: tags.to_vec() }
}

fn shelf() -> Vec<Book> {
    vec![
        book(1, "rack-10", 300, &["a", "b"]),
        book(2, "rack-9", None, &[]),
        book(3, "Rack-9", 20, &["b"]),
        book(4, "zebra", 20, &["a"]),
    ]
}

fn query(parameters: &[(&str, &str)]) -> ListQuery {
    read(parameters).unwrap()
}

fn read(parameters: &[(&str, &str)]) -> Result<ListQuery, crate::problem::Problem> {
    let mut params = Params::default();
    for (name, value) in parameters {
        params.add(*name, *value);
    }
    ListQuery::read(&params, &fields(), Timestamp::default())
}

fn ids(parameters: &[(&str, &str)]) -> Vec<u32> {
    page(shelf(), &query(parameters)).items.into_iter().map(|book| book.id).collect()
}

#[test]
fn numbers_in_names_are_numbers_and_what_has_no_value_comes_last_both_ways() {
    assert_eq!(ids(&[("sort", "title")]), [2, 3, 1, 4]);
    assert_eq!(ids(&[("sort", "-title")]), [4, 1, 2, 3]);
    assert_eq!(ids(&[("sort", "pages,-title")]), [4, 3, 1, 2]);
    assert_eq!(ids(&[("sort", "-pages")]), [1, 3, 4, 2]);
    assert_eq!(ids(&[("filter", "tag:b")]), [1, 3]);
}

#[test]
fn facets_count_over_all_pages_and_groups_come_in_the_order_of_the_list() {
    let found = page(shelf(), &query(&[("facets", "tag"), ("group", "pages"), ("limit", "1")]));
    assert_eq!(found.total, 4);
    let counts = |counts: &[Count]| -> Vec<(Option<String>, usize)> {
        counts.iter().map(|count| (count.value.clone(), count.count)).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(counts(&found.facets["tag"]), [(some("a"), 2), (some("b"), 2), (None, 1)]);
    let groups = found.groups.unwrap();
    assert_eq!(counts(&groups), [(some("20"), 2), (some("300"), 1), (None, 1)]);
    assert_eq!(found.items[0].id, 3);
}

#[test]
fn what_is_asked_for_wrongly_is_named() {
    for (name, value) in [
        ("sort", "colour"),
        ("facets", "colour"),
        ("group", "colour"),
        ("limit", "1001"),
        ("limit", "x"),
        ("page_token", "x"),
        ("filter", "pages:many"),
        ("facets", "tag,tag,tag,tag,tag,tag,tag,tag,tag"),
    ] {
        let problem = read(&[(name, value)]).unwrap_err();
        assert_eq!(problem.errors[0].parameter.as_deref(), Some(name), "{problem:?}");
    }
    let first = page(shelf(), &query(&[("sort", "title"), ("limit", "1")]));
    let token = first.next.unwrap();
    assert!(read(&[("sort", "pages"), ("page_token", &token)]).is_err());
}

fn books() -> impl Strategy<Value = Vec<Book>> {
    let one = (0_u32..60, "[a-c]{0,2}[0-9]{0,2}", proptest::option::of(0_u32..5));
    proptest::collection::btree_map(0_u32..60, one, 0..40).prop_map(|books| {
        let made = |(id, (_, title, pages)): (u32, (u32, String, Option<u32>))| {
            book(id, &title, pages, &[])
        };
        books.into_iter().map(made).collect()
    })
}

proptest! {
    #[test]
    fn pages_together_are_the_list_whatever_comes_and_goes_meanwhile(
        books in books(), others in books(), limit in 1_usize..7, sort in "-?(title|pages)",
    ) {
        let limit = limit.to_string();
        let at = |token: Option<String>, books: &[Book]| {
            let mut parameters = vec![("sort", sort.as_str()), ("limit", limit.as_str())];
            if let Some(token) = &token {
                parameters.push(("page_token", token));
            }
            page(books.to_vec(), &query(&parameters))
        };
        let whole = page(books.clone(), &query(&[("sort", &sort), ("limit", "1000")])).items;
        // Books of other ids come and go between pages.
        let mut token = None;
        let mut seen: Vec<Book> = Vec::new();
        for round in 0.. {
            let mut now = books.clone();
            if round % 2 == 1 {
                now.extend(others.iter().map(|book| Book { id: book.id + 100, ..book.clone() }));
            }
            let found = at(token, &now);
            seen.extend(found.items.into_iter().filter(|book| book.id < 100));
            token = found.next;
            if token.is_none() { break; }
        }
        prop_assert_eq!(seen, whole);
    }
}
