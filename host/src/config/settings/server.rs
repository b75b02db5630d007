//! Settings of the server as a whole: where it listens, where files are, what it logs.

use super::{Alias, Kind, Meaning, Setting, settings};

settings! {
    /// Where the server listens, where its files are, what it logs.
    SERVER {
        TRANSPORT: Setting::host(Kind::Choice(&["http", "stdio"])).or("http"),
            "How clients reach the server. Authentication has no effect over `stdio`.";
        HOST: Setting::host(Kind::Address).or("127.0.0.1"),
            "The address to listen on. Without authentication it must be a loopback address.";
        PORT: Setting::host(Kind::Number { min: 0, max: 65_535 }).or("8000"),
            "The TCP port to listen on; `0` takes any free one.";
        HTTP_PATH: Setting::host(Kind::HttpPath).or("/mcp").shared(),
            "The path of the MCP endpoint, without the path of `BASE_URL`.";
        BASE_URL: Setting::host(Kind::PublicUrl).shared(),
            "The public URL under which clients reach the server, with the path that a reverse proxy removes, if any. Needed for OIDC.";
        ALLOWED_HOSTS: Setting::host(Kind::Hosts).or_derived("loopback names, the address of `HOST`"),
            "Names that a request may be addressed to (`Host`), with or without a port, or `*`. The host of `BASE_URL` is always among them.";
        ALLOWED_ORIGINS: Setting::host(Kind::Origins).or_derived("loopback origins, any port"),
            "Web origins whose pages may call the server (`Origin`), or `*`. The origin of `BASE_URL` is always among them.";
        TRUSTED_PROXIES: Setting::host(Kind::Networks),
            "Addresses and networks (CIDR) of reverse proxies whose `X-Forwarded-For` is believed, for limits by client address.";
        TLS_CERT_FILE: Setting::host(Kind::Path),
            "Certificate chain in PEM; with `TLS_KEY_FILE`, the server speaks HTTPS.";
        TLS_KEY_FILE: Setting::host(Kind::Path),
            "Private key in PEM for `TLS_CERT_FILE`.";
        DATA_DIR: Setting::host(Kind::Path).or_derived("the platform's data directory, below it `image-generation-mcp`"),
            "Where state is kept, and images and styles unless the next two say otherwise.";
        KV_STORE_URL: Setting::host(Kind::StoreUrl).secret()
            .also(&[Alias { variable: "IMAGE_GENERATION_MCP_EVENT_STORE_URL", meaning: Meaning::Same }]),
            "Where jobs, codes and sessions are kept: `redb` is a database in `DATA_DIR` for one process, and the default; `file:///directory` is a directory that several replicas share; `memory:` forgets everything at the end.";
        SCRATCH_DIR: Setting::host(Kind::Path).or_derived("`images` below `DATA_DIR`; `~/.image-generation-mcp/images` when that exists and `DATA_DIR` is not set"),
            "Where images are kept.";
        STYLES_DIR: Setting::host(Kind::Path).or_derived("`styles` below `DATA_DIR`; `~/.image-generation-mcp/styles` when that exists and `DATA_DIR` is not set"),
            "Where styles are kept.";
        DANGER_FETCH_HOSTS: Setting::host(Kind::HostsAndPorts),
            "Hosts (`host` or `host:port`) that the server may fetch from for strangers although their addresses are not public, or their port is not 443.";
        COMPILE_CACHE: Setting::host(Kind::Switch).or("true"),
            "Keep compiled components on disk, in the platform's cache directory.";
        TOOLS_COMPONENT: Setting::host(Kind::Path).or_derived("the built-in tools"),
            "A component file to serve as the tools.";
        LOG_LEVEL: Setting::host(Kind::LogLevel).or("info")
            .also(&[Alias { variable: "FASTMCP_LOG_LEVEL", meaning: Meaning::Same }]),
            "The least important messages to log.";
        LOG_FORMAT: Setting::host(Kind::Choice(&["text", "json"])).or("text")
            .also(&[Alias {
                variable: "FASTMCP_ENABLE_RICH_LOGGING",
                meaning: Meaning::Switch { on: "text", off: "json" },
            }]),
            "The form of log lines on standard error.";
    }
}
