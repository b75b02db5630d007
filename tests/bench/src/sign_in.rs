//! What signing in costs the host in mode `oidc-proxy`: whole code flows, registrations, and requests
//! with a token of its own next to requests with a token of the provider.
//!
//! The flow is that of a client and a browser: register, authorize, consent, callback, token. The
//! provider is in this process, so that the CPU time of the host is its own.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    child::Server,
    load::Sample,
    stats::median_ratio,
    wire::{Answer, Connection},
};

/// Flows before the first look: instances and caches are there.
const WARM_UP: u32 = 5;
/// Flows that are weighed. Each is three of the 300 page views that an address has in a minute.
const FLOWS: u32 = 80;
/// Registrations before the first look at memory, and until the second.
const REGISTRATIONS: [u32; 2] = [1_000, 11_000];
const REDIRECT_URI: &str = "http://127.0.0.1/callback";
const VERIFIER: &str = "a-verifier-of-sufficient-length-for-pkce-0123456789";

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct SignIn {
    /// CPU time of the host for one whole flow, in milliseconds.
    pub flow_cpu_ms: Option<f64>,
    /// Growth of the resident set by 10 000 registrations, in KiB.
    pub registrations_kib: Option<i64>,
    /// CPU time of a request with a token of the host's own as a multiple of one with an RS256 token of
    /// the provider.
    pub token_cpu: Option<f64>,
    /// The same by the clock: time for an answer under load.
    pub token_time: Option<f64>,
    /// An access token, for requests to the MCP endpoint.
    #[serde(skip)]
    pub token: String,
}

impl SignIn {
    /// Takes over what `list_providers` cost by turns: with a token of the host's own, with another.
    pub fn compare(&mut self, rounds: &[(Sample, Sample)]) {
        let cpu = |sample: &Sample| sample.cpu_ms_per_1000.unwrap_or(f64::NAN);
        let time = |sample: &Sample| 1.0 / sample.rate;
        self.token_cpu = median_ratio(rounds.iter().map(|(own, other)| (cpu(own), cpu(other))));
        self.token_time = median_ratio(rounds.iter().map(|(own, other)| (time(own), time(other))));
    }
}

/// Signs in again and again on one connection.
pub async fn measure(server: &Server) -> anyhow::Result<SignIn> {
    let mut client = Client {
        connection: Connection::open(server.address()).await?,
        base_url: format!("http://{}", server.address()),
    };
    for _ in 0..WARM_UP {
        client.flow().await?;
    }
    let before = server.usage().cpu;
    let mut token = String::new();
    for _ in 0..FLOWS {
        token = client.flow().await?;
    }
    let spent = before
        .zip(server.usage().cpu)
        .map(|(before, after)| after.saturating_sub(before));
    let [early, late] = REGISTRATIONS;
    client.register_often(early).await?;
    let small = server.usage().resident_kib;
    client.register_often(late - early).await?;
    let large = server.usage().resident_kib;
    Ok(SignIn {
        flow_cpu_ms: spent.map(|spent: Duration| spent.as_secs_f64() * 1_000.0 / f64::from(FLOWS)),
        registrations_kib: small.zip(large).and_then(|(small, large)| {
            Some(i64::try_from(large).ok()? - i64::try_from(small).ok()?)
        }),
        token_cpu: None,
        token_time: None,
        token,
    })
}

struct Client {
    connection: Connection,
    base_url: String,
}

impl Client {
    /// One flow; gives the access token.
    async fn flow(&mut self) -> anyhow::Result<String> {
        let client_id = self.register().await?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &client_id),
            ("redirect_uri", REDIRECT_URI),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", "bench"),
        ]);
        let page = self.get(&format!("/authorize?{query}"), "").await?;
        ensure!(page.status == 200, "authorize: status {}", page.status);
        let cookie = cookies(&page);
        let html = String::from_utf8_lossy(&page.body);
        let mut fields = hidden_fields(&html);
        fields.push(("decision".to_owned(), "approve".to_owned()));
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let consent = self.post("/consent", &cookie, &form(&fields)).await?;
        let upstream = location(&consent).context("consent")?;
        let parameter = |name| query_parameter(&upstream, name).context("upstream URL");
        // The provider takes the nonce for the code.
        let callback = form(&[
            ("code", &parameter("nonce")?),
            ("state", &parameter("state")?),
        ]);
        let signed_in = self
            .get(&format!("/auth/callback?{callback}"), &cookie)
            .await?;
        let back = location(&signed_in).context("callback")?;
        let code = query_parameter(&back, "code").context("redirect to the client")?;
        let body = form(&[
            ("grant_type", "authorization_code"),
            ("client_id", &client_id),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
            ("code", &code),
        ]);
        let tokens = self.post("/token", "", &body).await?;
        text(&tokens, "access_token").context("token")
    }

    async fn register(&mut self) -> anyhow::Result<String> {
        let body = json!({"client_name": "bench", "redirect_uris": [REDIRECT_URI]}).to_string();
        let answer = self
            .send(("POST", "/register"), ("application/json", &body), "")
            .await?;
        text(&answer, "client_id").context("register")
    }

    async fn register_often(&mut self, times: u32) -> anyhow::Result<()> {
        for _ in 0..times {
            self.register().await?;
        }
        Ok(())
    }

    async fn get(&mut self, path: &str, cookie: &str) -> anyhow::Result<Answer> {
        self.send(("GET", path), ("", ""), cookie).await
    }

    async fn post(&mut self, path: &str, cookie: &str, form: &str) -> anyhow::Result<Answer> {
        let body = ("application/x-www-form-urlencoded", form);
        self.send(("POST", path), body, cookie).await
    }

    async fn send(
        &mut self,
        (method, path): (&str, &str),
        (content_type, body): (&str, &str),
        cookie: &str,
    ) -> anyhow::Result<Answer> {
        let authority = self.base_url.trim_start_matches("http://");
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\n");
        if !content_type.is_empty() {
            head += &format!(
                "Content-Type: {content_type}\r\nContent-Length: {}\r\n",
                body.len()
            );
        }
        if !cookie.is_empty() {
            head += &format!("Cookie: {cookie}\r\n");
        }
        let request = Bytes::from(format!("{head}\r\n{body}"));
        Ok(self.connection.exchange(&request).await?)
    }
}

fn text(answer: &Answer, member: &str) -> anyhow::Result<String> {
    let body: Value = serde_json::from_slice(&answer.body)
        .with_context(|| format!("status {}, not JSON", answer.status))?;
    match body.get(member).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => bail!("status {}: no `{member}`: {body}", answer.status),
    }
}

fn location(answer: &Answer) -> anyhow::Result<String> {
    let found = answer.values("location").into_iter().next();
    found.with_context(|| {
        let body = String::from_utf8_lossy(&answer.body);
        format!("status {}, no redirect: {body}", answer.status)
    })
}

/// The cookies of an answer as a browser sends them back.
fn cookies(answer: &Answer) -> String {
    let set = answer.values("set-cookie");
    let pairs: Vec<&str> = set
        .iter()
        .filter_map(|value| value.split(';').next())
        .collect();
    pairs.join("; ")
}

/// Name and value of the hidden fields; their values have no characters that HTML escapes.
fn hidden_fields(html: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    html.split("<input type=\"hidden\"")
        .skip(1)
        .filter_map(|rest| {
            let tag = rest.split('>').next()?;
            Some((attribute(tag, "name")?, attribute(tag, "value")?))
        })
        .collect()
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    pairs.join("&")
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// A parameter of a URL whose value needs no decoding: base64url and the like.
fn query_parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{encoded, hidden_fields, query_parameter};

    #[test]
    fn what_is_read_of_pages_and_urls() {
        let html = r#"<form><input type="hidden" name="a" value="1"><input type="hidden" name="b" value="x-_y"></form>"#;
        let expected = [("a", "1"), ("b", "x-_y")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(hidden_fields(html), expected);
        let url = "https://idp/authorize?xstate=no&state=yes&nonce=n";
        assert_eq!(query_parameter(url, "state").as_deref(), Some("yes"));
        assert_eq!(query_parameter(url, "code"), None);
        assert_eq!(encoded("http://a b/"), "http%3A%2F%2Fa%20b%2F");
    }
}
