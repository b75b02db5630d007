//! The comparator as the load generator sees it.

use std::{fs, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{AuthSettings, Captured, Settings, router};
use crate::{
    answer::{Refusal, judge},
    idp::SigningKey,
    load::{LoadError, Pressure, Sample, Target},
    operation::Operation,
    wire::Connection,
};

/// A comparator in this process, with the key of the provider that it trusts.
struct Served {
    images: TempDir,
    address: std::net::SocketAddr,
    key: SigningKey,
}

impl Served {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let images = TempDir::new().unwrap();
        let key = SigningKey::generate().unwrap();
        let app = router(Settings {
            data_dir: images.path().to_owned(),
            listen: address,
            captured: captured(),
            auth: Some(AuthSettings {
                jwks: key.jwks(),
                issuer: "http://idp".into(),
                audience: "http://server/mcp".into(),
            }),
        });
        tokio::spawn(axum::serve(listener, app.unwrap()).into_future());
        Self {
            images,
            address,
            key,
        }
    }

    fn request(&self, operation: Operation) -> Bytes {
        let token = self
            .key
            .token("http://idp", "http://server/mcp", "alice")
            .unwrap();
        operation
            .request(&self.address.to_string(), Some(&token))
            .into()
    }

    async fn result(&self, operation: Operation) -> Value {
        let mut connection = Connection::open(self.address).await.unwrap();
        let answer = connection.exchange(&self.request(operation)).await.unwrap();
        judge(answer.status, &answer.body).unwrap()
    }

    async fn load(&self, request: Bytes) -> Result<Sample, LoadError> {
        let target = Target {
            address: self.address,
            pid: std::process::id(),
            operation: Operation::ListProviders,
            requests: Arc::new([request]),
        };
        let pressure = Pressure {
            connections: 4,
            warm_up: Duration::ZERO,
            window: Duration::from_secs(30),
            max_requests: 300,
        };
        target.measure(pressure).await
    }
}

fn captured() -> Captured {
    let providers = json!({"providers": {"placeholder": {"available": true}}, "warnings": []});
    let image = json!({"image_id": "0123456789ab", "status": "completed"});
    Captured {
        tools_list: json!({
            "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
            "tools": [{"name": "list_providers", "description": "Providers.", "inputSchema": {"type": "object"}}],
        }),
        list_providers: json!({
            "resultType": "complete", "structuredContent": providers,
            "content": [{"type": "text", "text": providers.to_string()}],
        }),
        generate_image: json!({
            "resultType": "complete", "structuredContent": image,
            "content": [
                {"type": "text", "text": image.to_string()},
                {"type": "image", "data": "", "mimeType": "image/jpeg"},
                {"type": "resource_link", "uri": "image://0123456789ab/view", "name": "Generated image"},
            ],
        }),
    }
}

#[tokio::test]
async fn answers_are_those_of_the_host() {
    let served = Served::start().await;
    assert_eq!(
        served.result(Operation::ToolsList).await,
        captured().tools_list
    );
    assert_eq!(
        served.result(Operation::ListProviders).await,
        captured().list_providers
    );
}

#[tokio::test]
async fn an_image_is_made_stored_and_named() {
    let served = Served::start().await;
    let result = served.result(Operation::GenerateImage).await;
    let id = result["structuredContent"]["image_id"].as_str().unwrap();
    assert_ne!(id, "0123456789ab");
    assert_eq!(result["content"][2]["uri"], format!("image://{id}/view"));
    assert!(
        result["content"][1]["data"]
            .as_str()
            .unwrap()
            .starts_with("/9j/")
    );
    let png = fs::read(served.images.path().join(format!("{id}-original.png"))).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    let sidecar = fs::read(served.images.path().join(format!("{id}.json"))).unwrap();
    let sidecar: Value = serde_json::from_slice(&sidecar).unwrap();
    assert_eq!(sidecar["original_size_bytes"], png.len());
}

#[tokio::test]
async fn load_counts_successes_and_stops_at_a_refusal() {
    let served = Served::start().await;
    let sample = served
        .load(served.request(Operation::ListProviders))
        .await
        .unwrap();
    assert!(sample.requests >= 300 && sample.rate > 0.0);
    assert!(sample.p99_us >= sample.p50_us && sample.p50_us > 0.0);
    let anonymous = Operation::ListProviders.request("127.0.0.1", None).into();
    let refused = served.load(anonymous).await;
    assert!(matches!(
        refused,
        Err(LoadError::Refused(Refusal::Status { status: 401, .. }))
    ));
}
