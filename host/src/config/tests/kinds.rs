//! What each kind of value accepts, and that no text upsets it.

use super::*;
use crate::config::fault::quoted;

#[test]
fn booleans_are_strict() {
    for (text, value) in [
        ("1", "true"),
        ("TRUE", "true"),
        ("Yes", "true"),
        ("on", "true"),
        ("0", "false"),
        ("false", "false"),
        ("NO", "false"),
        ("Off", "false"),
    ] {
        assert_eq!(Kind::Switch.check(text).as_deref(), Ok(value), "{text}");
    }
    for text in ["ture", "2", "y", "n", "t", "enabled", "tru e", "yes!"] {
        assert!(Kind::Switch.check(text).is_err(), "{text}");
    }
}

#[test]
fn numbers() {
    let kind = Kind::Number { min: 2, max: 40 };
    for text in ["2", "40", "007"] {
        assert!(kind.check(text).is_ok(), "{text}");
    }
    for text in [
        "1",
        "41",
        "-3",
        "+3",
        "3.0",
        "3e0",
        "0x3",
        "3 0",
        "٣",
        "three",
        "99999999999999999999999",
    ] {
        assert!(kind.check(text).is_err(), "{text}");
    }
}

#[test]
fn lists() {
    for (kind, text, value) in [
        (Kind::Names, " a,, b c ,a", "a,b,c"),
        (
            Kind::Scopes,
            "read,write  read\timage:read",
            "read write image:read",
        ),
        (
            Kind::Subset(&["RS256", "EdDSA"]),
            "eddsa, RS256",
            "EdDSA,RS256",
        ),
        (
            Kind::HostNames,
            "IDP.example keys.example",
            "idp.example,keys.example",
        ),
        (Kind::HostNames, "::1", "[::1]"),
        (
            Kind::Hosts,
            "A.example:8443,[::1]:9,b",
            "a.example:8443,[::1]:9,b",
        ),
        (
            Kind::Origins,
            "https://A.example:443/, vscode-webview://x",
            "https://a.example,vscode-webview://x",
        ),
        (Kind::Origins, "*", "*"),
    ] {
        assert_eq!(kind.check(text).as_deref(), Ok(value), "{text}");
    }
    for (kind, text) in [
        (Kind::Names, ","),
        (Kind::Scopes, "wr\"ite"),
        (Kind::Scopes, "löschen"),
        (Kind::Subset(&["RS256"]), "HS256"),
        (Kind::Subset(&["RS256"]), "none"),
        (Kind::HostNames, "https://idp.example"),
        (Kind::HostNames, "idp.example:443"),
        (Kind::HostNames, "*.example"),
        (Kind::Hosts, "a.example:port"),
        (Kind::Hosts, "a.example:65536"),
        (Kind::Hosts, "*.example"),
        (Kind::Hosts, "*,a"),
        (Kind::Hosts, "user@a.example"),
        (Kind::Hosts, "a.example/x"),
        (Kind::Origins, "a.example"),
        (Kind::Origins, "https://a.example/x"),
        (Kind::Origins, "https://*.example"),
        (Kind::Origins, "https://u@a.example"),
        (Kind::Origins, "https://a.example?q"),
        (Kind::Origins, "null"),
        (Kind::Origins, "data:text/html,x"),
    ] {
        assert!(kind.check(text).is_err(), "{text}");
    }
}

#[test]
fn addresses() {
    for (text, value) in [
        ("localhost", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("::", "::"),
        ("[::1]", "::1"),
    ] {
        assert_eq!(Kind::Address.check(text).as_deref(), Ok(value));
    }
    for text in [
        "example.com",
        "127.0.0.1:80",
        "*",
        "127.1",
        "[127.0.0.1",
        "localhost.",
    ] {
        assert!(Kind::Address.check(text).is_err(), "{text}");
    }
}

#[test]
fn paths_of_the_endpoint() {
    for (text, value) in [
        ("mcp", "/mcp"),
        ("/mcp/", "/mcp"),
        ("/", "/"),
        ("//a/b//", "/a/b"),
        ("/tokens", "/tokens"),
        ("/x/token", "/x/token"),
    ] {
        assert_eq!(Kind::HttpPath.check(text).as_deref(), Ok(value));
    }
    for text in [
        "/a//b",
        "/a/../b",
        "/.",
        "/a?b",
        "/a#b",
        "/a b",
        "/%6dcp",
        "/mcp\\x",
        "/ü",
        "/healthz",
        "readyz/",
        "/metrics",
        "/token",
        "/authorize",
        "/auth/callback",
        "/.well-known/x",
        "/transfer",
        "/transfer/mcp",
        "/register",
        "/revoke",
        "/consent",
    ] {
        assert!(Kind::HttpPath.check(text).is_err(), "{text}");
    }
}

#[test]
fn urls() {
    let good = [
        ("https://h.example", "https://h.example"),
        ("HTTPS://H.example:443/A/", "https://h.example/A"),
        ("http://localhost:8000/x", "http://localhost:8000/x"),
        ("http://127.0.0.2", "http://127.0.0.2"),
        ("http://[::1]:1/", "http://[::1]:1"),
    ];
    for (text, value) in good {
        assert_eq!(Kind::PublicUrl.check(text).as_deref(), Ok(value), "{text}");
        assert!(Kind::ProviderUrl.check(text).is_ok(), "{text}");
    }
    let bad = [
        "h.example",
        "//h.example",
        "https:h.example",
        "https:///h.example",
        "https://",
        "https:\\\\h.example",
        "https://h.example\\x",
        "https://h exa.mple",
        "http://h.example",
        "http://localhost.evil.example",
        "http://evil.localhost",
        "http://127.0.0.1.evil.example",
        "http://0.0.0.0",
        "ftp://localhost",
        "https://user@h.example",
        "https://user:hunter2@h.example",
        "https://:hunter2@h.example",
        "https://h.example/#f",
        "https://h.example:99999",
    ];
    for text in bad {
        for kind in [Kind::PublicUrl, Kind::ProviderUrl] {
            let problem = kind.check(text).expect_err(text);
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
    }
    for text in ["https://h.example/?q", "https://h.example//x"] {
        assert!(Kind::PublicUrl.check(text).is_err(), "{text}");
        assert_eq!(Kind::ProviderUrl.check(text).as_deref(), Ok(text));
    }
}

#[test]
fn tokens_are_hard_to_guess() {
    for text in [
        TOKEN,
        "123456789012345678901234567890123456789",
        "c2VjcmV0LXRva2VuLXZhbHVl==",
        "correct-horse-battery-staple",
    ] {
        assert_eq!(Kind::Token.check(text).as_deref(), Ok(text));
    }
    for (text, why) in [
        (
            "0f1e2d3c4b5a69788796a5b4c3d2e1f",
            "too easy to guess: about 124 bits, needs 128",
        ),
        (
            "12345678901234567890123456789012345678",
            "too easy to guess: about 126 bits, needs 128",
        ),
        ("secret", "too easy to guess: about 28 bits, needs 128"),
        (
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "too easy to guess: only 1 different characters",
        ),
        ("===========================", "not a bearer token"),
        ("0f1e2d3c4b5a6978=8796a5b4c3d2e1f0", "not a bearer token"),
        ("0f1e2d3c4b5a6978 8796a5b4c3d2e1f0", "not a bearer token"),
        (
            "schlüssel-schlüssel-schlüssel-schlüssel",
            "not a bearer token",
        ),
    ] {
        let problem = Kind::Token.check(text).expect_err(text).text;
        assert!(problem.starts_with(why), "{text}: {problem}");
    }
}

#[test]
fn text_of_any_length_and_kind() {
    assert!(Kind::Line.check("a\u{0}b").is_err());
    assert!(Kind::Line.check("a\nb").is_err());
    assert!(Kind::Line.check(&"x".repeat(5000)).is_err());
    assert!(Kind::Prose.check("a\n\tb\r\n").is_ok());
    assert!(Kind::Prose.check("a\u{1b}[31m").is_err());
    assert!(Kind::Prose.check(&"x".repeat(70_000)).is_err());
    assert!(Kind::Subject.check(&"é".repeat(255)).is_ok());
    assert!(Kind::Subject.check(&"é".repeat(256)).is_err());
    assert_eq!(quoted("a`b\n\u{1b}"), "`a\u{fffd}b\u{fffd}\u{fffd}`");
    assert_eq!(quoted(&"é".repeat(61)).chars().count(), 63);
}

/// Whatever is accepted reads back as itself, and nothing panics.
#[test]
fn canonical_text_is_a_fixed_point() {
    let pieces = [
        "https://",
        "http://",
        "localhost",
        "h.example",
        ":",
        "8000",
        "/",
        "//",
        "..",
        "@",
        "?",
        "#",
        "[",
        "]",
        "::1",
        "*",
        ",",
        " ",
        "\t",
        "\n",
        "\0",
        "ü",
        "\u{202e}",
        "%2f",
        "=",
        "a",
        "1",
        "-",
        "true",
        "RS256",
        "~",
        "\\",
        "xn--",
        ".",
        "info",
        "mcp",
        "0",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut accepted = 0;
    for _ in 0..4_000 {
        let count = 1 + draw(7);
        let text: String = (0..count).map(|_| pieces[draw(pieces.len())]).collect();
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        for setting in settings::all() {
            if let Ok(canonical) = setting.kind.check(text) {
                accepted += 1;
                let again = setting.kind.check(&canonical);
                assert_eq!(
                    again.as_deref(),
                    Ok(canonical.as_str()),
                    "{} {text:?}",
                    setting.name
                );
            }
        }
    }
    assert!(accepted > 10_000, "{accepted}");
}
