//! The wasmtime engine: one per process, shared by all components of all tenants.
//!
//! Configuration, loading and linking live here; calling a component does not.

pub mod embedded;
pub mod grants;
pub mod limits;
pub mod link;
pub mod load;

use std::path::PathBuf;
use std::time::Duration;

use wasmtime::error::Context as _;
use wasmtime::{
    Cache, CacheConfig, Config, Enabled, Engine, InstanceAllocationStrategy,
    PoolingAllocationConfig, Result,
};

/// How often the epoch advances: the longest time that a guest can hold a thread without yielding.
pub const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Bytes of a linear memory that stay resident when its slot is reused. Measured: more is slower,
/// because clearing costs more than the page faults that it saves.
const KEEP_RESIDENT: usize = 64 * 1024;

/// What the engine needs to know of the deployment.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Instances that may exist at once, of all components.
    pub instances: u32,
    /// Largest linear memory of an instance, in bytes.
    pub memory_bytes: usize,
    /// Where compiled code is kept between runs; `None` compiles at every start.
    pub compile_cache: Option<PathBuf>,
}

/// Builds the engine and starts the thread that advances its epoch.
///
/// # Errors
///
/// When the machine supports neither allocator, or the cache directory cannot be used.
pub fn build(config: &EngineConfig) -> Result<Engine> {
    let engine = match Engine::new(&wasmtime_config(config, pooling(config))?) {
        Ok(engine) => engine,
        Err(error) => {
            tracing::warn!(%error, "cannot reserve address space for the pooling allocator, allocating on demand");
            Engine::new(&wasmtime_config(
                config,
                InstanceAllocationStrategy::OnDemand,
            )?)
            .context("cannot create the WebAssembly engine")?
        }
    };
    tick(&engine)?;
    Ok(engine)
}

fn wasmtime_config(config: &EngineConfig, strategy: InstanceAllocationStrategy) -> Result<Config> {
    let mut wasmtime = Config::new();
    wasmtime
        .epoch_interruption(true)
        .memory_init_cow(true)
        .allocation_strategy(strategy);
    if let Some(directory) = &config.compile_cache {
        let mut cache = CacheConfig::new();
        cache.with_directory(directory);
        let cache = Cache::new(cache)
            .with_context(|| format!("cannot use the compile cache `{}`", directory.display()))?;
        wasmtime.cache(Some(cache));
    }
    Ok(wasmtime)
}

fn pooling(config: &EngineConfig) -> InstanceAllocationStrategy {
    // A Rust component is one core module plus small adapters.
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(config.instances)
        .total_core_instances(config.instances.saturating_mul(4))
        .total_memories(config.instances)
        .total_tables(config.instances.saturating_mul(2))
        .total_stacks(config.instances)
        .max_memory_size(config.memory_bytes)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .async_stack_keep_resident(KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}

fn tick(engine: &Engine) -> Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(EPOCH_TICK);
            }
        })
        .context("cannot start the epoch thread")?;
    Ok(())
}
