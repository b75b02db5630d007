//! The image APIs of six providers on loopback: their true wire formats, and every way in which
//! they are known to fail. The same request always gets the same answer.
//!
//! | base URL | speaks |
//! |---|---|
//! | `/openai/v1` | OpenAI: generations, edits, streaming, models |
//! | `/compatible/v1` | what servers that imitate OpenAI have in common |
//! | `/gemini/v1beta` | Gemini `generateContent` |
//! | `/sd`, `/sd-auth` | Stable Diffusion web UI; the second wants Basic `artist:secret` |
//! | `/sdcpp` | the subset of it that stable-diffusion.cpp serves |
//! | `/comfyui` | ComfyUI |
//! | `/bfl/v1` | Black Forest Labs |
//! | `/replicate/v1` | Replicate |
//! | `/__admin` | what was asked, charged and cancelled |
//!
//! A key that begins with `bad` is refused. A prompt with `[[fault:NAME:ARGUMENT]]` in it makes the
//! backend fail in that way: see [`fault`].
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "part of the tests, which fail by panicking"
)]

mod admin;
mod answer;
pub mod fault;
mod ledger;
pub mod picture;
mod record;

mod bfl;
mod comfyui;
mod delivery;
mod gemini;
mod openai;
mod replicate;
mod sd_webui;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;

pub use ledger::Ledger;
pub use record::Recorded;

/// What every handler has in hand.
#[derive(Clone)]
struct Api {
    ledger: Arc<Ledger>,
    /// Scheme, host and port, for the URLs in answers.
    origin: Arc<str>,
}

/// A running fake. It serves until the value is dropped.
pub struct FakeImageApi {
    origin: Arc<str>,
    ledger: Arc<Ledger>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl FakeImageApi {
    /// Listens on a port of loopback that the system chooses, on a thread of its own: good for
    /// blocking and for asynchronous tests.
    ///
    /// # Panics
    /// When that cannot be done.
    #[must_use]
    pub fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Listens at an address.
    ///
    /// # Panics
    /// When that cannot be done.
    #[must_use]
    pub fn start_at(address: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        // Bound here, so that the address is known before the thread runs.
        let listener = std::net::TcpListener::bind(address).expect("the address is free");
        listener
            .set_nonblocking(true)
            .expect("a listener can be made non-blocking");
        let address = listener.local_addr().expect("a listener has an address");
        let origin: Arc<str> = format!("http://{address}").into();
        let ledger = Arc::new(Ledger::default());
        let router = router(Api {
            ledger: Arc::clone(&ledger),
            origin: Arc::clone(&origin),
        });
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("the listener is good");
                tokio::select! {
                    _ = axum::serve(listener, router) => (),
                    _ = stopped => (),
                }
            });
            runtime.shutdown_background();
        });
        Self {
            origin,
            ledger,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The base URL of a backend, for example `url("/openai/v1")`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What was asked, charged and cancelled.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Waits until somebody ends the process.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for FakeImageApi {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Largest request: what OpenAI takes for sixteen references is far above it.
const MAX_BODY_BYTES: usize = 256 * 1024 * 1024;

fn router(api: Api) -> Router {
    Router::new()
        .merge(openai::routes())
        .merge(gemini::routes())
        .merge(sd_webui::routes())
        .merge(comfyui::routes())
        .merge(bfl::routes())
        .merge(replicate::routes())
        .merge(delivery::routes())
        .merge(admin::routes())
        .layer(axum::middleware::from_fn_with_state(
            api.clone(),
            record::record,
        ))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(api)
}
