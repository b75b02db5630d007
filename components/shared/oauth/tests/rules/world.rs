//! A network, a store, a limiter and a verifier that are tables, and count what they are asked.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use oauth::client::Clients;
use oauth::location::Location;
use oauth::services::{Pause, Services};
use policy::http::{Client as HttpClient, Destination, Error, Request, Response};
use policy::keys::{Failure, ProviderMetadata, VerifiedJws, Verifier};
use policy::rates::{Limiter, Rate};
use policy::settings::Reader;
use policy::state::{Entry, Expect, Outcome, State, StateError};
use policy::types::{Header, HttpRequest, RequestHead};

use crate::support::{Deployment, Dice, KEY, NOW, keys};

/// Everything that the rules can ask for. The clock stands still until a test moves it.
pub struct World {
    pub now: Cell<u64>,
    pub pages: RefCell<BTreeMap<String, Result<Response, Error>>>,
    pub requests: RefCell<Vec<(Destination, Request)>>,
    pub stored: RefCell<BTreeMap<String, (Vec<u8>, u64)>>,
    pub store_is_down: Cell<bool>,
    /// What `verify_with` answers for each key set.
    pub signatures: RefCell<BTreeMap<String, Result<VerifiedJws, Failure>>>,
    pub taken: RefCell<Vec<(Rate, String)>>,
    pub wait_seconds: Cell<Option<u32>>,
    dice: Dice,
}

impl World {
    pub fn new() -> Self {
        Self {
            now: Cell::new(NOW),
            pages: RefCell::default(),
            requests: RefCell::default(),
            stored: RefCell::default(),
            store_is_down: Cell::default(),
            signatures: RefCell::default(),
            taken: RefCell::default(),
            wait_seconds: Cell::default(),
            dice: Dice::new(1),
        }
    }

    pub fn services(&self) -> Services<'_> {
        Services {
            http: self,
            state: self,
            limiter: self,
            verifier: self,
            random: &self.dice,
            pause: self,
            now: self.now.get(),
        }
    }

    pub fn later(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
    }

    /// Puts a JSON document at a URL.
    pub fn serve(&self, url: &str, headers: &[(&str, &str)], body: impl ToString) {
        let response = Response {
            status: 200,
            headers: fields(&[&[("content-type", "application/json")], headers].concat()),
            body: body.to_string().into_bytes(),
        };
        self.answer(url, Ok(response));
    }

    pub fn answer(&self, url: &str, answer: Result<Response, Error>) {
        self.pages.borrow_mut().insert(url.to_owned(), answer);
    }

    pub fn fetches(&self) -> usize {
        self.requests.borrow().len()
    }
}

impl HttpClient for World {
    fn send(&self, to: Destination, request: &Request) -> Result<Response, Error> {
        self.requests.borrow_mut().push((to, request.clone()));
        let pages = self.pages.borrow();
        pages.get(&request.url).cloned().unwrap_or_else(|| {
            Ok(Response {
                status: 404,
                ..Response::default()
            })
        })
    }
}

impl State for World {
    fn value(&self, key: &str) -> Result<Option<Entry>, StateError> {
        self.is_up(key)?;
        let stored = self.stored.borrow();
        let alive = stored
            .get(key)
            .filter(|(_, expires)| *expires > self.now.get());
        Ok(alive.map(|(value, _)| Entry {
            value: value.clone(),
            version: 1,
        }))
    }

    fn put(
        &self,
        key: &str,
        value: &[u8],
        expected: Expect,
        ttl_seconds: u32,
    ) -> Result<Outcome, StateError> {
        if expected == Expect::Absent && self.value(key)?.is_some() {
            return Ok(Outcome::Conflict);
        }
        self.is_up(key)?;
        assert!(value.len() <= 65_536 && ttl_seconds > 0);
        let expires = self.now.get() + u64::from(ttl_seconds);
        let entry = (value.to_vec(), expires);
        self.stored.borrow_mut().insert(key.to_owned(), entry);
        Ok(Outcome::Done(1))
    }

    fn delete(&self, key: &str, _: Expect) -> Result<Outcome, StateError> {
        self.is_up(key)?;
        self.stored.borrow_mut().remove(key);
        Ok(Outcome::Done(0))
    }
}

impl World {
    /// Also that a key is one of `wit/store/state.wit`.
    fn is_up(&self, key: &str) -> Result<(), StateError> {
        let in_key = |b: u8| b.is_ascii_alphanumeric() || b"._-:/".contains(&b);
        assert!(
            (1..=200).contains(&key.len()) && key.bytes().all(in_key),
            "{key}"
        );
        if self.store_is_down.get() {
            return Err(StateError("disk\r\nfull".to_owned()));
        }
        Ok(())
    }
}

impl Limiter for World {
    fn take(&self, rate: Rate, key: &str) -> Result<(), u32> {
        self.taken.borrow_mut().push((rate, key.to_owned()));
        self.wait_seconds.get().map_or(Ok(()), Err)
    }
}

impl Verifier for World {
    fn provider(&self, _: &str) -> Result<ProviderMetadata, Failure> {
        panic!("nobody asks for the provider here")
    }

    fn verify(&self, _: &str, _: &str, _: &[String]) -> Result<VerifiedJws, Failure> {
        panic!("nobody asks for the keys of the provider here")
    }

    fn verify_with(
        &self,
        key_set: &str,
        _: &str,
        algorithms: &[String],
    ) -> Result<VerifiedJws, Failure> {
        assert!(
            algorithms
                .iter()
                .all(|name| name != "none" && !name.starts_with("HS"))
        );
        let signatures = self.signatures.borrow();
        signatures
            .get(key_set)
            .cloned()
            .unwrap_or_else(|| Err(Failure::KeyUnknown("1".to_owned())))
    }
}

impl Pause for World {
    fn pause(&self, _: u32) {
        panic!("nobody waits here")
    }
}

pub fn fields(headers: &[(&str, &str)]) -> Vec<Header> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    headers.iter().map(owned).collect()
}

pub fn post(headers: &[(&str, &str)], body: &str) -> HttpRequest {
    HttpRequest {
        head: RequestHead {
            method: "POST".to_owned(),
            headers: fields(headers),
            client_address: Some("192.0.2.7".to_owned()),
            now: NOW,
            ..RequestHead::default()
        },
        body: body.as_bytes().to_vec(),
    }
}

pub fn location() -> Location {
    Location::parse("https://h.example/vault", "/mcp", false).unwrap()
}

pub fn clients(settings: &[(&str, &str)]) -> Clients {
    read(settings).unwrap()
}

/// The clients of a deployment with these settings, or what is wrong with them.
pub fn read(settings: &[(&str, &str)]) -> Result<Clients, String> {
    let deployment = settings
        .iter()
        .fold(Deployment::default(), |deployment, (name, value)| {
            deployment.with(name, value)
        });
    let mut reader = Reader::new(&deployment);
    let clients = Clients::read(&mut reader, &location(), &keys(KEY));
    reader
        .finish(clients)
        .map(|(clients, _)| clients)
        .map_err(|faults| faults.to_string())
}
