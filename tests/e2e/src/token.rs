//! Access tokens (RFC 9068), honest and forged.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::keys::{Key, encode};

/// A token that is about to be signed: good as it is, and changed by a test in one point.
#[derive(Clone)]
pub struct Token {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Token {
    /// A token that a server for this audience must accept.
    pub fn new(issuer: &str, audience: &str) -> Self {
        let claims = json!({
            "iss": issuer, "aud": audience, "sub": "alice", "client_id": "assistant", "jti": format!("jti-{}", unique()),
            "scope": "image:read image:write", "iat": now(), "exp": now() + 300,
        });
        Self {
            header: object(json!({"typ": "at+jwt"})),
            claims: object(claims),
        }
    }

    /// Sets a member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.header.insert(name.into(), value);
        self
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims.insert(name.into(), value);
        self
    }

    /// Removes a claim, or a member of the header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self.header.remove(name);
        self
    }

    /// Signs with the algorithm of the key; `alg` and `kid` are added unless the test has set them.
    pub fn sign(&self, key: &Key) -> String {
        self.sign_as(key, key.algorithm)
    }

    /// Signs with an algorithm of the test's choice.
    pub fn sign_as(&self, key: &Key, algorithm: &str) -> String {
        let input = self.signing_input(&key.id, algorithm);
        with_signature(&input, &key.sign(algorithm, input.as_bytes()))
    }

    /// Header and payload, encoded, without a signature.
    pub fn signing_input(&self, key_id: &str, algorithm: &str) -> String {
        let mut header = self.header.clone();
        header.entry("alg").or_insert_with(|| json!(algorithm));
        header.entry("kid").or_insert_with(|| json!(key_id));
        signing_input(Value::Object(header).to_string(), self.payload())
    }

    /// The claims as JSON text.
    pub fn payload(&self) -> String {
        Value::Object(self.claims.clone()).to_string()
    }
}

/// Encodes header and payload that may be no JSON at all.
pub fn signing_input(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}", encode(header), encode(payload))
}

/// Signs header and payload that may be no JSON at all.
pub fn sign_bytes(key: &Key, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let input = signing_input(header, payload);
    with_signature(&input, &key.sign(key.algorithm, input.as_bytes()))
}

/// Appends a signature.
pub fn with_signature(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", encode(signature))
}

/// Seconds since the Unix epoch.
pub fn now() -> i64 {
    i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap()
}

fn unique() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos()
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else {
        panic!("not an object: {value}")
    };
    map
}
