//! The default components inside this binary, put there by `build.rs`.

/// Name and bytes; `None` when the host was built without that component.
type Embedded = (&'static str, Option<&'static [u8]>);

const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// What there is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The component.
    Found(&'static [u8]),
    /// The name is one of ours, and this binary was built without it.
    NotBuilt,
    /// No default component has that name.
    Unknown,
}

/// The bytes of a default component.
#[must_use]
pub fn lookup(name: &str) -> Lookup {
    match EMBEDDED.iter().find(|(known, _)| *known == name) {
        Some((_, Some(bytes))) => Lookup::Found(bytes),
        Some((_, None)) => Lookup::NotBuilt,
        None => Lookup::Unknown,
    }
}

/// The names of all default components, built or not.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|(name, _)| *name)
}
