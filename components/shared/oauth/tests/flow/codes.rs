//! Codes: good once, for one client, one redirect URI, one verifier.

use std::sync::Barrier;

use crate::support::*;
use crate::world::World;

/// Row 51.
#[test]
fn a_code_that_comes_twice_revokes_what_it_issued() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let code = caller.code(&server, &mut Browser::default());
    let tokens = Tokens::of(&caller.redeem(&server, &code));
    assert!(server.present(&tokens.access).is_ok());
    for _ in 0..2 {
        assert_error(
            "again",
            &caller.redeem(&server, &code),
            400,
            "invalid_grant",
        );
    }
    let denial = server.present(&tokens.access).unwrap_err();
    assert_eq!(
        (
            denial.status,
            denial.reason.starts_with("token_revoked token=")
        ),
        (401, true)
    );
    assert_error(
        "refresh",
        &server.refresh(&caller.client_id, &tokens.refresh),
        400,
        "invalid_grant",
    );
}

/// Row 51: also when it is long over.
#[test]
fn a_copy_that_comes_late_revokes_too() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let code = caller.code(&server, &mut Browser::default());
    let tokens = Tokens::of(&caller.redeem(&server, &code));
    world.pass(600);
    assert_error("late", &caller.redeem(&server, &code), 400, "invalid_grant");
    assert_eq!(server.present(&tokens.access).unwrap_err().status, 401);
}

/// Row 51: fifty at once, on two replicas. One wins; and since nobody can tell which of them was the
/// client, what it got is revoked.
#[test]
fn of_fifty_at_once_one_succeeds_and_nobody_keeps_anything() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let code = caller.code(&server, &mut Browser::default());
    let barrier = Barrier::new(50);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let redeem = || {
            let replica = Deployment::new().server(&world);
            barrier.wait();
            caller.redeem(&replica, &code)
        };
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(redeem)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in lost {
        assert_error("lost", answer, 400, "invalid_grant");
    }
    for answer in won {
        assert_eq!(
            server
                .present(&Tokens::of(answer).access)
                .unwrap_err()
                .status,
            401
        );
    }
}

/// Row 52: none of these uses the code up, and all look the same.
#[test]
fn a_code_is_good_for_its_client_its_redirect_and_its_verifier_only() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let other = Caller::registered(&server);
    let code = caller.code(&server, &mut Browser::default());
    let wrong_verifier = "w".repeat(64);
    let attempts = [
        ("client", vec![("client_id", other.client_id.as_str())]),
        (
            "redirect",
            vec![("redirect_uri", "http://127.0.0.1:7001/callback")],
        ),
        ("no redirect", vec![("redirect_uri", "")]),
        ("resource", vec![("resource", "https://other.example/mcp")]),
        ("verifier", vec![("code_verifier", wrong_verifier.as_str())]),
        ("short verifier", vec![("code_verifier", "short")]),
        (
            "verifier of other characters",
            vec![(
                "code_verifier",
                "+++++++++++++++++++++++++++++++++++++++++++",
            )],
        ),
        ("code", vec![("code", "x")]),
        (
            "the id of a client",
            vec![("code", caller.client_id.as_str())],
        ),
    ];
    let mut bodies = Vec::new();
    for (what, changes) in attempts {
        let response = caller.redeem_with(&server, &code, &changes);
        assert_error(what, &response, 400, "invalid_grant");
        bodies.push(text(&response));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "row 72: {bodies:?}");
    assert_eq!(caller.redeem(&server, &code).status, 200);
}

/// Rows 14 and 52: another server with the same key, and time.
#[test]
fn a_code_is_good_here_and_for_a_minute() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let code = caller.code(&server, &mut Browser::default());
    let other = Deployment::new()
        .with("BASE_URL", "https://h.example/other")
        .server(&world);
    let body = r#"{"redirect_uris":["http://127.0.0.1:7000/callback"]}"#;
    let registered = other.send(
        ("POST", "/other/register"),
        &[("content-type", "application/json")],
        body,
    );
    let id = object(&registered)["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let form = oauth::form::encode(&[
        ("grant_type", "authorization_code"),
        ("client_id", &id),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &caller.verifier),
    ]);
    let fields = [("content-type", "application/x-www-form-urlencoded")];
    assert_error(
        "another tenant",
        &other.send(("POST", "/other/token"), &fields, &form),
        400,
        "invalid_grant",
    );
    world.pass(60);
    assert_error("late", &caller.redeem(&server, &code), 400, "invalid_grant");
}

/// Row 53.
#[test]
fn a_verifier_is_needed() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let code = caller.code(&server, &mut Browser::default());
    let response = caller.redeem_with(&server, &code, &[("code_verifier", "")]);
    assert_error("none", &response, 400, "invalid_request");
    let long = "v".repeat(129);
    let response = caller.redeem_with(&server, &code, &[("code_verifier", &long)]);
    assert_error("long", &response, 400, "invalid_grant");
}

#[test]
fn other_requests_are_refused_as_the_specification_says() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let id = caller.client_id.as_str();
    let cases: [(&str, Vec<(&str, &str)>, u16, &str); 5] = [
        (
            "no grant type",
            vec![("client_id", id)],
            400,
            "invalid_request",
        ),
        (
            "password",
            vec![("client_id", id), ("grant_type", "password")],
            400,
            "unsupported_grant_type",
        ),
        (
            "no code",
            vec![
                ("client_id", id),
                ("grant_type", "authorization_code"),
                ("code_verifier", "x"),
            ],
            400,
            "invalid_request",
        ),
        (
            "unknown client",
            vec![
                ("client_id", "x"),
                ("grant_type", "refresh_token"),
                ("refresh_token", "x"),
            ],
            401,
            "invalid_client",
        ),
        (
            "twice",
            vec![("client_id", id), ("client_id", id), ("grant_type", "x")],
            400,
            "invalid_request",
        ),
    ];
    for (what, form, status, code) in cases {
        assert_error(what, &server.token(&form), status, code);
    }
    assert_error(
        "GET",
        &server.send(("GET", "/vault/token"), &[], ""),
        405,
        "invalid_request",
    );
    assert_error(
        "JSON",
        &server.send(
            ("POST", "/vault/token"),
            &[("content-type", "application/json")],
            "{}",
        ),
        400,
        "invalid_request",
    );
}
