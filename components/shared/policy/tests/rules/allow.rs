//! Who is on a list and who only looks like it (row 65).

use policy::allow::AllowLists;
use policy::settings::Reader;
use serde_json::{Value, json};

use crate::support::*;

const EMAILS: &str = "OIDC_ALLOWED_EMAILS";
const DOMAINS: &str = "OIDC_ALLOWED_DOMAINS";
const GROUPS: &str = "OIDC_ALLOWED_GROUPS";
const SUBJECTS: &str = "OIDC_ALLOWED_SUBJECTS";

fn lists(settings: &[(&str, &str)]) -> AllowLists {
    let deployment = settings
        .iter()
        .fold(Deployment::default(), |deployment, (name, value)| {
            deployment.with(name, value)
        });
    let mut reader = Reader::new(&deployment);
    let lists = AllowLists::read(&mut reader);
    reader
        .finish(lists)
        .expect("a configuration without faults")
        .0
}

fn admits(lists: &AllowLists, claims: &Value) -> Result<(), String> {
    lists
        .admit(claims.as_object().unwrap())
        .map_err(|error| error.to_string())
}

fn verified(email: &str) -> Value {
    json!({ "sub": "1", "email": email, "email_verified": true })
}

#[test]
fn without_lists_everybody_may_call() {
    let nobody_asked = lists(&[]);
    assert!(nobody_asked.is_empty());
    assert!(nobody_asked.needs().is_empty());
    assert_eq!(admits(&nobody_asked, &json!({})), Ok(()));
}

#[test]
fn row_65_an_address_in_either_case_of_ascii_and_no_other() {
    let lists = lists(&[(EMAILS, "Alice@Example.com, kim.k@example.org")]);
    for email in [
        "alice@example.com",
        "ALICE@EXAMPLE.COM",
        "Kim.K@example.org",
    ] {
        assert_eq!(admits(&lists, &verified(email)), Ok(()), "{email}");
    }
    for (email, why) in [
        ("alice+images@example.com", "email_not_listed"),
        ("a.lice@example.com", "email_not_listed"),
        ("alice@sub.example.com", "email_not_listed"),
        ("alice@example.com.evil.example", "email_not_listed"),
        ("alice@example.com.", "email_malformed"),
        ("alice@example.com ", "email_malformed"),
        (" alice@example.com", "email_malformed"),
        ("alice@example.com\0", "email_malformed"),
        ("alice@example.com,bob@example.com", "email_malformed"),
        ("alice@example.com@evil.example", "email_malformed"),
        ("\"alice@example.com\"@evil.example", "email_malformed"),
        ("<alice@example.com>", "email_malformed"),
        // Kelvin sign, which lower-cases to `k`; Cyrillic `a`; dotless `i`; full-width `@`.
        ("\u{212a}im.k@example.org", "email_malformed"),
        ("\u{430}lice@example.com", "email_malformed"),
        ("al\u{131}ce@example.com", "email_malformed"),
        ("alice\u{ff20}example.com", "email_malformed"),
        ("alice@ex\u{e4}mple.com", "email_malformed"),
        ("", "email_malformed"),
        ("@example.com", "email_malformed"),
    ] {
        assert_eq!(
            admits(&lists, &verified(email)),
            Err(format!("user_not_allowed {why}")),
            "{email}"
        );
    }
    for email in [json!(["alice@example.com"]), json!(null), json!(1)] {
        let claims = json!({ "email": email, "email_verified": true });
        assert_eq!(
            admits(&lists, &claims),
            Err("user_not_allowed email_malformed".to_owned())
        );
    }
}

#[test]
fn row_65_an_address_counts_only_when_it_is_verified() {
    for lists in [
        lists(&[(EMAILS, "alice@example.com")]),
        lists(&[(DOMAINS, "example.com")]),
    ] {
        for email_verified in [
            json!(false),
            json!("true"),
            json!(1),
            json!(null),
            json!([true]),
            json!({}),
        ] {
            let claims = json!({ "email": "alice@example.com", "email_verified": email_verified });
            assert_eq!(
                admits(&lists, &claims),
                Err("user_not_allowed email_unverified".to_owned())
            );
        }
        let claims = json!({ "email": "alice@example.com" });
        assert_eq!(
            admits(&lists, &claims),
            Err("user_not_allowed email_unverified".to_owned())
        );
        assert_eq!(
            admits(
                &lists,
                &json!({ "preferred_username": "alice@example.com" })
            ),
            Err("user_not_allowed email_absent".to_owned())
        );
    }
}

#[test]
fn row_65_a_domain_is_not_its_relatives() {
    let lists = lists(&[(
        DOMAINS,
        "example.com xn--bcher-kva.example"
            .replace(' ', ", ")
            .as_str(),
    )]);
    for email in [
        "alice@example.com",
        "bob+x@EXAMPLE.com",
        "a@xn--bcher-kva.example",
    ] {
        assert_eq!(admits(&lists, &verified(email)), Ok(()), "{email}");
    }
    for email in [
        "alice@sub.example.com",
        "alice@notexample.com",
        "alice@example.com.evil.example",
        "alice@com",
        "alice@example.com@evil.example",
        "example.com",
        "alice@ex\u{430}mple.com",
        "alice@b\u{fc}cher.example",
    ] {
        assert!(admits(&lists, &verified(email)).is_err(), "{email}");
    }
}

#[test]
fn row_65_groups_as_a_string_and_as_an_array() {
    let lists = lists(&[(GROUPS, "artists, Domain Admins")]);
    for groups in [
        json!("artists"),
        json!(["artists"]),
        json!(["x", "Domain Admins"]),
    ] {
        assert_eq!(
            admits(&lists, &json!({ "groups": groups })),
            Ok(()),
            "{groups}"
        );
    }
    for (groups, why) in [
        (json!("artists x"), "groups_not_listed"),
        (json!("x,artists"), "groups_not_listed"),
        (json!(["Artists"]), "groups_not_listed"),
        (json!([" artists"]), "groups_not_listed"),
        (json!(["Domain", "Admins"]), "groups_not_listed"),
        (json!([]), "groups_not_listed"),
        (json!(""), "groups_not_listed"),
        (json!([["artists"]]), "groups_malformed"),
        (json!(["artists", 1]), "groups_malformed"),
        (json!({ "artists": true }), "groups_malformed"),
        (json!(null), "groups_malformed"),
    ] {
        assert_eq!(
            admits(&lists, &json!({ "groups": groups })),
            Err(format!("user_not_allowed {why}")),
            "{groups}"
        );
    }
    assert_eq!(
        admits(&lists, &json!({ "roles": ["artists"] })),
        Err("user_not_allowed groups_absent".to_owned())
    );
}

#[test]
fn row_65_groups_that_are_kept_elsewhere_admit_nobody() {
    let lists = lists(&[(GROUPS, "artists")]);
    for marker in [
        json!({ "_claim_names": { "groups": "src1" }, "_claim_sources": { "src1": { "endpoint": "https://evil.example" } } }),
        json!({ "_claim_names": {}, "groups": ["artists"] }),
        json!({ "hasgroups": true, "groups": ["artists"] }),
    ] {
        assert_eq!(
            admits(&lists, &marker),
            Err("user_not_allowed groups_elsewhere".to_owned())
        );
    }
}

#[test]
fn a_subject_byte_for_byte() {
    let lists = lists(&[(SUBJECTS, "auth0|1, \u{c4}nne")]);
    assert_eq!(admits(&lists, &json!({ "sub": "auth0|1" })), Ok(()));
    assert_eq!(admits(&lists, &json!({ "sub": "\u{c4}nne" })), Ok(()));
    for sub in ["auth0|11", "AUTH0|1", "auth0|1 ", "A\u{308}nne", ""] {
        assert!(admits(&lists, &json!({ "sub": sub })).is_err(), "{sub}");
    }
    assert_eq!(
        admits(&lists, &json!({ "sub": ["auth0|1"] })),
        Err("user_not_allowed sub_absent".to_owned())
    );
}

#[test]
fn any_list_admits_and_the_refusal_says_why_each_did_not() {
    let lists = lists(&[
        (EMAILS, "alice@example.com"),
        (DOMAINS, "example.org"),
        (GROUPS, "artists"),
        (SUBJECTS, "root"),
    ]);
    assert_eq!(lists.needs(), ["email", "email_verified", "groups", "sub"]);
    for claims in [
        verified("alice@example.com"),
        verified("x@example.org"),
        json!({ "groups": "artists" }),
        json!({ "sub": "root", "email": "x@evil.example", "hasgroups": true }),
    ] {
        assert_eq!(admits(&lists, &claims), Ok(()), "{claims}");
    }
    let claims = json!({ "sub": "eve", "email": "alice@example.com", "groups": [] });
    assert_eq!(
        admits(&lists, &claims),
        Err("user_not_allowed sub_not_listed email_unverified groups_not_listed".to_owned())
    );
}

#[test]
fn a_refusal_sends_no_client_off_for_another_token() {
    let lists = lists(&[(EMAILS, "alice@example.com")]);
    let claims = verified("eve@example.com");
    let denial = lists
        .admit(claims.as_object().unwrap())
        .unwrap_err()
        .denial();
    assert_eq!(
        (denial.status, denial.code.as_str(), denial.challenge),
        (403, "access_denied", None)
    );
    assert!(!denial.reason.contains("eve") && !denial.reason.contains('@'));
}

#[test]
fn a_list_that_could_admit_nobody_is_a_fault() {
    for (name, value, problem) in [
        (EMAILS, ",", "has no entry"),
        (EMAILS, "alice", "entry 1 is not an ASCII e-mail address"),
        (
            EMAILS,
            "alice@example.com, al\u{131}ce@example.com",
            "entry 2",
        ),
        (EMAILS, "alice@example.com bob@example.com", "entry 1"),
        (
            DOMAINS,
            "@example.com",
            "entry 1 is not a plain ASCII domain",
        ),
        (DOMAINS, "*.example.com", "entry 1"),
        (DOMAINS, "*", "entry 1"),
        (DOMAINS, "example.com.", "entry 1"),
        (GROUPS, " , ", "has no entry"),
        (SUBJECTS, "a\tb", "entry 1"),
    ] {
        let deployment = Deployment::default().with(name, value);
        let mut reader = Reader::new(&deployment);
        let lists = AllowLists::read(&mut reader);
        let faults = reader.finish(lists).expect_err(value).to_string();
        assert!(
            faults.starts_with(&format!("`{name}`: {problem}")),
            "{faults}"
        );
        assert!(!faults.contains("bob") && !faults.contains('\u{131}'));
    }
}
