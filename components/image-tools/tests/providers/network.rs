//! Outbound HTTP for tests: real connections, without any rule about addresses; and the real time.

use std::pin::Pin;
use std::time::{Duration, Instant};

use guest::clock::Clock;
use guest::http::{Chunk, Head, Http, HttpError, HttpExchange, Request};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// The network, and a clock that runs.
pub struct Network {
    started: Instant,
}

type Answer = Pin<Box<dyn Future<Output = reqwest::Result<Response>>>>;

struct Exchange {
    runtime: Runtime,
    answer: Option<Answer>,
    response: Option<Response>,
}

impl Network {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for Network {
    fn now(&self) -> Duration {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    /// A hundredth of it, so that polling is quick; the time seen is real all the same.
    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration / 100);
    }
}

impl Http for Network {
    fn start<'a>(&self, request: &Request<'a>) -> Result<Box<dyn HttpExchange + 'a>, HttpError> {
        let scheme = if request.url.is_https {
            "https"
        } else {
            "http"
        };
        let url = format!(
            "{scheme}://{}{}",
            request.url.authority, request.url.path_with_query
        );
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let answer: Answer = {
            let _inside = runtime.enter();
            let client = Client::builder()
                .redirect(Policy::none())
                .connect_timeout(request.connect_timeout)
                .build()
                .unwrap();
            let method = Method::from_bytes(request.method.as_bytes()).unwrap();
            let mut builder = client.request(method, url);
            for (name, value) in request.headers {
                builder = builder.header(*name, value);
            }
            if !request.body.is_empty() {
                builder = builder.body(request.body.concat());
            }
            Box::pin(builder.send())
        };
        Ok(Box::new(Exchange {
            runtime,
            answer: Some(answer),
            response: None,
        }))
    }
}

impl HttpExchange for Exchange {
    fn head(&mut self, wait: Duration) -> Result<Option<Head>, HttpError> {
        let answer = self.answer.as_mut().unwrap();
        // Made inside: a timer belongs to a runtime.
        let done = self.runtime.block_on(async { timeout(wait, answer).await });
        let Ok(done) = done else {
            return Ok(None);
        };
        let response = done.map_err(|error| failure(&error))?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()));
        let head = Head {
            status: response.status().as_u16(),
            headers: headers.collect(),
        };
        self.answer = None;
        self.response = Some(response);
        Ok(Some(head))
    }

    fn read(&mut self, wait: Duration) -> Result<Chunk, HttpError> {
        let response = self.response.as_mut().unwrap();
        match self
            .runtime
            .block_on(async { timeout(wait, response.chunk()).await })
        {
            Err(_) => Ok(Chunk::Waiting),
            Ok(Ok(Some(bytes))) => Ok(Chunk::Bytes(bytes.to_vec())),
            Ok(Ok(None)) => Ok(Chunk::End),
            Ok(Err(error)) => Err(failure(&error)),
        }
    }
}

fn failure(error: &reqwest::Error) -> HttpError {
    if error.is_connect() {
        HttpError::NotSent(error.to_string())
    } else {
        HttpError::Lost(error.to_string())
    }
}
