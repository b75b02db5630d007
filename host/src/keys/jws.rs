//! A compact JWS (RFC 7515, section 7.1), read strictly and not yet trusted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::failure::{Failure, VerifiedJws};
use super::json::strict_object;

/// The longest token that is looked at, in bytes.
pub(super) const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The longest key id, in characters.
pub(super) const MAX_KID_CHARS: usize = 128;

/// A token whose form is right and whose signature nobody has checked.
#[derive(Debug)]
pub(super) struct UnverifiedJws<'a> {
    pub(super) algorithm: Algorithm,
    /// The key that the token names; a key for a map, never a path or a query.
    pub(super) kid: Option<String>,
    /// What the signature covers.
    pub(super) signing_input: &'a [u8],
    pub(super) signature: Vec<u8>,
    header: String,
    payload: &'a str,
}

impl<'a> UnverifiedJws<'a> {
    /// Reads a token. `algorithms` are the JWS names that the caller allows.
    ///
    /// `jku`, `x5u`, `x5c` and `jwk` are ignored: a token does not choose its own keys. So is
    /// `zip`, which has no meaning in a JWS: nothing is ever inflated.
    pub(super) fn parse(token: &'a str, algorithms: &[&str]) -> Result<Self, Failure> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(malformed(format!(
                "{} bytes, at most {MAX_TOKEN_BYTES}",
                token.len()
            )));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("not three parts".to_owned()));
        };
        let signing_input = token
            .as_bytes()
            .get(..header.len() + 1 + payload.len())
            .ok_or_else(|| malformed("not three parts".to_owned()))?;

        let header = decode(header, "header")?;
        let header = strict_object(&header)
            .map_err(|fault| malformed(format!("header: {fault}")))?
            .to_owned();
        let fields: Map<String, Value> =
            serde_json::from_str(&header).map_err(|_| malformed("header".to_owned()))?;
        let algorithm = algorithm(&fields, algorithms)?;
        if fields.contains_key("crit") {
            return Err(malformed(
                "`crit` names an extension that is not understood".to_owned(),
            ));
        }
        let kid = kid(&fields)?;
        let signature = decode(signature, "signature")?;
        Ok(Self {
            algorithm,
            kid,
            signing_input,
            signature,
            header,
            payload,
        })
    }

    /// Reads the payload. To be called when a key of the issuer made the signature.
    pub(super) fn into_verified(self) -> Result<VerifiedJws, Failure> {
        let payload = decode(self.payload, "payload")?;
        strict_object(&payload).map_err(|fault| malformed(format!("payload: {fault}")))?;
        let payload =
            String::from_utf8(payload).map_err(|_| malformed("payload: not UTF-8".to_owned()))?;
        Ok(VerifiedJws {
            header: self.header,
            payload,
        })
    }
}

fn algorithm(fields: &Map<String, Value>, allowed: &[&str]) -> Result<Algorithm, Failure> {
    let Some(Value::String(name)) = fields.get("alg") else {
        return Err(malformed("`alg` is not a string".to_owned()));
    };
    // The name is quoted only when it is one of ours: the log is not a place for foreign text.
    let Some(algorithm) = Algorithm::named(name) else {
        let known = "not an asymmetric algorithm of RFC 7518 that this server verifies";
        return Err(Failure::AlgorithmRefused(known.to_owned()));
    };
    if allowed
        .iter()
        .any(|name| Algorithm::named(name) == Some(algorithm))
    {
        Ok(algorithm)
    } else {
        Err(Failure::AlgorithmRefused(format!(
            "`{}` is not allowed here",
            algorithm.name()
        )))
    }
}

fn kid(fields: &Map<String, Value>) -> Result<Option<String>, Failure> {
    match fields.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if kid.chars().count() <= MAX_KID_CHARS => Ok(Some(kid.clone())),
        Some(_) => Err(malformed(format!(
            "`kid` is not a string of <= {MAX_KID_CHARS} characters"
        ))),
    }
}

/// base64url as RFC 7515, section 2 has it: no padding, no line breaks, no spare bits. Without
/// the last rule one signature could be spelled in several ways.
fn decode(part: &str, name: &str) -> Result<Vec<u8>, Failure> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| malformed(format!("{name}: not base64url")))
}

fn malformed(reason: String) -> Failure {
    Failure::Malformed(reason)
}
