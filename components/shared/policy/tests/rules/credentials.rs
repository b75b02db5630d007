//! Where a token may be, and where not (attack rows 23, 24 and 28).

use policy::credential::{Credential, CredentialError, MAX_TOKEN_BYTES, credential};
use policy::types::RequestHead;

use crate::support::{Deployment, FakeProvider, assert_refused, bearing, request};

/// The token of a request, or in one word what there is instead.
fn read(head: &RequestHead) -> Result<String, CredentialError> {
    credential(head).map(|credential| match credential {
        Credential::Absent => "(absent)".to_owned(),
        Credential::OtherScheme => "(other scheme)".to_owned(),
        Credential::Bearer(token) => token.expose().to_owned(),
        Credential::Dpop(token) => format!("(DPoP) {}", token.expose()),
    })
}

fn at(path: &str, fields: &[(&str, &str)]) -> RequestHead {
    RequestHead {
        path_with_query: path.to_owned(),
        ..request(fields)
    }
}

#[test]
fn one_well_formed_token() {
    for value in ["Bearer abc", "bearer abc", "BEARER abc"] {
        let head = at("/mcp?x=1", &[("host", "h"), ("authorization", value)]);
        assert_eq!(read(&head), Ok("abc".to_owned()), "{value}");
    }
    for token in ["a.b.c", "A-._~+/9==", &"x".repeat(MAX_TOKEN_BYTES)] {
        assert_eq!(read(&bearing(token)), Ok(token.to_owned()));
    }
}

#[test]
fn one_well_formed_token_with_a_proof() {
    for value in ["DPoP a.b~c", "dpop a.b~c"] {
        let head = request(&[("authorization", value)]);
        assert_eq!(read(&head), Ok("(DPoP) a.b~c".to_owned()), "{value}");
    }
    for value in ["DPoP", "DPoP ", "DPoP a b", "DPoP  a", "DPoP a, Bearer b"] {
        assert!(
            read(&request(&[("authorization", value)])).is_err(),
            "{value}"
        );
    }
    let twice = request(&[("authorization", "DPoP a"), ("authorization", "Bearer a")]);
    assert_eq!(read(&twice), Err(CredentialError::Repeated(2)));
}

#[test]
fn a_token_elsewhere_is_no_token() {
    assert_eq!(read(&request(&[])), Ok("(absent)".to_owned()));
    for name in [
        "x-forwarded-access-token",
        "x-auth-request-access-token",
        "cookie",
        "proxy-authorization",
        "x-authorization",
    ] {
        assert_eq!(
            read(&request(&[(name, "Bearer abc")])),
            Ok("(absent)".to_owned()),
            "{name}"
        );
    }
    for value in [
        "Basic dTpw",
        "Digest username=\"a, b\"",
        "Negotiate",
        "Basic x, Bearer abc",
    ] {
        assert_eq!(
            read(&request(&[("authorization", value)])),
            Ok("(other scheme)".to_owned()),
            "{value}"
        );
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    for value in [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer  abc",
        " Bearer abc",
        "Bearer abc ",
        "Bearer\tabc",
        "Bearer \tabc",
        "Bearer abc\t",
        "Bearer abc, Bearer def",
        "Bearer abc,def",
        "Bearer abc def",
        "Bearer abc\0",
        "Bearer a\rb",
        "Bearer a\r\n b",
        "Bearer =",
        "Bearer a=b",
        "Bearer \"abc\"",
        "Bearer \u{a0}abc",
        "Bearer tok\u{e9}n",
        "Bearer abc\u{fffd}",
        "Bearer,abc",
        "Bearer:abc def",
        "\u{feff}Bearer abc",
    ] {
        let refused = read(&request(&[("authorization", value)]));
        assert!(
            matches!(refused, Err(CredentialError::Malformed(_))),
            "{value:?}: {refused:?}"
        );
    }
    for second in ["authorization", "Authorization", "AUTHORIZATION"] {
        let twice = request(&[
            ("authorization", "Bearer abc"),
            ("accept", "*/*"),
            (second, "Bearer abc"),
        ]);
        assert_eq!(read(&twice), Err(CredentialError::Repeated(2)));
    }
}

#[test]
fn a_token_in_the_query_is_refused_however_it_is_spelled() {
    for path in [
        "/mcp?access_token=abc",
        "/mcp?a=1&access_token=abc",
        "/mcp?access_token",
        "/mcp?Access_Token=abc",
        "/mcp?access%5ftoken=abc",
        "/mcp?%61ccess_token=abc",
        "/mcp?a;access_token=abc",
        "/mcp??access_token=abc",
    ] {
        assert_eq!(
            read(&at(path, &[("authorization", "Bearer abc")])),
            Err(CredentialError::InQuery),
            "{path}"
        );
        assert_eq!(
            read(&at(path, &[])),
            Err(CredentialError::InQuery),
            "{path}"
        );
    }
    for path in [
        "/mcp?no_access_token=1",
        "/mcp?x=access_token",
        "/access_token=1",
        "/mcp?%zz=1&%",
        "/mcp?%6",
        "/mcp?%25",
    ] {
        assert_eq!(read(&at(path, &[])), Ok("(absent)".to_owned()), "{path}");
    }
}

#[test]
fn a_token_over_the_limit_is_refused_before_any_cryptography() {
    for bytes in [MAX_TOKEN_BYTES + 1, 64 << 10, 1 << 20] {
        let provider = FakeProvider::signing("{}", "{}");
        let result = Deployment::remote()
            .policy()
            .authenticate(&bearing(&"x".repeat(bytes)), &provider);
        assert_refused("too long", result, 401, "token_too_long");
        assert_eq!(provider.verifications.get(), 0);
    }
}

#[test]
fn a_malformed_request_is_the_clients_fault_in_both_policies() {
    let twice = request(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]);
    let remote = Deployment::remote()
        .policy()
        .authenticate(&twice, &FakeProvider::signing("{}", "{}"));
    assert_refused("remote", remote, 400, "authorization_repeated");
    let bearer = policy::Bearer::new(
        &Deployment::default().with("BEARER_TOKEN", crate::support::STATIC_TOKEN),
    );
    assert_refused(
        "bearer",
        bearer.authenticate(&twice),
        400,
        "authorization_repeated",
    );
}

#[test]
fn a_token_is_never_printed() {
    let head = bearing("secret");
    assert_eq!(
        format!("{:?}", credential(&head)),
        "Ok(Bearer(UnverifiedToken([6 bytes])))"
    );
}
