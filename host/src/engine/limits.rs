//! Limits of one instance: memory, tables, resources, time slices.

use wasmtime::component::ResourceTable;
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder};

/// Handles that a guest may hold at once; a request needs about ten.
const MAX_RESOURCES: usize = 512;
/// Table elements of an instance.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Store limits for an instance that may use `memory_bytes` of linear memory.
///
/// Growing beyond the limit fails inside the guest, which ends in a trap for a guest that cannot
/// go on without the memory.
#[must_use]
pub fn store_limits(memory_bytes: usize) -> StoreLimits {
    StoreLimitsBuilder::new()
        .memory_size(memory_bytes)
        .memories(2)
        .tables(4)
        .table_elements(MAX_TABLE_ELEMENTS)
        .instances(8)
        .build()
}

/// A table for the handles of one instance.
#[must_use]
pub fn resource_table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_RESOURCES);
    table
}

/// Makes the guest yield at every epoch tick, so that time-outs around it can fire.
pub fn slice_time<T>(store: &mut Store<T>) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
}
