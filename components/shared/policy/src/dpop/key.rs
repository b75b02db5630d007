//! The public key of a proof: the members that matter, and its thumbprint (RFC 7638).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Members of private and symmetric keys (RFC 7518, section 6; RFC 8037).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key, reduced to the members that its thumbprint covers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicKey(Vec<(&'static str, String)>);

impl PublicKey {
    /// Reads a JWK. The error says what is wrong and repeats nothing.
    pub fn parse(jwk: &Value) -> Result<Self, &'static str> {
        let Value::Object(jwk) = jwk else {
            return Err("not an object");
        };
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return Err("has a private part");
        }
        // In the order of RFC 7638, section 3.3.
        let names: &[&'static str] = match jwk.get("kty").and_then(Value::as_str) {
            Some("EC") => &["crv", "kty", "x", "y"],
            Some("OKP") => &["crv", "kty", "x"],
            Some("RSA") => &["e", "kty", "n"],
            _ => return Err("not of an asymmetric type that is known"),
        };
        let member = |name: &&'static str| {
            let text = jwk.get(*name)?.as_str()?;
            // No such text needs an escape in JSON.
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            (!text.is_empty() && text.bytes().all(plain)).then(|| (*name, text.to_owned()))
        };
        let members: Option<Vec<_>> = names.iter().map(member).collect();
        members
            .map(Self)
            .ok_or("lacks a member, or it is not base64url")
    }

    /// A set of this key only, under the id that the proof gives it.
    pub fn as_set(&self, kid: Option<&Value>) -> String {
        let mut key: serde_json::Map<String, Value> = self
            .0
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_str().into()))
            .collect();
        if let Some(kid @ Value::String(_)) = kid {
            key.insert("kid".to_owned(), kid.clone());
        }
        json!({ "keys": [key] }).to_string()
    }

    /// The thumbprint with SHA-256, base64url.
    pub fn thumbprint(&self) -> String {
        let members: Vec<String> = self
            .0
            .iter()
            .map(|(name, text)| format!("\"{name}\":\"{text}\""))
            .collect();
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", members.join(","))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprints_of_the_specifications() {
        let rfc_7638 = json!({
            "kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "e": "AQAB",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        });
        let rfc_9449 = json!({
            "kty": "EC", "crv": "P-256",
            "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        });
        let rfc_8037 = json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        for (jwk, expected) in [
            (rfc_7638, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
            (rfc_9449, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
            (rfc_8037, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        ] {
            let thumbprint = PublicKey::parse(&jwk).map(|key| key.thumbprint());
            assert_eq!(thumbprint.as_deref(), Ok(expected));
        }
    }

    #[test]
    fn the_set_holds_nothing_but_the_public_members() {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "eA", "x5u": "https://evil.example", "use": "sig" });
        let set = PublicKey::parse(&jwk).map(|key| key.as_set(Some(&json!("one"))));
        assert_eq!(
            set.as_deref(),
            Ok(r#"{"keys":[{"crv":"Ed25519","kid":"one","kty":"OKP","x":"eA"}]}"#)
        );
    }
}
