//! What every request has to satisfy before anybody looks at what it wants.
//!
//! Header and connection limits are enforced by the HTTP implementation (`server.rs`).

use std::str::FromStr as _;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::config::{AllowedHosts, AllowedOrigins};
use crate::error::ClientError;

/// How much of a refused body is read, in bytes.
const MAX_DISCARDED_BYTES: usize = 16 * 1024 * 1024;
/// How long a refused body is read.
const MAX_DISCARD_TIME: Duration = Duration::from_secs(2);

/// The hosts and origins that may talk to a tenant.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Hosts that a request may be addressed to.
    pub hosts: AllowedHosts,
    /// Origins of pages that may call.
    pub origins: AllowedOrigins,
}

/// The authority that the client addressed: `:authority`, else the only `Host` field
/// (RFC 9112, section 3.2; RFC 9113, section 8.3.1).
///
/// # Errors
///
/// [`ClientError::MalformedHead`] when there is none, more than one, or the two contradict.
pub fn authority(parts: &Parts) -> Result<&str, ClientError> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = hosts
        .next()
        .map(|value| value.to_str().map_err(|_| ClientError::MalformedHead))
        .transpose()?;
    if hosts.next().is_some() {
        return Err(ClientError::MalformedHead);
    }
    match (parts.uri.authority(), host) {
        (Some(authority), Some(host)) if !authority.as_str().eq_ignore_ascii_case(host) => {
            Err(ClientError::MalformedHead)
        }
        (Some(authority), _) => Ok(authority.as_str()),
        (None, Some(host)) => Ok(host),
        (None, None) => Err(ClientError::MalformedHead),
    }
}

/// Refuses a `Host` that is not one of ours, which stops DNS rebinding.
///
/// # Errors
///
/// [`ClientError::WrongHost`].
pub fn host(admission: &Admission, authority: &str) -> Result<(), ClientError> {
    let authority = Authority::from_str(authority).map_err(|_| ClientError::WrongHost)?;
    let permitted = admission
        .hosts
        .permits(authority.host(), authority.port_u16());
    let has_userinfo = authority.as_str().contains('@');
    (permitted && !has_userinfo)
        .then_some(())
        .ok_or(ClientError::WrongHost)
}

/// Refuses a page of another origin (MCP, Streamable HTTP, security warning). No `Origin` field
/// means that the client is not a browser.
///
/// # Errors
///
/// [`ClientError::WrongOrigin`].
pub fn origin(admission: &Admission, parts: &Parts) -> Result<(), ClientError> {
    let mut origins = parts.headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return Ok(());
    };
    let origin = origin.to_str().map_err(|_| ClientError::WrongOrigin)?;
    let permitted = admission.origins.permits(origin) && origins.next().is_none();
    permitted.then_some(()).ok_or(ClientError::WrongOrigin)
}

/// Reads the rest of a body that nobody wants, so that the peer hears the refusal: many clients
/// send everything before they listen, and closing the connection earlier loses the answer.
/// Bounded, since it is work for somebody who has been refused.
pub async fn discard<B>(body: &mut B)
where
    B: Body<Data = Bytes> + Unpin,
{
    let read = async {
        let mut left = MAX_DISCARDED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(bytes) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Out of time, the connection is closed as it would have been at once.
    let _ = timeout(MAX_DISCARD_TIME, read).await;
}

/// Reads a body into memory.
///
/// # Errors
///
/// When it is too large, too slow or breaks off.
pub async fn body<B>(body: B, max_bytes: usize, max_time: Duration) -> Result<Bytes, ClientError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if body.size_hint().lower() > u64::try_from(max_bytes).unwrap_or(u64::MAX) {
        return Err(ClientError::BodyTooLarge { max_bytes });
    }
    match timeout(max_time, Limited::new(body, max_bytes).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(ClientError::BodyTooLarge { max_bytes })
        }
        Ok(Err(_)) => Err(ClientError::BodyIncomplete),
        Err(_) => Err(ClientError::BodyTimeout),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http_body_util::Full;

    use super::*;
    use crate::config::AllowedHost;

    fn parts(fields: &[(&'static str, &'static str)]) -> Parts {
        let mut request = Request::builder().uri("/mcp");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn admission() -> Admission {
        Admission {
            hosts: AllowedHosts::Only(
                ["mcp.example.com", "127.0.0.1", "[::1]"]
                    .map(|host| AllowedHost {
                        host: host.to_owned(),
                        port: None,
                    })
                    .into(),
            ),
            origins: AllowedOrigins::Only {
                listed: vec!["https://mcp.example.com".to_owned()],
                loopback: true,
            },
        }
    }

    #[test]
    fn exactly_one_authority() {
        assert_eq!(authority(&parts(&[("host", "a:1")])), Ok("a:1"));
        assert_eq!(authority(&parts(&[])), Err(ClientError::MalformedHead));
        assert_eq!(
            authority(&parts(&[("host", "a"), ("host", "b")])),
            Err(ClientError::MalformedHead)
        );
    }

    #[test]
    fn hosts() {
        for allowed in [
            "mcp.example.com",
            "MCP.example.com:443",
            "127.0.0.1:8000",
            "[::1]:8000",
        ] {
            assert_eq!(host(&admission(), allowed), Ok(()), "{allowed}");
        }
        for refused in [
            "evil.example",
            "mcp.example.com.evil.example",
            "",
            "::1",
            "127.0.0.1.nip.io",
            "evil@127.0.0.1",
        ] {
            assert_eq!(
                host(&admission(), refused),
                Err(ClientError::WrongHost),
                "{refused}"
            );
        }
    }

    #[test]
    fn origins() {
        for allowed in [
            "https://mcp.example.com",
            "http://localhost:6274",
            "http://127.0.0.1:1",
            "http://[::1]",
        ] {
            let mut parts = parts(&[]);
            parts.headers.insert(ORIGIN, allowed.parse().unwrap());
            assert_eq!(origin(&admission(), &parts), Ok(()), "{allowed}");
        }
        for refused in [
            "null",
            "http://mcp.example.com",
            "https://evil.example",
            "https://localhost.evil.example",
            "",
        ] {
            let mut parts = parts(&[]);
            parts.headers.insert(ORIGIN, refused.parse().unwrap());
            assert_eq!(
                origin(&admission(), &parts),
                Err(ClientError::WrongOrigin),
                "{refused}"
            );
        }
        assert_eq!(origin(&admission(), &parts(&[])), Ok(()), "not a browser");
    }

    #[tokio::test]
    async fn bodies() {
        let limit = Duration::from_secs(5);
        assert_eq!(
            body(Full::from("12345"), 5, limit).await,
            Ok(Bytes::from("12345"))
        );
        let large = body(Full::from("123456"), 5, limit).await;
        assert_eq!(large, Err(ClientError::BodyTooLarge { max_bytes: 5 }));
    }
}
