//! Names that could lead somewhere else.

use proptest::prelude::*;

use super::super::name::{BlobName, check_key, check_key_prefix, is_file_name};
use super::*;

#[test]
fn names_of_blobs() {
    let long = format!("images/{}", "a".repeat(200));
    for name in [
        "images/a",
        "images/0123456789ab-original.png",
        "images/0123456789ab.json",
        "styles/Film_noir-2.md",
        "images/a..b",
        "images/a.",
        "images/-rf",
        "images/_",
        &long,
    ] {
        assert!(BlobName::parse(name).is_ok(), "{name}");
    }
    let longer = format!("{long}a");
    for name in [
        "",
        "images",
        "images/",
        "/images/a",
        "images//a",
        "Images/a",
        "other/a",
        "../images/a",
        "images/.",
        "images/..",
        "images/.hidden",
        "images/../styles/a",
        "images/../../etc/passwd",
        "images/a/b",
        "images/a/",
        "images/..\\a",
        "images/a\\b",
        "images/C:a",
        "images/a:stream",
        "images/a#1",
        "images/a%2fb",
        "images/%2e%2e",
        "images/a b",
        "images/a\0",
        "images/a\n",
        "images/\u{2024}\u{2024}",
        "images/ä",
        "images/~",
        "images/*",
        &longer,
    ] {
        let refused = BlobName::parse(name);
        assert!(matches!(refused, Err(Error::InvalidName(_))), "{name:?}");
    }
}

#[test]
fn keys_of_values() {
    for key in ["a", "job:1/x.y_z-0", "..", "/", ":", &"k".repeat(200)] {
        assert!(check_key(key).is_ok(), "{key}");
    }
    for key in [
        "a b",
        "a\0",
        "ä",
        "a%",
        "a#",
        "a\\",
        "\u{ff}",
        &"k".repeat(201),
    ] {
        assert!(
            matches!(check_key(key), Err(Error::InvalidName(_))),
            "{key:?}"
        );
        assert!(
            matches!(check_key_prefix(key), Err(Error::InvalidName(_))),
            "{key:?}"
        );
    }
    assert!(check_key("").is_err());
    assert!(check_key_prefix("").is_ok());
}

proptest! {
    /// Whatever a component says, an accepted name is one plain file of one directory.
    #[test]
    fn accepted_names_stay_inside(name in "(images|styles)?/?[a-zA-Z0-9._/\\\\#:~%\\-]{0,20}|.{0,30}") {
        if let Ok(parsed) = BlobName::parse(&name) {
            let path = Path::new("/store/of").join(parsed.file);
            prop_assert_eq!(path.parent(), Some(Path::new("/store/of")));
            prop_assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(parsed.file));
            prop_assert!(is_file_name(parsed.file));
            prop_assert_eq!(format!("{}/{}", parsed.collection.name(), parsed.file), name);
        }
    }
}
