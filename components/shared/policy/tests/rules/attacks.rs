//! Attacks on a signed token that can be judged above the signature. The numbers are those of the
//! table of tokens in the end-to-end suite, where the same attacks carry real signatures.

mod kind;
mod lifetime;
mod parties;
mod shape;
mod signature;

use serde_json::{Value, json};

use crate::support::*;

/// Claims that differ in one point from valid ones, and how the refusal begins.
fn refused_claims(rows: &[(&str, Value, &str)]) {
    for (what, changes, reason) in rows {
        for header in [
            at_jwt(),
            json!({ "alg": "RS256", "typ": "JWT" }),
            json!({ "alg": "ES256" }),
        ] {
            let result = present(&Deployment::remote(), &header, &claims_but(changes.clone()));
            assert_refused(what, result, 401, reason);
        }
    }
}

fn accepted_claims(rows: &[(&str, Value)]) {
    for (what, changes) in rows {
        let result = present(
            &Deployment::remote(),
            &at_jwt(),
            &claims_but(changes.clone()),
        );
        assert_eq!(
            result.map(|identity| identity.subject),
            Ok("alice".to_owned()),
            "{what}"
        );
    }
}
