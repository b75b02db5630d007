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
    let added = match command::answer(command::program("rustup").arg("--version"))? {
        Some(_) => command::run(
            "rustup",
            command::program("rustup").args(["target", "add", TARGET]),
        ),
        None => bail!(
            "the Rust target `{TARGET}` is missing, and there is no rustup to add it{WITHOUT_RUSTUP}"
        ),
    };
    added.with_context(|| format!("cannot add the Rust target `{TARGET}`{OFFLINE}"))?;
    if !is_installed()? {
        bail!("rustup has added `{TARGET}`, but not for the rustc in use{OTHER_RUSTC}");
    }
    Ok(())
}

const WITHOUT_RUSTUP: &str = "
hint: install Rust with rustup (rustup.rs); it adds the target by itself
hint: with Rust from a distribution, install its package of the standard library for wasm32-wasip2 as well (search its
      packages for `rust-std` or `libstd-rust` and `wasm32`); not every distribution has one";

const OFFLINE: &str = "
hint: this needs the network once; on a machine without it, install the `rust-std` archive for wasm32-wasip2 of the
      same Rust version by hand, into the folder that `rustc --print sysroot` names";

const OTHER_RUSTC: &str = "
hint: compare `rustup which rustc` with `rustc --print sysroot`; another rustc comes first in `PATH`, or `RUSTC` is set";

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
