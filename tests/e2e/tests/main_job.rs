//! The main job: an MCP client with a token of a real provider generates an image, sees it, and
//! finds it again after a restart.

use e2e::browser::Browser;
use e2e::clients::{Client, Identity, Report};
use e2e::gallery::{assert_solid, decode};
use e2e::idp::{ALGORITHMS, Idp};
use e2e::network::Network;
use e2e::server::Server;
use e2e::settings::{AUDIENCE, Settings, free_port};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TOOLS: [&str; 8] = [
    "generate_image",
    "check_generation_status",
    "show_image",
    "list_providers",
    "delete_image",
    "get_server_info",
    "list_resources",
    "read_resource",
];

#[tokio::test]
async fn rmcp_of_2025_does_the_whole_job() {
    whole_job(Client::RustLegacy).await;
}

#[tokio::test]
async fn rmcp_of_2026_does_the_whole_job() {
    whole_job(Client::RustAuto).await;
}

#[tokio::test]
async fn typescript_sdk_1_does_the_whole_job() {
    whole_job(Client::TypeScriptV1).await;
}

#[tokio::test]
async fn typescript_sdk_2_of_2025_does_the_whole_job() {
    whole_job(Client::TypeScriptLegacy).await;
}

#[tokio::test]
async fn typescript_sdk_2_of_2026_does_the_whole_job() {
    whole_job(Client::TypeScriptAuto).await;
}

async fn whole_job(client: Client) {
    let idp = Idp::shared().await;
    let mut server = Settings::remote(&idp.config_url()).start().await;
    let token = idp.token("RS256", AUDIENCE).await;
    let prompt = format!("a lighthouse at dusk, seen by {client:?}");
    server.logs().keep_secret(&token);
    server.logs().keep_secret(&prompt);

    let report = client.create(&server.url(), Some(&token), &prompt).await;
    assert_eq!(report.protocol_version, client.protocol_version());
    for tool in TOOLS {
        assert!(
            report.tools.iter().any(|name| name == tool),
            "{tool} is not in {:?}",
            report.tools
        );
    }
    assert_eq!(
        report.waited.as_ref().unwrap().structured["status"],
        "completed"
    );
    assert_eq!(
        report.polled.as_ref().unwrap().structured["status"],
        "completed"
    );
    assert_results_are_light(&report);
    assert_image(&report, &prompt);

    server.start_again().await;
    let id = image_id(&report);
    let found = client.find(&server.url(), Some(&token), &id).await;
    assert_image(&found, &prompt);
    assert_eq!(
        found.original.unwrap().bytes(),
        report.original.unwrap().bytes()
    );
    assert!(found.list.unwrap().contains(&id));
    assert_eq!(server.gallery().images(), 2);
}

fn image_id(report: &Report) -> String {
    let id = report.started.as_ref().unwrap().structured["image_id"]
        .as_str()
        .unwrap();
    assert!(
        id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
    id.to_owned()
}

/// The provider `placeholder` paints one colour, which the prompt decides.
fn assert_image(report: &Report, prompt: &str) {
    let colour = placeholder_colour(prompt);
    let original = report.original.as_ref().unwrap();
    let pixels = decode(&original.mime_type, &original.bytes());
    assert_eq!(
        (original.mime_type.as_str(), pixels.dimensions()),
        ("image/png", (256, 256))
    );
    assert_solid(&pixels, colour, 0);

    let view = report.view.as_ref().unwrap();
    let pixels = decode(&view.mime_type, &view.bytes());
    assert_eq!(
        (view.mime_type.as_str(), pixels.dimensions()),
        ("image/webp", (64, 32))
    );
    assert_solid(&pixels, colour, 6);

    let shown = report.shown.as_ref().unwrap();
    let block = shown.block("image");
    let bytes = base64(block["data"].as_str().unwrap());
    assert_solid(
        &decode(block["mime_type"].as_str().unwrap(), &bytes),
        colour,
        6,
    );
}

/// Clients refuse large results, and base64 in structured content is paid for in tokens.
fn assert_results_are_light(report: &Report) {
    let waited = report.waited.as_ref().unwrap();
    assert!(
        waited.block("resource_link")["uri"]
            .as_str()
            .unwrap()
            .starts_with("image://")
    );
    let preview = waited.block("image");
    let bytes = base64(preview["data"].as_str().unwrap());
    assert!(
        bytes.len() <= 256 * 1024,
        "a preview of {} bytes",
        bytes.len()
    );
    assert!(["image/jpeg", "image/webp"].contains(&preview["mime_type"].as_str().unwrap()));
    for call in [waited, report.shown.as_ref().unwrap()] {
        assert!(!call.is_error);
        assert!(
            call.structured.to_string().len() < 8 * 1024,
            "large structured content: {}",
            call.structured
        );
    }
}

fn placeholder_colour(prompt: &str) -> [u8; 3] {
    const PALETTE: [[u8; 3]; 6] = [
        [88, 101, 130],
        [130, 88, 101],
        [101, 130, 88],
        [130, 118, 88],
        [88, 130, 125],
        [118, 88, 130],
    ];
    let digest = Sha256::digest(prompt.as_bytes());
    // The digest is one big-endian number; its remainder can be taken byte by byte.
    let remainder = digest.iter().fold(0, |rest: usize, byte| {
        (rest * 256 + usize::from(*byte)) % PALETTE.len()
    });
    PALETTE[remainder]
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

#[tokio::test]
async fn every_algorithm_of_the_provider_opens_the_door() {
    let idp = Idp::shared().await;
    let server = Settings::remote(&idp.config_url()).start().await;
    for algorithm in ALGORITHMS {
        let token = idp.token(algorithm, AUDIENCE).await;
        server.logs().keep_secret(&token);
        for client in [Client::RustAuto, Client::TypeScriptAuto] {
            let report = client.list(&server.url(), Some(&token)).await;
            assert!(
                report.tools.contains(&"generate_image".to_owned()),
                "{algorithm} {client:?}: {report:?}"
            );
        }
    }
}

/// Nothing is configured at the client: 401, metadata, registration, login, consent, token.
#[tokio::test]
async fn a_person_logs_in_from_nothing_but_the_url() {
    let idp = Idp::shared().await;
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let settings = Settings::remote(&idp.config_url())
        .with("BASE_URL", &base)
        .on_port(port);
    let server = settings
        .with("OIDC_REQUIRED_SCOPES", "image:read")
        .start()
        .await;
    let network = Network::new(server.logs());
    network.serve(&base, [server.origin()]);
    network.serve(idp.issuer(), [idp.issuer()]);
    for client in [
        Client::TypeScriptV1,
        Client::TypeScriptLegacy,
        Client::TypeScriptAuto,
        Client::RustAuto,
    ] {
        let browser = Browser::new(&network);
        let login = client
            .login(&server.url(), &Identity::Stranger, &browser)
            .await;
        server.logs().keep_secret(&login.access_token);
        assert_eq!(
            login.asked_resource.as_deref(),
            Some(server.url().as_str()),
            "{client:?}"
        );
        assert!(
            login.asked_scope.unwrap().contains("image:read"),
            "{client:?}"
        );
        assert!(login.tools.contains(&"show_image".to_owned()), "{client:?}");
    }
}

/// A gallery of the Python server: transforms are judged by an image whose corners differ.
#[tokio::test]
async fn an_image_of_the_predecessor_is_turned_cropped_and_scaled() {
    let server = Server::anonymous().await;
    put_quarters(&server);
    let caller = server.as_anonymous();
    for (query, size, corners) in [
        ("", (40, 20), [RED, GREEN, BLUE, WHITE]),
        // Clockwise: what was at the bottom left comes to the top left.
        ("?rotate=90", (20, 40), [BLUE, RED, WHITE, GREEN]),
        ("?rotate=270", (20, 40), [GREEN, WHITE, RED, BLUE]),
        ("?flip=horizontal", (40, 20), [GREEN, RED, WHITE, BLUE]),
        (
            "?crop_x=0&crop_y=0&crop_w=20&crop_h=20",
            (20, 20),
            [RED, RED, BLUE, BLUE],
        ),
        // Scale to cover, then crop the middle: the corners stay different.
        ("?width=20&height=20", (20, 20), [RED, GREEN, BLUE, WHITE]),
        ("?rotate=90&width=10", (10, 20), [BLUE, RED, WHITE, GREEN]),
        (
            "?crop_x=20&crop_y=0&crop_w=20&crop_h=20&rotate=180&format=png",
            (20, 20),
            [WHITE, WHITE, GREEN, GREEN],
        ),
    ] {
        let (mime_type, bytes) = caller
            .read(&format!("image://00112233aabb/view{query}"))
            .await
            .blob();
        let image = decode(&mime_type, &bytes);
        let (right, bottom) = (image.width() - 1, image.height() - 1);
        let seen = [(0, 0), (right, 0), (0, bottom), (right, bottom)]
            .map(|(x, y)| image.get_pixel(x, y).0);
        assert_eq!(
            (image.dimensions(), seen.map(nearest)),
            (size, corners),
            "{query}: {seen:?}"
        );
    }
    let metadata = caller
        .read("image://00112233aabb/metadata")
        .await
        .resource_json();
    assert_eq!(metadata["prompt"], "four quarters");
}

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const WHITE: [u8; 3] = [255, 255, 255];

/// The primary colour that a resampled pixel came from.
fn nearest(pixel: [u8; 4]) -> [u8; 3] {
    [pixel[0], pixel[1], pixel[2]].map(|channel| if channel >= 128 { 255 } else { 0 })
}

fn put_quarters(server: &Server) {
    let image = image::RgbImage::from_fn(40, 20, |x, y| {
        image::Rgb(match (x < 20, y < 10) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => WHITE,
        })
    });
    let mut png = std::io::Cursor::new(Vec::new());
    image.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    let sidecar: Value = json!({
        "id": "00112233aabb", "prompt": "four quarters", "negative_prompt": null, "provider": "openai",
        "aspect_ratio": "1:1", "quality": "standard", "background": "opaque", "content_type": "image/png",
        "original_filename": "00112233aabb-original.png", "original_size_bytes": png.len(),
        "original_dimensions": [40, 20], "provider_metadata": {"model": "gpt-image-1"},
        "created_at": "2026-01-02T03:04:05.678901+00:00", "source_image_ids": [],
        "origin": "generated", "origin_source": null,
    });
    server.gallery().put("00112233aabb-original.png", png);
    server
        .gallery()
        .put("00112233aabb.json", sidecar.to_string());
}
