//! Whether a built component keeps to its world: every import is in the world, or is one of those
//! that the Rust standard library drags into each `wasm32-wasip2` program; every export of the
//! world is there; all types agree.

use anyhow::{Context, Result, bail};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, WorldId, WorldKey};

use crate::contracts::Contracts;

/// What the standard library imports although a component never calls it. The host links them to
/// nothing: no files, no environment, no sockets, a console that goes to the log. Any version of
/// WASI 0.2.
const STANDARD_LIBRARY: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// Magic number, version and layer of a component (component model, `Binary.md`).
const COMPONENT_PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";

/// Checks the component in `wasm` against the world of that name.
///
/// # Errors
/// It is not a component, it asks for something beyond the world, it lacks an export, or a type
/// differs; the text says which.
pub fn check(mut contracts: Contracts, world: &str, wasm: &[u8]) -> Result<()> {
    let world = contracts.world(world)?;
    // A core module decodes as well, as a component without imports and exports.
    if !wasm.starts_with(COMPONENT_PREAMBLE) {
        bail!("not a component");
    }
    let DecodedWasm::Component(built, built_world) = decode(wasm).context("not a component")?
    else {
        bail!("not a component: a WIT package");
    };
    let faults = name_faults(&contracts.resolve, world, (&built, built_world));
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    admit_standard_library(&mut contracts.resolve, world, (built, built_world))?;
    wit_component::targets(&contracts.resolve, world, wasm).context("types differ from the world")
}

/// Imports beyond the world and exports that are missing, by name.
fn name_faults(
    resolve: &Resolve,
    world: WorldId,
    (built, built_world): (&Resolve, WorldId),
) -> Vec<String> {
    let (Some(expected), Some(found)) = (resolve.worlds.get(world), built.worlds.get(built_world))
    else {
        return vec!["no such world".to_owned()];
    };
    let names = |resolve: &Resolve, keys: Vec<&WorldKey>| -> Vec<String> {
        keys.into_iter()
            .map(|key| resolve.name_world_key(key))
            .collect()
    };
    let granted = names(resolve, expected.imports.keys().collect());
    let imports = names(built, found.imports.keys().collect());
    let exports = names(built, found.exports.keys().collect());
    let wanted = names(resolve, expected.exports.keys().collect());

    let excess = imports
        .iter()
        .filter(|name| !granted.contains(name) && !is_standard_library(name));
    let absent = wanted.iter().filter(|name| !exports.contains(name));
    let excess = excess.map(|name| format!("imports `{name}`, which its world does not grant"));
    let absent = absent.map(|name| format!("lacks the export `{name}`"));
    excess.chain(absent).collect()
}

/// Adds to the world those imports of the component that come from the standard library, as the
/// component spells them.
fn admit_standard_library(
    resolve: &mut Resolve,
    world: WorldId,
    (built, built_world): (Resolve, WorldId),
) -> Result<()> {
    let remap = resolve
        .merge(built)
        .context("packages differ from those in `wit/`")?;
    let built_world = remap.map_world(built_world, Default::default())?;
    let found = resolve
        .worlds
        .get(built_world)
        .map(|world| world.imports.clone())
        .unwrap_or_default();
    for (key, item) in found {
        if is_standard_library(&resolve.name_world_key(&key))
            && let Some(world) = resolve.worlds.get_mut(world)
        {
            world.imports.entry(key).or_insert(item);
        }
    }
    Ok(())
}

fn is_standard_library(name: &str) -> bool {
    name.split_once('@').is_some_and(|(name, version)| {
        STANDARD_LIBRARY.contains(&name) && version.starts_with("0.2.")
    })
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
    use wit_parser::ManglingAndAbi;

    use super::{Contracts, check};
    use crate::contracts::wit_files;

    fn wit() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
    }

    fn contracts() -> Contracts {
        Contracts::load(&wit()).unwrap()
    }

    /// A component of exactly this world, which says nothing useful.
    fn component_of(contracts: &Contracts, world: &str) -> Vec<u8> {
        let world = contracts.world(world).unwrap();
        let mut module = dummy_module(&contracts.resolve, world, ManglingAndAbi::Standard32);
        embed_component_metadata(&mut module, &contracts.resolve, world, StringEncoding::UTF8)
            .unwrap();
        ComponentEncoder::default()
            .module(&module)
            .unwrap()
            .encode()
            .unwrap()
    }

    /// A component of a world in a package of its own, `test:case`, that may refer to ours.
    fn component_beside_ours(wit: &str) -> Vec<u8> {
        let mut contracts = contracts();
        let package = contracts.resolve.push_source("case.wit", wit).unwrap();
        contracts.packages.push(package);
        component_of(&contracts, "test:case/case")
    }

    fn refusal(world: &str, wasm: &[u8]) -> String {
        format!("{:#}", check(contracts(), world, wasm).unwrap_err())
    }

    #[test]
    fn a_component_of_its_world_passes() {
        for world in ["imagegen:auth/policy", "imagegen:tools/tools"] {
            check(contracts(), world, &component_of(&contracts(), world)).unwrap();
        }
    }

    #[test]
    fn what_the_standard_library_imports_passes_in_any_version() {
        let wasm = component_beside_ours(
            "package test:case;
             world case {
               include imagegen:auth/policy@0.1.0;
               import wasi:cli/environment@0.2.12;
               import wasi:filesystem/preopens@0.2.12;
             }",
        );
        check(contracts(), "imagegen:auth/policy", &wasm).unwrap();

        let older = component_beside_ours(
            "package test:case;
             package wasi:cli@0.2.6 { interface environment { get-arguments: func() -> list<string>; } }
             world case { include imagegen:auth/policy@0.1.0; import wasi:cli/environment@0.2.6; }",
        );
        check(contracts(), "imagegen:auth/policy", &older).unwrap();
    }

    #[test]
    fn an_import_beyond_the_world_is_named() {
        let wasm = component_beside_ours(
            "package test:case;
             world case {
               include imagegen:auth/policy@0.1.0;
               import imagegen:store/blobs@0.1.0;
               import wasi:sockets/tcp@0.2.12;
             }",
        );
        let refusal = refusal("imagegen:auth/policy", &wasm);
        for import in ["imagegen:store/blobs@0.1.0", "wasi:sockets/tcp@0.2.12"] {
            assert!(
                refusal.contains(&format!(
                    "imports `{import}`, which its world does not grant"
                )),
                "{refusal}"
            );
        }
    }

    #[test]
    fn a_missing_export_is_named() {
        let wasm = component_beside_ours(
            "package test:case; world case { import imagegen:log/log@0.1.0; }",
        );
        assert_eq!(
            refusal("imagegen:auth/policy", &wasm),
            "lacks the export `imagegen:auth/authorizer@0.1.0`"
        );
    }

    #[test]
    fn an_interface_of_the_same_name_with_other_types_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "auth", "deps", "http", "keys", "log", "rates", "settings", "store",
        ] {
            let copy = folder.path().join(name);
            std::fs::create_dir(&copy).unwrap();
            for file in wit_files(&wit().join(name)).unwrap() {
                let text = std::fs::read_to_string(&file).unwrap();
                let text = text.replace("get: func(name: string)", "get: func(name: u32)");
                std::fs::write(copy.join(file.file_name().unwrap()), text).unwrap();
            }
        }
        let other = component_of(
            &Contracts::load(folder.path()).unwrap(),
            "imagegen:auth/policy",
        );
        let refusal = refusal("imagegen:auth/policy", &other);
        assert!(refusal.contains("`wit/`"), "{refusal}");
    }

    #[test]
    fn bytes_that_are_no_component_are_refused() {
        for bytes in [
            &b""[..],
            b"\0asm\x01\0\0\0",
            b"not wasm at all",
            b"\0asm\x0d\0\x01\0\xff",
        ] {
            assert!(
                refusal("imagegen:auth/policy", bytes).contains("not a component"),
                "{bytes:?}"
            );
        }
    }
}
