//! What must hold for any bytes from outside: no panic, and no success that another reading of the
//! same bytes does not explain. The fuzz targets run these; the test here replays their seeds.

use policy::dpop::{Request, UnverifiedProof};
use policy::types::{Denial, Identity};
use serde_json::Value;

use crate::support::*;

/// A header on the first line, a payload behind it, as if the provider had signed them.
pub fn token(data: &[u8]) {
    let Some((header, payload)) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| text.split_once('\n'))
    else {
        return;
    };
    for deployment in deployments() {
        if let Some(claims) = judged(present_text(&deployment, header, payload), payload) {
            assert!(serde_json::from_str::<Value>(header).unwrap()["alg"].is_string());
            assert_eq!(claims["iss"], ISSUER);
            assert!(claims.get("cnf").is_none());
        }
    }
}

/// The answer of a provider that was asked about an opaque token.
pub fn introspection(data: &[u8]) {
    let Ok(answer) = std::str::from_utf8(data) else {
        return;
    };
    for deployment in deployments() {
        let deployment = deployment.with("OIDC_INTROSPECTION", "true");
        let provider = FakeProvider::saying(answer);
        let result = deployment
            .policy()
            .authenticate(&bearing("opaque"), &provider);
        if let Some(claims) = judged(result, answer) {
            assert_eq!(claims["active"], true);
            assert!(claims.get("cnf").is_none());
            assert!(claims.get("iss").is_none_or(|iss| iss == ISSUER));
        }
    }
}

/// A proof as it comes, or its header on the first line and its claims behind it, as if signed.
pub fn proof(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parts = text.split_once('\n');
    let proof = parts.map_or_else(
        || text.to_owned(),
        |(header, claims)| signed_text(header, claims),
    );
    let request = Request {
        method: "POST",
        url: RESOURCE,
        access_token: None,
        now: NOW,
        leeway: 30,
    };
    let verified = UnverifiedProof::new(&proof)
        .and_then(|proof| proof.verify(&request, &FakeProvider::signing("{}", "{}")));
    match (verified, parts) {
        (Ok(_), Some((header, claims))) => {
            let header: Value = serde_json::from_str(header).unwrap();
            let claims: Value = serde_json::from_str(claims).unwrap();
            assert_eq!(header["typ"], "dpop+jwt");
            assert!(header["jwk"].get("d").is_none() && header["jwk"].get("k").is_none());
            assert_eq!(claims["htm"], "POST");
            assert!(claims["iat"].as_u64().unwrap().abs_diff(NOW) <= 330);
        }
        (Ok(_), None) => {}
        (Err(error), _) => assert!(!error.to_string().chars().any(char::is_control)),
    }
}

/// As anybody would set it up, and with a list of users.
fn deployments() -> [Deployment; 2] {
    let listed = Deployment::remote().with("OIDC_ALLOWED_EMAILS", "alice@example.com");
    [Deployment::remote(), listed]
}

/// The claims of an accepted token, after what holds for all of them.
fn judged(result: Result<Identity, Denial>, claims: &str) -> Option<Value> {
    let identity = match result {
        Ok(identity) => identity,
        Err(denial) => {
            assert!(matches!(denial.status, 401 | 403 | 503), "{denial:?}");
            assert!(!denial.reason.chars().any(char::is_control), "{denial:?}");
            return None;
        }
    };
    let claims: Value = serde_json::from_str(claims).unwrap();
    assert_eq!(claims["sub"], identity.subject.as_str());
    assert!(claims["exp"].as_u64().unwrap() + 30 > NOW);
    assert!(identity.claims.len() <= 4096 && identity.reusable_seconds <= 60);
    Some(claims)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_seeds_of_the_fuzz_targets_hold() {
        type Target = (&'static str, fn(&[u8]));
        let targets: [Target; 3] = [
            ("token", token),
            ("introspection", introspection),
            ("proof", proof),
        ];
        for (target, run) in targets {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("fuzz/seeds")
                .join(target);
            let seeds: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
            assert!(seeds.len() >= 5, "{target} has lost its seeds");
            for seed in seeds {
                run(&std::fs::read(seed.unwrap().path()).unwrap());
            }
        }
    }

    /// A seed that is meant to pass must, or the target never sees what is behind the refusals.
    #[test]
    fn the_good_seeds_are_accepted() {
        let read = |name: &str| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
            std::fs::read_to_string(folder.join(name)).unwrap()
        };
        let seed = read("token/good");
        let (header, payload) = seed.split_once('\n').unwrap();
        for deployment in deployments() {
            assert!(present_text(&deployment, header, payload).is_ok());
            let deployment = deployment.with("OIDC_INTROSPECTION", "true");
            let provider = FakeProvider::saying(&read("introspection/good"));
            let result = deployment
                .policy()
                .authenticate(&bearing("opaque"), &provider);
            assert!(result.is_ok(), "{result:?}");
        }
        let seed = read("proof/good");
        let (header, claims) = seed.split_once('\n').unwrap();
        let provider = FakeProvider::signing("{}", "{}");
        let request = Request {
            method: "POST",
            url: RESOURCE,
            access_token: None,
            now: NOW,
            leeway: 30,
        };
        let proof = signed_text(header, claims);
        assert!(
            UnverifiedProof::new(&proof)
                .unwrap()
                .verify(&request, &provider)
                .is_ok()
        );
    }
}
