//! Row 61: `/revoke` works, for those whose tokens they are.

use crate::support::*;
use crate::world::World;

#[test]
fn an_access_token_that_is_revoked_is_over_on_every_replica() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let replica = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    assert_eq!(replica.present(&tokens.access).unwrap().reusable_seconds, 1);
    for _ in 0..2 {
        let response = server.revoke(&caller.client_id, &tokens.access);
        assert_eq!((response.status, text(&response)), (200, String::new()));
    }
    let reason = replica.present(&tokens.access).unwrap_err().reason;
    assert!(reason.starts_with("token_revoked token="), "{reason}");
    // Only that one.
    let renewed = Tokens::of(&replica.refresh(&caller.client_id, &tokens.refresh));
    assert!(server.present(&renewed.access).is_ok());
}

#[test]
fn a_refresh_token_takes_its_session_with_it_at_the_provider_too() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    let other = caller.tokens(&server);
    for _ in 0..2 {
        assert_eq!(
            server.revoke(&caller.client_id, &tokens.refresh).status,
            200
        );
    }
    assert_eq!(server.present(&tokens.access).unwrap_err().status, 401);
    assert_error(
        "refresh",
        &server.refresh(&caller.client_id, &tokens.refresh),
        400,
        "invalid_grant",
    );
    assert!(
        server.present(&other.access).is_ok(),
        "another session of the same user"
    );
    assert!(world.provider.revoked.lock().unwrap()[0].starts_with("idp-rt-"));
}

#[test]
fn a_token_of_somebody_else_or_of_nobody_is_not_touched() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let stranger = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    for token in [
        tokens.access.as_str(),
        tokens.refresh.as_str(),
        "x",
        "a.b.c",
    ] {
        assert_eq!(server.revoke(&stranger.client_id, token).status, 200);
    }
    assert!(server.present(&tokens.access).is_ok());
    assert_eq!(
        server.refresh(&caller.client_id, &tokens.refresh).status,
        200
    );
    assert_error(
        "nobody",
        &server.revoke("x", &tokens.access),
        401,
        "invalid_client",
    );
    assert_error(
        "nothing",
        &server.revoke(&caller.client_id, ""),
        400,
        "invalid_request",
    );
    assert_error(
        "GET",
        &server.send(("GET", "/vault/revoke"), &[], ""),
        405,
        "invalid_request",
    );
}

#[test]
fn a_provider_that_does_not_answer_keeps_no_session_alive() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let caller = Caller::registered(&server);
    let tokens = caller.tokens(&server);
    world.provider.set(|script| script.is_down = true);
    assert_eq!(
        server.revoke(&caller.client_id, &tokens.refresh).status,
        200
    );
    assert_eq!(server.present(&tokens.access).unwrap_err().status, 401);
    assert!(world.log.all().contains("provider_revocation_failed"));
}
