//! Every rule of `auth-oidc-proxy`, tried from outside on the shipped server in front of a real
//! provider, or of a scripted one where an honest provider cannot be made to do it. Rows carry the
//! numbers of the project's attack list.
//!
//! | rows | where |
//! |---|---|
//! | 1 to 3, 6 to 8, 15 to 17 | `forgery` |
//! | 13, 14, 21 | `artefacts` |
//! | 23 to 31 | `remote_rules::transport`, which runs in both modes |
//! | 29, 62 | `registration` |
//! | 40 to 47, 69, 70 | `consent` |
//! | 48 to 50, 53, 54, 66, 67 | `requests` |
//! | 51, 52, 72 to 74 | `codes` |
//! | 55 to 57 | `sign_in` |
//! | 58 to 60, 75 | `refresh` |
//! | 61 | `revocation` |
//! | 63, 64 | `documents` |
//! | 65 | `allowed` |
//! | 71 | every server of every test, when it is dropped; `logs` |
//! | 77 to 83 | `possession` |
//!
//! Not here, and why:
//!
//! | row | reason |
//! |---|---|
//! | 4, 5 | our signatures have no curves; those of the provider: `remote_rules` |
//! | 9 to 12 | no token with other claims bears our signature unless we sign it: tests of the `oauth` crate do |
//! | 18 to 20, 34 to 37 | the provider's keys and documents are the host's business, the same in both modes: `remote_rules` |
//! | 22, 39 | statistics over millions of seals and comparisons: tests of the `oauth` crate |
//! | 32 | there are no MCP sessions |
//! | 33 | no stream outlives its request's time limit |
//! | 38 | no introspection in this mode: `introspection` |
//! | 82 | this server gives no nonces: a proof is good once |
//! | 68, 76 | the tools get no credential and no key: `bad_input::components` and the host's tests |

mod allowed;
mod artefacts;
mod codes;
mod consent;
mod documents;
mod faults;
mod flow;
mod forgery;
mod possession;
mod refresh;
mod registration;
mod requests;
mod revocation;
mod sign_in;

use e2e::browser::{Browser, Page, Person};
use e2e::caller::Reply;
use e2e::oauth_client::{OAuthClient, Pkce};
use serde_json::Value;

/// Status and `error` of an answer to a client.
fn verdict(reply: &Reply) -> (u16, String) {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    (
        reply.status,
        body["error"].as_str().unwrap_or_default().to_owned(),
    )
}

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".into())
}

/// A page for a person that says no: never a redirect, never with what the caller sent.
fn assert_local(row: &str, page: &Page) {
    let reply = &page.reply;
    assert!(
        !page.outside && (400..500).contains(&reply.status),
        "{row}: {} at {}",
        reply.status,
        page.url
    );
    assert_eq!(reply.header("location"), None, "{row}");
    assert!(
        reply
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html")),
        "{row}: {reply:?}"
    );
}

/// The error that a client finds in its callback.
fn error_in(page: &Page) -> String {
    assert!(page.outside, "still at {}: {}", page.url, page.reply.text());
    page.parameter("error")
        .unwrap_or_else(|| panic!("no error: {}", page.url))
}

/// Agrees on the consent page and stops at the redirect to the provider.
async fn agreed(browser: &Browser, client: &OAuthClient, pkce: &Pkce) -> Page {
    let page = browser.open(&client.authorization(pkce, &[])).await;
    let form = page.form();
    browser.step(form.submission(Some(form.agreeing()))).await
}

/// Where a redirect leads to.
fn next(page: &Page) -> url::Url {
    let location = page.reply.header("location");
    let location = location.unwrap_or_else(|| panic!("no redirect: {}", page.reply.text()));
    page.url.join(location).unwrap()
}

/// Signs in at the provider and stops before the callback of the server under test.
async fn until_callback(browser: &Browser, start: &url::Url, login: &str) -> url::Url {
    let mut page = browser
        .step(e2e::network::Message::get(start.clone()))
        .await;
    for _ in 0..16 {
        if page.reply.header("location").is_some() {
            let url = next(&page);
            if url.path().ends_with("/auth/callback") {
                return url;
            }
            page = browser.step(e2e::network::Message::get(url)).await;
            continue;
        }
        let mut form = page.form();
        if form.value("prompt") == Some("login") {
            form.fill("login", login);
            form.fill("password", "not-looked-at-by-anybody");
        }
        page = browser.step(form.submission(None)).await;
    }
    panic!("no callback: {}", page.url)
}

/// Signs in as somebody who agrees to everything.
async fn sign_in(browser: &Browser, url: &url::Url) -> Page {
    browser.sign_in(url, Person::named("alice")).await
}
