//! SSL keys of users, as MAAS calls them: certificates, by which users log in to the systems that are
//! deployed for them where those know no SSH (`WinRM`).

use serde::{Deserialize, Serialize};

use crate::id::{SslKeyId, UserId};
use crate::time::Timestamp;

/// A certificate of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SslKey {
    /// Its id.
    pub id: SslKeyId,
    /// Whose it is.
    pub user: UserId,
    /// The certificate, in PEM.
    pub certificate: String,
    /// When it was added.
    pub created: Timestamp,
}
