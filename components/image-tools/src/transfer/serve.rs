//! `/transfer/{token}`: GET and HEAD bring an image, POST and PUT take one. Plain HTTP (RFC 9110),
//! with one range at a time; no policy is asked, the token says it all.

use serde_json::json;

use super::links::{Kind, Lease, LinkError, Links};
use crate::context::Context;
use crate::fault;
use crate::gallery::GalleryError;
use crate::gallery::id::ImageId;
use crate::gallery::owner::Owner;
use crate::imports::{Imported, import};

/// A request to a link. The body is read only when the link takes one.
pub struct Request<'a> {
    /// Upper case.
    pub method: &'a str,
    /// The last part of the path, as received.
    pub unverified_token: &'a str,
    /// Lower-case names.
    pub headers: &'a [(String, String)],
    /// Reads the body, at most so many bytes.
    pub body: &'a mut dyn FnMut(usize) -> Result<Vec<u8>, BodyError>,
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// More bytes than allowed.
    TooLarge,
    /// It ended early.
    Broken,
}

/// The answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Without `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The length of the body that a GET would have, for HEAD.
    pub length: Option<usize>,
}

/// Unless the deployment says otherwise: 100 MiB.
const DEFAULT_MAX_UPLOAD_BYTES: usize = 100 * 1024 * 1024;

/// Serves a request to a link. `answer` sends the answer; the link is settled afterwards.
pub fn serve(
    context: Context<'_>,
    request: &mut Request<'_>,
    answer: &mut dyn FnMut(Response) -> bool,
) {
    let links = Links::new(context.capabilities);
    let (downloads, uploads) = match request.method {
        "GET" | "HEAD" => (true, false),
        "POST" | "PUT" => (false, true),
        _ => {
            let allow = ("allow", "GET, HEAD, POST, PUT".to_owned());
            answer(with_header(plain(405, "method not allowed"), allow));
            return;
        }
    };
    let found = links.find(request.unverified_token);
    let link = match found {
        Ok(link) => link,
        Err(error) => {
            answer(refused(context, &error));
            return;
        }
    };
    let fits = match link.kind {
        Kind::Download(_) => downloads,
        Kind::Upload(_) => uploads,
    };
    let Some(owner) = link.owner().filter(|_| fits) else {
        // The wrong kind is as unknown as any other.
        answer(refused(context, &LinkError::Unknown));
        return;
    };
    if let (Kind::Download(id), "HEAD") = (&link.kind, request.method) {
        answer(head(context, owner, id));
        return;
    }
    let lease = match links.take(request.unverified_token) {
        Ok(lease) => lease,
        Err(error) => {
            answer(refused(context, &error));
            return;
        }
    };
    match lease.link().kind.clone() {
        Kind::Download(id) => download(context, (owner, &id, lease), request, answer),
        Kind::Upload(_) => {
            let into = Context {
                gallery_of: Some(owner),
                ..context
            };
            upload(into, lease, request, answer);
        }
    }
}

fn head(context: Context<'_>, owner: Owner, id: &ImageId) -> Response {
    match context.gallery_of(owner).sidecar(id) {
        Ok(Some(sidecar)) => Response {
            status: 200,
            headers: facts(
                id,
                &sidecar.content_type,
                extension(&sidecar.original_filename),
            ),
            length: usize::try_from(sidecar.original_size_bytes).ok(),
            ..Response::default()
        },
        Ok(None) => plain(404, "not found"),
        Err(error) => failed(context, &error),
    }
}

fn download(
    context: Context<'_>,
    (owner, id, lease): (Owner, &ImageId, Lease<'_>),
    request: &Request<'_>,
    answer: &mut dyn FnMut(Response) -> bool,
) {
    let stored = match context.gallery_of(owner).open(id) {
        Ok(Some(stored)) => stored,
        Ok(None) => {
            // Deleted meanwhile: the link leads nowhere any more.
            lease.use_up();
            answer(plain(404, "not found"));
            return;
        }
        Err(error) => {
            lease.give_back();
            answer(failed(context, &error));
            return;
        }
    };
    let mut headers = facts(id, stored.format.mime(), stored.format.extension());
    let total = stored.bytes.len();
    let (response, is_whole) = match range(request.headers, &etag(id), total) {
        Range::All => (
            Response {
                status: 200,
                headers,
                body: stored.bytes,
                length: None,
            },
            true,
        ),
        Range::Part(first, last) => {
            headers.push(("content-range", format!("bytes {first}-{last}/{total}")));
            let mut body = stored.bytes;
            body.truncate(last + 1);
            body.drain(..first);
            let response = Response {
                status: 206,
                headers,
                body,
                length: None,
            };
            (response, last + 1 == total)
        }
        Range::Outside => {
            let unit = ("content-range", format!("bytes */{total}"));
            lease.give_back();
            answer(with_header(plain(416, "range not satisfiable"), unit));
            return;
        }
    };
    let sent = answer(response);
    // A part that is not the last one leaves the link for the rest.
    if sent && is_whole {
        let log = context.capabilities.log;
        log.info(&format!("transfer: downloaded: {id}"));
        lease.use_up();
    } else {
        lease.give_back();
    }
}

fn upload(
    into: Context<'_>,
    lease: Lease<'_>,
    request: &mut Request<'_>,
    answer: &mut dyn FnMut(Response) -> bool,
) {
    let setting = into
        .capabilities
        .settings
        .setting("TRANSFER_MAX_UPLOAD_BYTES");
    let max = setting.and_then(|text| text.trim().parse().ok());
    let max = max
        .unwrap_or(DEFAULT_MAX_UPLOAD_BYTES)
        .min(into.max_input_bytes());
    let bytes = match (request.body)(max) {
        Ok(bytes) => bytes,
        Err(error) => {
            lease.give_back();
            answer(match error {
                BodyError::TooLarge => plain(413, &format!("the image is larger than {max} bytes")),
                BodyError::Broken => plain(400, "the body ended early"),
            });
            return;
        }
    };
    match import(into, bytes, "upload".to_owned()) {
        Ok(sidecar) => {
            lease.use_up();
            let imported = Imported::from(sidecar);
            let body = json!({
                "image_id": imported.image_id, "uri": imported.original_uri, "origin": imported.origin,
            });
            answer(Response {
                status: 201,
                headers: vec![
                    ("content-type", "application/json".to_owned()),
                    ("cache-control", "no-store".to_owned()),
                ],
                body: body.to_string().into_bytes(),
                length: None,
            });
        }
        Err(fault) => {
            lease.give_back();
            let status = match (fault.kind, fault.code) {
                (_, "too_large") => 413,
                (_, "no_space") => 507,
                (fault::Kind::Client, _) => 415,
                _ => 500,
            };
            if let Some(detail) = &fault.detail {
                let log = into.capabilities.log;
                log.error(&format!("transfer: {}: {detail}", fault.code));
            }
            answer(plain(status, &fault.message));
        }
    }
}

/// The part of a file that is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Range {
    All,
    /// First and last byte.
    Part(usize, usize),
    Outside,
}

/// Reads `Range` (RFC 9110, section 14.2). What is not one range of bytes is answered with all.
fn range(headers: &[(String, String)], etag: &str, total: usize) -> Range {
    let field = |name: &str| {
        let found = headers.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.trim())
    };
    let Some(set) = field("range").and_then(|value| value.strip_prefix("bytes=")) else {
        return Range::All;
    };
    if field("if-range").is_some_and(|known| known != etag) {
        return Range::All;
    }
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<usize>().unwrap_or(usize::MAX))
    };
    let Some((first, last)) = set.split_once('-') else {
        return Range::All;
    };
    match (
        number(first.trim()),
        number(last.trim()),
        last.trim().is_empty(),
    ) {
        (Some(first), _, _) if first >= total => match number(last.trim()) {
            Some(last) if last < first => Range::All,
            _ => Range::Outside,
        },
        (Some(first), None, true) => Range::Part(first, total - 1),
        (Some(first), Some(last), _) if last >= first => Range::Part(first, last.min(total - 1)),
        (None, Some(0), _) if first.trim().is_empty() => Range::Outside,
        (None, Some(suffix), _) if first.trim().is_empty() && total > 0 => {
            Range::Part(total.saturating_sub(suffix), total - 1)
        }
        _ => Range::All,
    }
}

/// Header fields of an image, whether it is sent or not.
fn facts(id: &ImageId, content_type: &str, extension: &str) -> Vec<(&'static str, String)> {
    let name = format!("{id}.{extension}");
    vec![
        ("content-type", content_type.to_owned()),
        (
            "content-disposition",
            format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}"),
        ),
        ("accept-ranges", "bytes".to_owned()),
        ("etag", etag(id)),
        ("cache-control", "private, no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
    ]
}

fn etag(id: &ImageId) -> String {
    format!("\"{id}\"")
}

fn extension(file: &str) -> &str {
    file.rsplit_once('.')
        .map_or("bin", |(_, extension)| extension)
}

fn refused(context: Context<'_>, error: &LinkError) -> Response {
    match error {
        LinkError::Unknown => plain(404, "not found"),
        LinkError::Busy => {
            let wait = ("retry-after", "2".to_owned());
            with_header(plain(409, "the link is in use"), wait)
        }
        LinkError::Store(error) => {
            let log = context.capabilities.log;
            log.error(&format!("transfer: {error}"));
            plain(503, "the store failed")
        }
    }
}

fn failed(context: Context<'_>, error: &GalleryError) -> Response {
    let log = context.capabilities.log;
    log.error(&format!("transfer: {error}"));
    plain(500, "the image cannot be read")
}

fn plain(status: u16, text: &str) -> Response {
    Response {
        status,
        headers: vec![
            ("content-type", "text/plain; charset=utf-8".to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ],
        body: format!("{text}\n").into_bytes(),
        length: None,
    }
}

fn with_header(mut response: Response, header: (&'static str, String)) -> Response {
    response.headers.push(header);
    response
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: &str, total: usize) -> Range {
        range(&[("range".to_owned(), value.to_owned())], "\"x\"", total)
    }

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        for (value, expected) in [
            ("bytes=0-9", Range::Part(0, 9)),
            ("bytes=90-", Range::Part(90, 99)),
            ("bytes=-10", Range::Part(90, 99)),
            ("bytes=-1000", Range::Part(0, 99)),
            ("bytes=50-1000", Range::Part(50, 99)),
            ("bytes=100-", Range::Outside),
            ("bytes=100-200", Range::Outside),
            ("bytes=-0", Range::Outside),
            ("bytes=9-5", Range::All),
            ("bytes=0-1,5-6", Range::All),
            ("bytes=", Range::All),
            ("bytes=-", Range::All),
            ("bytes=+1-2", Range::All),
            ("lines=0-9", Range::All),
            ("bytes=99999999999999999999999-", Range::Outside),
        ] {
            assert_eq!(of(value, 100), expected, "{value}");
        }
        let with = |known: &str| {
            let headers = [
                ("range".to_owned(), "bytes=0-1".to_owned()),
                ("if-range".to_owned(), known.to_owned()),
            ];
            range(&headers, "\"x\"", 100)
        };
        assert_eq!(
            (with("\"x\""), with("\"y\"")),
            (Range::Part(0, 1), Range::All)
        );
    }

    proptest! {
        #[test]
        fn a_range_stays_inside(value in "bytes=[0-9, -]{0,12}|\\PC{0,20}", total in 0..200_usize) {
            if let Range::Part(first, last) = of(&value, total) {
                prop_assert!(first <= last && last < total);
            }
        }
    }
}
