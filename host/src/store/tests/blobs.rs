//! Blobs and what else may lie in their directories.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use super::*;

fn query<'a>(suffix: &'a str, after: Option<&'a str>, limit: u32) -> BlobQuery<'a> {
    BlobQuery {
        collection: "images",
        suffix,
        after,
        limit,
    }
}

async fn names(blobs: &Blobs, collection: &str) -> Vec<String> {
    let query = BlobQuery {
        collection,
        suffix: "",
        after: None,
        limit: 1000,
    };
    let page = blobs.list(query).await.unwrap();
    assert_eq!(page.next, None);
    page.entries.into_iter().map(|entry| entry.name).collect()
}

#[tokio::test]
async fn blobs_are_written_replaced_and_removed() {
    let root = tempfile::tempdir().unwrap();
    let blobs = blobs_in(&root.path().join("not/yet"));
    assert_eq!(blobs.read("images/a.png").await, Ok(None));
    assert_eq!(blobs.delete("images/a.png").await, Ok(false));
    assert_eq!(names(&blobs, "images").await, [""; 0]);
    assert!(
        !root.path().join("not").exists(),
        "only a write creates a directory"
    );

    blobs.write("images/a.png", vec![1; 3]).await.unwrap();
    blobs.write("images/a.png", vec![2; 100_000]).await.unwrap();
    blobs.write("styles/a.png", vec![]).await.unwrap();
    assert_eq!(blobs.read("images/a.png").await, Ok(Some(vec![2; 100_000])));
    assert_eq!(blobs.read("styles/a.png").await, Ok(Some(vec![])));

    let before = SystemTime::now() - Duration::from_secs(60);
    let page = blobs.list(query("", None, 1)).await.unwrap();
    let entry = &page.entries[0];
    assert_eq!((entry.name.as_str(), entry.size), ("images/a.png", 100_000));
    let before_ms = before
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    assert!(u128::from(entry.modified_ms) > before_ms);

    assert_eq!(blobs.delete("images/a.png").await, Ok(true));
    assert_eq!(blobs.delete("images/a.png").await, Ok(false));
    assert_eq!(blobs.read("images/a.png").await, Ok(None));
    assert_eq!(names(&blobs, "styles").await, ["styles/a.png"]);
}

#[cfg(unix)]
#[tokio::test]
async fn blobs_are_for_the_owner_alone() {
    let root = tempfile::tempdir().unwrap();
    let blobs = blobs_in(&root.path().join("new"));
    for _ in 0..2 {
        blobs.write("images/a.png", vec![1]).await.unwrap();
        assert_eq!(mode(&root.path().join("new")), 0o700);
        assert_eq!(mode(&root.path().join("new/images")), 0o700);
        assert_eq!(mode(&root.path().join("new/images/a.png")), 0o600);
    }
}

#[tokio::test]
async fn large_blobs_are_refused_both_ways() {
    let root = tempfile::tempdir().unwrap();
    let images = root.path().to_owned();
    let config = BlobsConfig {
        styles: images.clone(),
        images,
        max_bytes: 10,
        flush: false,
    };
    let blobs = Blobs::new(config);
    blobs.write("images/a", vec![0; 10]).await.unwrap();
    assert_eq!(
        blobs.write("images/a", vec![1; 11]).await,
        Err(Error::TooLarge(10))
    );
    assert_eq!(blobs.read("images/a").await, Ok(Some(vec![0; 10])));
    fs::write(root.path().join("b"), [0; 11]).unwrap();
    assert_eq!(blobs.read("images/b").await, Err(Error::TooLarge(10)));
    assert_eq!(names(&blobs, "images").await, ["images/a", "images/b"]);
}

#[tokio::test]
async fn listings_come_in_pages_in_the_order_of_names() {
    let root = tempfile::tempdir().unwrap();
    let blobs = blobs_in(root.path());
    for index in (0..25).rev() {
        blobs
            .write(&format!("images/{index:02}.png"), vec![0])
            .await
            .unwrap();
        blobs
            .write(&format!("images/{index:02}.json"), vec![0])
            .await
            .unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = blobs
            .list(query(".json", after.as_deref(), 10))
            .await
            .unwrap();
        assert!(page.entries.len() <= 10);
        seen.extend(page.entries.into_iter().map(|entry| entry.name));
        // A file that goes away between two pages changes nothing for the others.
        if let Some(last) = &page.next {
            blobs.delete(last).await.unwrap();
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (0..25)
        .map(|index| format!("images/{index:02}.json"))
        .collect();
    assert_eq!(seen, expected);

    assert_eq!(
        blobs.list(query("", None, 0)).await.unwrap().entries.len(),
        1
    );
    assert_eq!(
        blobs
            .list(query("", None, u32::MAX))
            .await
            .unwrap()
            .entries
            .len(),
        48
    );
    let exact = blobs.list(query(".png", None, 25)).await.unwrap();
    assert_eq!((exact.entries.len(), exact.next), (25, None));
    for after in ["styles/a", "images/../a", "00.png", ""] {
        let refused = blobs.list(query("", Some(after), 1)).await;
        assert!(matches!(refused, Err(Error::InvalidName(_))), "{after}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn strange_entries_hide_nothing_and_lead_nowhere() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let root = tempfile::tempdir().unwrap();
    let blobs = blobs_in(root.path());
    blobs.write("images/a.png", b"a".to_vec()).await.unwrap();
    blobs.write("images/z.png", b"z".to_vec()).await.unwrap();
    let images = root.path().join("images");
    let secret = root.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    symlink(&secret, images.join("link.png")).unwrap();
    symlink(&images, images.join("loop")).unwrap();
    symlink("self", images.join("self")).unwrap();
    symlink("/nowhere", images.join("dangling.png")).unwrap();
    symlink("a.png", images.join("inside.png")).unwrap();
    fs::create_dir(images.join("folder.png")).unwrap();
    fs::write(images.join("folder.png/inner.png"), "inner").unwrap();
    fs::write(images.join(OsStr::from_bytes(b"\xff.png")), "bytes").unwrap();
    fs::write(images.join(".hidden"), "x").unwrap();
    fs::write(images.join("with space.png"), "x").unwrap();
    fs::write(images.join("a.png#1"), "half").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(images.join("socket.png")).unwrap();

    assert_eq!(
        names(&blobs, "images").await,
        ["images/a.png", "images/z.png"]
    );
    for file in [
        "link.png",
        "self",
        "dangling.png",
        "inside.png",
        "folder.png",
        "socket.png",
    ] {
        let outcome = blobs.read(&format!("images/{file}")).await;
        assert!(
            matches!(outcome, Err(Error::Damaged(_))),
            "{file}: {outcome:?}"
        );
    }

    // A write replaces the link, not what it points to; a removal removes the link.
    blobs
        .write("images/link.png", b"new".to_vec())
        .await
        .unwrap();
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
    assert_eq!(
        blobs.read("images/link.png").await,
        Ok(Some(b"new".to_vec()))
    );
    assert_eq!(blobs.delete("images/inside.png").await, Ok(true));
    assert_eq!(blobs.read("images/a.png").await, Ok(Some(b"a".to_vec())));
    let refused = blobs.delete("images/folder.png").await;
    assert!(matches!(refused, Err(Error::Other(_))), "{refused:?}");
    let refused = blobs.write("images/folder.png", b"x".to_vec()).await;
    assert!(matches!(refused, Err(Error::Other(_))), "{refused:?}");
    assert_eq!(
        fs::read(images.join("folder.png/inner.png")).unwrap(),
        b"inner"
    );
}

#[tokio::test]
async fn a_directory_that_cannot_be_read_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("images"), "a file").unwrap();
    let blobs = blobs_in(root.path());
    let outcome = blobs.list(query("", None, 1)).await;
    assert!(matches!(outcome, Err(Error::Other(_))), "{outcome:?}");
    let outcome = blobs.write("images/a", vec![1]).await;
    assert!(matches!(outcome, Err(Error::Other(_))), "{outcome:?}");
    assert!(blobs.read("images/a").await.is_err());
}

#[tokio::test]
async fn leftovers_of_writes_are_removed_when_they_are_old() {
    let root = tempfile::tempdir().unwrap();
    let blobs = blobs_in(root.path());
    blobs.clean(Duration::from_secs(3600)).await;
    blobs.write("images/a.png", b"a".to_vec()).await.unwrap();
    let images = root.path().join("images");
    let put = |name: &str, minutes: u64| {
        let file = File::create(images.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(minutes * 60))
            .unwrap();
    };
    for (name, minutes) in [
        ("a.png#1", 61),
        ("b.png#12", 10_000),
        ("young.png#1", 59),
        ("a.png#x", 10_000),
        ("a.png#", 10_000),
        ("#1", 10_000),
        ("#notes#1", 10_000),
        ("a b#1", 10_000),
        ("old.png", 10_000),
    ] {
        put(name, minutes);
    }
    blobs.clean(Duration::from_secs(3600)).await;
    let mut left: Vec<String> = fs::read_dir(&images)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    let expected = [
        "#1",
        "#notes#1",
        "a b#1",
        "a.png",
        "a.png#",
        "a.png#x",
        "old.png",
        "young.png#1",
    ];
    assert_eq!(left, expected);
    // A leftover that is too young to be removed is in nobody's way.
    blobs
        .write("images/young.png", b"new".to_vec())
        .await
        .unwrap();
    assert_eq!(
        blobs.read("images/young.png").await,
        Ok(Some(b"new".to_vec()))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writes_never_mix() {
    let root = tempfile::tempdir().unwrap();
    let blobs = blobs_in(root.path());
    let whole = |bytes: &[u8]| bytes.len() == 50_000 && bytes.iter().all(|byte| *byte == bytes[0]);
    let mut running = tokio::task::JoinSet::new();
    for byte in 0..20 {
        let blobs = blobs.clone();
        running.spawn(async move { blobs.write("images/a.png", vec![byte; 50_000]).await });
    }
    while let Some(outcome) = running.join_next().await {
        outcome.unwrap().unwrap();
        assert!(whole(&blobs.read("images/a.png").await.unwrap().unwrap()));
    }
    assert_eq!(names(&blobs, "images").await, ["images/a.png"]);
    assert_eq!(fs::read_dir(root.path().join("images")).unwrap().count(), 1);
}
