//! The files of the host's `keys` that read what a stranger or a provider wrote, and what must hold
//! for any bytes. The rest of `keys` fetches, waits and caches.

#[path = "../src/keys/algorithm.rs"]
mod algorithm;
#[path = "../src/keys/discovery.rs"]
mod discovery;
#[path = "../src/keys/ed25519.rs"]
mod ed25519;
#[path = "../src/keys/failure.rs"]
mod failure;
#[path = "../src/keys/grant.rs"]
mod grant;
#[path = "../src/keys/json.rs"]
mod json;
#[path = "../src/keys/jwk.rs"]
mod jwk;
#[path = "../src/keys/jwks.rs"]
mod jwks;
#[path = "../src/keys/jws.rs"]
mod jws;

use serde_json::Value;

use self::algorithm::Algorithm;
use self::discovery::Discovered;
use self::grant::{Grant, ProviderGrant};
use self::jwks::{KeySet, Lookup};
use self::jws::UnverifiedJws;

const SIGNED: &[u8] = b"header.payload";

/// A discovery document is believed only when it is of the issuer that was granted, and its keys are
/// fetched only over https from a host that was allowed.
pub fn discovery(data: &[u8]) {
    let granted = ProviderGrant {
        config_url: "https://idp.example/a/.well-known/openid-configuration".to_owned(),
        extra_jwks_hosts: vec!["keys.example".to_owned()],
    };
    let grant = Grant::check(granted).expect("a good grant");
    match Discovered::parse(data, &grant) {
        Ok(discovered) => {
            let document: Value = serde_json::from_slice(data).expect("JSON");
            let issuer = discovered.provider.issuer.as_str();
            assert_eq!(document["issuer"], issuer);
            assert!(["https://idp.example/a", "https://idp.example/a/"].contains(&issuer));
            assert!(strict_json::parse(data).is_ok());
            let keys = discovered.jwks_uri;
            assert_eq!(keys.scheme(), "https");
            assert!(matches!(
                keys.host_str(),
                Some("idp.example" | "keys.example")
            ));
            assert!(keys.username().is_empty() && keys.password().is_none());
        }
        Err(fault) => assert_loggable(&fault),
    }
    // The URL of a configuration is bytes from outside as well.
    if let Ok(text) = std::str::from_utf8(data) {
        let granted = ProviderGrant {
            config_url: text.trim().to_owned(),
            extra_jwks_hosts: Vec::new(),
        };
        if let Ok(grant) = Grant::check(granted) {
            assert!(grant.url.host_str().is_some_and(|host| !host.is_empty()));
            assert!(grant.may_be(grant.expected_issuer()) && !grant.may_be(""));
        }
    }
}

/// A key set holds public keys for signatures and nothing else, whoever wrote it.
pub fn key_set(data: &[u8]) {
    let set = match KeySet::parse(data) {
        Ok(set) => set,
        Err(fault) => return assert_loggable(&fault),
    };
    let document: Value = serde_json::from_slice(data).expect("JSON");
    let entries = document["keys"].as_array().expect("an array");
    assert!(set.len() > 0 && set.len() + set.skipped().len() == entries.len());
    assert!(entries.len() <= 64 && !set.algorithms().is_empty());
    set.skipped().iter().for_each(assert_loggable);
    for algorithm in Algorithm::ALL {
        for kid in entries.iter().map(|entry| entry["kid"].as_str()) {
            let Lookup::Found(keys) = set.find(kid, algorithm) else {
                continue;
            };
            assert!(!keys.is_empty());
            for key in keys {
                let forged =
                    key.verify_sig(SIGNED, &[0; 64]).is_ok() || key.verify_sig(SIGNED, &[]).is_ok();
                assert!(!forged, "a key for which anybody can sign");
            }
        }
    }
}

/// A signed text as it comes; or its header on the first line and its payload behind it.
pub fn signed(data: &[u8]) {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let composed = text.split_once('\n').map(|(header, payload)| {
        let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{payload}.c2lnbmF0dXJl")
    });
    let token = composed.as_deref().unwrap_or(text);
    let jws = match UnverifiedJws::parse(token, &["RS256", "ES256", "Ed25519"]) {
        Ok(jws) => jws,
        Err(failure) => return assert_loggable(&failure),
    };
    assert!(token.as_bytes().starts_with(jws.signing_input));
    assert!(token.len() <= 16 * 1024 && token.matches('.').count() == 2);
    assert!(["RS256", "ES256", "EdDSA"].contains(&jws.algorithm.name()));
    assert!(
        jws.kid
            .as_ref()
            .is_none_or(|kid| kid.chars().count() <= 128)
    );
    let again = URL_SAFE_NO_PAD.encode(&jws.signature);
    assert!(
        token.ends_with(&format!(".{again}")),
        "one spelling of a signature"
    );
    match jws.into_verified() {
        Ok(verified) => {
            for part in [&verified.header, &verified.payload] {
                let read = strict_json::parse(part.as_bytes()).expect("strict JSON");
                assert!(read.is_object());
            }
            let header: Value = serde_json::from_str(&verified.header).expect("JSON");
            assert!(header["alg"].is_string() && header.get("crit").is_none());
        }
        Err(failure) => assert_loggable(&failure),
    }
}

fn assert_loggable(fault: &impl ToString) {
    let text = fault.to_string();
    let is_plain = |c: char| c == '\n' || !c.is_control();
    assert!(text.chars().all(is_plain), "{text:?}");
}
