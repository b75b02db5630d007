//! Paths: every form that clients try, and no path of somebody else's.

use oauth::location::{Endpoint, Location};
use policy::settings::Reader;
use policy::types::RequestHead;

use crate::support::Deployment;

use Endpoint::{
    Authorization, AuthorizationServerMetadata as Server, Callback, Consent,
    ProtectedResourceMetadata as Resource, Registration, Revocation, Token,
};

fn head(path: &str) -> RequestHead {
    RequestHead {
        path_with_query: path.to_owned(),
        ..RequestHead::default()
    }
}

fn forwarded(path: &str, prefix: &str) -> RequestHead {
    RequestHead {
        headers: vec![("x-forwarded-prefix".to_owned(), prefix.to_owned())],
        ..head(path)
    }
}

fn vault(claims_root: bool) -> Location {
    Location::parse("https://h.example/vault/", "/mcp", claims_root).unwrap()
}

/// Documents at the root of the host, which belong to whoever claims it.
const AT_ROOT: [(&str, Endpoint); 7] = [
    ("/.well-known/oauth-authorization-server", Server),
    ("/.well-known/openid-configuration", Server),
    ("/.well-known/oauth-authorization-server/mcp", Server),
    ("/mcp/.well-known/openid-configuration", Server),
    ("/.well-known/oauth-protected-resource", Resource),
    ("/.well-known/oauth-protected-resource/mcp", Resource),
    ("/mcp/.well-known/oauth-authorization-server", Server),
];

#[test]
fn the_issuer_has_no_trailing_slash() {
    for (base_url, issuer) in [
        ("https://h.example", "https://h.example"),
        ("https://h.example/", "https://h.example"),
        (
            "https://h.example:8443/vault/",
            "https://h.example:8443/vault",
        ),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ] {
        assert_eq!(
            Location::parse(base_url, "/mcp", true).unwrap().issuer(),
            issuer
        );
    }
}

#[test]
fn urls_are_below_the_issuer() {
    let location = vault(false);
    for (endpoint, url) in [
        (Authorization, "https://h.example/vault/authorize"),
        (Token, "https://h.example/vault/token"),
        (Registration, "https://h.example/vault/register"),
        (Revocation, "https://h.example/vault/revoke"),
        (Callback, "https://h.example/vault/auth/callback"),
        (Consent, "https://h.example/vault/consent"),
        (
            Server,
            "https://h.example/.well-known/oauth-authorization-server/vault",
        ),
        (
            Resource,
            "https://h.example/.well-known/oauth-protected-resource/vault/mcp",
        ),
    ] {
        assert_eq!(location.url(endpoint), url);
    }
    assert_eq!(location.resource(), "https://h.example/vault/mcp");
}

#[test]
fn every_form_with_the_path_of_this_server_leads_to_its_document() {
    for (path, endpoint) in [
        ("/.well-known/oauth-authorization-server/vault", Server),
        ("/.well-known/openid-configuration/vault", Server),
        ("/vault/.well-known/openid-configuration", Server),
        ("/vault/.well-known/oauth-authorization-server", Server),
        ("/.well-known/oauth-authorization-server/vault/mcp", Server),
        ("/.well-known/openid-configuration/vault/mcp", Server),
        ("/vault/mcp/.well-known/openid-configuration", Server),
        ("/.well-known/oauth-protected-resource/vault/mcp", Resource),
        ("/.well-known/oauth-protected-resource/vault", Resource),
        ("/vault/.well-known/oauth-protected-resource", Resource),
        ("/vault/.well-known/oauth-protected-resource/mcp", Resource),
        (
            "/vault/.well-known/oauth-protected-resource/mcp?x=y",
            Resource,
        ),
    ] {
        assert_eq!(vault(false).endpoint(&head(path)), Some(endpoint), "{path}");
    }
}

#[test]
fn the_root_of_the_host_is_answered_only_when_claimed_or_stripped() {
    for (path, endpoint) in AT_ROOT {
        assert_eq!(vault(false).endpoint(&head(path)), None, "{path}");
        assert_eq!(vault(true).endpoint(&head(path)), Some(endpoint), "{path}");
        for prefix in ["/vault", "/vault/"] {
            let stripped = vault(false).endpoint(&forwarded(path, prefix));
            assert_eq!(stripped, Some(endpoint), "{path}");
        }
        for prefix in ["", "/", "/vaul", "/vault/x", "vault", "/VAULT"] {
            assert_eq!(
                vault(false).endpoint(&forwarded(path, prefix)),
                None,
                "{path} {prefix}"
            );
        }
    }
}

#[test]
fn a_server_at_the_root_of_its_host_is_found_there() {
    let location = Location::parse("https://h.example", "/mcp", true).unwrap();
    for (path, endpoint) in AT_ROOT {
        assert_eq!(location.endpoint(&head(path)), Some(endpoint), "{path}");
    }
}

#[test]
fn endpoints_are_reached_with_the_path_stripped_or_not() {
    for endpoint in Endpoint::ACTIVE {
        for path in [
            format!("/vault{}", endpoint.path()),
            endpoint.path().to_owned(),
        ] {
            assert_eq!(
                vault(false).endpoint(&head(&path)),
                Some(endpoint),
                "{path}"
            );
            let with_query = vault(false).endpoint(&head(&format!("{path}?code=x#y")));
            assert_eq!(with_query, Some(endpoint), "{path}");
        }
    }
}

#[test]
fn no_other_spelling_leads_anywhere() {
    for path in [
        "",
        "/",
        "/vault",
        "/vault/",
        "/vault/token/",
        "/vault//token",
        "//vault/token",
        "/VAULT/token",
        "/vault/Token",
        "/vault/%74oken",
        "/vault/./token",
        "/vault/..;/token",
        "/vault/vault/token",
        "/vaulttoken",
        "/other/token",
        "/vault/mcp/token",
        "/vault/auth/callback/x",
        "/.well-known/oauth-authorization-server/other",
        "/.well-known/oauth-authorization-server/vault/",
        "/.well-known/oauth-authorization-server/vault/mcp/x",
        "/.well-known/oauth-protected-resource/vault/mcp/client-registration",
        "/vault/.well-known/jwks.json",
        "/other/.well-known/openid-configuration",
    ] {
        assert_eq!(vault(true).endpoint(&head(path)), None, "{path}");
    }
}

#[test]
fn the_root_is_claimed_by_default_only_where_it_is_ours() {
    let base = |url: &str| Deployment::default().with("BASE_URL", url);
    let read = |deployment: Deployment| {
        let mut reader = Reader::new(&deployment);
        let location = Location::read(&mut reader);
        reader
            .finish(location)
            .map(|(location, _)| location.unwrap())
    };
    let root = head("/.well-known/oauth-authorization-server");
    let table = [
        (base("https://h.example"), Some(Server)),
        (base("https://h.example/vault"), None),
        (
            base("https://h.example/vault").with("OIDC_CLAIM_ROOT", "true"),
            Some(Server),
        ),
        (
            base("https://h.example/vault").with("OIDC_CLAIM_ROOT", "false"),
            None,
        ),
    ];
    for (deployment, expected) in table {
        assert_eq!(read(deployment).unwrap().endpoint(&root), expected);
    }
    for (deployment, fault) in [
        (Deployment::default(), "`BASE_URL`: is not set"),
        (base("h.example"), "`BASE_URL`: is not an absolute URL"),
        (
            base("http://h.example"),
            "`BASE_URL`: is `http` on a host that is not this machine",
        ),
        (
            base("http://localhost.h.example"),
            "`BASE_URL`: is `http` on a host that is not this machine",
        ),
        (
            base("https://h.example").with("OIDC_CLAIM_ROOT", "maybe"),
            "`OIDC_CLAIM_ROOT`: is not a boolean: expected `true` or `false`",
        ),
    ] {
        assert_eq!(read(deployment).unwrap_err().to_string(), fault);
    }
    for url in [
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://[::1]:8000/vault",
    ] {
        assert!(read(base(url)).is_ok(), "{url}");
    }
}
