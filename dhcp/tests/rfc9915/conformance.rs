//! `docs/conformance/dhcpv6.md`: which line of the checklist is shown by which tests.

use crate::lines::LINES;
use crate::page::Page;

const PAGE: Page = Page {
    path: "docs/conformance/dhcpv6.md",
    head: "# DHCPv6: what is shown by tests
Lines of the checklist by RFC 9915 with their priority (1 must, 2 should, 3 later), and the tests that show
them. This page is made from the tests by `dhcp/tests/rfc9915/conformance.rs`; one of them compares it.

",
    ids: &["V6-", "R6-"],
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
