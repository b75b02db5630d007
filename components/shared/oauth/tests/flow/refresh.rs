//! Refresh tokens: one is good at a time, parallel refreshes agree, and reuse ends the session.

use std::sync::Barrier;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use policy::http::{Error, Response};
use serde_json::json;

use crate::support::*;
use crate::world::World;

/// The first tokens of a session, and how many requests the provider has seen for them.
fn session<'a>(world: &'a World, deployment: &Deployment) -> (Server<'a>, Caller, Tokens) {
    let server = deployment.server(world);
    let caller = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    world.provider.token_requests.store(0, SeqCst);
    (server, caller, tokens)
}

/// Row 58, on two replicas.
#[test]
fn twenty_at_once_get_the_same_answer_and_the_provider_is_asked_once() {
    let world = World::default();
    let (server, caller, tokens) = session(&world, &Deployment::new());
    world
        .provider
        .set(|script| script.token_delay = Duration::from_millis(50));
    let barrier = Barrier::new(20);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let refresh = || {
            let replica = Deployment::new().server(&world);
            barrier.wait();
            replica.refresh(&caller.client_id, &tokens.refresh)
        };
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(refresh)).collect();
        threads
            .into_iter()
            .map(|thread| Tokens::of(&thread.join().unwrap()))
            .collect()
    });
    assert!(answers.iter().all(|answer| answer == &answers[0]));
    assert_eq!(world.provider.token_requests.load(SeqCst), 1);
    let renewed = Tokens::of(&server.refresh(&caller.client_id, &answers[0].refresh));
    assert!(
        server.present(&renewed.access).is_ok(),
        "the session is alive"
    );
}

/// Row 58: the grace, to the second, and then the family.
#[test]
fn a_token_that_was_replaced_works_for_a_minute_and_then_ends_the_session() {
    let world = World::default();
    let (server, caller, tokens) = session(&world, &Deployment::new());
    let renewed = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    world.pass(60);
    assert_eq!(
        Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh)),
        renewed
    );
    assert_eq!(world.provider.token_requests.load(SeqCst), 1);
    world.pass(1);
    assert_error(
        "reuse",
        &server.refresh(&caller.client_id, &tokens.refresh),
        400,
        "invalid_grant",
    );
    for token in [&tokens.refresh, &renewed.refresh] {
        assert_error(
            "family",
            &server.refresh(&caller.client_id, token),
            400,
            "invalid_grant",
        );
    }
    assert_eq!(server.present(&renewed.access).unwrap_err().status, 401);
}

/// Row 58: a token from before the last one has no grace.
#[test]
fn a_token_that_was_replaced_twice_ends_the_session_at_once() {
    let world = World::default();
    let (server, caller, first) = session(&world, &Deployment::new());
    let second = Tokens::of(&server.refresh(&caller.client_id, &first.refresh));
    let third = Tokens::of(&server.refresh(&caller.client_id, &second.refresh));
    assert_error(
        "reuse",
        &server.refresh(&caller.client_id, &first.refresh),
        400,
        "invalid_grant",
    );
    assert_error(
        "family",
        &server.refresh(&caller.client_id, &third.refresh),
        400,
        "invalid_grant",
    );
}

/// Rows 14, 21, 58 and 72.
#[test]
fn what_is_not_a_refresh_token_of_this_client_is_refused_in_the_same_words() {
    let world = World::default();
    let (server, caller, tokens) = session(&world, &Deployment::new());
    let other = Caller::registered(&server);
    let code = caller.code(&server, &mut Browser::default());
    let mut flipped = tokens.refresh.clone().into_bytes();
    flipped[60] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    let cut = &tokens.refresh[..tokens.refresh.len() - 4];
    let mut bodies = Vec::new();
    for (client, token) in [
        (&other.client_id, tokens.refresh.as_str()),
        (&caller.client_id, tokens.access.as_str()),
        (&caller.client_id, code.as_str()),
        (&caller.client_id, caller.client_id.as_str()),
        (&caller.client_id, flipped.as_str()),
        (&caller.client_id, cut),
        (&caller.client_id, "x"),
    ] {
        let response = server.refresh(client, token);
        assert_error(token, &response, 400, "invalid_grant");
        bodies.push(text(&response));
    }
    let last = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    world.pass(31 * 86_400);
    bodies.push(text(&server.refresh(&caller.client_id, &last.refresh)));
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

/// Rows 58 and 66.
#[test]
fn scopes_can_shrink_and_not_grow() {
    let world = World::default();
    let (server, caller, tokens) = session(&world, &Deployment::new());
    let refresh = |token: &str, scope: &str| {
        server.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", &caller.client_id),
            ("refresh_token", token),
            ("scope", scope),
        ])
    };
    let wide = refresh(&tokens.refresh, "image:use image:write");
    assert_error("wider", &wide, 400, "invalid_scope");
    let narrow = Tokens::of(&refresh(&tokens.refresh, "image:use"));
    assert_eq!(narrow.body["scope"], "image:use");
    assert_eq!(
        server.present(&narrow.access).unwrap().scopes,
        ["image:use"]
    );
    // The grant is what it was (RFC 6749, section 6).
    let again = Tokens::of(&refresh(&narrow.refresh, "image:read image:use"));
    assert_eq!(again.body["scope"], "image:read image:use");
}

#[test]
fn a_refresh_token_is_for_this_resource() {
    let world = World::default();
    let (server, caller, tokens) = session(&world, &Deployment::new());
    let refresh = |resource: &str| {
        server.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", &caller.client_id),
            ("refresh_token", &tokens.refresh),
            ("resource", resource),
        ])
    };
    assert_error(
        "other",
        &refresh("https://other.example/mcp"),
        400,
        "invalid_target",
    );
    assert_eq!(refresh(RESOURCE).status, 200);
}

/// Row 59.
#[test]
fn an_outage_at_the_provider_costs_nobody_a_session() {
    let world = World::default();
    let (server, caller, tokens) = session(&world, &Deployment::new());
    let response = |status: u16, body: &str| {
        Ok(Response {
            status,
            headers: vec![("retry-after".to_owned(), "33".to_owned())],
            body: body.as_bytes().to_vec(),
        })
    };
    for (what, answer) in [
        ("500", response(500, "<html>")),
        ("503", response(503, "{}")),
        ("429", response(429, "{}")),
        ("garbage", response(200, "<html>")),
        (
            "our client is refused",
            response(401, r#"{"error":"invalid_client"}"#),
        ),
        ("timeout", Err(Error::Timeout)),
        ("reset", Err(Error::Connection("reset".to_owned()))),
    ] {
        world.provider.set(|script| script.token = Some(answer));
        let response = server.refresh(&caller.client_id, &tokens.refresh);
        assert_error(what, &response, 503, "temporarily_unavailable");
        assert!(field(&response, "retry-after").is_some(), "{what}");
        world.pass(1);
    }
    world.provider.set(|script| {
        script.token = None;
        script.is_down = true;
    });
    assert_error(
        "no document",
        &server.refresh(&caller.client_id, &tokens.refresh),
        503,
        "temporarily_unavailable",
    );
    world.pass(1);
    world.provider.set(|script| script.is_down = false);
    assert_eq!(
        server.refresh(&caller.client_id, &tokens.refresh).status,
        200
    );
}

/// Rows 58 and 59 together: an outage does not shorten the grace of the token before.
#[test]
fn an_outage_does_not_turn_a_late_duplicate_into_reuse() {
    let world = World::default();
    let (server, caller, tokens) = session(&world, &Deployment::new());
    let renewed = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    world
        .provider
        .set(|script| script.token = Some(Err(Error::Timeout)));
    let outage = server.refresh(&caller.client_id, &renewed.refresh);
    assert_error("outage", &outage, 503, "temporarily_unavailable");
    let again = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    assert_eq!(again, renewed);
    world.provider.set(|script| script.token = None);
    world.pass(1);
    assert_eq!(
        server.refresh(&caller.client_id, &renewed.refresh).status,
        200
    );
}

/// Row 59: those who wait while it fails hear of it at once, and do not all try.
#[test]
fn an_outage_is_not_asked_for_twenty_times() {
    let world = World::default();
    let (_, caller, tokens) = session(&world, &Deployment::new());
    world.provider.set(|script| {
        script.token = Some(Err(Error::Timeout));
        script.token_delay = Duration::from_millis(50);
    });
    let barrier = Barrier::new(20);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let replica = Deployment::new().server(&world);
                barrier.wait();
                let response = replica.refresh(&caller.client_id, &tokens.refresh);
                assert_error("outage", &response, 503, "temporarily_unavailable");
            });
        }
    });
    assert_eq!(world.provider.token_requests.load(SeqCst), 1);
}

/// Row 59, the other side.
#[test]
fn a_session_that_the_provider_has_ended_is_over_here() {
    let world = World::default();
    let (server, caller, tokens) = session(&world, &Deployment::new());
    let refused = Response {
        status: 400,
        headers: Vec::new(),
        body: br#"{"error":"invalid_grant"}"#.to_vec(),
    };
    world
        .provider
        .set(|script| script.token = Some(Ok(refused)));
    assert_error(
        "ended",
        &server.refresh(&caller.client_id, &tokens.refresh),
        400,
        "invalid_grant",
    );
    world.provider.set(|script| script.token = None);
    assert_error(
        "for good",
        &server.refresh(&caller.client_id, &tokens.refresh),
        400,
        "invalid_grant",
    );
    assert_eq!(
        server.present(&tokens.access).unwrap_err().status,
        401,
        "at once"
    );
}

/// Row 60.
#[test]
fn a_provider_may_leave_out_what_it_may_leave_out() {
    // No refresh token: the session is as long as its access token, and the log says so.
    let world = World::default();
    world
        .provider
        .set(|script| script.gives_refresh_token = false);
    let (server, _, tokens) = session(&world, &Deployment::new());
    assert_eq!(tokens.body.get("refresh_token"), None);
    assert!(world.log.all().contains("provider_without_refresh_token"));
    world.pass(3599);
    assert!(server.present(&tokens.access).is_ok());
    // No ID token on refresh, and no new refresh token.
    let world = World::default();
    let (server, caller, mut tokens) = session(&world, &Deployment::new());
    world.provider.set(|script| {
        script.sends_id_token = false;
        script.rotates = false;
    });
    for _ in 0..3 {
        tokens = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
        assert!(
            server
                .present(&tokens.access)
                .unwrap()
                .claims
                .contains("alice@example.com")
        );
    }
    // An ID token whose keys cannot be had now: the provider has replaced its token all the same.
    world.provider.set(|script| {
        script.sends_id_token = true;
        script.keys_are_down = true;
    });
    assert_eq!(
        server.refresh(&caller.client_id, &tokens.refresh).status,
        200
    );
}

/// Rows 56 and 65: an ID token that comes with a refresh.
#[test]
fn a_refresh_that_shows_another_user_ends_the_session() {
    for claims in [
        json!({ "sub": "bob" }),
        json!({ "aud": "another client" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "email": "alice@elsewhere.example" }),
    ] {
        let world = World::default();
        let lists = Deployment::new().with("OIDC_ALLOWED_DOMAINS", "example.com");
        let (server, caller, tokens) = session(&world, &lists);
        world
            .provider
            .set(|script| script.id_token = claims.clone());
        assert_error(
            &claims.to_string(),
            &server.refresh(&caller.client_id, &tokens.refresh),
            400,
            "invalid_grant",
        );
        assert_eq!(server.present(&tokens.access).unwrap_err().status, 401);
    }
}

#[test]
fn a_session_ends_when_the_operator_says() {
    let world = World::default();
    let deployment = Deployment::new()
        .with("OIDC_SESSION_MAX_S", "4000")
        .with("OIDC_REFRESH_TOKEN_TTL_S", "600");
    let (server, caller, tokens) = session(&world, &deployment);
    world.pass(599);
    let tokens = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    assert_eq!(
        tokens.body["expires_in"],
        4000 - 599,
        "no token is longer than its session"
    );
    let mut last = tokens;
    for _ in 0..6 {
        world.pass(540);
        last = Tokens::of(&server.refresh(&caller.client_id, &last.refresh));
    }
    world.pass(200);
    assert_error(
        "over",
        &server.refresh(&caller.client_id, &last.refresh),
        400,
        "invalid_grant",
    );
    assert_eq!(server.present(&last.access).unwrap_err().status, 401);
    // Nobody uses it.
    let tokens = caller.tokens(&server);
    world.pass(600);
    assert_error(
        "idle",
        &server.refresh(&caller.client_id, &tokens.refresh),
        400,
        "invalid_grant",
    );
}

/// An instance dies while it is asking the provider: the next one takes over when its time is up.
#[test]
fn a_lease_that_nobody_returns_runs_out() {
    let world = World::default();
    let (server, caller, tokens) = session(&world, &Deployment::new());
    world
        .provider
        .set(|script| script.token_delay = Duration::from_millis(500));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            Deployment::new()
                .server(&world)
                .refresh(&caller.client_id, &tokens.refresh)
        });
        while !world
            .store
            .keys()
            .iter()
            .any(|key| key.starts_with("family/"))
        {
            std::thread::yield_now();
        }
        // The clock of the late one has moved on; the first one is as good as dead.
        world
            .provider
            .set(|script| script.token_delay = Duration::ZERO);
        world.pass(26);
        let response = server.refresh(&caller.client_id, &tokens.refresh);
        assert!(matches!(response.status, 200 | 400), "{}", text(&response));
    });
}

/// Row 65: a provider that sends no ID token on refresh is asked, where there are lists.
#[test]
fn a_user_who_leaves_a_group_is_noticed_without_an_id_token() {
    let world = World::default();
    let staff = json!({ "sub": "alice", "groups": ["staff"] });
    world.provider.set(|script| script.userinfo = staff);
    let lists = Deployment::new().with("OIDC_ALLOWED_GROUPS", "staff");
    let (server, caller, tokens) = session(&world, &lists);
    world.provider.set(|script| script.sends_id_token = false);
    let mut last = Tokens::of(&server.refresh(&caller.client_id, &tokens.refresh));
    // It says nothing, or something about somebody else: that is no reason to end the session.
    for userinfo in [
        json!({ "sub": "alice" }),
        json!({ "sub": "bob", "groups": [] }),
    ] {
        world.provider.set(|script| script.userinfo = userinfo);
        last = Tokens::of(&server.refresh(&caller.client_id, &last.refresh));
    }
    let former = json!({ "sub": "alice", "groups": ["guests"] });
    world.provider.set(|script| script.userinfo = former);
    let response = server.refresh(&caller.client_id, &last.refresh);
    assert_error("former", &response, 400, "invalid_grant");
    assert_eq!(server.present(&last.access).unwrap_err().status, 401);
}
