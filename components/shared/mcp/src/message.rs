//! JSON-RPC 2.0 messages: which of the three shapes a value has.

use serde_json::{Map, Value};
use thiserror::Error;

/// The `id` of a request, as it came: a string or an integer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Id(Value);

/// A message from the client, not yet assigned to an era.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    Request(Request),
    Notification(Notification),
    /// An answer to a request of ours. We make none.
    Response,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) id: Id,
    pub(crate) method: String,
    pub(crate) params: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notification {
    pub(crate) params: Map<String, Value>,
}

/// The client sent JSON that is no JSON-RPC message.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum ShapeError {
    #[error("client: expected a JSON-RPC message: an object")]
    NotAnObject,
    #[error("client: `jsonrpc` is not \"2.0\"")]
    NotVersion2,
    #[error("client: `method` is not a string")]
    Method,
    #[error("client: `id` is neither a string nor an integer")]
    Id,
    #[error("client: `params` is not an object")]
    Params,
    #[error("client: neither a request, a notification nor a response")]
    Neither,
}

impl Id {
    fn parse(value: Value) -> Result<Self, ShapeError> {
        match &value {
            Value::String(_) => Ok(Self(value)),
            Value::Number(number) if number.is_i64() || number.is_u64() => Ok(Self(value)),
            _ => Err(ShapeError::Id),
        }
    }

    pub(crate) fn as_value(&self) -> &Value {
        &self.0
    }
}

impl Message {
    /// Finds the shape of a value.
    ///
    /// # Errors
    ///
    /// When it has none. Extra members are nobody's business.
    pub(crate) fn parse(value: Value) -> Result<Self, ShapeError> {
        let Value::Object(mut object) = value else {
            return Err(ShapeError::NotAnObject);
        };
        if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(ShapeError::NotVersion2);
        }
        let id = object.remove("id");
        match (object.remove("method"), id) {
            (Some(Value::String(method)), Some(id)) => Ok(Self::Request(Request {
                id: Id::parse(id)?,
                method,
                params: params(object.remove("params"))?,
            })),
            (Some(Value::String(_)), None) => Ok(Self::Notification(Notification {
                params: params(object.remove("params"))?,
            })),
            (Some(_), _) => Err(ShapeError::Method),
            (None, id) => response(&object, id),
        }
    }
}

fn params(value: Option<Value>) -> Result<Map<String, Value>, ShapeError> {
    match value {
        None => Ok(Map::new()),
        Some(Value::Object(params)) => Ok(params),
        Some(_) => Err(ShapeError::Params),
    }
}

fn response(object: &Map<String, Value>, id: Option<Value>) -> Result<Message, ShapeError> {
    let has_result = object.contains_key("result");
    let has_error = object.get("error").is_some_and(Value::is_object);
    match id {
        Some(id) if has_result != has_error => Id::parse(id).map(|_| Message::Response),
        None if has_error && !has_result => Ok(Message::Response),
        _ => Err(ShapeError::Neither),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::{Message, ShapeError};

    #[test]
    fn knows_the_three_shapes() {
        let parse = |value| Message::parse(value).unwrap();
        for id in [json!(0), json!(-7), json!(u64::MAX), json!(""), json!("a")] {
            let request = parse(json!({"jsonrpc": "2.0", "id": id, "method": "ping"}));
            assert!(matches!(request, Message::Request(request) if *request.id.as_value() == id));
        }
        let notification = parse(json!({"jsonrpc": "2.0", "method": "x", "params": {"a": 1}}));
        assert!(matches!(notification, Message::Notification(n) if n.params.len() == 1));
        for answer in [
            json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
            json!({"jsonrpc": "2.0", "id": "1", "error": {"code": 1, "message": ""}}),
            json!({"jsonrpc": "2.0", "error": {"code": 1, "message": ""}}),
        ] {
            assert_eq!(parse(answer), Message::Response);
        }
    }

    #[test]
    fn refuses_everything_else() {
        use ShapeError as E;
        for (value, error) in [
            (json!(null), E::NotAnObject),
            (json!("ping"), E::NotAnObject),
            (json!({}), E::NotVersion2),
            (json!({"id": 1, "method": "ping"}), E::NotVersion2),
            (
                json!({"jsonrpc": "1.0", "id": 1, "method": "ping"}),
                E::NotVersion2,
            ),
            (
                json!({"jsonrpc": 2.0, "id": 1, "method": "ping"}),
                E::NotVersion2,
            ),
            (
                json!({"jsonrpc": "2.0", "id": null, "method": "ping"}),
                E::Id,
            ),
            (
                json!({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}),
                E::Id,
            ),
            (
                json!({"jsonrpc": "2.0", "id": 1e3, "method": "ping"}),
                E::Id,
            ),
            (json!({"jsonrpc": "2.0", "id": [], "method": "ping"}), E::Id),
            (
                json!({"jsonrpc": "2.0", "id": true, "method": "ping"}),
                E::Id,
            ),
            (json!({"jsonrpc": "2.0", "id": 1, "method": 7}), E::Method),
            (
                json!({"jsonrpc": "2.0", "id": 1, "method": "a", "params": []}),
                E::Params,
            ),
            (
                json!({"jsonrpc": "2.0", "id": 1, "method": "a", "params": null}),
                E::Params,
            ),
            (json!({"jsonrpc": "2.0", "id": 1}), E::Neither),
            (json!({"jsonrpc": "2.0", "result": {}}), E::Neither),
            (
                json!({"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}}),
                E::Neither,
            ),
            (json!({"jsonrpc": "2.0", "id": 1, "error": "x"}), E::Neither),
        ] {
            assert_eq!(Message::parse(value.clone()), Err(error), "{value}");
        }
    }
}
