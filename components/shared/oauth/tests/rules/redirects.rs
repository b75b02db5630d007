//! Redirect URIs: what can be one, which match, and what a person is shown.

use oauth::redirect::{
    AllowedHosts, Kind, MAX_URI_BYTES, RedirectError, RedirectUri, is_loopback_only,
};
use policy::settings::Reader;
use proptest::prelude::*;

use crate::support::Deployment;

fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_uris_of_real_clients_are_possible() {
    for (text, kind, shown) in [
        (
            "https://claude.ai/api/mcp/auth_callback",
            Kind::Web,
            "claude.ai",
        ),
        (
            "https://claude.com/api/mcp/auth_callback",
            Kind::Web,
            "claude.com",
        ),
        (
            "http://localhost:3118/callback",
            Kind::Loopback,
            "localhost:3118",
        ),
        ("http://localhost/callback", Kind::Loopback, "localhost"),
        ("http://127.0.0.1/callback", Kind::Loopback, "127.0.0.1"),
        (
            "cursor://anysphere.cursor-mcp/oauth/callback",
            Kind::Application,
            "cursor:",
        ),
        (
            "https://www.cursor.com/agents/mcp/oauth/callback",
            Kind::Web,
            "www.cursor.com",
        ),
        (
            "http://localhost:8787/callback",
            Kind::Loopback,
            "localhost:8787",
        ),
        ("https://vscode.dev/redirect", Kind::Web, "vscode.dev"),
        (
            "https://insiders.vscode.dev/redirect",
            Kind::Web,
            "insiders.vscode.dev",
        ),
        ("http://127.0.0.1/", Kind::Loopback, "127.0.0.1"),
        ("http://127.0.0.1:33418/", Kind::Loopback, "127.0.0.1:33418"),
        (
            "https://chatgpt.com/connector/oauth/a1B2-c3_d4",
            Kind::Web,
            "chatgpt.com",
        ),
        (
            "http://127.0.0.1:6276/oauth/callback",
            Kind::Loopback,
            "127.0.0.1:6276",
        ),
        (
            "http://[::1]:7777/oauth/callback",
            Kind::Loopback,
            "[::1]:7777",
        ),
        (
            "com.example.app:/oauth2redirect",
            Kind::Application,
            "com.example.app:",
        ),
        (
            "vscode-insiders://x.y/cb?windowId=1",
            Kind::Application,
            "vscode-insiders:",
        ),
        ("https://h.example:8443/cb?x=1", Kind::Web, "h.example:8443"),
        (
            "https://xn--bcher-kva.example/cb",
            Kind::Web,
            "xn--bcher-kva.example",
        ),
        ("https://192.0.2.1/cb", Kind::Web, "192.0.2.1"),
        ("https://h.example", Kind::Web, "h.example"),
    ] {
        assert_eq!(uri(text).kind(), kind, "{text}");
        assert_eq!(uri(text).display_host(), shown);
        assert_eq!(uri(text).as_str(), text);
    }
}

#[test]
fn what_is_dangerous_or_ambiguous_is_refused() {
    use RedirectError::*;
    let long = format!("https://h.example/{}", "x".repeat(MAX_URI_BYTES));
    let long_label = format!("https://{}.example/cb", "x".repeat(64));
    for (text, expected) in [
        ("", Length),
        (long.as_str(), Length),
        ("javascript:alert(1)", Scheme),
        ("JavaScript:alert(1)", Scheme),
        ("javascript://h.example/%61lert(1)", Scheme),
        ("data:text/html,x", Scheme),
        ("data:/x", Scheme),
        ("file:///etc/passwd", Scheme),
        ("vbscript:/x", Scheme),
        ("blob:https://h.example/x", Scheme),
        ("about:/blank", Scheme),
        ("view-source://h.example", Scheme),
        ("intent://h.example", Scheme),
        ("ftp://h.example/x", Scheme),
        ("wss://h.example/x", Scheme),
        ("urn:ietf:wg:oauth:2.0:oob", Scheme),
        ("c:/windows", Scheme),
        ("myapp:opaque", NotAbsolute),
        ("myapp:", NotAbsolute),
        ("myapp://", NotAbsolute),
        ("myapp:?x", NotAbsolute),
        ("myapp://:/cb", Host),
        ("myapp://[::1]/cb", Host),
        ("myapp://a%20b/cb", Host),
        ("myapp://host:x/cb", Host),
        ("/relative", NotAbsolute),
        ("//h.example/cb", NotAbsolute),
        ("h.example/cb", NotAbsolute),
        ("https:h.example/cb", NotAbsolute),
        ("https:/h.example/cb", NotAbsolute),
        ("1https://h.example/cb", NotAbsolute),
        ("ht_tps://h.example/cb", NotAbsolute),
        ("https://", Host),
        ("https:///cb", Host),
        ("https://:8443/cb", Host),
        ("https://h.example:/cb", Host),
        ("https://h.example:0/cb", Host),
        ("https://h.example:080/cb", Host),
        ("https://h.example:65536/cb", Host),
        ("https://h.example:+80/cb", Host),
        ("https://h.example:80:80/cb", Host),
        ("https://h..example/cb", Host),
        ("https://.h.example/cb", Host),
        ("https://h.example./cb", Host),
        ("https://-h.example/cb", Host),
        ("https://h_h.example/cb", Host),
        ("https://h%2eexample/cb", Host),
        ("https://h.example%2f@x/cb", UserInformation),
        (long_label.as_str(), Host),
        ("https://2130706433/cb", Host),
        ("https://0x7f.1/cb", Host),
        ("https://127.1/cb", Host),
        ("https://127.0.0.01/cb", Host),
        ("https://1.2.3.4.5/cb", Host),
        ("https://h.0x/cb", Host),
        ("https://[::1/cb", Host),
        ("https://::1/cb", Host),
        ("https://[0:0:0:0:0:0:0:1]/cb", Host),
        ("https://[::ffff:7f00:1]/cb", Host),
        ("https://[::ffff:127.0.0.1]/cb", Host),
        ("https://[fe80::1%25eth0]/cb", Host),
        ("http://h.example/cb", PlainHttp),
        ("http://localhost.evil.com/cb", PlainHttp),
        ("http://127.0.0.1.nip.io/cb", PlainHttp),
        ("http://0x7f.1/cb", Host),
        ("http://[::ffff:7f00:1]/cb", Host),
        ("http://[::2]/cb", PlainHttp),
        ("http://0.0.0.0/cb", PlainHttp),
        ("http://192.168.0.1/cb", PlainHttp),
        ("http://128.0.0.1/cb", PlainHttp),
        ("http://localhost@evil.com/cb", UserInformation),
        ("https://user:password@h.example/cb", UserInformation),
        ("https://@h.example/cb", UserInformation),
        ("myapp://user@h/cb", UserInformation),
        ("https://h.example/cb#fragment", Fragment),
        ("https://h.example/cb#", Fragment),
        ("https://*.h.example/cb", Wildcard),
        ("https://h.example/*", Wildcard),
        ("https://h.example/../cb", DotSegment),
        ("https://h.example/a/./cb", DotSegment),
        ("https://h.example/a/..", DotSegment),
        ("https://h.example/%2e%2E/cb", DotSegment),
        ("https://h.example/.%2e/cb", DotSegment),
        ("https://h.example/..;x/cb", DotSegment),
        ("myapp:/../cb", DotSegment),
        ("myapp://host/../cb", DotSegment),
        ("https://h.example\\@evil.com/cb", Character),
        ("https:\\\\h.example/cb", Character),
        ("https://h.example/c b", Character),
        ("https://h.example/cb\r\nx", Character),
        ("https://h.example/\t", Character),
        ("https://h.example/\0", Character),
        ("https://h.example/%", Character),
        ("https://h.example/%4", Character),
        ("https://h.example/%4g", Character),
        ("https://h.example/%0d%0a", Character),
        ("https://h.example/%00", Character),
        ("https://h.example/\"<script>", Character),
        ("https://bücher.example/cb", Character),
        ("https://h.example/\u{202e}cb", Character),
        ("https://\u{ff48}.example/cb", Character),
        ("https://h。example/cb", Character),
        (" https://h.example/cb", Character),
    ] {
        assert_eq!(
            RedirectUri::parse(text).unwrap_err(),
            expected,
            "{text:.60}"
        );
    }
}

#[test]
fn only_the_same_text_matches() {
    let registered = uri("https://h.example/app/cb?x=1");
    assert!(registered.matches(&uri("https://h.example/app/cb?x=1")));
    for other in [
        "https://h.example/app/cb",
        "https://h.example/app/cb?x=1&y=2",
        "https://h.example/app/cb?x=2",
        "https://h.example/app/cb/?x=1",
        "https://h.example/app/cbx?x=1",
        "https://h.example/app/CB?x=1",
        "https://H.example/app/cb?x=1",
        "HTTPS://h.example/app/cb?x=1",
        "https://h.example:443/app/cb?x=1",
        "https://h.example:8443/app/cb?x=1",
        "https://h.example//app/cb?x=1",
        "https://h.example/app%2fcb?x=1",
        "https://h.example/%61pp/cb?x=1",
        "https://h.example.evil.com/app/cb?x=1",
        "https://evil.com/app/cb?x=1",
        "https://xh.example/app/cb?x=1",
        "http://localhost/app/cb?x=1",
        "myapp://h.example/app/cb?x=1",
    ] {
        assert!(!registered.matches(&uri(other)), "{other}");
        assert!(!uri(other).matches(&registered), "{other}");
    }
}

#[test]
fn on_this_machine_the_port_does_not_matter_and_nothing_else_does() {
    for (registered, requested, matches) in [
        (
            "http://localhost/callback",
            "http://localhost:3118/callback",
            true,
        ),
        (
            "http://localhost:3118/callback",
            "http://localhost/callback",
            true,
        ),
        ("http://127.0.0.1:33418/", "http://127.0.0.1:50000/", true),
        ("http://127.0.0.1/", "http://127.0.0.1:1/", true),
        ("http://[::1]/cb", "http://[::1]:65535/cb", true),
        (
            "http://127.0.0.5:1/cb?x=1",
            "http://127.0.0.5:2/cb?x=1",
            true,
        ),
        ("http://127.0.0.1/", "http://127.0.0.1", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb/", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/other", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb?x=1", false),
        ("http://127.0.0.1/cb", "http://localhost:1/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.2:1/cb", false),
        ("http://127.0.0.1/cb", "http://[::1]:1/cb", false),
        ("http://127.0.0.1/cb", "https://127.0.0.1:1/cb", false),
        ("https://localhost/cb", "https://localhost:1/cb", false),
        ("myapp://localhost/cb", "myapp://localhost:1/cb", false),
    ] {
        assert_eq!(
            uri(registered).matches(&uri(requested)),
            matches,
            "{registered} {requested}"
        );
    }
}

#[test]
fn a_client_is_loopback_only_when_all_of_it_is() {
    let of = |texts: &[&str]| RedirectUri::parse_all(texts.iter().copied()).unwrap();
    assert!(is_loopback_only(&of(&[
        "http://localhost/cb",
        "http://[::1]:1/cb"
    ])));
    assert!(!is_loopback_only(&of(&[
        "http://localhost/cb",
        "https://h.example/cb"
    ])));
    assert!(!is_loopback_only(&of(&["cursor://x/cb"])));
}

#[test]
fn a_client_has_one_to_ten_uris_all_of_them_possible() {
    let parse = |texts: Vec<&str>| RedirectUri::parse_all(texts).map(|uris| uris.len());
    assert_eq!(parse(vec![]), Err(RedirectError::Count));
    assert_eq!(parse(vec!["https://h.example/cb"; 10]), Ok(10));
    assert_eq!(
        parse(vec!["https://h.example/cb"; 11]),
        Err(RedirectError::Count)
    );
    assert_eq!(
        parse(vec!["https://h.example/cb", "http://h.example/cb"]),
        Err(RedirectError::PlainHttp)
    );
}

#[test]
fn an_answer_is_added_to_the_query_that_is_there() {
    let parameters = [
        ("code", "a+b&c"),
        ("state", "x y\r\n\"é"),
        ("iss", "https://h.example/vault"),
    ];
    let added = "code=a%2Bb%26c&state=x+y%0D%0A%22%C3%A9&iss=https%3A%2F%2Fh.example%2Fvault";
    for (text, expected) in [
        (
            "https://h.example/cb",
            format!("https://h.example/cb?{added}"),
        ),
        ("https://h.example", format!("https://h.example?{added}")),
        (
            "https://h.example/cb?",
            format!("https://h.example/cb?{added}"),
        ),
        (
            "https://h.example/cb?x=1",
            format!("https://h.example/cb?x=1&{added}"),
        ),
        (
            "https://h.example/cb?x=1&",
            format!("https://h.example/cb?x=1&{added}"),
        ),
        ("cursor://x/cb", format!("cursor://x/cb?{added}")),
    ] {
        assert_eq!(uri(text).with_parameters(&parameters), expected);
    }
}

#[test]
fn an_operator_can_say_which_hosts_are_allowed() {
    let read = |hosts: &str| {
        let deployment = Deployment::default().with("OIDC_ALLOWED_REDIRECT_HOSTS", hosts);
        let mut reader = Reader::new(&deployment);
        let allowed = AllowedHosts::read(&mut reader);
        reader
            .finish(allowed)
            .map(|(allowed, _)| allowed)
            .map_err(|faults| faults.to_string())
    };
    let allowed = read("claude.ai, *.Cursor.com").unwrap();
    for (text, expected) in [
        ("https://claude.ai/cb", true),
        ("https://CLAUDE.ai:8443/cb", true),
        ("https://www.cursor.com/cb", true),
        ("https://cursor.com/cb", false),
        ("https://evilcursor.com/cb", false),
        ("https://claude.ai.evil.com/cb", false),
        ("https://x.claude.ai/cb", false),
        ("http://localhost:1/cb", true),
        ("cursor://x/cb", true),
    ] {
        assert_eq!(allowed.permit(&uri(text)), expected, "{text}");
    }
    assert!(read("").unwrap().permit(&uri("https://anything.example/")));
    for faulty in [
        "https://claude.ai",
        "*",
        "*.",
        "a.*.b",
        "claude.ai/cb",
        "h:1",
    ] {
        assert!(read(faulty).is_err(), "{faulty}");
    }
}

fn plausible() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "http",
        "https",
        "://",
        ":",
        "/",
        "//",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "h.example",
        "0x7f",
        "1",
        ".",
        "..",
        "%2e",
        "%2f",
        "%",
        "@",
        "#",
        "?",
        "\\",
        "*",
        ";",
        "&",
        "=",
        "xn--",
        "é",
        "\u{202e}",
        " ",
        "\n",
        "cursor",
        "javascript",
        "a",
        "Z",
        "-",
        "_",
        "443",
        "80",
    ]);
    prop_oneof![
        prop::collection::vec(piece.clone(), 0..12).prop_map(|pieces| pieces.concat()),
        prop::collection::vec(piece.clone(), 0..8)
            .prop_map(|pieces| format!("https://{}", pieces.concat())),
        prop::collection::vec(piece, 0..8)
            .prop_map(|pieces| format!("http://localhost{}", pieces.concat())),
        ".*",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is accepted means the same to a browser, which reads URLs by another grammar.
    #[test]
    fn a_browser_goes_where_we_think(text in plausible()) {
        let Ok(parsed) = RedirectUri::parse(&text) else { return Ok(()) };
        // A browser goes nowhere if the host pretends to be punycode.
        let Ok(browser) = url::Url::parse(&text) else {
            prop_assert!(text.contains("xn--"));
            return Ok(());
        };
        prop_assert!(browser.username().is_empty() && browser.password().is_none());
        prop_assert!(browser.fragment().is_none());
        if parsed.kind() == Kind::Application {
            prop_assert_eq!(format!("{}:", browser.scheme()), parsed.display_host());
            return Ok(());
        }
        let host = browser.host_str().expect("a host");
        let shown = parsed.display_host();
        let authority = browser.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let default_port = format!("{host}:{}", browser.port_or_known_default().unwrap());
        prop_assert!(shown == authority || shown == default_port, "{} {}", shown, authority);
        let is_loopback = match browser.host().unwrap() {
            url::Host::Domain(domain) => domain == "localhost",
            url::Host::Ipv4(ip) => ip.is_loopback(),
            url::Host::Ipv6(ip) => ip.is_loopback(),
        };
        if browser.scheme() == "http" {
            prop_assert!(is_loopback);
        }
    }

    #[test]
    fn whatever_is_added_stays_a_redirect_to_the_same_place(text in plausible(), value in ".*") {
        let Ok(parsed) = RedirectUri::parse(&text) else { return Ok(()) };
        let Ok(before) = url::Url::parse(&text) else { return Ok(()) };
        let answer = url::Url::parse(&parsed.with_parameters(&[("state", &value)])).unwrap();
        prop_assert_eq!(answer.host_str(), before.host_str());
        prop_assert_eq!(answer.path(), before.path());
        let states: Vec<_> = answer.query_pairs().filter(|(name, _)| name == "state").collect();
        prop_assert!(states.iter().any(|(_, state)| *state == value));
    }

    #[test]
    fn matching_is_the_same_both_ways(a in plausible(), b in plausible()) {
        if let (Ok(a), Ok(b)) = (RedirectUri::parse(&a), RedirectUri::parse(&b)) {
            prop_assert_eq!(a.matches(&b), b.matches(&a));
            prop_assert!(a.matches(&a));
        }
    }
}
