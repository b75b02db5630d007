//! The load generator: a closed loop on each of N keep-alive connections, on one thread.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    answer::{Expectation, Refusal, judge, judge_hello},
    operation::Operation,
    proc::{Usage, reset_peak},
    stats::percentile,
    wire::{Connection, WireError},
};

/// Of every so many answers one is parsed in full; the others are compared with the samples.
const FULL_CHECK_EVERY: u64 = 128;
/// Answers that are parsed in full before anything is measured.
const SAMPLES: usize = 3;

/// A server that keeps a request for this long will not answer it.
const HUNG_AFTER: Duration = Duration::from_secs(60);

/// What to send, where, and for how long.
#[derive(Debug, Clone)]
pub struct Target {
    /// The socket of the server.
    pub address: SocketAddr,
    /// Its process, whose memory and CPU time are read.
    pub pid: u32,
    /// What is asked.
    pub operation: Operation,
    /// The whole requests; connection `i` sends the one at `i` modulo their number.
    pub requests: Arc<[Bytes]>,
}

/// How hard and how long.
#[derive(Debug, Clone, Copy)]
pub struct Pressure {
    /// Connections that each have one request under way at any time.
    pub connections: usize,
    /// Time before the measurement, under the same load.
    pub warm_up: Duration,
    /// Length of the measurement.
    pub window: Duration,
    /// Requests after which the measurement ends early.
    pub max_requests: u64,
}

/// One measurement.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Sample {
    /// Answers in the window, each a success.
    pub requests: u64,
    /// Answers per second.
    pub rate: f64,
    /// Median latency in microseconds.
    pub p50_us: f64,
    /// 99th percentile of the latency in microseconds.
    pub p99_us: f64,
    /// Largest resident set of the server in the window, in KiB.
    pub peak_kib: Option<u64>,
    /// CPU time of the server per 1000 answers, in milliseconds.
    pub cpu_ms_per_1000: Option<f64>,
    /// How much of one core the server used, 0 to 1. Far below 1 under load: something else had the core.
    pub server_busy: Option<f64>,
    /// How much of one core the load generator used, 0 to 1. Near 1: it was the limit, not the server.
    pub load_busy: Option<f64>,
}

impl Sample {
    /// Answers per second of the server's CPU time: its rate on a core that nobody else uses.
    pub fn rate_by_cpu(&self) -> f64 {
        self.cpu_ms_per_1000
            .map_or(f64::NAN, |cpu_ms| 1_000_000.0 / cpu_ms)
    }
}

/// Why a measurement is void.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// An answer was not a success.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There was no answer.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// No answer in time.
    #[error("no answer in time")]
    Silent,
}

impl Target {
    /// Asks a few times, parses every answer, and learns what all others have to look like.
    pub async fn learn(&self) -> Result<Expectation, LoadError> {
        let mut connection = Connection::open(self.address).await?;
        let mut samples = Vec::with_capacity(SAMPLES);
        for request in self.requests.iter().cycle().take(SAMPLES) {
            let answer = connection.exchange(request).await?;
            check_in_full(self.operation, answer.status, &answer.body)?;
            samples.push(answer.body.to_vec());
        }
        Ok(Expectation::learn(&samples))
    }

    /// Measures under the given pressure.
    pub async fn measure(&self, pressure: Pressure) -> Result<Sample, LoadError> {
        let patience = pressure.warm_up + pressure.window + HUNG_AFTER;
        tokio::time::timeout(patience, self.measure_patiently(pressure))
            .await
            .unwrap_or(Err(LoadError::Silent))
    }

    async fn measure_patiently(&self, pressure: Pressure) -> Result<Sample, LoadError> {
        let run = Arc::new(Run {
            operation: self.operation,
            expectation: self.learn().await?,
            max_requests: pressure.max_requests,
            min_requests: 2 * pressure.connections as u64,
            measuring: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            enough: Notify::new(),
            over: Notify::new(),
            latencies_ns: Mutex::new(Vec::with_capacity(1 << 18)),
        });
        let mut loops = JoinSet::new();
        for request in self.requests.iter().cycle().take(pressure.connections) {
            loops.spawn(Arc::clone(&run).keep_asking(self.address, request.clone()));
        }
        let window = async {
            tokio::time::sleep(pressure.warm_up).await;
            reset_peak(self.pid);
            let before = Instant::now();
            let (server, load) = (Usage::of(self.pid), Usage::of(std::process::id()));
            run.measuring.store(true, Ordering::Relaxed);
            let _ = tokio::time::timeout(pressure.window, run.over.notified()).await;
            run.enough.notified().await;
            run.measuring.store(false, Ordering::Relaxed);
            let seconds = before.elapsed().as_secs_f64();
            let answered = run.answered.load(Ordering::Relaxed);
            run.stopping.store(true, Ordering::Relaxed);
            Window {
                answered,
                seconds,
                server: (server, Usage::of(self.pid)),
                load: (load, Usage::of(std::process::id())),
            }
        };
        let window = tokio::select! {
            window = window => window,
            // A loop only ends by itself when it fails.
            error = first_failure(&mut loops) => return Err(error),
        };
        while let Some(ended) = loops.join_next().await {
            ended
                .map_err(std::io::Error::other)
                .map_err(WireError::from)??;
        }
        let mut latencies_ns = std::mem::take(
            &mut *run
                .latencies_ns
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        latencies_ns.sort_unstable();
        window.sample(&latencies_ns)
    }
}

/// What the loops of one measurement share.
struct Run {
    operation: Operation,
    expectation: Expectation,
    /// Answers after which the window ends early.
    max_requests: u64,
    /// Answers before which it does not end, so that a slow server has latencies too.
    min_requests: u64,
    measuring: AtomicBool,
    stopping: AtomicBool,
    answered: AtomicU64,
    enough: Notify,
    over: Notify,
    latencies_ns: Mutex<Vec<u64>>,
}

impl Run {
    async fn keep_asking(
        self: Arc<Self>,
        address: SocketAddr,
        request: Bytes,
    ) -> Result<(), LoadError> {
        let mut connection = Connection::open(address).await?;
        let mut latencies_ns = Vec::with_capacity(4096);
        let mut asked: u64 = 0;
        while !self.stopping.load(Ordering::Relaxed) {
            let asked_in_window = self.measuring.load(Ordering::Relaxed);
            let start = Instant::now();
            let answer = connection.exchange(&request).await?;
            let elapsed = start.elapsed();
            asked += 1;
            if self.operation == Operation::Hello {
                judge_hello(answer.status, &answer.body)?;
            } else if asked.is_multiple_of(FULL_CHECK_EVERY) {
                judge(answer.status, &answer.body)?;
            } else {
                self.expectation.glance(answer.status, &answer.body)?;
            }
            // The rate counts answers in the window; the latencies are those of questions asked in
            // it, however late the answer, or the slowest would be missing.
            if self.measuring.load(Ordering::Relaxed) {
                self.count();
            }
            if asked_in_window {
                latencies_ns.push(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX));
            }
        }
        self.latencies_ns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .append(&mut latencies_ns);
        Ok(())
    }

    fn count(&self) {
        let answered = self.answered.fetch_add(1, Ordering::Relaxed) + 1;
        if answered == self.min_requests {
            self.enough.notify_one();
        }
        if answered == self.max_requests {
            self.over.notify_one();
        }
    }
}

struct Window {
    answered: u64,
    seconds: f64,
    server: (Usage, Usage),
    load: (Usage, Usage),
}

impl Window {
    fn sample(&self, sorted_latencies_ns: &[u64]) -> Result<Sample, LoadError> {
        if self.answered == 0 || sorted_latencies_ns.is_empty() {
            return Err(LoadError::Silent);
        }
        let cpu_seconds =
            |(before, after): &(Usage, Usage)| Some((after.cpu? - before.cpu?).as_secs_f64());
        let server_cpu = cpu_seconds(&self.server);
        let micros = |fraction| percentile(sorted_latencies_ns, fraction) as f64 / 1_000.0;
        Ok(Sample {
            requests: self.answered,
            rate: self.answered as f64 / self.seconds,
            p50_us: micros(0.50),
            p99_us: micros(0.99),
            peak_kib: self.server.1.peak_kib,
            cpu_ms_per_1000: server_cpu.map(|cpu| cpu * 1_000_000.0 / self.answered as f64),
            server_busy: server_cpu.map(|cpu| cpu / self.seconds),
            load_busy: cpu_seconds(&self.load).map(|cpu| cpu / self.seconds),
        })
    }
}

async fn first_failure(loops: &mut JoinSet<Result<(), LoadError>>) -> LoadError {
    loop {
        match loops.join_next().await {
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => return error,
            Some(Err(panicked)) => return WireError::from(std::io::Error::other(panicked)).into(),
            None => std::future::pending().await,
        }
    }
}

fn check_in_full(operation: Operation, status: u16, body: &[u8]) -> Result<(), Refusal> {
    if operation == Operation::Hello {
        judge_hello(status, body)
    } else {
        judge(status, body).map(drop)
    }
}
