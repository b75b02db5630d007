//! A deployment, a browser and a client.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth::Proxy;
use policy::settings::Settings;
use policy::types::{Denial, HttpRequest, HttpResponse, Identity, RequestHead};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::provider::{CLIENT_ID, CLIENT_SECRET, CONFIG_URL};
use crate::world::World;

pub const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub const OTHER_KEY: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
pub const BASE: &str = "https://h.example/vault";
pub const RESOURCE: &str = "https://h.example/vault/mcp";
pub const REDIRECT: &str = "http://127.0.0.1:7000/callback";
pub const STATIC_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Settings as the host would hand them out.
#[derive(Clone, Debug)]
pub struct Deployment(BTreeMap<String, String>);

impl Deployment {
    pub fn new() -> Self {
        Self(BTreeMap::new())
            .with("BASE_URL", BASE)
            .with("OIDC_CONFIG_URL", CONFIG_URL)
            .with("OIDC_CLIENT_ID", CLIENT_ID)
            .with("OIDC_CLIENT_SECRET", CLIENT_SECRET)
            .with("OIDC_JWT_SIGNING_KEY", KEY)
            .with("OIDC_REQUIRED_SCOPES", "image:use")
            .with("OIDC_READ_SCOPES", "image:read")
            .with("OIDC_WRITE_SCOPES", "image:write")
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn server<'a>(&self, world: &'a World) -> Server<'a> {
        let proxy = Proxy::new(self);
        assert_eq!(proxy.faults().map(ToString::to_string), None);
        Server { proxy, world }
    }
}

impl Settings for Deployment {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

/// One replica.
pub struct Server<'a> {
    pub proxy: Proxy,
    pub world: &'a World,
}

impl Server<'_> {
    pub fn send(
        &self,
        (method, path): (&str, &str),
        fields: &[(&str, &str)],
        body: &str,
    ) -> HttpResponse {
        let request = HttpRequest {
            head: RequestHead {
                method: method.to_owned(),
                path_with_query: path.to_owned(),
                ..self.head(fields)
            },
            body: body.as_bytes().to_vec(),
        };
        self.proxy
            .serve(&request, &self.world.services(), &self.world.log)
            .expect("a path of this server")
    }

    fn head(&self, fields: &[(&str, &str)]) -> RequestHead {
        RequestHead {
            method: "POST".to_owned(),
            scheme: "https".to_owned(),
            authority: "h.example".to_owned(),
            path_with_query: "/vault/mcp".to_owned(),
            headers: fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            client_address: Some("192.0.2.1".to_owned()),
            now: self.world.now(),
        }
    }

    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> HttpResponse {
        let fields = [("content-type", "application/x-www-form-urlencoded")];
        self.send(("POST", path), &fields, &oauth::form::encode(form))
    }

    /// A client registers itself, and gets this id.
    pub fn register(&self, redirect_uris: &[&str]) -> String {
        let body = json!({ "client_name": "Inspector", "redirect_uris": redirect_uris });
        let fields = [("content-type", "application/json")];
        let response = self.send(("POST", "/vault/register"), &fields, &body.to_string());
        assert_eq!(response.status, 201, "{}", text(&response));
        object(&response)["client_id"].as_str().unwrap().to_owned()
    }

    pub fn present(&self, token: &str) -> Result<Identity, Denial> {
        self.present_with(&[("authorization", &format!("Bearer {token}"))])
    }

    pub fn present_with(&self, fields: &[(&str, &str)]) -> Result<Identity, Denial> {
        self.proxy
            .authenticate(&self.head(fields), &self.world.services(), &self.world.log)
    }

    pub fn token(&self, form: &[(&str, &str)]) -> HttpResponse {
        self.post("/vault/token", form)
    }

    pub fn refresh(&self, client_id: &str, refresh_token: &str) -> HttpResponse {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("refresh_token", refresh_token),
        ])
    }

    pub fn revoke(&self, client_id: &str, token: &str) -> HttpResponse {
        self.post(
            "/vault/revoke",
            &[("client_id", client_id), ("token", token)],
        )
    }
}

/// A client: its id, where it listens, and its PKCE verifier.
#[derive(Clone)]
pub struct Caller {
    pub client_id: String,
    pub redirect_uri: String,
    pub verifier: String,
    /// Further parameters of `/authorize`, which replace the usual ones; empty ones are left out.
    pub further: Vec<(String, String)>,
}

impl Caller {
    pub fn registered(server: &Server<'_>) -> Self {
        Self::with_id(&server.register(&[REDIRECT]))
    }

    pub fn with_id(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            redirect_uri: REDIRECT.to_owned(),
            verifier: "v".repeat(64),
            further: Vec::new(),
        }
    }

    pub fn asking(mut self, name: &str, value: &str) -> Self {
        self.further.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn authorize_query(&self) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier));
        let mut parameters: BTreeMap<&str, &str> = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("state", "their state"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("resource", RESOURCE),
            ("scope", "image:use image:read"),
        ]);
        for (name, value) in &self.further {
            parameters.insert(name, value);
        }
        parameters.retain(|_, value| !value.is_empty());
        oauth::form::encode(&parameters.into_iter().collect::<Vec<_>>())
    }

    pub fn authorize_path(&self) -> String {
        format!("/vault/authorize?{}", self.authorize_query())
    }

    pub fn redeem(&self, server: &Server<'_>, code: &str) -> HttpResponse {
        self.redeem_with(server, code, &[])
    }

    pub fn redeem_with(
        &self,
        server: &Server<'_>,
        code: &str,
        changes: &[(&str, &str)],
    ) -> HttpResponse {
        let mut form: BTreeMap<&str, &str> = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("client_id", self.client_id.as_str()),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_verifier", self.verifier.as_str()),
            ("resource", RESOURCE),
        ]);
        form.extend(changes.iter().copied());
        server.token(&form.into_iter().collect::<Vec<_>>())
    }

    /// Everything up to the code.
    pub fn code(&self, server: &Server<'_>, browser: &mut Browser) -> String {
        let page = browser.open(server, &self.authorize_path());
        assert_eq!(page.status, 200, "{}", text(&page));
        let there = browser.decide(server, &page, "approve");
        self.code_from(server, browser, &there)
    }

    /// Everything from the redirect to the provider on.
    pub fn code_from(
        &self,
        server: &Server<'_>,
        browser: &mut Browser,
        there: &HttpResponse,
    ) -> String {
        let back = server.world.provider.sign_in(location(there), "alice");
        let done = browser.open(server, &format!("/vault/auth/callback?{back}"));
        assert_eq!(done.status, 303, "{}", text(&done));
        let answer = query(location(&done));
        assert_eq!(answer["state"], "their state");
        assert_eq!(answer["iss"], BASE);
        answer["code"].clone()
    }

    /// Everything.
    pub fn tokens(&self, server: &Server<'_>) -> Tokens {
        let code = self.code(server, &mut Browser::default());
        let response = self.redeem(server, &code);
        assert_eq!(response.status, 200, "{}", text(&response));
        Tokens::of(&response)
    }
}

/// What `/token` has answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub body: Value,
}

impl Tokens {
    pub fn of(response: &HttpResponse) -> Self {
        assert_eq!(response.status, 200, "{}", text(response));
        let body = object(response);
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            body,
        }
    }
}

/// A browser: cookies, and what it says of itself.
#[derive(Clone, Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
    /// `Sec-Fetch-Site` of navigations; empty for none.
    pub site: String,
    pub further: Vec<(String, String)>,
}

impl Browser {
    pub fn open(&mut self, server: &Server<'_>, path: &str) -> HttpResponse {
        let site = self.site.clone();
        self.send(server, ("GET", path, ""), &site)
    }

    /// Presses a button of a page.
    pub fn decide(
        &mut self,
        server: &Server<'_>,
        page: &HttpResponse,
        decision: &str,
    ) -> HttpResponse {
        let field = hidden(page);
        self.submit(server, &[("transaction", &field), ("decision", decision)])
    }

    pub fn submit(&mut self, server: &Server<'_>, form: &[(&str, &str)]) -> HttpResponse {
        self.send(
            server,
            ("POST", "/vault/consent", &oauth::form::encode(form)),
            "same-origin",
        )
    }

    pub fn send(
        &mut self,
        server: &Server<'_>,
        (method, path, body): (&str, &str, &str),
        site: &str,
    ) -> HttpResponse {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let mut fields = vec![("sec-fetch-mode", "navigate")];
        if !cookies.is_empty() {
            fields.push(("cookie", &cookies));
        }
        if !site.is_empty() {
            fields.push(("sec-fetch-site", site));
        }
        if method == "POST" {
            fields.push(("content-type", "application/x-www-form-urlencoded"));
            fields.push(("origin", "null"));
        }
        fields.extend(
            self.further
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let response = server.send((method, path), &fields, body);
        for (_, field) in response
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            let (pair, attributes) = field.split_once("; ").unwrap();
            for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(
                    attributes.split("; ").any(|known| known == attribute),
                    "{field}"
                );
            }
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{field}");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        response
    }
}

pub fn text(response: &HttpResponse) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

pub fn object(response: &HttpResponse) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_else(|_| panic!("{}", text(response)))
}

pub fn field<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response
        .headers
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

pub fn location(response: &HttpResponse) -> &str {
    field(response, "location").unwrap_or_else(|| panic!("{} {}", response.status, text(response)))
}

/// The hidden field of the page.
pub fn hidden(page: &HttpResponse) -> String {
    let html = text(page);
    let (_, after) = html
        .split_once("name=\"transaction\"")
        .unwrap_or_else(|| panic!("{} {html}", page.status));
    let (_, after) = after.split_once("value=\"").unwrap();
    after.split_once('"').unwrap().0.to_owned()
}

pub fn query(url: &str) -> BTreeMap<String, String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (urldecoded(name), urldecoded(value))
        })
        .collect()
}

pub fn urldecoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// Asserts an error of `/token`, and that it says nothing more.
pub fn assert_error(what: &str, response: &HttpResponse, status: u16, code: &str) {
    let body = object(response);
    assert_eq!(
        (response.status, body["error"].as_str()),
        (status, Some(code)),
        "{what}: {body}"
    );
    assert_eq!(field(response, "cache-control"), Some("no-store"), "{what}");
}
