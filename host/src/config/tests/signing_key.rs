//! The key that is made when there is none.

use super::*;
use crate::config::signing_key::{SigningKeyError, SigningKeyFile, SigningKeyState};

fn file(directory: &tempfile::TempDir) -> SigningKeyFile {
    SigningKeyFile::in_directory(&directory.path().join("data"))
}

#[test]
fn a_key_is_made_once_and_for_its_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let file = file(&directory);
    assert!(matches!(file.inspect(), Ok(SigningKeyState::Absent)));
    assert!(!file.path().exists(), "looking makes nothing");
    let key = file.load_or_make().unwrap();
    assert_eq!(key.expose().len(), 64);
    assert!(matches!(file.inspect(), Ok(SigningKeyState::Present)));
    assert_eq!(file.load_or_make().unwrap(), key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let left: Vec<_> = std::fs::read_dir(directory.path().join("data"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn of_many_starts_at_once_all_have_the_same_key() {
    let directory = tempfile::tempdir().unwrap();
    let file = file(&directory);
    let keys: Vec<Secret> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| file.load_or_make().unwrap()))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn a_damaged_or_exposed_key_is_refused_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let file = file(&directory);
    let key = file.load_or_make().unwrap();
    for text in [
        "",
        "0",
        "z".repeat(64).as_str(),
        &"0".repeat(64),
        &key.expose()[1..],
    ] {
        std::fs::write(file.path(), text).unwrap();
        let error = file.load_or_make().unwrap_err();
        assert!(matches!(error, SigningKeyError::Damaged { .. }), "{error}");
        assert!(text.is_empty() || !error.to_string().contains(text) || text == "0");
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), text);
    }
    std::fs::write(file.path(), key.expose()).unwrap();
    assert_eq!(file.load_or_make().unwrap(), key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for (mode, fine) in [(0o644, false), (0o604, false), (0o640, true), (0o400, true)] {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(file.path(), permissions).unwrap();
            assert_eq!(file.load_or_make().is_ok(), fine, "{mode:o}");
        }
    }
}

#[test]
fn a_directory_that_takes_no_file_is_told_in_plain_words() {
    let directory = tempfile::tempdir().unwrap();
    let occupied = directory.path().join("data");
    std::fs::write(&occupied, "a file").unwrap();
    let error = file(&directory).load_or_make().unwrap_err().to_string();
    assert!(
        error.contains("signing key") && error.contains("data"),
        "{error}"
    );
}
