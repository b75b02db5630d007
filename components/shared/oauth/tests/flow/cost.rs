//! What a whole sign-in costs us, without the network. `cargo test -p oauth cost -- --nocapture`
//! prints it; the bound is wide, since other tests run beside it, and catches only a blunder.

use std::time::Instant;

use crate::support::*;
use crate::world::World;

const FLOWS: u32 = 50;

#[test]
fn a_whole_sign_in_costs_little() {
    let world = World::default();
    let server = Deployment::new().server(&world);
    let start = Instant::now();
    let mut tokens = None;
    for _ in 0..FLOWS {
        tokens = Some(Caller::registered(&server).tokens(&server));
    }
    let flow = start.elapsed() / FLOWS;
    let tokens = tokens.unwrap();
    let (access, refresh) = (tokens.access, tokens.refresh);
    let start = Instant::now();
    for _ in 0..FLOWS {
        assert!(server.present(&access).is_ok());
    }
    let token = start.elapsed() / FLOWS;
    println!("register, authorize, consent, callback, token: {flow:?}; a token: {token:?}");
    println!(
        "access token: {} bytes; refresh token: {} bytes",
        access.len(),
        refresh.len()
    );
    assert!(flow.as_millis() < 500, "{flow:?}");
}
