//! Where a browser goes next, and where it comes from.

use policy::types::{Header, HttpResponse, RequestHead};

use crate::answer::header;
use crate::call::Call;
use crate::redirect::RedirectUri;

/// A redirect that changes a POST into a GET, is kept by nobody, and names no referrer.
#[must_use]
pub fn redirect(url: &str, cookies: Vec<Header>) -> HttpResponse {
    let mut headers = vec![
        header("location", url),
        header("cache-control", "no-store"),
        header("referrer-policy", "no-referrer"),
    ];
    headers.extend(cookies);
    HttpResponse {
        status: 303,
        headers,
        body: Vec::new(),
    }
}

/// Where a client gets its answer: a redirect URI that was checked, and its `state`.
#[derive(Clone, Debug)]
pub struct ReturnAddress {
    /// The redirect URI.
    pub redirect_uri: RedirectUri,
    /// `state`, to be returned byte for byte.
    pub state: Option<String>,
}

impl ReturnAddress {
    /// The URL with an answer: what it says, `state`, and `iss` (RFC 9207).
    #[must_use]
    pub fn url(&self, answer: &[(&str, &str)], call: &Call<'_>) -> String {
        let mut parameters = answer.to_vec();
        if let Some(state) = &self.state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", &call.config.issuer));
        self.redirect_uri.with_parameters(&parameters)
    }

    /// A redirect with an error (RFC 6749, section 4.1.2.1). The description is a sentence of ours.
    #[must_use]
    pub fn error(&self, code: &str, description: &str, call: &Call<'_>) -> HttpResponse {
        let answer = [("error", code), ("error_description", description)];
        redirect(&self.url(&answer, call), Vec::new())
    }
}

/// The only value of a field; `None` when it is absent, or there twice.
#[must_use]
pub fn field<'a>(head: &'a RequestHead, name: &str) -> Option<&'a str> {
    let mut values = head
        .headers
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str());
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// Whether the browser says that no page has caused this navigation (Fetch Metadata, section 2.3),
/// not even one of this host, where somebody else may have pages too. A browser that says nothing is
/// not believed.
#[must_use]
pub fn is_by_the_user(head: &RequestHead) -> bool {
    field(head, "sec-fetch-site") == Some("none")
        && field(head, "sec-fetch-mode") == Some("navigate")
}

/// Whether a person can see the answer in a window of its own (Fetch Metadata, section 2.1). Scripts of
/// another application on the same host name could otherwise read the page of a user and answer it.
/// Where the browser says nothing there is no such script either: all that have scripts tell.
#[must_use]
pub fn may_be_seen(head: &RequestHead) -> bool {
    let mut values = head
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("sec-fetch-dest"));
    values.all(|(_, destination)| destination == "document")
}

/// Whether a form may have come from our own page. Where the browser says nothing, the sealed field
/// and the cookie have to do.
#[must_use]
pub fn may_be_from_our_page(head: &RequestHead, call: &Call<'_>) -> bool {
    let count = |name: &str| {
        let named = |(known, _): &&Header| known.eq_ignore_ascii_case(name);
        head.headers.iter().filter(named).count()
    };
    let site_is_ours = match field(head, "sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => count("sec-fetch-site") == 0,
    };
    let origin_is_ours = match field(head, "origin") {
        // Our pages send no referrer, and then a browser says `null` (Fetch, section 3.2). Pages of
        // others do so too: what counts is what comes with it.
        Some("null") => true,
        Some(origin) => origin.eq_ignore_ascii_case(call.config.location.origin()),
        None => count("origin") == 0,
    };
    site_is_ours && origin_is_ours
}
