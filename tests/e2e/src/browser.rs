//! A person's browser, without a screen: it keeps cookies, follows redirects, and fills in the
//! forms that a provider or a server under test really sends. Two of them are two people, or one
//! person and somebody who attacks her.

mod form;
mod jar;

use reqwest::Method;
use url::Url;

use crate::caller::Reply;
use crate::network::{Message, Network};

pub use form::{Button, Form, forms};
pub use jar::{Cookie, Jar};

/// More than any sign-in has.
const MOST_STEPS: usize = 24;

/// A browser with cookies of its own.
#[derive(Clone)]
pub struct Browser {
    network: Network,
    /// Its cookies; copies of a browser share them, as tabs do.
    pub jar: Jar,
}

/// Where a navigation ended.
#[derive(Debug)]
pub struct Page {
    /// The address of the page.
    pub url: Url,
    /// What came; of an address outside of the network, the redirect to it.
    pub reply: Reply,
    /// Whether nobody serves this address: the client that waits for its callback.
    pub outside: bool,
}

impl Page {
    /// The only form of the page.
    pub fn form(&self) -> Form {
        let mut found = forms(&self.reply.text(), &self.url);
        assert_eq!(
            found.len(),
            1,
            "one form on {}: {}",
            self.url.path(),
            self.reply.text()
        );
        found.remove(0)
    }

    /// A parameter of the address.
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.url, name)
    }
}

/// A parameter of an address, which must be there at most once.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut values = url.query_pairs().filter(|(known, _)| known == name);
    let first = values.next().map(|(_, value)| value.into_owned());
    assert!(values.next().is_none(), "{name} is there more than once");
    first
}

/// Somebody who signs in.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// What she types as her login at the provider.
    pub login: &'a str,
    /// Whether she agrees on the consent page of the server under test.
    pub agrees: bool,
}

impl<'a> Person<'a> {
    /// Somebody who agrees to everything.
    pub fn named(login: &'a str) -> Self {
        Self {
            login,
            agrees: true,
        }
    }
}

impl Browser {
    /// A browser without cookies.
    pub fn new(network: &Network) -> Self {
        Self {
            network: network.clone(),
            jar: Jar::default(),
        }
    }

    /// Goes to an address, as if it was typed.
    pub async fn open(&self, url: &Url) -> Page {
        self.navigate(typed(url)).await
    }

    /// Presses a button of a form.
    pub async fn press(&self, form: &Form, button: &Button) -> Page {
        self.navigate(form.submission(Some(button))).await
    }

    /// Sends anything, with the cookies, and follows redirects.
    pub async fn navigate(&self, message: Message) -> Page {
        let mut page = self.step(message).await;
        for _ in 0..MOST_STEPS {
            match redirection(&page) {
                Some(next) if self.network.reaches(&next) => {
                    page = self.step(followed(&page.url, next)).await;
                }
                Some(next) => {
                    return Page {
                        url: next,
                        outside: true,
                        ..page
                    };
                }
                None => return page,
            }
        }
        panic!("redirected for ever: {}", page.url.path());
    }

    /// Sends anything, with the cookies, and stays with the answer.
    pub async fn step(&self, message: Message) -> Page {
        let (url, method) = (message.url.clone(), message.method.clone());
        let mut message = message;
        if let Some(cookies) = self.jar.field(&url) {
            message = message.with_header("cookie", &cookies);
        }
        if method == Method::POST && !message.headers.iter().any(|(name, _)| name == "origin") {
            let origin = url.origin().ascii_serialization();
            message = message
                .with_header("origin", &origin)
                .with_header("sec-fetch-site", "same-origin");
        }
        let reply = self.network.send(message).await;
        self.jar.keep(&url, &reply);
        Page {
            url,
            reply,
            outside: false,
        }
    }

    /// Walks through consent, login and the consent of the provider, until it is somewhere where
    /// nobody asks: at the client, or on a page without a form.
    pub async fn sign_in(&self, start: &Url, person: Person<'_>) -> Page {
        self.continue_as(self.open(start).await, person).await
    }

    /// [`Self::sign_in`] from a page on the way.
    pub async fn continue_as(&self, page: Page, person: Person<'_>) -> Page {
        let mut page = page;
        for _ in 0..MOST_STEPS {
            if page.outside || forms(&page.reply.text(), &page.url).is_empty() {
                return page;
            }
            let mut form = page.form();
            page = match form.value("prompt") {
                Some("login") => {
                    form.fill("login", person.login);
                    form.fill("password", "not-looked-at-by-anybody");
                    self.navigate(form.submission(None)).await
                }
                Some(_) => self.navigate(form.submission(None)).await,
                None if person.agrees => self.press(&form, form.agreeing()).await,
                None => self.press(&form, form.refusing()).await,
            };
        }
        panic!("asked for ever: {}", page.url.path());
    }
}

/// What a browser says of an address that a person has typed, or a program has opened.
pub fn typed(url: &Url) -> Message {
    Message::get(url.clone())
        .with_header("sec-fetch-site", "none")
        .with_header("sec-fetch-mode", "navigate")
}

/// What it says of one that a page has led to.
fn followed(from: &Url, to: Url) -> Message {
    let is_same = from.origin() == to.origin();
    Message::get(to)
        .with_header(
            "sec-fetch-site",
            if is_same { "same-origin" } else { "cross-site" },
        )
        .with_header("sec-fetch-mode", "navigate")
}

/// Where a redirect leads to.
fn redirection(page: &Page) -> Option<Url> {
    if !matches!(page.reply.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = page.reply.header("location").unwrap_or_default();
    Some(page.url.join(location).unwrap_or_else(|error| {
        panic!("not an address: {error}: {location}");
    }))
}
