//! The provider's key set: what is in it, and how it changes (rows 18 to 20, 34).

use std::time::{Duration, Instant};

use e2e::artifacts;
use e2e::keys::{Key, encode, jwks};
use e2e::scripted_idp::{Answer, JWKS, ScriptedIdp};
use e2e::settings::AUDIENCE;
use e2e::token::{Token, signing_input, with_signature};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Setting;

#[tokio::test]
async fn a_key_id_belongs_to_one_issuer() {
    let mut setting = Setting::new().await;
    let own = Key::generate("rs", "RS256");
    let attacker = ScriptedIdp::start(&[&own]).await;
    setting
        .refuses("18 attacker's key, our issuer", &setting.token().sign(&own))
        .await;
    setting
        .refuses(
            "18 attacker's key, attacker's issuer",
            &attacker.token(AUDIENCE).sign(&own),
        )
        .await;
    setting
        .refuses(
            "18 our key, attacker's issuer",
            &Token::new(attacker.issuer(), AUDIENCE).sign(&setting.key),
        )
        .await;
    assert_eq!(
        attacker.all_requests(),
        0,
        "18: the server asked the attacker"
    );
    setting
        .accepts("18 our key, our issuer", &setting.signed(|token| token))
        .await;
    setting.finish();
}

#[tokio::test]
async fn weak_and_foreign_keys_are_left_out() {
    let good = Key::generate("good", "RS256");
    let encryption = Key::generate("encryption", "RS256");
    let no_verify = Key::generate("no-verify", "ES256");
    let misfit = Key::generate("misfit", "ES256");
    let secret = [7; 32];
    let mut set = jwks(&[&encryption, &no_verify, &misfit, &good]);
    set["keys"][0]["use"] = json!("enc");
    set["keys"][1]["key_ops"] = json!(["sign"]);
    set["keys"][2]["alg"] = json!("RS256");
    let (weak_1024, weak_512) = (WeakRsa::generate(1024), WeakRsa::generate(512));
    let mut exponent_1 = good.jwk();
    exponent_1["e"] = json!(encode([1]));
    exponent_1["kid"] = json!("exponent-1");
    let off_curve = json!({"kty": "EC", "crv": "P-256", "kid": "off-curve", "x": encode([1; 32]), "y": encode([2; 32])});
    let octets = json!({"kty": "oct", "kid": "octets", "k": encode(secret)});
    let more = [
        weak_1024.jwk.clone(),
        weak_512.jwk.clone(),
        exponent_1,
        off_curve,
        octets,
        json!("no key"),
        json!(null),
        json!({"kid": "empty"}),
    ];
    set["keys"].as_array_mut().unwrap().extend(more);

    let mut setting = Setting::new().await;
    setting.idp.answer(JWKS, Answer::Json(set));
    let token = setting.token();
    // The first token with a key id that is new makes the server fetch this set.
    setting.accepts("19 the good key", &token.sign(&good)).await;
    for key in [&encryption, &no_verify, &misfit] {
        setting
            .refuses(&format!("19 {}", key.id), &token.sign(key))
            .await;
    }
    for (name, weak) in [("1024", &weak_1024), ("512", &weak_512)] {
        let input = token.signing_input(weak.jwk["kid"].as_str().unwrap(), "RS256");
        setting
            .refuses(
                &format!("19 rsa {name}"),
                &with_signature(&input, &weak.sign(&input)),
            )
            .await;
    }
    let input = token.signing_input("exponent-1", "RS256");
    setting
        .refuses(
            "19 exponent 1",
            &with_signature(&input, &encoded_message(input.as_bytes())),
        )
        .await;
    let input = token.signing_input("octets", "HS256");
    let tag = aws_lc_rs::hmac::sign(
        &aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret),
        input.as_bytes(),
    );
    setting
        .refuses("19 octets", &with_signature(&input, tag.as_ref()))
        .await;
    setting
        .refuses(
            "19 off the curve",
            &with_signature(&token.signing_input("off-curve", "ES256"), &[1; 64]),
        )
        .await;
    setting
        .accepts(
            "19 the good key, after all that",
            &token.claim("n", json!(2)).sign(&good),
        )
        .await;
    setting.finish();
}

/// RSA keys that our own library refuses to make; Node does not.
struct WeakRsa {
    jwk: Value,
    private_key: String,
}

impl WeakRsa {
    fn generate(bits: u32) -> Self {
        let made = run_node(&format!(
            "const k = crypto.generateKeyPairSync('rsa', {{ modulusLength: {bits} }});
             console.log(JSON.stringify({{ jwk: {{ ...k.publicKey.export({{ format: 'jwk' }}), kid: 'rsa-{bits}', use: 'sig' }},
               private_key: k.privateKey.export({{ format: 'pem', type: 'pkcs8' }}) }}))"
        ));
        Self {
            jwk: made["jwk"].clone(),
            private_key: made["private_key"].as_str().unwrap().to_owned(),
        }
    }

    fn sign(&self, input: &str) -> Vec<u8> {
        let (input, key) = (json!(input), json!(self.private_key));
        let made = run_node(&format!(
            "console.log(JSON.stringify([...crypto.sign('sha256', {input}, {key})]))"
        ));
        serde_json::from_value(made).unwrap()
    }
}

fn run_node(program: &str) -> Value {
    let output = std::process::Command::new(artifacts::node())
        .args(["-e", program])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// EMSA-PKCS1-v1_5 of SHA-256 for 2048 bits (RFC 8017, section 9.2): under the exponent 1 a
/// message is its own signature.
fn encoded_message(input: &[u8]) -> Vec<u8> {
    const DIGEST_INFO: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0, 0x04, 0x20,
    ];
    let tail = [&[0], &DIGEST_INFO[..], &Sha256::digest(input)[..]].concat();
    [vec![0, 1], vec![0xff; 256 - 2 - tail.len()], tail].concat()
}

#[tokio::test]
async fn keys_come_and_go() {
    let mut setting = Setting::new().await;
    let next = Key::generate("next", "ES256");
    setting
        .accepts("20 the first key", &setting.signed(|token| token))
        .await;
    let fetches = setting.idp.requests(JWKS);
    setting.idp.publish(&[&next]);
    setting
        .accepts(
            "20 a new key, within one refetch",
            &setting.token().sign(&next),
        )
        .await;
    assert_eq!(setting.idp.requests(JWKS), fetches + 1);
    setting
        .refuses(
            "20 the removed key",
            &setting.signed(|token| token.claim("n", json!(2))),
        )
        .await;
    setting.finish();
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_costs_no_fetches() {
    let mut setting = Setting::new().await;
    setting
        .accepts("34 before the flood", &setting.signed(|token| token))
        .await;
    let before = setting.idp.requests(JWKS);
    let begun = Instant::now();
    // Nobody's signature is needed to make the server look for a key.
    let payload = setting.token().payload();
    let forged = |number: usize| {
        let header =
            json!({"alg": "RS256", "kid": format!("random-{number}"), "typ": "at+jwt"}).to_string();
        with_signature(&signing_input(header, &payload), &[0; 256])
    };
    for batch in 0..100 {
        let mut flood = tokio::task::JoinSet::new();
        for number in 0..100 {
            let caller = setting.server.as_anonymous().with_header(
                "authorization",
                &format!("Bearer {}", forged(batch * 100 + number)),
            );
            flood.spawn(async move { caller.list_tools().await.status });
        }
        let honest = setting
            .server
            .as_bearer(&setting.signed(|token| token.claim("n", json!(batch))))
            .list_tools()
            .await;
        assert_eq!(
            honest.status,
            200,
            "34: a good token in batch {batch}: {}",
            honest.text()
        );
        while let Some(status) = flood.join_next().await {
            // 503 says "ask again": a key may have come that nobody has fetched yet.
            assert!([401, 503].contains(&status.unwrap()));
        }
    }
    let allowed = 3 + 1 + begun.elapsed().as_secs() as usize / 30;
    let fetched = setting.idp.requests(JWKS) - before;
    assert!(
        fetched <= allowed,
        "34: {fetched} fetches in {:?}",
        begun.elapsed()
    );

    // The flood has used up the budget; a real rotation is honoured as soon as it has recovered.
    let next = Key::generate("next", "ES256");
    setting.idp.publish(&[&setting.key, &next]);
    let caller = setting.server.as_bearer(&setting.token().sign(&next));
    let deadline = Instant::now() + Duration::from_secs(60);
    while caller.list_tools().await.status != 200 {
        assert!(Instant::now() < deadline, "34: the new key is not honoured");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    setting.finish();
}
