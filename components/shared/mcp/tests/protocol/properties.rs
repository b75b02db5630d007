//! Whatever arrives, the answer is one of the table, and never a panic.

use mcp::Recorder;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::client::{Answer, Request, legacy, modern, post, raw};
use crate::shop::Shop;

/// What must hold for every answer.
fn check(answer: &Answer) -> Result<(), TestCaseError> {
    let status = answer.status();
    prop_assert!(
        [200, 202, 400, 404, 405, 406, 415].contains(&status),
        "status {status}"
    );
    if status == 202 {
        prop_assert!(answer.recorder.body.is_empty());
        return Ok(());
    }
    prop_assert!(!answer.recorder.body.is_empty());
    for message in answer.messages() {
        let parts = message.as_array().cloned().unwrap_or_else(|| vec![message]);
        prop_assert!(!parts.is_empty());
        for part in parts {
            prop_assert_eq!(&part["jsonrpc"], "2.0");
            let members = ["result", "error", "method"].map(|key| part.get(key).is_some());
            let count = members.into_iter().filter(|present| *present).count();
            prop_assert_eq!(count, 1, "{}", part);
            prop_assert!(status == 200 || part.get("error").is_some());
            prop_assert!(part.get("id").is_none_or(|id| !id.is_null()));
        }
    }
    Ok(())
}

/// JSON of any shape, with the keys and values that matter among others.
fn value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("2.0".to_owned()),
        Just("2026-07-28".to_owned()),
        Just("tools/call".to_owned()),
        Just("buy".to_owned()),
        "[a-z/]{0,8}",
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "jsonrpc",
            "id",
            "method",
            "params",
            "_meta",
            "name",
            "uri",
            "arguments",
            "cursor",
            "progressToken",
            "inputResponses",
            "requestState",
            "io.modelcontextprotocol/protocolVersion",
            "io.modelcontextprotocol/clientCapabilities",
        ])
        .prop_map(str::to_owned),
        "[a-z]{0,4}",
    ]
}

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "server/discover",
            "initialize",
            "ping",
            "logging/setLevel",
            "tools/list",
            "tools/call",
            "resources/list",
            "resources/templates/list",
            "resources/read",
            "resources/subscribe",
            "prompts/list",
            "prompts/get",
            "completion/complete",
            "notifications/cancelled",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

/// Headers of any content, some of which matter.
fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop::sample::select(vec![
        "accept",
        "content-type",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "mcp-param-fruit",
        "mcp-session-id",
    ]);
    let value = prop_oneof![
        Just("2026-07-28".to_owned()),
        Just("2025-11-25".to_owned()),
        Just("tools/call".to_owned()),
        "=\\?base64\\?[A-Za-z0-9+/=]{0,8}\\?=",
        any::<String>(),
    ];
    prop::collection::vec((name.prop_map(str::to_owned), value), 0..4)
}

fn with(request: Request, headers: Vec<(String, String)>) -> Request {
    headers.into_iter().fold(request, |request, (name, value)| {
        request.header(&name, &value)
    })
}

/// Parameters that reach the handlers.
fn params() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "buy", "era", "meta", "list", "progress", "log", "wait", "answer", "ask", "haggle",
        "error", "spoil",
    ]);
    (name, value(), value()).prop_map(|(name, arguments, extra)| {
        let mut params = json!({"name": name, "uri": "shop://price", "arguments": arguments});
        if let Value::Object(extra) = extra {
            for (key, value) in extra {
                params[key] = value;
            }
        }
        params
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200), extra in headers(), verb in "[A-Z]{0,6}") {
        check(&with(raw(&body), extra.clone()).send())?;
        check(&with(raw(&body), extra).method(&verb).send())?;
    }

    #[test]
    fn any_json_is_answered(body in value(), extra in headers()) {
        check(&with(post(body.clone()), extra).send())?;
        check(&post(json!([body])).send())?;
    }

    #[test]
    fn any_message_is_answered(method in method(), params in value(), id in value(), extra in headers()) {
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        check(&with(post(message), extra).send())?;
    }

    #[test]
    fn any_parameters_are_answered(method in method(), params in params(), extra in headers()) {
        let mut params = params;
        if !params["_meta"].is_object() {
            params.as_object_mut().unwrap().remove("_meta");
        }
        check(&legacy(&method, params.clone()).send())?;
        check(&with(modern(&method, params.clone()), extra).send())?;
        check(&modern(&method, params).send())?;
    }

    #[test]
    fn a_client_may_leave_at_any_time(frames in 0_usize..6, params in params(), batch in any::<bool>()) {
        let mut params = params;
        params["_meta"] = json!({"progressToken": 1});
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params.clone()});
        let request = if batch {
            post(json!([message.clone(), message]))
        } else {
            modern("tools/call", params)
        };
        let answer = request.send_as(&Shop::default(), Recorder::leaving_after(frames));
        let body = String::from_utf8_lossy(&answer.recorder.body).into_owned();
        prop_assert!(!answer.recorder.streamed || body.matches("\n\n").count() <= frames);
    }
}
