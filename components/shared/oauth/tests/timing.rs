//! Comparisons with secrets take the same time however close a guess is (row 39 of the attacks).
//!
//! The method is that of dudect (Reparaz, Balasch, Verbauwhede 2017): two classes of guesses by turns
//! in a random order, one right but for its last byte, one wrong from the first; Welch's t-test of
//! their times, without the slowest tenth. A machine that is busy disturbs both alike; a test that
//! finds a difference is repeated, and only one that finds the same difference again and again fails.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

use std::hint::black_box;
use std::time::Instant;

use oauth::client::ClientSecret;
use oauth::random::Random;
use oauth::seal::{KeyRing, Purpose};
use policy::Bearer;
use policy::settings::Settings;
use policy::types::RequestHead;

const SAMPLES: usize = 100_000;
/// Beyond this a difference is not chance.
const THRESHOLD: f64 = 4.5;
const REPEATS: usize = 4;
const SECRET: &str = "6f1c0d7e5a9b4832c1d0e9f8a7b6c5d46f1c0d7e5a9b4832c1d0e9f8a7b6c5d4";

/// t of the times of the two guesses; positive when the close one takes longer. Each guess is a fresh
/// copy: where in memory it lies takes time too.
fn t<T: Clone>(guesses: &[T; 2], check: &dyn Fn(&T)) -> f64 {
    let mut times = [const { Vec::new() }; 2];
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..SAMPLES {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let close = dice & 1 == 0;
        let guess = guesses[usize::from(close)].clone();
        let start = Instant::now();
        check(&guess);
        times[usize::from(close)].push(start.elapsed().as_nanos() as f64);
    }
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let slow = all[all.len() * 9 / 10];
    let [far, close] = times.map(|times| {
        let kept: Vec<f64> = times.into_iter().filter(|time| *time <= slow).collect();
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    (close.0 - far.0) / (close.1 + far.1).sqrt()
}

/// Whether the times differ, every time that one looks, in the same direction.
fn leaks<T: Clone>(guesses: &[T; 2], check: impl Fn(&T)) -> bool {
    let mut direction = 0.0;
    for _ in 0..REPEATS {
        let t = t(guesses, &check);
        if t.abs() < THRESHOLD || t * direction < 0.0 {
            return false;
        }
        direction = t;
    }
    true
}

/// The secret, wrong in its last character or in its first.
fn guesses(secret: &str) -> [String; 2] {
    let (first, last) = (&secret[1..], &secret[..secret.len() - 1]);
    let other = |c: char| if c == 'A' { 'B' } else { 'A' };
    [
        format!("{}{first}", other(secret.chars().next().unwrap())),
        format!("{last}{}", other(secret.chars().last().unwrap())),
    ]
}

struct OneToken;

impl Settings for OneToken {
    fn get(&self, name: &str) -> Option<String> {
        (name == "BEARER_TOKEN").then(|| SECRET.to_owned())
    }
}

struct Counting;

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        (0..).zip(bytes).for_each(|(value, byte)| *byte = value);
    }
}

/// Otherwise the tests below prove nothing.
#[test]
fn a_comparison_that_stops_early_is_found_out() {
    let secret = SECRET.repeat(32);
    let guesses = guesses(&secret);
    assert!(leaks(&guesses, |guess| {
        let equal = secret
            .bytes()
            .zip(guess.bytes())
            .all(|(a, b)| black_box(a == b));
        assert!(!black_box(equal));
    }));
}

#[test]
fn static_bearer_tokens() {
    let policy = Bearer::new(&OneToken);
    let guesses = guesses(SECRET).map(|guess| RequestHead {
        headers: vec![("authorization".to_owned(), format!("Bearer {guess}"))],
        ..RequestHead::default()
    });
    assert!(!leaks(&guesses, |guess| {
        let verdict = policy.authenticate(guess);
        assert!(black_box(verdict).is_err());
    }));
}

#[test]
fn secrets_of_clients() {
    let secret = ClientSecret::new(SECRET);
    let guesses = guesses(SECRET);
    assert!(!leaks(&guesses, |guess| {
        assert!(!black_box(secret.is(guess)));
    }));
}

#[test]
fn signatures_of_access_tokens() {
    let ring = KeyRing::parse(SECRET).unwrap();
    let signer = ring.signer(Purpose::AccessToken);
    let key_id = signer.key_id();
    let right = signer.sign(b"message");
    let guesses = [0, right.len() - 1].map(|wrong| {
        let mut guess = right;
        guess[wrong] ^= 1;
        guess
    });
    assert!(!leaks(&guesses, |guess| {
        let verdict = signer.verify(&key_id, b"message", guess);
        assert!(black_box(verdict).is_err());
    }));
}

/// Transactions, which are what a form has to bring along, codes and refresh tokens alike.
#[test]
fn tags_of_sealed_artefacts() {
    let ring = KeyRing::parse(SECRET).unwrap();
    let seal = ring.seal(Purpose::Transaction, &["client"]);
    let right = seal.seal(b"value of a transaction", &Counting);
    // The tag is the end: 16 bytes, of which the last character holds a part of the last.
    let guesses = [right.len() - 21, right.len() - 2].map(|wrong| {
        let other = if right.as_bytes()[wrong] == b'A' {
            "B"
        } else {
            "A"
        };
        let mut guess = right.clone();
        guess.replace_range(wrong..=wrong, other);
        guess
    });
    assert!(!leaks(&guesses, |guess| {
        assert!(black_box(seal.open(guess)).is_err());
    }));
}
