//! What the verifier refuses, and what a lax one would let pass (rows 1 to 8).

use policy::keys::Failure;
use serde_json::{Value, json};

use crate::support::*;

#[test]
fn the_valid_token_is_accepted_in_each_spelling_of_its_type() {
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
        "JWT",
        "jwt",
        "application/jwt",
    ] {
        let result = present(
            &Deployment::remote(),
            &json!({ "alg": "EdDSA", "typ": typ }),
            &valid_claims(),
        );
        assert!(result.is_ok(), "{typ}: {result:?}");
    }
    assert!(
        present(
            &Deployment::remote(),
            &json!({ "alg": "PS512" }),
            &valid_claims()
        )
        .is_ok()
    );
}

#[test]
fn row_01_to_08_what_the_verifier_refuses_is_refused() {
    for (failure, reason) in [
        (Failure::AlgorithmRefused("none".to_owned()), "alg_refused"),
        (Failure::AlgorithmRefused("HS256".to_owned()), "alg_refused"),
        (
            Failure::KeyUnknown("../../dev/null".to_owned()),
            "key_unknown",
        ),
        (
            Failure::Malformed("crit\r\n\u{202e}".to_owned()),
            "token_malformed",
        ),
        (Failure::Malformed("x".repeat(100_000)), "token_malformed"),
        (Failure::SignatureInvalid, "signature_invalid"),
    ] {
        let result = Deployment::remote()
            .policy()
            .authenticate(&bearing(TOKEN), &FakeProvider::refusing(failure));
        assert!(
            result
                .as_ref()
                .is_err_and(|denial| denial.reason.len() < 300)
        );
        assert_refused(reason, result, 401, reason);
    }
}

#[test]
fn row_01_to_08_a_lax_verifier_is_not_the_only_lock() {
    for header in [
        json!({ "alg": "none", "typ": "at+jwt" }),
        json!({ "alg": "None" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "rs256" }),
        json!({ "alg": ["RS256"] }),
        json!({ "typ": "at+jwt" }),
    ] {
        let result = present(&Deployment::remote(), &header, &valid_claims());
        assert_refused(&header.to_string(), result, 401, "alg_refused");
    }
    for crit in [json!(["b64"]), json!([]), json!("exp"), Value::Null] {
        let header = json!({ "alg": "RS256", "typ": "at+jwt", "crit": crit });
        assert_refused(
            "crit",
            present(&Deployment::remote(), &header, &valid_claims()),
            401,
            "crit_refused",
        );
    }
    let only_es = Deployment::remote().with("OIDC_ALGORITHMS", "ES256 ES384");
    assert_refused(
        "subset",
        present(&only_es, &at_jwt(), &valid_claims()),
        401,
        "alg_refused detail=\"RS256\"",
    );
}

#[test]
fn row_06_keys_that_a_token_brings_along_are_nobodys() {
    let header = json!({
        "alg": "RS256",
        "typ": "at+jwt",
        "jwk": { "kty": "RSA", "n": "eA", "e": "AQAB" },
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/cert",
        "x5c": ["eA=="],
    });
    // The provider is asked once, about its own keys; the fake fails on any other issuer.
    let provider = FakeProvider::signing(&header.to_string(), &valid_claims().to_string());
    let result = Deployment::remote()
        .policy()
        .authenticate(&bearing(TOKEN), &provider);
    assert!(result.is_ok(), "what is ignored does not refuse either");
    assert_eq!(provider.verifications.get(), 1);
    let provider = FakeProvider {
        jws: Err(Failure::SignatureInvalid),
        ..provider
    };
    let result = Deployment::remote()
        .policy()
        .authenticate(&bearing(TOKEN), &provider);
    assert_refused("their key", result, 401, "signature_invalid");
}

#[test]
fn row_25_headers_that_assert_an_identity_say_nothing() {
    let head = request(&[
        ("x-mcp-subject", "root"),
        ("x-forwarded-user", "root"),
        ("x-auth-request-access-token", TOKEN),
        ("x-forwarded-client-cert", "Hash=00"),
        ("client-cert", ":AA==:"),
    ]);
    let provider = FakeProvider::signing(&at_jwt().to_string(), &valid_claims().to_string());
    let result = Deployment::remote().policy().authenticate(&head, &provider);
    assert_refused("no token", result, 401, "credential_absent");
    assert_eq!(provider.verifications.get(), 0);
}
