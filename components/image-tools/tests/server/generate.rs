//! Generating an image, waiting for it or not, and asking what became of it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use crate::support::memory::Memory;
use crate::support::{call, failure, request, send, structured, writable};
use guest::log::Level;
use mcp::Recorder;
use serde_json::{Value, json};

fn status(memory: &Memory, id: &Value) -> Value {
    structured(memory, "check_generation_status", json!({"image_id": id}))
}

#[test]
fn a_quick_image_is_the_answer() {
    let memory = writable();
    let result = call(
        &memory,
        "generate_image",
        json!({"prompt": "a fox", "aspect_ratio": "16:9"}),
    );
    let answer = &result["structuredContent"];
    let id = answer["image_id"].as_str().unwrap();
    assert_eq!(answer["status"], "completed");
    assert_eq!(answer["dimensions"], json!([640, 360]));
    assert_eq!(answer["provider"], "placeholder");
    assert_eq!(answer["prompt_style"], Value::Null);
    assert_eq!(answer["original_uri"], format!("image://{id}/view"));
    assert_eq!(answer["metadata_uri"], format!("image://{id}/metadata"));
    let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(&text, answer);
    assert_eq!(result["content"][1]["type"], "image");
    assert_eq!(result["content"][1]["mimeType"], "image/jpeg");
    let link = &result["content"][2];
    assert_eq!(
        (&link["type"], &link["uri"]),
        (&json!("resource_link"), &answer["original_uri"])
    );
    assert_eq!(
        (&link["mimeType"], &link["size"]),
        (&json!("image/png"), &answer["original_size_bytes"])
    );
    assert_eq!(
        memory.blob_names(),
        [
            format!("images/{id}-original.png"),
            format!("images/{id}-thumbnail"),
            format!("images/{id}.json")
        ]
    );
    for _ in 0..3 {
        assert_eq!(
            status(&memory, &json!(id)),
            json!({"status": "completed", "image_id": id})
        );
    }
}

#[test]
fn without_waiting_the_handle_comes_first() {
    let memory = writable().with_setting("PLACEHOLDER_DELAY_MS", "5000");
    let mut recorder = Recorder::new();
    let arguments = json!({"prompt": "a fox", "wait_seconds": 0});
    send(
        &memory,
        "tools/call",
        json!({"name": "generate_image", "arguments": arguments}),
        &mut recorder,
    );
    assert!(!recorder.streamed);
    let answer: Value = serde_json::from_str(&recorder.messages()[0]).unwrap();
    let handle = &answer["result"]["structuredContent"];
    assert_eq!(handle["status"], "generating");
    let link = &answer["result"]["content"][1];
    assert_eq!(
        (&link["name"], &link["mimeType"]),
        (&json!("Generated image (generating)"), &Value::Null)
    );
    // The tool went on after its answer.
    assert_eq!(memory.slept(), Duration::from_secs(5));
    assert_eq!(status(&memory, &handle["image_id"])["status"], "completed");
}

#[test]
fn a_slow_image_becomes_a_handle_at_the_deadline() {
    let memory = writable().with_setting("PLACEHOLDER_DELAY_MS", "100000");
    let answer = structured(
        &memory,
        "generate_image",
        json!({"prompt": "a fox", "wait_seconds": 3}),
    );
    assert_eq!(answer["status"], "generating");
    assert_eq!(status(&memory, &answer["image_id"])["status"], "completed");
}

#[test]
fn progress_goes_out_when_it_is_asked_for() {
    let memory = writable().with_setting("PLACEHOLDER_DELAY_MS", "2000");
    let mut recorder = Recorder::new();
    let params =
        json!({"name": "generate_image", "arguments": {"prompt": "x"}, "progressToken": "p"});
    send(&memory, "tools/call", params, &mut recorder);
    let messages: Vec<Value> = recorder
        .messages()
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let progress: Vec<_> = messages
        .iter()
        .filter_map(|message| message["params"]["progress"].as_f64())
        .collect();
    assert_eq!(progress.len(), 20);
    assert!(progress.is_sorted_by(|a, b| a < b));
    assert_eq!(
        messages.last().unwrap()["result"]["structuredContent"]["status"],
        "completed"
    );
}

#[test]
fn a_client_that_leaves_cancels_and_the_job_says_so() {
    let memory = writable().with_setting("PLACEHOLDER_DELAY_MS", "20000");
    let mut recorder = Recorder::leaving_after(3);
    let params =
        json!({"name": "generate_image", "arguments": {"prompt": "x"}, "progressToken": 1});
    send(&memory, "tools/call", params, &mut recorder);
    assert!(
        memory.slept() < Duration::from_secs(5),
        "stopped at once: {:?}",
        memory.slept()
    );
    let id = json!(memory.keys_now()[0].strip_prefix("job/shared/").unwrap());
    for _ in 0..2 {
        let status = status(&memory, &id);
        assert_eq!(
            (&status["status"], &status["error_code"]),
            (&json!("failed"), &json!("cancelled"))
        );
    }
    assert!(memory.blob_names().is_empty());
    // The failure is listed, and can be cleared away.
    let list = structured(&memory, "read_resource", json!({"uri": "image://list"}));
    assert_eq!(list["mime_type"], "application/json");
    structured(&memory, "delete_image", json!({"image_id": id}));
    assert_eq!(self::status(&memory, &id)["status"], "unknown");
}

/// What is in the store when the process dies in the middle of a generation: the job record and
/// nothing else, since no later write succeeds.
fn killed_midway(memory: Memory) -> (Memory, Value) {
    let mut recorder = Recorder::new();
    let arguments = json!({"prompt": "a fox", "wait_seconds": 0});
    memory.stop_writing_after_jobs(1);
    send(
        &memory,
        "tools/call",
        json!({"name": "generate_image", "arguments": arguments}),
        &mut recorder,
    );
    let answer: Value = serde_json::from_str(&recorder.messages()[0]).unwrap();
    let id = answer["result"]["structuredContent"]["image_id"].clone();
    (memory, id)
}

#[test]
fn after_a_restart_an_unfinished_job_was_interrupted() {
    let (memory, id) = killed_midway(writable());
    let memory = memory.restarted(&[("READ_ONLY", "false"), ("RUN_ID", "second")]);
    for _ in 0..3 {
        let status = status(&memory, &id);
        assert_eq!(
            (&status["status"], &status["error_code"]),
            (&json!("failed"), &json!("interrupted"))
        );
        assert_eq!(status["image_id"], id);
    }
    let shown = structured(
        &memory,
        "show_image",
        json!({"uri": format!("image://{}", id.as_str().unwrap())}),
    );
    assert_eq!(shown["status"], "failed");
}

#[test]
fn a_lease_that_runs_out_was_interrupted() {
    let (memory, id) = killed_midway(writable());
    assert_eq!(status(&memory, &id)["status"], "generating");
    assert!(
        failure(&memory, "delete_image", json!({"image_id": id})).contains("still being generated")
    );
    let shown = structured(
        &memory,
        "show_image",
        json!({"uri": format!("image://{}/view", id.as_str().unwrap())}),
    );
    assert_eq!(shown["status"], "generating");
    memory.advance(Duration::from_secs(29));
    let waiting = status(&memory, &id);
    assert_eq!(
        (&waiting["status"], &waiting["elapsed_seconds"]),
        (&json!("generating"), &json!(29.0))
    );
    memory.advance(Duration::from_secs(2));
    assert_eq!(status(&memory, &id)["error_code"], "interrupted");
    memory.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(status(&memory, &id)["status"], "unknown");
}

#[test]
fn a_working_job_keeps_its_lease_and_shows_progress() {
    let memory = writable().with_setting("PLACEHOLDER_DELAY_MS", "100000");
    structured(
        &memory,
        "generate_image",
        json!({"prompt": "x", "wait_seconds": 0}),
    );
    let records = memory.state_writes();
    let jobs: Vec<Value> = records
        .iter()
        .map(|record| serde_json::from_slice(record).unwrap())
        .collect();
    // 100 reports a second apart: each is written, and none of them lets the lease run out.
    let leases: Vec<_> = jobs
        .iter()
        .map(|job| job["lease_until_ms"].as_u64().unwrap())
        .collect();
    assert!(
        leases.windows(2).all(|pair| pair[1] - pair[0] < 20_000),
        "{leases:?}"
    );
    assert!(jobs.len() > 50 && jobs.last().unwrap()["progress"].as_f64().unwrap() > 0.9);
}

#[test]
fn a_full_disk_is_told_and_kept() {
    let memory = writable();
    memory.stop_writing_after_jobs(1);
    let text = failure(&memory, "generate_image", json!({"prompt": "x"}));
    assert!(text.starts_with("no_space: "), "{text}");
    let memory = writable();
    memory.set_full(true);
    let text = failure(&memory, "generate_image", json!({"prompt": "x"}));
    assert!(text.starts_with("no_space: "), "{text}");
    assert!(memory.keys_now().is_empty() && memory.blob_names().is_empty());
}

#[test]
fn wrong_arguments_are_named() {
    let memory = writable();
    let cases = [
        (json!({"prompt": "x", "aspect_ratio": "7:5"}), "\"16:9\""),
        (json!({"prompt": "x", "quality": "best"}), "\"hd\""),
        (
            json!({"prompt": "x", "background": "green"}),
            "\"transparent\"",
        ),
        (json!({"prompt": "x", "size": 5}), "`size`"),
        (json!({"prompt": "x", "wait_seconds": 51}), "`wait_seconds`"),
        (json!({"prompt": "x", "provider": "nobody"}), "placeholder"),
        (json!({"prompt": 5}), "`prompt`"),
        (json!({}), "`prompt`"),
    ];
    for (arguments, expected) in cases {
        let text = failure(&memory, "generate_image", arguments.clone());
        assert!(text.contains(expected), "{arguments}: {text}");
    }
    assert!(memory.keys_now().is_empty() && memory.blob_names().is_empty());
}

#[test]
fn the_default_provider_is_used_for_auto() {
    let memory = writable().with_setting("DEFAULT_PROVIDER", "elsewhere");
    assert!(failure(&memory, "generate_image", json!({"prompt": "x"})).contains("`elsewhere`"));
    structured(
        &memory,
        "generate_image",
        json!({"prompt": "x", "provider": "placeholder"}),
    );
    let memory = writable().with_setting("DEFAULT_PROVIDER", "auto");
    structured(
        &memory,
        "generate_image",
        json!({"prompt": "", "provider": "auto"}),
    );
}

#[test]
fn a_huge_prompt_is_kept_whole_and_repeated_short() {
    let memory = writable();
    let prompt = "\u{1}".repeat(32_000);
    let answer = structured(&memory, "generate_image", json!({"prompt": prompt}));
    assert!(answer["prompt"].as_str().unwrap().chars().count() < 3000);
    let uri = answer["metadata_uri"].as_str().unwrap();
    let metadata = request(&memory, "resources/read", json!({"uri": uri}));
    let sidecar: Value =
        serde_json::from_str(metadata["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(sidecar["prompt"].as_str(), Some(prompt.as_str()));
    assert!(
        failure(
            &memory,
            "generate_image",
            json!({"prompt": "x".repeat(32_001)})
        )
        .contains("`prompt`")
    );
}

#[test]
fn prompts_are_not_logged() {
    let memory = writable();
    structured(
        &memory,
        "generate_image",
        json!({"prompt": "a very secret fox"}),
    );
    for level in [Level::Info, Level::Warn, Level::Error] {
        assert!(
            memory
                .logged(level)
                .iter()
                .all(|line| !line.contains("secret"))
        );
    }
}

#[test]
fn an_id_that_is_none_is_unknown() {
    let memory = Memory::new();
    for id in ["0123456789ab", "../../etc", "0123456789AB"] {
        assert_eq!(status(&memory, &json!(id))["status"], "unknown", "{id}");
    }
}
