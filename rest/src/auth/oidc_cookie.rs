//! The cookie of a login that is under way at a provider: its secrets, sealed with a key that all regions have. So whichever
//! region the browser comes back to can go on, and no region keeps anything of who never comes back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use model::external_identity::LOGIN_MAX_MS;
use model::id::OidcProviderId;
use model::secret::SecretBytes;
use model::time::Timestamp;
use oidc::request::LoginSecrets;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// Its name.
pub(crate) const NAME: &str = "oidclogin";

/// What the key is for.
pub(crate) const PURPOSE: &str = "cookies of logins at OIDC providers";

/// What is sealed along with it, so that nothing else that is sealed with the key could be one.
const CONTEXT: &[u8] = b"ironraft oidc login 1";

/// The longest that is opened, in bytes.
const BYTES_MAX: usize = 4_096;

/// A login that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Where.
    pub(crate) provider: OidcProviderId,
    /// What was made for it.
    pub(crate) secrets: LoginSecrets,
    /// The path of ours that the browser goes to after it.
    pub(crate) next: String,
    /// When it was begun.
    pub(crate) begun: Timestamp,
}

impl Pending {
    /// The value of the cookie; none when there is no randomness.
    pub(crate) fn seal(&self, key: &SecretBytes) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut sealed = serde_json::to_vec(self).ok()?;
        let key = usable(key)?;
        let unique = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(unique, Aad::from(CONTEXT), &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What is in a cookie; none when nobody who has the key made it, or it is too old.
    pub(crate) fn open(value: &str, key: &SecretBytes, now: Timestamp) -> Option<Self> {
        if value.len() > BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let (nonce, mut sealed) = (Nonce::assume_unique_for_key(*nonce), sealed.to_vec());
        let opened = usable(key)?.open_in_place(nonce, Aad::from(CONTEXT), &mut sealed).ok()?;
        let pending: Self = serde_json::from_slice(opened).ok()?;
        // One of the future is of a region whose clock is wrong.
        let age_ms = now.unix_ms.abs_diff(pending.begun.unix_ms);
        (age_ms < LOGIN_MAX_MS).then_some(pending)
    }
}

fn usable(key: &SecretBytes) -> Option<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, key.expose()).ok().map(LessSafeKey::new)
}

/// The cookie. It comes along when the provider sends the browser back, and to nothing but our doors of logins.
pub(crate) fn of(sealed: &str, is_encrypted: bool) -> Option<HeaderValue> {
    let secure = if is_encrypted { "; Secure" } else { "" };
    let seconds = LOGIN_MAX_MS / 1_000;
    let text =
        format!("{NAME}={sealed}; Max-Age={seconds}; Path=/MAAS/; SameSite=Lax; HttpOnly{secure}");
    HeaderValue::from_str(&text).ok()
}

/// What makes a browser forget it.
pub(crate) fn removed() -> HeaderValue {
    HeaderValue::from_static("oidclogin=; Max-Age=0; Path=/MAAS/; SameSite=Lax")
}

/// The path after a login, if it is one of ours: nobody is sent elsewhere by a link to this site.
#[must_use]
pub(crate) fn own_path(next: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    let (path, _) = next.split_once(['?', '#']).unwrap_or((next, ""));
    let has_dots = path.split('/').any(|part| [".", ".."].contains(&decoded_dots(part).as_str()));
    let is_own = next.starts_with("/MAAS/")
        && next.len() <= 1_024
        && next.bytes().all(is_plain)
        && !path.contains("//")
        && !has_dots;
    is_own.then_some(next)
}

fn decoded_dots(part: &str) -> String {
    part.replace("%2e", ".").replace("%2E", ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        Pending {
            provider: OidcProviderId(3),
            secrets: LoginSecrets::new().unwrap(),
            next: "/MAAS/r/machines".to_owned(),
            begun: Timestamp::from_unix_ms(LOGIN_MAX_MS * 10),
        }
    }

    fn key(byte: u8) -> SecretBytes {
        vec![byte; 32].into()
    }

    #[test]
    fn who_has_the_key_opens_what_was_sealed_and_nobody_else() {
        let (pending, now) = (pending(), Timestamp::from_unix_ms(LOGIN_MAX_MS * 10 + 5));
        let sealed = pending.seal(&key(1)).unwrap();
        assert_eq!(Pending::open(&sealed, &key(1), now), Some(pending.clone()));
        assert_ne!(pending.seal(&key(1)).unwrap(), sealed, "each is sealed anew");
        assert_eq!(Pending::open(&sealed, &key(2), now), None);
        for at in [0, 20, sealed.len() - 1] {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(Pending::open(&changed, &key(1), now), None, "{at}");
        }
        for wrong in ["", "AAAA", "!", &"A".repeat(5_000)] {
            assert_eq!(Pending::open(wrong, &key(1), now), None, "{wrong}");
        }
        let opened = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        assert!(!String::from_utf8_lossy(&opened).contains("machines"));
    }

    #[test]
    fn a_login_takes_ten_minutes_at_most() {
        let sealed = pending().seal(&key(1)).unwrap();
        let at =
            |ms| Pending::open(&sealed, &key(1), Timestamp::from_unix_ms(LOGIN_MAX_MS * 10 + ms));
        assert!(at(LOGIN_MAX_MS - 1).is_some() && at(LOGIN_MAX_MS).is_none());
    }

    #[test]
    fn a_browser_is_sent_to_our_own_paths_only() {
        for own in ["/MAAS/", "/MAAS/r/machines?filters=a#b", "/MAAS/r/x%20y", "/MAAS/?x=../y"] {
            assert_eq!(own_path(own), Some(own));
        }
        for other in [
            "",
            "/",
            "//evil.example/MAAS/",
            "https://evil.example/MAAS/",
            "/MAAS",
            "/MAASx/",
            "/MAAS//evil.example",
            "/MAAS/../x",
            "/MAAS/%2e%2E/x",
            "/MAAS/\\evil",
            "/MAAS/\r\nx: y",
            "/MAAS/ x",
            "/MAAS/\u{e9}",
            "\\/MAAS/",
        ] {
            assert_eq!(own_path(other), None, "{other:?}");
        }
    }
}
