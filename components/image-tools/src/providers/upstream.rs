//! Talking to a backend: every request with its limits, a sign of life while it waits, and a second
//! attempt only where money cannot be spent twice.

use std::time::Duration;

use guest::Capabilities;
use guest::http::{Client, Head, HttpError, Limits, Request, Response, Url};
use mcp::Flow;

use super::error::{Code, ProviderError};
use super::{Report, Step, discovery};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Longest time from a request to the end of its answer: what OpenAI's own client allows.
pub const TOTAL: Duration = Duration::from_secs(600);

/// Largest answer: two images of 4K as base64, within the memory of an instance.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Largest answer of a request that asks what there is.
const MAX_LISTING_BYTES: usize = 4 * 1024 * 1024;

/// Time for such a request.
const LISTING: Duration = Duration::from_secs(10);

/// Time for a request that one can do without.
const PEEK: Duration = Duration::from_secs(5);

/// Attempts for one request, the first included.
const ATTEMPTS: u32 = 3;

/// Longest wait before another attempt that we do instead of the client.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// One backend.
#[derive(Clone, Copy)]
pub struct Upstream<'a> {
    /// What the host gives us.
    pub capabilities: Capabilities<'a>,
    /// For messages.
    pub name: &'static str,
    /// What an answer without success means, in the words of the backend.
    pub failure: fn(&Head, &[u8]) -> ProviderError,
}

/// What is sent.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where to.
    pub url: &'a Url,
    /// With the credential.
    pub headers: &'a [(&'static str, String)],
    /// In pieces.
    pub body: &'a [&'a [u8]],
}

/// What is done with each sign of life.
pub type Tick<'t> = dyn FnMut(&mut Watch<'_, '_>) -> Flow + 't;

/// An answer with success.
pub struct Answer {
    /// Its body.
    pub body: Vec<u8>,
}

/// The way back to whoever waits: what is being done, and whether to go on.
pub struct Watch<'a, 'b> {
    report: &'a mut Report<'b>,
    progress: f64,
    message: String,
}

impl<'a, 'b> Watch<'a, 'b> {
    /// Nothing has happened yet.
    pub fn new(report: &'a mut Report<'b>) -> Self {
        Self {
            report,
            progress: 0.0,
            message: "waiting for the provider".to_owned(),
        }
    }

    /// A sign of life, and nothing new.
    pub fn tick(&mut self) -> Flow {
        (self.report)(Step::new(self.progress, &self.message))
    }

    /// Something new. Progress that falls is ignored.
    pub fn step(&mut self, progress: f64, message: impl Into<String>) -> Flow {
        self.progress = self.progress.max(progress.clamp(0.0, 1.0));
        self.message = message.into();
        self.tick()
    }

    /// A first look at the image.
    pub fn picture(&mut self, progress: f64, picture: &[u8]) -> Flow {
        self.progress = self.progress.max(progress.clamp(0.0, 1.0));
        "a first version is there".clone_into(&mut self.message);
        (self.report)(Step {
            progress: self.progress,
            message: &self.message,
            picture: Some(picture),
        })
    }
}

impl<'a> Upstream<'a> {
    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// What the backend's refusal means, or why there is no answer.
    pub fn call(&self, call: Call<'_>, watch: &mut Watch<'_, '_>) -> Result<Answer, ProviderError> {
        self.call_with(call, watch, &mut |watch| watch.tick())
    }

    /// As [`call`](Self::call), and does something of its own with each sign of life.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn call_with(
        &self,
        call: Call<'_>,
        watch: &mut Watch<'_, '_>,
        tick: &mut Tick<'_>,
    ) -> Result<Answer, ProviderError> {
        let mut response = self.open_with(call, watch, tick)?;
        let body = response.body(&mut || tick(watch));
        Ok(Answer {
            body: body.map_err(|error| self.failed(&error, call.method))?,
        })
    }

    /// Asks for something that one can do without; `None` when there is no answer with success.
    pub fn peek(&self, call: Call<'_>) -> Option<Vec<u8>> {
        let limits = Limits {
            total: PEEK,
            max_bytes: MAX_LISTING_BYTES,
        };
        let tick = &mut || Flow::Continue;
        let mut response = self.send(call, limits, tick).ok()?;
        if !response.head.is_success() {
            return None;
        }
        response.body(tick).ok()
    }

    /// Sends a request, and leaves the body of the answer to be read.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn open<'c>(
        &self,
        call: Call<'c>,
        watch: &mut Watch<'_, '_>,
    ) -> Result<Response<'c>, ProviderError>
    where
        'a: 'c,
    {
        self.open_with(call, watch, &mut |watch| watch.tick())
    }

    fn open_with<'c>(
        &self,
        call: Call<'c>,
        watch: &mut Watch<'_, '_>,
        tick: &mut Tick<'_>,
    ) -> Result<Response<'c>, ProviderError>
    where
        'a: 'c,
    {
        let limits = Limits {
            total: TOTAL,
            max_bytes: MAX_BYTES,
        };
        let mut attempt = 1;
        loop {
            let (error, without_effect) = match self.send(call, limits, &mut || tick(watch)) {
                Ok(response) if response.head.is_success() => return Ok(response),
                Ok(mut response) => {
                    let error = self.refused(&mut response, &mut || tick(watch));
                    // A refusal for now has cost nothing; what failed inside may have.
                    let is_refusal = error.code == Code::RateLimited;
                    (error, is_refusal && response.head.status == 429)
                }
                Err(error) => {
                    let may_repeat = matches!(error, HttpError::NotSent(_));
                    (self.failed(&error, call.method), may_repeat)
                }
            };
            let pause = error.retry_after.unwrap_or_else(|| self.pause(attempt));
            if !without_effect || attempt == ATTEMPTS || pause > MAX_PAUSE {
                return Err(error);
            }
            attempt += 1;
            self.sleep(pause, watch)?;
        }
    }

    /// Asks what there is: quickly, and nobody is told meanwhile.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn look_up(&self, call: Call<'_>) -> Result<Answer, ProviderError> {
        let limits = Limits {
            total: LISTING,
            max_bytes: MAX_LISTING_BYTES,
        };
        let tick = &mut || Flow::Continue;
        let mut response = self
            .send(call, limits, tick)
            .map_err(|error| self.failed(&error, call.method))?;
        if !response.head.is_success() {
            return Err(self.refused(&mut response, tick));
        }
        let body = response.body(tick);
        Ok(Answer {
            body: body.map_err(|error| self.failed(&error, call.method))?,
        })
    }

    /// Waits, and tells so.
    ///
    /// # Errors
    /// [`Code::Cancelled`].
    pub fn sleep(&self, pause: Duration, watch: &mut Watch<'_, '_>) -> Result<(), ProviderError> {
        let mut left = pause;
        loop {
            if watch.tick() == Flow::Cancelled {
                return Err(self.error(Code::Cancelled));
            }
            if left.is_zero() {
                return Ok(());
            }
            let now = left.min(Duration::from_millis(500));
            self.capabilities.clock.sleep(now);
            left -= now;
        }
    }

    /// A failure of this backend.
    pub fn error(&self, code: Code) -> ProviderError {
        ProviderError::new(code).at(self.name)
    }

    /// The URL of an answer of the backend, which has to be one.
    ///
    /// # Errors
    /// [`Code::NoImage`].
    pub fn url(&self, text: &str) -> Result<Url, ProviderError> {
        Url::parse(text).map_err(|error| {
            self.log(&error.to_string());
            self.error(Code::NoImage)
                .because("the address of the image is none")
        })
    }

    fn send<'c>(
        &self,
        call: Call<'c>,
        limits: Limits,
        tick: &mut dyn FnMut() -> Flow,
    ) -> Result<Response<'c>, HttpError>
    where
        'a: 'c,
    {
        let client = Client {
            http: self.capabilities.http,
            clock: self.capabilities.clock,
        };
        let request = Request {
            method: call.method,
            url: call.url,
            headers: call.headers,
            body: call.body,
            connect_timeout: CONNECT,
            first_byte_timeout: limits.total,
        };
        client.send(&request, limits, tick)
    }

    /// Reads as much of a refusal as is needed to understand it.
    fn refused(
        &self,
        response: &mut Response<'_>,
        tick: &mut dyn FnMut() -> Flow,
    ) -> ProviderError {
        const ENOUGH: usize = 64 * 1024;
        let mut body = Vec::new();
        while body.len() < ENOUGH {
            match response.chunk(tick) {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                // What is there has to do.
                Err(_) => break,
            }
        }
        let error = if (300..400).contains(&response.head.status) {
            // Not followed: a key or a picture would go to where nobody has said.
            self.error(Code::UpstreamUnavailable)
                .because("the answer leads to another address")
        } else {
            (self.failure)(&response.head, &body).at(self.name)
        };
        discovery::refused_key(self.capabilities, &error);
        self.log(&format!(
            "status {}: {}",
            response.head.status,
            error.code.as_str()
        ));
        error
    }

    fn failed(&self, error: &HttpError, method: &str) -> ProviderError {
        self.log(&error.to_string());
        let is_paid = method != "GET" && !error.is_without_effect();
        let mut failure = match error {
            HttpError::Refused(_) => self
                .error(Code::UpstreamUnavailable)
                .because("this server may not connect to the address"),
            HttpError::NotSent(_) | HttpError::Lost(_) => self.error(Code::UpstreamUnavailable),
            HttpError::Timeout => self.error(Code::Timeout),
            HttpError::TooLarge => self.error(Code::NoImage).because("the answer is too large"),
            HttpError::Cancelled => self.error(Code::Cancelled),
        };
        failure.may_have_cost = is_paid;
        failure
    }

    /// Half a second, then one, each up to a half more: many who wait do not come back together.
    fn pause(&self, attempt: u32) -> Duration {
        let base = 250 << attempt.min(6);
        let jitter = self.capabilities.random.random_u64() % (base / 2 + 1);
        Duration::from_millis(base + jitter)
    }

    fn log(&self, text: &str) {
        self.capabilities
            .log
            .warn(&format!("provider {}: {text}", self.name));
    }
}
