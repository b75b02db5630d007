//! `WWW-Authenticate` as clients read it, parsed back by the grammar of RFC 9110.

use policy::challenge::Challenge;
use policy::types::{Denial, Operation};
use serde_json::json;

use crate::support::*;

const METADATA: &str = "https://h.example/.well-known/oauth-protected-resource/vault/mcp";

/// The parameters of the challenge `Bearer`; one of the scheme `DPoP` may follow.
pub fn parse(challenge: &str) -> Result<Vec<(String, String)>, String> {
    let (bearer, dpop) = split(challenge);
    if let Some(dpop) = dpop {
        parse_one("DPoP ", dpop)?;
    }
    parse_one("Bearer ", bearer)
}

/// The parameters of the challenge `DPoP`.
pub fn parse_dpop(challenge: &str) -> Result<Vec<(String, String)>, String> {
    let (_, dpop) = split(challenge);
    parse_one("DPoP ", dpop.ok_or("no challenge of the scheme DPoP")?)
}

/// No value of ours has the separator in it.
fn split(challenge: &str) -> (&str, Option<&str>) {
    match challenge.find(", DPoP ") {
        Some(at) => (&challenge[..at], Some(&challenge[at + 2..])),
        None => (challenge, None),
    }
}

/// `auth-scheme 1*SP auth-param *( ", " auth-param )` with the characters of RFC 6750, section 3.
fn parse_one(scheme: &str, challenge: &str) -> Result<Vec<(String, String)>, String> {
    let mut rest = challenge.strip_prefix(scheme).ok_or("another scheme")?;
    let mut parameters: Vec<(String, String)> = Vec::new();
    loop {
        let (name, after_name) = rest.split_once("=\"").ok_or("no quoted value")?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return Err(format!("not a parameter name: {name:?}"));
        }
        if parameters.iter().any(|(known, _)| known == name) {
            return Err(format!("a parameter occurs twice: {name}"));
        }
        let mut value = String::new();
        let mut characters = after_name.char_indices();
        let end = loop {
            match characters.next().ok_or("the quotes are not closed")? {
                (end, '"') => break end,
                (_, '\\') => value.push(characters.next().ok_or("nothing after a backslash")?.1),
                (_, character @ (' ' | '!' | '#'..='[' | ']'..='~')) => value.push(character),
                (_, other) => return Err(format!("not in a quoted string: {other:?}")),
            }
        };
        parameters.push((name.to_owned(), value));
        rest = &after_name[end + 1..];
        match rest.strip_prefix(", ") {
            Some(more) => rest = more,
            None if rest.is_empty() => return Ok(parameters),
            None => return Err(format!("rubbish behind a parameter: {rest:?}")),
        }
    }
}

fn parameters(denial: &Denial) -> Vec<(String, String)> {
    parse(denial.challenge.as_deref().unwrap()).unwrap()
}

fn value(denial: &Denial, name: &str) -> Option<String> {
    parameters(denial)
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

#[test]
fn without_a_credential_there_is_no_error_in_the_challenge() {
    for head in [request(&[]), request(&[("authorization", "Basic dTpw")])] {
        let denial = Deployment::remote()
            .policy()
            .authenticate(&head, &FakeProvider::signing("{}", "{}"))
            .unwrap_err();
        assert_eq!(
            (denial.status, denial.code.as_str()),
            (401, "invalid_token")
        );
        assert_eq!(
            denial.challenge.as_deref(),
            Some(
                format!(
                    r#"Bearer scope="image:use image:read", resource_metadata="{METADATA}", DPoP algs="RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA""#
                )
                .as_str()
            ),
        );
    }
}

#[test]
fn a_refused_token_is_named_as_such() {
    let denial = present(
        &Deployment::remote(),
        &at_jwt(),
        &claims_but(json!({ "exp": 1 })),
    )
    .unwrap_err();
    let expected = [
        ("error", "invalid_token"),
        (
            "error_description",
            "the access token is expired, revoked, or not meant for this server",
        ),
        ("scope", "image:use image:read"),
        ("resource_metadata", METADATA),
    ];
    let parsed = parameters(&denial);
    let parsed: Vec<(&str, &str)> = parsed
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(parsed, expected);
    assert_eq!(denial.description, expected[1].1);
}

#[test]
fn every_refusal_of_a_token_looks_the_same_from_outside() {
    let seen = |changes| {
        let mut denial =
            present(&Deployment::remote(), &at_jwt(), &claims_but(changes)).unwrap_err();
        denial.reason.clear();
        denial
    };
    let expired = seen(json!({ "exp": 1 }));
    for changes in [
        json!({ "aud": "x" }),
        json!({ "iss": "x" }),
        json!({ "sub": "" }),
        json!({ "cnf": {} }),
    ] {
        assert_eq!(seen(changes), expired);
    }
}

#[test]
fn a_lacking_scope_is_challenged_with_all_scopes_of_the_operation() {
    let who = present(&Deployment::remote(), &at_jwt(), &valid_claims()).unwrap();
    let generate = Operation {
        method: "tools/call".to_owned(),
        target: Some("generate_image".to_owned()),
        writes: true,
    };
    let denial = Deployment::remote()
        .policy()
        .authorize(&who, &generate)
        .unwrap_err();
    assert_eq!(
        (denial.status, denial.code.as_str()),
        (403, "insufficient_scope")
    );
    assert_eq!(
        value(&denial, "error").as_deref(),
        Some("insufficient_scope")
    );
    assert_eq!(
        value(&denial, "scope").as_deref(),
        Some("image:use image:write")
    );
    assert_eq!(
        value(&denial, "resource_metadata").as_deref(),
        Some(METADATA)
    );
    assert!(value(&denial, "error_description").is_some());
    assert_eq!(denial.reason, "insufficient_scope missing=\"image:write\"");
}

#[test]
fn nothing_that_a_caller_sent_comes_back() {
    let evil = "\"><script>, Basic realm=\"x\"\r\nset-cookie: a=b";
    for head in [
        request(&[("authorization", evil)]),
        request(&[("authorization", &format!("Bearer {evil}"))]),
    ] {
        let denial = Deployment::remote()
            .policy()
            .authenticate(&head, &FakeProvider::signing("{}", "{}"))
            .unwrap_err();
        assert_eq!(
            value(&denial, "resource_metadata").as_deref(),
            Some(METADATA)
        );
        assert!(!format!("{denial:?}").contains("<script>"), "{denial:?}");
    }
}

#[test]
fn a_value_cannot_end_its_own_quotes() {
    for evil in [
        "\"",
        "\\",
        "a\", error=\"x",
        "\\\"",
        "\r\nx: y",
        "\u{e9}\u{0}",
        "",
    ] {
        let challenge = Challenge::bearer()
            .with("error", evil)
            .with("scope", "a")
            .into_value();
        let printable: String = evil.chars().filter(|c| matches!(c, ' '..='~')).collect();
        let expected = vec![
            ("error".to_owned(), printable),
            ("scope".to_owned(), "a".to_owned()),
        ];
        assert_eq!(parse(&challenge), Ok(expected), "{challenge}");
    }
}

#[test]
fn without_a_provider_the_challenge_names_the_realm_alone() {
    let policy = policy::Bearer::new(&Deployment::default().with("BEARER_TOKEN", STATIC_TOKEN));
    let denial = policy.authenticate(&request(&[])).unwrap_err();
    assert_eq!(
        denial.challenge.as_deref(),
        Some("Bearer realm=\"image-generation-mcp\"")
    );
    let denial = policy.authenticate(&bearing("wrong")).unwrap_err();
    assert_eq!(value(&denial, "error").as_deref(), Some("invalid_token"));
    assert_eq!(value(&denial, "resource_metadata"), None);
}

#[test]
fn the_test_parser_is_strict() {
    for challenge in [
        "",
        "Bearer",
        "Bearer ",
        "Basic realm=\"x\"",
        "Bearer a=b",
        "Bearer a=\"b",
        "Bearer a=\"b\",c=\"d\"",
        "Bearer a=\"b\" ",
        "Bearer a=\"b\", a=\"c\"",
        "Bearer a=\"\u{1}\"",
        "Bearer a=\"b\"c",
        "Bearer =\"b\"",
    ] {
        assert!(parse(challenge).is_err(), "{challenge:?}");
    }
}
