//! Sealed artefacts and signatures: only the right key, purpose and context open anything.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use oauth::random::Random;
use oauth::seal::{KeyRing, KeyRingError, Purpose, SignatureInvalid, Unsealable};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Dice, KEY, OTHER_KEY, THIRD_KEY, Urandom, keys};

const CONTEXT: [&str; 2] = ["https://h.example/vault", "client"];

fn sealed(ring: &KeyRing, value: &[u8]) -> String {
    ring.seal(Purpose::Code, &CONTEXT)
        .seal(value, &Dice::new(value.len() as u64))
}

#[test]
fn what_was_sealed_opens() {
    let ring = keys(KEY);
    let artefact = sealed(&ring, b"value");
    let seal = ring.seal(Purpose::Code, &CONTEXT);
    assert_eq!(seal.open(&artefact).as_deref(), Ok(&b"value"[..]));
    // 45 bytes around the value.
    assert_eq!(artefact.len(), (50_usize * 4).div_ceil(3));
}

#[test]
fn json_comes_back_as_the_same_type_or_not_at_all() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Code {
        client: String,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Other {
        user: String,
    }
    let ring = keys(KEY);
    let seal = ring.seal(Purpose::Code, &CONTEXT);
    let code = Code {
        client: "c".to_owned(),
    };
    let artefact = seal.seal_json(&code, &Dice::new(1));
    assert_eq!(seal.open_json::<Code>(&artefact), Ok(code));
    assert_eq!(seal.open_json::<Other>(&artefact), Err(Unsealable));
}

#[test]
fn no_other_purpose_opens_it() {
    let ring = keys(KEY);
    for made_for in Purpose::ALL {
        let artefact = ring.seal(made_for, &CONTEXT).seal(b"value", &Dice::new(1));
        for used_for in Purpose::ALL {
            let opened = ring.seal(used_for, &CONTEXT).open(&artefact);
            assert_eq!(
                opened.is_ok(),
                made_for == used_for,
                "{made_for:?} as {used_for:?}"
            );
        }
    }
}

#[test]
fn no_other_context_opens_it() {
    let ring = keys(KEY);
    let artefact = sealed(&ring, b"value");
    let others: [&[&str]; 7] = [
        &[],
        &["https://h.example/vault"],
        &["client", "https://h.example/vault"],
        &["https://h.example/vault", "other"],
        &["https://h.example/vault", "client", ""],
        &["https://h.example/vaultclient", ""],
        &["https://h.example/vaultc", "lient"],
    ];
    for context in others {
        let seal = ring.seal(Purpose::Code, context);
        assert_eq!(seal.open(&artefact), Err(Unsealable), "{context:?}");
    }
}

#[test]
fn a_new_first_key_seals_and_the_old_one_still_opens() {
    let before = keys(KEY);
    let rotated = keys(&format!("{OTHER_KEY}, {KEY}"));
    let after = keys(OTHER_KEY);
    let (old, new) = (sealed(&before, b"old"), sealed(&rotated, b"new"));
    let open = |ring: &KeyRing, artefact: &str| ring.seal(Purpose::Code, &CONTEXT).open(artefact);
    assert_eq!(open(&rotated, &old).as_deref(), Ok(&b"old"[..]));
    assert_eq!(open(&rotated, &new).as_deref(), Ok(&b"new"[..]));
    assert_eq!(open(&after, &new).as_deref(), Ok(&b"new"[..]));
    assert_eq!(open(&after, &old), Err(Unsealable));
    assert_eq!(open(&before, &new), Err(Unsealable));
    assert_eq!(open(&keys(THIRD_KEY), &new), Err(Unsealable));
}

#[test]
fn only_the_one_spelling_of_an_artefact_is_read() {
    let ring = keys(KEY);
    let seal = ring.seal(Purpose::Code, &CONTEXT);
    let artefact = sealed(&ring, b"v");
    let bytes = URL_SAFE_NO_PAD.decode(&artefact).unwrap();
    let last = artefact.chars().next_back().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet
        .chars()
        .nth(alphabet.find(last).unwrap() + 1)
        .unwrap();
    for other in [
        URL_SAFE.encode([&bytes[..], b"x"].concat()),
        format!("{artefact}="),
        format!("{artefact}=="),
        format!(" {artefact}"),
        format!("{artefact}\n"),
        format!("{}{next}", &artefact[..artefact.len() - 1]),
        artefact.replace(['-', '_'], "+") + "+",
        String::new(),
        "A".to_owned(),
        "AQ".to_owned(),
        "A".repeat(100_000),
    ] {
        assert_eq!(seal.open(&other), Err(Unsealable));
    }
}

#[test]
fn another_version_does_not_open() {
    let ring = keys(KEY);
    let mut bytes = URL_SAFE_NO_PAD.decode(sealed(&ring, b"v")).unwrap();
    bytes[0] = 2;
    let seal = ring.seal(Purpose::Code, &CONTEXT);
    assert_eq!(seal.open(&URL_SAFE_NO_PAD.encode(bytes)), Err(Unsealable));
}

#[test]
fn no_nonce_is_used_twice() {
    // A million without optimisation takes a minute.
    let seals = if cfg!(debug_assertions) {
        20_000
    } else {
        1_000_000
    };
    let (ring, random) = (keys(KEY), Urandom::open());
    let seal = ring.seal(Purpose::Code, &CONTEXT);
    let mut nonces = HashSet::with_capacity(seals);
    let mut ones = [0_usize; 192];
    for _ in 0..seals {
        let bytes = URL_SAFE_NO_PAD.decode(seal.seal(b"", &random)).unwrap();
        let nonce: [u8; 24] = bytes[5..29].try_into().unwrap();
        for (bit, count) in ones.iter_mut().enumerate() {
            *count += usize::from(nonce[bit / 8] >> (bit % 8) & 1);
        }
        assert!(nonces.insert(nonce), "a nonce came twice");
    }
    // Each bit is a fair coin: six standard deviations around a half.
    let (mean, deviation) = (seals as f64 / 2.0, (seals as f64).sqrt() / 2.0);
    for (bit, &count) in ones.iter().enumerate() {
        assert!(
            (count as f64 - mean).abs() < 6.0 * deviation,
            "bit {bit}: {count}"
        );
    }
}

#[test]
fn keys_are_strong_different_and_not_too_many() {
    let many: Vec<String> = (0..17).map(|n| format!("{KEY}{n:02x}")).collect();
    let table = [
        ("", KeyRingError::Empty(1)),
        (" , ", KeyRingError::Empty(1)),
        (&format!("{KEY},"), KeyRingError::Empty(2)),
        (
            &format!("{KEY}, {OTHER_KEY},{KEY}"),
            KeyRingError::Repeated(3),
        ),
        (&many.join(","), KeyRingError::TooMany(17)),
    ];
    for (text, expected) in table {
        assert_eq!(KeyRing::parse(text).unwrap_err(), expected);
    }
    for weak in [
        "hunter2",
        "0123456789abcdef",
        "with space with space with space with space",
    ] {
        let error = KeyRing::parse(&format!("{KEY},{weak}")).unwrap_err();
        assert!(
            matches!(error, KeyRingError::Unfit { position: 2, .. }),
            "{error}"
        );
        assert!(!error.to_string().contains(weak));
    }
}

#[test]
fn a_key_ring_does_not_print_its_keys() {
    let ring = keys(&format!("{KEY},{OTHER_KEY}"));
    assert_eq!(format!("{ring:?}"), "KeyRing([2 keys])");
    let printed = format!(
        "{:?} {:?}",
        ring.seal(Purpose::Code, &[]),
        ring.signer(Purpose::AccessToken)
    );
    assert!(!printed.contains("0123456789abcdef"));
}

#[test]
fn a_signature_is_good_for_one_purpose_and_one_message() {
    let ring = keys(KEY);
    let signer = ring.signer(Purpose::AccessToken);
    let (id, signature) = (signer.key_id(), signer.sign(b"message"));
    assert_eq!(signer.verify(&id, b"message", &signature), Ok(()));
    assert_eq!(
        signer.verify(&id, b"Message", &signature),
        Err(SignatureInvalid)
    );
    assert_eq!(
        signer.verify(&id, b"message", &signature[..31]),
        Err(SignatureInvalid)
    );
    assert_eq!(signer.verify(&id, b"message", b""), Err(SignatureInvalid));
    assert_eq!(
        signer.verify("AAAAAA", b"message", &signature),
        Err(SignatureInvalid)
    );
    assert_eq!(
        signer.verify("../../dev/null", b"message", &signature),
        Err(SignatureInvalid)
    );
    assert_eq!(
        signer.verify("", b"message", &signature),
        Err(SignatureInvalid)
    );
    for other in Purpose::ALL
        .into_iter()
        .filter(|&purpose| purpose != Purpose::AccessToken)
    {
        let verified = ring.signer(other).verify(&id, b"message", &signature);
        assert_eq!(verified, Err(SignatureInvalid));
    }
}

#[test]
fn signatures_survive_a_rotation_and_end_with_their_key() {
    let old = keys(KEY).signer(Purpose::AccessToken).sign(b"m");
    let id = keys(KEY).signer(Purpose::AccessToken).key_id();
    let rotated = keys(&format!("{OTHER_KEY},{KEY}"));
    assert_eq!(
        rotated.signer(Purpose::AccessToken).verify(&id, b"m", &old),
        Ok(())
    );
    assert_ne!(rotated.signer(Purpose::AccessToken).key_id(), id);
    let after = keys(OTHER_KEY);
    let verified = after.signer(Purpose::AccessToken).verify(&id, b"m", &old);
    assert_eq!(verified, Err(SignatureInvalid));
}

/// If this fails, everything that was ever issued has become invalid.
#[test]
fn keys_are_derived_as_they_always_were() {
    let ring = keys(KEY);
    let signer = ring.signer(Purpose::AccessToken);
    assert_eq!(signer.key_id(), "TEPJwQ");
    assert_eq!(
        URL_SAFE_NO_PAD.encode(signer.sign(b"message")),
        "I2Rg1N53r1fmJOe9cWALbsXoUaBGuoH9xvBy0pE8nWo"
    );
    struct Zeroes;
    impl Random for Zeroes {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }
    let artefact = ring.seal(Purpose::Client, &CONTEXT).seal(b"value", &Zeroes);
    assert_eq!(
        artefact,
        "AUxDycEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADcQalRq7nsOx4aPfQ9MWDynyNjpx0"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_can_be_sealed(value: Vec<u8>, context: Vec<String>, seed: u64) {
        let ring = keys(KEY);
        let context: Vec<&str> = context.iter().map(String::as_str).collect();
        let seal = ring.seal(Purpose::RefreshToken, &context);
        prop_assert_eq!(seal.open(&seal.seal(&value, &Dice::new(seed))), Ok(value));
    }

    #[test]
    fn a_flipped_bit_opens_nothing(value: Vec<u8>, position: prop::sample::Index) {
        let ring = keys(KEY);
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed(&ring, &value)).unwrap();
        let bit = position.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened = ring.seal(Purpose::Code, &CONTEXT).open(&URL_SAFE_NO_PAD.encode(bytes));
        prop_assert_eq!(opened, Err(Unsealable));
    }

    #[test]
    fn a_cut_artefact_opens_nothing(value: Vec<u8>, length: prop::sample::Index, from_start: bool) {
        let ring = keys(KEY);
        let artefact = sealed(&ring, &value);
        let cut = length.index(artefact.len());
        let part = if from_start { &artefact[..cut] } else { &artefact[artefact.len() - cut..] };
        prop_assert_eq!(ring.seal(Purpose::Code, &CONTEXT).open(part), Err(Unsealable));
    }

    #[test]
    fn two_halves_make_no_whole(one: Vec<u8>, other: Vec<u8>, at: prop::sample::Index) {
        prop_assume!(one != other);
        let ring = keys(KEY);
        let seal = ring.seal(Purpose::Code, &CONTEXT);
        let dice = Dice::new(7);
        let decode = |text: String| URL_SAFE_NO_PAD.decode(text).unwrap();
        let (a, b) = (decode(seal.seal(&one, &dice)), decode(seal.seal(&other, &dice)));
        let at = at.index(a.len().min(b.len()));
        let spliced = [&a[..at], &b[at..]].concat();
        let opened = seal.open(&URL_SAFE_NO_PAD.encode(&spliced));
        prop_assert_eq!(opened.is_ok(), spliced == a || spliced == b);
    }

    #[test]
    fn nothing_else_opens(text in "[A-Za-z0-9_-]{0,400}") {
        prop_assert_eq!(keys(KEY).seal(Purpose::Code, &CONTEXT).open(&text), Err(Unsealable));
    }
}
