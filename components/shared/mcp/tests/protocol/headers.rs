//! The headers that repeat parts of a modern body.

use serde_json::{Value, json};

use crate::client::{Request, legacy, modern, post};
use crate::shop::Shop;

#[test]
fn mcp_method_must_be_there_once_and_be_true() {
    let list = modern("tools/list", json!({}));
    for (name, request) in [
        ("missing", list.clone().without("mcp-method")),
        ("other", list.clone().replaced("mcp-method", "prompts/list")),
        ("case", list.clone().replaced("mcp-method", "TOOLS/LIST")),
        ("twice", list.clone().header("mcp-method", "tools/list")),
        (
            "encoded",
            list.clone()
                .replaced("mcp-method", "=?base64?dG9vbHMvbGlzdA==?="),
        ),
    ] {
        let answer = request.send();
        assert_eq!(answer.refusal(), (400, -32020), "{name}");
        assert_eq!(answer.response()["id"], 1, "{name}");
    }
    let padded = list.replaced("mcp-method", " \ttools/list ");
    assert_eq!(padded.send().status(), 200);
}

#[test]
fn mcp_name_must_be_there_once_and_be_true() {
    let call = modern("tools/call", json!({"name": "era"}));
    let read = modern("resources/read", json!({"uri": "shop://price"}));
    let get = modern("prompts/get", json!({"name": "haggle"}));
    for request in [call, read, get] {
        assert_eq!(request.send().status(), 200);
        for (name, request) in [
            ("missing", request.clone().without("mcp-name")),
            ("other", request.clone().replaced("mcp-name", "buy")),
            ("twice", request.clone().header("mcp-name", "era")),
            (
                "bad base64",
                request.clone().replaced("mcp-name", "=?base64?ZXJh!?="),
            ),
            (
                "no padding",
                request.clone().replaced("mcp-name", "=?base64?ZXI?="),
            ),
            (
                "no UTF-8",
                request.clone().replaced("mcp-name", "=?base64?/w==?="),
            ),
            (
                "upper case",
                request.clone().replaced("mcp-name", "=?BASE64?ZXJh?="),
            ),
            (
                "no suffix",
                request.clone().replaced("mcp-name", "=?base64?ZXJh"),
            ),
        ] {
            assert_eq!(request.send().refusal(), (400, -32020), "{name}");
        }
    }
}

#[test]
fn names_that_do_not_fit_into_a_header_are_encoded() {
    let call = modern("tools/call", json!({"name": "era"}));
    let encoded = call.clone().replaced("mcp-name", "=?base64?ZXJh?=");
    assert_eq!(encoded.send().text(), "2026-07-28");
    // A value that lacks a marker stands for itself.
    let literal = modern("tools/call", json!({"name": "=?base64?ZXJh"}));
    assert_eq!(
        literal.send().refusal(),
        (200, -32603),
        "the shop does not have it"
    );
    let apple = modern("resources/read", json!({"uri": "shop://\u{1f34e}"}))
        .replaced("mcp-name", "=?base64?c2hvcDovL/CfjY4=?=");
    assert_eq!(apple.send().refusal(), (200, -32602), "read, and not found");
}

#[test]
fn a_body_without_a_name_has_nothing_to_repeat() {
    for (method, params) in [
        ("tools/call", json!({})),
        ("tools/call", json!({"name": 7})),
        ("prompts/get", json!({})),
        ("resources/read", json!({"uri": null})),
    ] {
        assert_eq!(
            modern(method, params).send().refusal(),
            (200, -32602),
            "{method}"
        );
    }
}

#[test]
fn legacy_requests_have_no_such_headers() {
    let call = legacy("tools/call", json!({"name": "era"}))
        .header("mcp-method", "tools/list")
        .header("mcp-name", "buy")
        .header("mcp-name", "sell");
    assert_eq!(call.send().text(), "2025-11-25");
}

/// A purchase by a modern client, with the headers that its schema asks for.
fn buy(arguments: Value, headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(
        modern("tools/call", json!({"name": "buy", "arguments": arguments})),
        |request, (name, value)| request.header(name, value),
    )
}

#[test]
fn parameters_must_be_repeated_truly() {
    let (fruit, count, gift) = ("mcp-param-fruit", "mcp-param-count", "mcp-param-gift");
    let accepted: &[(Value, &[(&str, &str)])] = &[
        (json!({"fruit": "fig"}), &[(fruit, "fig")]),
        (json!({"fruit": "fig"}), &[(fruit, " fig\t")]),
        (json!({"fruit": "fig"}), &[(fruit, "=?base64?Zmln?=")]),
        (json!({"fruit": ""}), &[(fruit, "")]),
        (
            json!({"fruit": "=?base64?Zmln"}),
            &[(fruit, "=?base64?Zmln")],
        ),
        (
            json!({"fruit": "fig", "count": 3}),
            &[(fruit, "fig"), (count, "3")],
        ),
        (
            json!({"fruit": "fig", "count": 3}),
            &[(fruit, "fig"), (count, "3.0")],
        ),
        (
            json!({"fruit": "fig", "count": 3.0}),
            &[(fruit, "fig"), (count, "3")],
        ),
        (
            json!({"fruit": "fig", "gift": true}),
            &[(fruit, "fig"), (gift, "true")],
        ),
    ];
    for (arguments, headers) in accepted {
        let answer = buy(arguments.clone(), headers).send();
        assert_eq!(answer.text(), "sold", "{arguments} {headers:?}");
    }
    let refused: &[(Value, &[(&str, &str)])] = &[
        (json!({"fruit": "fig"}), &[]),
        (json!({"fruit": "fig"}), &[(fruit, "kiwi")]),
        (json!({"fruit": "fig"}), &[(fruit, "FIG")]),
        (json!({"fruit": "fig"}), &[(fruit, "fig"), (fruit, "fig")]),
        (json!({"fruit": "Hello"}), &[(fruit, "=?base64?SGVsbG8?=")]),
        (
            json!({"fruit": "Hello"}),
            &[(fruit, "=?base64?SGVs!!!bG8=?=")],
        ),
        (json!({}), &[(fruit, "fig")]),
        (json!({"fruit": null}), &[(fruit, "fig")]),
        (json!({"fruit": null}), &[(fruit, "")]),
        (json!({"fruit": ["fig"]}), &[(fruit, "fig")]),
        (json!({"fruit": "fig", "count": 3}), &[(fruit, "fig")]),
        (
            json!({"fruit": "fig", "count": 3}),
            &[(fruit, "fig"), (count, "4")],
        ),
        (
            json!({"fruit": "fig", "count": 3}),
            &[(fruit, "fig"), (count, "three")],
        ),
        (
            json!({"fruit": "fig", "count": 3}),
            &[(fruit, "fig"), (count, "NaN")],
        ),
        (
            json!({"fruit": "fig", "count": 9_007_199_254_740_993_u64}),
            &[(fruit, "fig"), (count, "9007199254740992")],
        ),
        (
            json!({"fruit": "fig", "gift": true}),
            &[(fruit, "fig"), (gift, "1")],
        ),
    ];
    for (arguments, headers) in refused {
        let shop = Shop::default();
        let answer = buy(arguments.clone(), headers).send_to(&shop);
        assert_eq!(answer.refusal(), (400, -32020), "{arguments} {headers:?}");
        assert_eq!(shop.calls.get(), 0);
        assert!(shop.asked.borrow().is_empty());
    }
}

#[test]
fn parameters_in_headers_are_a_modern_thing() {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "buy", "arguments": {"fruit": "fig"}}});
    assert_eq!(post(body).send().text(), "sold");
}
