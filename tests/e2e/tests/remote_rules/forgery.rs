//! Tokens that the provider never signed, or not like this (rows 1 to 8, 16, 17).

use aws_lc_rs::hmac;
use e2e::keys::{Key, encode, jwks};
use e2e::scripted_idp::{Answer, JWKS, ScriptedIdp};
use e2e::token::{sign_bytes, signing_input, with_signature};
use serde_json::json;

use super::Setting;

#[tokio::test]
async fn algorithms_and_keys_are_not_confused() {
    let mut setting = Setting::new().await;
    let (rsa, ec) = (
        &Key::generate("second-rsa", "RS256"),
        &Key::generate("ec", "ES256"),
    );
    setting.idp.publish(&[&setting.key, rsa, ec]);
    let good = setting.token();
    setting.accepts("0 ec", &good.sign(ec)).await;

    for algorithm in ["none", "None", "NONE", "nOnE", "", "RS256 "] {
        let input = good
            .clone()
            .header("alg", json!(algorithm))
            .signing_input("rs", "RS256");
        setting
            .refuses(&format!("1 `{algorithm}` unsigned"), &format!("{input}."))
            .await;
        setting
            .refuses(
                &format!("1 `{algorithm}` signed"),
                &with_signature(&input, &setting.key.sign("RS256", input.as_bytes())),
            )
            .await;
    }
    for (name, secret) in [
        ("rsa pem", setting.key.public_pem().into_bytes()),
        ("rsa der", setting.key.public_der()),
        ("rsa jwk", setting.key.jwk().to_string().into_bytes()),
        ("ec pem", ec.public_pem().into_bytes()),
        ("empty", Vec::new()),
    ] {
        let input = good.signing_input(if name.starts_with("ec") { "ec" } else { "rs" }, "HS256");
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &secret),
            input.as_bytes(),
        );
        setting
            .refuses(
                &format!("2 hs256 with {name}"),
                &with_signature(&input, tag.as_ref()),
            )
            .await;
    }
    let named = |key_id: &str| good.clone().header("kid", json!(key_id));
    setting
        .refuses("3 rs256, kid of the ec key", &named("ec").sign(rsa))
        .await;
    setting
        .refuses("3 es256, kid of the rsa key", &named("rs").sign(ec))
        .await;
    setting
        .refuses(
            "3 ps256 with a key for rs256",
            &good.sign_as(&setting.key, "PS256"),
        )
        .await;
    setting
        .refuses(
            "3 rs512 with a key for rs256",
            &good.sign_as(&setting.key, "RS512"),
        )
        .await;
    setting
        .refuses(
            "3 kid of the other rsa key",
            &named("second-rsa").sign(&setting.key),
        )
        .await;
    setting.finish();
}

#[tokio::test]
async fn signatures_have_one_form() {
    let mut setting = Setting::new().await;
    let (ec, ed) = (&Key::generate("ec", "ES256"), &Key::generate("ed", "EdDSA"));
    setting.idp.publish(&[&setting.key, ec, ed]);
    let good = setting.token();
    setting.accepts("0 eddsa", &good.sign(ed)).await;

    let input = good.signing_input("ec", "ES256");
    let raw = ec.sign("ES256", input.as_bytes());
    let (r, s) = raw.split_at(32);
    let (zero, order) = ([0; 32], p256_order());
    for (name, signature) in [
        ("der", der(r, s)),
        ("r = 0", [&zero, s].concat()),
        ("s = 0", [r, &zero].concat()),
        ("0, 0", vec![0; 64]),
        ("s = n", [r, &order].concat()),
        ("r = n", [&order, s].concat()),
        ("short", raw[..63].to_vec()),
        ("long", [&raw[..], &[0]].concat()),
        ("empty", Vec::new()),
        ("swapped", [s, r].concat()),
    ] {
        setting
            .refuses(
                &format!("4 es256 {name}"),
                &with_signature(&input, &signature),
            )
            .await;
    }

    let input = good.signing_input("ed", "EdDSA");
    let honest = ed.sign("EdDSA", input.as_bytes());
    setting
        .refuses(
            "5 ed25519 s + l",
            &with_signature(&input, &plus_order(&honest)),
        )
        .await;
    setting
        .refuses("5 ed25519 short", &with_signature(&input, &honest[..63]))
        .await;
    let small_order = json!({"kty": "OKP", "crv": "Ed25519", "kid": "small", "alg": "EdDSA", "use": "sig", "x": encode(identity_point())});
    let mut set = jwks(&[&setting.key, ec, ed]);
    set["keys"].as_array_mut().unwrap().push(small_order);
    setting.idp.answer(JWKS, Answer::Json(set));
    // With the identity as public key, this signature fits every message.
    let forged = [identity_point(), [0; 32]].concat();
    setting
        .refuses(
            "5 small-order key",
            &with_signature(&good.signing_input("small", "EdDSA"), &forged),
        )
        .await;
    setting
        .accepts(
            "5 the other keys still work",
            &setting.signed(|token| token.claim("n", json!(5))),
        )
        .await;
    setting.finish();
}

#[tokio::test]
async fn a_token_brings_no_key_and_no_extension() {
    let mut setting = Setting::new().await;
    let own = Key::generate("attacker", "RS256");
    let attacker = ScriptedIdp::start(&[&own]).await;
    let url = format!("{}{JWKS}", attacker.issuer());
    let certificate = json!([base64_standard(&own.public_der())]);
    for (member, value) in [
        ("jwk", own.jwk()),
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("x5c", certificate),
    ] {
        for key_id in ["rs", "attacker"] {
            let token = setting
                .token()
                .header(member, value.clone())
                .header("kid", json!(key_id))
                .sign(&own);
            setting
                .refuses(&format!("6 {member}, kid {key_id}"), &token)
                .await;
        }
    }
    assert_eq!(
        attacker.all_requests(),
        0,
        "6: the server asked the attacker"
    );

    for key_id in [
        json!("../../dev/null"),
        json!("rs' OR '1'='1"),
        json!("k".repeat(4_000)),
        json!("k".repeat(65_536 / 4)),
        json!(null),
        json!(7),
        json!(["rs"]),
        json!({"kid": "rs"}),
        json!(""),
        json!("rs\u{0}"),
    ] {
        let token = setting.signed(|token| token.header("kid", key_id.clone()));
        setting
            .refuses(&format!("7 kid {:.40}", key_id.to_string()), &token)
            .await;
    }
    for crit in [
        json!(["b64"]),
        json!(["unknown"]),
        json!([]),
        json!("b64"),
        json!(["exp", "exp"]),
        json!(null),
    ] {
        let token = setting.signed(|token| {
            token
                .header("crit", crit.clone())
                .header("b64", json!(false))
        });
        setting.refuses(&format!("8 crit {crit}"), &token).await;
    }
    setting.finish();
}

#[tokio::test]
async fn base64_and_segments_are_strict() {
    let mut setting = Setting::new().await;
    let good = setting.signed(|token| token);
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("{good}")
    };
    let encrypted = encode(json!({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}).to_string());
    for (name, token) in [
        ("16 padded signature", format!("{good}=")),
        ("16 two segments", format!("{header}.{payload}")),
        ("16 four segments", format!("{good}.{signature}")),
        ("16 six segments", format!("{good}.{good}")),
        ("16 empty payload", format!("{header}..{signature}")),
        ("16 dots", "..".to_owned()),
        ("16 trailing bits", with_trailing_bits(&good)),
        ("16 standard alphabet", with_standard_alphabet(&setting)),
        (
            "17 jwe",
            format!("{encrypted}.{payload}.{payload}.{payload}.{signature}"),
        ),
        (
            "17 jwe of an unsigned token",
            format!(
                "{encrypted}..{payload}.{}.",
                encode(signing_input("{\"alg\":\"none\"}", "{}"))
            ),
        ),
    ] {
        setting.refuses(name, &token).await;
    }
    // These are not even a `b64token` (RFC 6750, section 2.1).
    for token in [
        format!("{header}.{payload} .{signature}"),
        format!("{header}=.{payload}.{signature}"),
        json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]})
            .to_string(),
    ] {
        let caller = setting.server.as_bearer(&token);
        setting
            .refuses_caller(
                &format!("16 {token:.12}"),
                &caller,
                (400, "invalid_request"),
            )
            .await;
    }
    let zipped = sign_bytes(
        &setting.key,
        json!({"alg": "RS256", "kid": "rs", "typ": "at+jwt", "zip": "DEF"}).to_string(),
        b"\x4b\x4c\x04\x00",
    );
    setting.refuses("17 zip", &zipped).await;
    setting.accepts("0 the token itself", &good).await;
    setting.finish();
}

/// The last character of a 256-byte signature carries four bits that must be zero.
fn with_trailing_bits(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).unwrap();
    format!("{rest}{}", &alphabet[index | 1..=index | 1])
}

/// The same bytes in the other alphabet.
fn with_standard_alphabet(setting: &Setting) -> String {
    // PS and ES signatures differ each time; of a few tokens one has such a character.
    let tokens = (0..).map(|number| setting.signed(|token| token.claim("n", json!(number))));
    tokens
        .map(|token| token.replace('-', "+").replace('_', "/"))
        .find(|token| token.contains(['+', '/']))
        .unwrap()
}

fn base64_standard(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// SEQUENCE of two INTEGERs (RFC 3279, section 2.2.3).
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let sign = if bytes[0] >= 0x80 {
            vec![0]
        } else {
            Vec::new()
        };
        let value = [sign, bytes.to_vec()].concat();
        [vec![2, u8::try_from(value.len()).unwrap()], value].concat()
    };
    let both = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(both.len()).unwrap()], both].concat()
}

fn p256_order() -> [u8; 32] {
    let mut order = [0xff; 32];
    order[4..8].fill(0);
    order[16..].copy_from_slice(&[
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25,
        0x51,
    ]);
    order
}

/// S + L, which the equation of a careless verifier cannot tell from S (RFC 8032, section 8.4).
fn plus_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut changed = signature.to_vec();
    let mut carry = 0;
    for (byte, addend) in changed[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(addend) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    changed
}

/// The neutral element of the curve: y = 1.
fn identity_point() -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = 1;
    point
}
