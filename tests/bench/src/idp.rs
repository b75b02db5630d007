//! A tiny OIDC provider on loopback: discovery and JWKS as a child process, tokens signed by the bench.
//! It has no authorization endpoint: nobody logs in to a load generator.

use std::{
    convert::Infallible,
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, anyhow};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{child::Server, proc::Cores};

/// The path of the discovery document (OpenID Connect Discovery 1.0 section 4).
pub const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
const JWKS_PATH: &str = "/jwks";
const KEY_ID: &str = "bench-1";
/// Longer than any run.
const TOKEN_LIFETIME_S: u64 = 6 * 3600;

/// The signing key of a provider that exists for one run.
pub struct SigningKey(KeyPair);

impl SigningKey {
    /// Makes an RSA key of 2048 bits.
    pub fn generate() -> anyhow::Result<Self> {
        KeyPair::generate(KeySize::Rsa2048)
            .map(Self)
            .map_err(|_| anyhow!("generate an RSA key"))
    }

    /// The public half as a JSON Web Key Set (RFC 7517 section 5).
    pub fn jwks(&self) -> Value {
        let public = self.0.public_key();
        let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "e": number(public.exponent().big_endian_without_leading_zero()),
        }]})
    }

    /// An access token as RFC 9068 describes it, signed with RS256.
    pub fn token(&self, issuer: &str, audience: &str, subject: &str) -> anyhow::Result<String> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .context("clock before 1970")?
            .as_secs();
        let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": KEY_ID});
        let claims = json!({
            "iss": issuer, "aud": audience, "sub": subject, "client_id": "bench", "scope": "openid",
            "iat": now, "exp": now + TOKEN_LIFETIME_S, "jti": format!("{subject}-{now}"),
        });
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| anyhow!("sign a token"))?;
        Ok(format!(
            "{signed}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(signature)
        ))
    }
}

/// A running provider and its key.
pub struct Provider {
    server: Server,
    key: SigningKey,
}

impl Provider {
    /// Makes a key and starts the provider.
    pub fn start(cores: &Cores) -> anyhow::Result<Self> {
        let key = SigningKey::generate()?;
        let jwks = key.jwks().to_string();
        let server = Server::start_mode("idp", &["--jwks", &jwks], cores)?;
        Ok(Self { server, key })
    }

    /// The issuer identifier.
    pub fn issuer(&self) -> String {
        issuer(self.server.address())
    }

    /// A token for one subject.
    pub fn token(&self, audience: &str, subject: &str) -> anyhow::Result<String> {
        self.key.token(&self.issuer(), audience, subject)
    }

    /// The key set, for a server that has fetched it.
    pub fn jwks(&self) -> Value {
        self.key.jwks()
    }
}

/// Serves the two documents until standard input ends.
pub async fn serve(jwks: String) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("bind the provider")?;
    let address = listener.local_addr()?;
    let discovery = Bytes::from(discovery(&issuer(address)).to_string());
    let jwks = Bytes::from(jwks);
    crate::child::announce(address);
    loop {
        let (stream, _) = listener.accept().await.context("accept")?;
        let (discovery, jwks) = (discovery.clone(), jwks.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let body = match request.uri().path() {
                DISCOVERY_PATH => Some(discovery.clone()),
                JWKS_PATH => Some(jwks.clone()),
                _ => None,
            };
            std::future::ready(Ok::<_, Infallible>(document(body)))
        });
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

fn document(body: Option<Bytes>) -> Response<Full<Bytes>> {
    let status = if body.is_some() {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    let mut response = Response::new(Full::new(body.unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}

fn issuer(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}{JWKS_PATH}"),
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use crate::comparator::auth::Verifier;

    use super::SigningKey;

    #[test]
    fn the_comparator_accepts_its_tokens_and_no_others() {
        let key = SigningKey::generate().unwrap();
        let verifier = Verifier::new(&key.jwks(), "http://idp", "http://server/mcp").unwrap();
        let good = key
            .token("http://idp", "http://server/mcp", "alice")
            .unwrap();
        assert_eq!(verifier.subject(&good).unwrap(), "alice");
        let elsewhere = key
            .token("http://idp", "http://other/mcp", "alice")
            .unwrap();
        assert!(verifier.subject(&elsewhere).is_err());
        let stranger = SigningKey::generate().unwrap();
        let forged = stranger
            .token("http://idp", "http://server/mcp", "alice")
            .unwrap();
        assert!(verifier.subject(&forged).is_err());
    }
}
