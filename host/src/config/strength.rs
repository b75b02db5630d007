//! How hard a secret is to guess.

use std::collections::BTreeSet;

use super::fault::Problem;

/// Least strength of a static bearer token, in bits.
const LEAST_BITS: u32 = 128;
/// A random secret of 128 bits has more different characters than this, but for one in 10^9.
const LEAST_DIFFERENT: usize = 6;

/// Refuses a secret that a patient attacker could guess. The problem does not quote it.
pub(super) fn sufficient(secret: &str) -> Result<(), Problem> {
    let remedy = "make one with `openssl rand -hex 32`";
    let bits = bits(secret);
    if bits < f64::from(LEAST_BITS) {
        let text = format!("too easy to guess: about {bits:.0} bits, needs {LEAST_BITS}");
        return Err(Problem::new(text).hint(remedy));
    }
    let different: BTreeSet<char> = secret.chars().collect();
    if different.len() < LEAST_DIFFERENT {
        let text = format!(
            "too easy to guess: only {} different characters",
            different.len()
        );
        return Err(Problem::new(text).hint(remedy));
    }
    Ok(())
}

/// Length times the logarithm of the alphabet that the secret seems to be drawn from: an upper
/// bound, exact for a random secret.
fn bits(secret: &str) -> f64 {
    let any = |class: fn(&u8) -> bool| secret.as_bytes().iter().any(class);
    let all = |class: fn(&u8) -> bool| secret.as_bytes().iter().all(class);
    let alphabet = if all(u8::is_ascii_digit) {
        10
    } else if all(u8::is_ascii_hexdigit) {
        16
    } else {
        let size = |class, size| if any(class) { size } else { 0 };
        size(u8::is_ascii_digit, 10)
            + size(u8::is_ascii_lowercase, 26)
            + size(u8::is_ascii_uppercase, 26)
            + size(u8::is_ascii_punctuation, 6)
    };
    secret.len() as f64 * f64::from(alphabet).log2()
}
