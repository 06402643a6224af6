//! A rack passes on what machines ask for, and nothing of the API.

use rack::http::passed_on::passed_on;
use rest::router::ROOT;

#[test]
fn no_described_operation_is_reached_through_a_rack() {
    let operations = rest::operations();
    assert!(operations.len() > 100, "{}", operations.len());
    for operation in operations {
        let path = operation.path.replace(['{', '}'], "");
        let op = operation.op.map_or_else(String::new, |op| format!("?op={op}"));
        for asked in [
            format!("{ROOT}{path}{op}"),
            format!("/MAAS//api/2.0/{path}{op}"),
            format!("/MAAS/metadata/../api/2.0/{path}{op}"),
            format!("/MAAS/metadata/..%2Fapi/2.0/../../../api/2.0/{path}{op}"),
        ] {
            assert_eq!(passed_on(&asked), None, "{}", operation.handler);
        }
    }
    assert_eq!(passed_on("/MAAS/accounts/authenticate/"), None);
    assert_eq!(passed_on("/MAAS/images/x"), None);
}
