//! Signatures: made by the right key, by the wrong one, with the wrong algorithm, in the wrong form.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::signer::b64;
use super::*;

#[tokio::test]
async fn every_algorithm_is_verified_and_a_changed_token_is_not() {
    for algorithm in Algorithm::ALL {
        let key = TestKey::new(algorithm, "k");
        let setup = Setup::new(&[&key]).await;
        let token = key.token(&payload());
        let verified = setup
            .keys
            .verify(&setup.idp.issuer(), &token, &all())
            .await
            .unwrap();
        assert_eq!(verified.payload, payload());
        let header: Value = serde_json::from_str(&verified.header).unwrap();
        assert_eq!(header["alg"], algorithm.name());

        // Another payload or header under the same signature.
        let parts: Vec<&str> = token.split('.').collect();
        let evil = b64(json!({"sub": "mallory"}).to_string());
        let other = b64(json!({"alg": algorithm.name(), "kid": "k"}).to_string());
        for forged in [
            format!("{}.{evil}.{}", parts[0], parts[2]),
            format!("{other}.{}.{}", parts[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.AAAA", parts[0], parts[1]),
        ] {
            assert_eq!(setup.verify(&forged).await, Err(Failure::SignatureInvalid));
        }
        // The signature of another key.
        let outcome = setup.verify(&key.stranger().token(&payload())).await;
        assert_eq!(outcome, Err(Failure::SignatureInvalid));
        // The algorithm is not among those that the caller allows.
        let others: Vec<_> = all()
            .into_iter()
            .filter(|name| *name != algorithm.name())
            .collect();
        let outcome = setup
            .keys
            .verify(&setup.idp.issuer(), &token, &others)
            .await
            .map(|_| ());
        assert!(refused_algorithm(&outcome), "{outcome:?}");
    }
}

#[tokio::test]
async fn the_newer_name_of_eddsa_means_the_same() {
    let key = TestKey::new(Algorithm::EdDsa, "k");
    let setup = Setup::new(&[&key]).await;
    let token = key.token_raw(r#"{"alg":"Ed25519","kid":"k"}"#, payload());
    setup.verify(&token).await.unwrap();
    setup
        .keys
        .verify(&setup.idp.issuer(), &token, &["Ed25519"])
        .await
        .unwrap();
}

/// Attack 2: the public key as the secret of an HMAC.
#[tokio::test]
async fn hmac_with_the_public_key() {
    let key = TestKey::new(Algorithm::Rs256, "k");
    let setup = Setup::new(&[&key]).await;
    let jwk = key.jwk();
    let modulus = jwk["n"].as_str().unwrap().to_owned();
    for (name, algorithm) in [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
    ] {
        for secret in [jwk.to_string(), modulus.clone()] {
            let header = b64(json!({"alg": name, "kid": "k"}).to_string());
            let input = format!("{header}.{}", b64(payload()));
            let tag = hmac::sign(
                &hmac::Key::new(algorithm, secret.as_bytes()),
                input.as_bytes(),
            );
            let token = format!("{input}.{}", b64(tag));
            let issuer = setup.idp.issuer();
            let allowed = [vec![name], all()].concat();
            let outcome = setup
                .keys
                .verify(&issuer, &token, &allowed)
                .await
                .map(|_| ());
            assert!(refused_algorithm(&outcome), "{outcome:?}");
        }
    }
}

/// Attack 3: an algorithm that the key is not for.
#[tokio::test]
async fn algorithms_are_tied_to_keys() {
    let rsa = TestKey::new(Algorithm::Rs256, "rsa");
    let ec = TestKey::new(Algorithm::Es256, "ec");
    let setup = Setup::new(&[&rsa, &ec]).await;
    for (signer, algorithm, kid) in [
        (&rsa, "RS256", "ec"),
        (&rsa, "PS256", "rsa"),
        (&rsa, "RS384", "rsa"),
        (&ec, "ES256", "rsa"),
        (&ec, "ES384", "ec"),
        (&ec, "EdDSA", "ec"),
    ] {
        let header = json!({"alg": algorithm, "kid": kid}).to_string();
        let input = format!("{}.{}", b64(header), b64(payload()));
        // Signed as the header says, so that nothing but the binding refuses it.
        let named = Algorithm::named(algorithm).unwrap();
        let signature = signer.sign(named, input.as_bytes());
        let outcome = setup.verify(&format!("{input}.{}", b64(signature))).await;
        assert!(
            refused_algorithm(&outcome),
            "{algorithm} {kid}: {outcome:?}"
        );
    }
    assert_eq!(setup.idp.jwks_hits(), 1, "a known key id causes no refetch");

    // Without `alg` in the JWK, the key serves its whole family.
    setup
        .idp
        .jwks(idp::Reply::Json(json!({"keys": [rsa.bare_jwk()]})));
    setup.hands.advance(HOUR);
    setup.keys.prefetch().await;
    for name in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        let header = json!({"alg": name, "kid": "rsa"}).to_string();
        let input = format!("{}.{}", b64(header), b64(payload()));
        let signature = rsa.sign(Algorithm::named(name).unwrap(), input.as_bytes());
        setup
            .verify(&format!("{input}.{}", b64(signature)))
            .await
            .unwrap();
    }
}

/// Attack 4: other encodings of ECDSA signatures, and the numbers that break them.
#[tokio::test]
async fn ecdsa_signatures_have_one_form() {
    let key = TestKey::new(Algorithm::Es256, "k");
    let setup = Setup::new(&[&key]).await;
    let input = format!("{}.{}", b64(r#"{"alg":"ES256","kid":"k"}"#), b64(payload()));
    let good = key.sign(Algorithm::Es256, input.as_bytes());
    let (r, s) = good.split_at(32);
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let order = order.unwrap();
    let zero = vec![0; 32];
    let der = der_signature(r, s);
    for (name, signature) in [
        ("DER", der),
        ("psychic", [zero.clone(), zero.clone()].concat()),
        ("r = 0", [zero.as_slice(), s].concat()),
        ("s = 0", [r, zero.as_slice()].concat()),
        ("s = n", [r, order.as_slice()].concat()),
        ("r = n", [order.as_slice(), s].concat()),
        ("r = s = n", [order.as_slice(), order.as_slice()].concat()),
        ("longer", [good.as_slice(), &[0]].concat()),
        ("padded", [&[0], r, &[0], s].concat()),
        ("shorter", good[..63].to_vec()),
        ("swapped", [s, r].concat()),
    ] {
        let outcome = setup.verify(&format!("{input}.{}", b64(signature))).await;
        assert_eq!(outcome, Err(Failure::SignatureInvalid), "{name}");
    }
    setup
        .verify(&format!("{input}.{}", b64(&good)))
        .await
        .unwrap();
}

fn der_signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let mut number: Vec<u8> = number
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect();
        if number[0] >= 0x80 {
            number.insert(0, 0);
        }
        [vec![2, u8::try_from(number.len()).unwrap()], number].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

/// Attack 5: S plus the group order is the same signature to careless code.
#[tokio::test]
async fn ed25519_signatures_are_canonical() {
    let key = TestKey::new(Algorithm::EdDsa, "k");
    let setup = Setup::new(&[&key]).await;
    let input = format!("{}.{}", b64(r#"{"alg":"EdDSA","kid":"k"}"#), b64(payload()));
    let mut signature = key.sign(Algorithm::EdDsa, input.as_bytes());
    setup
        .verify(&format!("{input}.{}", b64(&signature)))
        .await
        .unwrap();
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order.unwrap()) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    let outcome = setup.verify(&format!("{input}.{}", b64(&signature))).await;
    assert_eq!(outcome, Err(Failure::SignatureInvalid));
}

/// Attack 6: keys that the token brings along.
#[tokio::test]
async fn keys_in_the_header_are_ignored() {
    let (ours, theirs) = (
        TestKey::new(Algorithm::Es256, "k"),
        TestKey::new(Algorithm::Es256, "k"),
    );
    let (setup, attacker) = (Setup::new(&[&ours]).await, Idp::start(&[&theirs]).await);
    let url = attacker.issuer() + "/jwks";
    for header in [
        json!({"kid": "k", "jwk": theirs.jwk()}),
        json!({"kid": "k", "jku": url}),
        json!({"kid": "k", "x5u": url}),
        json!({"kid": "k", "x5c": ["MIIB"], "x5t": "x", "x5t#S256": "y"}),
        json!({"kid": "k", "jku": 7, "jwk": [], "x5c": {}}),
    ] {
        let outcome = setup
            .verify(&theirs.token_with(header.clone(), &payload()))
            .await;
        assert_eq!(outcome, Err(Failure::SignatureInvalid), "{header}");
        // They neither help nor harm.
        setup
            .verify(&ours.token_with(header, &payload()))
            .await
            .unwrap();
    }
    assert_unknown(
        setup
            .verify(&theirs.token_with(json!({"kid": url}), &payload()))
            .await,
    );
    assert_eq!(
        attacker.jwks_hits() + attacker.other_hits() + attacker.discovery_hits(),
        0
    );
}

#[tokio::test]
async fn a_token_without_key_id_needs_exactly_one_key_that_fits() {
    let (ec, ed) = (
        TestKey::new(Algorithm::Es256, "ec"),
        TestKey::new(Algorithm::EdDsa, "ed"),
    );
    let setup = Setup::new(&[&ec, &ed]).await;
    setup
        .verify(&ec.token_with(json!({}), &payload()))
        .await
        .unwrap();
    setup
        .verify(&ed.token_with(json!({}), &payload()))
        .await
        .unwrap();

    let second = TestKey::new(Algorithm::Es256, "ec2");
    setup.idp.keys(&[&ec, &second]);
    setup.hands.advance(HOUR);
    setup.keys.prefetch().await;
    assert_unknown(setup.verify(&ec.token_with(json!({}), &payload())).await);
    let hits = setup.idp.jwks_hits();
    for _ in 0..10 {
        assert_unknown(setup.verify(&ed.token_with(json!({}), &payload())).await);
    }
    assert_eq!(
        setup.idp.jwks_hits(),
        hits + 1,
        "none fits: one refetch, then it is remembered"
    );
}

#[tokio::test]
async fn keys_that_share_an_id_are_tried_one_after_the_other() {
    let [one, two] = ["k", "k"].map(|kid| TestKey::new(Algorithm::Es256, kid));
    let (three, four) = (
        TestKey::new(Algorithm::EdDsa, "k"),
        TestKey::new(Algorithm::Es256, "k"),
    );
    let setup = Setup::new(&[&one, &two, &three]).await;
    for key in [&one, &two, &three] {
        setup.verify(&key.token(&payload())).await.unwrap();
    }
    let outcome = setup.verify(&four.token(&payload())).await;
    assert_eq!(outcome, Err(Failure::SignatureInvalid));
}
