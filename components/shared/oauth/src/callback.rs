//! `/auth/callback`: the provider sends a user back (OpenID Connect Core 1.0, section 3.1.2.5).
//!
//! In this order: is it an answer to a question of ours, in the browser where it was asked, from the
//! provider that was asked, for the first time? Then the code is exchanged at once, so that who may
//! not come in learns it here, on a page, and the client gets a code of ours or an error.

use policy::loggable::Loggable;
use policy::state::{Expect, Outcome};
use policy::types::{Header, HttpRequest, HttpResponse};

use crate::authorize;
use crate::browser::Browser;
use crate::call::Call;
use crate::consent;
use crate::form::Parameters;
use crate::grant::{Code, Grant};
use crate::local_page::{self, LocalPage};
use crate::log::Level;
use crate::navigation::{ReturnAddress, redirect};
use crate::parcel::{self, ParcelError};
use crate::provider::{Provider, ProviderError, TokenAnswer};
use crate::random;
use crate::redirect::RedirectUri;
use crate::remembered;
use crate::seal::Purpose;
use crate::session::Session;
use crate::sign_in::{self, SignInError, User};
use crate::transaction::{Agreement, LIFETIME_S, SignIn};

/// Lifetime of a code, in seconds.
const CODE_S: u64 = 60;
/// For how long a code that does not fit into a URL stays in the store, in seconds.
const CODE_STORED_S: u32 = 120;

/// Answers a request.
///
/// # Errors
/// A page of ours.
pub fn serve(request: &HttpRequest, call: &Call<'_>) -> Result<HttpResponse, LocalPage> {
    if request.head.method != "GET" {
        return Err(consent::method_not_allowed());
    }
    call.admit(authorize::RATE, &request.head)
        .map_err(local_page::too_many_requests)?;
    let parameters = Parameters::of_query(&request.head.path_with_query).map_err(|error| {
        LocalPage::bad_request(
            "callback_malformed",
            "The answer of the identity provider cannot be read.",
        )
        .because(format!("callback_malformed: {error}"))
    })?;
    let sign_in = sign_in(&parameters, call)?;
    let browser = Browser::of(&request.head, call)
        .filter(|browser| browser.is(&sign_in.transaction.browser))
        .ok_or_else(consent::no_cookie)?;
    let provider = call
        .provider()
        .map_err(|error| local_page::of_provider(&error))?;
    if !provider.may_have_answered(parameters.value("iss")) {
        return Err(LocalPage::bad_request(
            "callback_iss_mismatch",
            "The answer is not from the identity provider that was asked.",
        ));
    }
    let address = address(&sign_in)?;
    if let Some(error) = parameters.value("error") {
        return Ok(refused_by_provider(error, &address, call));
    }
    let unverified_code = parameters.value("code").ok_or_else(|| {
        LocalPage::bad_request(
            "callback_without_code",
            "The answer of the identity provider is incomplete.",
        )
    })?;
    let once = answered(&sign_in, call)?;
    let outcome = exchanged(&provider, unverified_code, &sign_in, call).and_then(|answer| {
        let user = sign_in::identify(&provider, &answer, sign_in.nonce.expose(), call)?;
        Ok((answer, user))
    });
    match outcome {
        Ok((answer, user)) => {
            let arrived = Arrived {
                sign_in,
                address,
                browser,
                user,
                answer,
            };
            arrived.finish(request, call)
        }
        Err(SignInError::Provider(error @ ProviderError::Unavailable { .. })) => {
            // The code may still be good, so loading the page again may help.
            let _ = call.services.state.delete(&once, Expect::Anything);
            Err(local_page::of_provider(&error))
        }
        Err(error) => not_signed_in(&error, &address, call),
    }
}

/// The question to which this is an answer.
fn sign_in(parameters: &Parameters, call: &Call<'_>) -> Result<SignIn, LocalPage> {
    let unknown = || {
        LocalPage::bad_request(
            "callback_state_unknown",
            "This sign-in was not begun here, or it took too long. Please start again in the application.",
        )
    };
    let state = parameters.value("state").ok_or_else(unknown)?;
    SignIn::open(state, call).map_err(|error| match error {
        ParcelError::Refused => unknown(),
        ParcelError::Store(error) => {
            local_page::store_unavailable(&format!("store_unavailable {}", Loggable::new(&error.0)))
        }
    })
}

/// Where the client gets its answer. It was checked when it was sealed.
fn address(sign_in: &SignIn) -> Result<ReturnAddress, LocalPage> {
    let redirect_uri = RedirectUri::parse(&sign_in.transaction.redirect_uri).map_err(|_| {
        LocalPage::bad_request("redirect_uri_refused", "The application cannot be reached.")
    })?;
    Ok(ReturnAddress {
        redirect_uri,
        state: sign_in.transaction.state.clone(),
    })
}

/// Marks the question as answered, and returns the key of the mark.
fn answered(sign_in: &SignIn, call: &Call<'_>) -> Result<String, LocalPage> {
    let key = format!("answered/{}", sign_in.id);
    let ttl_s = u32::try_from(LIFETIME_S).unwrap_or(u32::MAX);
    match call.services.state.put(&key, b"1", Expect::Absent, ttl_s) {
        Ok(Outcome::Done(_)) => Ok(key),
        Ok(Outcome::Conflict) => Err(LocalPage::bad_request(
            "callback_repeated",
            "This sign-in is complete already. You can close this page and go back to the application.",
        )),
        Err(error) => Err(local_page::store_unavailable(&format!(
            "store_unavailable {}",
            Loggable::new(&error.0)
        ))),
    }
}

fn exchanged(
    provider: &Provider,
    unverified_code: &str,
    sign_in: &SignIn,
    call: &Call<'_>,
) -> Result<TokenAnswer, SignInError> {
    let callback = call.config.callback_url();
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", unverified_code),
        ("redirect_uri", callback.as_str()),
        ("code_verifier", sign_in.verifier.expose()),
    ];
    Ok(provider.tokens(&call.config.credentials, &parameters, call.services.http)?)
}

/// The provider says no. Which of its words reach the client is for us to say.
fn refused_by_provider(error: &str, address: &ReturnAddress, call: &Call<'_>) -> HttpResponse {
    call.note(
        Level::Warn,
        &format!("provider_refused_sign_in error={}", Loggable::new(error)),
    );
    match error {
        "access_denied" => address.error(
            "access_denied",
            "the sign-in was refused at the identity provider",
            call,
        ),
        "temporarily_unavailable" | "server_error" => address.error(
            "temporarily_unavailable",
            "the identity provider cannot sign users in at the moment",
            call,
        ),
        _ => address.error(
            "server_error",
            "the identity provider refused the request",
            call,
        ),
    }
}

fn not_signed_in(
    error: &SignInError,
    address: &ReturnAddress,
    call: &Call<'_>,
) -> Result<HttpResponse, LocalPage> {
    if let SignInError::NotAllowed(_) = error {
        return Err(LocalPage::forbidden(
            "access_denied",
            "You are signed in, but not on the list of those who may use this server. Its operator can change that.",
        )
        .because(error.to_string()));
    }
    call.note(Level::Warn, &error.to_string());
    Ok(address.error(
        "server_error",
        "the sign-in at the identity provider failed",
        call,
    ))
}

/// A user who may come in, and what is known of the sign-in.
struct Arrived {
    sign_in: SignIn,
    address: ReturnAddress,
    browser: Browser,
    user: User,
    answer: TokenAnswer,
}

impl Arrived {
    fn finish(self, request: &HttpRequest, call: &Call<'_>) -> Result<HttpResponse, LocalPage> {
        let remembered = match &self.sign_in.agreement {
            Agreement::Given => self.remembered(request, call),
            Agreement::Remembered(user)
                if *user == remembered::digest_of(&self.user.subject, call) =>
            {
                None
            }
            Agreement::Remembered(_) => return self.asked_after_all(call),
        };
        let code = self.code(call)?;
        let url = self.address.url(&[("code", &code)], call);
        let user = remembered::digest_of(&self.user.subject, call);
        let client = Loggable::new(&self.sign_in.transaction.client_id);
        call.note(
            Level::Info,
            &format!("signed_in user={user} client={client}"),
        );
        Ok(redirect(&url, remembered.into_iter().collect()))
    }

    /// The cookie that makes the question unnecessary next time. A client that cannot be looked up
    /// at this moment is asked about again.
    fn remembered(&self, request: &HttpRequest, call: &Call<'_>) -> Option<Header> {
        let transaction = &self.sign_in.transaction;
        let client = authorize::client(&transaction.client_id, call).ok()?;
        let party = (&client, transaction);
        remembered::field(&request.head, &self.user.subject, party, call)
    }

    /// Somebody else has signed in than the one who has agreed.
    fn asked_after_all(&self, call: &Call<'_>) -> Result<HttpResponse, LocalPage> {
        call.note(Level::Info, "consent_asked_again: another user");
        let transaction = &self.sign_in.transaction;
        let client = authorize::client(&transaction.client_id, call)?;
        let party = (&client, &self.address.redirect_uri);
        consent::page(party, transaction, &self.browser, call)
    }

    /// A code of ours, which holds all that `/token` needs.
    fn code(&self, call: &Call<'_>) -> Result<String, LocalPage> {
        let (transaction, user, random) =
            (&self.sign_in.transaction, &self.user, call.services.random);
        if self.answer.refresh_token.is_none() {
            call.note(
                Level::Warn,
                "provider_without_refresh_token: the session ends with its first access token (hint: allow `offline_access` and the grant `refresh_token` for this client at the provider)",
            );
        }
        let now = call.now();
        let code = Code {
            id: random::id(random),
            redirect_uri: transaction.redirect_uri.clone(),
            challenge: transaction.challenge.clone(),
            expires_at: now.saturating_add(CODE_S),
            bound_to: transaction.bound_to.clone(),
            grant: Grant {
                scopes: transaction.scopes.clone(),
                session: Session {
                    sid: random::id(random),
                    subject: user.subject.clone(),
                    claims: user.claims.clone(),
                    auth_time: user.auth_time.unwrap_or(now),
                    ends_at: call
                        .config
                        .lifetimes
                        .session_s
                        .map(|seconds| now.saturating_add(seconds)),
                    refresh_token: self.answer.refresh_token.clone(),
                },
            },
        };
        let seal = call.seal(Purpose::Code, &transaction.client_id);
        parcel::send(&code, &seal, CODE_STORED_S, call.services).map_err(|error| {
            local_page::store_unavailable(&format!("store_unavailable {}", Loggable::new(&error.0)))
        })
    }
}
