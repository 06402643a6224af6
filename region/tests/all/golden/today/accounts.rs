//! Where users log in besides here, and what that needs.

use model::cluster_key::{ClusterKey, NAME};
use model::external_identity::{ExternalIdentity, ReturnedLogin};
use model::id::{OidcProviderId, UserId};
use model::oidc_provider::{AccessTokenType, OidcProvider};
use model::session::EndedSessions;

use super::{Written, at, row, text};

pub(super) fn rows() -> Vec<Written> {
    let provider = OidcProvider {
        id: OidcProviderId(1),
        name: text("corp"),
        issuer_url: text("https://id.example.com/realms/site"),
        client_id: text("maas"),
        client_secret: text("hush").into(),
        enabled: true,
        token_type: AccessTokenType::Opaque,
        redirect_uri: text("https://maas.example.com/MAAS/r/login/oidc/callback"),
        scopes: text("profile email"),
        groups_claim: text("realm_access.roles"),
        admin_groups: vec![text("maas-admins")],
        user_groups: vec![text("staff"), text("night shift")],
        username_claim: text("upn"),
        session_length_s: 3_600,
        allow_http: true,
        created: at(1),
        updated: at(2),
    };
    let plain = OidcProvider {
        id: OidcProviderId(2),
        name: text("other"),
        enabled: false,
        token_type: AccessTokenType::Jwt,
        admin_groups: Vec::new(),
        user_groups: Vec::new(),
        allow_http: false,
        ..provider.clone()
    };
    let identity = ExternalIdentity {
        id: "ef".repeat(32),
        issuer: text("https://id.example.com/realms/site"),
        subject: text("4711"),
        user: UserId(2),
        provider: OidcProviderId(1),
        created: at(3),
    };
    let key = ClusterKey { name: text(NAME), secret: vec![7; 32].into(), created: at(4) };
    let ended = EndedSessions { name: text(EndedSessions::NAME), begun_until: at(5) };
    let returned = ReturnedLogin { id: "01".repeat(32), created: at(6) };
    vec![
        row("provider with everything", provider),
        row("provider with little", plain),
        row("who a user is at an issuer", identity),
        row("secret of the cluster", key),
        row("sessions that are over for good", ended),
        row("login that came back", returned),
    ]
}
