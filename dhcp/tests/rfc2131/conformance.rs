//! `docs/conformance/dhcpv4.md`: which line of the checklist is shown by which tests.

use crate::lines::LINES;
use crate::page::Page;

const PAGE: Page = Page {
    path: "docs/conformance/dhcpv4.md",
    head: "# DHCPv4: what is shown by tests
Lines of the checklist with their priority (1 must, 2 should, 3 later), and the tests that show them.
This page is made from the tests by `dhcp/tests/rfc2131/conformance.rs`; one of them compares it.

",
    ids: &["V4-", "R4-", "PXE-", "C-", "RFC "],
    lines: LINES,
};

#[test]
fn the_page_is_up_to_date() {
    PAGE.check();
}

#[test]
fn every_line_is_shown_or_says_why_not() {
    PAGE.check_lines();
}

#[test]
fn a_test_says_its_lines_in_the_last_line_of_its_documentation() {
    let text = "/// V4-01, RFC 3046.\n#[test]\nfn a() {}\n/// Why.\n#[test]\nfn b() {}\n#[test]\n";
    let ids = vec!["V4-01".to_owned(), "RFC 3046".to_owned()];
    assert_eq!(PAGE.tagged(text), [(ids, "a".to_owned())]);
}
