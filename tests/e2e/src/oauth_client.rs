//! An OAuth client that can be told to do everything wrong: each request is raw, and nothing is
//! checked but what a test asks for.

use aws_lc_rs::rand;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::caller::Reply;
use crate::keys::encode;
use crate::network::{Message, Network};

/// Where codes go: a desktop client that listens on a port of its choice.
pub const REDIRECT: &str = "http://127.0.0.1:33418/callback";

/// Names and values of a form or a query.
pub type Parameters = Vec<(String, String)>;

/// A client of one authorization server.
#[derive(Clone)]
pub struct OAuthClient {
    network: Network,
    /// What the server says of itself (RFC 8414).
    pub metadata: Value,
    /// `client_id`.
    pub id: String,
    /// Where codes go.
    pub redirect_uri: String,
    /// What is asked for.
    pub scope: String,
    /// Which server the tokens are for; empty for none.
    pub resource: String,
}

/// A verifier with its challenge (RFC 7636).
#[derive(Clone, Debug)]
pub struct Pkce {
    /// What is kept.
    pub verifier: String,
    /// What is sent.
    pub challenge: String,
}

/// Tokens as they came.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// `access_token`.
    pub access: String,
    /// `refresh_token`.
    pub refresh: Option<String>,
    /// The whole answer.
    pub answer: Value,
}

impl Default for Pkce {
    fn default() -> Self {
        let verifier = encode(random());
        let challenge = encode(Sha256::digest(verifier.as_bytes()));
        Self {
            verifier,
            challenge,
        }
    }
}

impl Tokens {
    /// Tokens of a successful answer.
    pub fn of(reply: &Reply) -> Self {
        let answer = reply.json();
        assert_eq!(reply.status, 200, "no tokens: {answer}");
        assert_eq!(
            reply.header("cache-control"),
            Some("no-store"),
            "tokens may be stored"
        );
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        Self {
            access: text("access_token").unwrap_or_else(|| panic!("no token: {answer}")),
            refresh: text("refresh_token"),
            answer,
        }
    }

    /// The refresh token, which must be there.
    pub fn refresh(&self) -> &str {
        self.refresh.as_deref().expect("a refresh token")
    }
}

impl OAuthClient {
    /// A client without an id yet, of the server whose metadata is at `url`.
    pub async fn discover(network: &Network, url: &str) -> Self {
        let reply = network.send(Message::get(Url::parse(url).unwrap())).await;
        assert_eq!(reply.status, 200, "{url}: {}", reply.text());
        Self {
            network: network.clone(),
            metadata: reply.json(),
            id: String::new(),
            redirect_uri: REDIRECT.into(),
            scope: String::new(),
            resource: String::new(),
        }
    }

    /// The network that it is on.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Registers (RFC 7591) with a name and the redirect URI, as a public client.
    #[must_use]
    pub async fn registered(mut self, name: &str) -> Self {
        let reply = self.register(self.registration(name)).await;
        assert_eq!(reply.status, 201, "not registered: {}", reply.text());
        self.id = reply.json()["client_id"].as_str().unwrap().to_owned();
        self
    }

    /// What [`Self::registered`] sends.
    pub fn registration(&self, name: &str) -> Value {
        json!({
            "client_name": name,
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        })
    }

    /// Sends a registration.
    pub async fn register(&self, metadata: Value) -> Reply {
        let url = self.endpoint("registration_endpoint");
        let message = Message::post(url, "application/json", metadata.to_string());
        self.network.send(message).await
    }

    /// The address of an endpoint.
    pub fn endpoint(&self, name: &str) -> Url {
        let address = self.metadata[name].as_str();
        Url::parse(address.unwrap_or_else(|| panic!("no {name}: {}", self.metadata))).unwrap()
    }

    /// An authorization request; `changes` replace parameters, an empty value removes one.
    pub fn authorization(&self, pkce: &Pkce, changes: &[(&str, &str)]) -> Url {
        let parameters = changed(
            vec![
                ("response_type".into(), "code".into()),
                ("client_id".into(), self.id.clone()),
                ("redirect_uri".into(), self.redirect_uri.clone()),
                ("scope".into(), self.scope.clone()),
                ("state".into(), encode(random())),
                ("code_challenge".into(), pkce.challenge.clone()),
                ("code_challenge_method".into(), "S256".into()),
                ("resource".into(), self.resource.clone()),
            ],
            changes,
        );
        let mut url = self.endpoint("authorization_endpoint");
        url.query_pairs_mut().extend_pairs(parameters);
        url
    }

    /// What redeems a code.
    pub fn redemption(&self, code: &str, pkce: &Pkce) -> Parameters {
        vec![
            ("grant_type".into(), "authorization_code".into()),
            ("code".into(), code.into()),
            ("redirect_uri".into(), self.redirect_uri.clone()),
            ("client_id".into(), self.id.clone()),
            ("code_verifier".into(), pkce.verifier.clone()),
            ("resource".into(), self.resource.clone()),
        ]
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str, pkce: &Pkce) -> Reply {
        self.redeem_with(code, pkce, &[]).await
    }

    /// [`Self::redeem`] with parameters replaced or, with an empty value, removed.
    pub async fn redeem_with(&self, code: &str, pkce: &Pkce, changes: &[(&str, &str)]) -> Reply {
        self.token(&changed(self.redemption(code, pkce), changes))
            .await
    }

    /// Refreshes.
    pub async fn refresh(&self, token: &str) -> Reply {
        self.refresh_with(token, &[]).await
    }

    /// [`Self::refresh`] with parameters replaced or, with an empty value, removed.
    pub async fn refresh_with(&self, token: &str, changes: &[(&str, &str)]) -> Reply {
        let parameters = vec![
            ("grant_type".into(), "refresh_token".into()),
            ("refresh_token".into(), token.into()),
            ("client_id".into(), self.id.clone()),
        ];
        self.token(&changed(parameters, changes)).await
    }

    /// Anything to the token endpoint.
    pub async fn token(&self, parameters: &Parameters) -> Reply {
        let url = self.endpoint("token_endpoint");
        self.network.send(Message::form(url, parameters)).await
    }

    /// Anything to the token endpoint, with a proof of possession.
    pub async fn token_with_proof(&self, parameters: &Parameters, proof: &str) -> Reply {
        let url = self.endpoint("token_endpoint");
        let message = Message::form(url, parameters).with_header("dpop", proof);
        self.network.send(message).await
    }

    /// Revokes (RFC 7009) as this client.
    pub async fn revoke(&self, token: &str) -> Reply {
        let fields = [
            ("token".to_owned(), token.to_owned()),
            ("client_id".to_owned(), self.id.clone()),
        ];
        let url = self.endpoint("revocation_endpoint");
        self.network.send(Message::form(url, &fields)).await
    }
}

/// Replaces parameters; an empty value removes one, and a value that was empty is not sent.
pub fn changed(parameters: Parameters, changes: &[(&str, &str)]) -> Parameters {
    let mut parameters = parameters;
    for (name, value) in changes {
        parameters.retain(|(known, _)| known != name);
        parameters.push(((*name).into(), (*value).into()));
    }
    parameters.retain(|(_, value)| !value.is_empty());
    parameters
}

/// 256 random bits.
pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).unwrap();
    bytes
}
