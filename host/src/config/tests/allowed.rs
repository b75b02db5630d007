//! Which hosts and origins the resolved rules let in.

use super::*;

/// Settings, what they let in, and what not.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
    &'static [&'static str],
);

#[test]
fn hosts() {
    let cases: &[Case] = &[
        (
            &[],
            &["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"],
            &[
                "evil.example",
                "localhost.evil.example",
                "",
                "127.0.0.1.nip.io",
                "::1",
            ],
        ),
        (
            &[("BASE_URL", "https://h.example:8443/x")],
            &[
                "h.example",
                "H.example:8443",
                "h.example:443",
                "localhost:8000",
            ],
            &["x.h.example", "h.example.evil.example"],
        ),
        (
            &[("HOST", "192.168.1.5"), ("DANGER_ALLOW_ANONYMOUS", "1")],
            &["192.168.1.5:8000", "localhost"],
            &["192.168.1.6"],
        ),
        (
            &[
                ("ALLOWED_HOSTS", "a.example:8443, b.example"),
                ("BASE_URL", "https://h.example"),
            ],
            &["a.example:8443", "b.example", "b.example:9", "h.example"],
            &["a.example", "a.example:443", "localhost", "127.0.0.1:8000"],
        ),
        (
            &[("ALLOWED_HOSTS", "*"), ("BEARER_TOKEN", TOKEN)],
            &["anything.example", "10.0.0.1:80"],
            &[],
        ),
    ];
    for (settings, permitted, refused) in cases {
        let config = machine(settings).config();
        let permits = |authority: &str| {
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, port)) if port.parse::<u16>().is_ok() && authority != "::1" => {
                    (host, port.parse().ok())
                }
                _ => (authority, None),
            };
            config.tenant().allowed_hosts.permits(host, port)
        };
        for authority in *permitted {
            assert!(permits(authority), "{settings:?}: {authority}");
        }
        for authority in *refused {
            assert!(!permits(authority), "{settings:?}: {authority}");
        }
    }
}

#[test]
fn origins() {
    let cases: &[Case] = &[
        (
            &[],
            &[
                "http://localhost:6274",
                "https://127.0.0.1",
                "http://[::1]:1",
                "HTTP://LocalHost:1",
            ],
            &[
                "https://evil.example",
                "http://localhost.evil.example",
                "null",
                "",
                "localhost",
                "http://127.0.0.1@evil.example",
                "http://localhost:1/x",
                "ftp://localhost",
                "http://evil.example#localhost",
                "http://127.0.0.1.evil.example",
            ],
        ),
        (
            &[("BASE_URL", "https://h.example/vault")],
            &[
                "https://h.example",
                "https://H.EXAMPLE",
                "http://localhost:1",
            ],
            &[
                "http://h.example",
                "https://h.example:8443",
                "https://x.h.example",
            ],
        ),
        (
            &[
                (
                    "ALLOWED_ORIGINS",
                    "https://a.example:443/ vscode-webview://x",
                ),
                ("BASE_URL", "https://h.example"),
            ],
            &[
                "https://a.example",
                "vscode-webview://x",
                "https://h.example",
            ],
            &[
                "http://localhost:6274",
                "http://a.example",
                "vscode-webview://y",
            ],
        ),
        (
            &[("ALLOWED_ORIGINS", "*")],
            &["https://anything.example", "null"],
            &[],
        ),
    ];
    for (settings, permitted, refused) in cases {
        let origins = machine(settings).config().tenants.remove(0).allowed_origins;
        for origin in *permitted {
            assert!(origins.permits(origin), "{settings:?}: {origin}");
        }
        for origin in *refused {
            assert!(!origins.permits(origin), "{settings:?}: {origin}");
        }
    }
}

#[test]
fn hosts_to_fetch_from_and_proxies_to_believe() {
    let configured = machine(&[
        (
            "DANGER_FETCH_HOSTS",
            "Localhost:8443 intranet.example,[::1]:1",
        ),
        ("TRUSTED_PROXIES", "10.1.2.3/8, ::1"),
    ]);
    let config = configured.config();
    let names = |host: &str, port| {
        config
            .fetch_hosts
            .iter()
            .any(|known| known.names(host, port))
    };
    assert!(names("localhost", 8443) && names("intranet.example", 1) && names("[::1]", 1));
    assert!(!names("localhost", 443) && !names("evil.example", 443));
    assert_eq!(
        configured.warnings(),
        [
            "_DANGER_FETCH_HOSTS (environment): strangers may have the server fetch from localhost:8443, intranet.example, [::1]:1, whatever its address"
        ]
    );
    let mut headers = http::HeaderMap::new();
    headers.insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
    let client = |peer: &str| {
        config
            .trusted_proxies
            .client(peer.parse().unwrap(), &headers)
    };
    assert_eq!(client("10.200.0.1").to_string(), "192.0.2.1");
    assert_eq!(client("11.0.0.1").to_string(), "11.0.0.1");
    for (name, value) in [
        ("DANGER_FETCH_HOSTS", "*"),
        ("DANGER_FETCH_HOSTS", "*.example"),
        ("DANGER_FETCH_HOSTS", "https://h.example"),
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
    ] {
        let fault = machine(&[(name, value)]).fault();
        assert!(
            fault.starts_with(&format!("_{name} (environment): ")),
            "{fault}"
        );
    }
}
