//! What images cost: asked for before, told afterwards, and never more than allowed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::memory::Memory;
use crate::support::{failure, known, request, structured, structured_as, writable};
use serde_json::{Value, json};

/// A host whose images cost four cents.
fn costly() -> Memory {
    writable()
        .with_setting("PLACEHOLDER_COST_USD", "0.04")
        .with_setting("PAID_PROVIDERS", "placeholder")
}

fn generate(memory: &Memory, arguments: Value, more: Value) -> Value {
    let mut params = json!({"name": "generate_image", "arguments": arguments});
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    request(memory, "tools/call", params)["result"].clone()
}

#[test]
fn results_tell_the_cost_and_the_sum() {
    let memory = costly();
    let cost = |answer: &Value| {
        (
            answer["cost_usd"].as_f64().unwrap(),
            answer["spent_usd"].as_f64().unwrap(),
        )
    };
    let anna = known("anna");
    let one = structured_as(&anna, &memory, "generate_image", json!({"prompt": "x"}));
    assert_eq!(
        (cost(&one), one["cost_basis"].as_str()),
        ((0.04, 0.04), Some("charged"))
    );
    let two = structured_as(
        &anna,
        &memory,
        "generate_image",
        json!({"prompt": "x", "n": 2}),
    );
    assert_eq!(cost(&two), (0.08, 0.12));
    let bert = structured_as(
        &known("bert"),
        &memory,
        "generate_image",
        json!({"prompt": "x"}),
    );
    assert_eq!(cost(&bert), (0.04, 0.04));
    let free = structured(&writable(), "generate_image", json!({"prompt": "x"}));
    assert_eq!(
        (cost(&free), free["cost_basis"].as_str()),
        ((0.0, 0.0), Some("free"))
    );
}

#[test]
fn an_estimate_spends_nothing() {
    let memory = costly().with_setting("BUDGET_USD_PER_SUBJECT", "0.10");
    let estimate = structured(&memory, "estimate_cost", json!({"n": 2}));
    let expected = json!({
        "provider": "placeholder", "model": "solid", "provider_reason": "no other provider is configured",
        "images": 2, "cost_usd": 0.08, "cost_basis": "estimate", "spent_usd": 0.0, "budget_usd": 0.1,
        "budget_left_usd": 0.1, "period": "this month"
    });
    assert_eq!(estimate, expected);
    assert!(memory.keys_now().is_empty());
}

#[test]
fn a_budget_is_kept_before_money_is_spent() {
    let memory = costly().with_setting("BUDGET_USD_PER_SUBJECT", "0.10");
    let text = failure(&memory, "generate_image", json!({"prompt": "x", "n": 3}));
    assert!(
        text.starts_with("budget_exceeded: this would cost about $0.12"),
        "{text}"
    );
    assert!(memory.blob_names().is_empty(), "nothing was made");
    assert!(!memory.keys_now().iter().any(|key| key.starts_with("job/")));
    structured(&memory, "generate_image", json!({"prompt": "x", "n": 2}));
    assert!(
        failure(&memory, "generate_image", json!({"prompt": "x"})).starts_with("budget_exceeded: ")
    );
    assert_eq!(
        structured(&memory, "estimate_cost", json!({}))["budget_left_usd"],
        0.02
    );
}

#[test]
fn what_failed_without_cost_is_given_back() {
    let memory = costly().with_setting("BUDGET_USD_PER_SUBJECT", "0.05");
    memory.fail_blob_writes(true);
    failure(&memory, "generate_image", json!({"prompt": "x"}));
    memory.fail_blob_writes(false);
    // The provider had made it: that it could not be stored does not give the money back.
    assert_eq!(
        structured(&memory, "estimate_cost", json!({}))["spent_usd"],
        0.04
    );
}

#[test]
fn the_user_is_asked_with_a_form_that_says_the_price() {
    let memory = costly();
    let can_ask = json!({"clientCapabilities": {"elicitation": {}}});
    let asked = generate(&memory, json!({"prompt": "x", "n": 2}), can_ask);
    assert_eq!(asked["resultType"], "input_required");
    let question = &asked["inputRequests"]["confirm_cost"]["params"];
    assert!(
        question["message"].as_str().unwrap().contains("$0.08"),
        "{question}"
    );
    assert_eq!(
        question["requestedSchema"]["properties"]["confirm"]["type"],
        "boolean"
    );
    assert_eq!(question["requestedSchema"]["required"], json!(["confirm"]));
    assert!(
        memory.keys_now().is_empty(),
        "nothing is reserved while the user thinks"
    );

    let answered = |answer: Value| {
        let more = json!({
            "clientCapabilities": {"elicitation": {}}, "inputResponses": {"confirm_cost": answer}
        });
        generate(&memory, json!({"prompt": "x", "n": 2}), more)
    };
    for no in [
        json!({"action": "decline"}),
        json!({"action": "cancel"}),
        json!({"action": "accept", "content": {"confirm": false}}),
        json!({"action": "accept"}),
    ] {
        let result = answered(no);
        assert_eq!(
            result["structuredContent"]["status"], "cancelled",
            "{result}"
        );
        assert_ne!(result["isError"], true);
        assert!(memory.blob_names().is_empty());
    }
    let yes = answered(json!({"action": "accept", "content": {"confirm": true}}));
    assert_eq!(yes["structuredContent"]["status"], "completed", "{yes}");
}

#[test]
fn nobody_is_asked_without_need() {
    let made = |memory: &Memory, arguments: Value, can_ask: Value| {
        let result = generate(memory, arguments, json!({"clientCapabilities": can_ask}));
        result["structuredContent"]["status"] == "completed"
    };
    let can_ask = || json!({"elicitation": {"form": {}}});
    assert!(made(
        &costly(),
        json!({"prompt": "x", "confirm_cost": true}),
        can_ask()
    ));
    assert!(
        made(&costly(), json!({"prompt": "x"}), json!({})),
        "a client that cannot ask"
    );
    assert!(
        made(
            &writable().with_setting("PAID_PROVIDERS", "placeholder"),
            json!({"prompt": "x"}),
            can_ask()
        ),
        "free"
    );
    assert!(made(
        &costly().with_setting("PAID_PROVIDERS", "none"),
        json!({"prompt": "x"}),
        can_ask()
    ));
    assert!(made(
        &costly().with_setting("CONFIRM_COST", "never"),
        json!({"prompt": "x"}),
        can_ask()
    ));
}

#[test]
fn a_deployment_can_demand_the_confirmation() {
    let memory = costly().with_setting("CONFIRM_COST", "require");
    let text = failure(&memory, "generate_image", json!({"prompt": "x"}));
    assert!(
        text.starts_with("confirmation_required: ") && text.contains("`confirm_cost`"),
        "{text}"
    );
    structured(
        &memory,
        "generate_image",
        json!({"prompt": "x", "confirm_cost": true}),
    );
}
