//! Keeps every request in a form that a snapshot can hold: no key, and pictures as their size.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Api, MAX_BODY_BYTES, picture};

/// One request as it came.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query, as it came.
    pub query: String,
    /// Header fields; credentials are only said to be there.
    pub headers: BTreeMap<String, String>,
    /// JSON, the parts of a form, or nothing.
    pub body: Value,
}

/// Header fields that say nothing about a request.
const DULL: &[&str] = &[
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "user-agent",
    "traceparent",
];

/// Header fields that hold a credential.
const SECRET: &[&str] = &["authorization", "x-goog-api-key", "x-key"];

/// Text longer than this is a picture, or is shortened.
const LONG_TEXT: usize = 400;

pub(crate) async fn record(State(api): State<Api>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/__admin") {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return (axum::http::StatusCode::BAD_REQUEST, "the body ended early").into_response();
    };
    api.ledger.record(Recorded {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers(&head.headers),
        body: body_of(&head.headers, &bytes).await,
    });
    next.run(Request::from_parts(head, Body::from(bytes))).await
}

fn headers(map: &HeaderMap) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for (name, value) in map {
        let name = name.as_str();
        if DULL.contains(&name) {
            continue;
        }
        let value = value.to_str().unwrap_or("(not text)");
        let shown = match value.split_once(' ') {
            Some((scheme, _)) if SECRET.contains(&name) => format!("{scheme} (secret)"),
            None if SECRET.contains(&name) => "(secret)".to_owned(),
            // The boundary differs each time.
            _ if name == "content-type" => value.split(';').next().unwrap_or_default().to_owned(),
            _ => value.to_owned(),
        };
        headers.insert(name.to_owned(), shown);
    }
    headers
}

async fn body_of(headers: &HeaderMap, bytes: &Bytes) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    if let Some(parts) = parts(headers, bytes.clone()).await {
        let list = parts.into_iter().map(|part| {
            let text = String::from_utf8(part.bytes.to_vec()).ok();
            json!({
                "name": part.name,
                "file_name": part.file_name,
                "content_type": part.content_type,
                "value": match text {
                    Some(text) if part.file_name.is_none() => text,
                    _ => picture::described(&part.bytes),
                },
            })
        });
        return list.collect();
    }
    match serde_json::from_slice(bytes) {
        Ok(value) => without_pictures(value),
        Err(_) => json!(format!("({} bytes)", bytes.len())),
    }
}

fn without_pictures(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > LONG_TEXT || looks_like_picture(&text) => {
            let encoded = text.split_once(";base64,").map_or(&*text, |(_, data)| data);
            match BASE64_STANDARD.decode(encoded) {
                Ok(bytes) => json!(picture::described(&bytes)),
                Err(_) => json!(format!("({} characters)", text.len())),
            }
        }
        Value::Array(list) => list.into_iter().map(without_pictures).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| (name, without_pictures(value)))
            .collect(),
        other => other,
    }
}

fn looks_like_picture(text: &str) -> bool {
    ["iVBORw0KGgo", "/9j/", "UklGR", "data:image/"]
        .iter()
        .any(|start| text.starts_with(start))
}

/// One part of a form.
pub(crate) struct Part {
    pub name: String,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
    pub bytes: Bytes,
}

/// The parts of a form; `None` when it is none.
pub(crate) async fn parts(headers: &HeaderMap, body: Bytes) -> Option<Vec<Part>> {
    let kind = headers.get("content-type")?.to_str().ok()?;
    let boundary = multer::parse_boundary(kind).ok()?;
    let stream = futures_util::stream::once(async move { Ok::<_, std::io::Error>(body) });
    let mut form = multer::Multipart::new(stream, boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        parts.push(Part {
            name: field.name().unwrap_or_default().to_owned(),
            file_name: field.file_name().map(str::to_owned),
            content_type: field.content_type().map(ToString::to_string),
            bytes: field.bytes().await.ok()?,
        });
    }
    Some(parts)
}
