//! Where finished files lie for those backends that answer with a URL.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::Api;
use crate::fault::Faults;

/// The address of cloud metadata, which nobody may be led to.
const PRIVATE: &str = "http://169.254.169.254/latest/meta-data/";

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/delivery/redirect/{name}", get(redirect))
        .route("/delivery/{name}", get(file))
}

/// The URL of a file, or of what is due instead.
pub(crate) fn url(api: &Api, faults: &Faults, bytes: Vec<u8>, extension: &str) -> String {
    let name = api.ledger.keep(bytes, extension);
    if faults.has("private") {
        return PRIVATE.to_owned();
    }
    let folder = if faults.has("redirect") {
        "delivery/redirect"
    } else {
        "delivery"
    };
    format!("{}/{folder}/{name}", api.origin)
}

async fn file(State(api): State<Api>, Path(name): Path<String>) -> Response {
    let Some(bytes) = api.ledger.file(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("jpeg" | "jpg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => "image/png",
    };
    ([("content-type", kind)], bytes).into_response()
}

async fn redirect(Path(_): Path<String>) -> Response {
    (StatusCode::FOUND, [("location", PRIVATE)]).into_response()
}
