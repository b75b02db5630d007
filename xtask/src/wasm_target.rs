//! The compilation target of the components: found, or added with rustup, or explained.

use std::env;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::{self, say};

/// WASI 0.2 components, straight from rustc.
pub const TARGET: &str = "wasm32-wasip2";

/// Makes sure that rustc can build for [`TARGET`].
///
/// # Errors
/// It cannot, and rustup is missing or failed; the text says what to do.
pub fn ensure() -> Result<()> {
    if is_installed()? {
        return Ok(());
    }
    say(
        "components",
        &format!("the Rust target `{TARGET}` is missing: adding it with rustup"),
    );
    if command::answer(command::program("rustup").arg("--version"))?.is_none() {
        bail!("no Rust target `{TARGET}`, and no rustup to add it with\nhint: {WITHOUT_RUSTUP}");
    }
    let mut rustup = command::program("rustup");
    command::run("rustup", rustup.args(["target", "add", TARGET]))
        .map_err(|error| command::with_hint(&error, OFFLINE))?;
    if !is_installed()? {
        bail!("rustup has added `{TARGET}`, but not to the rustc in use\nhint: {OTHER_RUSTC}");
    }
    Ok(())
}

const WITHOUT_RUSTUP: &str = "\
install Rust with rustup (rustup.rs), which xtask then asks for the target
hint: with Rust from a distribution, install its package of the standard library for wasm32-wasip2
      (search the packages for `rust-std` or `libstd-rust`, and `wasm32`); not every one has it";

const OFFLINE: &str = "\
adding the target needs the network once; without it, unpack the `rust-std` archive for
      wasm32-wasip2 of the same Rust version into the folder that `rustc --print sysroot` names";

const OTHER_RUSTC: &str = "\
another `rustc` comes first in `PATH`, or `RUSTC` is set: compare `rustup which rustc` with
      `rustc --print sysroot`";

fn is_installed() -> Result<bool> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let sysroot = command::answer(command::program(rustc).args(["--print", "sysroot"]))?;
    let sysroot = sysroot.context(
        "cannot ask rustc for its folder\nhint: is Rust installed, and `rustc` in `PATH`?",
    )?;
    Ok(Path::new(&sysroot)
        .join("lib/rustlib")
        .join(TARGET)
        .join("lib")
        .is_dir())
}
