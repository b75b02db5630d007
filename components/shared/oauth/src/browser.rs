//! Which browser a sign-in began in: one cookie, set at `/authorize` and used until it is gone.
//!
//! Whoever completes a sign-in must be in the browser that began it: otherwise an attacker could have
//! somebody else's sign-in delivered to itself, or its own to somebody else. Any number of tabs
//! share the cookie. It is not a session: it says nothing about who the user is.

use policy::types::{Header, RequestHead};
use subtle::ConstantTimeEq;

use crate::call::Call;
use crate::cookie::{Cookie, CookieError};
use crate::random;
use crate::seal::Purpose;

const KIND: &str = "browser";
/// For how long it is kept after it was used last, in seconds.
const KEPT_S: u64 = 86_400;

/// A browser that has shown its cookie, or has just been given one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser {
    id: String,
    value: String,
}

impl Browser {
    /// The browser of a request; `None` when it shows no cookie of ours.
    #[must_use]
    pub fn of(head: &RequestHead, call: &Call<'_>) -> Option<Self> {
        let cookie = Cookie::new(KIND, &call.config.location);
        let value = cookie.value(&head.headers)?;
        let id = call.seal(Purpose::Browser, "").open(value).ok()?;
        Some(Self {
            id: String::from_utf8(id).ok()?,
            value: value.to_owned(),
        })
    }

    /// The browser of a request, which is given a cookie if it has none.
    #[must_use]
    pub fn of_or_new(head: &RequestHead, call: &Call<'_>) -> Self {
        Self::of(head, call).unwrap_or_else(|| {
            let id = random::id(call.services.random);
            let value = call
                .seal(Purpose::Browser, "")
                .seal(id.as_bytes(), call.services.random);
            Self { id, value }
        })
    }

    /// What a transaction is bound to.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is the browser of that id.
    #[must_use]
    pub fn is(&self, id: &str) -> bool {
        self.id.as_bytes().ct_eq(id.as_bytes()).into()
    }

    /// The field that keeps the cookie.
    ///
    /// # Errors
    /// Never: what we seal is short.
    pub fn field(&self, call: &Call<'_>) -> Result<Header, CookieError> {
        Cookie::new(KIND, &call.config.location).set(&self.value, KEPT_S)
    }
}
