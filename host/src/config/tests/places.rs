//! Where files are, on each platform.

use std::fs::create_dir_all;

use super::*;
use crate::config::places::{Places, Platform};

#[test]
fn conventions_of_platforms() {
    let variables = |extra: &[(&str, &str)]| -> BTreeMap<String, String> {
        let home = [("HOME", "/h"), ("USERPROFILE", "/h")];
        let all = home.iter().chain(extra);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    for (platform, extra, data, cache) in [
        (
            Platform::Xdg,
            vec![],
            "/h/.local/share/image-generation-mcp",
            "/h/.cache/image-generation-mcp",
        ),
        (
            Platform::Xdg,
            vec![("XDG_DATA_HOME", "/d"), ("XDG_CACHE_HOME", "/c")],
            "/d/image-generation-mcp",
            "/c/image-generation-mcp",
        ),
        (
            Platform::Xdg,
            vec![("XDG_DATA_HOME", "d"), ("XDG_CACHE_HOME", "")],
            "/h/.local/share/image-generation-mcp",
            "/h/.cache/image-generation-mcp",
        ),
        (
            Platform::MacOs,
            vec![("XDG_DATA_HOME", "/d")],
            "/h/Library/Application Support/image-generation-mcp",
            "/h/Library/Caches/image-generation-mcp",
        ),
        (
            Platform::Windows,
            vec![("LOCALAPPDATA", "/l")],
            "/l/image-generation-mcp",
            "/l/image-generation-mcp/cache",
        ),
        (
            Platform::Windows,
            vec![("LOCALAPPDATA", "")],
            "/h/AppData/Local/image-generation-mcp",
            "/h/AppData/Local/image-generation-mcp/cache",
        ),
    ] {
        let places = Places::on(platform, &variables(&extra));
        assert_eq!(places.data_dir().unwrap(), Path::new(data), "{platform:?}");
        assert_eq!(
            places.cache_dir().unwrap(),
            Path::new(cache),
            "{platform:?}"
        );
    }
}

#[test]
fn folders_below_the_home_directory() {
    let machine = machine(&[]);
    let config = machine.config();
    let data = config.storage.data_dir.clone();
    assert!(data.starts_with(machine.home()) && data.ends_with("image-generation-mcp"));
    assert_eq!(config.tenant().galleries.scratch_dir, data.join("images"));
    assert_eq!(config.tenant().galleries.styles_dir, data.join("styles"));
    assert!(
        config
            .storage
            .compile_cache_dir
            .unwrap()
            .starts_with(machine.home())
    );
}

#[test]
fn folders_of_the_predecessor_are_taken_over() {
    let mut machine = machine(&[]);
    let old = machine.home().join(".image-generation-mcp");
    create_dir_all(old.join("images")).unwrap();
    let config = machine.config();
    assert_eq!(config.tenant().galleries.scratch_dir, old.join("images"));
    assert_eq!(
        config.tenant().galleries.styles_dir,
        config.storage.data_dir.join("styles")
    );
    assert!(config.warnings.is_empty());

    // A data directory of one's own is a fresh start, and says so.
    machine.set("IMAGE_GENERATION_MCP_DATA_DIR", "/data");
    let config = machine.config();
    assert_eq!(
        config.tenant().galleries.scratch_dir,
        Path::new("/data/images")
    );
    assert_eq!(
        machine.warnings(),
        [format!(
            "_SCRATCH_DIR (not set): what is in {} is not used, since `DATA_DIR` is set",
            old.join("images").display()
        )]
    );

    machine.set(
        "IMAGE_GENERATION_MCP_SCRATCH_DIR",
        "~/.image-generation-mcp/images",
    );
    assert_eq!(
        machine.config().tenant().galleries.scratch_dir,
        old.join("images")
    );
    assert_eq!(machine.warnings(), Vec::<String>::new());
}

#[test]
fn without_a_home_directory() {
    let mut machine = machine(&[]);
    machine.variables.clear();
    assert_eq!(
        machine.fault(),
        "_DATA_DIR (not set): no home directory is known to keep files in"
    );
    machine.set("IMAGE_GENERATION_MCP_DATA_DIR", "/data");
    let config = machine.config();
    assert_eq!(
        config.storage.compile_cache_dir.unwrap(),
        Path::new("/data/cache")
    );
    machine.set("IMAGE_GENERATION_MCP_STYLES_DIR", "~/styles");
    assert_eq!(
        machine.fault(),
        "_STYLES_DIR (environment): `~` cannot be expanded: no home directory is known"
    );
}

#[test]
fn tildes() {
    let machine = machine(&[]);
    let places = Places::of(&machine.variables);
    let home = machine.home();
    for (text, path) in [
        ("~", home.to_path_buf()),
        ("~/", home.to_path_buf()),
        ("~//a/b", home.join("a/b")),
        ("~user/x", "~user/x".into()),
        ("a/~/b", "a/~/b".into()),
        ("/x", "/x".into()),
    ] {
        assert_eq!(places.expand(text), Ok(path), "{text}");
    }
}
