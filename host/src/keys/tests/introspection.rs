//! What the provider says of a token: asked by the rules, kept shortly, and never guessed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::idp::{Idp, Reply};
use super::*;
use crate::config::Secret;
use crate::keys::{IntrospectionClient, IntrospectionConfig, Introspector};

const SECRET: &str = "s:e/cr et";

struct Asking {
    idp: Idp,
    introspector: Arc<Introspector>,
    hands: Hands,
}

/// A provider with an introspection endpoint, after `change` of its document.
async fn asking(config: IntrospectionConfig, change: impl FnOnce(&mut Value)) -> Asking {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let idp = Idp::start(&[&key]).await;
    let mut document = idp.document();
    document["introspection_endpoint"] = json!(format!("{}/introspect", idp.issuer()));
    change(&mut document);
    idp.discovery(Reply::Json(document));
    let hands = Hands::default();
    let keys = Arc::new(service(vec![grant(&idp)], KeysConfig::default(), &hands));
    let client = IntrospectionClient {
        id: "the client".to_owned(),
        secret: Secret::new(SECRET),
    };
    let parts = (http_client().unwrap(), config, hands.clock());
    let introspector = Arc::new(Introspector::new(keys, idp.config_url(), client, parts));
    Asking {
        idp,
        introspector,
        hands,
    }
}

impl Asking {
    async fn ask(&self, token: &str) -> Result<Value, Failure> {
        let url = self.idp.config_url();
        let answer = self.introspector.introspect(&url, token).await?;
        Ok(serde_json::from_str(&answer).unwrap())
    }

    async fn unavailable(&self, token: &str) -> crate::keys::Unavailable {
        assert_unavailable(self.ask(token).await.map(|_| ()))
    }
}

fn active() -> Reply {
    Reply::Json(json!({"active": true, "sub": "alice"}))
}

#[tokio::test]
async fn the_client_proves_who_it_is_as_the_document_says() {
    let basic = "authorization: Basic dGhlK2NsaWVudDpzJTNBZSUyRmNyK2V0";
    let post = "client_id=the+client&client_secret=s%3Ae%2Fcr+et";
    let methods =
        |name: &'static str, methods: Value| move |document: &mut Value| document[name] = methods;
    let own = "introspection_endpoint_auth_methods_supported";
    let token = "token_endpoint_auth_methods_supported";
    for (change, expected, other) in [
        (methods("x", json!(null)), basic, post),
        (
            methods(own, json!(["client_secret_post", "client_secret_basic"])),
            basic,
            post,
        ),
        (methods(own, json!(["client_secret_post"])), post, basic),
        (methods(token, json!(["client_secret_post"])), post, basic),
    ] {
        let asking = asking(IntrospectionConfig::default(), change).await;
        asking.idp.introspection(active());
        assert_eq!(asking.ask("to+ken").await.unwrap()["sub"], "alice");
        let question = asking.idp.questions().remove(0);
        assert!(question.contains(expected), "{question}");
        assert!(!question.contains(other), "{question}");
        assert!(question.contains("token=to%2Bken&token_type_hint=access_token"));
    }
    let neither = asking(
        IntrospectionConfig::default(),
        methods(own, json!(["private_key_jwt"])),
    );
    let reason = neither.await.unavailable("t").await.reason;
    assert!(reason.contains("client_secret_basic"), "{reason}");
}

#[tokio::test]
async fn the_secret_goes_only_where_keys_may_come_from() {
    let elsewhere = Idp::start(&[]).await;
    for (endpoint, expected) in [
        (json!("https://evil.example/introspect"), "nor allowed"),
        (
            json!(elsewhere.issuer().replace("127.0.0.1", "localhost")),
            "nor allowed",
        ),
        (json!("file:///introspect"), "must be https"),
        (json!(7), "names no usable"),
        (json!(null), "names no usable"),
    ] {
        let change = |document: &mut Value| document["introspection_endpoint"] = endpoint.clone();
        let asking = asking(IntrospectionConfig::default(), change).await;
        let reason = asking.unavailable("t").await.reason;
        assert!(reason.contains(expected), "{endpoint} {reason}");
        let other = asking
            .introspector
            .introspect("https://evil.example", "t")
            .await;
        assert!(matches!(other, Err(Failure::NotGranted(_))));
    }
    assert_eq!(elsewhere.other_hits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_question_for_all_who_ask_at_once() {
    let asking = asking(IntrospectionConfig::default(), |_| ()).await;
    asking.idp.introspection(active());
    asking.ask("warm").await.unwrap();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..100 {
        let introspector = asking.introspector.clone();
        let (url, token) = (asking.idp.config_url(), format!("token{}", number % 2));
        running.spawn(async move { introspector.introspect(&url, &token).await });
    }
    while let Some(answer) = running.join_next().await {
        answer.unwrap().unwrap();
    }
    assert_eq!(asking.idp.questions().len(), 3);
}

#[tokio::test]
async fn answers_are_kept_as_long_as_they_hold() {
    let config = IntrospectionConfig {
        keep_active: Duration::from_secs(3600),
        keep_inactive: Duration::from_millis(1),
        ..IntrospectionConfig::default()
    };
    let asking = asking(config, |_| ()).await;
    for (answer, kept) in [
        (json!({"active": true}), true),
        (json!({"active": true, "exp": 4_000_000_000u64}), true),
        (json!({"active": true, "exp": 1}), false),
        (json!({"active": false}), false),
        (json!({"active": "true"}), false),
        (json!({}), false),
    ] {
        asking.idp.introspection(Reply::Json(answer.clone()));
        let before = asking.idp.questions().len();
        let token = answer.to_string();
        assert_eq!(asking.ask(&token).await.unwrap(), answer);
        let kept_for = Duration::from_millis(20);
        tokio::time::sleep(kept_for).await;
        asking.ask(&token).await.unwrap();
        let asked = asking.idp.questions().len() - before;
        assert_eq!(asked, if kept { 1 } else { 2 }, "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_an_outage() {
    let config = IntrospectionConfig {
        timeout: Duration::from_millis(300),
        failures: 100,
        ..IntrospectionConfig::default()
    };
    let asking = asking(config, |_| ()).await;
    let json = || vec!["content-type: application/json".to_owned()];
    let raw = |status, body: &str| Reply::Raw(status, json(), body.as_bytes().to_vec());
    let large = format!("{{\"active\":true,\"x\":\"{}\"}}", "x".repeat(64 * 1024));
    for (reply, expected) in [
        (raw("500 Internal Server Error", "{}"), "status 500"),
        (raw("302 Found", "{}"), "status 302"),
        (
            raw("401 Unauthorized", "{}"),
            "hint: check `OIDC_CLIENT_ID`",
        ),
        (raw("403 Forbidden", "{}"), "refuses the client"),
        (raw("400 Bad Request", "{}"), "refuses the client"),
        (raw("200 OK", "[]"), "not a JSON object"),
        (
            raw("200 OK", "{\"active\":true,\"active\":false}"),
            "not a JSON object",
        ),
        (raw("200 OK", &large), "larger than"),
        (
            Reply::Raw(
                "200 OK",
                vec!["content-type: text/html".to_owned()],
                b"{}".to_vec(),
            ),
            "not a JSON object",
        ),
        (Reply::Silence, "time limit"),
        (Reply::Drip, "time limit"),
        (Reply::Endless, "larger than"),
    ] {
        asking.idp.introspection(reply);
        let reason = asking.unavailable("t0ken-of-the-test").await.reason;
        assert!(reason.contains(expected), "{expected}: {reason}");
        assert!(
            !reason.contains("t0ken") && !reason.contains(SECRET),
            "{reason}"
        );
    }
    asking.idp.introspection(active());
    asking.ask("t0ken-of-the-test").await.unwrap();
}

#[tokio::test]
async fn a_provider_that_is_down_is_left_alone() {
    let asking = asking(IntrospectionConfig::default(), |_| ()).await;
    asking
        .idp
        .introspection(Reply::Raw("503 Service Unavailable", vec![], vec![]));
    for token in ["a", "b", "c", "d", "e"] {
        assert!(asking.unavailable(token).await.retry_after_seconds >= 1);
    }
    assert_eq!(asking.idp.questions().len(), 3, "then it was left alone");
    asking.idp.introspection(active());
    asking.unavailable("f").await;
    asking.hands.advance(Duration::from_secs(3));
    asking.ask("f").await.unwrap();
    asking.ask("g").await.unwrap();
}
