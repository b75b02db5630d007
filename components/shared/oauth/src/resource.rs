//! Which resource a client asks for (RFC 8707). This server has one, and tokens are always for that
//! one by its own spelling; what clients write is accepted as long as it can mean nothing else:
//!
//! * the URL of the MCP endpoint, also with a slash at its end, another case of scheme and host, the
//!   default port, or a query, which some clients add;
//! * the issuer, since some clients cut the path off: at a server without a path of its own that is
//!   the origin of the host, at any other its path is still there.
//!
//! A fragment is refused (section 2), and so is everything else.

use crate::config::Config;

/// The resource is not this server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("resource_refused")]
pub struct ForeignResource;

/// Whether a resource is ours; none is. `Ok(false)` for one that is spelled in another way.
///
/// # Errors
/// It is somebody else's.
pub fn judge(unverified: Option<&str>, config: &Config) -> Result<bool, ForeignResource> {
    let Some(unverified) = unverified else {
        return Ok(true);
    };
    if unverified == config.resource {
        return Ok(true);
    }
    let asked = normalised(unverified).ok_or(ForeignResource)?;
    let ours = [&config.resource, &config.issuer];
    if ours
        .iter()
        .any(|own| normalised(own).as_ref() == Some(&asked))
    {
        Ok(false)
    } else {
        Err(ForeignResource)
    }
}

/// Scheme and authority in lower case without a default port, the path without a slash at its end,
/// no query. `None` for what is not such a URL.
fn normalised(url: &str) -> Option<String> {
    if !url.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') || url.contains('#') {
        return None;
    }
    let url = url.split_once('?').map_or(url, |(before, _)| before);
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.to_ascii_lowercase();
    if authority.is_empty() || authority.contains('@') {
        return None;
    }
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
    let path = path.strip_suffix('/').unwrap_or(path);
    Some(format!("{scheme}://{authority}{path}"))
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[test]
    fn only_spellings_of_one_url_are_the_same() {
        let ours = normalised("https://h.example/vault/mcp");
        for same in [
            "https://h.example/vault/mcp/",
            "HTTPS://H.example:443/vault/mcp",
            "https://h.example/vault/mcp?kb=x",
        ] {
            assert_eq!(normalised(same), ours, "{same}");
        }
        for other in [
            "https://h.example/vault/mcp//",
            "https://h.example/vault/mcp#x",
            "https://h.example/vault/./mcp",
            "https://h.example/vault/MCP",
            "https://h.example/vault/mcp%2f",
            "https://h.example:8443/vault/mcp",
            "https://user@h.example/vault/mcp",
            "http://h.example/vault/mcp",
            "https://h.example.evil/vault/mcp",
            "https://h.example\\vault/mcp",
            "https:///vault/mcp",
            "h.example/vault/mcp",
            "",
        ] {
            assert_ne!(normalised(other), ours, "{other}");
        }
    }
}
