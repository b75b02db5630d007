//! The question to the user, and `/consent`, where the answer arrives.
//!
//! The page is shown before anybody is sent to the provider, for every client but those for which the
//! operator vouches: a provider that knows the user answers without a word, so this page is all that
//! stands between a stranger's client and the user's images. The hidden field is the transaction,
//! sealed and bound to the browser's cookie; there is nothing that a second page, tab or click could
//! use up. One that belongs to another browser is never an answer: the question is asked again.

use policy::types::{Header, HttpRequest, HttpResponse};

use crate::authorize;
use crate::browser::Browser;
use crate::call::Call;
use crate::client::Client;
use crate::form::Parameters;
use crate::local_page::LocalPage;
use crate::location::Endpoint;
use crate::log::Level;
use crate::navigation::{ReturnAddress, may_be_from_our_page, may_be_seen};
use crate::page::{APPROVE, ConsentPage, DECISION, DENY};
use crate::redirect::RedirectUri;
use crate::transaction::{Agreement, Transaction};
use crate::upstream;

/// The hidden field.
const TRANSACTION: &str = "transaction";

/// The page that asks. Its cookie is what the answer has to come with.
///
/// # Errors
/// A page of ours.
pub fn page(
    (client, redirect_uri): (&Client, &RedirectUri),
    transaction: &Transaction,
    browser: &Browser,
    call: &Call<'_>,
) -> Result<HttpResponse, LocalPage> {
    let sealed = transaction.seal(call);
    let action = call.config.location.url(Endpoint::Consent);
    let page = ConsentPage {
        client,
        redirect_uri,
        scopes: &transaction.scopes,
        action: &action,
        hidden: &[(TRANSACTION, &sealed)],
    };
    let mut response = page.response();
    response.headers.push(browser_field(browser, call)?);
    Ok(response)
}

/// Answers a request to `/consent`.
///
/// # Errors
/// A page of ours.
pub fn serve(request: &HttpRequest, call: &Call<'_>) -> Result<HttpResponse, LocalPage> {
    if request.head.method != "POST" {
        return Err(method_not_allowed());
    }
    call.admit(authorize::RATE, &request.head)
        .map_err(crate::local_page::too_many_requests)?;
    if !may_be_seen(&request.head) {
        return Err(not_seen());
    }
    if !may_be_from_our_page(&request.head, call) {
        return Err(LocalPage::forbidden(
            "consent_cross_site",
            "The answer did not come from the page of this server.",
        ));
    }
    let parameters = Parameters::of_body(request).map_err(|error| {
        LocalPage::bad_request(error.code(), "The answer cannot be read.")
            .because(format!("consent_malformed: {error}"))
    })?;
    let browser = Browser::of(&request.head, call).ok_or_else(no_cookie)?;
    let transaction = parameters
        .value(TRANSACTION)
        .and_then(|field| Transaction::open(field, call))
        .ok_or_else(|| {
            LocalPage::forbidden(
                "consent_expired",
                "The page was open for too long, or is not one of this server. Please start again in the application.",
            )
        })?;
    let client = authorize::client(&transaction.client_id, call)?;
    let redirect_uri = client
        .redirect_uri(Some(&transaction.redirect_uri))
        .ok_or_else(|| {
            LocalPage::bad_request(
                "redirect_uri_refused",
                "The application does not want the answer at this address any more.",
            )
        })?;
    if !browser.is(&transaction.browser) {
        return asked_again((&client, &redirect_uri), transaction, &browser, call);
    }
    match parameters.value(DECISION) {
        Some(APPROVE) => upstream::sign_in(transaction, Agreement::Given, call),
        Some(DENY) => {
            call.note(Level::Info, "consent_refused");
            let address = ReturnAddress {
                redirect_uri,
                state: transaction.state,
            };
            Ok(address.error("access_denied", "the user has refused", call))
        }
        _ => Err(LocalPage::bad_request(
            "decision_missing",
            "Neither agreement nor refusal was chosen.",
        )),
    }
}

/// The page was made for another cookie: by somebody else, or in this browser when two tabs were
/// opened before it had one. Either way nobody has agreed to anything here.
pub(crate) fn asked_again(
    party: (&Client, &RedirectUri),
    transaction: Transaction,
    browser: &Browser,
    call: &Call<'_>,
) -> Result<HttpResponse, LocalPage> {
    call.note(Level::Info, "consent_asked_again: another browser");
    let transaction = Transaction {
        browser: browser.id().to_owned(),
        ..transaction
    };
    let mut response = page(party, &transaction, browser, call)?;
    response.status = 403;
    Ok(response)
}

/// The field that keeps the cookie of the browser.
pub(crate) fn browser_field(browser: &Browser, call: &Call<'_>) -> Result<Header, LocalPage> {
    browser.field(call).map_err(|error| {
        LocalPage::unavailable(1, "cookie_impossible", "This server cannot set its cookie.")
            .because(error.to_string())
    })
}

/// Also what an embedded browser shows that keeps no cookies.
pub(crate) fn no_cookie() -> LocalPage {
    LocalPage::forbidden(
        "browser_unknown",
        "The cookie of this server is missing. Please allow cookies, and start again in the application, in one and the same browser.",
    )
}

/// What a frame or a script gets instead of a page.
pub(crate) fn not_seen() -> LocalPage {
    LocalPage::forbidden(
        "page_not_seen",
        "This page has to be opened in a window of its own.",
    )
}

pub(crate) fn method_not_allowed() -> LocalPage {
    LocalPage {
        status: 405,
        ..LocalPage::bad_request(
            "method_not_allowed",
            "This address is not meant to be opened like this.",
        )
    }
}
