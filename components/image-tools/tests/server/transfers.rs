//! Transfer links, from the tool that makes one to its last use.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use crate::support::flag::{ID, gallery};
use crate::support::memory::Memory;
use crate::support::{failure, known, request, structured, structured_as, writable};
use image_tools::context::Context;
use image_tools::transfer::{self, BodyError, Request, Response};
use serde_json::{Value, json};

const BASE: &str = "https://images.example/vault";

fn linked(memory: Memory) -> Memory {
    memory.with_setting("BASE_URL", BASE)
}

fn token(answer: &Value) -> String {
    let url = answer["url"].as_str().unwrap();
    url.strip_prefix(&format!("{BASE}/transfer/"))
        .unwrap()
        .to_owned()
}

fn context(memory: &Memory) -> Context<'_> {
    Context {
        capabilities: memory.capabilities(),
        subject: None,
        gallery_of: None,
    }
}

/// A request to a link whose answer does or does not reach the client.
fn ask(
    memory: &Memory,
    method: &str,
    token: &str,
    (headers, body, arrives): (&[(&str, &str)], &[u8], bool),
) -> Response {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut read = |max: usize| {
        if body.len() > max {
            Err(BodyError::TooLarge)
        } else {
            Ok(body.to_vec())
        }
    };
    let mut request = Request {
        method,
        unverified_token: token,
        headers: &headers,
        body: &mut read,
    };
    let mut answered = None;
    transfer::serve(context(memory), &mut request, &mut |response| {
        assert!(answered.is_none(), "one answer");
        answered = Some(response);
        arrives
    });
    answered.unwrap()
}

fn get(memory: &Memory, token: &str) -> Response {
    ask(memory, "GET", token, (&[], &[], true))
}

fn put(memory: &Memory, token: &str, body: &[u8]) -> Response {
    ask(memory, "PUT", token, (&[], body, true))
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response
        .headers
        .iter()
        .find(|(one, _)| *one == name)
        .map(|(_, value)| value.as_str())
}

fn download_link(memory: &Memory) -> String {
    token(&structured(
        memory,
        "create_download_link",
        json!({"ref": ID}),
    ))
}

fn upload_link(memory: &Memory) -> String {
    token(&structured(
        memory,
        "create_upload_link",
        json!({"ref": "flag.png"}),
    ))
}

fn file(memory: &Memory) -> Vec<u8> {
    memory.blob(&format!("images/{ID}-original.png")).unwrap()
}

#[test]
fn there_are_links_only_where_there_is_an_address() {
    let names =
        |memory: &Memory| request(memory, "tools/list", json!({}))["result"]["tools"].to_string();
    assert!(!names(&writable()).contains("create_download_link"));
    let both = names(&linked(writable()));
    assert!(both.contains("create_download_link") && both.contains("create_upload_link"));
    let reads = names(&linked(Memory::new()));
    assert!(reads.contains("create_download_link") && !reads.contains("create_upload_link"));
}

#[test]
fn an_image_is_downloaded_whole() {
    let memory = linked(gallery());
    let link = structured(
        &memory,
        "create_download_link",
        json!({"ref": format!("image://{ID}/view")}),
    );
    assert_eq!(link["expires_in_s"], 3600);
    let token = token(&link);
    let response = get(&memory, &token);
    assert_eq!((response.status, &response.body), (200, &file(&memory)));
    assert_eq!(header(&response, "content-type"), Some("image/png"));
    let name = format!("attachment; filename=\"{ID}.png\"; filename*=UTF-8''{ID}.png");
    assert_eq!(header(&response, "content-disposition"), Some(&*name));
    assert_eq!(
        header(&response, "cache-control"),
        Some("private, no-store")
    );
    assert_eq!(
        get(&memory, &token).status,
        200,
        "the client may have lost it"
    );
    memory.advance(Duration::from_secs(61));
    assert_eq!(get(&memory, &token).status, 404);
    assert!(
        !memory
            .keys_now()
            .iter()
            .any(|key| key.starts_with("transfer/"))
    );
}

#[test]
fn the_state_holds_no_token() {
    let memory = linked(gallery());
    let token = download_link(&memory);
    let writes = memory.state_writes().concat();
    assert!(!memory.keys_now().iter().any(|key| key.contains(&token)));
    assert!(
        !writes
            .windows(token.len())
            .any(|part| part == token.as_bytes())
    );
    assert_ne!(token, download_link(&memory));
}

#[test]
fn a_download_goes_on_where_it_broke_off() {
    let memory = linked(gallery());
    let token = download_link(&memory);
    let whole = file(&memory);
    let part = |range: &str| ask(&memory, "GET", &token, (&[("range", range)], &[], true));
    let first = part("bytes=0-9");
    assert_eq!((first.status, first.body.as_slice()), (206, &whole[..10]));
    assert_eq!(
        header(&first, "content-range"),
        Some(&*format!("bytes 0-9/{}", whole.len()))
    );
    // It takes longer than the grace, and is not over yet.
    memory.advance(Duration::from_secs(600));
    let outside = part(&format!("bytes={}-", whole.len()));
    assert_eq!(
        (outside.status, header(&outside, "content-range")),
        (416, Some(&*format!("bytes */{}", whole.len())))
    );
    let rest = part("bytes=10-");
    assert_eq!((rest.status, rest.body.as_slice()), (206, &whole[10..]));
    memory.advance(Duration::from_secs(61));
    assert_eq!(part("bytes=0-").status, 404, "it was complete");
}

#[test]
fn looking_costs_nothing() {
    let memory = linked(gallery());
    let token = download_link(&memory);
    for _ in 0..3 {
        let head = ask(&memory, "HEAD", &token, (&[], &[], true));
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(header(&head, "content-type"), Some("image/png"));
        memory.advance(Duration::from_secs(100));
    }
    assert_eq!(get(&memory, &token).status, 200);
}

#[test]
fn an_answer_that_does_not_arrive_leaves_the_link() {
    let memory = linked(gallery());
    let token = download_link(&memory);
    ask(&memory, "GET", &token, (&[], &[], false));
    memory.advance(Duration::from_secs(100));
    assert_eq!(get(&memory, &token).status, 200);
}

#[test]
fn an_image_is_uploaded_once() {
    let memory = linked(writable());
    let token = upload_link(&memory);
    let flag = file(&gallery());
    let response = put(&memory, &token, &flag);
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(
        (response.status, &answer["origin"]),
        (201, &json!("imported"))
    );
    assert_eq!(
        answer["uri"],
        format!("image://{}/view", answer["image_id"].as_str().unwrap())
    );
    assert_eq!(
        structured(&memory, "browse_gallery", json!({"origin": "imported"}))["total"],
        1
    );
    assert_eq!(put(&memory, &token, &flag).status, 404, "used up");
}

#[test]
fn a_failed_upload_can_be_tried_again() {
    let memory = linked(writable()).with_setting("MAX_INPUT_IMAGE_BYTES", "5000");
    let token = upload_link(&memory);
    let flag = file(&gallery());
    for (body, status) in [
        (&b"<html>"[..], 415),
        (b"GIF89a", 415),
        (b"", 415),
        (&flag[..60], 415),
        (&[0; 5001], 413),
    ] {
        let response = put(&memory, &token, body);
        assert_eq!(
            response.status,
            status,
            "{}",
            String::from_utf8_lossy(&response.body)
        );
        assert_eq!(header(&response, "x-content-type-options"), Some("nosniff"));
    }
    memory.fail_blob_writes(true);
    assert_eq!(put(&memory, &token, &flag).status, 507);
    memory.fail_blob_writes(false);
    assert_eq!(ask(&memory, "POST", &token, (&[], &flag, true)).status, 201);
}

#[test]
fn what_is_no_link_is_not_found_whatever_it_is() {
    let memory = linked(gallery());
    let (down, up) = (download_link(&memory), upload_link(&memory));
    let bodies: Vec<_> = [
        put(&memory, &down, b"x"),
        get(&memory, &up),
        ask(&memory, "HEAD", &up, (&[], &[], true)),
        get(&memory, &"A".repeat(43)),
        get(&memory, ""),
        get(&memory, "../../etc/passwd"),
        get(&memory, &"é".repeat(43)),
    ]
    .into_iter()
    .map(|response| (response.status, response.body))
    .collect();
    assert!(
        bodies
            .iter()
            .all(|(status, body)| (*status, body) == (404, &bodies[0].1)),
        "{bodies:?}"
    );
    let other = ask(&memory, "DELETE", &down, (&[], &[], true));
    assert_eq!(
        (other.status, header(&other, "allow")),
        (405, Some("GET, HEAD, POST, PUT"))
    );
    structured(&memory, "delete_image", json!({"image_id": ID}));
    assert_eq!(get(&memory, &down).status, 404, "the image is gone");
}

#[test]
fn a_link_that_is_in_use_is_not_used_twice() {
    let memory = linked(gallery());
    let token = upload_link(&memory);
    let flag = file(&memory);
    let mut inner = None;
    let mut read = |_| {
        // While the first upload is read, somebody else comes with the same link.
        inner = Some(put(&memory, &token, &flag).status);
        Ok(flag.clone())
    };
    let mut request = Request {
        method: "PUT",
        unverified_token: &token,
        headers: &[],
        body: &mut read,
    };
    let mut status = 0;
    transfer::serve(context(&memory), &mut request, &mut |response| {
        status = response.status;
        true
    });
    assert_eq!((inner, status), (Some(409), 201));
}

#[test]
fn a_transfer_that_never_ends_frees_its_link() {
    let memory = linked(gallery());
    let token = download_link(&memory);
    // A process that dies between taking and ending: the record says busy.
    let key = memory
        .keys_now()
        .into_iter()
        .find(|key| key.starts_with("transfer/"))
        .unwrap();
    let now = memory.capabilities().clock.now().as_secs();
    let record = json!({"kind": {"download": ID}, "owner": "shared", "expires_at": now + 3600, "busy_until": now + 60});
    memory.put_state(&key, record.to_string().as_bytes());
    assert_eq!(get(&memory, &token).status, 409);
    memory.advance(Duration::from_secs(61));
    assert_eq!(get(&memory, &token).status, 200);
}

#[test]
fn a_link_leads_to_the_gallery_of_whoever_made_it() {
    let memory = linked(writable());
    let anna = known("anna");
    let made = structured_as(&anna, &memory, "generate_image", json!({"prompt": "x"}));
    let down = token(&structured_as(
        &anna,
        &memory,
        "create_download_link",
        json!({"ref": made["image_id"]}),
    ));
    assert_eq!(get(&memory, &down).status, 200);
    let up = token(&structured_as(
        &anna,
        &memory,
        "create_upload_link",
        json!({"ref": "x"}),
    ));
    assert_eq!(put(&memory, &up, &file(&gallery())).status, 201);
    assert_eq!(
        structured_as(&anna, &memory, "browse_gallery", json!({"origin": "all"}))["total"],
        2
    );
    assert_eq!(
        structured(&memory, "browse_gallery", json!({"origin": "all"}))["total"],
        0
    );
    let params = json!({"name": "create_download_link", "arguments": {"ref": made["image_id"]}});
    let other = crate::support::request_as(&known("bert"), &memory, "tools/call", params);
    assert!(
        other["result"]["content"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("not_found: ")
    );
}

#[test]
fn the_time_of_a_link_is_bounded() {
    let memory = linked(gallery());
    let expires = |ttl: Value| {
        structured(
            &memory,
            "create_download_link",
            json!({"ref": ID, "ttl_s": ttl}),
        )["expires_in_s"]
            .clone()
    };
    assert_eq!(
        (
            expires(json!(null)),
            expires(json!(10)),
            expires(json!(1e300))
        ),
        (json!(3600), json!(10), json!(86_400))
    );
    for ttl in [0, -5] {
        assert!(
            failure(
                &memory,
                "create_download_link",
                json!({"ref": ID, "ttl_s": ttl})
            )
            .contains("`ttl_s`")
        );
    }
    assert!(
        failure(
            &memory,
            "create_download_link",
            json!({"ref": "eeeeeeeeeeee"})
        )
        .starts_with("not_found: ")
    );
    assert!(failure(&memory, "create_upload_link", json!({"ref": "x.gif"})).contains("`.png`"));
}
