//! Which imports a component of a role may have. The world says it in WIT; this is its enforcement.
//!
//! Rust's standard library drags in WASI interfaces that a component never uses to any effect:
//! they are allowed, and the host gives them nothing (no files, no environment, no arguments).

/// What a component is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The world `imagegen:auth/policy`.
    Policy,
    /// The world `imagegen:tools/tools`.
    Tools,
}

/// Interfaces that are inert in this host.
const INERT: &[&str] = &[
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
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

const POLICY: &[&str] = &[
    "imagegen:auth/types",
    "imagegen:http/client",
    "imagegen:http/types",
    "imagegen:keys/introspector",
    "imagegen:keys/types",
    "imagegen:keys/verifier",
    "imagegen:log/log",
    "imagegen:rates/limiter",
    "imagegen:settings/settings",
    "imagegen:store/state",
    "imagegen:store/types",
];

const TOOLS: &[&str] = &[
    "imagegen:auth/authorizer",
    "imagegen:auth/types",
    "imagegen:http/client",
    "imagegen:http/types",
    "imagegen:log/log",
    "imagegen:settings/settings",
    "imagegen:store/blobs",
    "imagegen:store/state",
    "imagegen:store/types",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
];

impl Role {
    /// The world as it is written in WIT.
    #[must_use]
    pub fn world(self) -> &'static str {
        match self {
            Self::Policy => "imagegen:auth/policy",
            Self::Tools => "imagegen:tools/tools",
        }
    }

    /// The export that makes a component usable in this role, without its version.
    #[must_use]
    pub fn export(self) -> &'static str {
        match self {
            Self::Policy => "imagegen:auth/authorizer",
            Self::Tools => "wasi:http/incoming-handler",
        }
    }

    /// Whether the world allows an import, for example `wasi:io/poll@0.2.6`.
    #[must_use]
    pub fn allows(self, import: &str) -> bool {
        let own = match self {
            Self::Policy => POLICY,
            Self::Tools => TOOLS,
        };
        let interface = without_version(import);
        own.contains(&interface) || INERT.contains(&interface)
    }
}

/// `ns:package/interface` of `ns:package/interface@version`.
#[must_use]
pub fn without_version(name: &str) -> &str {
    name.split_once('@')
        .map_or(name, |(interface, _)| interface)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_has_no_network_of_its_own_and_no_files() {
        for import in [
            "wasi:http/outgoing-handler@0.2.12",
            "wasi:sockets/tcp@0.2.12",
            "imagegen:store/blobs@0.1.0",
            "imagegen:auth/authorizer@0.1.0",
            "unknown:thing/interface",
        ] {
            assert!(!Role::Policy.allows(import), "{import}");
        }
        for import in [
            "imagegen:keys/verifier@0.1.0",
            "imagegen:http/client@0.1.0",
            "imagegen:store/state@0.1.0",
            "wasi:clocks/monotonic-clock@0.2.12",
        ] {
            assert!(Role::Policy.allows(import), "{import}");
        }
        assert!(Role::Policy.allows("wasi:cli/environment@0.2.6"));
    }

    #[test]
    fn tools_have_no_sockets_and_no_keys() {
        for import in [
            "wasi:sockets/tcp@0.2.12",
            "imagegen:keys/verifier@0.1.0",
            "wasi:http/incoming-handler@0.2.12",
        ] {
            assert!(!Role::Tools.allows(import), "{import}");
        }
        assert!(Role::Tools.allows("wasi:http/outgoing-handler@0.2.12"));
    }
}
