//! Which packages are tested in one call of cargo, and in which order.
//!
//! Cargo builds the packages of one call with the features that any of them asks for. So a group is
//! a call whose packages share no expensive dependency with another group: wasmtime is compiled for
//! the host once, with the host's features.

use anyhow::{Result, bail};

use crate::host;

/// Packages whose tests run in one call of cargo.
pub struct Group {
    /// What one calls it on the command line.
    pub name: &'static str,
    pub packages: &'static [&'static str],
    pub profile: Profile,
    pub needs: Needs,
}

/// `Development` is what `cargo xtask` itself is built with, `Release` what users get.
pub enum Profile {
    Development,
    Release,
}

/// What must be there before the tests of a group run; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    Nothing,
    /// The components, which the host embeds.
    Components,
    /// The fixtures, the host, Node and the packages from npm.
    Everything,
}

/// All tests, the quick ones first.
pub const GROUPS: &[Group] = &[
    Group {
        name: "xtask",
        packages: &["xtask"],
        profile: Profile::Development,
        needs: Needs::Nothing,
    },
    Group {
        name: "wit",
        packages: &["wit-check"],
        profile: Profile::Development,
        needs: Needs::Nothing,
    },
    Group {
        name: "components",
        packages: PURE,
        profile: Profile::Release,
        needs: Needs::Nothing,
    },
    Group {
        name: "fakes",
        packages: FAKES,
        profile: Profile::Release,
        needs: Needs::Nothing,
    },
    Group {
        name: "host",
        packages: &[host::PACKAGE],
        profile: Profile::Release,
        needs: Needs::Components,
    },
    Group {
        name: "bench",
        packages: &["bench"],
        profile: Profile::Release,
        needs: Needs::Nothing,
    },
    Group {
        name: "e2e",
        packages: &["e2e"],
        profile: Profile::Release,
        needs: Needs::Everything,
    },
];

/// The packages below `components/`, and what they are tested with: they run natively as well.
pub const PURE: &[&str] = &[
    "strict-json",
    "mcp",
    "policy",
    "render",
    "oauth",
    "guest",
    "auth-none",
    "auth-bearer",
    "auth-remote",
    "auth-oidc-proxy",
    "image-tools",
    "conformance-fixture",
];

/// Servers that stand in for others in tests. They are native only.
pub const FAKES: &[&str] = &["fake-image-api"];

/// The groups to run, and the filter on test names. A single argument that names no group is the
/// filter.
///
/// # Errors
/// More arguments than that, or a group that does not exist.
pub fn select(arguments: &[String]) -> Result<(Vec<&'static Group>, Option<&str>)> {
    let named = |name: &str| {
        GROUPS
            .iter()
            .filter(|group| group.name == name)
            .collect::<Vec<_>>()
    };
    match arguments {
        [] => Ok((GROUPS.iter().collect(), None)),
        [name] if !named(name).is_empty() => Ok((named(name), None)),
        [filter] => Ok((GROUPS.iter().collect(), Some(filter))),
        [name, filter] if !named(name).is_empty() => Ok((named(name), Some(filter))),
        _ => {
            let names: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
            bail!(
                "expected `[GROUP] [FILTER]`: {}\nhint: the groups are: {}",
                arguments.join(" "),
                names.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GROUPS, select};

    fn selected(arguments: &[&str]) -> Option<(Vec<&'static str>, Option<String>)> {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect();
        let (groups, filter) = select(&arguments).ok()?;
        Some((
            groups.iter().map(|group| group.name).collect(),
            filter.map(str::to_owned),
        ))
    }

    #[test]
    fn a_group_a_filter_or_both() {
        let all: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
        assert_eq!(selected(&[]), Some((all.clone(), None)));
        assert_eq!(selected(&["host"]), Some((vec!["host"], None)));
        assert_eq!(selected(&["jwks"]), Some((all, Some("jwks".to_owned()))));
        assert_eq!(
            selected(&["host", "jwks"]),
            Some((vec!["host"], Some("jwks".to_owned())))
        );
        assert_eq!(selected(&["jwks", "host"]), None);
        assert_eq!(selected(&["host", "a", "b"]), None);
    }

    #[test]
    fn every_member_of_the_workspace_is_in_one_group() {
        let manifest: toml::Table = include_str!("../../../Cargo.toml").parse().unwrap();
        let members = manifest["workspace"]["members"].as_array().unwrap().len();
        let mut packages: Vec<&str> = GROUPS
            .iter()
            .flat_map(|group| group.packages)
            .copied()
            .collect();
        packages.sort_unstable();
        packages.dedup();
        assert_eq!(packages.len(), members, "in groups: {packages:?}");
    }
}
