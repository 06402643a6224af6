//! Words of ISC's `dhcpd.conf` that are not taken, and what to do instead.

const NETWORKS: &str = "networks are subnets, IP ranges and VLANs of this site: change those, and give \
                        the snippet one of them as its scope";
const ADDRESSES: &str =
    "addresses are given by IP ranges and to interfaces of machines: change those";
const NAMES: &str = "names of clients are in DNS without it";
const PERMITS: &str =
    "who is served follows from VLANs and IP ranges; say less to some with `if known`";
const PROTOCOL: &str = "the server does what is right by itself";
const EFFECTS: &str =
    "snippets say what clients are told, and do nothing; look at the events of the site";
const SPACES: &str = "there are no option spaces: write the bytes of the whole option, as in `option \
                      vendor-encapsulated-options 06:01:08`";
const CLASSES: &str = "write `class \"NAME\" { match if …; … }`, or an `if`";
const FAILOVER: &str = "racks of a VLAN stand in for each other without it";
const SEVERAL: &str = "write its text into this snippet";
const SERVER: &str = "it is the rack's address; to boot from another server use `next-server` and \
                      `option tftp-server-name`";
const PLACE: &str = "classes stand outside of braces: put an `if` here";
const NO_IF: &str = "it has no `if` before it";

/// Statements, in the order of the alphabet.
const STATEMENTS: &[(&str, &str)] = &[
    ("abandon-lease-time", PROTOCOL),
    ("adaptive-lease-time-threshold", PROTOCOL),
    ("add", CLASSES),
    ("allow", PERMITS),
    ("always-broadcast", PROTOCOL),
    ("always-reply-rfc1048", PROTOCOL),
    ("append", "write the whole value with `option`"),
    ("authoritative", PROTOCOL),
    ("boot-unknown-clients", PERMITS),
    ("break", "write the cases with `if` and `elsif`"),
    ("class", PLACE),
    ("concat", EFFECTS),
    ("ddns-domainname", NAMES),
    ("ddns-hostname", NAMES),
    ("ddns-local-address4", NAMES),
    ("ddns-rev-domainname", NAMES),
    ("ddns-ttl", NAMES),
    ("ddns-update-style", NAMES),
    ("ddns-updates", NAMES),
    ("default", "write the value with `option`"),
    ("deny", PERMITS),
    ("do-forward-updates", NAMES),
    ("dynamic-bootp", ADDRESSES),
    ("dynamic-bootp-lease-cutoff", PROTOCOL),
    ("dynamic-bootp-lease-length", PROTOCOL),
    ("else", NO_IF),
    ("elsif", NO_IF),
    ("eval", EFFECTS),
    ("execute", EFFECTS),
    ("failover", FAILOVER),
    ("fixed-address", ADDRESSES),
    ("get-lease-hostnames", NAMES),
    ("group", NETWORKS),
    ("hardware", ADDRESSES),
    ("host", "give the snippet a machine as its scope, or reserve an address"),
    ("host-identifier", ADDRESSES),
    ("ignore", PERMITS),
    ("ignore-client-uids", "clients are known by their hardware addresses anyway"),
    ("include", SEVERAL),
    ("infinite-is-reserved", PROTOCOL),
    ("key", NAMES),
    ("lease", CLASSES),
    ("leasequery", "leases are read from the API"),
    ("local-address", NETWORKS),
    ("local-port", PROTOCOL),
    ("log", EFFECTS),
    ("log-facility", EFFECTS),
    ("match", "it stands in a class"),
    ("min-secs", PROTOCOL),
    ("not", PROTOCOL),
    ("omapi-key", PROTOCOL),
    ("omapi-port", PROTOCOL),
    ("on", EFFECTS),
    ("one-lease-per-client", PROTOCOL),
    ("parse", EFFECTS),
    ("pid-file-name", PROTOCOL),
    ("ping-check", PROTOCOL),
    ("ping-timeout", PROTOCOL),
    ("pool", NETWORKS),
    ("prepend", "write the whole value with `option`"),
    ("preferred-lifetime", "these are lease times of DHCPv6"),
    ("range", NETWORKS),
    ("range6", NETWORKS),
    ("remote-port", PROTOCOL),
    ("server-identifier", SERVER),
    ("server-name", SERVER),
    ("set", EFFECTS),
    ("shared-network", NETWORKS),
    ("site-option-space", SPACES),
    ("spawn", CLASSES),
    ("stash-agent-options", PROTOCOL),
    ("subclass", CLASSES),
    ("subnet", NETWORKS),
    ("subnet6", NETWORKS),
    ("supersede", "write the value with `option`"),
    ("switch", "write the cases with `if` and `elsif`"),
    ("unset", EFFECTS),
    ("update-conflict-detection", NAMES),
    ("update-optimization", NAMES),
    ("update-static-leases", NAMES),
    ("use-host-decl-names", NAMES),
    ("use-lease-addr-for-default-route", "write the router with `option routers`"),
    ("vendor-option-space", SPACES),
    ("zone", NAMES),
];

const COMPUTED: &str = "compare `option`, `hardware`, `substring`, `suffix`, `lcase` or `ucase` with text \
                        or bytes";

/// Functions of expressions, in the order of the alphabet.
const FUNCTIONS: &[&str] = &[
    "binary-to-ascii",
    "check",
    "client-state",
    "concat",
    "config-option",
    "encode-int",
    "extract-int",
    "gethostbyname",
    "gethostname",
    "host-decl-name",
    "lease-time",
    "leased-address",
    "packet",
    "pick",
    "pick-first-value",
    "reverse",
    "static",
    "v6relay",
];

/// What to do instead of a statement that ISC's server has.
pub(super) fn statement(word: &str) -> Option<&'static str> {
    STATEMENTS.iter().find(|(own, _)| *own == word).map(|(_, instead)| *instead)
}

/// What to do instead of a function that ISC's server has.
pub(super) fn function(word: &str) -> Option<&'static str> {
    FUNCTIONS.contains(&word).then_some(COMPUTED)
}
