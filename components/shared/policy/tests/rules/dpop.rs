//! Proofs of possession: what is one, for what, and only once (rows 77 to 83).

use policy::dpop::{
    MAX_PROOF_BYTES, ProofError, Request, UnverifiedProof, normalised_target, presented,
};
use policy::keys::ALGORITHMS;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

/// Example of RFC 9449, section 7.1, with the hash that the RFC gives.
const ACCESS_TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const ATH: &str = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const LEEWAY: u64 = 30;

fn jwk() -> Value {
    json!({
        "kty": "EC", "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    })
}

fn header() -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk() })
}

fn claims() -> Value {
    json!({ "jti": "e1j3V_bKic8-LAEB", "htm": "POST", "htu": RESOURCE, "iat": NOW, "ath": ATH })
}

fn with(mut value: Value, name: &str, replacement: &Value) -> Value {
    if replacement == "(absent)" {
        value.as_object_mut().unwrap().remove(name);
    } else {
        value[name] = replacement.clone();
    }
    value
}

fn at_the_resource() -> Request<'static> {
    Request {
        method: "POST",
        url: RESOURCE,
        access_token: Some(ACCESS_TOKEN),
        now: NOW,
        leeway: LEEWAY,
    }
}

fn check(proof: &str, about: &Request<'_>) -> Result<policy::dpop::Proof, ProofError> {
    UnverifiedProof::new(proof)?.verify(about, &FakeProvider::signing("{}", "{}"))
}

fn reason(proof: &str) -> String {
    let error = check(proof, &at_the_resource()).expect_err(proof);
    assert!(!error.is_unavailable());
    error.to_string()
}

#[test]
fn a_good_proof_gives_the_thumbprint_of_its_key() {
    let state = FakeState::default();
    let proof = check(&signed(&header(), &claims()), &at_the_resource()).unwrap();
    assert_eq!(proof.is_of(THUMBPRINT), Ok(()));
    assert_eq!(proof.is_of("x"), Err(ProofError::OtherKey));
    assert_eq!(proof.spend(&state).unwrap().as_str(), THUMBPRINT);
}

#[test]
fn a_token_endpoint_asks_for_no_hash() {
    let about = Request {
        url: "https://h.example/vault/token",
        access_token: None,
        ..at_the_resource()
    };
    let claims = with(
        with(claims(), "ath", &json!("(absent)")),
        "htu",
        &json!("https://h.example/vault/token"),
    );
    assert!(check(&signed(&header(), &claims), &about).is_ok());
    assert_eq!(
        check(&signed(&header(), &claims), &at_the_resource()),
        Err(ProofError::Url)
    );
}

#[test]
fn row_77_a_proof_is_good_once() {
    let state = FakeState::default();
    let text = signed(&header(), &claims());
    let spend = || check(&text, &at_the_resource()).unwrap().spend(&state);
    assert!(spend().is_ok());
    assert_eq!(spend(), Err(ProofError::Replayed));
    // The same `jti` elsewhere is a replay too; that of another key is not.
    let other_key = with(
        header(),
        "jwk",
        &json!({ "kty": "OKP", "crv": "Ed25519", "x": "eA" }),
    );
    let again = check(&signed(&other_key, &claims()), &at_the_resource());
    assert!(again.unwrap().spend(&state).is_ok());
    for (key, _) in state.written.borrow().iter() {
        assert!(!key.contains("e1j3V") && key.starts_with("dpop/"), "{key}");
    }
}

#[test]
fn row_77_a_proof_is_remembered_until_it_is_stale_by_every_clock() {
    for (iat, at_least) in [(NOW, 330), (NOW + 330, 660), (NOW - 330, 1)] {
        let state = FakeState::default();
        let claims = with(claims(), "iat", &json!(iat));
        let proof = check(&signed(&header(), &claims), &at_the_resource());
        proof.unwrap().spend(&state).unwrap();
        let seconds = *state.written.borrow().values().next().unwrap();
        assert!(seconds > at_least && seconds < at_least + 120, "{seconds}");
    }
}

#[test]
fn row_77_without_a_store_nothing_is_said() {
    let state = FakeState {
        down: true,
        ..FakeState::default()
    };
    let proof = check(&signed(&header(), &claims()), &at_the_resource()).unwrap();
    let error = proof.spend(&state).unwrap_err();
    assert!(error.is_unavailable());
    assert_eq!(
        error.to_string(),
        r#"dpop_unavailable detail="disk\r\nfull""#
    );
}

#[test]
fn row_78_another_method_url_or_token() {
    for (name, value, expected) in [
        ("htm", json!("GET"), "dpop_htm_mismatch"),
        ("htm", json!("post"), "dpop_htm_mismatch"),
        ("htm", json!(null), "dpop_claim_invalid name=htm"),
        ("htm", json!("(absent)"), "dpop_claim_invalid name=htm"),
        (
            "htu",
            json!("https://evil.example/vault/mcp"),
            "dpop_htu_mismatch",
        ),
        (
            "htu",
            json!("http://h.example/vault/mcp"),
            "dpop_htu_mismatch",
        ),
        (
            "htu",
            json!("https://h.example:8443/vault/mcp"),
            "dpop_htu_mismatch",
        ),
        (
            "htu",
            json!("https://h.example/vault/mcp/"),
            "dpop_htu_mismatch",
        ),
        (
            "htu",
            json!("https://h.example/vault/MCP"),
            "dpop_htu_mismatch",
        ),
        ("htu", json!("https://h.example/mcp"), "dpop_htu_mismatch"),
        (
            "htu",
            json!("https://h.example@evil.example/vault/mcp"),
            "dpop_htu_mismatch",
        ),
        ("htu", json!("/vault/mcp"), "dpop_htu_mismatch"),
        ("htu", json!(""), "dpop_htu_mismatch"),
        ("htu", json!([RESOURCE]), "dpop_claim_invalid name=htu"),
        ("ath", json!("(absent)"), "dpop_claim_invalid name=ath"),
        ("ath", json!(""), "dpop_ath_mismatch"),
        ("ath", json!(format!("{ATH}=")), "dpop_ath_mismatch"),
        ("ath", json!(ACCESS_TOKEN), "dpop_ath_mismatch"),
        ("jti", json!("(absent)"), "dpop_claim_invalid name=jti"),
        ("jti", json!(""), "dpop_claim_invalid name=jti"),
        ("jti", json!(1), "dpop_claim_invalid name=jti"),
        ("jti", json!("x".repeat(257)), "dpop_claim_invalid name=jti"),
    ] {
        let claims = with(claims(), name, &value);
        assert_eq!(reason(&signed(&header(), &claims)), expected, "{value}");
    }
}

#[test]
fn row_78_spellings_of_the_one_url() {
    for htu in [
        "https://h.example/vault/mcp?x=1",
        "https://h.example/vault/mcp#x",
        "HTTPS://H.Example:443/vault/mcp",
        "https://h.example:/vault/./x/../%6dcp",
    ] {
        let claims = with(claims(), "htu", &json!(htu));
        assert!(
            check(&signed(&header(), &claims), &at_the_resource()).is_ok(),
            "{htu}"
        );
    }
}

#[test]
fn row_79_a_proof_that_is_too_old_or_from_the_future() {
    for (iat, good) in [
        (NOW - 330, true),
        (NOW - 331, false),
        (NOW + 330, true),
        (NOW + 331, false),
        (0, false),
        (u64::MAX, false),
    ] {
        let claims = with(claims(), "iat", &json!(iat));
        let result = check(&signed(&header(), &claims), &at_the_resource());
        assert_eq!(result.is_ok(), good, "{iat}");
    }
    for iat in [
        json!("(absent)"),
        json!(NOW.to_string()),
        json!(-1),
        json!(1.5),
        json!(null),
    ] {
        let claims = with(claims(), "iat", &iat);
        assert_eq!(
            reason(&signed(&header(), &claims)),
            "dpop_claim_invalid name=iat"
        );
    }
}

#[test]
fn row_80_a_key_that_is_not_public_or_not_a_key() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in [json!("eA"), json!(null)] {
            let header = with(header(), "jwk", &with(jwk(), name, &value));
            assert_eq!(
                reason(&signed(&header, &claims())),
                r#"dpop_key_refused detail="has a private part""#
            );
        }
    }
    for jwk in [
        json!("(absent)"),
        json!(null),
        json!("x"),
        json!([jwk()]),
        json!({}),
        json!({ "kty": "oct" }),
        json!({ "kty": "ec", "crv": "P-256", "x": "eA", "y": "eA" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "eA" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "eA", "y": "e\"A" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "eA", "y": "" }),
        json!({ "kty": "RSA", "n": "eA" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": 1 }),
    ] {
        let header = with(header(), "jwk", &jwk);
        let reason = reason(&signed(&header, &claims()));
        assert!(reason.starts_with("dpop_key_refused"), "{reason}");
    }
}

#[test]
fn only_asymmetric_algorithms_and_only_this_type() {
    for alg in ["none", "HS256", "es256", "ES256K", "RSA-OAEP", ""] {
        let header = with(header(), "alg", &json!(alg));
        assert!(
            reason(&signed(&header, &claims())).starts_with("dpop_alg_refused"),
            "{alg}"
        );
    }
    for alg in ALGORITHMS {
        let header = with(header(), "alg", &json!(alg));
        assert!(
            check(&signed(&header, &claims()), &at_the_resource()).is_ok(),
            "{alg}"
        );
    }
    for typ in [
        json!("(absent)"),
        json!("JWT"),
        json!("at+jwt"),
        json!("DPOP+JWT"),
        json!("application/dpop+jwt"),
        json!(["dpop+jwt"]),
    ] {
        let header = with(header(), "typ", &typ);
        assert_eq!(
            reason(&signed(&header, &claims())),
            "dpop_typ_refused",
            "{typ}"
        );
    }
    let header = with(header(), "crit", &json!(["b64"]));
    assert_eq!(
        reason(&signed(&header, &claims())),
        r#"dpop_malformed detail="crit""#
    );
}

#[test]
fn shapes_that_are_no_proof() {
    let good = signed(&header(), &claims());
    let (body, _) = good.rsplit_once('.').unwrap();
    assert_eq!(reason(&format!("{body}.eHh4")), "dpop_signature_invalid");
    for text in [
        String::new(),
        "..".to_owned(),
        "a.b".to_owned(),
        format!("{good}.x"),
        format!("{good}, {good}"),
        format!(" {good}"),
        good.replacen("ey", "{y", 1),
        signed(&json!([]), &claims()),
        signed(&header(), &json!("x")),
    ] {
        let reason = reason(&text);
        assert!(reason.starts_with("dpop_malformed"), "{text}: {reason}");
    }
    let long = "x".repeat(MAX_PROOF_BYTES + 1);
    assert_eq!(UnverifiedProof::new(&long), Err(ProofError::TooLong(4097)));
}

#[test]
fn row_82_a_nonce_is_not_asked_for_and_changes_nothing() {
    for nonce in [json!("old"), json!(1)] {
        let claims = with(claims(), "nonce", &nonce);
        assert!(check(&signed(&header(), &claims), &at_the_resource()).is_ok());
    }
}

#[test]
fn row_83_two_fields_are_none() {
    let proof = signed(&header(), &claims());
    assert_eq!(presented(&request(&[])), Ok(None));
    assert!(presented(&request(&[("DPoP", &proof)])).is_ok_and(|proof| proof.is_some()));
    let twice = request(&[("dpop", &proof), ("DPoP", &proof)]);
    assert_eq!(presented(&twice), Err(ProofError::Repeated(2)));
}

#[test]
fn what_a_caller_sent_is_never_printed() {
    let proof = signed(&header(), &claims());
    let head = request(&[("dpop", &proof)]);
    let printed = format!("{:?}", presented(&head).unwrap());
    assert_eq!(
        printed,
        format!("Some(UnverifiedProof([{} bytes]))", proof.len())
    );
}

#[test]
fn normal_forms() {
    for (url, normal) in [
        ("https://h", Some("https://h/")),
        ("https://h?x", Some("https://h/")),
        ("https://h#x", Some("https://h/")),
        ("https://h/?x/y", Some("https://h/")),
        ("http://h:80/a", Some("http://h/a")),
        ("http://h:443/a", Some("http://h:443/a")),
        ("https://h:00443/a", Some("https://h/a")),
        ("https://[::0001]:443/a", Some("https://[::1]/a")),
        ("https://h/a//b/", Some("https://h/a//b/")),
        ("https://h/a/..", Some("https://h/")),
        ("https://h/a/../../b", Some("https://h/b")),
        ("https://h/a/.", Some("https://h/a/")),
        ("https://h/%7euser/%2f%2F", Some("https://h/~user/%2F%2F")),
        ("https://h/%2e%2e/a", Some("https://h/a")),
        ("https://h/a%", None),
        ("https://h/a%2", None),
        ("https://h/a%+1", None),
        ("https://h/a%zz", None),
        ("https://u@h/", None),
        ("https://u:p@h/", None),
        ("https://h:/", Some("https://h/")),
        ("https://h:65536/", None),
        ("https://h:+1/", None),
        ("https://h:1:2/", None),
        ("https://[::1/", None),
        ("https://[::1]x/", None),
        ("https://[h]/", None),
        ("https:///a", None),
        ("https://h%2e/", None),
        ("https://h\\a", None),
        ("https://h/a b", None),
        ("https://h/\u{e9}", None),
        ("ftp://h/", None),
        ("https:/h/", None),
        ("//h/", None),
        ("", None),
    ] {
        assert_eq!(normalised_target(url).as_deref(), normal, "{url}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_normal_form_is_its_own(url in "(https?|HTTP)://[a-zA-Z0-9.\\[\\]:@-]{0,12}[/a-c.%2eE~?#]{0,24}") {
        if let Some(normal) = normalised_target(&url) {
            prop_assert_eq!(normalised_target(&normal), Some(normal.clone()));
            prop_assert!(!normal.contains(['?', '#', '@']));
            let (_, rest) = normal.split_once("://").unwrap();
            let mut segments = rest.split('/').skip(1);
            prop_assert!(segments.all(|segment| !matches!(segment, "." | "..")), "{}", normal);
        }
    }

    #[test]
    fn any_text_is_a_target_or_not(url in "\\PC{0,64}") {
        let _ = normalised_target(&url);
    }

    #[test]
    fn any_text_is_refused_or_read(text in "[a-zA-Z0-9._-]{0,200}", payload in "\\PC{0,100}") {
        prop_assert!(check(&text, &at_the_resource()).is_err());
        let good = signed(&header(), &claims());
        let mut segments = good.split('.');
        let payload = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload);
        let mixed = format!("{}.{payload}.{}", segments.next().unwrap(), segments.nth(1).unwrap());
        prop_assert!(check(&mixed, &at_the_resource()).is_err());
    }
}
