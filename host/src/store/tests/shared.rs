//! A directory that several processes share: races between them, and damage.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::*;

const CHILDREN: usize = 3;
const INCREMENTS: u64 = 60;

async fn shared_in(directory: &Path) -> State {
    let opened = State::open_shared(directory.to_owned(), WallClock::system());
    opened.await.unwrap()
}

/// The child: counts up by compare-and-set, and takes each of a row of keys that nobody has.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "run by `processes_count_together_and_take_each_key_once`"]
async fn child_that_counts() {
    let Some(directory) = child::directory() else {
        return;
    };
    let space = shared_in(&directory).await.namespace("t", "c");
    let mut last = 0;
    let mut done = 0;
    while done < INCREMENTS {
        let before = space.get("count").await.unwrap();
        let (count, expected) = match &before {
            Some(entry) => (number(&entry.value), Expect::Version(entry.version)),
            None => (0, Expect::Absent),
        };
        let value = (count + 1).to_be_bytes();
        if let Outcome::Done(version) = space
            .put("count", expecting(&value, expected))
            .await
            .unwrap()
        {
            assert!(version > last, "{version} after {last}");
            last = version;
            done += 1;
        }
    }
    for key in 0..INCREMENTS {
        let put = expecting(b"", Expect::Absent);
        if space.put(&format!("code/{key}"), put).await.unwrap() != Outcome::Conflict {
            child::say(&format!("took {key}"));
        }
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().unwrap())
}

#[tokio::test]
async fn processes_count_together_and_take_each_key_once() {
    let root = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..CHILDREN)
        .map(|_| {
            child::command("shared::child_that_counts", root.path())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut taken = Vec::new();
    for mut child in children {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        taken.extend(lines.filter_map(|line| {
            let key = line.unwrap().strip_prefix("took ")?.parse::<u64>();
            Some(key.unwrap())
        }));
        assert!(child.wait().unwrap().success());
    }
    taken.sort_unstable();
    assert_eq!(taken, (0..INCREMENTS).collect::<Vec<_>>());
    let space = shared_in(root.path()).await.namespace("t", "c");
    let count = space.get("count").await.unwrap().unwrap();
    assert_eq!(number(&count.value), CHILDREN as u64 * INCREMENTS);
}

#[tokio::test]
async fn one_process_sees_at_once_what_another_wrote() {
    let root = tempfile::tempdir().unwrap();
    let (one, two) = (shared_in(root.path()).await, shared_in(root.path()).await);
    let (one, two) = (one.namespace("t", "c"), two.namespace("t", "c"));
    one.put("a", anything(b"1")).await.unwrap();
    let found = two.get("a").await.unwrap().unwrap();
    assert_eq!(found.value, b"1");
    two.delete("a", Expect::Version(found.version))
        .await
        .unwrap();
    assert_eq!(one.get("a").await, Ok(None));
    let again = one.put("a", expecting(b"2", Expect::Absent)).await;
    assert!(matches!(again, Ok(Outcome::Done(version)) if version > found.version));
}

/// The files of values below a directory.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let shards = fs::read_dir(directory).unwrap();
    let files = shards.flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap());
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| !path.ends_with("lock"));
    paths
}

#[tokio::test]
async fn a_damaged_value_is_reported_kept_and_can_be_replaced() {
    let root = tempfile::tempdir().unwrap();
    let state = shared_in(root.path()).await;
    let space = state.namespace("t", "c");
    space.put("a", anything(b"value")).await.unwrap();
    let file = files(root.path()).remove(0);
    let sound = fs::read(&file).unwrap();
    space.put("b", anything(b"other")).await.unwrap();
    let mut flipped = sound.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damage in [
        Vec::new(),
        b"x".to_vec(),
        sound[..sound.len() - 1].to_vec(),
        flipped,
        vec![0; 200_000],
    ] {
        fs::write(&file, &damage).unwrap();
        let damaged = space.get("a").await;
        assert!(matches!(damaged, Err(Error::Damaged(_))), "{damaged:?}");
        assert_eq!(space.keys("", None, 10).await.unwrap(), ["b"]);
        for expected in [Expect::Absent, Expect::Version(1)] {
            let put = space.put("a", expecting(b"x", expected)).await;
            assert_eq!(put, Ok(Outcome::Conflict));
        }
        state.sweep().await.unwrap();
        assert_eq!(fs::read(&file).unwrap(), damage, "left as it is");
    }
    space.put("a", anything(b"new")).await.unwrap();
    assert_eq!(space.get("a").await.unwrap().unwrap().value, b"new");
    // A file that was copied over another one is not taken for it.
    let other = files(root.path()).into_iter().find(|path| *path != file);
    fs::copy(other.unwrap(), &file).unwrap();
    assert!(matches!(space.get("a").await, Err(Error::Damaged(_))));
}

#[tokio::test]
async fn leftovers_of_killed_writers_go_when_they_are_old() {
    let root = tempfile::tempdir().unwrap();
    let state = shared_in(root.path()).await;
    let (old, young) = (
        root.path().join("00/.new-old"),
        root.path().join("00/.new-young"),
    );
    for path in [&old, &young] {
        fs::write(path, "half").unwrap();
    }
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    let file = fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(long_ago).unwrap();
    state.sweep().await.unwrap();
    assert!(!old.exists() && young.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn values_are_for_the_owner_alone() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("new/shared");
    let space = shared_in(&directory).await.namespace("t", "c");
    space.put("a", anything(b"1")).await.unwrap();
    assert_eq!(mode(&directory), 0o700);
    let file = files(&directory).remove(0);
    assert_eq!(mode(&file), 0o600);
}

#[tokio::test]
async fn a_directory_that_cannot_be_used() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "x").unwrap();
    let refused = State::open_shared(file, WallClock::system()).await;
    let text = refused.err().unwrap().to_string();
    assert!(
        text.contains("shared state") && text.contains("hint: `KV_STORE_URL`"),
        "{text}"
    );
}

#[tokio::test]
#[ignore = "a measurement: run it by hand, with `--nocapture`"]
async fn what_it_costs() {
    let root = tempfile::tempdir().unwrap();
    let state = shared_in(root.path()).await;
    let (space, other) = (state.namespace("t", "c"), state.namespace("t", "d"));
    let each = |start: std::time::Instant, count: u32| start.elapsed() / count;
    let start = std::time::Instant::now();
    for key in 0..2000 {
        other
            .put(&format!("k{key}"), anything(&[7; 200]))
            .await
            .unwrap();
    }
    child::say(&format!("put {:?}", each(start, 2000)));
    for key in 0..200 {
        space
            .put(&format!("k{key}"), anything(&[7; 200]))
            .await
            .unwrap();
    }
    let start = std::time::Instant::now();
    for key in 0..2000 {
        other.get(&format!("k{key}")).await.unwrap().unwrap();
    }
    child::say(&format!("get {:?}", each(start, 2000)));
    for space in [&space, &other] {
        let start = std::time::Instant::now();
        let keys = space.keys("", None, 1000).await.unwrap().len();
        child::say(&format!("list {keys} {:?}", each(start, 1)));
    }
}
