//! Token introspection (RFC 7662): what the provider says of a token, asked once and kept shortly.
//!
//! Nothing of the answer is judged here but when it ends. A provider that does not answer is an
//! outage, never a bad token.

mod breaker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use moka::Expiry;
use moka::future::Cache;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use url::{Url, form_urlencoded};

use self::breaker::Breaker;
use super::clock::Clock;
use super::failure::{Failure, Unavailable};
use super::fetch::{FetchFault, is_json, read_body, unreachable};
use super::json::strict_object;
use super::{Keys, jws};

/// Largest answer, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Limits of introspection. The defaults are what production uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionConfig {
    /// Time for one question.
    pub timeout: Duration,
    /// For how long an answer about an active token is kept at most,
    pub keep_active: Duration,
    /// and any other answer.
    pub keep_inactive: Duration,
    /// Most answers kept.
    pub answers: u64,
    /// Most questions on their way at a time.
    pub questions: usize,
    /// Failures in a row after which the provider is left alone for a while,
    pub failures: u32,
    /// and the shortest and longest such while.
    pub pause: (Duration, Duration),
}

impl Default for IntrospectionConfig {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            timeout: seconds(5),
            // A policy may repeat its own answer for 5 seconds more: half a minute in all.
            keep_active: seconds(25),
            keep_inactive: seconds(5),
            answers: 10_000,
            questions: 32,
            failures: 3,
            pause: (seconds(2), seconds(30)),
        }
    }
}

/// The client as which the host asks. Its secret cannot be printed.
#[derive(Clone)]
pub struct IntrospectionClient {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: crate::config::Secret,
}

/// Asks one provider about tokens.
pub struct Introspector {
    keys: Arc<Keys>,
    config_url: String,
    client: IntrospectionClient,
    http: Client,
    config: IntrospectionConfig,
    clock: Clock,
    /// By the digest of the token; one question for all who ask at the same time.
    answers: Cache<[u8; 32], Answer>,
    questions: Semaphore,
    breaker: Mutex<Breaker>,
}

/// What the provider said, and for how long it holds.
#[derive(Clone)]
struct Answer {
    text: Arc<str>,
    keep: Duration,
}

struct Keep;

impl Expiry<[u8; 32], Answer> for Keep {
    fn expire_after_create(
        &self,
        _: &[u8; 32],
        answer: &Answer,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(answer.keep)
    }
}

/// How the client proves who it is (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Basic,
    Post,
}

/// Why there is no answer. No text holds anything of the token or of the answer.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the discovery document names no usable `introspection_endpoint`{0}")]
    NoEndpoint(String),
    #[error("it takes neither `client_secret_basic` nor `client_secret_post`")]
    NoMethod,
    #[error("{0}")]
    Fetch(FetchFault),
    #[error(
        "it refuses the client of this server (status {0})\nhint: check `OIDC_CLIENT_ID` and `OIDC_CLIENT_SECRET`, and that the provider lets this client introspect tokens"
    )]
    Refused(u16),
    #[error("the answer is not a JSON object without duplicate names")]
    Form,
    #[error("too many questions are on their way already")]
    Crowded,
}

impl Introspector {
    /// Asks the provider behind `config_url`, which has to be granted to `keys`.
    #[must_use]
    pub fn new(
        keys: Arc<Keys>,
        config_url: String,
        client: IntrospectionClient,
        parts: (Client, IntrospectionConfig, Clock),
    ) -> Self {
        let (http, config, clock) = parts;
        let answers = Cache::builder()
            .max_capacity(config.answers)
            .expire_after(Keep)
            .build();
        Self {
            keys,
            config_url,
            client,
            http,
            questions: Semaphore::new(config.questions),
            config,
            clock,
            answers,
            breaker: Mutex::default(),
        }
    }

    /// The answer of the provider: one JSON object. Nothing of it has been judged.
    ///
    /// # Errors
    ///
    /// [`Failure::NotGranted`] for another provider, [`Failure::Malformed`] for what can be no
    /// token, else [`Failure::Unavailable`].
    pub async fn introspect(&self, config_url: &str, token: &str) -> Result<String, Failure> {
        if config_url != self.config_url {
            return Err(Failure::NotGranted("introspection at this URL".to_owned()));
        }
        if token.is_empty() || token.len() > jws::MAX_TOKEN_BYTES {
            return Err(Failure::Malformed("no token, or one too long".to_owned()));
        }
        let digest = Sha256::digest(token.as_bytes()).into();
        let answer = self.answers.try_get_with(digest, self.ask(token)).await;
        answer
            .map(|answer| answer.text.as_ref().to_owned())
            .map_err(|failure: Arc<Failure>| failure.as_ref().clone())
    }

    async fn ask(&self, token: &str) -> Result<Answer, Failure> {
        if let Some(unavailable) = self.breaker().closed(self.clock.now()) {
            return Err(unavailable.into());
        }
        // Without documents there is nobody to ask: the key service has its own pauses.
        let provider = self.keys.provider(&self.config_url).await?;
        let document: Value = serde_json::from_str(&provider.metadata).unwrap_or_default();
        let outcome = match self.endpoint(&document) {
            Ok((endpoint, method)) => self.exchange(endpoint, method, token).await,
            Err(fault) => Err(fault),
        };
        let mut breaker = self.breaker();
        match outcome {
            Ok(text) => {
                *breaker = Breaker::default();
                let keep = self.keep(&text);
                Ok(Answer {
                    text: text.into(),
                    keep,
                })
            }
            Err(Fault::Crowded) => {
                let reason = format!("introspection: {}", Fault::Crowded);
                Err(Unavailable::after(reason, Duration::from_secs(1)).into())
            }
            Err(fault) => {
                let pause = breaker.failed(&fault, &self.config, self.clock.now());
                let reason = breaker.reason.clone();
                tracing::warn!(config_url = self.config_url, reason, "introspection failed");
                Err(Unavailable::after(reason, pause).into())
            }
        }
    }

    /// The endpoint, which obeys the rules for `jwks_uri`: at the provider's host, or an allowed one.
    fn endpoint(&self, document: &Value) -> Result<(Url, Method), Fault> {
        let url = document
            .get("introspection_endpoint")
            .and_then(Value::as_str)
            .and_then(|url| Url::parse(url).ok())
            .ok_or_else(|| Fault::NoEndpoint(String::new()))?;
        self.keys
            .admits(&self.config_url, &url)
            .map_err(|reason| Fault::NoEndpoint(format!(": {reason}")))?;
        let methods = document
            .get("introspection_endpoint_auth_methods_supported")
            .or_else(|| document.get("token_endpoint_auth_methods_supported"));
        let takes = |name: &str| match methods.and_then(Value::as_array) {
            // RFC 8414, section 2: the default is `client_secret_basic`.
            None => name == "client_secret_basic",
            Some(methods) => methods.iter().any(|method| method == name),
        };
        if takes("client_secret_basic") {
            Ok((url, Method::Basic))
        } else if takes("client_secret_post") {
            Ok((url, Method::Post))
        } else {
            Err(Fault::NoMethod)
        }
    }

    async fn exchange(&self, url: Url, method: Method, token: &str) -> Result<String, Fault> {
        let Ok(_permit) = self.questions.try_acquire() else {
            return Err(Fault::Crowded);
        };
        let response = self.question(url, method, token).send().await;
        let response = response.map_err(|error| Fault::Fetch(unreachable(error)))?;
        let status = response.status().as_u16();
        match status {
            200 => {}
            400 | 401 | 403 => return Err(Fault::Refused(status)),
            _ => return Err(Fault::Fetch(FetchFault::Status(status))),
        }
        let content_type = response.headers().get(http::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(is_json) {
            return Err(Fault::Form);
        }
        let body = read_body(response, MAX_ANSWER_BYTES)
            .await
            .map_err(Fault::Fetch)?;
        let text = strict_object(&body).map_err(|_| Fault::Form)?;
        Ok(text.to_owned())
    }

    fn question(&self, url: Url, method: Method, token: &str) -> RequestBuilder {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", token)
            .append_pair("token_type_hint", "access_token");
        let (id, secret) = (&self.client.id, self.client.secret.expose());
        let mut request = self
            .http
            .post(url)
            .timeout(self.config.timeout)
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded");
        match method {
            Method::Basic => {
                let encoded = |text: &str| {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                };
                let pair = format!("{}:{}", encoded(id), encoded(secret));
                let value = format!("Basic {}", STANDARD.encode(pair));
                if let Ok(mut value) = http::HeaderValue::from_str(&value) {
                    value.set_sensitive(true);
                    request = request.header("authorization", value);
                }
            }
            Method::Post => {
                form.append_pair("client_id", id)
                    .append_pair("client_secret", secret);
            }
        }
        request.body(form.finish())
    }

    /// An active token until it expires; everything else for a moment.
    fn keep(&self, text: &str) -> Duration {
        let answer: Value = serde_json::from_str(text).unwrap_or_default();
        if answer.get("active") != Some(&Value::Bool(true)) {
            return self.config.keep_inactive;
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let left = answer
            .get("exp")
            .and_then(Value::as_u64)
            .map_or(self.config.keep_active, |exp| {
                Duration::from_secs(exp.saturating_sub(now))
            });
        left.min(self.config.keep_active)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
