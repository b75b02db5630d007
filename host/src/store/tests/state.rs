//! Values with versions, conditions and ends: the same for everything that keeps them.

use tokio::task::JoinSet;

use super::*;

/// What keeps the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Database,
    SharedDirectory,
    Memory,
}

impl Kept {
    async fn open(self, directory: &Path, clock: WallClock) -> State {
        match self {
            Self::Database => State::open(directory, clock).await.unwrap(),
            Self::SharedDirectory => {
                let opened = State::open_shared(directory.join("shared"), clock);
                opened.await.unwrap()
            }
            Self::Memory => State::in_memory(clock),
        }
    }

    async fn open_now(self, directory: &Path) -> State {
        self.open(directory, WallClock::system()).await
    }

    fn outlives_the_process(self) -> bool {
        self != Self::Memory
    }
}

/// Makes each rule a test of each store.
macro_rules! of_every_store {
    ($($rule:ident)*) => {
        mod in_database { $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() { super::$rule(super::Kept::Database).await })* }
        mod in_shared_directory { $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() { super::$rule(super::Kept::SharedDirectory).await })* }
        mod in_memory { $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() { super::$rule(super::Kept::Memory).await })* }
    };
}

of_every_store! {
    versions_only_grow
    limits_of_keys_and_values
    of_fifty_writers_that_expect_the_same_one_wins
    values_end_when_their_time_is_over
    ends_survive_a_restart_and_are_swept
    namespaces_are_apart
    keys_come_in_order_and_in_pages
}

fn version(outcome: Result<Outcome, Error>) -> u64 {
    match outcome {
        Ok(Outcome::Done(version)) => version,
        other => panic!("{other:?}"),
    }
}

async fn versions_only_grow(kept: Kept) {
    let root = tempfile::tempdir().unwrap();
    let state = kept.open_now(root.path()).await;
    let space = state.namespace("t", "c");
    assert_eq!(space.get("a").await, Ok(None));
    let first = version(space.put("a", anything(b"1")).await);
    assert_eq!(
        space.get("a").await,
        Ok(Some(StateEntry {
            value: b"1".to_vec(),
            version: first
        }))
    );
    let second = version(
        space
            .put("a", expecting(b"2", Expect::Version(first)))
            .await,
    );
    assert!(second > first);

    for expected in [Expect::Version(first), Expect::Absent, Expect::Version(0)] {
        assert_eq!(
            space.put("a", expecting(b"x", expected)).await,
            Ok(Outcome::Conflict)
        );
        assert_eq!(space.delete("a", expected).await, Ok(Outcome::Conflict));
    }
    assert_eq!(space.get("a").await.unwrap().unwrap().value, b"2");

    assert_eq!(
        space.delete("a", Expect::Version(second)).await,
        Ok(Outcome::Done(0))
    );
    assert_eq!(space.get("a").await, Ok(None));
    assert_eq!(
        space.delete("a", Expect::Absent).await,
        Ok(Outcome::Done(0))
    );
    assert_eq!(
        space.delete("a", Expect::Anything).await,
        Ok(Outcome::Done(0))
    );
    assert_eq!(
        space.delete("a", Expect::Version(second)).await,
        Ok(Outcome::Conflict)
    );

    let third = version(space.put("a", expecting(b"3", Expect::Absent)).await);
    assert!(third > second, "also after a removal");
    state.close().await;
    if !kept.outlives_the_process() {
        return;
    }
    let space = kept.open_now(root.path()).await.namespace("t", "c");
    let fourth = version(space.put("b", anything(b"4")).await);
    assert!(fourth > third, "also after a restart");
    assert_eq!(
        space.get("a").await,
        Ok(Some(StateEntry {
            value: b"3".to_vec(),
            version: third
        }))
    );
}

async fn limits_of_keys_and_values(kept: Kept) {
    let root = tempfile::tempdir().unwrap();
    let space = kept.open_now(root.path()).await.namespace("t", "c");
    let largest = vec![7; 64 * 1024];
    version(space.put("a", anything(&largest)).await);
    assert_eq!(space.get("a").await.unwrap().unwrap().value, largest);
    let larger = vec![7; 64 * 1024 + 1];
    assert_eq!(
        space.put("a", anything(&larger)).await,
        Err(Error::TooLarge(65536))
    );
    version(space.put("a", anything(b"")).await);
    assert_eq!(space.get("a").await.unwrap().unwrap().value, b"");
    for key in ["", "a b", "\0", &"k".repeat(201)] {
        assert!(matches!(space.get(key).await, Err(Error::InvalidName(_))));
        assert!(matches!(
            space.put(key, anything(b"")).await,
            Err(Error::InvalidName(_))
        ));
        let deleted = space.delete(key, Expect::Anything).await;
        assert!(matches!(deleted, Err(Error::InvalidName(_))));
        assert!(matches!(
            space.keys("", Some(key), 1).await,
            Err(Error::InvalidName(_))
        ));
    }
    assert!(matches!(
        space.keys("a b", None, 1).await,
        Err(Error::InvalidName(_))
    ));
}

async fn of_fifty_writers_that_expect_the_same_one_wins(kept: Kept) {
    let root = tempfile::tempdir().unwrap();
    let state = kept.open_now(root.path()).await;
    let space = state.namespace("t", "c");
    let mut before = version(space.put("a", anything(b"start")).await);
    for round in 0..10 {
        let mut running = JoinSet::new();
        for writer in 0..50u8 {
            let space = space.clone();
            running.spawn(async move {
                let put = expecting(std::slice::from_ref(&writer), Expect::Version(before));
                (writer, space.put("a", put).await.unwrap())
            });
        }
        let mut winners = Vec::new();
        while let Some(outcome) = running.join_next().await {
            if let (writer, Outcome::Done(version)) = outcome.unwrap() {
                winners.push((writer, version));
            }
        }
        let [(winner, version)] = winners[..] else {
            panic!("round {round}: {winners:?}");
        };
        let found = space.get("a").await.unwrap().unwrap();
        assert_eq!(
            found,
            StateEntry {
                value: vec![winner],
                version
            }
        );
        before = version;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writes_share_commits_and_lose_nothing() {
    let root = tempfile::tempdir().unwrap();
    let state = state_in(root.path()).await;
    let mut running = JoinSet::new();
    for writer in 0..500u32 {
        let space = state.namespace("t", "c");
        running.spawn(async move {
            let value = writer.to_be_bytes();
            version(space.put(&format!("k/{writer:03}"), anything(&value)).await)
        });
    }
    let mut versions = Vec::new();
    while let Some(version) = running.join_next().await {
        versions.push(version.unwrap());
    }
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 500, "no version is given twice");
    assert!(state.commits() < 250, "{} commits", state.commits());
    state.close().await;
    let space = state_in(root.path()).await.namespace("t", "c");
    assert_eq!(space.keys("k/", None, 1000).await.unwrap().len(), 500);
    let found = space.get("k/123").await.unwrap().unwrap();
    assert_eq!(found.value, 123u32.to_be_bytes());
}

#[tokio::test]
async fn a_write_goes_on_when_its_caller_leaves() {
    let root = tempfile::tempdir().unwrap();
    let state = state_in(root.path()).await;
    let space = state.namespace("t", "c");
    let mut left = Box::pin(space.put("a", anything(b"1")));
    let polled = std::future::poll_fn(|context| {
        std::task::Poll::Ready(left.as_mut().poll(context).is_ready())
    });
    assert!(!polled.await, "a commit takes longer than one poll");
    drop(left);
    // Writes are carried out in the order of their arrival.
    let later = version(space.put("b", anything(b"2")).await);
    assert_eq!(space.get("a").await.unwrap().unwrap().value, b"1");
    assert_eq!(later, 2);
}

async fn values_end_when_their_time_is_over(kept: Kept) {
    let root = tempfile::tempdir().unwrap();
    let hands = Hands::new();
    let state = kept.open(root.path(), hands.clock()).await;
    let space = state.namespace("t", "c");
    let ending = version(space.put("a", lasting(b"1", 10)).await);
    version(space.put("b", lasting(b"1", 20)).await);
    version(space.put("c", anything(b"1")).await);
    version(space.put("z", lasting(b"1", 0)).await);
    assert_eq!(space.get("z").await, Ok(None));

    hands.advance_ms(9_999);
    assert_eq!(space.get("a").await.unwrap().unwrap().version, ending);
    hands.advance_ms(1);
    assert_eq!(space.get("a").await, Ok(None));
    assert_eq!(space.keys("", None, 10).await.unwrap(), ["b", "c"]);
    let stale = space
        .put("a", expecting(b"2", Expect::Version(ending)))
        .await;
    assert_eq!(stale, Ok(Outcome::Conflict));
    assert_eq!(
        space.delete("a", Expect::Version(ending)).await,
        Ok(Outcome::Conflict)
    );
    assert!(version(space.put("a", expecting(b"2", Expect::Absent)).await) > ending);

    // A value that is written again has the end of the last write.
    version(space.put("b", anything(b"2")).await);
    version(space.put("c", lasting(b"2", 5)).await);
    hands.advance_ms(1_000_000);
    assert_eq!(space.keys("", None, 10).await.unwrap(), ["a", "b"]);
    // In the database, z and the old ends went with the writes.
    let left = if kept == Kept::Database { 1 } else { 2 };
    assert_eq!(state.sweep().await, Ok(left));
    assert_eq!(state.sweep().await, Ok(0));
    assert_eq!(space.keys("", None, 10).await.unwrap(), ["a", "b"]);
}

async fn ends_survive_a_restart_and_are_swept(kept: Kept) {
    let root = tempfile::tempdir().unwrap();
    let hands = Hands::new();
    if !kept.outlives_the_process() {
        return;
    }
    let state = kept.open(root.path(), hands.clock()).await;
    let space = state.namespace("t", "c");
    let mut running = JoinSet::new();
    for index in 0..1500 {
        let space = space.clone();
        running.spawn(async move { space.put(&format!("k{index}"), lasting(b"x", 60)).await });
    }
    while let Some(outcome) = running.join_next().await {
        version(outcome.unwrap());
    }
    version(space.put("stays", anything(b"x")).await);
    state.close().await;
    hands.advance_ms(60_000);
    let state = kept.open(root.path(), hands.clock()).await;
    assert_eq!(
        state.namespace("t", "c").keys("", None, 10).await.unwrap(),
        ["stays"]
    );
    assert_eq!(state.sweep().await, Ok(1500));
    assert_eq!(
        state.namespace("t", "c").keys("", None, 10).await.unwrap(),
        ["stays"]
    );
}

#[tokio::test]
async fn expired_values_do_not_pile_up() {
    let root = tempfile::tempdir().unwrap();
    let hands = Hands::new();
    let state = State::open(root.path(), hands.clock()).await.unwrap();
    let space = state.namespace("t", "c");
    for index in 0..40 {
        version(space.put(&format!("k{index}"), lasting(b"x", 1)).await);
    }
    hands.advance_ms(1_000);
    for index in 0..5 {
        version(space.put(&format!("n{index}"), anything(b"x")).await);
    }
    assert_eq!(state.sweep().await, Ok(0), "five writes have removed forty");
}

async fn namespaces_are_apart(kept: Kept) {
    let root = tempfile::tempdir().unwrap();
    let state = kept.open_now(root.path()).await;
    let pairs = [
        ("a", "b"),
        ("a", "bc"),
        ("ab", "c"),
        ("", "ab"),
        ("ab", ""),
        ("a/b", ""),
        ("A", "b"),
    ];
    for (tenant, component) in pairs {
        let space = state.namespace(tenant, component);
        let put = expecting(component.as_bytes(), Expect::Absent);
        version(space.put("key", put).await);
    }
    for (tenant, component) in pairs {
        let space = state.namespace(tenant, component);
        let found = space.get("key").await.unwrap().unwrap();
        assert_eq!(found.value, component.as_bytes());
        assert_eq!(space.keys("", None, 10).await.unwrap(), ["key"]);
    }
}

async fn keys_come_in_order_and_in_pages(kept: Kept) {
    let root = tempfile::tempdir().unwrap();
    let space = kept.open_now(root.path()).await.namespace("t", "c");
    for key in ["b", "a", "job/10", "job/9", "job:1", "jobs", "job", "z"] {
        version(space.put(key, anything(b"")).await);
    }
    let all = ["a", "b", "job", "job/10", "job/9", "job:1", "jobs", "z"];
    assert_eq!(space.keys("", None, 1000).await.unwrap(), all);
    assert_eq!(
        space.keys("job/", None, 10).await.unwrap(),
        ["job/10", "job/9"]
    );
    assert_eq!(
        space.keys("job/", Some("job/10"), 10).await.unwrap(),
        ["job/9"]
    );
    assert_eq!(
        space.keys("job/", Some("job/9"), 10).await.unwrap(),
        [""; 0]
    );
    assert_eq!(
        space.keys("job", Some("job:1"), 10).await.unwrap(),
        ["jobs"]
    );
    assert_eq!(
        space.keys("", Some("c"), 2).await.unwrap(),
        ["job", "job/10"]
    );
    assert_eq!(space.keys("", None, 0).await.unwrap(), ["a"]);
    assert_eq!(space.keys("x", None, 10).await.unwrap(), [""; 0]);
}
