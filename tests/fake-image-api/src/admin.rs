//! What a test in another process asks: what happened so far, and what shall go wrong.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::{Api, Recorded};

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/__admin/requests", get(requests))
        .route("/__admin/charges", get(charges))
        .route("/__admin/cancellations", get(cancellations))
        .route("/__admin/faults", post(faults))
        .route("/__admin/reset", post(reset))
}

async fn requests(State(api): State<Api>) -> Json<Vec<Recorded>> {
    Json(api.ledger.requests())
}

async fn charges(State(api): State<Api>) -> Json<Value> {
    Json(json!(api.ledger.charges()))
}

async fn cancellations(State(api): State<Api>) -> Json<Value> {
    Json(json!(api.ledger.all_cancellations()))
}

/// The body is text with directives; empty text takes them back.
async fn faults(State(api): State<Api>, body: String) {
    api.ledger.set_faults(&body);
}

async fn reset(State(api): State<Api>) {
    api.ledger.reset();
}
