//! The native comparator: what one gets by writing the same server with `rmcp` and `axum`, without a
//! sandbox. Same tool names, schemas and answers; an RS256 check with `jsonwebtoken` on every request.
//!
//! Its answers are those that the host gave at the start of the run, taken apart into rmcp's model
//! types and put together again for every request, so both servers send bodies of the same size.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use axum::Router;
use rmcp::{
    ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, ErrorData, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::{RequestContext, RoleServer},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;

use self::{
    answers::{Answers, Captured},
    auth::Verifier,
    gallery::Gallery,
};

pub mod answers;
pub mod auth;
mod gallery;

/// Everything that the comparator is started with; the bench passes it as a JSON file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Where images and sidecars go.
    pub data_dir: PathBuf,
    /// The socket to listen on: chosen before, since the audience of the tokens names it.
    pub listen: SocketAddr,
    /// What the host answered.
    pub captured: Captured,
    /// Whose tokens are accepted; without it, no token is asked for.
    pub auth: Option<AuthSettings>,
}

/// Whose tokens are accepted.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuthSettings {
    /// The key set, as fetched and cached by a server that has run for a while.
    pub jwks: Value,
    /// The only accepted `iss`.
    pub issuer: String,
    /// The only accepted `aud`.
    pub audience: String,
}

/// Serves until standard input ends.
pub async fn serve(settings: PathBuf) -> anyhow::Result<()> {
    let settings = fs::read(&settings).with_context(|| format!("read {}", settings.display()))?;
    let settings: Settings = serde_json::from_slice(&settings).context("parse the settings")?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .context("bind the comparator")?;
    let address = listener.local_addr()?;
    let app = router(settings)?;
    crate::child::announce(address);
    axum::serve(listener, app).await.context("serve")
}

fn router(settings: Settings) -> anyhow::Result<Router> {
    let tools = Tools {
        answers: Arc::new(Answers::new(settings.captured)?),
        gallery: Gallery::create(settings.data_dir)?,
    };
    // Stateless and JSON: the fastest way in which rmcp serves these requests.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true);
    let sessions = Arc::new(NeverSessionManager::default());
    let mcp = StreamableHttpService::new(move || Ok(tools.clone()), sessions, config);
    let app = Router::new().route_service("/mcp", mcp);
    Ok(match settings.auth {
        None => app,
        Some(auth) => {
            let verifier = Arc::new(Verifier::new(&auth.jwks, &auth.issuer, &auth.audience)?);
            app.layer(axum::middleware::from_fn_with_state(
                verifier,
                auth::require_token,
            ))
        }
    })
}

#[derive(Debug, Clone)]
struct Tools {
    answers: Arc<Answers>,
    gallery: Gallery,
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.answers.tool(name)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(self.answers.tools())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let result = match request.name.as_ref() {
            "list_providers" => self.answers.providers(),
            "generate_image" => {
                let prompt = request
                    .arguments
                    .as_ref()
                    .and_then(|arguments| arguments.get("prompt"))
                    .and_then(Value::as_str)
                    .ok_or_else(|| ErrorData::invalid_params("`prompt` is missing", None))?;
                let image = self.gallery.generate(prompt.to_owned()).await?;
                self.answers.image(&image)
            }
            unknown => {
                return Err(ErrorData::invalid_params(
                    format!("unknown tool: {unknown}"),
                    None,
                ));
            }
        };
        Ok(result.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests;
