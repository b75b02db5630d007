//! Static tokens: one, or a table.

use policy::Bearer;
use policy::types::{Denial, Identity};

use crate::support::*;

const TABLE: &str = r#"
[tokens]
"0123456789abcdef0123456789abcdef" = "alice"
"fedcba9876543210fedcba9876543210" = "bob"
"Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OTA=" = "alice"
"#;

fn present_to(deployment: &Deployment, token: &str) -> Result<Identity, Denial> {
    Bearer::new(deployment).authenticate(&bearing(token))
}

#[test]
fn one_token_for_the_default_subject() {
    let deployment = Deployment::default().with("BEARER_TOKEN", STATIC_TOKEN);
    let identity = present_to(&deployment, STATIC_TOKEN).unwrap();
    assert_eq!(
        (
            identity.subject.as_str(),
            identity.issuer,
            identity.expires_at
        ),
        ("bearer-anon", None, None)
    );
    assert_eq!(identity.scopes, ["read", "write"]);
    let named = deployment.with("BEARER_DEFAULT_SUBJECT", "ci");
    assert_eq!(present_to(&named, STATIC_TOKEN).unwrap().subject, "ci");
}

#[test]
fn a_table_of_tokens_wins_over_the_single_one() {
    let deployment = Deployment::default()
        .with("BEARER_TOKENS", TABLE)
        .with("BEARER_TOKEN", &"q".repeat(40));
    for (token, subject) in [
        ("0123456789abcdef0123456789abcdef", Some("alice")),
        ("fedcba9876543210fedcba9876543210", Some("bob")),
        ("Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OTA=", Some("alice")),
        ("Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OTA", None),
        ("0123456789abcdef0123456789abcde", None),
        ("0123456789abcdef0123456789abcdef0", None),
        ("0123456789ABCDEF0123456789ABCDEF", None),
        (&"q".repeat(40), None),
        ("x", None),
    ] {
        let result = present_to(&deployment, token);
        assert_eq!(
            result.ok().map(|identity| identity.subject).as_deref(),
            subject,
            "{token}"
        );
    }
    assert_eq!(
        Bearer::new(&deployment).notes().len(),
        1,
        "the operator is told"
    );
}

#[test]
fn a_faulty_configuration_lets_nobody_in_and_repeats_no_secret() {
    let secret = "s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t";
    let tables = [
        format!("\"{secret}\" = \"alice\""),
        format!("tokens = \"{secret}\""),
        format!("[tokens]\n\"{secret}\" = 1"),
        format!("[tokens]\n{secret} = {{ subject = \"alice\" }}"),
        format!("[tokens]\n\"{secret}\" = \"\""),
        format!("[tokens]\n\"{secret}\" = \"a\\nb\""),
        format!("[tokens]\n\"{secret}\" = \"alice\"\n\"{secret}\" = \"bob\""),
        format!("[tokens]\n\"{secret}\" = \"alice\"\n[other]\n"),
        format!("[tokens]\n\"{secret}"),
        format!("[tokens]\n\"{secret} with spaces\" = \"alice\""),
        "[tokens]\n\"s3cr3t\" = \"alice\"".to_owned(),
        "[tokens]".to_owned(),
        "# nothing".to_owned(),
    ];
    let tables = tables
        .iter()
        .map(|table| Deployment::default().with("BEARER_TOKENS", table));
    let singles = [
        "s3cr3t",
        "s3cr3t s3cr3t s3cr3t s3cr3t s3cr3t",
        "1234567890123456789012345678901234",
        "0123456789abcdef0123456789abcde",
    ]
    .map(|token| Deployment::default().with("BEARER_TOKEN", token));
    let subject = Deployment::default()
        .with("BEARER_TOKEN", STATIC_TOKEN)
        .with("BEARER_DEFAULT_SUBJECT", "a\nb");
    for deployment in tables
        .chain(singles)
        .chain([subject, Deployment::default()])
    {
        let policy = Bearer::new(&deployment);
        assert!(policy.faults().is_some(), "{deployment:?}");
        for token in [secret, STATIC_TOKEN, "s3cr3t"] {
            let result = policy.authenticate(&bearing(token));
            assert!(!format!("{result:?}").contains("s3cr3t"), "{result:?}");
            assert_refused("faulty", result, 503, "configuration_faulty `BEARER_");
        }
    }
}

#[test]
fn strong_tokens_of_every_alphabet_are_accepted() {
    for token in [
        "0123456789abcdef0123456789abcdef",
        "123456789012345678901234567890123456789",
        "abcdefghijklmnopqrstuv",
        "Zm9vYmFyYmF6cXV4MDEyMw==",
    ] {
        assert!(
            present_to(&Deployment::default().with("BEARER_TOKEN", token), token).is_ok(),
            "{token}"
        );
    }
}
