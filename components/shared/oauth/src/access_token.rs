//! Access tokens of ours: JWTs of the kind `at+jwt` (RFC 9068), signed with HMAC-SHA256, since only
//! this server reads them. They hold nothing of the provider but what identifies the user.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::json;
use policy::types::Identity;
use serde_json::{Map, Value, json};

use crate::seal::{KeyRing, Purpose};

const ALGORITHM: &str = "HS256";
const TYPE: &str = "at+jwt";
/// Claims of the user that a token may carry.
const PROFILE: [&str; 4] = ["email", "email_verified", "name", "groups"];
/// For how long the host may repeat the answer about a token, in seconds: a revocation shows after
/// that time on every replica.
const REUSABLE_SECONDS: u32 = 1;

/// Who issues a token, and for whom it is.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `aud`.
    pub resource: &'a str,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// `sub`.
    pub subject: String,
    /// `client_id`.
    pub client_id: String,
    /// `scope`.
    pub scopes: Vec<String>,
    /// The session that it belongs to.
    pub sid: String,
    /// `jti`.
    pub id: String,
    /// `iat`.
    pub issued_at: u64,
    /// `exp`.
    pub expires_at: u64,
    /// `auth_time`.
    pub auth_time: u64,
    /// Further claims, one JSON object.
    pub claims: String,
    /// `cnf.jkt`: the key that must come along (RFC 9449, section 6.1).
    pub bound_to: Option<String>,
}

/// Why a token is refused; a stable code for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    /// Not a JWT of this server.
    #[error("token_foreign")]
    Foreign,
    /// Not three segments of strict base64url, or not JSON.
    #[error("token_malformed")]
    Malformed,
    /// `alg`, `typ`, `crit` or `kid` is not as we write it.
    #[error("header_refused name={0}")]
    Header(&'static str),
    /// Not signed by a key of this server.
    #[error("signature_invalid")]
    Signature,
    /// A claim is missing, or has a type or value that it cannot have.
    #[error("claim_invalid name={0}")]
    Claim(&'static str),
    /// Past its end.
    #[error("token_expired exp={exp} now={now}")]
    Expired {
        /// `exp`.
        exp: u64,
        /// The time.
        now: u64,
    },
}

impl AccessToken {
    /// Signs the token.
    #[must_use]
    pub fn mint(&self, parties: Parties<'_>, keys: &KeyRing) -> String {
        let signer = keys.signer(Purpose::AccessToken);
        let header = json!({ "alg": ALGORITHM, "typ": TYPE, "kid": signer.key_id() });
        let mut claims = self.profile();
        let own = [
            ("iss", Value::from(parties.issuer)),
            ("sub", self.subject.as_str().into()),
            ("aud", parties.resource.into()),
            ("client_id", self.client_id.as_str().into()),
            ("scope", self.scopes.join(" ").into()),
            ("sid", self.sid.as_str().into()),
            ("jti", self.id.as_str().into()),
            ("iat", self.issued_at.into()),
            ("exp", self.expires_at.into()),
            ("auth_time", self.auth_time.into()),
        ];
        claims.extend(own.map(|(name, value)| (name.to_owned(), value)));
        if let Some(thumbprint) = &self.bound_to {
            claims.insert("cnf".to_owned(), json!({ "jkt": thumbprint }));
        }
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(Value::Object(claims).to_string())
        );
        let signature = signer.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Reads a token that this server has signed and that is not over.
    ///
    /// # Errors
    /// See [`AccessTokenError`].
    pub fn verify(
        unverified: &str,
        parties: Parties<'_>,
        keys: &KeyRing,
        now: u64,
    ) -> Result<Self, AccessTokenError> {
        let token = Self::verify_ended(unverified, parties, keys)?;
        if now >= token.expires_at {
            return Err(AccessTokenError::Expired {
                exp: token.expires_at,
                now,
            });
        }
        Ok(token)
    }

    /// Reads a token that this server has signed, over or not.
    ///
    /// # Errors
    /// Any [`AccessTokenError`] but `Expired`.
    pub fn verify_ended(
        unverified: &str,
        parties: Parties<'_>,
        keys: &KeyRing,
    ) -> Result<Self, AccessTokenError> {
        let (message, signature) = unverified
            .rsplit_once('.')
            .ok_or(AccessTokenError::Foreign)?;
        let (header, payload) = message.split_once('.').ok_or(AccessTokenError::Foreign)?;
        let header = object(header)?;
        let key_id = judge_header(&header)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| AccessTokenError::Malformed)?;
        keys.signer(Purpose::AccessToken)
            .verify(key_id, message.as_bytes(), &signature)
            .map_err(|_| AccessTokenError::Signature)?;
        Self::read(&object(payload)?, parties)
    }

    /// Who presents the token.
    #[must_use]
    pub fn identity(&self, issuer: &str) -> Identity {
        Identity {
            subject: self.subject.clone(),
            issuer: Some(issuer.to_owned()),
            client_id: Some(self.client_id.clone()),
            scopes: self.scopes.clone(),
            expires_at: Some(self.expires_at),
            claims: self.claims.clone(),
            reusable_seconds: REUSABLE_SECONDS,
        }
    }

    fn read(claims: &Map<String, Value>, parties: Parties<'_>) -> Result<Self, AccessTokenError> {
        let text = |name: &'static str| {
            claims
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .ok_or(AccessTokenError::Claim(name))
        };
        let number = |name: &'static str| {
            claims
                .get(name)
                .and_then(Value::as_u64)
                .ok_or(AccessTokenError::Claim(name))
        };
        if text("iss")? != parties.issuer {
            return Err(AccessTokenError::Claim("iss"));
        }
        if text("aud")? != parties.resource {
            return Err(AccessTokenError::Claim("aud"));
        }
        let scope = claims.get("scope").and_then(Value::as_str);
        let scopes = scope
            .ok_or(AccessTokenError::Claim("scope"))?
            .split(' ')
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect();
        let bound_to = match claims.get("cnf") {
            None => None,
            Some(confirmation) => Some(
                confirmation
                    .get("jkt")
                    .and_then(Value::as_str)
                    .ok_or(AccessTokenError::Claim("cnf"))?
                    .to_owned(),
            ),
        };
        let profile = claims
            .iter()
            .filter(|(name, _)| PROFILE.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()));
        Ok(Self {
            subject: text("sub")?.to_owned(),
            client_id: text("client_id")?.to_owned(),
            scopes,
            sid: text("sid")?.to_owned(),
            id: text("jti")?.to_owned(),
            issued_at: number("iat")?,
            expires_at: number("exp")?,
            auth_time: number("auth_time")?,
            claims: Value::Object(profile.collect()).to_string(),
            bound_to,
        })
    }

    fn profile(&self) -> Map<String, Value> {
        let mut claims = json::object(&self.claims).unwrap_or_default();
        claims.retain(|name, _| PROFILE.contains(&name.as_str()));
        claims
    }
}

/// Exactly the header that we write, and `kid`.
fn judge_header(header: &Map<String, Value>) -> Result<&str, AccessTokenError> {
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    if text("alg") != Some(ALGORITHM) {
        return Err(AccessTokenError::Header("alg"));
    }
    if text("typ") != Some(TYPE) {
        return Err(AccessTokenError::Header("typ"));
    }
    if header.len() != 3 {
        return Err(AccessTokenError::Header("further"));
    }
    text("kid").ok_or(AccessTokenError::Header("kid"))
}

fn object(segment: &str) -> Result<Map<String, Value>, AccessTokenError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(segment)
        .map_err(|_| AccessTokenError::Malformed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| AccessTokenError::Malformed)?;
    json::object(text).map_err(|_| AccessTokenError::Malformed)
}

#[cfg(test)]
mod tests;
