//! Tokens whose form is wrong, next to their sound twins.

use proptest::prelude::*;
use serde_json::json;

use super::signer::b64;
use super::*;
use crate::keys::jws::UnverifiedJws;

const BIG: usize = 16 * 1024;

/// Attack 1: no signature at all.
#[tokio::test]
async fn alg_none_in_every_spelling() {
    let key = TestKey::new(Algorithm::Rs256, "k");
    let setup = Setup::new(&[&key]).await;
    for name in [
        "none", "None", "NONE", "nOnE", "", "rs256", "RS256 ", "RS1", "HS256", "ES256K",
    ] {
        let header = b64(json!({"alg": name, "kid": "k"}).to_string());
        for signature in ["", "AAAA"] {
            let token = format!("{header}.{}.{signature}", b64(payload()));
            let allowed = [vec!["none", "None", "NONE", "nOnE", name], all()].concat();
            let issuer = setup.idp.issuer();
            let outcome = setup
                .keys
                .verify(&issuer, &token, &allowed)
                .await
                .map(|_| ());
            assert!(refused_algorithm(&outcome), "{name}: {outcome:?}");
        }
    }
    for alg in [json!(null), json!(7), json!(["RS256"]), json!({"RS256": 1})] {
        let token = key.token_raw(json!({"alg": alg, "kid": "k"}).to_string(), payload());
        let outcome = setup.verify(&token).await;
        assert!(malformed(&outcome), "{alg}: {outcome:?}");
    }
    let without = key.token_raw(r#"{"kid":"k"}"#, payload());
    assert!(malformed(&setup.verify(&without).await));
    assert_eq!(
        setup.idp.discovery_hits(),
        0,
        "such tokens cause no request"
    );
}

/// Attack 7: key ids that are not ids.
#[tokio::test]
async fn strange_key_ids() {
    let key = TestKey::new(Algorithm::EdDsa, "k");
    let setup = Setup::new(&[&key]).await;
    for kid in [
        "../../dev/null",
        "' OR 1=1 --",
        "",
        "K",
        "k\0",
        "k ",
        "\u{202e}k",
        "\r\nx: y",
    ] {
        let outcome = setup
            .verify(&key.token_with(json!({"kid": kid}), &payload()))
            .await;
        let Err(Failure::KeyUnknown(reason)) = outcome else {
            panic!("{kid:?}: {outcome:?}");
        };
        assert!(
            !reason.contains(['\r', '\n', '\0', '\u{202e}']),
            "{reason:?}"
        );
    }
    assert_unknown(
        setup
            .verify(&key.token_with(json!({"kid": "x".repeat(128)}), &payload()))
            .await,
    );
    for kid in [
        json!(null),
        json!(7),
        json!(["k"]),
        json!({"k": 1}),
        json!("x".repeat(129)),
    ] {
        let outcome = setup
            .verify(&key.token_with(json!({"kid": kid}), &payload()))
            .await;
        assert!(malformed(&outcome), "{outcome:?}");
    }
    let huge = key.token_with(json!({"kid": "x".repeat(64 * 1024)}), &payload());
    assert!(malformed(&setup.verify(&huge).await));
}

/// Attack 8: extensions that nobody here understands.
#[tokio::test]
async fn crit_is_refused() {
    let key = TestKey::new(Algorithm::EdDsa, "k");
    let setup = Setup::new(&[&key]).await;
    for crit in [
        json!(["b64"]),
        json!(["exp"]),
        json!([]),
        json!(null),
        json!("b64"),
        json!({}),
    ] {
        let header = json!({"kid": "k", "crit": crit, "b64": true});
        let outcome = setup.verify(&key.token_with(header, &payload())).await;
        assert!(malformed(&outcome), "{crit}: {outcome:?}");
    }
    let twice = r#"{"alg":"EdDSA","kid":"k","crit":["a"],"crit":["b"]}"#;
    assert!(malformed(
        &setup.verify(&key.token_raw(twice, payload())).await
    ));
}

/// Attacks 9 and 15, as far as they concern the form: correctly signed, and not JSON that every
/// parser reads alike.
#[tokio::test]
async fn header_and_payload_are_strict_json() {
    let key = TestKey::new(Algorithm::EdDsa, "k");
    let setup = Setup::new(&[&key]).await;
    let header = r#"{"alg":"EdDSA","kid":"k"}"#;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(3000), "]".repeat(3000));
    let utf16: Vec<u8> = payload()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bad in [
        br#"{"aud":"x","aud":"y"}"#.as_slice(),
        br#"{"a":{"b":[{"c":1,"c":2}]}}"#,
        br#"{"exp":1e400}"#,
        b"\xef\xbb\xbf{}",
        b"{\"sub\":\"\xff\"}",
        b"{\"sub\":\"\xed\xa0\x80\"}",
        b"",
        b"[]",
        b"null",
        b"\"x\"",
        b"{} {}",
        deep.as_bytes(),
        &utf16,
    ] {
        let outcome = setup.verify(&key.token_raw(header, bad)).await;
        assert!(
            malformed(&outcome),
            "{:.40}: {outcome:?}",
            String::from_utf8_lossy(bad)
        );
    }
    for bad in [
        r#"{"alg":"EdDSA","alg":"EdDSA","kid":"k"}"#,
        r#"{"alg":"none","alg":"EdDSA","kid":"k"}"#,
        r#"{"alg":"EdDSA","kid":"k","x":{"y":1,"y":1}}"#,
        "\u{feff}{\"alg\":\"EdDSA\",\"kid\":\"k\"}",
        "[]",
        "",
    ] {
        let outcome = setup.verify(&key.token_raw(bad, payload())).await;
        assert!(malformed(&outcome), "{bad}: {outcome:?}");
    }
    // What is not judged here passes as it is: the policy decides about claims.
    for fine in [
        r#"{"exp":"x","nbf":-1,"aud":[["a"]]}"#,
        r#"{ "exp" : 9223372036854775808 }"#,
    ] {
        let token = key.token_raw(header, fine);
        let verified = setup
            .keys
            .verify(&setup.idp.issuer(), &token, &all())
            .await
            .unwrap();
        assert_eq!(
            (verified.header.as_str(), verified.payload.as_str()),
            (header, fine)
        );
    }
    let claims: Vec<String> = (0..1000).map(|index| format!("\"c{index}\":1")).collect();
    let many = format!("{{{}}}", claims.join(","));
    setup.verify(&key.token_raw(header, &many)).await.unwrap();
}

/// Attacks 16, 17 and 28: spellings of a token that only a lenient reader takes.
#[tokio::test]
async fn tokens_have_one_spelling() {
    let key = TestKey::new(Algorithm::EdDsa, "k");
    let setup = Setup::new(&[&key]).await;
    let token = key.token(&payload());
    setup.verify(&token).await.unwrap();
    let [header, body, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts");
    };
    // 64 bytes are 86 characters, and the last one has four bits to spare.
    let last = signature.chars().last().unwrap();
    let spare = char::from_u32(last as u32 + 1).unwrap();
    let spare = format!("{}{spare}", &signature[..85]);
    let jws_json = json!({"protected": header, "payload": body, "signature": signature});
    let standard = |part: &str| part.replace('-', "+").replace('_', "/");
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        header.to_owned(),
        format!("{header}.{body}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{token}.a.b"),
        format!("{header}.a.b.c.d"),
        format!(".{body}.{signature}"),
        format!("{header}=.{body}.{signature}"),
        format!("{token}=="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{header}\n.{body}.{signature}"),
        format!("{header}.{body}.{spare}"),
        format!("{header}.{body}.{}+", &standard(signature)[..85]),
        format!("{header}.{body}.é{signature}"),
        jws_json.to_string(),
        json!({"payload": body, "signatures": [jws_json]}).to_string(),
        format!("{header}.{body}.{}", "A".repeat(BIG)),
        "a".repeat(10 * 1024 * 1024),
        ".".repeat(BIG),
    ] {
        let outcome = setup.verify(&bad).await;
        assert!(malformed(&outcome), "{bad:.80}: {outcome:?}");
    }
    // A payload in another spelling is covered by the signature, so it is the signer's own.
    let padded = format!("{header}.{}=", b64("{\"a\":1}"));
    let signed = format!(
        "{padded}.{}",
        b64(key.sign(Algorithm::EdDsa, padded.as_bytes()))
    );
    assert!(malformed(&setup.verify(&signed).await));

    // `zip` has no meaning in a JWS: nothing is inflated, and deflated bytes are not JSON.
    let zipped = r#"{"alg":"EdDSA","kid":"k","zip":"DEF"}"#;
    setup
        .verify(&key.token_raw(zipped, payload()))
        .await
        .unwrap();
    assert!(malformed(
        &setup
            .verify(&key.token_raw(zipped, b"\xab\x56\x4a\x2c"))
            .await
    ));
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,200}", parts in "[A-Za-z0-9_.-]{0,200}") {
        let _ = UnverifiedJws::parse(&text, &all());
        let _ = UnverifiedJws::parse(&parts, &all());
        let _ = UnverifiedJws::parse(&format!("{}.{}.{parts}", b64(&text), b64(&text)), &all());
    }

    #[test]
    fn any_header_is_read_without_a_panic(name in ".{0,9}", value in ".{0,9}") {
        let header = json!({"alg": "ES256", name: value}).to_string();
        let _ = UnverifiedJws::parse(&format!("{}.e30.AAAA", b64(header)), &all());
    }
}

/// A token is valid in one spelling only: whichever character is changed, it is refused.
#[tokio::test]
async fn no_character_can_be_changed() {
    let key = TestKey::new(Algorithm::EdDsa, "k");
    let setup = Setup::new(&[&key]).await;
    let token = key.token(&payload());
    for (index, old) in token.char_indices() {
        for new in "Ab9-_.=+".chars().filter(|new| *new != old) {
            let mut changed = token.clone();
            changed.replace_range(index..=index, &new.to_string());
            assert!(setup.verify(&changed).await.is_err(), "{changed}");
        }
    }
}
