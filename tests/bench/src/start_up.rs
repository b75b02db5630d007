//! From the start of the process to its first successful answer, and what it weighs when idle.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use bytes::Bytes;
use serde::Serialize;

use crate::{
    answer::judge,
    child::{Place, Server},
    host::{Binary, Isolation, Launch, directory, free_socket},
    operation::Operation,
    plan::StartUps,
    proc::Cores,
    wire::Connection,
};

/// How long a server is left alone before it is weighed.
const IDLE: Duration = Duration::from_millis(500);

/// Times and weights, one for each start.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StartUp {
    /// Milliseconds with compiled components in the cache.
    pub warm_ms: Vec<f64>,
    /// Milliseconds with an empty cache.
    pub cold_ms: Vec<f64>,
    /// Resident set in KiB after one answer and a pause, with a warm cache.
    pub idle_kib: Vec<u64>,
}

/// Starts the host again and again, on every core, without auth.
pub async fn measure(
    binary: &Binary,
    starts: StartUps,
    scratch: &Path,
    cores: &Cores,
) -> anyhow::Result<StartUp> {
    let mut figures = StartUp::default();
    let warm_cache = directory(scratch, "start-up-cache")?;
    let data_dir = directory(scratch, "start-up-data")?;
    start(binary, &data_dir, &warm_cache, cores)
        .await
        .context("fill the compile cache")?;
    for _ in 0..starts.warm {
        let (elapsed, server) = start(binary, &data_dir, &warm_cache, cores).await?;
        figures.warm_ms.push(elapsed.as_secs_f64() * 1_000.0);
        tokio::time::sleep(IDLE).await;
        figures.idle_kib.extend(server.usage().resident_kib);
    }
    for number in 0..starts.cold {
        let empty_cache = directory(scratch, &format!("start-up-cache-{number}"))?;
        let (elapsed, _server) = start(binary, &data_dir, &empty_cache, cores).await?;
        figures.cold_ms.push(elapsed.as_secs_f64() * 1_000.0);
    }
    Ok(figures)
}

async fn start(
    binary: &Binary,
    data_dir: &Path,
    cache_dir: &Path,
    cores: &Cores,
) -> anyhow::Result<(Duration, Server)> {
    let listen = free_socket()?;
    let launch = Launch {
        data_dir,
        cache_dir,
        isolation: Isolation::Request,
        listen,
        provider: None,
        signs_in_at: None,
        place: Place::Anywhere,
    };
    let begin = Instant::now();
    let server = binary.start(&launch, cores)?;
    let request = Bytes::from(Operation::ToolsList.request(&server.address().to_string(), None));
    let answer = Connection::open(server.address())
        .await?
        .exchange(&request)
        .await?;
    let elapsed = begin.elapsed();
    judge(answer.status, &answer.body)?;
    Ok((elapsed, server))
}
