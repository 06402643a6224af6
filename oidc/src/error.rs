//! Why nobody is vouched for. No text has a secret in it: no code, no token, no password.

/// What is wrong with how a token is signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no signed token.
    #[error("the identity token cannot be read: {0}")]
    Malformed(&'static str),
    /// It says that it is not signed.
    #[error("the identity token is not signed (alg none)")]
    Unsigned,
    /// It is signed in another way than by a key that the provider publishes.
    #[error("the identity token is signed with {0}, which is not accepted")]
    Algorithm(String),
    /// The key is none that the provider publishes.
    #[error("the identity token is signed with a key that the provider does not publish")]
    UnknownKey,
    /// Somebody else signed it, or it was changed.
    #[error("the signature of the identity token is wrong")]
    Signature,
}

/// What is wrong with what a token says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// A claim that has to be there is not, or is no such value.
    #[error("the identity token has no usable claim {0}")]
    Missing(&'static str),
    /// Another issuer made it.
    #[error("the identity token is of another issuer")]
    Issuer,
    /// It was made for somebody else.
    #[error("the identity token is for another client (claim {0})")]
    Audience(&'static str),
    /// It is not good any more.
    #[error("the identity token has expired")]
    Expired,
    /// It is not good yet: a clock is wrong.
    #[error("the identity token is of the future: the clock here or there is wrong")]
    Future,
    /// It was made for another login.
    #[error("the identity token is of another login (nonce)")]
    Nonce,
    /// The userinfo endpoint told of somebody else.
    #[error("the userinfo endpoint tells of somebody else")]
    Subject,
}

/// Why a provider vouches for nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It cannot be asked, or gives no answer in time.
    #[error("{host} does not answer: {reason}")]
    Unreachable {
        /// Who was asked.
        host: String,
        /// What happened.
        reason: String,
    },
    /// What it answers is not what it has to answer.
    #[error("{what} cannot be used: {reason}")]
    Unusable {
        /// The document.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// It does not take the code.
    #[error("the provider refuses the code: {0}")]
    Code(String),
    /// So many logins are under way that there is no room for another one.
    #[error("too many logins are under way: try again in a minute")]
    Busy,
    /// The token is not signed by it.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token is not for us, or not for now.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}
