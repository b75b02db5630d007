//! Header and claims of a token whose signature is verified, read strictly.

use serde_json::{Map, Value};

use super::error::TokenError;
use crate::json;
use crate::keys::VerifiedJws;
use crate::loggable::Loggable;
use crate::static_tokens::is_subject;

/// The members of a verified token. Which of them are true for us is for the rules to say.
#[derive(Clone, Debug)]
pub struct Claims {
    header: Map<String, Value>,
    payload: Map<String, Value>,
    expires_at: Option<u64>,
}

impl Claims {
    /// Reads both parts; a name that occurs twice in either is refused.
    pub fn parse(jws: &VerifiedJws) -> Result<Self, TokenError> {
        let object = |text| {
            json::object(text)
                .map_err(|error| TokenError::Malformed(Loggable::new(&error.to_string())))
        };
        Ok(Self {
            header: object(&jws.header)?,
            payload: object(&jws.payload)?,
            expires_at: None,
        })
    }

    /// The members of an introspection answer, which has no header.
    pub fn of_introspection(answer: Map<String, Value>) -> Self {
        Self {
            header: Map::new(),
            payload: answer,
            expires_at: None,
        }
    }

    /// Names the issuer where the claims do not.
    pub fn with_issuer(mut self, issuer: &str) -> Self {
        self.payload
            .entry("iss")
            .or_insert_with(|| Value::from(issuer));
        self
    }

    /// Adds the end of the token, after its lifetime has been judged.
    pub fn expiring_at(mut self, expires_at: u64) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// The end that was judged, seconds since the Unix epoch.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// All claims of the payload.
    pub fn all(&self) -> &Map<String, Value> {
        &self.payload
    }

    /// A claim of the payload.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.payload.get(name)
    }

    /// All claims.
    pub fn payload(&self) -> &Map<String, Value> {
        &self.payload
    }

    /// A parameter of the header.
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// A claim that is a string when it is there.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, TokenError> {
        match self.claim(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(TokenError::Claim(name)),
        }
    }

    /// Whether `iss` is the issuer, byte for byte (RFC 7519, section 4.1.1; RFC 9068, section 4).
    pub fn issued_by(&self, issuer: &str) -> Result<(), TokenError> {
        let got = self.text("iss")?.ok_or(TokenError::Claim("iss"))?;
        if got == issuer {
            return Ok(());
        }
        Err(TokenError::Issuer {
            expected: Loggable::new(issuer),
            got: Loggable::new(got),
        })
    }

    /// Who the token is about.
    pub fn subject(&self) -> Result<&str, TokenError> {
        self.text("sub")?
            .filter(|subject| is_subject(subject))
            .ok_or(TokenError::Claim("sub"))
    }

    /// The client that asked for the token: `client_id` (RFC 9068, section 2.2), else `azp`.
    pub fn client_id(&self) -> Result<Option<&str>, TokenError> {
        let client_id = self.text("client_id")?;
        let authorized_party = self.text("azp")?;
        Ok(client_id
            .or(authorized_party)
            .filter(|client| is_subject(client)))
    }
}
