//! What a person sees: pages without scripts, and the header fields that every page has.

use policy::types::HttpResponse;

use crate::answer::header;
use crate::client::Client;
use crate::redirect::RedirectUri;

/// Name of the buttons of [`ConsentPage`].
pub const DECISION: &str = "decision";
/// Value of the button that agrees.
pub const APPROVE: &str = "approve";
/// Value of the button that refuses.
pub const DENY: &str = "deny";

/// Asks whether a client may act for whoever reads it.
#[derive(Clone, Copy, Debug)]
pub struct ConsentPage<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// Where the answer goes.
    pub redirect_uri: &'a RedirectUri,
    /// What for.
    pub scopes: &'a [String],
    /// The URL to which the form is posted, with [`DECISION`] and the hidden fields.
    pub action: &'a str,
    /// Hidden fields of the form: name and value.
    pub hidden: &'a [(&'a str, &'a str)],
}

/// Says what happened, and what can be done about it.
#[derive(Clone, Copy, Debug)]
pub struct MessagePage<'a> {
    /// Status code.
    pub status: u16,
    /// What happened, in a few words of ours.
    pub title: &'a str,
    /// What it means and what to do: paragraphs of ours, or cleaned foreign text.
    pub paragraphs: &'a [&'a str],
    /// A stable code to look for in documents and logs.
    pub code: Option<&'a str>,
}

impl ConsentPage<'_> {
    /// The page.
    #[must_use]
    pub fn response(&self) -> HttpResponse {
        html(200, String::new())
    }
}

impl MessagePage<'_> {
    /// The page.
    #[must_use]
    pub fn response(&self) -> HttpResponse {
        html(self.status, String::new())
    }
}

fn html(status: u16, body: String) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![header("content-type", "text/html; charset=utf-8")],
        body: body.into_bytes(),
    }
}
