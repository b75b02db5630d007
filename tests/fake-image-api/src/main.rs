//! Serves the fake until it is ended: `fake-image-api [ADDRESS:PORT]`.
#![allow(clippy::print_stdout, reason = "tells where it listens")]

use std::net::SocketAddr;

use fake_image_api::FakeImageApi;

fn main() {
    let address = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let fake = FakeImageApi::start_at(address);
    println!("listening on {}", fake.origin());
    fake.wait();
}
