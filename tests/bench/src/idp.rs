//! A tiny OIDC provider on loopback: discovery and JWKS as a child process, tokens signed by the bench.
//! Nobody logs in to a load generator: its authorization endpoint is never asked, and the token endpoint
//! of [`TokenProvider`] takes the nonce of the request for the code.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
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
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{child::Server, proc::Cores};

/// The path of the discovery document (OpenID Connect Discovery 1.0 section 4).
pub const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
const JWKS_PATH: &str = "/jwks";
const TOKEN_PATH: &str = "/token";
/// The client that a server under test is at this provider.
pub const CLIENT_ID: &str = "bench-client";
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
        let now = unix_seconds()?;
        let claims = json!({
            "iss": issuer, "aud": audience, "sub": subject, "client_id": "bench", "scope": "openid",
            "iat": now, "exp": now + TOKEN_LIFETIME_S, "jti": format!("{subject}-{now}"),
        });
        self.sign("at+jwt", &claims)
    }

    /// An ID token (OpenID Connect Core 1.0 section 2), signed with RS256.
    fn id_token(&self, issuer: &str, nonce: &str) -> anyhow::Result<String> {
        let now = unix_seconds()?;
        let claims = json!({
            "iss": issuer, "aud": CLIENT_ID, "sub": "alice", "nonce": nonce, "iat": now, "exp": now + 60,
        });
        self.sign("JWT", &claims)
    }

    fn sign(&self, kind: &str, claims: &Value) -> anyhow::Result<String> {
        let header = json!({"alg": "RS256", "typ": kind, "kid": KEY_ID});
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
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

/// A provider in this process, which also redeems codes: its CPU time is not the server's.
pub struct TokenProvider {
    issuer: String,
}

impl TokenProvider {
    /// Makes a key and serves for as long as the runtime lives.
    pub async fn start() -> anyhow::Result<Self> {
        let key = Arc::new(SigningKey::generate()?);
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("bind the provider")?;
        let issuer = issuer(listener.local_addr()?);
        let documents = Documents {
            discovery: Bytes::from(discovery(&issuer).to_string()),
            jwks: Bytes::from(key.jwks().to_string()),
        };
        let serving = Arc::new(Serving {
            documents,
            tokens: Some((key, issuer.clone())),
        });
        tokio::spawn(accept(listener, serving));
        Ok(Self { issuer })
    }

    /// The discovery document.
    pub fn config_url(&self) -> String {
        format!("{}{DISCOVERY_PATH}", self.issuer)
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
    let documents = Documents {
        discovery: Bytes::from(discovery(&issuer(address)).to_string()),
        jwks: Bytes::from(jwks),
    };
    crate::child::announce(address);
    let tokens = None;
    accept(listener, Arc::new(Serving { documents, tokens })).await
}

struct Documents {
    discovery: Bytes,
    jwks: Bytes,
}

struct Serving {
    documents: Documents,
    /// The key of ID tokens and their issuer, where codes are redeemed.
    tokens: Option<(Arc<SigningKey>, String)>,
}

async fn accept(listener: TcpListener, serving: Arc<Serving>) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await.context("accept")?;
        let serving = Arc::clone(&serving);
        let service = service_fn(move |request: Request<Incoming>| {
            let serving = Arc::clone(&serving);
            async move { Ok::<_, Infallible>(document(serving.answer(request).await)) }
        });
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

impl Serving {
    async fn answer(&self, request: Request<Incoming>) -> Option<Bytes> {
        match request.uri().path() {
            DISCOVERY_PATH => Some(self.documents.discovery.clone()),
            JWKS_PATH => Some(self.documents.jwks.clone()),
            TOKEN_PATH => self.redeem(request).await,
            _ => None,
        }
    }

    /// Answers the token request of RFC 6749 section 4.1.3, whatever it says besides the code.
    async fn redeem(&self, request: Request<Incoming>) -> Option<Bytes> {
        let (key, issuer) = self.tokens.as_ref()?;
        let body = request.into_body().collect().await.ok()?.to_bytes();
        let form = String::from_utf8_lossy(&body);
        let nonce = form
            .split('&')
            .find_map(|pair| pair.strip_prefix("code="))?;
        let answer = json!({
            "access_token": "opaque", "token_type": "Bearer", "expires_in": 3600,
            "refresh_token": "bench-refresh-token", "id_token": key.id_token(issuer, nonce).ok()?,
        });
        Some(Bytes::from(answer.to_string()))
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

fn unix_seconds() -> anyhow::Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(since.context("clock before 1970")?.as_secs())
}

fn issuer(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}{JWKS_PATH}"),
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}{TOKEN_PATH}"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "offline_access"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
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
