//! Where this server is, from configuration alone: never from a header of a request.

use crate::settings::Reader;

const DEFAULT_HTTP_PATH: &str = "/mcp";
/// RFC 9728, section 3.
pub const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// RFC 8414, section 3.
pub const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
/// OpenID Connect Discovery 1.0, section 4.
pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";

/// The public address of the MCP endpoint, in the parts that its documents are found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// `https://host:port`.
    origin: String,
    /// Path of `BASE_URL`: empty, or with a slash at the start and none at the end.
    base_path: String,
    /// `HTTP_PATH`, likewise.
    mcp_path: String,
}

impl Location {
    /// Reads `BASE_URL` and `HTTP_PATH`; `None` after a fault.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        const NAME: &str = "BASE_URL";
        let http_path = reader
            .text("HTTP_PATH")
            .unwrap_or_else(|| DEFAULT_HTTP_PATH.to_owned());
        let base_url = reader.required(NAME);
        if base_url.is_empty() {
            return None;
        }
        Self::parse(&base_url, &http_path)
            .map_err(|problem| reader.fault(NAME, problem))
            .ok()
    }

    /// Splits `BASE_URL`, and adds `HTTP_PATH`.
    ///
    /// # Errors
    /// What is wrong, without the URL, which may hold a password.
    pub fn parse(base_url: &str, http_path: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = base_url.split_once("://").ok_or("is not an absolute URL")?;
        if !["https", "http"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
        {
            return Err("is neither `https` nor `http`");
        }
        let authority_end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        let in_authority = |b: u8| b.is_ascii_alphanumeric() || b"-._~:[]%".contains(&b);
        if authority.is_empty() || !authority.bytes().all(in_authority) {
            return Err("has no plain host: no user, no password, ASCII only");
        }
        Ok(Self {
            origin: format!("{scheme}://{authority}"),
            base_path: path_of(path)
                .ok_or("has a path with a query, a fragment or a character to be encoded")?,
            mcp_path: path_of(http_path).ok_or("and `HTTP_PATH` do not make a URL")?,
        })
    }

    /// Scheme, host and port: no path, no trailing slash.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Path of the public URL: empty, or with a slash at the start and none at the end.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Path of the MCP endpoint below the public URL, likewise.
    #[must_use]
    pub fn mcp_path(&self) -> &str {
        &self.mcp_path
    }

    /// The resource identifier (RFC 8707; RFC 9728, section 1.2).
    #[must_use]
    pub fn resource(&self) -> String {
        format!("{}{}{}", self.origin, self.base_path, self.mcp_path)
    }

    /// Where the metadata of the resource is (RFC 9728, section 3.1): the path of the resource is
    /// put behind the well-known path.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        format!(
            "{}{PROTECTED_RESOURCE}{}{}",
            self.origin, self.base_path, self.mcp_path
        )
    }

    /// All paths at which clients look for it, also when a proxy has removed the base path.
    #[must_use]
    pub fn protected_resource_paths(&self) -> Vec<String> {
        let (base, mcp) = (&self.base_path, &self.mcp_path);
        distinct([
            format!("{PROTECTED_RESOURCE}{base}{mcp}"),
            format!("{base}{PROTECTED_RESOURCE}{mcp}"),
            format!("{base}{PROTECTED_RESOURCE}"),
            format!("{PROTECTED_RESOURCE}{mcp}"),
            PROTECTED_RESOURCE.to_owned(),
        ])
    }

    /// All paths at which clients that know nothing of RFC 9728 look for an authorization server
    /// (RFC 8414, section 3.1; OpenID Connect Discovery 1.0, section 4).
    #[must_use]
    pub fn authorization_server_paths(&self) -> Vec<String> {
        let (base, mcp) = (&self.base_path, &self.mcp_path);
        let inserted = [AUTHORIZATION_SERVER, OPENID_CONFIGURATION]
            .into_iter()
            .flat_map(|document| {
                [
                    format!("{document}{base}{mcp}"),
                    format!("{document}{base}"),
                    format!("{document}{mcp}"),
                    format!("{base}{document}"),
                    document.to_owned(),
                ]
            });
        let appended = [
            format!("{base}{mcp}{OPENID_CONFIGURATION}"),
            format!("{mcp}{OPENID_CONFIGURATION}"),
        ];
        distinct(inserted.chain(appended))
    }
}

/// A path with a slash at the start and none at the end; empty for the root.
fn path_of(path: &str) -> Option<String> {
    let trimmed = path.trim_matches('/');
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&b);
    let plain = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed);
    match trimmed {
        "" => Some(String::new()),
        path => path.split('/').all(plain).then(|| format!("/{path}")),
    }
}

fn distinct(paths: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut distinct = Vec::new();
    for path in paths {
        if !distinct.contains(&path) {
            distinct.push(path);
        }
    }
    distinct
}
