//! What `/authorize` refuses, and to whom it says so.

use crate::support::*;
use crate::world::World;

/// Asks, and returns the status, and the error for the client or the code of the page.
fn asked(server: &Server<'_>, caller: &Caller) -> (u16, String) {
    let response = Browser::default().open(server, &caller.authorize_path());
    let outcome = match field(&response, "location") {
        Some(location) => {
            assert!(location.starts_with(&caller.redirect_uri), "{location}");
            let answer = query(location);
            assert_eq!(answer["iss"], BASE, "RFC 9207");
            assert_eq!(answer.get("state").map(String::as_str), Some("their state"));
            answer["error"].clone()
        }
        None if response.status == 200 => "page".to_owned(),
        None => {
            let html = text(&response);
            let code = html
                .split_once("<code>")
                .and_then(|(_, rest)| rest.split_once("</code>"));
            code.map_or_else(|| "page".to_owned(), |(code, _)| code.to_owned())
        }
    };
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(field(&response, name), Some(value), "row 70");
    }
    (response.status, outcome)
}

/// Rows 48 to 50: until client and redirect URI are known, nobody is redirected anywhere.
#[test]
fn an_open_redirect_is_refused_with_a_page() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let web = server.register(&["https://client.example/cb"]);
    let redirects = [
        "https://client.example/cb/",
        "https://client.example/cb2",
        "https://client.example/cb?x=1",
        "https://client.example/CB",
        "https://CLIENT.example/cb",
        "https://client.example:8443/cb",
        "https://client.example/cb#f",
        "https://client.example@evil.example/cb",
        "https://client.example\\@evil.example/cb",
        "https://client.example/cb/../x",
        "https://client.example/%2e%2e/cb",
        "https://client.example//cb",
        "https://client.example%2fcb",
        "http://client.example/cb",
        "//client.example/cb",
        "https://evil.example/cb",
        "https://client.example.evil.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://localhost.evil.example/callback",
        "http://127.0.0.1.nip.io/callback",
        "http://0x7f.1/callback",
    ];
    for redirect in redirects {
        let caller = Caller {
            redirect_uri: redirect.to_owned(),
            ..Caller::with_id(&web)
        };
        assert_eq!(
            asked(&server, &caller),
            (400, "redirect_uri_refused".to_owned()),
            "{redirect}"
        );
    }
    let twice = server.register(&["https://client.example/cb", "https://client.example/other"]);
    let silent = Caller::with_id(&twice).asking("redirect_uri", "");
    assert_eq!(
        asked(&server, &silent),
        (400, "redirect_uri_refused".to_owned())
    );
}

/// Row 50: whoever knows our client id at the provider is nobody here.
#[test]
fn an_unknown_client_gets_a_page() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let mut altered = server.register(&[REDIRECT]);
    altered.pop();
    for id in [
        "our client",
        "x",
        &altered,
        &"x".repeat(5000),
        "http://127.0.0.1/client.json",
    ] {
        let caller = Caller::with_id(id);
        let (status, code) = asked(&server, &caller);
        assert_eq!((status, code.as_str()), (400, "client_unknown"), "{id}");
    }
    let nameless = Caller::with_id("x").asking("client_id", "");
    assert_eq!(
        asked(&server, &nameless),
        (400, "client_missing".to_owned())
    );
}

/// Row 48, the other side: the port of a loopback redirect is today's.
#[test]
fn a_client_on_this_machine_may_listen_on_any_port() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let id = server.register(&["http://127.0.0.1/callback"]);
    for port in [":1", ":65535", ""] {
        let caller = Caller {
            redirect_uri: format!("http://127.0.0.1{port}/callback"),
            ..Caller::with_id(&id)
        };
        assert_eq!(asked(&server, &caller), (200, "page".to_owned()));
    }
}

/// Rows 53, 66 and 67, and what else a client can get wrong: it hears of it.
#[test]
fn a_wrong_request_is_answered_to_the_client() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        (
            "response_type",
            "code id_token",
            "unsupported_response_type",
        ),
        ("response_type", "", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("response_mode", "form_post", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge", &"x".repeat(42), "invalid_request"),
        ("code_challenge", &"x".repeat(44), "invalid_request"),
        ("code_challenge", &"+".repeat(43), "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "s256", "invalid_request"),
        (
            "request",
            "eyJhbGciOiJub25lIn0.e30.",
            "request_not_supported",
        ),
        (
            "request_uri",
            "https://evil.example/r",
            "request_uri_not_supported",
        ),
        ("prompt", "none", "interaction_required"),
        ("dpop_jkt", "short", "invalid_request"),
        ("resource", "https://other.example/mcp", "invalid_target"),
        ("resource", "https://h.example/", "invalid_target"),
        (
            "resource",
            "https://h.example/vault/mcp#x",
            "invalid_target",
        ),
        (
            "resource",
            "https://h.example/vault/mcp-evil",
            "invalid_target",
        ),
        ("resource", "not a url", "invalid_target"),
    ] {
        let caller = caller.clone().asking(name, value);
        let outcome = asked(&server, &caller);
        assert_eq!(outcome, (303, error.to_owned()), "{name}={value}");
    }
}

/// Row 67: the defined outcome of each spelling.
#[test]
fn spellings_of_the_resource_that_mean_us_are_accepted() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    for resource in [
        "",
        RESOURCE,
        "https://h.example/vault/mcp/",
        "HTTPS://H.EXAMPLE:443/vault/mcp",
        "https://h.example/vault/mcp?kb=x",
        "https://h.example/vault",
        "https://h.example/vault/",
    ] {
        let caller = caller.clone().asking("resource", resource);
        assert_eq!(
            asked(&server, &caller),
            (200, "page".to_owned()),
            "{resource}"
        );
    }
    // At a server that has the host for itself, the origin is the issuer.
    let root = Deployment::new()
        .with("BASE_URL", "https://h.example")
        .server(&world);
    let mut origin = Browser::default();
    let id = {
        let body = r#"{"redirect_uris":["http://127.0.0.1:7000/callback"]}"#;
        let fields = [("content-type", "application/json")];
        let response = root.send(("POST", "/register"), &fields, body);
        object(&response)["client_id"].as_str().unwrap().to_owned()
    };
    let caller = Caller::with_id(&id).asking("resource", "https://h.example/");
    let page = origin.open(&root, &format!("/authorize?{}", caller.authorize_query()));
    assert_eq!(page.status, 200);
}

/// Rows 15 and 67: what can be read in two ways is read in none.
#[test]
fn a_parameter_that_is_there_twice_gets_a_page() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let path = Caller::registered(&server).authorize_path();
    for further in [
        "&redirect_uri=https%3A%2F%2Fevil.example",
        "&state=2",
        "&client_id=x",
        "&resource=https%3A%2F%2Fevil.example",
        "&x=%zz",
        "&x=%ff",
    ] {
        let response = Browser::default().open(&server, &format!("{path}{further}"));
        assert_eq!(response.status, 400, "{further}");
        assert_eq!(field(&response, "location"), None, "{further}");
    }
}

/// Row 54: `state` comes back byte for byte, or there is a page.
#[test]
fn a_state_comes_back_as_it_was_or_not_at_all() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    for state in ["a b+c&d=e#f%20\r\n\u{e9}\"'<>\\", &"s".repeat(2048)] {
        let denied = Browser::default().open(
            &server,
            &caller
                .clone()
                .asking("state", state)
                .asking("prompt", "none")
                .authorize_path(),
        );
        assert_eq!(query(location(&denied))["state"], state);
        let mut browser = Browser::default();
        let page = browser.open(
            &server,
            &caller.clone().asking("state", state).authorize_path(),
        );
        let there = browser.decide(&server, &page, "approve");
        let back = world.provider.sign_in(location(&there), "alice");
        let done = browser.open(&server, &format!("/vault/auth/callback?{back}"));
        assert_eq!(query(location(&done))["state"], state);
    }
    let long = caller.asking("state", &"s".repeat(2049));
    let response = Browser::default().open(&server, &long.authorize_path());
    assert_eq!((response.status, field(&response, "location")), (400, None));
}

/// Row 66: a client gets what it asks for and we know, and never more.
#[test]
fn scopes_are_those_that_are_known_and_asked_for() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    for (asked, granted) in [
        ("image:use image:read", "image:use image:read"),
        ("image:write image:use image:write", "image:write image:use"),
        ("openid offline_access image:use admin", "image:use"),
        ("admin root *", "image:use image:read"),
        ("", "image:use image:read"),
    ] {
        let tokens = caller.clone().asking("scope", asked).tokens(&server);
        assert_eq!(tokens.body["scope"], granted, "{asked}");
    }
}

#[test]
fn a_form_does_as_well_as_a_query_and_nothing_else_does() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let body = Caller::registered(&server).authorize_query();
    let fields = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(
        server
            .send(("POST", "/vault/authorize"), &fields, &body)
            .status,
        200
    );
    assert_eq!(
        server.send(("POST", "/vault/authorize"), &[], &body).status,
        400
    );
    assert_eq!(
        server
            .send(("PUT", "/vault/authorize"), &fields, &body)
            .status,
        405
    );
}

#[test]
fn a_flood_is_told_when_to_come_back() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    *world.rates.0.lock().unwrap() = Some("authorize");
    let response = Browser::default().open(&server, &caller.authorize_path());
    assert_eq!(
        (response.status, field(&response, "retry-after")),
        (429, Some("7"))
    );
    *world.rates.0.lock().unwrap() = Some("token");
    let response = server.refresh(&caller.client_id, "x");
    assert_error("token", &response, 429, "temporarily_unavailable");
    assert_eq!(field(&response, "retry-after"), Some("7"));
    assert!(world.store.keys().is_empty(), "and leaves nothing behind");
}
