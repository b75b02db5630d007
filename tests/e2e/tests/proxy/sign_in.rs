//! The provider's answers, good and bad: nothing is issued for what it did not say to us (rows 55
//! to 57).

use e2e::browser::{Browser, Page, parameter};
use e2e::keys::Key;
use e2e::logs::Logs;
use e2e::network::Message;
use e2e::network::Network;
use e2e::oauth_client::{OAuthClient, Pkce, Tokens};
use e2e::scripted_idp::{Answer, DISCOVERY, ScriptedIdp};
use e2e::server::Server;
use e2e::settings::{BASE_URL, Settings};
use e2e::token::{Token, now};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{agreed, assert_local, next};

/// A provider that says what a test wants, and a server that relies on it.
struct Scripted {
    idp: ScriptedIdp,
    key: Key,
    server: Server,
    network: Network,
    client: OAuthClient,
}

/// A question to the provider, and what answers it.
struct Asked {
    browser: Browser,
    pkce: Pkce,
    nonce: String,
    state: String,
}

const ACCESS_TOKEN: &str = "the-access-token-of-the-provider";

impl Scripted {
    async fn new(change: impl FnOnce(&mut Value)) -> Self {
        let key = Key::generate("rs", "RS256");
        let idp = ScriptedIdp::start(&[&key]).await;
        let mut document = idp.document();
        document["revocation_endpoint"] = json!(format!("{}/revoke", idp.issuer()));
        document["authorization_response_iss_parameter_supported"] = json!(true);
        document["scopes_supported"] = json!(["openid", "offline_access"]);
        change(&mut document);
        idp.answer(DISCOVERY, Answer::Json(document));
        let client =
            json!({"client_id": "us", "client_secret": "a-secret-of-ours-at-the-provider"});
        let server = Settings::oidc_proxy(BASE_URL, &idp.config_url(), &client)
            .start_with_logs(Logs::default())
            .await;
        server.ready().await;
        let network = Network::new(server.logs());
        network.serve(BASE_URL, [server.origin()]);
        network.serve(idp.issuer(), [idp.issuer()]);
        let document = format!("{BASE_URL}/.well-known/oauth-authorization-server");
        let mut client = OAuthClient::discover(&network, &document).await;
        client.resource = format!("{BASE_URL}/mcp");
        let client = client.registered("Painter").await;
        Self {
            idp,
            key,
            server,
            network,
            client,
        }
    }

    async fn asked(&self) -> Asked {
        let (browser, pkce) = (Browser::new(&self.network), Pkce::default());
        let upstream = next(&agreed(&browser, &self.client, &pkce).await);
        let value = |name| parameter(&upstream, name).unwrap_or_default();
        Asked {
            nonce: value("nonce"),
            state: value("state"),
            browser,
            pkce,
        }
    }

    /// An ID token that is good in every respect, before it is signed.
    fn id_token(&self, asked: &Asked) -> Token {
        let hash = Sha256::digest(ACCESS_TOKEN.as_bytes());
        Token::new(self.idp.issuer(), "us")
            .header("typ", json!("JWT"))
            .without("scope")
            .without("client_id")
            .claim("nonce", json!(asked.nonce))
            .claim("at_hash", json!(e2e::keys::encode(&hash[..16])))
    }

    /// The provider gives this for any code.
    fn gives(&self, id_token: &str) {
        self.idp.answer(
            "/token",
            Answer::Json(json!({
                "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 300,
                "refresh_token": "the-refresh-token-of-the-provider", "id_token": id_token,
            })),
        );
    }

    async fn callback(&self, asked: &Asked, changes: &[(&str, &str)]) -> Page {
        let parameters = e2e::oauth_client::changed(
            vec![
                ("code".into(), "the-code-of-the-provider".into()),
                ("state".into(), asked.state.clone()),
                ("iss".into(), self.idp.issuer().into()),
            ],
            changes,
        );
        let mut url = Url::parse(&format!("{BASE_URL}/auth/callback")).unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        asked.browser.navigate(Message::get(url)).await
    }

    /// Everything goes well.
    async fn accepts(&self, row: &str, change: impl FnOnce(Token) -> Token) {
        let asked = self.asked().await;
        self.gives(&change(self.id_token(&asked)).sign(&self.key));
        let page = self.callback(&asked, &[]).await;
        let code = page
            .parameter("code")
            .unwrap_or_else(|| panic!("{row}: {}", page.reply.text()));
        let tokens = Tokens::of(&self.client.redeem(&code, &asked.pkce).await);
        let reply = self.server.as_bearer(&tokens.access).list_tools().await;
        assert_eq!(reply.status, 200, "{row}");
    }

    /// No code, and no token.
    async fn refuses(&self, row: &str, id_token: impl FnOnce(Token) -> String) {
        let asked = self.asked().await;
        self.gives(&id_token(self.id_token(&asked)));
        let page = self.callback(&asked, &[]).await;
        assert_eq!(page.parameter("code"), None, "{row}");
        let told = page.outside && page.parameter("error").is_some();
        assert!(
            told || page.reply.status >= 400,
            "{row}: {} {}",
            page.url,
            page.reply.status
        );
    }
}

#[tokio::test]
async fn row_55_an_answer_of_another_provider_is_no_answer() {
    let scripted = Scripted::new(|_| {}).await;
    for (row, changes) in [
        ("another issuer", [("iss", "https://evil.example")]),
        ("no issuer", [("iss", "")]),
        (
            "nearly the issuer",
            [("iss", &format!("{}/", scripted.idp.issuer()))],
        ),
    ] {
        let asked = scripted.asked().await;
        scripted.gives(&scripted.id_token(&asked).sign(&scripted.key));
        let page = scripted.callback(&asked, &changes).await;
        assert_local(&format!("55 {row}"), &page);
        assert_eq!(
            scripted.idp.requests("/token"),
            0,
            "55 {row}: the code was spent"
        );
    }
    scripted.accepts("0", |token| token).await;
    // A provider that does not say that it names itself need not.
    let silent = Scripted::new(|document| {
        document
            .as_object_mut()
            .unwrap()
            .remove("authorization_response_iss_parameter_supported");
    })
    .await;
    let asked = silent.asked().await;
    silent.gives(&silent.id_token(&asked).sign(&silent.key));
    assert!(
        silent
            .callback(&asked, &[("iss", "")])
            .await
            .parameter("code")
            .is_some()
    );
}

#[tokio::test]
async fn row_56_an_id_token_is_for_us_for_this_question_and_from_the_provider() {
    let scripted = Scripted::new(|_| {}).await;
    let key = &scripted.key;
    scripted.accepts("0", |token| token).await;
    scripted
        .accepts("audience in a list", |token| {
            token.claim("aud", json!(["us"]))
        })
        .await;
    for (row, name, value) in [
        ("nonce", "nonce", json!("another")),
        ("nonce in a list", "nonce", json!(["x"])),
        ("at_hash", "at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("aud", "aud", json!("somebody")),
        ("aud empty", "aud", json!([])),
        ("azp", "azp", json!("somebody")),
        ("iss", "iss", json!("https://evil.example")),
        ("exp", "exp", json!(now() - 600)),
        ("exp text", "exp", json!("tomorrow")),
        ("iat", "iat", json!(now() + 600)),
        ("nbf", "nbf", json!(now() + 600)),
        ("sub empty", "sub", json!("")),
        ("sub number", "sub", json!(7)),
        (
            "logout",
            "events",
            json!({"http://schemas.openid.net/event/backchannel-logout": {}}),
        ),
    ] {
        scripted
            .refuses(&format!("56 {row}"), |token| {
                token.claim(name, value).sign(key)
            })
            .await;
    }
    for name in ["nonce", "aud", "iss", "exp", "sub"] {
        scripted
            .refuses(&format!("56 no {name}"), |token| {
                token.without(name).sign(key)
            })
            .await;
    }
    for alg in ["none", "HS256"] {
        scripted
            .refuses(&format!("56 {alg}"), |token| {
                let input = token.header("alg", json!(alg)).signing_input("rs", "RS256");
                format!("{input}.")
            })
            .await;
    }
    let other = Key::generate("rs", "RS256");
    scripted
        .refuses("56 another key", |token| token.sign(&other))
        .await;
    scripted
        .refuses("56 typ", |token| {
            token.header("typ", json!("at+jwt")).sign(key)
        })
        .await;
    scripted.refuses("56 none at all", |_| String::new()).await;
}

#[tokio::test]
async fn row_56_another_user_at_a_refresh_ends_the_session() {
    let scripted = Scripted::new(|_| {}).await;
    let asked = scripted.asked().await;
    scripted.gives(&scripted.id_token(&asked).sign(&scripted.key));
    let code = scripted
        .callback(&asked, &[])
        .await
        .parameter("code")
        .unwrap();
    let tokens = Tokens::of(&scripted.client.redeem(&code, &asked.pkce).await);
    let again = |subject: &str| {
        let token = scripted
            .id_token(&asked)
            .without("nonce")
            .claim("sub", json!(subject));
        scripted.gives(&token.sign(&scripted.key));
    };
    again("alice");
    let next = Tokens::of(&scripted.client.refresh(tokens.refresh()).await);
    again("mallory");
    let reply = scripted.client.refresh(next.refresh()).await;
    assert_eq!(super::verdict(&reply), super::invalid_grant());
}

#[tokio::test]
async fn row_57_what_the_provider_says_is_not_repeated_unescaped() {
    let scripted = Scripted::new(|_| {}).await;
    for (row, error, description) in [
        ("html", "access_denied", "<script>alert(1)</script>"),
        ("lines", "access_denied", "x\r\nset-cookie: a=b"),
        ("code", "<script>alert(1)</script>", "x"),
        ("unknown", "something_else", "x"),
    ] {
        let asked = scripted.asked().await;
        let changes = [
            ("code", ""),
            ("error", error),
            ("error_description", description),
        ];
        let page = scripted.callback(&asked, &changes).await;
        let cookie = page.reply.headers.get("set-cookie");
        let planted = cookie.is_some_and(|value| value.as_bytes().starts_with(b"a=b"));
        assert!(!planted, "57 {row}");
        assert!(!page.reply.text().contains("<script"), "57 {row}");
        if page.outside {
            assert!(page.parameter("error").is_some(), "57 {row}");
            assert_eq!(page.parameter("iss").as_deref(), Some(BASE_URL), "57 {row}");
            assert!(
                !page.url.as_str().contains("alert"),
                "57 {row}: {}",
                page.url
            );
        } else {
            assert!(page.reply.status >= 400, "57 {row}");
        }
    }
    for (status, body) in [
        (400, json!({"error": "invalid_client"})),
        (200, json!({"error": "x"})),
        (200, json!([])),
        (500, json!({})),
    ] {
        let asked = scripted.asked().await;
        let fields = vec![("content-type", "application/json".to_owned())];
        scripted.idp.answer(
            "/token",
            Answer::Raw(status, fields, body.to_string().into_bytes()),
        );
        let page = scripted.callback(&asked, &[]).await;
        assert!(
            !page.outside || page.parameter("code").is_none(),
            "57 token {status}"
        );
    }
    assert_eq!(
        scripted.server.as_anonymous().get("/healthz").await.status,
        200
    );
}

/// One answer, used twice, and by two at once.
#[tokio::test]
async fn row_54_a_callback_is_answered_once() {
    let scripted = Scripted::new(|_| {}).await;
    let asked = scripted.asked().await;
    scripted.gives(&scripted.id_token(&asked).sign(&scripted.key));
    let pages =
        futures_util::future::join_all((0..10).map(|_| scripted.callback(&asked, &[]))).await;
    let codes = pages
        .iter()
        .filter(|page| page.outside && page.parameter("code").is_some())
        .count();
    assert_eq!(codes, 1);
    assert_local("54 again", &scripted.callback(&asked, &[]).await);
}
