//! What is no token at all (rows 15 to 17).

use serde_json::json;

use crate::support::*;

#[test]
fn row_15_json_with_two_meanings() {
    let header = at_jwt().to_string();
    let payload = valid_claims().to_string();
    let doubled = payload.replacen('{', "{\"aud\":\"https://evil.example\",", 1);
    let nested = format!("{{\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for text in [
        doubled.as_str(),
        nested.as_str(),
        "\u{feff}{}",
        "",
        "null",
        "[]",
        "\"x\"",
        "{",
        "{}{}",
    ] {
        assert_refused(
            "payload",
            present_text(&Deployment::remote(), &header, text),
            401,
            "token_malformed",
        );
        assert_refused(
            "header",
            present_text(&Deployment::remote(), text, &payload),
            401,
            "token_malformed",
        );
    }
    let mut many = valid_claims();
    for index in 0..10_000 {
        many[format!("claim-{index}")] = json!(index);
    }
    assert!(
        present(&Deployment::remote(), &at_jwt(), &many).is_ok(),
        "many claims are only many"
    );
}

#[test]
fn row_16_and_17_what_is_no_compact_jws() {
    for (token, reason) in [
        ("abc", "token_opaque"),
        ("a.b", "token_opaque"),
        ("a.b.c.d", "token_opaque"),
        ("a.b.c.d.e.f", "token_opaque"),
        ("a.b.c.d.e", "token_encrypted"),
        ("a..b..c", "token_encrypted"),
        ("a.b.", "token_malformed"),
        (".b.c", "token_malformed"),
        ("a..c", "token_malformed"),
        ("..", "token_malformed"),
        ("a+b.c.d", "token_malformed"),
        ("a/b.c.d", "token_malformed"),
        ("a.b.c=", "token_malformed"),
        ("a~.b.c", "token_malformed"),
    ] {
        let provider = FakeProvider::signing(&at_jwt().to_string(), &valid_claims().to_string());
        assert_refused(
            token,
            Deployment::remote()
                .policy()
                .authenticate(&bearing(token), &provider),
            401,
            reason,
        );
        assert_eq!(
            provider.verifications.get(),
            0,
            "{token}: no cryptography for what cannot be a token"
        );
    }
}
