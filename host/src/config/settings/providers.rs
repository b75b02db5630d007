//! Settings of the image providers: a provider is there when its key or its address is.

use super::{Alias, Kind, Meaning, Setting, settings};

settings! {
    /// Who makes images, and how they are reached. The tools can connect to these addresses only.
    PROVIDERS {
        OPENAI_API_KEY: Setting::tools(Kind::Line).secret(),
            "Key of OpenAI.";
        OPENAI_BASE_URL: Setting::tools(Kind::ServiceUrl).or_derived("`https://api.openai.com/v1`"),
            "Address of OpenAI, or of a server that imitates its Images API: LocalAI, stable-diffusion.cpp, a relay. Such a server needs no key.";
        OPENAI_DIALECT: Setting::tools(Kind::Choice(&["openai", "compatible"])).or_derived("`openai` at openai.com, else `compatible`"),
            "`openai`: the server knows every field and model of OpenAI. `compatible`: it is asked for the least that all imitations have in common.";
        GOOGLE_API_KEY: Setting::tools(Kind::Line).secret(),
            "Key of the Gemini API.";
        GEMINI_BASE_URL: Setting::tools(Kind::ServiceUrl).or_derived("`https://generativelanguage.googleapis.com/v1beta`"),
            "Address of the Gemini API.";
        SD_WEBUI_HOST: Setting::tools(Kind::ServiceUrl).also(&[Alias { variable: "IMAGE_GENERATION_MCP_A1111_HOST", meaning: Meaning::Same }]),
            "Address of a Stable Diffusion web UI, for example `http://192.168.1.5:7860`.";
        SD_WEBUI_AUTH: Setting::tools(Kind::Line).secret(),
            "User and password of the web UI (`--api-auth`), as `user:password`.";
        SD_WEBUI_MODEL: Setting::tools(Kind::Line).also(&[Alias { variable: "IMAGE_GENERATION_MCP_A1111_MODEL", meaning: Meaning::Same }]),
            "The checkpoint that the web UI uses unless a call names one.";
        COMFYUI_HOST: Setting::tools(Kind::ServiceUrl),
            "Address of a ComfyUI, for example `http://192.168.1.5:8188`.";
        COMFYUI_MODEL: Setting::tools(Kind::Line),
            "The checkpoint that ComfyUI uses unless a call names one, for example `sd_xl_base_1.0.safetensors`.";
        BFL_API_KEY: Setting::tools(Kind::Line).secret(),
            "Key of Black Forest Labs (FLUX).";
        BFL_BASE_URL: Setting::tools(Kind::ServiceUrl).or_derived("`https://api.bfl.ai/v1`"),
            "Address of Black Forest Labs.";
        REPLICATE_API_TOKEN: Setting::tools(Kind::Line).secret(),
            "Token of Replicate.";
        REPLICATE_BASE_URL: Setting::tools(Kind::ServiceUrl).or_derived("`https://api.replicate.com/v1`"),
            "Address of Replicate.";
        PROVIDER_HOSTS: Setting::host(Kind::HostNames),
            "Further hosts from which configured providers deliver images, for example those that a relay names in its answers.";
        PROVIDER_CATALOG_FILE: Setting::host(Kind::Path),
            "A JSON file that changes what is known of the models: `{\"openai\": {\"models\": {\"new-model\": {\"default\": true}}}}`, merged into the built-in tables (RFC 7396).";
    }
}
