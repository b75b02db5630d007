//! Work that has to be asked after until it is done.

use std::time::Duration;

use guest::http::Url;

use super::error::{Code, ProviderError};
use super::upstream::{Call, TOTAL, Upstream, Watch};

/// First pause between two questions; each is longer than the one before.
const FIRST: Duration = Duration::from_millis(500);

/// Longest pause.
const LONGEST: Duration = Duration::from_secs(3);

/// Questions in a row that may go unanswered.
const PATIENCE: u32 = 5;

/// What an answer says.
pub enum Polled<T> {
    /// Not yet.
    Waiting {
        /// 0 to 1, when it is known.
        progress: Option<f64>,
        /// In a word.
        message: String,
    },
    /// It is there.
    Done(T),
}

/// Asks until the work is done. It is paid for by now, so a question that fails is asked again.
///
/// # Errors
/// What `read` says, [`Code::Timeout`], or [`Code::Cancelled`].
pub fn poll<T>(
    upstream: &Upstream<'_>,
    (url, headers): (&Url, &[(&'static str, String)]),
    watch: &mut Watch<'_, '_>,
    read: impl Fn(&[u8]) -> Result<Polled<T>, ProviderError>,
) -> Result<T, ProviderError> {
    let clock = upstream.capabilities.clock;
    let deadline = clock.monotonic() + TOTAL;
    let paid = |mut error: ProviderError| {
        error.may_have_cost = true;
        error.at(upstream.name)
    };
    let (mut pause, mut unanswered) = (FIRST, 0);
    loop {
        upstream.sleep(pause, watch).map_err(paid)?;
        if clock.monotonic() >= deadline {
            return Err(paid(ProviderError::new(Code::Timeout)));
        }
        let call = Call {
            method: "GET",
            url,
            headers,
            body: &[],
        };
        match upstream.call(call, watch) {
            Ok(answer) => {
                unanswered = 0;
                match read(&answer.body).map_err(|error| error.at(upstream.name))? {
                    Polled::Done(done) => return Ok(done),
                    Polled::Waiting { progress, message } => {
                        let _ = watch.step(progress.unwrap_or(0.0) * 0.95, message);
                    }
                }
            }
            Err(error) => {
                unanswered += 1;
                if !error.is_retryable() || unanswered == PATIENCE {
                    return Err(paid(error));
                }
            }
        }
        pause = (pause * 5 / 4).min(LONGEST);
    }
}
