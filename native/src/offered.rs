//! All operations that this API runs: those that MAAS's has as well, and some of the same form that are served here only.

use std::sync::LazyLock;

use rest::operation::Operation;

use crate::prefixpools;
use crate::request::OPERATIONS;
use crate::site;
use crate::webhooks::operations as webhooks;

/// All of them.
pub static ALL: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let own: &[&[Operation]] = &[
        site::OPERATIONS,
        &[rest::network::vlans::CREATE_IN],
        prefixpools::OPERATIONS,
        webhooks::OPERATIONS,
    ];
    let own = own.iter().flat_map(|of| of.iter()).copied();
    OPERATIONS.iter().copied().chain(own).collect()
});
