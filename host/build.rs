//! Embeds the default components that `cargo xtask components` has put into `<target>/components`.
//!
//! This script never runs cargo. When a component is missing the host is built without it, and
//! says so when it is asked for.

use std::path::{Path, PathBuf};
use std::{env, fmt::Write as _, fs, io};

const COMPONENTS: [&str; 5] = [
    "auth-none",
    "auth-bearer",
    "auth-remote",
    "auth-oidc-proxy",
    "image-tools",
];

fn main() -> io::Result<()> {
    let out_dir = PathBuf::from(
        env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?,
    );
    let components = components_dir(&out_dir)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", components.display());

    let mut source = String::from("&[\n");
    for name in COMPONENTS {
        let file = components.join(format!("{name}.wasm"));
        println!("cargo::rerun-if-changed={}", file.display());
        let bytes = if file.is_file() {
            format!("Some(include_bytes!({:?}))", file)
        } else {
            "None".to_owned()
        };
        writeln!(source, "    ({name:?}, {bytes}),").map_err(io::Error::other)?;
    }
    source.push_str("]\n");
    fs::write(out_dir.join("embedded.rs"), source)
}

/// `<target>/components`: four levels above `<target>/<profile>/build/<package>/out`, or five with `--target`.
fn components_dir(out_dir: &Path) -> io::Result<PathBuf> {
    let profile_dir = out_dir
        .ancestors()
        .nth(3)
        .ok_or_else(|| io::Error::other("OUT_DIR is not inside a target directory"))?;
    let parent = profile_dir.parent().unwrap_or(profile_dir);
    let triple = env::var("TARGET").unwrap_or_default();
    let target_dir = if parent
        .file_name()
        .is_some_and(|name| name == triple.as_str())
    {
        parent.parent().unwrap_or(parent)
    } else {
        parent
    };
    Ok(target_dir.join("components"))
}
