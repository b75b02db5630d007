//! Signatures by keys that the caller brings.

use serde_json::json;

use super::*;

#[test]
fn the_rules_are_those_of_providers() {
    let keys = Keys::none();
    let key = TestKey::new(Algorithm::Es256, "a");
    let set = |keys: serde_json::Value| json!({"keys": keys}).to_string();
    let good = set(json!([key.bare_jwk()]));
    let token = key.token(&payload());
    let verified = keys.verify_with(&good, &token, &all()).unwrap();
    assert_eq!(verified.payload, payload());
    // A proof of possession names no key id.
    let nameless = key.token_with(json!({"typ": "dpop+jwt"}), &payload());
    assert!(keys.verify_with(&good, &nameless, &all()).is_ok());

    let failure = |set: &str, token: &str| keys.verify_with(set, token, &all()).unwrap_err();
    assert_eq!(
        failure(&good, &key.stranger().token(&payload())),
        Failure::SignatureInvalid
    );
    let mut private = key.bare_jwk();
    private["d"] = json!("AAAA");
    let symmetric = json!({"kty": "oct", "k": "AAAA"});
    let large = format!("{{\"x\":\"{}\",{}", "x".repeat(64 * 1024), &good[1..]);
    let twice = format!("{{\"keys\":[],{}", &good[1..]);
    for bad in [
        set(json!([private])),
        set(json!([symmetric])),
        set(json!([])),
        set(json!([TestKey::new(Algorithm::EdDsa, "b").bare_jwk()])),
        key.bare_jwk().to_string(),
        String::new(),
        large,
        twice,
    ] {
        let failure = failure(&bad, &token);
        assert!(
            matches!(failure, Failure::KeyUnknown(_)),
            "{bad:.80} {failure}"
        );
    }
    let refused = keys.verify_with(&good, &token, &["RS256", "nonsense"]);
    assert!(matches!(refused, Err(Failure::AlgorithmRefused(_))));
    assert!(matches!(failure(&good, "a.b"), Failure::Malformed(_)));
}
