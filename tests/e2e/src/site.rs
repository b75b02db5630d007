//! Servers that are an OAuth server in front of a provider, with everything around them: the
//! provider's client, the public name, the key that replicas share and the store that they share.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, Page, Person};
use crate::caller::Caller;
use crate::idp::Idp;
use crate::keys::encode;
use crate::logs::Logs;
use crate::network::Network;
use crate::oauth_client::{OAuthClient, Pkce, Tokens, random};
use crate::server::Server;
use crate::settings::{BASE_URL, Settings};

/// What a site is made of, before it runs.
pub struct Plan {
    base_url: String,
    replicas: usize,
    client: Value,
    settings: Vec<(String, String)>,
    environment: Vec<(String, String)>,
}

/// One deployment: one or more servers under one public URL.
pub struct Site {
    /// The names of the site and of the provider.
    pub network: Network,
    /// The servers.
    pub servers: Vec<Server>,
    /// What they logged, and what they must not have logged.
    pub logs: Logs,
    /// The public URL.
    pub base_url: String,
    /// What the servers are at the provider.
    pub client: Value,
    /// `OIDC_JWT_SIGNING_KEY`.
    pub signing_key: String,
    plan: Plan,
    config_url: String,
    store: TempDir,
}

/// A code, and everything that redeems it.
pub struct Granted {
    /// Whom it was given to.
    pub client: OAuthClient,
    /// The verifier.
    pub pkce: Pkce,
    /// The code.
    pub code: String,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            base_url: BASE_URL.into(),
            replicas: 1,
            client: json!({}),
            settings: Vec::new(),
            environment: Vec::new(),
        }
    }
}

impl Plan {
    /// Another public URL.
    #[must_use]
    pub fn at(mut self, base_url: &str) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// This many servers, which share the key and the store and nothing else. Requests to the public
    /// URL go to one after the other.
    #[must_use]
    pub fn replicas(mut self, count: usize) -> Self {
        self.replicas = count;
        self
    }

    /// A setting of the servers.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// A variable of the environment of the servers, under its own name.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Members of the client's registration at the provider, for example `knobs`.
    #[must_use]
    pub fn client(mut self, metadata: Value) -> Self {
        self.client = metadata;
        self
    }

    /// Starts the servers in front of a provider.
    pub async fn start(self, idp: &Idp) -> Site {
        let mut metadata = json!({
            "redirect_uris": [format!("{}/auth/callback", self.base_url.trim_end_matches('/'))],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_basic",
        });
        for (name, value) in self.client.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let client = idp.register(metadata).await;
        let logs = Logs::default();
        let network = Network::new(&logs);
        network.serve(idp.issuer(), [idp.issuer()]);
        let mut site = Site {
            network,
            servers: Vec::new(),
            logs,
            base_url: self.base_url.clone(),
            client,
            signing_key: encode(random()),
            config_url: idp.config_url(),
            store: TempDir::new().unwrap(),
            plan: self,
        };
        for _ in 0..site.plan.replicas {
            site.add_server(&[]).await;
        }
        site
    }
}

impl Site {
    /// One server in front of the provider that all tests share.
    pub async fn start() -> Self {
        Plan::default().start(Idp::shared().await).await
    }

    /// Adds a server with some settings of its own. It takes its turn.
    pub async fn add_server(&mut self, settings: &[(&str, &str)]) {
        let server = self
            .settings(settings)
            .start_with_logs(self.logs.clone())
            .await;
        server.ready().await;
        self.servers.push(server);
        self.publish();
    }

    /// The settings of a server of this site, with changes.
    pub fn settings(&self, changes: &[(&str, &str)]) -> Settings {
        let mut settings = Settings::oidc_proxy(&self.base_url, &self.config_url, &self.client)
            .with("OIDC_JWT_SIGNING_KEY", &self.signing_key);
        if self.plan.replicas > 1 {
            let store = format!("file://{}", self.store.path().display());
            settings = settings.with("KV_STORE_URL", store);
        }
        for (name, value) in &self.plan.environment {
            settings = settings.with_environment(name, value);
        }
        let planned = self.plan.settings.iter();
        let planned = planned.map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in planned.chain(changes.iter().copied()) {
            settings = settings.with(name, value);
        }
        settings
    }

    /// Sends requests to the public URL to all servers, one after the other. To be called when a
    /// server was started again.
    pub fn publish(&self) {
        let origins = self.servers.iter().map(Server::origin);
        self.network.serve(&self.base_url, origins);
    }

    /// Sends requests to the public URL to one server.
    pub fn publish_only(&self, index: usize) {
        self.network
            .serve(&self.base_url, [self.servers[index].origin()]);
    }

    /// The first server.
    pub fn server(&self) -> &Server {
        &self.servers[0]
    }

    /// The URL of the MCP endpoint, which tokens are for.
    pub fn resource(&self) -> String {
        format!("{}/mcp", self.base_url.trim_end_matches('/'))
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.network)
    }

    /// A client that knows the site and is not known to it.
    pub async fn stranger(&self) -> OAuthClient {
        let url = url::Url::parse(&self.base_url).unwrap();
        let path = url.path().trim_end_matches('/');
        let origin = url.origin().ascii_serialization();
        let document = format!("{origin}/.well-known/oauth-authorization-server{path}");
        let mut client = OAuthClient::discover(&self.network, &document).await;
        client.resource = self.resource();
        client.scope = "offline_access".into();
        client
    }

    /// A registered client.
    pub async fn registered(&self) -> OAuthClient {
        self.stranger().await.registered("Painter").await
    }

    /// A code for a new client, after a complete sign-in in a fresh browser.
    pub async fn granted(&self, login: &str) -> Granted {
        self.granted_to(self.registered().await, &self.browser(), login)
            .await
    }

    /// A code for a client, after a complete sign-in.
    pub async fn granted_to(&self, client: OAuthClient, browser: &Browser, login: &str) -> Granted {
        self.logs.keep_secret(&format!("{login}@example.com"));
        let pkce = Pkce::default();
        let start = client.authorization(&pkce, &[]);
        let page = browser.sign_in(&start, Person::named(login)).await;
        let code = code(&page);
        Granted { client, pkce, code }
    }

    /// A client with tokens, after a complete sign-in.
    pub async fn signed_in(&self, login: &str) -> (OAuthClient, Tokens) {
        let granted = self.granted(login).await;
        let reply = granted.client.redeem(&granted.code, &granted.pkce).await;
        (granted.client, Tokens::of(&reply))
    }

    /// An MCP caller with a token, at the first server.
    pub fn caller(&self, token: &str) -> Caller {
        self.server().as_bearer(token)
    }

    /// The status of `tools/list` with a token, at each server.
    pub async fn statuses(&self, token: &str) -> Vec<u16> {
        let mut statuses = Vec::new();
        for server in &self.servers {
            statuses.push(server.as_bearer(token).list_tools().await.status);
        }
        statuses
    }
}

/// The code of a callback.
pub fn code(page: &Page) -> String {
    page.parameter("code").unwrap_or_else(|| {
        panic!(
            "no code: {} {}: {}",
            page.reply.status,
            page.url,
            page.reply.text()
        )
    })
}
