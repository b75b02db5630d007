//! Where a path leads. Paths are compared exactly: nothing is decoded, folded or cleaned, so no
//! spelling of a protected path leads anywhere else.

/// The destinations of one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The MCP endpoint: authentication, then the tools.
    Mcp,
    /// Possibly a route of the policy; it answers or it does not.
    Policy,
    /// Liveness of the process.
    Health,
    /// Readiness of the process and what it depends on.
    Readiness,
}

/// The paths of a tenant as they arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    mcp: String,
    mcp_below_base: Option<String>,
    base: String,
}

/// Paths of an OAuth server that a browser is sent to (RFC 6749, section 3.1). Pages of other
/// origins have no business reading them.
const NAVIGATIONS: [&str; 3] = ["/authorize", "/consent", "/auth/callback"];

impl Paths {
    /// `base_path` is the path of the public URL without a trailing slash, empty when it has none;
    /// `http_path` is the MCP path below it. A proxy may strip the former or not.
    #[must_use]
    pub fn new(base_path: &str, http_path: &str) -> Self {
        let below_base = (!base_path.is_empty()).then(|| format!("{base_path}{http_path}"));
        Self {
            mcp: http_path.to_owned(),
            mcp_below_base: below_base,
            base: base_path.to_owned(),
        }
    }

    /// Whether a path is one that browsers navigate to, and scripts do not read.
    #[must_use]
    pub fn is_navigation(&self, path: &str) -> bool {
        let below_base = path.strip_prefix(&self.base).unwrap_or(path);
        NAVIGATIONS.contains(&path) || NAVIGATIONS.contains(&below_base)
    }

    /// Where a path leads.
    #[must_use]
    pub fn route(&self, path: &str) -> Route {
        if path == self.mcp || self.mcp_below_base.as_deref() == Some(path) {
            return Route::Mcp;
        }
        match path {
            "/healthz" => Route::Health,
            "/readyz" => Route::Readiness,
            _ => Route::Policy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_path_is_the_endpoint() {
        let paths = Paths::new("/vault", "/mcp");
        assert_eq!(paths.route("/mcp"), Route::Mcp);
        assert_eq!(paths.route("/vault/mcp"), Route::Mcp);
        for other in [
            "/mcp/",
            "//mcp",
            "/MCP",
            "/./mcp",
            "/mcp%2f",
            "/vault/..;/mcp",
            "/vault//mcp",
            "/x/mcp",
            "",
        ] {
            assert_eq!(paths.route(other), Route::Policy, "{other}");
        }
        for path in ["/authorize", "/vault/consent", "/vault/auth/callback"] {
            assert!(paths.is_navigation(path), "{path}");
        }
        for path in ["/token", "/vault/token", "/vault", "/mcp", "/x/authorize"] {
            assert!(!paths.is_navigation(path), "{path}");
        }
        assert_eq!(paths.route("/healthz"), Route::Health);
        assert_eq!(paths.route("/readyz"), Route::Readiness);
    }
}
