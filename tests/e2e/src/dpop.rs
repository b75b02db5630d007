//! Proofs of possession (RFC 9449), honest and forged.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::keys::{Key, encode};
use crate::oauth_client::random;
use crate::token::{now, sign_bytes};

/// A proof that is about to be signed: good as it is, and changed by a test in one point.
#[derive(Clone)]
pub struct Proof {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Proof {
    /// A proof for a request.
    pub fn new(key: &Key, method: &str, url: &str) -> Self {
        let header = json!({"typ": "dpop+jwt", "alg": key.algorithm, "jwk": bare(key)});
        let claims = json!({"jti": encode(random()), "htm": method, "htu": url, "iat": now()});
        let (Value::Object(header), Value::Object(claims)) = (header, claims) else {
            unreachable!("both are objects")
        };
        Self { header, claims }
    }

    /// A proof for a request with an access token.
    #[must_use]
    pub fn with_token(self, token: &str) -> Self {
        self.claim("ath", json!(encode(Sha256::digest(token.as_bytes()))))
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims.insert(name.into(), value);
        self
    }

    /// Sets a member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.header.insert(name.into(), value);
        self
    }

    /// Removes a claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Signs it.
    pub fn sign(&self, key: &Key) -> String {
        let (header, claims) = (
            Value::Object(self.header.clone()),
            Value::Object(self.claims.clone()),
        );
        sign_bytes(key, header.to_string(), claims.to_string())
    }
}

/// The thumbprint of an EC key (RFC 7638), as `cnf.jkt` has it.
pub fn thumbprint(key: &Key) -> String {
    let jwk = key.jwk();
    let text = format!(
        r#"{{"crv":{},"kty":{},"x":{},"y":{}}}"#,
        jwk["crv"], jwk["kty"], jwk["x"], jwk["y"]
    );
    encode(Sha256::digest(text.as_bytes()))
}

/// The public half with its required members only.
fn bare(key: &Key) -> Value {
    let mut jwk = key.jwk();
    for name in ["kid", "alg", "use"] {
        jwk.as_object_mut().unwrap().remove(name);
    }
    jwk
}
