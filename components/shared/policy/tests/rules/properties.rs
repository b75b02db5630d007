//! Whatever comes in: no panic, no reflection, and no identity unless every rule holds.

use policy::keys::VerifiedJws;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use crate::challenges::parse;
use crate::support::*;

/// For each claim, values that the rules allow and values that they do not.
fn table() -> [(&'static str, Value, Value); 10] {
    const ABSENT: &str = "(absent)";
    [
        (
            "iss",
            json!([ISSUER]),
            json!(["https://idp.example", ABSENT, [ISSUER]]),
        ),
        (
            "aud",
            json!([RESOURCE, ["x", RESOURCE]]),
            json!(["x", ABSENT, [RESOURCE, 1], "client"]),
        ),
        (
            "exp",
            json!([NOW + 1, NOW - 29]),
            json!([NOW - 30, 1.9e9, "1900000000", ABSENT]),
        ),
        (
            "nbf",
            json!([ABSENT, NOW, NOW + 30]),
            json!([NOW + 31, "0"]),
        ),
        ("iat", json!([ABSENT, 0, NOW - 1]), json!([NOW + 31, []])),
        ("sub", json!(["a"]), json!(["", ABSENT, 1])),
        (
            "scope",
            json!(["image:use", ["x", "image:use"]]),
            json!(["image:read", {}]),
        ),
        ("cnf", json!([ABSENT]), json!([{ "jkt": "x" }])),
        ("nonce", json!([ABSENT]), json!(["n"])),
        ("token_use", json!([ABSENT, "access"]), json!(["id"])),
    ]
}

/// Claims of which each is wrong once in ten times, and whether all are right.
fn claims() -> impl Strategy<Value = (bool, Value)> {
    vec((0u8..10, any::<Index>()), table().len()).prop_map(|choices| {
        let mut changes = Map::new();
        for ((name, good, bad), (tenth, index)) in table().into_iter().zip(&choices) {
            let values = if *tenth == 0 { bad } else { good };
            changes.insert(
                name.to_owned(),
                index.get(values.as_array().unwrap()).clone(),
            );
        }
        (
            choices.iter().all(|(tenth, _)| *tenth != 0),
            claims_but(Value::Object(changes)),
        )
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let object = proptest::collection::btree_map(".{0,8}", inner.clone(), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|map| map.into_iter().collect())
        ]
    })
}

const NAMES: [&str; 18] = [
    "iss",
    "aud",
    "exp",
    "nbf",
    "iat",
    "sub",
    "scope",
    "scp",
    "azp",
    "client_id",
    "cnf",
    "typ",
    "events",
    "nonce",
    "email",
    "groups",
    "alg",
    "crit",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_identity_only_when_every_rule_holds((allowed, claims) in claims()) {
        let result = present(&Deployment::remote(), &json!({ "alg": "RS256" }), &claims);
        prop_assert_eq!(result.is_ok(), allowed, "{}: {:?}", claims, result);
    }

    #[test]
    fn any_claim_may_be_anything(name in select(&NAMES[..]), value in any_json(), in_header in any::<bool>()) {
        let mut header = at_jwt();
        let mut payload = valid_claims();
        let part = if in_header { &mut header } else { &mut payload };
        part[name] = value;
        match present(&Deployment::remote(), &header, &payload) {
            Ok(identity) => {
                prop_assert!(!identity.subject.is_empty() && identity.claims.len() <= 4096);
                prop_assert_eq!(identity.issuer.as_deref(), Some(ISSUER));
                prop_assert!(identity.expires_at.is_some_and(|exp| exp + 30 > NOW));
            }
            Err(denial) => {
                prop_assert!(matches!(denial.status, 401 | 403), "{:?}", denial);
                prop_assert!(!denial.reason.chars().any(char::is_control) && denial.reason.len() < 4096);
            }
        }
    }

    #[test]
    fn any_text_may_stand_for_a_token(header in ".{0,200}", payload in ".{0,200}") {
        prop_assert!(present_text(&Deployment::remote(), &header, &payload).is_err());
    }

    #[test]
    fn any_request_gets_an_answer_that_repeats_nothing(
        value in prop_oneof![any::<String>(), "(?i)bearer [ -~]{0,40}", "[Bb]earer [A-Za-z0-9._-]{20,60}"],
        path in prop_oneof![any::<String>(), "/vault/mcp\\?[a-z_%0-9=&]{0,30}"],
        method in "[A-Z]{0,8}",
    ) {
        let mut head = request(&[("authorization", &value)]);
        (head.path_with_query, head.method) = (path, method);
        let provider = FakeProvider { jws: Ok(VerifiedJws { header: String::new(), payload: value.clone() }), ..FakeProvider::signing("", "") };
        let policy = Deployment::remote().with("BEARER_TOKEN", STATIC_TOKEN).policy();
        let denial = policy.authenticate(&head, &provider).expect_err("nobody has a token");
        prop_assert!(matches!(denial.status, 400 | 401));
        prop_assert!(parse(denial.challenge.as_deref().unwrap_or_default()).is_ok(), "{:?}", denial);
        if value.len() > 25 {
            let token = value.get(7..).unwrap_or(&value);
            prop_assert!(!format!("{denial:?}").contains(token), "{:?}", denial);
        }
        let served = policy.serve(&policy::types::HttpRequest { head, body: value.into_bytes() }, &provider);
        prop_assert!(served.is_none_or(|response| matches!(response.status, 200 | 405)));
    }

    #[test]
    fn any_setting_may_be_anything(
        name in select(&["BASE_URL", "HTTP_PATH", "OIDC_AUDIENCE", "OIDC_REQUIRED_SCOPES", "OIDC_ALGORITHMS", "OIDC_SCOPE_IMPLICATIONS", "BEARER_TOKENS", "BEARER_TOKEN", "OIDC_CLOCK_LEEWAY_S"][..]),
        value in any::<String>(),
    ) {
        let deployment = Deployment::remote().with(name, &value);
        let elsewhere = claims_but(json!({ "aud": "https://other.example" }));
        let result = present(&deployment, &at_jwt(), &elsewhere);
        prop_assert!(result.is_err_and(|denial| matches!(denial.status, 401 | 403 | 503)));
        let challenge = deployment.policy().authenticate(&request(&[]), &FakeProvider::signing("{}", "{}"));
        if let Some(challenge) = challenge.expect_err("nobody has a token").challenge {
            prop_assert!(parse(&challenge).is_ok(), "{}", challenge);
        }
    }
}
