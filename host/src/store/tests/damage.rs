//! A database that cannot be used is reported and left as it is.

use std::fs;

use super::*;

async fn refusal(directory: &Path) -> OpenError {
    match State::open(directory, WallClock::system()).await {
        Err(error) => error,
        Ok(_) => panic!("it opened"),
    }
}

#[tokio::test]
async fn what_is_no_database_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("state.redb");
    for content in [
        Vec::new(),
        b"x".to_vec(),
        vec![0; 100_000],
        b"redb\x1a\x0a\xa9\x0d\x0a".to_vec(),
    ] {
        fs::write(&path, &content).unwrap();
        let error = refusal(root.path()).await;
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("state.redb`: damaged: "), "{text}");
        assert!(
            text.contains("\nhint: it was left as it is; restore it"),
            "{text}"
        );
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn a_damaged_database_is_found_at_the_start() {
    let root = tempfile::tempdir().unwrap();
    let state = state_in(root.path()).await;
    let space = state.namespace("t", "c");
    for index in 0..200 {
        space
            .put(&format!("key/{index}"), anything(&[index; 2000]))
            .await
            .unwrap();
    }
    state.close().await;
    let path = root.path().join("state.redb");
    let sound = fs::read(&path).unwrap();

    let mut found = 0;
    for page in (1..sound.len() / 4096).step_by(7) {
        let mut damaged = sound.clone();
        for byte in &mut damaged[page * 4096..page * 4096 + 64] {
            *byte ^= 0x55;
        }
        if damaged == sound {
            continue;
        }
        fs::write(&path, &damaged).unwrap();
        match State::open(root.path(), WallClock::system()).await {
            Err(error) => {
                assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
                found += 1;
            }
            // A page that nothing refers to: everything is as it was.
            Ok(state) => {
                let space = state.namespace("t", "c");
                assert_eq!(space.keys("key/", None, 1000).await.unwrap().len(), 200);
                for index in 0..200 {
                    let found = space.get(&format!("key/{index}")).await.unwrap().unwrap();
                    assert_eq!(found.value, [index; 2000]);
                }
            }
        }
    }
    assert!(found > 5, "{found} damaged pages found");
    fs::write(&path, &sound[..sound.len() / 2]).unwrap();
    let error = refusal(root.path()).await;
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    fs::write(&path, &sound).unwrap();
    let space = state_in(root.path()).await.namespace("t", "c");
    assert!(space.get("key/7").await.unwrap().is_some());
}

#[tokio::test]
async fn only_one_server_uses_a_database() {
    let root = tempfile::tempdir().unwrap();
    let state = state_in(root.path()).await;
    let error = refusal(root.path()).await;
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("in use by another process\nhint: stop the other server"),
        "{text}"
    );
    let space = state.namespace("t", "c");
    space.put("a", anything(b"1")).await.unwrap();
    state.close().await;
    assert!(matches!(space.get("a").await, Err(Error::Other(_))));
    assert!(matches!(
        space.put("a", anything(b"2")).await,
        Err(Error::Other(_))
    ));
    let space = state_in(root.path()).await.namespace("t", "c");
    assert_eq!(space.get("a").await.unwrap().unwrap().value, b"1");
}

#[tokio::test]
async fn a_directory_that_cannot_be_used() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "x").unwrap();
    let error = refusal(&root.path().join("file")).await;
    assert!(matches!(error, OpenError::Io { .. }), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_is_for_the_owner_alone() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("data/of");
    state_in(&directory).await.close().await;
    assert_eq!(mode(&directory), 0o700);
    for file in fs::read_dir(&directory).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    let path = directory.join("state.redb");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(&path, open).unwrap();
    state_in(&directory).await.close().await;
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn a_start_interrupted_while_creating_leaves_nothing_in_the_way() {
    let root = tempfile::tempdir().unwrap();
    for leftover in [
        Vec::new(),
        b"half of a database".to_vec(),
        vec![0; 1_000_000],
    ] {
        fs::write(root.path().join("state.redb.new"), leftover).unwrap();
        let state = state_in(root.path()).await;
        state
            .namespace("t", "c")
            .put("a", anything(b"1"))
            .await
            .unwrap();
        state.close().await;
        fs::remove_file(root.path().join("state.redb")).unwrap();
    }
}
