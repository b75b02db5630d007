//! From an HTTP request to the server. The policy is asked before anything here exists, except for
//! transfer links, which are their own credential.

use guest::{HOST, Incoming, PlainAnswer};

use crate::context::Context;
use crate::server::ImageServer;
use crate::transfer::{self, BodyError, Request};

/// Largest request body, in bytes. The host has its own, usually smaller limit; this one holds
/// where the component runs without it.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// What stands before the token of a link.
const TRANSFER: &str = "/transfer/";

/// Serves one request.
pub fn handle(incoming: Incoming) {
    let path = incoming.path();
    match path.rsplit_once(TRANSFER) {
        Some((_, token)) if !token.contains('/') => transfer(incoming, token),
        _ => incoming.serve(MAX_BODY_BYTES, |caller| ImageServer::new(caller, HOST)),
    }
}

fn transfer(incoming: Incoming, unverified_token: &str) {
    let context = Context {
        capabilities: HOST,
        subject: None,
        gallery_of: None,
    };
    let plain = std::cell::RefCell::new(incoming.into_plain());
    let (method, headers) = {
        let plain = plain.borrow();
        (plain.method().to_owned(), plain.headers().to_vec())
    };
    let mut body = |max_bytes| {
        let read = plain.borrow_mut().body(max_bytes);
        read.map_err(|error| match error {
            guest::BodyError::TooLarge => BodyError::TooLarge,
            guest::BodyError::Broken => BodyError::Broken,
        })
    };
    let mut request = Request {
        method: &method,
        unverified_token,
        headers: &headers,
        body: &mut body,
    };
    transfer::serve(context, &mut request, &mut |response| {
        plain.borrow_mut().answer(PlainAnswer {
            status: response.status,
            headers: response.headers,
            body: response.body,
            length: response.length,
        })
    });
}
