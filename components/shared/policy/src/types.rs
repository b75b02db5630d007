//! The types of `imagegen:auth/types` (`wit/auth/types.wit`), field for field.
//!
//! The policy components map the WIT interface onto these structs, so no value is converted twice.
//! Their meaning is documented in the WIT file; here are only what Rust needs and what differs.

/// A header field: lower-case name, value as received.
pub type Header = (String, String);

/// An HTTP request without its body.
#[derive(Clone, Debug, Default)]
pub struct RequestHead {
    /// The method, upper case.
    pub method: String,
    /// `http` or `https`, as the configured public URL says.
    pub scheme: String,
    /// Host and port that the client addressed. Unverified.
    pub authority: String,
    /// Path and query as received.
    pub path_with_query: String,
    /// All header fields, in order.
    pub headers: Vec<Header>,
    /// Address of the client, without a port.
    pub client_address: Option<String>,
    /// Seconds since the Unix epoch.
    pub now: u64,
}

/// An HTTP request with its body.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// Everything but the body.
    pub head: RequestHead,
    /// The body, complete.
    pub body: Vec<u8>,
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code, 200..=599.
    pub status: u16,
    /// Header fields, lower-case names.
    pub headers: Vec<Header>,
    /// The body, complete.
    pub body: Vec<u8>,
}

/// The most that [`Identity::reusable_seconds`] can be.
pub const MAX_REUSABLE_SECONDS: u32 = 60;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `sub` of a token (RFC 7519, section 4.1.2), or the name that the policy gives.
    pub subject: String,
    /// `iss` of a token.
    pub issuer: Option<String>,
    /// The OAuth client that acts for the subject.
    pub client_id: Option<String>,
    /// Scopes of the credential, without duplicates.
    pub scopes: Vec<String>,
    /// When the credential expires, seconds since the Unix epoch.
    pub expires_at: Option<u64>,
    /// Further claims, one JSON object.
    pub claims: String,
    /// For how long the host may repeat this answer to the same credential, in seconds.
    pub reusable_seconds: u32,
}

/// What somebody wants to do.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    /// The MCP method, for example `tools/call`.
    pub method: String,
    /// The tool name, the resource URI or the prompt name.
    pub target: Option<String>,
    /// Whether it can change or spend something.
    pub writes: bool,
}

/// A refusal, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// 400, 401, 403 or 503.
    pub status: u16,
    /// A stable code: of RFC 6750 or RFC 9449, `access_denied`, or `temporarily_unavailable`.
    pub code: String,
    /// One safe sentence for the client.
    pub description: String,
    /// Value of `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// Value of `Retry-After`, in seconds.
    pub retry_after_seconds: Option<u32>,
    /// Why, for the log of the operator.
    pub reason: String,
}
