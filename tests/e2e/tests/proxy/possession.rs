//! Tokens that are bound to a key (RFC 9449), and proofs of having it (rows 77 to 83).
//!
//! Row 82 (nonces of the server) does not apply: this server gives none, and a proof is good once.

use e2e::caller::Caller;
use e2e::dpop::{Proof, thumbprint};
use e2e::idp::Idp;
use e2e::keys::Key;
use e2e::oauth_client::{OAuthClient, Tokens};
use e2e::site::{Plan, Site};
use e2e::token::now;
use serde_json::{Value, json};

use super::verdict;

struct Bound {
    site: Site,
    client: OAuthClient,
    key: Key,
    tokens: Tokens,
}

async fn bound(site: Site) -> Bound {
    let key = Key::generate("proof", "ES256");
    let granted = site.granted("alice").await;
    let endpoint = granted.client.endpoint("token_endpoint");
    let proof = Proof::new(&key, "POST", endpoint.as_str()).sign(&key);
    let parameters = granted.client.redemption(&granted.code, &granted.pkce);
    let tokens = Tokens::of(&granted.client.token_with_proof(&parameters, &proof).await);
    assert_eq!(tokens.answer["token_type"], "DPoP");
    Bound {
        client: granted.client,
        key,
        tokens,
        site,
    }
}

impl Bound {
    fn proof(&self) -> Proof {
        Proof::new(&self.key, "POST", &self.site.resource()).with_token(&self.tokens.access)
    }

    fn caller(&self, proofs: &[&str]) -> Caller {
        let scheme = format!("DPoP {}", self.tokens.access);
        let caller = self
            .site
            .server()
            .as_anonymous()
            .with_header("authorization", &scheme);
        self.site.logs.keep_secret(&self.tokens.access);
        proofs.iter().fold(caller, |caller, proof| {
            self.site.logs.keep_secret(proof);
            caller.with_header("dpop", proof)
        })
    }
}

#[tokio::test]
async fn rows_77_to_83_a_bound_token_is_good_with_a_fresh_proof_of_its_key_only() {
    let bound = bound(Site::start().await).await;
    let (key, other) = (&bound.key, Key::generate("other", "ES256"));
    let honest = bound.proof().sign(key);
    assert_eq!(bound.caller(&[&honest]).list_tools().await.status, 200);
    let public = other.jwk();
    let mut private = bound.key.jwk();
    private["d"] = json!("AAAA");
    let unsigned = {
        let text = bound.proof().header("alg", json!("none")).sign(key);
        let (input, _) = text.rsplit_once('.').unwrap();
        format!("{input}.")
    };
    for (row, proof) in [
        ("77 a replay", honest.clone()),
        (
            "78 another method",
            bound.proof().claim("htm", json!("GET")).sign(key),
        ),
        (
            "78 another address",
            bound
                .proof()
                .claim("htu", json!("https://evil.example/mcp"))
                .sign(key),
        ),
        (
            "78 the token endpoint",
            bound
                .proof()
                .claim("htu", json!(bound.client.endpoint("token_endpoint")))
                .sign(key),
        ),
        (
            "78 another token",
            bound.proof().with_token("another").sign(key),
        ),
        ("78 no token", bound.proof().without("ath").sign(key)),
        (
            "79 old",
            bound.proof().claim("iat", json!(now() - 3600)).sign(key),
        ),
        (
            "79 tomorrow",
            bound.proof().claim("iat", json!(now() + 3600)).sign(key),
        ),
        ("79 no time", bound.proof().without("iat").sign(key)),
        ("77 no id", bound.proof().without("jti").sign(key)),
        (
            "80 a private key in it",
            bound.proof().header("jwk", private).sign(key),
        ),
        (
            "80 another key in it",
            bound.proof().header("jwk", public).sign(key),
        ),
        (
            "another key",
            Proof::new(&other, "POST", &bound.site.resource())
                .with_token(&bound.tokens.access)
                .sign(&other),
        ),
        (
            "another kind",
            bound.proof().header("typ", json!("JWT")).sign(key),
        ),
        (
            "hs256",
            bound.proof().header("alg", json!("HS256")).sign(key),
        ),
        ("unsigned", unsigned),
        ("nonsense", "a.b.c".to_owned()),
        (
            "large",
            bound.proof().claim("x", json!("x".repeat(5_000))).sign(key),
        ),
    ] {
        let reply = bound.caller(&[&proof]).list_tools().await;
        assert!(
            [
                (400, "invalid_dpop_proof"),
                (401, "invalid_dpop_proof"),
                (401, "invalid_token")
            ]
            .contains(&(reply.status, verdict(&reply).1.as_str())),
            "{row}: {} {}",
            reply.status,
            reply.text()
        );
    }
    let two = [bound.proof().sign(key), bound.proof().sign(key)];
    let reply = bound.caller(&[&two[0], &two[1]]).list_tools().await;
    assert!(
        [400, 401].contains(&reply.status),
        "83 two proofs: {}",
        reply.status
    );
    assert_eq!(bound.caller(&[]).list_tools().await.status, 401, "no proof");
    let bearer = bound.site.caller(&bound.tokens.access);
    assert_eq!(bearer.list_tools().await.status, 401, "81 as plain bearer");
    let with_proof = bearer.with_header("dpop", &bound.proof().sign(key));
    assert_eq!(
        with_proof.list_tools().await.status,
        401,
        "81 as bearer, with a proof"
    );
    // Not even what went wrong has used anything up.
    assert_eq!(
        bound
            .caller(&[&bound.proof().sign(key)])
            .list_tools()
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn row_81_a_bound_refresh_token_wants_its_key() {
    let bound = bound(Site::start().await).await;
    let endpoint = bound.client.endpoint("token_endpoint");
    let parameters = vec![
        ("grant_type".to_owned(), "refresh_token".to_owned()),
        (
            "refresh_token".to_owned(),
            bound.tokens.refresh().to_owned(),
        ),
        ("client_id".to_owned(), bound.client.id.clone()),
    ];
    let plain = bound.client.token(&parameters).await;
    assert!([400, 401].contains(&plain.status), "{}", plain.text());
    let other = Key::generate("other", "ES256");
    let proof = Proof::new(&other, "POST", endpoint.as_str()).sign(&other);
    let reply = bound.client.token_with_proof(&parameters, &proof).await;
    assert!([400, 401].contains(&reply.status), "{}", reply.text());
    let proof = Proof::new(&bound.key, "POST", endpoint.as_str()).sign(&bound.key);
    let next = Tokens::of(&bound.client.token_with_proof(&parameters, &proof).await);
    assert_eq!(next.answer["token_type"], "DPoP");
    assert_eq!(
        bound.site.statuses(&next.access).await,
        [401],
        "still not a plain bearer"
    );
    let replay = bound.client.token_with_proof(&parameters, &proof).await;
    assert_eq!(
        verdict(&replay),
        (400, "invalid_dpop_proof".into()),
        "77 at the token endpoint"
    );
}

#[tokio::test]
async fn a_server_may_want_every_token_bound() {
    let plan = Plan::default().with("OIDC_DPOP", "require");
    let site = plan.start(Idp::shared().await).await;
    let granted = site.granted("alice").await;
    let plain = granted.client.redeem(&granted.code, &granted.pkce).await;
    assert_eq!(plain.status, 400, "{}", plain.text());
    let key = Key::generate("proof", "EdDSA");
    let endpoint = granted.client.endpoint("token_endpoint");
    let proof = Proof::new(&key, "POST", endpoint.as_str()).sign(&key);
    let parameters = granted.client.redemption(&granted.code, &granted.pkce);
    let tokens = Tokens::of(&granted.client.token_with_proof(&parameters, &proof).await);
    let proof = Proof::new(&key, "POST", &site.resource())
        .with_token(&tokens.access)
        .sign(&key);
    let caller = site
        .server()
        .as_anonymous()
        .with_header("authorization", &format!("DPoP {}", tokens.access));
    assert_eq!(
        caller.with_header("dpop", &proof).list_tools().await.status,
        200
    );
    let metadata = &granted.client.metadata["dpop_signing_alg_values_supported"];
    assert!(
        metadata
            .as_array()
            .is_some_and(|values| values.contains(&Value::from("ES256"))),
        "{metadata}"
    );
}

/// The code itself can be bound, so that who steals it and its verifier still has nothing.
#[tokio::test]
async fn a_code_may_be_bound_before_it_exists() {
    let site = Site::start().await;
    let key = Key::generate("proof", "ES256");
    let client = site.registered().await;
    let pkce = e2e::oauth_client::Pkce::default();
    let start = client.authorization(&pkce, &[("dpop_jkt", &thumbprint(&key))]);
    let page = super::sign_in(&site.browser(), &start).await;
    let code = e2e::site::code(&page);
    assert_eq!(client.redeem(&code, &pkce).await.status, 400);
    let endpoint = client.endpoint("token_endpoint");
    let proof = Proof::new(&key, "POST", endpoint.as_str()).sign(&key);
    Tokens::of(
        &client
            .token_with_proof(&client.redemption(&code, &pkce), &proof)
            .await,
    );
}
