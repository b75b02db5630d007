//! `exp`, `nbf` and `iat` (rows 9 and 10).

use serde_json::json;

use super::{accepted_claims, refused_claims};
use crate::support::*;

#[test]
fn row_09_exp_must_be_an_integer_that_is_a_date() {
    refused_claims(&[
        (
            "absent",
            json!({ "exp": "(absent)" }),
            "claim_invalid name=exp",
        ),
        ("null", json!({ "exp": null }), "claim_invalid name=exp"),
        (
            "string",
            json!({ "exp": (NOW + 300).to_string() }),
            "claim_invalid name=exp",
        ),
        (
            "float",
            json!({ "exp": 1_800_000_300.5 }),
            "claim_invalid name=exp",
        ),
        (
            "whole float",
            json!({ "exp": 1_800_000_300.0 }),
            "claim_invalid name=exp",
        ),
        ("negative", json!({ "exp": -1 }), "claim_invalid name=exp"),
        (
            "2^63",
            json!({ "exp": 1u64 << 63 }),
            "claim_invalid name=exp",
        ),
        (
            "2^64-1",
            json!({ "exp": u64::MAX }),
            "claim_invalid name=exp",
        ),
        (
            "array",
            json!({ "exp": [NOW + 300] }),
            "claim_invalid name=exp",
        ),
        ("true", json!({ "exp": true }), "claim_invalid name=exp"),
    ]);
    let overflowing = valid_claims()
        .to_string()
        .replace(&(NOW + 300).to_string(), "1e400");
    assert_refused(
        "1e400",
        present_text(&Deployment::remote(), &at_jwt().to_string(), &overflowing),
        401,
        "token_malformed",
    );
}

#[test]
fn row_10_dates_by_their_boundaries() {
    refused_claims(&[
        (
            "exp at the end of the leeway",
            json!({ "exp": NOW - 30 }),
            "token_expired",
        ),
        ("exp long ago", json!({ "exp": 0 }), "token_expired"),
        (
            "nbf beyond the leeway",
            json!({ "nbf": NOW + 31 }),
            "token_not_yet_valid nbf",
        ),
        (
            "nbf with a fraction beyond it",
            json!({ "nbf": 1_800_000_030.5 }),
            "token_not_yet_valid nbf",
        ),
        (
            "iat beyond the leeway",
            json!({ "iat": NOW + 31 }),
            "token_not_yet_valid iat",
        ),
        (
            "iat far away",
            json!({ "iat": 253_402_300_799u64 }),
            "token_not_yet_valid iat",
        ),
        (
            "iat never",
            json!({ "iat": 1e300 }),
            "claim_invalid name=iat",
        ),
        (
            "iat string",
            json!({ "iat": "now" }),
            "claim_invalid name=iat",
        ),
        ("nbf null", json!({ "nbf": null }), "claim_invalid name=nbf"),
        (
            "nbf negative",
            json!({ "nbf": -5 }),
            "claim_invalid name=nbf",
        ),
    ]);
    accepted_claims(&[
        ("exp within the leeway", json!({ "exp": NOW - 29 })),
        ("nbf within the leeway", json!({ "nbf": NOW + 30 })),
        ("iat within the leeway", json!({ "iat": NOW + 30 })),
        ("iat with a fraction", json!({ "iat": 1_799_999_990.25 })),
        ("no iat, no nbf", json!({ "iat": "(absent)" })),
        ("the last date", json!({ "exp": 253_402_300_799u64 })),
    ]);
}

#[test]
fn row_10_the_leeway_and_the_greatest_age_are_configured() {
    let strict = Deployment::remote().with("OIDC_CLOCK_LEEWAY_S", "0");
    let at_now = claims_but(json!({ "exp": NOW }));
    assert_refused(
        "no leeway",
        present(&strict, &at_jwt(), &at_now),
        401,
        "token_expired",
    );
    assert!(present(&strict, &at_jwt(), &claims_but(json!({ "exp": NOW + 1 }))).is_ok());

    let young = Deployment::remote().with("OIDC_MAX_TOKEN_AGE_S", "60");
    for (iat, reason) in [
        (json!(NOW - 90), "token_too_old"),
        (json!("(absent)"), "claim_invalid name=iat"),
    ] {
        assert_refused(
            "age",
            present(&young, &at_jwt(), &claims_but(json!({ "iat": iat }))),
            401,
            reason,
        );
    }
    let accepted = present(&young, &at_jwt(), &claims_but(json!({ "iat": NOW - 50 }))).unwrap();
    assert_eq!(
        accepted.expires_at,
        Some(NOW + 10),
        "nobody may keep the answer beyond the greatest age"
    );
}
