//! What clients are told: snippets and static routes.

use std::net::Ipv4Addr;

use model::dhcp::condition::{Bytes, Condition};
use model::dhcp::option::owned;
use model::dhcp::program::{Class, LeaseBound, Program, Statement};
use model::dhcp::snippet::{Scope, ServedSnippet};
use model::id::{DhcpSnippetId, IpRangeId, StaticRouteId, SubnetId};
use model::net::staticroute::StaticRoute;
use proptest::prelude::*;

use crate::values::{ip, system_id, text};

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..6)
}

fn bytes() -> impl Strategy<Value = Bytes> {
    let leaf = prop_oneof![
        octets().prop_map(Bytes::Literal),
        any::<u8>().prop_map(Bytes::Option),
        Just(Bytes::Hardware),
    ];
    leaf.prop_recursive(3, 8, 1, |of| {
        let of = of.prop_map(Box::new);
        prop_oneof![
            (of.clone(), any::<u32>(), any::<u32>()).prop_map(|(of, from, len)| Bytes::Substring {
                of,
                from,
                len
            }),
            (of.clone(), any::<u32>()).prop_map(|(of, len)| Bytes::Suffix { of, len }),
            of.clone().prop_map(Bytes::Lower),
            of.prop_map(Bytes::Upper),
        ]
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        (bytes(), bytes()).prop_map(|(left, right)| Condition::Equal(left, right)),
        any::<u8>().prop_map(Condition::Exists),
        Just(Condition::Known),
    ];
    leaf.prop_recursive(3, 8, 3, |of| {
        let several = prop::collection::vec(of.clone(), 0..3);
        prop_oneof![
            several.clone().prop_map(Condition::All),
            several.prop_map(Condition::Any),
            of.prop_map(|of| Condition::Not(Box::new(of))),
        ]
    })
}

fn statement() -> impl Strategy<Value = Statement> {
    let settable = any::<u8>().prop_filter("clients are told it", |code| owned(*code).is_none());
    let bound = prop::sample::select(vec![LeaseBound::Default, LeaseBound::Max, LeaseBound::Min]);
    let leaf = prop_oneof![
        (settable, octets()).prop_map(|(code, value)| Statement::Option { code, value }),
        (bound, any::<u32>()).prop_map(|(bound, seconds)| Statement::LeaseTime { bound, seconds }),
        any::<u32>().prop_map(|bits| Statement::NextServer(Ipv4Addr::from_bits(bits))),
        text().prop_map(Statement::BootFile),
    ];
    leaf.prop_recursive(2, 8, 3, |of| {
        let several = prop::collection::vec(of, 0..3);
        let branches = prop::collection::vec((condition(), several.clone()), 0..3);
        (branches, several).prop_map(|(branches, otherwise)| Statement::If { branches, otherwise })
    })
}

prop_compose! {
    fn class()(
        name in text(),
        condition in condition(),
        statements in prop::collection::vec(statement(), 0..3),
    ) -> Class {
        Class { name, condition, statements }
    }
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Global),
        system_id().prop_map(Scope::Node),
        any::<u32>().prop_map(|id| Scope::Subnet(SubnetId(id))),
        any::<(u32, u32)>().prop_map(|(subnet, range)| Scope::Range {
            subnet: SubnetId(subnet),
            range: IpRangeId(range),
        }),
    ]
}

prop_compose! {
    pub(crate) fn snippet()(
        id in any::<u32>(),
        scope in scope(),
        statements in prop::collection::vec(statement(), 0..4),
        classes in prop::collection::vec(class(), 0..3),
    ) -> ServedSnippet {
        ServedSnippet { id: DhcpSnippetId(id), scope, program: Program { statements, classes } }
    }
}

prop_compose! {
    pub(crate) fn static_route()(
        ids in any::<(u32, u32, u32, u32)>(),
        gateway_ip in ip(),
    ) -> StaticRoute {
        let (id, source, destination, metric) = ids;
        StaticRoute {
            id: StaticRouteId(id),
            source: SubnetId(source),
            destination: SubnetId(destination),
            gateway_ip,
            metric,
        }
    }
}
