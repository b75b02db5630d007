//! Which keys of a set may be used. A bad one never takes the others with it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::idp::Reply;
use super::signer::b64;
use super::*;
use crate::keys::jwk::Key;

fn refusal(jwk: &Value) -> String {
    match Key::admit(jwk) {
        Ok(_) => "admitted".to_owned(),
        Err(refused) => refused.to_string(),
    }
}

fn with(jwk: &Value, name: &str, value: Value) -> Value {
    let mut jwk = jwk.clone();
    jwk[name] = value;
    jwk
}

#[test]
fn the_purpose_of_a_key_is_respected() {
    let jwk = TestKey::new(Algorithm::Es256, "k").bare_jwk();
    for (name, value, expected) in [
        ("use", json!("sig"), "admitted"),
        ("use", json!("enc"), "`use`"),
        ("use", json!("Sig"), "`use`"),
        ("key_ops", json!(["verify"]), "admitted"),
        ("key_ops", json!(["sign", "verify"]), "admitted"),
        ("key_ops", json!(["sign"]), "`key_ops`"),
        ("key_ops", json!(["encrypt", "wrapKey"]), "`key_ops`"),
        ("key_ops", json!([]), "`key_ops`"),
        ("key_ops", json!("verify"), "JWK"),
        ("alg", json!("ES256"), "admitted"),
        ("alg", json!("ES384"), "`alg`"),
        ("alg", json!("RS256"), "`alg`"),
        ("alg", json!("HS256"), "`alg`"),
        ("alg", json!("ECDH-ES"), "`alg`"),
        ("alg", json!("none"), "`alg`"),
        ("alg", json!(null), "`alg`"),
        ("kid", json!(7), "JWK"),
        ("kid", json!("x".repeat(129)), "`kid`"),
        ("kty", json!("oct"), "JWK"),
        ("kty", json!("RSA"), "JWK"),
        ("crv", json!("secp256k1"), "JWK"),
        ("d", json!("AAAA"), "private"),
    ] {
        let refusal = refusal(&with(&jwk, name, value.clone()));
        assert!(refusal.contains(expected), "{name} {value}: {refusal}");
    }
    for (value, expected) in [
        (json!({"kty": "oct", "k": "AAAA", "kid": "k"}), "symmetric"),
        (json!({"kty": "oct", "k": "AAAA", "alg": "HS256"}), "`alg`"),
        (json!({"kty": "OKP", "crv": "Ed448", "x": "AAAA"}), "JWK"),
        (json!({"kty": "OKP", "crv": "X25519", "x": "AAAA"}), "JWK"),
        (json!({"kty": "OKP", "crv": "P-256", "x": "AAAA"}), "JWK"),
        (
            json!({"kty": "EC", "crv": "Ed25519", "x": "AAAA", "y": "AAAA"}),
            "JWK",
        ),
        (json!({}), "JWK"),
        (json!([]), "JWK"),
        (json!("key"), "JWK"),
    ] {
        let refusal = refusal(&value);
        assert!(refusal.contains(expected), "{value}: {refusal}");
    }
}

#[test]
fn rsa_keys_have_2048_to_8192_bits_and_an_odd_exponent() {
    let jwk = TestKey::new(Algorithm::Rs256, "k").bare_jwk();
    let modulus = |bits: usize| {
        let mut number = vec![0xff; bits / 8];
        if !bits.is_multiple_of(8) {
            number.insert(0, (1u8 << (bits % 8)) - 1);
        }
        json!(b64(number))
    };
    for (bits, admitted) in [
        (512, false),
        (1024, false),
        (2047, false),
        (2048, true),
        (3072, true),
        (8192, true),
        (8193, false),
        (16384, false),
    ] {
        let refusal = refusal(&with(&jwk, "n", modulus(bits)));
        assert_eq!(refusal == "admitted", admitted, "{bits}: {refusal}");
    }
    let mut even = vec![0xff; 256];
    even[255] = 0xfe;
    assert!(refusal(&with(&jwk, "n", json!(b64(even)))).contains("modulus"));
    for (e, admitted) in [
        (vec![3], true),
        (vec![1, 0, 1], true),
        (vec![0, 1, 0, 1], true),
        (vec![], false),
        (vec![0], false),
        (vec![1], false),
        (vec![0, 0, 1], false),
        (vec![2], false),
        (vec![1, 0, 0], false),
        (vec![1, 0, 0, 0, 1], false),
        (vec![0xff; 256], false),
    ] {
        let refusal = refusal(&with(&jwk, "e", json!(b64(&e))));
        assert_eq!(refusal == "admitted", admitted, "{e:?}: {refusal}");
    }
    for bad in ["", "AQAB=", "AQ AB", "AQAC+", "!"] {
        assert_ne!(refusal(&with(&jwk, "e", json!(bad))), "admitted", "{bad}");
    }
}

#[tokio::test]
async fn a_leading_zero_of_a_modulus_does_not_matter() {
    let key = TestKey::new(Algorithm::Rs256, "k");
    let setup = Setup::new(&[]).await;
    let mut jwk = key.bare_jwk();
    let n = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap());
    jwk["n"] = json!(b64([vec![0], n.unwrap()].concat()));
    setup.idp.jwks(Reply::Json(json!({"keys": [jwk]})));
    setup.verify(&key.token(&payload())).await.unwrap();
}

#[test]
fn points_are_on_their_curve() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512] {
        let jwk = TestKey::new(algorithm, "k").bare_jwk();
        assert_eq!(refusal(&jwk), "admitted");
        let (x, y) = (jwk["x"].clone(), jwk["y"].clone());
        assert!(
            refusal(&with(&jwk, "y", x.clone())).contains("curve"),
            "{algorithm:?}"
        );
        let swapped = with(&with(&jwk, "x", y), "y", x);
        assert!(refusal(&swapped).contains("curve"), "{algorithm:?}");
        let length = match algorithm {
            Algorithm::Es256 => 32,
            Algorithm::Es384 => 48,
            _ => 66,
        };
        let zero = json!(b64(vec![0; length]));
        let origin = with(&with(&jwk, "x", zero.clone()), "y", zero);
        assert!(refusal(&origin).contains("curve"), "{algorithm:?}");
        let short = json!(b64(vec![1; length - 1]));
        assert!(
            refusal(&with(&jwk, "x", short)).contains("length"),
            "{algorithm:?}"
        );
        let long = json!(b64(vec![0; length + 1]));
        assert!(
            refusal(&with(&jwk, "x", long)).contains("length"),
            "{algorithm:?}"
        );
    }
    // A key of one curve that claims another.
    let jwk = TestKey::new(Algorithm::Es256, "k").bare_jwk();
    assert!(refusal(&with(&jwk, "crv", json!("P-384"))).contains("length"));
}

#[test]
fn ed25519_keys_are_32_octets_of_large_order() {
    let jwk = TestKey::new(Algorithm::EdDsa, "k").bare_jwk();
    assert_eq!(refusal(&jwk), "admitted");
    let mut identity = [0; 32];
    identity[0] = 1;
    for x in [
        &[][..],
        &[7; 31],
        &[7; 33],
        &[0; 32],
        &[0xff; 32],
        &identity,
    ] {
        let refusal = refusal(&with(&jwk, "x", json!(b64(x))));
        assert!(refusal.contains("Ed25519"), "{x:?}: {refusal}");
    }
}

#[tokio::test]
async fn bad_keys_do_not_spoil_the_set() {
    let good = TestKey::new(Algorithm::Es256, "good");
    let weak = TestKey::new(Algorithm::EdDsa, "enc");
    let setup = Setup::new(&[]).await;
    setup.idp.jwks(Reply::Json(json!({"keys": [
        {"kty": "oct", "k": "AAAA", "kid": "good"},
        with(&weak.bare_jwk(), "use", json!("enc")),
        {"kty": "RSA", "n": b64([0xff; 128]), "e": "AQAB", "kid": "small"},
        null,
        good.jwk(),
    ]})));
    setup.verify(&good.token(&payload())).await.unwrap();
    assert_unknown(setup.verify(&weak.token(&payload())).await);
    let status = setup.keys.status().remove(0);
    assert_eq!(status.keys, 1);
    assert_eq!(
        status.skipped_keys,
        [
            "key 0: it holds a symmetric key",
            "key 1: `use` is not `sig`",
            "key 2: the RSA modulus is even or not of 2048 to 8192 bits",
            "key 3: not a JWK of a supported type (RSA, EC P-256/P-384/P-521, OKP Ed25519)",
        ]
    );
}
