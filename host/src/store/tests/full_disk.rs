//! No space left: an error with that name, and everything that was there can still be read.

use std::process::Command;

use super::*;

/// Fills blobs and state until both say so. Returns what was written.
async fn fill(blobs: &Blobs, space: &StateNamespace) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let mut keys = Vec::new();
    loop {
        let key = format!("k/{:04}", keys.len());
        match space.put(&key, anything(&[7; 60_000])).await {
            Ok(_) => keys.push(key),
            Err(error) => {
                assert_eq!(error, Error::NoSpace);
                break;
            }
        }
        assert!(keys.len() < 1000, "the disk is not small");
    }
    let mut written = Vec::new();
    for size in (0..20)
        .map(|step| (16 * 1024) << step)
        .chain([16 * 1024, 4096])
    {
        let name = format!("images/{}.bin", written.len());
        let bytes = vec![u8::try_from(written.len()).unwrap(); size.min(32 << 20)];
        match blobs.write(&name, bytes.clone()).await {
            Ok(()) => written.push((name, bytes)),
            Err(error) => {
                assert_eq!(error, Error::NoSpace);
                break;
            }
        }
    }
    (written, keys)
}

async fn scenario(directory: &Path) {
    let state = state_in(directory).await;
    let (blobs, space) = (blobs_in(directory), state.namespace("t", "c"));
    blobs.write("images/old.png", vec![1; 8192]).await.unwrap();
    space.put("old", anything(b"old")).await.unwrap();
    let reserve = directory.join("reserve");
    std::fs::write(&reserve, vec![1; 1 << 20]).unwrap();
    let (written, keys) = fill(&blobs, &space).await;
    assert!(!keys.is_empty());

    // Replacing fails too, and leaves the old bytes.
    let large = vec![9; 48 << 20];
    assert_eq!(
        blobs.write("images/old.png", large).await,
        Err(Error::NoSpace)
    );
    assert_eq!(blobs.read("images/old.png").await, Ok(Some(vec![1; 8192])));
    for (name, bytes) in &written {
        assert_eq!(
            blobs.read(name).await.as_ref(),
            Ok(&Some(bytes.clone())),
            "{name}"
        );
    }
    for _ in 0..3 {
        let refused = space.put("k/0000", anything(&[9; 60_000])).await;
        if let Err(error) = refused {
            assert_eq!(error, Error::NoSpace);
        }
        assert_eq!(space.get("old").await.unwrap().unwrap().value, b"old");
        for key in &keys[1..] {
            assert_eq!(
                space.get(key).await.unwrap().unwrap().value,
                [7; 60_000],
                "{key}"
            );
        }
        assert_eq!(space.keys("k/", None, 1000).await.unwrap(), keys);
    }
    let leftover = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().contains('#')
    };
    assert!(
        !std::fs::read_dir(directory.join("images"))
            .unwrap()
            .any(leftover)
    );

    // With space again, everything goes on without a restart.
    std::fs::remove_file(&reserve).unwrap();
    for (name, _) in &written {
        blobs.delete(name).await.unwrap();
    }
    for key in &keys[keys.len() / 2..] {
        assert_eq!(
            space.delete(key, Expect::Anything).await,
            Ok(Outcome::Done(0))
        );
    }
    space.put("new", anything(&[1; 1000])).await.unwrap();
    blobs.write("images/new.png", vec![2; 4096]).await.unwrap();

    // And a restart finds the same.
    state.close().await;
    let space = state_in(directory).await.namespace("t", "c");
    assert_eq!(space.get("new").await.unwrap().unwrap().value, [1; 1000]);
    assert_eq!(space.get("old").await.unwrap().unwrap().value, b"old");
}

/// A file system of a few megabytes; unmounted at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(directory.path());
        mount
            .output()
            .is_ok_and(|done| done.status.success())
            .then(|| Self(directory))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn a_full_disk() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("SKIPPED a_full_disk: not permitted to mount; a_file_size_limit covers it");
        return;
    };
    scenario(disk.0.path()).await;
}

#[cfg(unix)]
#[test]
fn a_file_size_limit() {
    let root = tempfile::tempdir().unwrap();
    let child = child::limited("full_disk::child_with_a_limit", root.path(), 8 * 1024).output();
    let child = child.unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success(),
        "{output}\n{}",
        String::from_utf8_lossy(&child.stderr)
    );
    assert!(output.contains("scenario complete"), "{output}");
}

#[tokio::test]
#[ignore = "run by `a_file_size_limit`"]
async fn child_with_a_limit() {
    if let Some(directory) = child::directory() {
        scenario(&directory).await;
        child::say("scenario complete");
    }
}
