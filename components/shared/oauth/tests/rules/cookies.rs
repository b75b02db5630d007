//! Cookies: planted, repeated and oversized ones are of no use to anybody.

use oauth::cookie::{Cookie, MAX_VALUE_BYTES};
use oauth::location::Location;
use policy::types::Header;

fn at(base_url: &str) -> Cookie {
    Cookie::new(
        "browser",
        &Location::parse(base_url, "/mcp", false).unwrap(),
    )
}

fn sent(fields: &[&str]) -> Vec<Header> {
    fields
        .iter()
        .map(|field| ("Cookie".to_owned(), (*field).to_owned()))
        .collect()
}

#[test]
fn a_cookie_stays_on_its_host_and_out_of_scripts() {
    let cookie = at("https://h.example/vault");
    let (name, value) = cookie.set("abc", 600).unwrap();
    assert_eq!(name, "set-cookie");
    let expected = format!(
        "{}=abc; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax",
        cookie.name()
    );
    assert_eq!(value, expected);
    assert!(cookie.name().starts_with("__Host-igmcp-browser-"));
    assert!(cookie.remove().1.contains("=; Max-Age=0; Path=/; Secure"));
}

#[test]
fn two_servers_on_one_host_name_have_two_cookies() {
    let names = [
        "https://h.example",
        "https://h.example/vault",
        "https://h.example/images",
    ]
    .map(|base_url| at(base_url).name().to_owned());
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
}

#[test]
fn on_plain_http_there_is_nothing_that_a_client_would_not_send_back() {
    let cookie = at("http://127.0.0.1:8000");
    let (_, value) = cookie.set("abc", 600).unwrap();
    assert!(cookie.name().starts_with("igmcp-browser-"));
    assert!(!value.contains("Secure") && value.ends_with("; HttpOnly; SameSite=Lax"));
}

#[test]
fn only_the_exact_cookie_is_read() {
    let cookie = at("https://h.example");
    let name = cookie.name();
    let table: [(&[&str], Option<&str>); 12] = [
        (&[], None),
        (&[""], None),
        (&["x=1; y=2"], None),
        (&[&format!("{name}=v")], Some("v")),
        (&[&format!("x=1; {name}=v;y=2")], Some("v")),
        (&["x=1", &format!("{name}=v")], Some("v")),
        (&[&format!("{name}=v; {name}=v")], Some("v")),
        (&[&format!("{name}=v; {name}=w")], None),
        (&[&format!("{name}=v"), &format!("{name}=w")], None),
        (&[&format!("{name}=")], None),
        (&[&format!("x{name}=v; {}=w", name.to_lowercase())], None),
        (&[&format!("{name}=\"v\"")], None),
    ];
    for (fields, value) in table {
        assert_eq!(cookie.value(&sent(fields)), value, "{fields:?}");
    }
}

#[test]
fn a_flood_of_cookies_is_not_searched() {
    let cookie = at("https://h.example");
    let stale: String = (0..200)
        .map(|n| format!("stale-{n}={}; ", "x".repeat(200)))
        .collect();
    let flood = format!("{stale}{}=v", cookie.name());
    assert_eq!(cookie.value(&sent(&[&flood])), None);
    let few: String = (0..200).map(|n| format!("stale-{n}=x; ")).collect();
    assert_eq!(
        cookie.value(&sent(&[&format!("{few}{}=v", cookie.name())])),
        Some("v")
    );
}

#[test]
fn what_a_browser_would_not_keep_is_not_set() {
    let cookie = at("https://h.example");
    assert!(cookie.set(&"x".repeat(MAX_VALUE_BYTES), 1).is_ok());
    let long = "x".repeat(MAX_VALUE_BYTES + 1);
    for value in [
        "",
        "a b",
        "a;b",
        "a,b",
        "a\"b",
        "a\\b",
        "a\r\nset-cookie: x",
        "é",
        &long,
    ] {
        assert!(cookie.set(value, 1).is_err(), "{value:.20}");
    }
}
