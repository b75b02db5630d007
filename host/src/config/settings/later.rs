//! Settings of the predecessor and of later versions: known by name, not acted upon yet.
//!
//! A row here keeps an old configuration from being refused as a typing error. A row moves to its
//! own group when its feature arrives.

use super::{Kind, Setting, Status, settings};

const fn inert() -> Setting {
    Setting::tools(Kind::Line).status(Status::Inert)
}

settings! {
    /// Names that are known and not acted upon.
    LATER {
        TRANSFORM_CACHE_SIZE: inert(), "Transformed images kept in memory.";
        ALLOW_LOCAL_FILE_INPUT: inert(), "Accept paths of local files as input.";
        APP_DOMAIN: inert(), "Sandbox domain of the viewer.";
        DEBUG_PORT: inert(), "Port of the predecessor's debugger.";
        DEBUG_WAIT: inert(), "Wait for the predecessor's debugger.";
    }
}
