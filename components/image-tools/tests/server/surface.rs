//! What a client finds: the server, its lists, who may use what, and what it costs the host.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::memory::Memory;
use crate::support::{Policy, call, failure, request, send_as, structured, writable};
use base64::prelude::{BASE64_STANDARD, Engine};
use guest::web::WebResponse;
use mcp::Recorder;
use serde_json::{Value, json};

#[test]
fn the_server_says_who_it_is() {
    let memory = Memory::new().with_setting("SERVER_NAME", "pictures");
    let discovered = &request(&memory, "server/discover", json!({}))["result"];
    assert_eq!(
        discovered["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "pictures"
    );
    assert!(
        discovered["instructions"]
            .as_str()
            .unwrap()
            .contains("read-only")
    );
    let capabilities: Vec<_> = discovered["capabilities"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        capabilities,
        ["completions", "prompts", "resources", "tools"]
    );
    let info = structured(&memory, "get_server_info", json!({}));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        info,
        json!({"server_name": "pictures", "server_version": version, "core_version": version})
    );
    let own = Memory::new().with_setting("INSTRUCTIONS", "Only foxes.");
    assert_eq!(
        request(&own, "server/discover", json!({}))["result"]["instructions"],
        "Only foxes."
    );
}

#[test]
fn read_only_hides_writing_tools_and_refuses_them() {
    let memory = Memory::new();
    let tools = &request(&memory, "tools/list", json!({}))["result"]["tools"];
    assert_eq!(tools.as_array().unwrap().len(), 11);
    for tool in ["generate_image", "delete_image", "no_such_tool"] {
        let answer = request(
            &memory,
            "tools/call",
            json!({"name": tool, "arguments": {"prompt": "x"}}),
        );
        assert_eq!(answer["error"]["code"], -32602, "{tool}: {answer}");
    }
    let tools = &request(&writable(), "tools/list", json!({}))["result"]["tools"];
    assert_eq!(tools.as_array().unwrap().len(), 22);
}

#[test]
fn a_deployment_names_the_tools_that_it_offers() {
    let names = |memory: &Memory| {
        let tools = request(memory, "tools/list", json!({}))["result"]["tools"].clone();
        let tools = tools.as_array().unwrap().iter();
        tools
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let allowed = writable().with_setting("TOOLS_ALLOW", "show_image,generate_image,delete_image");
    assert_eq!(
        names(&allowed),
        ["generate_image", "show_image", "delete_image"]
    );
    let both = writable()
        .with_setting("TOOLS_ALLOW", "show_image,generate_image")
        .with_setting("TOOLS_DENY", "generate_image,no_such_tool");
    assert_eq!(names(&both), ["show_image"]);
    assert_eq!(
        both.logged(guest::log::Level::Warn).len(),
        1,
        "the unknown name is reported"
    );
    for tool in ["generate_image", "list_providers"] {
        let params = json!({"name": tool, "arguments": {}});
        assert_eq!(
            request(&both, "tools/call", params)["error"]["code"],
            -32602,
            "{tool}"
        );
    }
    // What is allowed by name is still hidden from a server that only reads.
    let reads = Memory::new().with_setting("TOOLS_ALLOW", "generate_image,show_image");
    assert_eq!(names(&reads), ["show_image"]);
}

#[test]
fn the_policy_is_asked_and_obeyed() {
    let memory = writable();
    let policy = Policy {
        denies_writing: true,
        ..Policy::default()
    };
    let ask = |name: &str, arguments: Value| {
        let mut recorder = Recorder::new();
        let params = json!({"name": name, "arguments": arguments});
        send_as(&policy, &memory, ("tools/call", params), &mut recorder);
        recorder
    };
    assert_eq!(ask("list_providers", json!({})).status, Some(200));
    let refused = ask("generate_image", json!({"prompt": "x"}));
    assert_eq!(refused.status, Some(403));
    assert_eq!(
        refused.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\"")
    );
    assert_eq!(
        ask("delete_image", json!({"image_id": "0123456789ab"})).status,
        Some(403)
    );
    let asked = policy.asked.borrow();
    let tools: Vec<_> = asked
        .iter()
        .map(|(method, target, writes)| (method.as_str(), target.as_str(), *writes))
        .collect();
    let expected = [
        ("tools/call", "list_providers", false),
        ("tools/call", "generate_image", true),
        ("tools/call", "delete_image", true),
    ];
    assert_eq!(tools, expected);
    assert!(memory.blob_names().is_empty() && memory.keys_now().is_empty());
}

#[test]
fn unknown_arguments_are_refused_by_name() {
    let memory = writable();
    let tools = request(&memory, "tools/list", json!({}));
    for tool in tools["result"]["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        let text = failure(&memory, name, json!({"no_such_argument": 1}));
        assert!(text.contains("`no_such_argument`"), "{name}: {text}");
    }
}

#[test]
fn every_result_fits_its_output_schema() {
    let memory = writable().with_setting("BASE_URL", "https://images.example");
    let made = structured(&memory, "generate_image", json!({"prompt": "x"}));
    let id = made["image_id"].as_str().unwrap();
    let png = memory.blob(&format!("images/{id}-original.png")).unwrap();
    let base64 = BASE64_STANDARD.encode(&png);
    let answer = WebResponse {
        status: 200,
        body: png,
    };
    memory.publish("https://example.com/x.png", Ok(answer));
    let calls = [
        ("generate_image", json!({"prompt": "x", "wait_seconds": 0})),
        (
            "generate_image",
            json!({"prompt": "x", "n": 2, "idempotency_key": "k"}),
        ),
        (
            "generate_image",
            json!({"prompt": "x", "n": 2, "idempotency_key": "k"}),
        ),
        ("regenerate_image", json!({"image_id": id, "prompt": "y"})),
        ("cancel_generation", json!({"image_id": id})),
        ("estimate_cost", json!({})),
        ("check_generation_status", json!({"image_id": id})),
        ("check_generation_status", json!({"image_id": "nothing"})),
        (
            "show_image",
            json!({"uri": format!("image://{id}/view?width=10")}),
        ),
        ("browse_gallery", json!({})),
        ("gallery_page", json!({"page": 1, "origin": "all"})),
        ("gallery_full_image", json!({"image_id": id})),
        ("list_providers", json!({"force_refresh": true})),
        ("edit_image", json!({"image_id": id})),
        (
            "_save_edited_image",
            json!({"source_image_id": id, "rotate": 90}),
        ),
        ("compose_image", json!({"image_id": id})),
        ("create_download_link", json!({"ref": id})),
        ("create_upload_link", json!({"ref": "x.png"})),
        ("fetch_image", json!({"url": "https://example.com/x.png"})),
        ("ingest_base64_image", json!({"data": base64})),
        ("get_server_info", json!({})),
        ("list_resources", json!({})),
        ("read_resource", json!({"uri": "image://list"})),
        (
            "read_resource",
            json!({"uri": format!("image://{id}/view")}),
        ),
        ("delete_image", json!({"image_id": id})),
        ("save_style", json!({"name": "noir", "body": "Dark."})),
        ("delete_style", json!({"name": "noir"})),
    ];
    let tools = request(&memory, "tools/list", json!({}));
    for (name, arguments) in calls {
        let tools = tools["result"]["tools"].as_array().unwrap();
        let tool = tools.iter().find(|tool| tool["name"] == name).unwrap();
        let mut schema = tool["outputSchema"].as_object().unwrap().clone();
        // Stricter than clients are: nothing is sent that the schema does not tell of.
        schema.insert("additionalProperties".to_owned(), json!(false));
        let result = structured(&memory, name, arguments);
        let checked = mcp::check_arguments(&schema, result.as_object().unwrap());
        assert!(checked.is_ok(), "{name}: {checked:?}: {result}");
    }
}

#[test]
fn providers_are_listed_with_what_they_can_do() {
    let providers = structured(&Memory::new(), "list_providers", json!({}));
    insta::assert_json_snapshot!(providers);
}

#[test]
fn resources_and_templates_are_listed() {
    let memory = Memory::new();
    let resources = request(&memory, "resources/list", json!({}))["result"]["resources"].clone();
    let uris: Vec<_> = resources
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["uri"].as_str().unwrap())
        .collect();
    let expected = [
        "info://prompt-guide",
        "info://providers",
        "image://list",
        "style://list",
    ];
    assert_eq!(uris, expected);
    let templates = request(&memory, "resources/templates/list", json!({}));
    assert_eq!(
        templates["result"]["resourceTemplates"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let result = call(&memory, "list_resources", json!({}));
    let text: Vec<Value> =
        serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(json!(text), result["structuredContent"]["resources"]);
    assert_eq!(text.len(), 7);
    assert_eq!(text[1]["mime_type"], "application/json");
}

#[test]
fn cheap_requests_cost_the_host_next_to_nothing() {
    let memory = Memory::new();
    request(&memory, "tools/list", json!({}));
    memory.take_calls();
    let cost = |method: &str, params: Value| {
        request(&memory, method, params);
        // One call is the test's own: it asks the time before the request.
        memory.take_calls() - 1
    };
    assert!(
        cost("tools/call", json!({"name": "list_providers"})) <= 20,
        "the name of the server, whether the tool is on offer, and which providers there are"
    );
    assert_eq!(cost("tools/list", json!({})), 5, "the same");
}
