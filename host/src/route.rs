//! Where a path leads. Paths are compared exactly: nothing is decoded, folded or cleaned, so no
//! spelling of a protected path leads anywhere else.

/// The destinations of one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The MCP endpoint: authentication, then the tools.
    Mcp,
    /// A transfer link: to the tools, and the token in the path is the credential.
    Transfer,
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

/// What the path of a transfer link begins with.
pub const TRANSFER: &str = "/transfer/";

/// Characters of 32 bytes in base64url without padding.
const TOKEN_CHARS: usize = 43;

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

    /// The token of a transfer link: 32 bytes in base64url. Anything else is no link, so guesses
    /// cost next to nothing.
    #[must_use]
    pub fn token<'a>(&self, path: &'a str) -> Option<&'a str> {
        let below_base = path.strip_prefix(&self.base).unwrap_or(path);
        let token = below_base
            .strip_prefix(TRANSFER)
            .or_else(|| path.strip_prefix(TRANSFER))?;
        let is_token = token.len() == TOKEN_CHARS
            && token
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        is_token.then_some(token)
    }

    /// Where a path leads.
    #[must_use]
    pub fn route(&self, path: &str) -> Route {
        if path == self.mcp || self.mcp_below_base.as_deref() == Some(path) {
            return Route::Mcp;
        }
        if self.token(path).is_some() {
            return Route::Transfer;
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
    fn only_a_whole_token_is_a_link() {
        let paths = Paths::new("/vault", "/mcp");
        let token = "A1-_".repeat(10) + "abc";
        for path in [
            format!("/transfer/{token}"),
            format!("/vault/transfer/{token}"),
        ] {
            assert_eq!(paths.route(&path), Route::Transfer, "{path}");
            assert_eq!(paths.token(&path), Some(token.as_str()));
        }
        for path in [
            "/transfer/".to_owned(),
            "/transfer/x".to_owned(),
            format!("/transfer/{token}/"),
            format!("/transfer/{token}x"),
            format!("/x/transfer/{token}"),
            format!("/transfer/%41{}", "a".repeat(40)),
            format!("/TRANSFER/{token}"),
        ] {
            assert_eq!(paths.route(&path), Route::Policy, "{path}");
        }
    }

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
