//! Where the binary, the components, Node and its packages are. A missing one is reported with
//! the command that makes it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The shipped binary: `IMAGE_GENERATION_MCP_TEST_BIN`, else the release build beside this test.
pub fn binary() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = env::var_os("IMAGE_GENERATION_MCP_TEST_BIN")
            .map_or_else(|| own_target().join("release/image-generation-mcp"), PathBuf::from);
        existing(path, "build it with `cargo xtask components` and the release build, or set `IMAGE_GENERATION_MCP_TEST_BIN`")
    })
}

/// A component as `cargo xtask components` built it, for example `auth-none`.
pub fn component(name: &str) -> PathBuf {
    existing(
        target().join(format!("components/{name}.wasm")),
        "build it with `cargo xtask components`",
    )
}

/// A component that exists only for tests, for example `conformance-fixture`.
pub fn fixture(name: &str) -> PathBuf {
    existing(
        target().join(format!("fixtures/{name}.wasm")),
        "build it with `cargo xtask test`",
    )
}

/// Node 22 or newer: `IMAGE_GENERATION_MCP_TEST_NODE`, else the npm package, else the system's.
pub fn node() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let packaged = package_root().join("node_modules/node/bin/node");
        let candidates = [
            env::var_os("IMAGE_GENERATION_MCP_TEST_NODE").map(PathBuf::from),
            Some(packaged),
            Some("node".into()),
        ];
        candidates
            .into_iter()
            .flatten()
            .find(|path| is_recent(path))
            .unwrap_or_else(|| {
                panic!(
                    "no Node 22 or newer\nhint: `npm ci` in {} installs one",
                    package_root().display()
                )
            })
    })
}

/// A file of this package, for example `clients/job.mjs`; its npm packages must be installed.
pub fn script(name: &str) -> PathBuf {
    existing(
        package_root().join("node_modules/oidc-provider"),
        "run `npm ci` in tests/e2e",
    );
    existing(package_root().join(name), "restore it from version control")
}

/// A directory below the build output that tests share, for example for compiled components.
pub fn shared_directory(name: &str) -> PathBuf {
    let path = own_target().join("e2e").join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The folder that holds `package.json`.
pub fn package_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The target directory that the binary under test came from.
fn target() -> PathBuf {
    binary()
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .to_path_buf()
}

/// The target directory of this test: `<target>/debug/deps/all-0123456789abcdef`.
fn own_target() -> PathBuf {
    env::current_exe()
        .unwrap()
        .ancestors()
        .nth(3)
        .unwrap()
        .to_path_buf()
}

fn existing(path: PathBuf, hint: &str) -> PathBuf {
    assert!(path.exists(), "missing: {}\nhint: {hint}", path.display());
    path
}

fn is_recent(node: &Path) -> bool {
    let version = Command::new(node).arg("--version").output();
    let text = version
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let major = text
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    major.unwrap_or(0) >= 22
}
