//! Settings of the tools component.

use super::{Kind, Setting, settings};

settings! {
    /// What the tools do.
    TOOLS {
        READ_ONLY: Setting::tools(Kind::Switch).or("true"),
            "Hide the tools that write: generating and deleting images.";
        SERVER_NAME: Setting::tools(Kind::Line).or("image-generation-mcp"),
            "The name that the server tells clients.";
        INSTRUCTIONS: Setting::tools(Kind::Prose).or_derived("a text made from the tools on offer"),
            "The instructions that the server gives to the model.";
        DEFAULT_PROVIDER: Setting::tools(Kind::Line).or("auto"),
            "The provider that generates when a call names none.";
        GALLERY: Setting::tools(Kind::Choice(&["subject", "shared"])).or("subject"),
            "`subject`: every authenticated caller sees their own images only. `shared`: all see one gallery, that of the Python server. Without authentication there is only the shared one.";
        MAX_INPUT_IMAGE_BYTES: Setting::tools(Kind::Bytes { min: 1 << 10, max: 1 << 30 }).or("20971520"),
            "Largest image that is read as input.";
        PLACEHOLDER_DELAY_MS: Setting::tools(Kind::Number { min: 0, max: 600_000 }).or("0"),
            "How long the provider `placeholder` pretends to work, in milliseconds.";
    }
}
