//! The comparator's token check: signature, issuer, audience and lifetime on every request.

use std::{collections::HashMap, sync::Arc};

use anyhow::Context;
use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use serde_json::Value;

/// Checks tokens against keys that were fetched before.
pub struct Verifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
}

/// The claims that a request keeps.
#[derive(Debug, Clone, Deserialize)]
struct Claims {
    sub: String,
}

impl Verifier {
    /// Prepares the keys of one issuer for tokens to one audience.
    pub fn new(jwks: &Value, issuer: &str, audience: &str) -> anyhow::Result<Self> {
        let set = JwkSet::deserialize(jwks).context("parse the key set")?;
        let mut keys = HashMap::new();
        for key in &set.keys {
            let id = key.common.key_id.clone().context("key without `kid`")?;
            keys.insert(id, DecodingKey::from_jwk(key).context("read a key")?);
        }
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        Ok(Self { keys, validation })
    }

    /// The subject of a valid token.
    pub fn subject(&self, token: &str) -> anyhow::Result<String> {
        let header = decode_header(token)?;
        let key = header
            .kid
            .and_then(|id| self.keys.get(&id))
            .context("unknown key")?;
        Ok(decode::<Claims>(token, key, &self.validation)?.claims.sub)
    }
}

/// The subject of a request, for those who come after.
#[derive(Debug, Clone)]
pub struct Subject(#[allow(dead_code, reason = "the tools answer every subject alike")] String);

/// Lets a request with a valid token pass.
pub async fn require_token(
    State(verifier): State<Arc<Verifier>>,
    mut request: Request,
    next: Next,
) -> Response {
    let subject = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|token| verifier.subject(token).ok());
    let Some(subject) = subject else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    request.extensions_mut().insert(Subject(subject));
    next.run(request).await
}
