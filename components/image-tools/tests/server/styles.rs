//! The style library and the prompts, as a client uses them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::support::memory::Memory;
use crate::support::{failure, request, structured, writable};
use guest::log::Level;
use serde_json::{Value, json};

/// As the Python server writes it.
const NOIR: &str = "---\nname: noir\ntags: [\"film\", \"night\"]\nprovider: openai\naspect_ratio: \"16:9\"\nquality: hd\n---\n\n\
                    Hard light, wet streets.\n\nNever colour.\n";

fn read(memory: &Memory, uri: &str) -> Value {
    request(memory, "resources/read", json!({"uri": uri}))
}

fn prompt(memory: &Memory, name: &str, arguments: Value) -> String {
    let answer = request(
        memory,
        "prompts/get",
        json!({"name": name, "arguments": arguments}),
    );
    let message = &answer["result"]["messages"][0];
    assert_eq!(message["role"], "user", "{answer}");
    message["content"]["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_library_of_the_python_server_is_read() {
    let memory = Memory::new();
    memory.put_blob("styles/noir.md", NOIR);
    memory.put_blob("styles/broken.md", "no header");
    let list = read(&memory, "style://list");
    let list: Value =
        serde_json::from_str(list["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    let expected = json!([{
        "name": "noir", "tags": ["film", "night"], "description": "Hard light, wet streets.",
        "provider": "openai", "aspect_ratio": "16:9", "quality": "hd"
    }]);
    assert_eq!(list, expected);
    assert_eq!(
        memory.logged(Level::Warn).len(),
        1,
        "the broken file is reported"
    );
    let one = read(&memory, "style://noir")["result"]["contents"][0].clone();
    assert_eq!(
        (one["text"].as_str(), one["mimeType"].as_str()),
        (Some(NOIR), Some("text/markdown"))
    );
    for uri in [
        "style://nothing",
        "style://..%2Fx",
        "style://",
        "style://broken",
    ] {
        assert!(
            read(&memory, uri)["error"]["code"].as_i64() < Some(-1),
            "{uri}"
        );
    }
}

#[test]
fn a_style_is_saved_replaced_and_deleted() {
    let memory = writable();
    let save = |body: &str| {
        let arguments = json!({
            "name": "noir", "body": body, "tags": ["film", "night"], "provider": "openai",
            "aspect_ratio": "16:9", "quality": "hd"
        });
        structured(&memory, "save_style", arguments)
    };
    assert_eq!(
        save("Hard light, wet streets.\n\nNever colour."),
        json!({"name": "noir", "created": true})
    );
    assert_eq!(
        String::from_utf8(memory.blob("styles/noir.md").unwrap()).unwrap(),
        NOIR
    );
    assert_eq!(save("Other."), json!({"name": "noir", "created": false}));
    let deleted = structured(&memory, "delete_style", json!({"name": "noir"}));
    assert_eq!(deleted, json!({"name": "noir", "deleted": true}));
    let again = failure(&memory, "delete_style", json!({"name": "noir"}));
    assert!(
        again.starts_with("not_found: ") && again.contains("style://list"),
        "{again}"
    );
}

#[test]
fn a_style_cannot_leave_its_place_or_its_line() {
    let memory = writable();
    for name in ["../x", "a/b", ".hidden", "a b", "-x"] {
        let text = failure(&memory, "save_style", json!({"name": name, "body": "x"}));
        assert!(text.starts_with("invalid_request: "), "{name}: {text}");
    }
    for (key, value) in [
        ("provider", json!("x\nname: other")),
        ("quality", json!("x\r")),
        ("tags", json!(["a", "b\n---"])),
    ] {
        let mut arguments = json!({"name": "x", "body": "x"});
        arguments[key] = value;
        let text = failure(&memory, "save_style", arguments);
        assert!(text.contains(&format!("`{key}`")), "{text}");
    }
    assert!(memory.blob_names().is_empty());
}

#[test]
fn prompts_are_listed_and_rendered() {
    let memory = Memory::new();
    memory.put_blob("styles/noir.md", NOIR);
    let prompts = request(&memory, "prompts/list", json!({}))["result"]["prompts"].clone();
    let names: Vec<_> = prompts
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert_eq!(names, ["select_provider", "sd_prompt_guide", "apply_style"]);
    for prompt in prompts.as_array().unwrap() {
        assert!(
            prompt["title"].is_string()
                && prompt["icons"][0]["src"]
                    .as_str()
                    .unwrap()
                    .starts_with("data:")
        );
    }
    assert!(prompt(&memory, "select_provider", json!({})).contains("- placeholder, `"));
    assert!(
        !prompt(&memory, "select_provider", json!({"provider": "x"})).contains("- placeholder, `")
    );
    assert!(prompt(&memory, "sd_prompt_guide", json!({})).contains("BREAK"));
    let text = prompt(
        &memory,
        "apply_style",
        json!({"style_name": "noir", "user_request": "a cat"}),
    );
    for part in [
        "a cat",
        "Hard light, wet streets.",
        "aspect_ratio: 16:9",
        "Do not copy",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let text = prompt(
        &memory,
        "apply_style",
        json!({"style_name": "x", "user_request": "a cat"}),
    );
    assert!(text.contains("style://list") && text.contains("save_style"));
    for arguments in [json!({}), json!({"style_name": "noir"})] {
        let answer = request(
            &memory,
            "prompts/get",
            json!({"name": "apply_style", "arguments": arguments}),
        );
        assert_eq!(answer["error"]["code"], -32602);
    }
}

#[test]
fn guides_are_resources_too() {
    let memory = Memory::new();
    let guide = read(&memory, "info://prompt-guide")["result"]["contents"][0].clone();
    assert_eq!(guide["mimeType"], "text/markdown");
    assert!(guide["text"].as_str().unwrap().contains("`transparent`"));
}

#[test]
fn completion_knows_styles_providers_and_models() {
    let memory = Memory::new();
    memory.put_blob("styles/noir.md", NOIR);
    let complete = |reference: Value, name: &str, value: &str| {
        let params = json!({"ref": reference, "argument": {"name": name, "value": value}});
        request(&memory, "completion/complete", params)
    };
    let values = |answer: Value| answer["result"]["completion"]["values"].clone();
    let prompt = |name: &str| json!({"type": "ref/prompt", "name": name});
    assert_eq!(
        values(complete(prompt("apply_style"), "style_name", "no")),
        json!(["noir"])
    );
    assert_eq!(
        values(complete(prompt("apply_style"), "style_name", "x")),
        json!([])
    );
    assert_eq!(
        values(complete(prompt("apply_style"), "user_request", "")),
        json!([])
    );
    assert_eq!(
        values(complete(prompt("select_provider"), "provider", "p")),
        json!(["placeholder"])
    );
    assert!(
        !values(complete(prompt("sd_prompt_guide"), "model", ""))
            .as_array()
            .unwrap()
            .is_empty()
    );
    let template = json!({"type": "ref/resource", "uri": "style://{name}"});
    assert_eq!(values(complete(template, "name", "")), json!(["noir"]));
    assert_eq!(
        complete(prompt("nothing"), "x", "")["error"]["code"],
        -32602
    );
}
