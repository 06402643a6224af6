//! Who is calling: API keys by OAuth 1.0, names with passwords, sessions in cookies, logins at providers.

pub mod caller;
pub mod cookies;
pub mod identify;
pub mod logins;
pub mod nonces;
pub mod oauth;
pub(crate) mod oidc_cookie;
pub(crate) mod page;
pub mod session_cookie;
pub mod signed;
pub mod source;
