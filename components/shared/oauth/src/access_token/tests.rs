//! Rows 1 to 16 of the attacks, as far as they concern tokens of ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_800_000_000;
const PARTIES: Parties<'_> = Parties {
    issuer: "https://h.example/vault",
    resource: "https://h.example/vault/mcp",
};

struct Zeros;

impl crate::random::Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn keys() -> KeyRing {
    KeyRing::parse("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef").unwrap()
}

fn token() -> AccessToken {
    AccessToken {
        subject: "alice".to_owned(),
        client_id: "inspector".to_owned(),
        scopes: vec!["image:read".to_owned()],
        sid: "s".to_owned(),
        id: "j".to_owned(),
        issued_at: NOW,
        expires_at: NOW + 60,
        auth_time: NOW,
        claims: r#"{"email":"a@x","groups":["g"]}"#.to_owned(),
        bound_to: None,
    }
}

fn verify(text: &str) -> Result<AccessToken, AccessTokenError> {
    AccessToken::verify(text, PARTIES, &keys(), NOW)
}

/// A token with this header and payload, signed with our key.
fn signed(header: &Value, payload: &str) -> String {
    let keys = keys();
    let signer = keys.signer(Purpose::AccessToken);
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn header() -> Value {
    let keys = keys();
    json!({ "alg": "HS256", "typ": "at+jwt", "kid": keys.signer(Purpose::AccessToken).key_id() })
}

fn claims_but(changes: Value) -> String {
    let text = token().mint(PARTIES, &keys());
    let payload = text.split('.').nth(1).unwrap();
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value == "(absent)" {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims.to_string()
}

#[test]
fn a_token_comes_back_as_it_was() {
    for bound_to in [None, Some("k".repeat(43))] {
        let token = AccessToken {
            bound_to,
            ..token()
        };
        assert_eq!(verify(&token.mint(PARTIES, &keys())), Ok(token));
    }
}

#[test]
fn it_ends_when_it_says() {
    let text = token().mint(PARTIES, &keys());
    let at = |now| AccessToken::verify(&text, PARTIES, &keys(), now).is_ok();
    assert!(at(NOW + 59) && !at(NOW + 60) && !at(u64::MAX));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let text = token().mint(PARTIES, &keys());
    for position in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            let altered = String::from_utf8(bytes).unwrap();
            assert!(verify(&altered).is_err(), "{altered}");
        }
        assert!(verify(&text[..position]).is_err());
    }
}

#[test]
fn only_our_header_is_accepted_even_when_our_key_signs() {
    let payload = claims_but(json!({}));
    assert!(verify(&signed(&header(), &payload)).is_ok());
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("NONE")),
        ("alg", json!("HS512")),
        ("alg", json!("RS256")),
        ("alg", json!(["HS256"])),
        ("typ", json!("JWT")),
        ("typ", json!("application/at+jwt")),
        ("typ", json!(null)),
        ("kid", json!("../../dev/null")),
        ("kid", json!(1)),
        ("crit", json!(["b64"])),
        ("jwk", json!({})),
        ("jku", json!("https://evil.example/keys")),
    ] {
        let mut header = header();
        header[name] = value.clone();
        assert!(
            verify(&signed(&header, &payload)).is_err(),
            "{name} {value}"
        );
    }
}

#[test]
fn only_our_claims_are_accepted_even_when_our_key_signs() {
    for changes in [
        json!({ "iss": "https://h.example/vault/" }),
        json!({ "iss": ["https://h.example/vault"] }),
        json!({ "aud": "https://h.example/vault" }),
        json!({ "aud": ["https://h.example/vault/mcp"] }),
        json!({ "aud": "(absent)" }),
        json!({ "exp": "(absent)" }),
        json!({ "exp": "1900000000" }),
        json!({ "exp": 1_900_000_000.5 }),
        json!({ "exp": -1 }),
        json!({ "sub": "" }),
        json!({ "sub": 1 }),
        json!({ "sid": "(absent)" }),
        json!({ "jti": "(absent)" }),
        json!({ "client_id": "(absent)" }),
        json!({ "scope": ["image:write"] }),
        json!({ "cnf": {} }),
        json!({ "cnf": { "x5t#S256": "x" } }),
    ] {
        let result = verify(&signed(&header(), &claims_but(changes.clone())));
        assert!(result.is_err(), "{changes}");
    }
    let twice = claims_but(json!({})).replacen('{', r#"{"aud":"https://evil.example","#, 1);
    assert_eq!(
        verify(&signed(&header(), &twice)),
        Err(AccessTokenError::Malformed)
    );
}

#[test]
fn what_is_not_a_jwt_of_ours_is_refused() {
    let keys = keys();
    let sealed = keys.seal(Purpose::RefreshToken, &[]).seal(b"{}", &Zeros);
    for text in ["", ".", "..", "...", "a.b", "a.b.c.d.e", &sealed] {
        assert!(verify(text).is_err(), "{text}");
    }
}

#[test]
fn a_key_that_is_gone_opens_nothing() {
    let other =
        KeyRing::parse("ffffffffffffffffffffffffffffffff00000000000000000000000000000000").unwrap();
    let text = token().mint(PARTIES, &keys());
    assert_eq!(
        AccessToken::verify(&text, PARTIES, &other, NOW),
        Err(AccessTokenError::Signature)
    );
}
