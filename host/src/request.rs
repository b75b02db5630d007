//! THE STORY of a request: admit, tenant, route, authenticate, invoke, respond.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body::Body as HttpBody;

use crate::app::{App, Limits};
use crate::auth::{self, RequestHeadParts};
use crate::bindings::auth::HttpRequest;
use crate::error::{ClientError, Refusal};
use crate::invoke::Input;
use crate::respond::{self, Body, Readers};
use crate::route::{Route, TRANSFER};
use crate::tenant::Tenant;
use crate::{admit, telemetry};

/// Largest body that a route of a policy takes, in bytes: registrations and forms are small.
const MAX_POLICY_BODY_BYTES: usize = 64 * 1024;

/// Fields that the tools may see. A list of what passes, not of what is removed: a credential in
/// a field that nobody thought of stays outside.
const TOOLS_FIELDS: &[&str] = &[
    "accept",
    "content-type",
    "last-event-id",
    "traceparent",
    "tracestate",
    "user-agent",
];

/// Fields that matter to a transfer link.
const LINK_FIELDS: &[&str] = &["content-length", "content-type", "if-range", "range"];

/// Answers one request. Never fails: whatever goes wrong has an answer.
pub async fn handle<B>(app: &App, peer: Option<IpAddr>, request: Request<B>) -> Response<Body>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let started = Instant::now();
    let (parts, mut body) = request.into_parts();
    let client = |peer| app.trusted_proxies.client(peer, &parts.headers);
    let context = Context {
        request_id: telemetry::request_id(),
        client: peer.map(client),
        now: unix_seconds(),
    };

    let response = match answer(app, &context, &parts, &mut body).await {
        Ok(response) => response,
        Err(refusal) => {
            telemetry::refused(&context.request_id, &parts, &refusal);
            if !body.is_end_stream() {
                admit::discard(&mut body).await;
            }
            respond::from_refusal(&refusal)
        }
    };
    telemetry::answered(
        &context.request_id,
        &parts,
        response.status(),
        started.elapsed(),
    );
    let navigates = |tenant: &Arc<Tenant>| tenant.paths.is_navigation(parts.uri.path());
    let readers = if app.tenants.pick().is_some_and(navigates) {
        Readers::Navigation
    } else {
        Readers::AnyOrigin
    };
    respond::finish(response, &context.request_id, readers)
}

/// What is known of a request besides what it says.
struct Context {
    request_id: Arc<str>,
    client: Option<IpAddr>,
    now: u64,
}

async fn answer<B>(
    app: &App,
    context: &Context,
    parts: &Parts,
    body: &mut B,
) -> Result<Response<Body>, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = parts.uri.path();
    let authority = admit::authority(parts)?;
    let tenant = app.tenants.pick().ok_or(ClientError::WrongHost)?;
    let route = tenant.paths.route(path);
    match route {
        Route::Health => return Ok(respond::healthy()),
        Route::Readiness => return Ok(respond::readiness(&app.faults())),
        Route::Mcp | Route::Transfer | Route::Policy => admit::host(&tenant.admission, authority)?,
    }
    // Where browsers navigate there is nothing to ask for: the policy refuses the method.
    if is_preflight(parts) && !tenant.paths.is_navigation(path) {
        return Ok(respond::preflight());
    }
    let arrival = Arrival {
        tenant,
        limits: &app.limits,
        request_id: &context.request_id,
        parts,
        head: head(tenant, context, parts, authority),
    };
    match route {
        Route::Mcp => arrival.mcp(body).await,
        Route::Transfer => arrival.transfer(body).await,
        _ => arrival.policy_route(body).await,
    }
}

/// A request that is addressed to a tenant. Nobody has said yet who sent it.
struct Arrival<'a> {
    tenant: &'a Tenant,
    limits: &'a Limits,
    request_id: &'a Arc<str>,
    parts: &'a Parts,
    head: RequestHeadParts<'a>,
}

impl Arrival<'_> {
    /// To the MCP endpoint. The tools run only with the proof that `authenticate` gives.
    async fn mcp<B>(&self, body: &mut B) -> Result<Response<Body>, Refusal>
    where
        B: HttpBody<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let tenant = self.tenant;
        admit::origin(&tenant.admission, self.parts)?;
        let verdict = auth::authenticate(
            &tenant.policy,
            &tenant.decisions,
            self.request_id,
            self.head,
        );
        let caller = verdict.await?.map_err(Refusal::Denied)?;
        let body = admit::body(body, self.limits.max_body_bytes, self.limits.answer_time).await?;
        let request = for_tools(tenant, self.parts, self.head.authority, body)?;
        Ok(tenant.tools.call(caller, self.request_id, request).await?)
    }

    /// To a transfer link. The body goes to the tools as they read it, which they do only for a
    /// link that exists.
    async fn transfer<B>(&self, body: &mut B) -> Result<Response<Body>, Refusal>
    where
        B: HttpBody<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let tenant = self.tenant;
        let (filling, input) = Input::pieces();
        let request = for_link(tenant, self.parts, self.head.authority, input)?;
        let response = {
            let answer = tenant.tools.transfer(self.request_id, request);
            let sending = async {
                filling.from(body).await;
                std::future::pending::<std::convert::Infallible>().await
            };
            tokio::select! {
                answer = answer => answer,
                never = sending => match never {},
            }
        }?;
        if !body.is_end_stream() {
            admit::discard(body).await;
        }
        Ok(response)
    }

    /// To any other path: a route of the policy, or nothing.
    async fn policy_route<B>(&self, body: &mut B) -> Result<Response<Body>, Refusal>
    where
        B: HttpBody<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let body = admit::body(body, MAX_POLICY_BODY_BYTES, self.limits.answer_time).await?;
        let request = HttpRequest {
            head: self.head.to_wit(),
            body: body.into(),
        };
        match self.tenant.policy.serve(self.request_id, request).await? {
            Some(response) => Ok(respond::from_policy(response)?),
            None => Err(ClientError::NotFound.into()),
        }
    }
}

fn head<'a>(
    tenant: &'a Tenant,
    context: &Context,
    parts: &'a Parts,
    authority: &'a str,
) -> RequestHeadParts<'a> {
    RequestHeadParts {
        method: parts.method.as_str(),
        scheme: tenant.scheme(),
        authority,
        path_with_query: parts.uri.path_and_query().map_or("/", |path| path.as_str()),
        headers: &parts.headers,
        client_address: context.client,
        now: context.now,
    }
}

/// The request as the tools see it: the MCP path, the fields of [`TOOLS_FIELDS`] and those of MCP,
/// and no credential.
fn for_tools(
    tenant: &Tenant,
    parts: &Parts,
    authority: &str,
    body: Bytes,
) -> Result<Request<Bytes>, ClientError> {
    let mut headers = HeaderMap::with_capacity(8);
    for (name, value) in &parts.headers {
        if passes_to_tools(name) {
            headers.append(name, value.clone());
        }
    }
    headers.insert(
        HOST,
        HeaderValue::from_str(authority).map_err(|_| ClientError::MalformedHead)?,
    );
    // The body has been read: with its length at hand a guest needs one read instead of two.
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = Uri::from(tenant.mcp_path.clone());
    *request.headers_mut() = headers;
    Ok(request)
}

/// A request to a transfer link as the tools see it: the path of the link, and what says which part
/// of a file is wanted or how long a body is.
fn for_link(
    tenant: &Tenant,
    parts: &Parts,
    authority: &str,
    input: Input,
) -> Result<Request<Input>, ClientError> {
    let token = tenant.paths.token(parts.uri.path());
    let path = format!("{TRANSFER}{}", token.ok_or(ClientError::NotFound)?);
    let mut headers = HeaderMap::with_capacity(4);
    for name in LINK_FIELDS {
        if let Some(value) = parts.headers.get(*name) {
            headers.insert(HeaderName::from_static(name), value.clone());
        }
    }
    headers.insert(
        HOST,
        HeaderValue::from_str(authority).map_err(|_| ClientError::MalformedHead)?,
    );
    let mut request = Request::new(input);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = path.parse().map_err(|_| ClientError::MalformedHead)?;
    *request.headers_mut() = headers;
    Ok(request)
}

fn passes_to_tools(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("mcp-") || TOOLS_FIELDS.contains(&name)
}

fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credential_passes_to_the_tools() {
        for name in [
            "authorization",
            "cookie",
            "dpop",
            "x-api-key",
            "proxy-authorization",
            "x-forwarded-for",
        ] {
            assert!(!passes_to_tools(&HeaderName::from_static(name)), "{name}");
        }
        for name in [
            "mcp-protocol-version",
            "mcp-method",
            "mcp-name",
            "mcp-param-x",
            "accept",
            "content-type",
        ] {
            assert!(passes_to_tools(&HeaderName::from_static(name)), "{name}");
        }
    }
}
