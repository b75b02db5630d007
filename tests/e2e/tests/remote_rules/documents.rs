//! The provider's documents: broken, hostile, or not there (rows 35 to 37).

use std::io::Write as _;
use std::time::Duration;

use e2e::keys::Key;
use e2e::scripted_idp::{Answer, DISCOVERY, JWKS, ScriptedIdp};
use e2e::settings::{AUDIENCE, Settings};
use e2e::wait::until;
use serde_json::json;

use super::{Setting, attempt, judge_refusal};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Each bad answer is fetched because a token names a key that is not known yet.
async fn keeps_the_last_good_set(row: &str, answer: Answer) {
    let mut setting = Setting::new().await;
    setting
        .accepts(&format!("{row}: before"), &setting.signed(|token| token))
        .await;
    let fetches = setting.idp.requests(JWKS);
    setting.idp.answer(JWKS, answer);
    let stranger = Key::generate("stranger", "ES256");
    let reply = attempt(&setting.server.as_bearer(&setting.token().sign(&stranger))).await;
    assert_eq!(
        setting.idp.requests(JWKS),
        fetches + 1,
        "{row}: the set was not fetched again"
    );
    assert!([401, 503].contains(&reply.status), "{row}: {reply:?}");
    setting
        .accepts(
            &format!("{row}: after"),
            &setting.signed(|token| token.claim("n", json!(2))),
        )
        .await;
    setting.finish();
}

#[tokio::test]
async fn broken_key_sets_change_nothing() {
    let raw = |status, headers: &[(&'static str, &str)], body: &[u8]| {
        Answer::Raw(
            status,
            headers
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            body.to_vec(),
        )
    };
    let keys: Vec<_> = (0..10_000)
        .map(|number| json!({"kty": "RSA", "kid": number.to_string()}))
        .collect();
    for (row, answer) in [
        ("35 500", raw(500, &[JSON], b"{}")),
        (
            "35 html",
            raw(
                200,
                &[("content-type", "text/html")],
                b"<html>sign in</html>",
            ),
        ),
        ("35 html that says json", raw(200, &[JSON], b"<html>")),
        (
            "35 gzip bomb",
            raw(
                200,
                &[JSON, ("content-encoding", "gzip")],
                &gzip(&vec![b' '; 64 << 20]),
            ),
        ),
        ("35 empty keys", Answer::Json(json!({"keys": []}))),
        ("35 no keys", Answer::Json(json!({}))),
        ("35 10 000 keys", Answer::Json(json!({"keys": keys}))),
        (
            "35 redirect to metadata service",
            raw(
                302,
                &[("location", "http://169.254.169.254/latest/meta-data")],
                b"",
            ),
        ),
        (
            "35 redirect to itself",
            raw(307, &[("location", JWKS)], b""),
        ),
        (
            "35 endless, fast",
            Answer::Drip(b"          ".repeat(1_000), Duration::ZERO),
        ),
    ] {
        keeps_the_last_good_set(row, answer).await;
    }
}

/// These take as long as the server's patience with a provider.
#[tokio::test]
async fn slow_key_sets_change_nothing() {
    let silent = keeps_the_last_good_set("35 silence", Answer::Silence);
    let slow = keeps_the_last_good_set(
        "35 drip",
        Answer::Drip(b" ".to_vec(), Duration::from_millis(100)),
    );
    tokio::join!(silent, slow);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_discovery_document_that_lies_is_not_used() {
    let key = Key::generate("rs", "RS256");
    let other = ScriptedIdp::start(&[&key]).await;
    for (row, member, value) in [
        ("36 issuer of another", "issuer", other.issuer().to_owned()),
        (
            "36 issuer in capitals",
            "issuer",
            "HTTP://127.0.0.1".to_owned(),
        ),
        (
            "36 keys over http",
            "jwks_uri",
            "http://keys.example.com/jwks".to_owned(),
        ),
        (
            "36 keys on a foreign host",
            "jwks_uri",
            "https://keys.example.com/jwks".to_owned(),
        ),
        (
            "36 keys in a file",
            "jwks_uri",
            "file:///etc/passwd".to_owned(),
        ),
        (
            "36 keys with a password",
            "jwks_uri",
            "http://a:b@127.0.0.1/jwks".to_owned(),
        ),
    ] {
        let idp = ScriptedIdp::start(&[&key]).await;
        let mut document = idp.document();
        document[member] = json!(value);
        idp.answer(DISCOVERY, Answer::Json(document));
        let server = Settings::remote(&idp.config_url()).start().await;

        let reply = attempt(&server.as_bearer(&idp.token(AUDIENCE).sign(&key))).await;
        judge_refusal(&reply, (503, "temporarily_unavailable"))
            .unwrap_or_else(|fault| panic!("{row}: {fault}"));
        assert!(reply.header("retry-after").is_some(), "{row}");
        server.readiness(503).await;
        server.logs().wait_for_line(0, &[member]).await;
        assert_eq!(
            (server.gallery().images(), idp.requests(JWKS)),
            (0, 0),
            "{row}"
        );
    }
    assert_eq!(other.all_requests(), 0);
}

#[tokio::test]
async fn a_provider_that_is_down_makes_nobody_drop_a_token() {
    let key = Key::generate("rs", "RS256");
    let idp = ScriptedIdp::start(&[&key]).await;
    let (config_url, token) = (idp.config_url(), idp.token(AUDIENCE).sign(&key));
    let issuer = idp.stop().await;
    let server = Settings::remote(&config_url).start().await;
    server.readiness(503).await;
    for caller in [server.as_bearer(&token), server.as_anonymous()] {
        let reply = attempt(&caller).await;
        judge_refusal(&reply, (503, "temporarily_unavailable")).unwrap();
        let seconds: u32 = reply
            .header("retry-after")
            .expect("503 says when to come back")
            .parse()
            .unwrap();
        assert!((1..=120).contains(&seconds), "{seconds}");
    }
    assert_eq!(server.as_anonymous().get("/healthz").await.status, 200);

    let idp = ScriptedIdp::start_at(&issuer, &[&key]).await;
    until("the server finds the provider again", async || {
        (server.as_bearer(&token).list_tools().await.status == 200).then_some(())
    })
    .await;
    server.ready().await;
    assert!(idp.requests(JWKS) >= 1);

    // From here on the keys are known: an outage changes nothing for good tokens.
    let fresh = idp.token(AUDIENCE).sign(&key);
    idp.stop().await;
    assert_eq!(server.as_bearer(&fresh).list_tools().await.status, 200);
}
