//! Disks that are full, and files that are not what they should be.

use std::fs;
use std::os::unix::fs::symlink;

use e2e::server::Server;
use e2e::settings::Settings;
use e2e::small_disk::SmallDisk;
use serde_json::{Value, json};

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_is_lost() {
    let Some(disk) = SmallDisk::mount(16 * 1024) else {
        return;
    };
    let settings = Settings::default()
        .with_path("SCRATCH_DIR", &disk.path().join("images"))
        .with_path("DATA_DIR", &disk.path().join("data"));
    let mut server = settings.start().await;
    let caller = server.as_anonymous();
    let kept = caller.generate("painted while there was space").await;

    let filler = disk.fill();
    let reply = caller
        .call(
            "generate_image",
            json!({"prompt": "painted without space", "provider": "placeholder"}),
        )
        .await;
    let answer = reply.result();
    assert!(
        answer["isError"] == true || answer["structuredContent"]["status"] == "failed",
        "{answer}"
    );
    let text = answer.to_string().to_lowercase();
    assert!(
        text.contains("space") || text.contains("full"),
        "the reason is not said: {answer}"
    );
    assert_eq!(server.as_anonymous().get("/healthz").await.status, 200);
    caller.read(&format!("image://{kept}/view")).await.blob();

    server.start_again().await;
    let caller = server.as_anonymous();
    caller.read(&format!("image://{kept}/view")).await.blob();
    fs::remove_file(filler).unwrap();
    let new = caller.generate("painted when there was space again").await;
    let list = caller
        .read("image://list")
        .await
        .resource_json()
        .to_string();
    assert!(list.contains(&kept) && list.contains(&new), "{list}");
    drop(server);
}

/// One entry after the other is spoiled; the others go on, and nothing is deleted.
#[tokio::test]
async fn damaged_entries_hide_nobody_else() {
    let mut server = Server::anonymous().await;
    let good = server
        .as_anonymous()
        .generate("the one that stays whole")
        .await;
    let outside = server.settings().home().join("outside.png");
    let image = server.gallery().bytes(&format!("{good}-original.png"));
    fs::write(&outside, &image).unwrap();
    let gallery = server.gallery();
    let sidecar = |name: &str| -> Value {
        serde_json::from_slice(&gallery.bytes(&format!("{name}.json"))).unwrap()
    };

    let mut spoiled = Vec::new();
    let mut spoil = |id: &str, sidecar: Vec<u8>| {
        gallery.put(&format!("{id}-original.png"), &image);
        gallery.put(&format!("{id}.json"), sidecar);
        spoiled.push(id.to_owned());
    };
    let with = |id: &str, name: &str, value: Value| {
        let mut changed = sidecar(&good);
        changed["id"] = json!(id);
        changed["original_filename"] = json!(format!("{id}-original.png"));
        changed[name] = value;
        changed.to_string().into_bytes()
    };
    spoil("000000000001", b"{\"id\": \"0000".to_vec());
    spoil("000000000002", Vec::new());
    spoil("000000000003", vec![0xff; 300]);
    spoil("000000000004", b"[]".to_vec());
    spoil("000000000005", b"{}".to_vec());
    spoil(
        "000000000006",
        with("000000000006", "original_filename", json!("../outside.png")),
    );
    spoil(
        "000000000007",
        with("000000000007", "original_filename", json!(outside)),
    );
    spoil(
        "000000000008",
        with(
            "000000000008",
            "original_filename",
            json!("nothing-there.png"),
        ),
    );
    spoil(
        "000000000009",
        with("000000000009", "content_type", json!("text/html")),
    );
    spoil("00000000000a", with("00000000000a", "id", json!(good)));
    spoil(
        "00000000000b",
        format!("{{\"x\": {}1{}}}", "[".repeat(50_000), "]".repeat(50_000)).into_bytes(),
    );
    fs::create_dir(gallery.path().join("00000000000c.json")).unwrap();
    gallery.put(
        "00000000000d.json",
        with("00000000000d", "prompt", json!("linked")),
    );
    symlink(&outside, gallery.path().join("00000000000d-original.png")).unwrap();
    let files = gallery.files();

    for _ in 0..2 {
        let caller = server.as_anonymous();
        let list = caller.read("image://list").await.resource_json();
        let listed: Vec<&str> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["image_id"].as_str().unwrap())
            .collect();
        assert!(
            listed.contains(&good.as_str()),
            "the good one is hidden: {listed:?}"
        );
        for id in spoiled.iter().filter(|id| *id != "000000000009") {
            assert!(!listed.contains(&id.as_str()), "{id} is damaged and listed");
            let reply = caller.read(&format!("image://{id}/view")).await;
            assert!(
                reply.rpc_error().is_some(),
                "{id} is damaged and readable: {}",
                reply.text()
            );
        }
        for id in &spoiled {
            server.logs().wait_for_line(0, &[id]).await;
        }
        assert_eq!(server.gallery().files(), files, "something was deleted");
        server.as_anonymous().generate("life goes on").await;
        for name in server
            .gallery()
            .files()
            .into_iter()
            .filter(|name| !files.contains(name))
        {
            fs::remove_file(server.gallery().path().join(name)).unwrap();
        }
        server.start_again().await;
    }
    // A link inside the gallery is whatever the operator made of it; it must not bring the server down.
    let reply = server
        .as_anonymous()
        .read("image://00000000000d/view")
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}
