//! Opaque tokens of the real provider in remote mode (RFC 7662), and tokens bound to a key
//! (RFC 9449) in that mode.

use e2e::browser::{Browser, Person};
use e2e::dpop::Proof;
use e2e::fault_proxy::{Fault, FaultProxy};
use e2e::idp::Idp;
use e2e::keys::Key;
use e2e::logs::Logs;
use e2e::network::Network;
use e2e::oauth_client::{OAuthClient, Pkce, REDIRECT, Tokens};
use e2e::server::Server;
use e2e::settings::{AUDIENCE, Settings};
use e2e::wait::until;
use serde_json::{Value, json};

/// A server that asks the provider about tokens, and a user with one.
struct Opaque {
    proxy: FaultProxy,
    _idp: Idp,
    server: Server,
    client: OAuthClient,
}

impl Opaque {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let (proxy, idp) = FaultProxy::start(json!({})).await;
        let ours = idp
            .register(json!({
                "redirect_uris": [], "grant_types": ["client_credentials"], "response_types": [],
                "token_endpoint_auth_method": "client_secret_basic",
            }))
            .await;
        let mut start = Settings::remote(&idp.config_url())
            .with("AUTH_MODE", "remote")
            .with("OIDC_CLIENT_ID", ours["client_id"].as_str().unwrap())
            .with(
                "OIDC_CLIENT_SECRET",
                ours["client_secret"].as_str().unwrap(),
            );
        for (name, value) in settings {
            start = start.with(name, value);
        }
        let server = start.start_with_logs(Logs::default()).await;
        server.ready().await;
        let network = Network::new(server.logs());
        network.serve(idp.issuer(), [idp.issuer()]);
        let mut client = OAuthClient::discover(&network, &idp.config_url()).await;
        client.resource = AUDIENCE.into();
        client.scope = "openid offline_access image:read image:write".into();
        client.id = registered(&idp, "opaque").await;
        Self {
            proxy,
            _idp: idp,
            server,
            client,
        }
    }

    async fn token(&self) -> Tokens {
        let (browser, pkce) = (Browser::new(self.network()), Pkce::default());
        let start = self.client.authorization(&pkce, &[("prompt", "consent")]);
        let page = browser.sign_in(&start, Person::named("alice")).await;
        Tokens::of(&self.client.redeem(&e2e::site::code(&page), &pkce).await)
    }

    fn network(&self) -> &Network {
        self.client.network()
    }

    async fn status(&self, token: &str) -> u16 {
        self.server.as_bearer(token).list_tools().await.status
    }
}

/// A public client at the provider, whose tokens for a resource have this format.
async fn registered(idp: &Idp, format: &str) -> String {
    let client = idp
        .register(json!({
            "redirect_uris": [REDIRECT], "application_type": "native",
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "knobs": {"access_token_format": format},
        }))
        .await;
    client["client_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_opaque_token_is_accepted_and_the_provider_is_asked_once() {
    let opaque = Opaque::new(&[]).await;
    let tokens = opaque.token().await;
    assert!(!tokens.access.contains('.'), "it is not opaque");
    let before = opaque.proxy.count("/token/introspection");
    for _ in 0..5 {
        assert_eq!(opaque.status(&tokens.access).await, 200);
    }
    let replies =
        futures_util::future::join_all((0..20).map(|_| opaque.status(&tokens.access))).await;
    assert!(replies.iter().all(|status| *status == 200), "{replies:?}");
    assert_eq!(opaque.proxy.count("/token/introspection") - before, 1);
    opaque
        .server
        .as_bearer(&tokens.access)
        .generate("a boat of an opaque token")
        .await;
    assert_eq!(opaque.status("an-invented-token-of-nobody").await, 401);
}

#[tokio::test]
async fn a_revoked_token_is_refused_within_half_a_minute() {
    let opaque = Opaque::new(&[]).await;
    let tokens = opaque.token().await;
    assert_eq!(opaque.status(&tokens.access).await, 200);
    assert_eq!(opaque.client.revoke(&tokens.access).await.status, 200);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(31);
    while opaque.status(&tokens.access).await == 200 {
        assert!(std::time::Instant::now() < deadline, "still accepted");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(opaque.status(&tokens.access).await, 401);
}

#[tokio::test]
async fn row_38_an_outage_is_no_verdict_and_a_bad_answer_is_none_either() {
    let opaque = Opaque::new(&[]).await;
    for fault in [
        Fault::Status(500),
        Fault::Cut,
        Fault::Status(401),
        Fault::Answer(200, json!("active")),
        Fault::Answer(200, json!([true])),
        Fault::Answer(200, json!({"active": "true"})),
    ] {
        let tokens = opaque.token().await;
        opaque.proxy.fault("/token/introspection", fault);
        let status = opaque.status(&tokens.access).await;
        assert!([401, 503].contains(&status), "{status}");
        opaque.proxy.heal();
        until("it is accepted after all", async || {
            (opaque.status(&tokens.access).await == 200).then_some(())
        })
        .await;
    }
    opaque
        .proxy
        .fault("/token/introspection", Fault::Status(500));
    let tokens = opaque.token().await;
    let reply = opaque.server.as_bearer(&tokens.access).list_tools().await;
    assert_eq!(
        reply.status, 503,
        "an outage makes no client drop its tokens"
    );
    assert!(reply.header("retry-after").is_some());
}

#[tokio::test]
async fn row_38_what_the_provider_says_is_judged() {
    let opaque = Opaque::new(&[]).await;
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 7] = [
        ("text", |answer| answer["active"] = json!("true")),
        ("no exp", |answer| {
            _ = answer.as_object_mut().unwrap().remove("exp")
        }),
        ("over", |answer| answer["exp"] = json!(1)),
        ("another audience", |answer| {
            answer["aud"] = json!("https://other.example/mcp")
        }),
        ("no audience", |answer| {
            _ = answer.as_object_mut().unwrap().remove("aud")
        }),
        ("another issuer", |answer| {
            answer["iss"] = json!("https://evil.example")
        }),
        ("inactive", |answer| *answer = json!({"active": false})),
    ];
    for (row, change) in changes {
        let tokens = opaque.token().await;
        opaque.proxy.fault(
            "/token/introspection",
            Fault::change(move |_, answer| change(answer)),
        );
        assert_eq!(opaque.status(&tokens.access).await, 401, "38 {row}");
        opaque.proxy.heal();
    }
}

/// The provider itself binds a token to a key, opaque or signed, and it is good with proofs only.
#[tokio::test]
async fn rows_77_to_83_a_bound_token_of_the_provider_wants_its_proof() {
    let opaque = Opaque::new(&[]).await;
    let key = Key::generate("proof", "ES256");
    for format in ["opaque", "jwt"] {
        let mut client = opaque.client.clone();
        client.id = registered(&opaque._idp, format).await;
        let (browser, pkce) = (Browser::new(opaque.network()), Pkce::default());
        let start = client.authorization(&pkce, &[("prompt", "consent")]);
        let page = browser.sign_in(&start, Person::named("alice")).await;
        let endpoint = client.endpoint("token_endpoint");
        let proof = Proof::new(&key, "POST", endpoint.as_str()).sign(&key);
        let parameters = client.redemption(&e2e::site::code(&page), &pkce);
        let tokens = Tokens::of(&client.token_with_proof(&parameters, &proof).await);
        assert_eq!(tokens.answer["token_type"], "DPoP");
        assert_eq!(
            opaque.status(&tokens.access).await,
            401,
            "{format}: as plain bearer"
        );
        let with_proof = |proof: &str| {
            let caller = opaque.server.as_anonymous();
            let caller = caller.with_header("authorization", &format!("DPoP {}", tokens.access));
            caller.with_header("dpop", proof)
        };
        let good = Proof::new(&key, "POST", AUDIENCE).with_token(&tokens.access);
        let proof = good.clone().sign(&key);
        assert_eq!(
            with_proof(&proof).list_tools().await.status,
            200,
            "{format}"
        );
        let other = Key::generate("other", "ES256");
        let foreign = Proof::new(&other, "POST", AUDIENCE).with_token(&tokens.access);
        for (row, proof) in [
            ("77 a replay", proof),
            (
                "78 another address",
                good.clone()
                    .claim("htu", json!("https://evil.example/mcp"))
                    .sign(&key),
            ),
            (
                "78 another token",
                good.clone().with_token("another").sign(&key),
            ),
            ("79 old", good.clone().claim("iat", json!(1)).sign(&key)),
            ("another key", foreign.sign(&other)),
        ] {
            let status = with_proof(&proof).list_tools().await.status;
            assert!([400, 401].contains(&status), "{format}: {row}: {status}");
        }
    }
}
