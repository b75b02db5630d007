//! `kill -9` at any moment: what was acknowledged is there, and everything is whole.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::*;

/// The content of the write number `i`: long enough to be torn, and telling where it is from.
fn content(i: u64) -> Vec<u8> {
    let repeats = usize::try_from(i * 7919 % 20_000).unwrap() + 1;
    i.to_be_bytes().repeat(repeats)
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes[..8].try_into().unwrap())
}

/// The child: writes without end, and says what has been acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "run by `nothing_acknowledged_is_lost`"]
async fn child_that_writes() {
    let Some(directory) = child::directory() else {
        return;
    };
    child::say("opening");
    let blobs = blobs_in(&directory);
    let space = state_in(&directory).await.namespace("t", "c");
    // Numbers go on where the last child was killed.
    let start = match space.get("start").await.unwrap() {
        Some(entry) => number(&entry.value) + 1_000_000,
        None => 0,
    };
    space
        .put("start", anything(&start.to_be_bytes()))
        .await
        .unwrap();
    let mut running = tokio::task::JoinSet::new();
    for writer in 0..3u64 {
        let (blobs, space) = (blobs.clone(), space.clone());
        running.spawn(async move {
            for i in start.. {
                let name = format!("w{writer}-{}", i % 4);
                blobs
                    .write(&format!("images/{name}"), content(i))
                    .await
                    .unwrap();
                child::say(&format!("ack blob {name} {i}"));
                space.put(&name, anything(&i.to_be_bytes())).await.unwrap();
                child::say(&format!("ack state {name} {i}"));
            }
        });
    }
    running.spawn(async move {
        loop {
            let before = space.get("count").await.unwrap();
            let count = before.as_ref().map_or(0, |entry| number(&entry.value)) + 1;
            let expected = before.map_or(Expect::Absent, |entry| Expect::Version(entry.version));
            let put = space
                .put("count", expecting(&count.to_be_bytes(), expected))
                .await;
            assert!(matches!(put, Ok(Outcome::Done(_))));
            child::say(&format!("ack state count {count}"));
        }
    });
    running.join_next().await.unwrap().unwrap();
}

/// Runs the child until it has said so many lines, kills it, and adds what it had acknowledged.
fn run_and_kill(directory: &Path, lines: usize, acknowledged: &mut HashMap<String, u64>) {
    let mut child = child::command("killed::child_that_writes", directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut note = |line: std::io::Result<String>| {
        let line = line.unwrap();
        if let Some(ack) = line.strip_prefix("ack ") {
            let (what, i) = ack.rsplit_once(' ').unwrap();
            acknowledged.insert(what.to_owned(), i.parse().unwrap());
        }
    };
    let said = output.by_ref().take(lines).map(&mut note).count();
    assert_eq!(said, lines, "the child ended by itself");
    child.kill().unwrap(); // SIGKILL
    // What it said before the signal came.
    output.for_each(note);
    child.wait().unwrap();
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let root = tempfile::tempdir().unwrap();
    let mut acknowledged = HashMap::new();
    for lines in [3, 50, 4, 23, 111, 3, 78, 200] {
        run_and_kill(root.path(), lines, &mut acknowledged);
        let state = state_in(root.path()).await;
        let (blobs, space) = (blobs_in(root.path()), state.namespace("t", "c"));
        for (what, i) in &acknowledged {
            let (kind, name) = what.split_once(' ').unwrap();
            if kind == "blob" {
                let bytes = blobs
                    .read(&format!("images/{name}"))
                    .await
                    .unwrap()
                    .unwrap();
                assert!(number(&bytes) >= *i, "{what} {i}: {}", number(&bytes));
            } else {
                let entry = space.get(name).await.unwrap().unwrap();
                assert!(number(&entry.value) >= *i, "{what} {i}: {:?}", entry.value);
            }
        }
        let query = BlobQuery {
            collection: "images",
            suffix: "",
            after: None,
            limit: 1000,
        };
        for entry in blobs.list(query).await.unwrap().entries {
            let bytes = blobs.read(&entry.name).await.unwrap().unwrap();
            assert_eq!(bytes, content(number(&bytes)), "{}", entry.name);
        }
        // The write that was under way may have been done, and no other.
        if let Some(entry) = space.get("count").await.unwrap() {
            let said = acknowledged.entry("state count".to_owned()).or_default();
            let found = number(&entry.value);
            assert!(found - *said <= 1, "{said} said, {found} found");
            *said = found;
        }
        blobs.clean(std::time::Duration::ZERO).await;
        let files = std::fs::read_dir(root.path().join("images"));
        for file in files.into_iter().flatten() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(!name.contains('#'), "{name} left");
        }
    }
    assert!(acknowledged.len() > 10, "{acknowledged:?}");
}

/// A server killed while it starts for the first time can start again.
#[tokio::test]
async fn a_killed_first_start_is_no_obstacle() {
    for _ in 0..10 {
        let root = tempfile::tempdir().unwrap();
        run_and_kill(root.path(), 1, &mut HashMap::new());
        let space = state_in(root.path()).await.namespace("t", "c");
        space.put("a", anything(b"1")).await.unwrap();
    }
}
