//! URLs of requests, made comparable (RFC 9449, section 4.3; RFC 3986, sections 6.2.2 and 6.2.3).

use std::net::Ipv6Addr;

/// Longest URL that is looked at, in bytes.
const MAX_BYTES: usize = 2048;

/// An `http` or `https` URL without query and fragment in its one normal form: lower-case scheme
/// and host, no default port, no dot segments, no percent-encoding that is not needed. `None` for
/// anything else, and for a URL with user information.
#[must_use]
pub fn normalised(url: &str) -> Option<String> {
    if url.len() > MAX_BYTES
        || !url
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&b))
    {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let rest = rest.split(['?', '#']).next()?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = split_port(authority)?;
    let host = normalised_host(host)?;
    let port = match port {
        "" => default_port,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse::<u16>().ok()?,
        _ => return None,
    };
    let port = if port == default_port {
        String::new()
    } else {
        format!(":{port}")
    };
    let path = without_dot_segments(&normalised_encoding(path)?);
    Some(format!("{scheme}://{host}{port}{path}"))
}

/// Host, with the brackets of an IPv6 address, and port; empty when there is none.
fn split_port(authority: &str) -> Option<(&str, &str)> {
    let host_end = match authority.strip_prefix('[') {
        Some(inner) => inner.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(host_end)?;
    match port {
        "" => Some((host, "")),
        port => Some((host, port.strip_prefix(':')?)),
    }
}

fn normalised_host(host: &str) -> Option<String> {
    if let Some(inner) = host.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (!host.is_empty() && host.bytes().all(plain)).then(|| host.to_ascii_lowercase())
}

/// Decodes what needs no encoding, and writes the rest in upper case.
fn normalised_encoding(path: &str) -> Option<String> {
    let mut normal = String::with_capacity(path.len());
    let mut parts = path.split('%');
    normal.push_str(parts.next()?);
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let hexadecimal = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let byte = u8::from_str_radix(digits, 16)
            .ok()
            .filter(|_| hexadecimal)?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            normal.push(char::from(byte));
        } else {
            normal.push_str(&format!("%{byte:02X}"));
        }
        normal.push_str(rest);
    }
    Some(normal)
}

/// RFC 3986, section 5.2.4, for a path that is empty or begins with a slash.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments = path.split('/').skip(1);
    let mut ends_in_directory = true;
    for segment in segments {
        ends_in_directory = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut normal: String = kept.iter().map(|segment| format!("/{segment}")).collect();
    if ends_in_directory {
        normal.push('/');
    }
    normal
}
