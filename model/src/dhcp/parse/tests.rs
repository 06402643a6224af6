//! What is read, and what is refused in which words.

use super::*;
use crate::dhcp::condition::{Bytes, ClientFacts};
use crate::dhcp::program::Settings;

/// A client that sent these options.
struct Client(Vec<(u8, Vec<u8>)>);

impl ClientFacts for Client {
    fn option(&self, code: u8) -> Option<&[u8]> {
        self.0.iter().find(|(own, _)| *own == code).map(|(_, value)| value.as_slice())
    }

    fn hardware(&self) -> Vec<u8> {
        vec![1, 0x52, 0x54, 0, 0, 0, 7]
    }

    fn is_known(&self) -> bool {
        self.0.is_empty()
    }
}

fn read(text: &str) -> Result<Program, SnippetError> {
    parse(text, &[], &Policy::default()).map(|parsed| parsed.program)
}

#[track_caller]
fn says(text: &str, want: &[Statement]) {
    assert_eq!(read(text).map(|program| program.statements), Ok(want.to_vec()), "{text}");
}

fn option(code: u8, value: &[u8]) -> Statement {
    Statement::Option { code, value: value.to_vec() }
}

#[test]
fn statements_of_every_kind_are_read() {
    says("option domain-name-servers 1.1.1.1, 8.8.8.8;", &[option(6, &[1, 1, 1, 1, 8, 8, 8, 8])]);
    says("OPTION Interface-MTU 9000 ;", &[option(26, &[0x23, 0x28])]);
    says("option option-224 01:02;", &[option(224, &[1, 2])]);
    says("# nothing\n;;", &[]);
    says("next-server 10.0.0.9;", &[Statement::NextServer(Ipv4Addr::new(10, 0, 0, 9))]);
    says("filename \"pxelinux.0\";", &[Statement::BootFile("pxelinux.0".to_owned())]);
    let lease = |bound, seconds| Statement::LeaseTime { bound, seconds };
    says(
        "default-lease-time 120; max-lease-time 600; min-lease-time 60;",
        &[lease(LeaseBound::Default, 120), lease(LeaseBound::Max, 600), lease(LeaseBound::Min, 60)],
    );
}

#[test]
fn options_are_defined_with_every_type() {
    says("option a code 200 = ip-address; option a 10.0.0.1;", &[option(200, &[10, 0, 0, 1])]);
    says("option a code 200 = text; option a \"x\";", &[option(200, b"x")]);
    says("option a code 200 = string; option a ff;", &[option(200, &[255])]);
    says("option a code 200 = boolean; option a on;", &[option(200, &[1])]);
    says("option a code 200 = signed integer 16; option a -2;", &[option(200, &[255, 254])]);
    says("option a code 200 = unsigned integer 32; option a 1;", &[option(200, &[0, 0, 0, 1])]);
    says("option a code 200 = array of integer 8; option a 24, 192;", &[option(200, &[24, 192])]);
    says(
        "option a code 200 = array of { ip-address, integer 8 }; option a 1.2.3.4 5, 6.7.8.9 10;",
        &[option(200, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10])],
    );
    says(
        "option a code 200 = { boolean, array of ip-address }; option a on 1.2.3.4, 5.6.7.8;",
        &[option(200, &[1, 1, 2, 3, 4, 5, 6, 7, 8])],
    );
    // A standard name may get another type.
    says("option arch code 93 = unsigned integer 16;", &[]);
    says(
        "option rfc3442-classless-static-routes code 121 = array of integer 8;
         option rfc3442-classless-static-routes 24, 192,168,2, 192,168,1,1;",
        &[option(121, &[24, 192, 168, 2, 192, 168, 1, 1])],
    );
}

#[test]
fn definitions_of_others_are_used_and_named() {
    let known = Definition { name: "lab".to_owned(), code: 230, format: "t".to_owned() };
    let policy = Policy::default();
    let parsed = parse("option lab \"x\";", std::slice::from_ref(&known), &policy).unwrap();
    assert_eq!(
        (parsed.program.statements, parsed.used),
        (vec![option(230, b"x")], vec![known.clone()])
    );
    let same = parse("option lab code 230 = text;", std::slice::from_ref(&known), &policy).unwrap();
    assert_eq!((same.defined, same.used), (vec![known.clone()], vec![]));
    let other = parse("option lab code 231 = text;", &[known], &policy).unwrap_err();
    assert_eq!(other.reason, Reason::Defined { code: 230 });
}

/// The bytes of option 200 that a client is told.
fn told(text: &str, client: &Client) -> Option<Vec<u8>> {
    let program = read(text).unwrap();
    let mut settings = Settings::default();
    settings.apply(&program.statements, client);
    settings.apply_classes(&program.classes, client);
    settings.options.get(&200).map(|value| value.to_vec())
}

#[track_caller]
fn holds(condition: &str, client: &[(u8, &[u8])], want: bool) {
    let client = Client(client.iter().map(|(code, value)| (*code, value.to_vec())).collect());
    let text =
        format!("if {condition} {{ option option-200 01; }} else {{ option option-200 00; }}");
    assert_eq!(told(&text, &client), Some(vec![u8::from(want)]), "{condition}");
}

#[test]
fn conditions_ask_what_the_client_sent() {
    let pxe: &[(u8, &[u8])] =
        &[(60, b"PXEClient:Arch:00007"), (93, &[0, 9, 0, 7]), (77, b"\x04iPXE\x01b")];
    holds("substring(option vendor-class-identifier, 0, 9) = \"PXEClient\"", pxe, true);
    holds("substring(option vendor-class-identifier, 0, 9) != \"PXEClient\"", pxe, false);
    holds("substring(option vendor-class-identifier, 90, 9) = \"P\"", pxe, false);
    holds("suffix(option vendor-class-identifier, 5) = \"00007\"", pxe, true);
    holds("lcase(substring(option vendor-class-identifier, 0, 3)) = \"pxe\"", pxe, true);
    holds("\"PXE\" = ucase(\"pxe\")", pxe, true);
    holds("option architecture-type = 00:07", pxe, true);
    holds("option arch = 00:06", pxe, false);
    holds("00:09 = option pxe-system-type", pxe, true);
    holds("option user-class = \"iPXE\"", pxe, true);
    holds("option user-class = \"iPX\"", pxe, false);
    holds("option user-class = \"iPXE\"", &[(77, b"iPXE")], true);
    holds("not option user-class = \"iPXE\"", &[], true);
    holds("option host-name = \"a\"", &[], false);
    holds("option host-name != \"a\"", &[], true);
    holds("substring(hardware, 1, 3) = 52:54:00", &[], true);
    holds("exists user-class", pxe, true);
    holds("exists option host-name", pxe, false);
    holds("known", &[], true);
    holds("unknown", pxe, true);
}

#[test]
fn and_binds_closer_than_or_and_not_closest() {
    holds("known or known and unknown", &[], true);
    holds("(known or known) and unknown", &[], false);
    holds("not known or known", &[], true);
    holds("not (known or known)", &[], false);
    holds("not not known", &[], true);
}

#[test]
fn the_first_branch_that_holds_is_taken() {
    let text = "if option host-name = \"a\" { option option-200 01; }
                elsif option host-name = \"b\" { option option-200 02; }
                else if option host-name = \"c\" { option option-200 03; }
                else { option option-200 04; }";
    for (name, want) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        let client = Client(vec![(12, name.as_bytes().to_vec())]);
        assert_eq!(told(text, &client), Some(vec![want]), "{name}");
    }
}

#[test]
fn the_first_of_several_classes_counts_most() {
    let text = "option option-200 00;
                class \"a\" { match if known; option option-200 01; }
                class \"b\" { match if known; option option-200 02; }
                class \"c\" { match if unknown; option option-200 03; }";
    assert_eq!(told(text, &Client(vec![])), Some(vec![1]));
    assert_eq!(told(text, &Client(vec![(12, vec![1])])), Some(vec![3]));
}

#[track_caller]
fn refused(text: &str, want: &str) {
    let error = read(text).expect_err(text).to_string();
    assert!(error.starts_with(want), "{text}\n{error}\ndoes not begin with\n{want}");
}

#[test]
fn refusals_name_line_and_word_and_what_to_do() {
    refused("option routers router;", "line 1: `router`: the value has to be an IPv4 address");
    refused("\n\noption no-such 1;", "line 3: `no-such`: there is no such option");
    refused("frobnicate 1;", "line 1: `frobnicate`: there is no such statement");
    refused("option routers 10.0.0.1", "line 1: `end of the snippet`: `;` is expected here");
    refused(
        "option vendor-class-identifier = \"x\";",
        "line 1: `=`: is not taken here: values are not",
    );
    refused("pool { range 10.0.0.1 10.0.0.2; }", "line 1: `pool`: is not taken here: networks are");
    refused("on commit { set x = 1; }", "line 1: `on`: is not taken here: snippets say what");
    refused("execute(\"x\");", "line 1: `execute`: is not taken here");
    refused("include \"/etc/x\";", "line 1: `include`: is not taken here: write its text");
    refused("zone a { primary 1.1.1.1; }", "line 1: `zone`: is not taken here: names of clients");
    refused("failover peer \"x\" { }", "line 1: `failover`: is not taken here: racks");
    refused("option space PXE;", "line 1: `space`: is not taken here: there are no option spaces");
    refused("option PXE.mtftp-ip 0.0.0.0;", "line 1: `PXE.mtftp-ip`: is not taken here");
    refused("if option host-name ~= \"a\" { }", "line 1: `~`: is not taken here: patterns");
    refused("if packet(0, 1) = 01 { }", "line 1: `packet`: is not taken here: compare");
    refused("if known { class \"a\" { match if known; } }", "line 1: `class`: is not taken here");
    refused("class \"a\" { option routers 10.0.0.1; }", "line 1: `\"a\"`: a class with `match if");
    refused(
        "class \"a\" { match hardware; }",
        "line 1: `hardware`: is not taken here: there are no",
    );
    refused("else { }", "line 1: `else`: is not taken here: it has no `if`");
    refused(
        "if known { option routers 10.0.0.1; ",
        "line 1: `end of the snippet`: `}` is expected",
    );
    refused("max-lease-time 3600;", "line 1: `3600`: lease times are from 60 to 600 seconds");
    refused("default-lease-time 59;", "line 1: `59`: lease times are from 60 to 600 seconds");
    refused("option routers code 4 = ip-address;", "line 1: `routers`: is defined as code 3");
    refused("option a code 0 = text;", "line 1: `0`: a code from 1 to 254 is expected");
    refused("option a code 255 = text;", "line 1: `255`: a code from 1 to 254 is expected");
    refused("option a code 200 = encapsulate b;", "line 1: `encapsulate`: is not taken here");
    refused("filename \"\";", "line 1: `\"\"`: the value has to be text in quotes");
    refused(
        "option classless-static-routes 24, 10, 0;",
        "line 1: `classless-static-routes`: the value",
    );
}

#[test]
fn what_the_server_says_is_refused_by_every_name() {
    for code in 0..=u8::MAX {
        let kind = crate::dhcp::option::standard_names().find(|(_, own)| *own == code);
        let value = kind.map_or("01:02", |(name, _)| bytes_of(name));
        let text = format!("option option-{code} {value};");
        let owned = owned(code).is_some();
        let is_routes = matches!(code, CLASSLESS_ROUTES | CLASSLESS_ROUTES_WINDOWS);
        let cannot_be_set =
            matches!(read(&text).map_err(|error| error.reason), Err(Reason::Owned { .. }));
        assert_eq!(cannot_be_set, owned, "{code}");
        assert_eq!(read(&text).is_err(), owned || is_routes, "{code}");
    }
    for code in [0, 50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 80, 82, 118, 255] {
        assert!(owned(code).is_some(), "{code}");
    }
    refused(
        "option dhcp-lease-time 60;",
        "line 1: `dhcp-lease-time`: cannot be set: use `default-",
    );
    refused("option a code 54 = ip-address; option a 10.0.0.1;", "line 1: `a`: cannot be set");
    let lease_time = Bytes::Option(51);
    let asked = read("if option dhcp-lease-time = 00:00:00:01 { next-server 10.0.0.1; }").unwrap();
    let Some(Statement::If { branches, .. }) = asked.statements.first() else {
        panic!("{asked:?}")
    };
    assert!(matches!(&branches[0].0, Condition::Equal(left, _) if *left == lease_time));
}

/// Bytes that are a value of a standard option.
fn bytes_of(name: &str) -> &'static str {
    let format = standard(name).expect("it is a standard name").format;
    let kind = OptionType::of_format(&format).expect("it has a type");
    let candidates = [
        "01",
        "ff:00",
        "01:02:03",
        "ff:ff:ff:00",
        "01:01:01:01:01",
        "01:01:01:01:01:01:01:01",
        "01:0a:00:00:01:0a:00:00:02:00",
        "01:61:00",
    ];
    let fits = |text: &&&str| value::hexadecimal(text).is_some_and(|value| kind.takes(&value));
    candidates.iter().find(fits).unwrap_or_else(|| panic!("{name} {format}"))
}

#[test]
fn known_options_keep_their_type_under_every_name() {
    let address = "the value has to be of the type of `routers`, an IPv4 address, once or several";
    refused("option option-3 0a;", &format!("line 1: `0a`: {address}"));
    refused("option unknown-3 0a;", &format!("line 1: `0a`: {address}"));
    refused("option gw code 3 = string;\noption gw 0a;", &format!("line 2: `0a`: {address}"));
    refused(
        "option option-6 01:02:03;",
        "line 1: `01:02:03`: the value has to be of the type of `do",
    );
    refused(
        "option option-1 ff:ff:ff;",
        "line 1: `ff:ff:ff`: the value has to be of the type of `su",
    );
    refused("option option-19 02;", "line 1: `02`: the value has to be of the type of `ip-forward");
    refused(
        "option option-119 \"lab\";",
        "line 1: `\"lab\"`: the value has to be of the type of `dom",
    );
    says("option option-3 0a:00:00:01;", &[option(3, &[10, 0, 0, 1])]);
    says("option option-15 \"lab\";", &[option(15, b"lab")]);
    says("option option-119 01:61:00:01:62:c0:00;", &[option(119, b"\x01a\0\x01b\xc0\0")]);
}

#[test]
fn a_subnet_mask_is_ones_and_then_zeros() {
    for wrong in ["0.0.0.0", "255.0.255.0", "0.0.0.255"] {
        let message = format!("line 1: `{wrong}`: the value has to be a subnet mask");
        refused(&format!("option subnet-mask {wrong};"), &message);
    }
    refused("option option-1 ff:00:ff:00;", "line 1: `ff:00:ff:00`: the value has to be a subnet");
    says("option subnet-mask 255.255.254.0;", &[option(1, &[255, 255, 254, 0])]);
    says("option subnet-mask 255.255.255.255;", &[option(1, &[255; 4])]);
}

#[test]
fn the_shortest_lease_is_not_longer_than_the_longest() {
    let both = "the value has to be such that min-lease-time (600) is at most max-lease-time (60)";
    let message = |word: &str| format!("line 1: `{word}`: {both}");
    refused("min-lease-time 600; max-lease-time 60;", &message("60"));
    refused("max-lease-time 60; min-lease-time 600;", &message("600"));
    refused("max-lease-time 60; if known { min-lease-time 600; }", &message("600"));
    refused(
        "class \"a\" { match if known; min-lease-time 600; max-lease-time 60; }",
        &message("60"),
    );
    for taken in [
        "max-lease-time 60; if known { min-lease-time 600; max-lease-time 600; }",
        "if known { max-lease-time 60; } else { min-lease-time 600; }",
        "max-lease-time 60; min-lease-time 60; max-lease-time 120; default-lease-time 600;",
    ] {
        assert!(read(taken).is_ok(), "{taken}");
    }
}

#[test]
fn a_snippet_has_bounds() {
    let too_much = |text: &str| {
        let reason = read(text).unwrap_err().reason;
        let Reason::TooMuch { what, .. } = reason else { panic!("{reason}") };
        what
    };
    assert_eq!(too_much(&" ".repeat(crate::dhcp::token::TEXT_BYTES_MAX + 1)), "bytes");
    assert_eq!(too_much(&"next-server 1.1.1.1;".repeat(STATEMENTS_MAX + 1)), "statements");
    assert_eq!(too_much(&"if known {".repeat(DEPTH_MAX + 1)), "levels of braces");
    assert_eq!(too_much(&format!("if {}", "(".repeat(1_000))), "levels in a condition");
    assert_eq!(too_much(&format!("if {}", "not ".repeat(1_000))), "levels in a condition");
    assert_eq!(too_much(&format!("if {}", "lcase(".repeat(1_000))), "levels in a condition");
    assert_eq!(too_much(&format!("if {}", "known or ".repeat(1_000))), "terms in conditions");
    let class = "class \"a\" { match if known; }";
    assert_eq!(too_much(&class.repeat(CLASSES_MAX + 1)), "classes");
    let record = format!("option a code 200 = {{ {} }};", vec!["text"; 17].join(","));
    assert_eq!(too_much(&record), "values in a record");
}

/// Words of the language in any order.
fn words() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::strategy::Strategy;

    const WORDS: &[&str] = &[
        "option",
        "code",
        "=",
        "{",
        "}",
        "(",
        ")",
        ";",
        ",",
        "if",
        "elsif",
        "else",
        "class",
        "match",
        "\"a\"",
        "\"",
        "array",
        "of",
        "integer",
        "8",
        "text",
        "routers",
        "10.0.0.1",
        "00:07",
        "not",
        "and",
        "or",
        "known",
        "exists",
        "substring",
        "user-class",
        "!",
        "~",
        "\\",
        "\n",
        "#",
        "default-lease-time",
        "filename",
        "next-server",
        "x",
        "-1",
        "\u{e4}",
        "classless-static-routes",
    ];
    let word = proptest::sample::select(WORDS);
    proptest::collection::vec(word, 0..80).prop_map(|words| words.join(" "))
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn no_order_of_words_panics_and_what_is_read_can_be_asked(text in words()) {
        if let Ok(program) = read(&text) {
            let client = Client(Vec::new());
            let mut settings = Settings::default();
            settings.apply(&program.statements, &client);
            settings.apply_classes(&program.classes, &client);
            proptest::prop_assert!(settings.options.keys().all(|code| owned(*code).is_none()));
        }
    }
}
