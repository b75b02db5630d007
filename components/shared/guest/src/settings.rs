//! Configuration values that the deployment grants to the component.

use crate::Host;
use crate::bindings::imagegen::settings::settings as import;

/// Read access to the settings of the tenant.
pub trait Settings {
    /// The value of a setting, never empty; `None` when it is not set or not granted. `name` has
    /// no prefix: `READ_ONLY`, not `IMAGE_GENERATION_MCP_READ_ONLY`.
    fn setting(&self, name: &str) -> Option<String>;
}

impl Settings for Host {
    fn setting(&self, name: &str) -> Option<String> {
        import::get(name)
    }
}
