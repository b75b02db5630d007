//! Loading a component: bytes, digest, compilation, and the check against its world.
//!
//! Nothing of the component runs here.

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::embedded::{self, Lookup};
use super::grants::{Role, without_version};
use crate::config::ComponentSource;

/// A component that is compiled and satisfies the world of its role.
pub struct Loaded {
    /// Name of the default component, or the file name.
    pub name: String,
    /// Whether it is one of ours: the host may rely on how it behaves.
    pub is_default: bool,
    /// Hexadecimal SHA-256 of the bytes.
    pub sha256: String,
    /// Size of the component in bytes.
    pub size: usize,
    /// Imported interfaces with their versions.
    pub imports: Vec<String>,
    /// Exported interfaces with their versions.
    pub exports: Vec<String>,
    /// The compiled code.
    pub component: Component,
}

/// Why a component cannot be used. All of these are faults of the configuration.
#[derive(Debug, Error)]
pub enum LoadError {
    /// There is no default component of that name.
    #[error("no default component is called `{0}`")]
    UnknownName(String),
    /// The host was built without its components.
    #[error(
        "this binary was built without the component `{0}`\nhint: build it with `cargo xtask run` or `cargo xtask components`"
    )]
    NotBuilt(String),
    /// The file cannot be read.
    #[error("cannot read the component `{path}`")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A core module where a component is needed.
    #[error(
        "`{0}` is a core WebAssembly module, not a component\nhint: build it for the target `wasm32-wasip2`, or wrap it with `wasm-tools component new`"
    )]
    CoreModule(String),
    /// Not WebAssembly, damaged, or using features that this host does not have.
    #[error("`{name}` is not a valid component: {reason}")]
    Invalid {
        /// The component.
        name: String,
        /// What the compiler said.
        reason: String,
    },
    /// An import outside the world.
    #[error("`{name}` imports `{import}`, which the world `{world}` does not have")]
    ImportNotGranted {
        /// The component.
        name: String,
        /// The import.
        import: String,
        /// The world.
        world: &'static str,
    },
    /// The export of the world is missing.
    #[error("`{name}` does not export `{export}`, which the world `{world}` needs")]
    ExportMissing {
        /// The component.
        name: String,
        /// The export.
        export: &'static str,
        /// The world.
        world: &'static str,
    },
    /// An import has the right name and another type or version.
    #[error("`{name}` cannot be linked: {reason}")]
    Link {
        /// The component.
        name: String,
        /// What the linker said.
        reason: String,
    },
}

/// Reads, compiles and checks a component.
///
/// # Errors
///
/// See [`LoadError`].
pub fn load(engine: &Engine, source: &ComponentSource, role: Role) -> Result<Loaded, LoadError> {
    let loaded = compile(engine, source)?;
    if let Some(import) = loaded.imports.iter().find(|import| !role.allows(import)) {
        return Err(LoadError::ImportNotGranted {
            name: loaded.name,
            import: import.clone(),
            world: role.world(),
        });
    }
    if !loaded
        .exports
        .iter()
        .any(|export| without_version(export) == role.export())
    {
        return Err(LoadError::ExportMissing {
            name: loaded.name,
            export: role.export(),
            world: role.world(),
        });
    }
    Ok(loaded)
}

/// Reads and compiles a component without asking what it is for.
///
/// # Errors
///
/// See [`LoadError`].
pub fn compile(engine: &Engine, source: &ComponentSource) -> Result<Loaded, LoadError> {
    let (name, bytes) = read(source)?;
    let invalid = |reason: String| LoadError::Invalid {
        name: name.clone(),
        reason,
    };
    if is_core_module(&bytes) {
        return Err(LoadError::CoreModule(name));
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(invalid(
            "it does not begin with the WebAssembly magic number".to_owned(),
        ));
    }
    let component =
        Component::from_binary(engine, &bytes).map_err(|error| invalid(format!("{error:#}")))?;
    component
        .initialize_copy_on_write_image()
        .map_err(|error| invalid(format!("{error:#}")))?;
    let world = component.component_type();
    let imports = world
        .imports(engine)
        .map(|(import, _)| import.to_owned())
        .collect();
    let exports = world
        .exports(engine)
        .map(|(export, _)| export.to_owned())
        .collect();
    Ok(Loaded {
        is_default: matches!(source, ComponentSource::Embedded(_)),
        sha256: hex::encode(Sha256::digest(&bytes)),
        size: bytes.len(),
        name,
        imports,
        exports,
        component,
    })
}

fn read(source: &ComponentSource) -> Result<(String, std::borrow::Cow<'static, [u8]>), LoadError> {
    match source {
        ComponentSource::Embedded(name) => match embedded::lookup(name) {
            Lookup::Found(bytes) => Ok(((*name).to_owned(), bytes.into())),
            Lookup::NotBuilt => Err(LoadError::NotBuilt((*name).to_owned())),
            Lookup::Unknown => Err(LoadError::UnknownName((*name).to_owned())),
        },
        ComponentSource::File(path) => {
            let bytes = std::fs::read(path).map_err(|source| LoadError::Unreadable {
                path: path.display().to_string(),
                source,
            })?;
            let name = path.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            );
            Ok((name, bytes.into()))
        }
    }
}

/// Core modules and components share the magic number; bytes 4 to 7 tell them apart.
fn is_core_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{EngineConfig, build};

    fn engine() -> Engine {
        build(&EngineConfig {
            instances: 4,
            memory_bytes: 1 << 20,
            compile_cache: None,
        })
        .unwrap()
    }

    fn from_file(bytes: &[u8], role: Role) -> LoadError {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        load(
            &engine(),
            &ComponentSource::File(file.path().to_owned()),
            role,
        )
        .err()
        .unwrap()
    }

    #[test]
    fn other_files_are_refused_in_plain_words() {
        assert!(matches!(
            from_file(b"\0asm\x01\0\0\0", Role::Policy),
            LoadError::CoreModule(_)
        ));
        assert!(matches!(
            from_file(b"", Role::Policy),
            LoadError::Invalid { .. }
        ));
        assert!(matches!(
            from_file(b"#!/bin/sh\n", Role::Tools),
            LoadError::Invalid { .. }
        ));
        assert!(matches!(
            from_file(b"\0asm\x0d\0\x01\0\xff\xff", Role::Tools),
            LoadError::Invalid { .. }
        ));
    }

    #[test]
    fn an_empty_component_lacks_the_export() {
        let error = from_file(b"\0asm\x0d\0\x01\0", Role::Tools);
        assert!(
            matches!(
                error,
                LoadError::ExportMissing {
                    export: "wasi:http/incoming-handler",
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn names_and_files_that_are_not_there() {
        let unknown = load(
            &engine(),
            &ComponentSource::Embedded("nobody"),
            Role::Policy,
        );
        assert!(matches!(unknown.err().unwrap(), LoadError::UnknownName(_)));
        let missing = load(
            &engine(),
            &ComponentSource::File("/nonexistent/policy.wasm".into()),
            Role::Policy,
        );
        assert!(matches!(
            missing.err().unwrap(),
            LoadError::Unreadable { .. }
        ));
    }
}
