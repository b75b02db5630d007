//! Settings of the predecessor and of later versions: known by name, not acted upon yet.
//!
//! A row here keeps an old configuration from being refused as a typing error. A row moves to its
//! own group when its feature arrives.

use super::{Alias, Kind, Meaning, Setting, Status, settings};

const fn inert() -> Setting {
    Setting::tools(Kind::Line).status(Status::Inert)
}

settings! {
    /// Names that are known and not acted upon.
    LATER {
        OPENAI_API_KEY: inert().secret(), "Key of the OpenAI provider.";
        OPENAI_BASE_URL: inert(), "Address of the OpenAI provider.";
        GOOGLE_API_KEY: inert().secret(), "Key of the Gemini provider.";
        GEMINI_BASE_URL: inert(), "Address of the Gemini provider.";
        SD_WEBUI_HOST: inert().also(&[Alias { variable: "IMAGE_GENERATION_MCP_A1111_HOST", meaning: Meaning::Same }]),
            "Address of the Stable Diffusion web UI.";
        SD_WEBUI_MODEL: inert().also(&[Alias { variable: "IMAGE_GENERATION_MCP_A1111_MODEL", meaning: Meaning::Same }]),
            "Default checkpoint of the Stable Diffusion web UI.";
        COMFYUI_HOST: inert(), "Address of ComfyUI.";
        BFL_API_KEY: inert().secret(), "Key of the Black Forest Labs provider.";
        REPLICATE_API_TOKEN: inert().secret(), "Token of the Replicate provider.";
        TRANSFORM_CACHE_SIZE: inert(), "Transformed images kept in memory.";
        ALLOW_LOCAL_FILE_INPUT: inert(), "Accept paths of local files as input.";
        APP_DOMAIN: inert(), "Sandbox domain of the viewer.";
        DEBUG_PORT: inert(), "Port of the predecessor's debugger.";
        DEBUG_WAIT: inert(), "Wait for the predecessor's debugger.";
    }
}
