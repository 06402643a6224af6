//! Tokens that are signed by whom they say, and each way in which they may not be.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::json;

use super::*;

/// Ed25519 and P-256: ring makes no keys of RSA, whose vector is of RFC 7515.
struct Signer {
    ed25519: Ed25519KeyPair,
    p256: EcdsaKeyPair,
}

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let p256 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self {
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).unwrap(),
            p256: EcdsaKeyPair::from_pkcs8(algorithm, p256.as_ref(), &random).unwrap(),
        }
    }

    fn keys(&self) -> Vec<PublicKey> {
        let key =
            |id: &str, material| PublicKey { id: Some(id.to_owned()), algorithm: None, material };
        vec![
            key("ed", Material::Ed25519(self.ed25519.public_key().as_ref().to_vec())),
            key("ec", Material::P256(self.p256.public_key().as_ref().to_vec())),
        ]
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = match header["alg"].as_str() {
            Some("ES256") => {
                self.p256.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
            }
            _ => self.ed25519.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn outcome(token: &str, keys: &[PublicKey]) -> Result<Map<String, Value>, TokenError> {
    Token::read(token)?.verified(keys)
}

#[test]
fn a_token_says_something_when_a_published_key_signed_it() {
    let signer = Signer::new();
    let claims = json!({ "sub": "anna" });
    for header in [
        json!({ "alg": "EdDSA", "kid": "ed" }),
        json!({ "alg": "ES256", "kid": "ec" }),
        json!({ "alg": "EdDSA", "typ": "JWT" }),
    ] {
        let said = outcome(&signer.sign(&header, &claims), &signer.keys()).unwrap();
        assert_eq!(Value::Object(said), claims, "{header}");
    }
}

#[test]
fn what_is_not_signed_by_a_published_key_says_nothing() {
    let (signer, other) = (Signer::new(), Signer::new());
    let (header, claims) = (json!({ "alg": "EdDSA", "kid": "ed" }), json!({ "sub": "anna" }));
    let good = signer.sign(&header, &claims);
    assert_eq!(outcome(&good, &other.keys()), Err(TokenError::Signature));
    assert_eq!(outcome(&good, &[]), Err(TokenError::UnknownKey));

    // Another's claims behind the same signature, and a signature that is cut.
    let [head, _, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let claimed = URL_SAFE_NO_PAD.encode(json!({ "sub": "root" }).to_string());
    let forged = format!("{head}.{claimed}.{signature}");
    assert_eq!(outcome(&forged, &signer.keys()), Err(TokenError::Signature));
    let cut = &good[..good.len() - 2];
    assert_eq!(outcome(cut, &signer.keys()), Err(TokenError::Signature));

    // A key is for one kind of signature, whatever the header says.
    let confused = signer.sign(&json!({ "alg": "RS256", "kid": "ed" }), &claims);
    assert_eq!(outcome(&confused, &signer.keys()), Err(TokenError::UnknownKey));
    let renamed = signer.sign(&json!({ "alg": "EdDSA", "kid": "new" }), &claims);
    assert_eq!(outcome(&renamed, &signer.keys()), Err(TokenError::UnknownKey));
    let mut keys = signer.keys();
    keys[0].algorithm = Some("RS256".to_owned());
    assert_eq!(outcome(&good, &keys), Err(TokenError::UnknownKey));
}

#[test]
fn a_token_without_a_signature_or_with_a_shared_secret_is_refused_by_name() {
    let signer = Signer::new();
    for none in ["none", "None", "nOnE"] {
        let token = signer.sign(&json!({ "alg": none }), &json!({}));
        assert_eq!(outcome(&token, &signer.keys()), Err(TokenError::Unsigned));
        let bare = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert_eq!(outcome(&bare, &signer.keys()), Err(TokenError::Unsigned));
    }
    let shared = signer.sign(&json!({ "alg": "HS256" }), &json!({}));
    assert_eq!(outcome(&shared, &signer.keys()), Err(TokenError::Algorithm("HS256".to_owned())));
    let long = signer.sign(&json!({ "alg": "<x>".repeat(99) }), &json!({}));
    assert_eq!(outcome(&long, &signer.keys()), Err(TokenError::Algorithm("x".repeat(NAME_MAX))));
}

#[test]
fn what_is_no_token_is_told_apart() {
    for text in ["", ".", "..", "a.b", "a.b.c", "e30.e30.", "bnVsbA.e30.e30"] {
        assert!(matches!(outcome(text, &[]), Err(TokenError::Malformed(_))), "{text}");
    }
    let signer = Signer::new();
    let critical = signer.sign(&json!({ "alg": "EdDSA", "crit": ["x"] }), &json!({}));
    assert!(matches!(outcome(&critical, &signer.keys()), Err(TokenError::Malformed(_))));
    let list = signer.sign(&json!({ "alg": "EdDSA" }), &json!([]));
    assert!(matches!(outcome(&list, &signer.keys()), Err(TokenError::Malformed(_))));
    let long = format!("{}.e30.e30", "A".repeat(BYTES_MAX));
    assert!(matches!(outcome(&long, &[]), Err(TokenError::Malformed(_))));
}

/// RFC 7515, appendix A.2: its key and what it signs.
#[test]
fn the_token_of_the_standard_is_of_its_key() {
    let key = json!({ "keys": [{ "kty": "RSA", "e": "AQAB", "n":
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR\
         T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBd\
         QOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGN\
         j8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" }] });
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc1\
         9yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8\
         W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7\
         K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9F\
         s98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let keys = crate::keys::read(&key);
    let said = outcome(token, &keys).unwrap();
    assert_eq!(said["iss"], "joe");
    let other = token.replace("eyJpc3MiOiJqb2Ui", "eyJpc3MiOiJqb2Vi");
    assert_eq!(outcome(&other, &keys), Err(TokenError::Signature));
}
