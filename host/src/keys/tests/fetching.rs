//! Where documents may come from and what they may look like.

use serde_json::json;

use super::idp::Reply;
use super::*;
use crate::keys::ConfigFault;

#[tokio::test]
async fn tells_who_the_provider_is() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let setup = Setup::new(&[&key]).await;
    assert!(!setup.ready());
    setup.keys.prefetch().await;

    let provider = setup.keys.provider(&setup.idp.config_url()).await.unwrap();
    assert_eq!(provider.issuer, setup.idp.issuer());
    assert_eq!(provider.metadata, setup.idp.document().to_string());
    let status = setup.keys.status().remove(0);
    assert!(status.ready);
    assert_eq!(status.issuer.as_deref(), Some(setup.idp.issuer().as_str()));
    assert_eq!((status.keys, status.algorithms), (1, vec!["EdDSA"]));
    assert_eq!(
        (status.age, status.last_error),
        (Some(Duration::ZERO), None)
    );
}

#[tokio::test]
async fn only_granted_providers_are_asked() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let setup = Setup::new(&[&key]).await;
    let other = Idp::start(&[&key]).await;
    let refused = setup.keys.provider(&other.config_url()).await;
    assert!(
        matches!(refused, Err(Failure::NotGranted(_))),
        "{refused:?}"
    );
    for issuer in [
        other.issuer(),
        setup.idp.issuer().to_uppercase(),
        format!("{}//", setup.idp.issuer()),
        format!("{}/x", setup.idp.issuer()),
        String::new(),
    ] {
        let refused = setup
            .keys
            .verify(&issuer, &key.token(&payload()), &all())
            .await;
        assert!(
            matches!(refused, Err(Failure::NotGranted(_))),
            "{issuer} {refused:?}"
        );
    }
    assert_eq!(other.discovery_hits() + setup.idp.discovery_hits(), 0);
}

#[tokio::test]
async fn the_issuer_is_compared_byte_for_byte() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let setup = Setup::new(&[&key]).await;
    // The provider may call itself this; whoever asks has to say exactly that.
    let slashed = format!("{}/", setup.idp.issuer());
    let mut document = setup.idp.document();
    document["issuer"] = json!(slashed);
    setup.idp.discovery(Reply::Json(document));
    let token = key.token(&payload());
    assert!(setup.keys.verify(&slashed, &token, &all()).await.is_ok());
    let refused = setup.verify(&token).await;
    assert!(
        matches!(refused, Err(Failure::NotGranted(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn unusable_discovery_documents() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let idp = Idp::start(&[&key]).await;
    let honest = idp.document();
    let changed = |name: &str, value: serde_json::Value| {
        let mut document = honest.clone();
        document[name] = value;
        Reply::Json(document)
    };
    let body = |body: String| {
        let json = vec!["content-type: application/json".to_owned()];
        Reply::Raw("200 OK", json, body.into_bytes())
    };
    let port = idp.issuer().rsplit(':').next().unwrap().to_owned();
    for (reply, expected) in [
        (
            changed("issuer", json!("https://evil.example")),
            "hint: use the configuration URL",
        ),
        (
            changed("issuer", json!(idp.issuer() + "/x")),
            "must match byte for byte",
        ),
        (changed("issuer", json!(["x"])), "`issuer` is missing"),
        (changed("jwks_uri", json!(null)), "`jwks_uri` is missing"),
        (changed("jwks_uri", json!("jwks")), "not a URL"),
        (
            changed("jwks_uri", json!("http://evil.example/jwks")),
            "must be https",
        ),
        (
            changed("jwks_uri", json!("https://evil.example/jwks")),
            "nor allowed",
        ),
        (
            changed("jwks_uri", json!("https://169.254.169.254/latest")),
            "nor allowed",
        ),
        (
            changed("jwks_uri", json!("file:///etc/passwd")),
            "must be https",
        ),
        (
            changed("jwks_uri", json!(format!("http://localhost:{port}/jwks"))),
            "nor allowed",
        ),
        (
            body(format!("{{\"issuer\":\"x\",{}", &honest.to_string()[1..])),
            "duplicate name",
        ),
        (body("[]".to_owned()), "not a JSON object"),
        (body(honest.to_string()[..20].to_owned()), "not strict JSON"),
    ] {
        idp.discovery(reply);
        let keys = service(vec![grant(&idp)], KeysConfig::default(), &Hands::default());
        let outcome = keys.provider(&idp.config_url()).await.map(|_| ());
        let unavailable = assert_unavailable(outcome);
        assert!(
            unavailable.reason.contains(expected),
            "{expected}: {}",
            unavailable.reason
        );
        let status = keys.status().remove(0);
        assert_eq!(
            (status.ready, status.last_error),
            (false, Some(unavailable.reason))
        );
    }
    assert_eq!(
        idp.jwks_hits(),
        0,
        "no key set is fetched on the word of such a document"
    );
}

#[tokio::test]
async fn a_foreign_host_for_keys_has_to_be_allowed() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let (idp, elsewhere) = (Idp::start(&[]).await, Idp::start(&[&key]).await);
    let mut document = idp.document();
    document["jwks_uri"] = json!(elsewhere.issuer().replace("127.0.0.1", "localhost") + "/jwks");
    idp.discovery(Reply::Json(document));
    let refused = service(vec![grant(&idp)], KeysConfig::default(), &Hands::default());
    let token = key.token(&payload());
    let outcome = refused
        .verify(&idp.issuer(), &token, &all())
        .await
        .map(|_| ());
    assert_unavailable(outcome);
    assert_eq!(elsewhere.jwks_hits(), 0);
    let allowing = ProviderGrant {
        extra_jwks_hosts: vec!["localhost".to_owned()],
        ..grant(&idp)
    };
    // A second grant of the same URL adds to the first.
    let both = vec![grant(&idp), allowing];
    let keys = service(both, KeysConfig::default(), &Hands::default());
    assert_eq!(keys.status().len(), 1);
    keys.verify(&idp.issuer(), &token, &all()).await.unwrap();
    assert_eq!(elsewhere.jwks_hits(), 1);
}

/// Every way in which a document can fail, for the discovery document and for the key set.
fn broken(idp: &Idp) -> Vec<(Reply, &'static str)> {
    let json = || vec!["content-type: application/json".to_owned()];
    let raw = |status, headers: &[&str], body: &[u8]| {
        let headers = headers.iter().map(|header| (*header).to_owned()).collect();
        Reply::Raw(status, headers, body.to_vec())
    };
    let to = |target: String| Reply::Raw("302 Found", vec![format!("location: {target}")], vec![]);
    vec![
        (raw("500 Internal Server Error", &[], b"{}"), "status 500"),
        (raw("204 No Content", &[], b""), "status 204"),
        (
            raw("200 OK", &["content-type: text/html"], b"<html>"),
            "content type \"text/html\"",
        ),
        (raw("200 OK", &[], b"{}"), "content type \"\""),
        (
            to("http://169.254.169.254/latest/meta-data".to_owned()),
            "redirect",
        ),
        (to(format!("{}/elsewhere", idp.issuer())), "redirect"),
        (to(format!("{}/jwks", idp.issuer())), "redirect"),
        (
            raw(
                "200 OK",
                &["content-type: application/json", "content-encoding: gzip"],
                b"\x1f",
            ),
            "compressed",
        ),
        (
            Reply::Raw("200 OK", json(), vec![b' '; 256 * 1024 + 1]),
            "larger than",
        ),
        (Reply::Raw("200 OK", json(), b"\xff\xfe".to_vec()), "not"),
        (Reply::Endless, "larger than"),
        (Reply::Drip, "time limit"),
        (Reply::Silence, "time limit"),
    ]
}

#[tokio::test]
async fn broken_answers_to_discovery() {
    let idp = Idp::start(&[]).await;
    for (reply, expected) in broken(&idp) {
        idp.discovery(reply);
        let keys = service(vec![grant(&idp)], impatient(), &Hands::default());
        let outcome = keys.provider(&idp.config_url()).await.map(|_| ());
        let reason = assert_unavailable(outcome).reason;
        assert!(reason.contains(expected), "{expected}: {reason}");
        assert!(
            reason.starts_with("discovery document `http://127.0.0.1:"),
            "{reason}"
        );
    }
    assert_eq!((idp.jwks_hits(), idp.other_hits()), (0, 0));
}

#[tokio::test]
async fn the_last_good_keys_outlive_broken_key_sets() {
    let key = TestKey::new(Algorithm::EdDsa, "a");
    let setup = Setup::with(Idp::start(&[&key]).await, impatient());
    let token = key.token(&payload());
    setup.verify(&token).await.unwrap();

    let many: Vec<_> = (0..10_000).map(|_| json!({"kty": "RSA"})).collect();
    let some: Vec<_> = (0..65).map(|_| key.jwk()).collect();
    let mut sets = broken(&setup.idp);
    sets.extend([
        (Reply::Json(json!({"keys": []})), "`keys` is empty"),
        (Reply::Json(json!({"keys": many})), "10000 keys"),
        (Reply::Json(json!({"keys": some})), "65 keys"),
        (Reply::Json(json!({"keys": {"a": 1}})), "array `keys`"),
        (Reply::Json(json!([])), "array `keys`"),
        (
            Reply::Json(json!({"keys": [{"kty": "oct", "k": "AAAA"}, 7]})),
            "symmetric",
        ),
    ]);
    for (reply, expected) in sets {
        setup.idp.jwks(reply);
        setup.hands.advance(HOUR);
        let hits = setup.idp.jwks_hits();
        setup.keys.prefetch().await;
        assert_eq!(setup.idp.jwks_hits(), hits + 1, "{expected}");
        let error = setup.last_error();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(error.starts_with("key set `http://127.0.0.1:"), "{error}");
        setup.verify(&token).await.unwrap();
        assert!(setup.ready());
    }
    assert_eq!(setup.idp.other_hits(), 0, "no redirect is followed");

    setup.idp.keys(&[&key]);
    setup.hands.advance(HOUR);
    setup.keys.prefetch().await;
    assert_eq!(setup.last_error(), "");
}

#[tokio::test]
async fn reports_all_unusable_grants() {
    let url = |url: &str| ProviderGrant {
        config_url: url.to_owned(),
        extra_jwks_hosts: vec![],
    };
    let grants = vec![
        url("nonsense"),
        url("http://idp.example/.well-known/openid-configuration"),
    ];
    let client = http_client().unwrap();
    let faults = Keys::new(grants, KeysConfig::default(), client, Clock::system());
    let faults: Vec<ConfigFault> = faults.err().unwrap();
    let texts: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "configuration URL `nonsense`: not a URL",
            "configuration URL `http://idp.example/.well-known/openid-configuration`: \
             must be https (http only on loopback)",
        ]
    );
}
