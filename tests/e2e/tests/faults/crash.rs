//! `kill -9` at any point: a job is never lost, an acknowledged image is there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::gallery::decode;
use e2e::settings::Settings;
use e2e::wait::until;
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_job_that_was_killed_reads_as_interrupted() {
    let mut server = Settings::default()
        .with("PLACEHOLDER_DELAY_MS", "600000")
        .start()
        .await;
    let id = server
        .as_anonymous()
        .begin("a tower that is never finished")
        .await;
    assert_eq!(
        server.as_anonymous().status(&id).await["status"],
        "generating"
    );

    server.start_again().await;
    let caller = server.as_anonymous();
    // A status can be read any number of times.
    for _ in 0..3 {
        let status = caller.status(&id).await;
        assert_eq!(
            (&status["status"], &status["image_id"]),
            (&json!("failed"), &json!(id)),
            "{status}"
        );
        assert_eq!(status["error_code"], "interrupted", "{status}");
        assert!(status["error"].is_string(), "{status}");
    }
    let list = caller.read("image://list").await.resource_json();
    assert!(
        list.to_string().contains(&id),
        "the job is gone from {list}"
    );
    assert_eq!(server.gallery().images(), 0);
}

/// A client that waits for the image and loses the connection finds the job by its id.
#[tokio::test]
async fn a_client_that_leaves_loses_nothing() {
    let server = Settings::default()
        .with("PLACEHOLDER_DELAY_MS", "1500")
        .start()
        .await;
    let caller = server.as_anonymous();
    let impatient = caller.clone().with_patience(Duration::from_millis(300));
    let arguments = json!({"name": "generate_image", "arguments": {"prompt": "a bridge nobody waits for", "provider": "placeholder"}});
    assert!(
        impatient.try_rpc("tools/call", arguments).await.is_err(),
        "it answered too soon for this test"
    );
    until("the image is there", async || {
        (server.gallery().images() == 1).then_some(())
    })
    .await;
    let list = caller.read("image://list").await.resource_json();
    assert_eq!(list[0]["status"], "completed", "{list}");
}

#[tokio::test]
async fn acknowledged_images_survive_kills_during_writes() {
    let mut server = Settings::default().start().await;
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for round in 0..6 {
        let before = acknowledged.lock().unwrap().len();
        let mut writers = JoinSet::new();
        for writer in 0..4 {
            let (caller, acknowledged) = (server.as_anonymous(), Arc::clone(&acknowledged));
            writers.spawn(async move {
                for number in 0.. {
                    let prompt = format!("round {round}, writer {writer}, number {number}");
                    let arguments = json!({"name": "generate_image", "arguments": {"prompt": prompt, "provider": "placeholder"}});
                    // The end of the server ends the writer.
                    let Ok(reply) = caller.try_rpc("tools/call", arguments).await else { break };
                    let id = reply.structured()["image_id"].as_str().unwrap().to_owned();
                    acknowledged.lock().unwrap().push(id);
                }
            });
        }
        // A different number of acknowledgements each time moves the kill to other instructions.
        until("some images", async || {
            (acknowledged.lock().unwrap().len() > before + round * 3).then_some(())
        })
        .await;
        server.kill();
        while let Some(done) = writers.join_next().await {
            done.unwrap();
        }
        server.start_again().await;
        let ids = acknowledged.lock().unwrap().clone();
        for id in &ids[before..] {
            let (mime_type, bytes) = server
                .as_anonymous()
                .read(&format!("image://{id}/view"))
                .await
                .blob();
            assert_eq!(
                decode(&mime_type, &bytes).dimensions(),
                (256, 256),
                "round {round}: {id}"
            );
        }
    }
    let caller = server.as_anonymous();
    let list = caller.read("image://list").await.resource_json();
    let ids = acknowledged.lock().unwrap().clone();
    for id in &ids {
        assert!(list.to_string().contains(id.as_str()), "{id} is not listed");
        assert_eq!(caller.status(id).await["status"], "completed", "{id}");
    }
}
