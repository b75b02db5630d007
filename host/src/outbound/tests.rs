//! Where requests may go, what they may say, and what an answer may cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::config::AllowedHost;
use crate::keys::{Clock, Keys, KeysConfig, ProviderGrant};

const CAPS: Caps = Caps {
    max_bytes: 1000,
    timeout: Duration::from_millis(500),
};

/// A server on loopback that gives one answer and counts connections.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut buffer = vec![0; 64 * 1024];
                    let read = stream.read(&mut buffer).await.unwrap_or(0);
                    let answer = answer(&String::from_utf8_lossy(&buffer[..read]));
                    let _ = stream.write_all(answer.as_bytes()).await;
                    if answer.is_empty() {
                        let _ = stream.read(&mut buffer).await;
                    }
                });
            }
        });
        Self {
            port,
            connections,
            task,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(status: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{fields}\r\n{body}"
    )
}

/// The provider whose discovery document is on this server.
fn provider(server: &Server) -> ProviderWeb {
    let config_url = server.url("/.well-known/openid-configuration");
    let grant = ProviderGrant {
        config_url: config_url.clone(),
        extra_jwks_hosts: Vec::new(),
    };
    let client = crate::keys::http_client().unwrap();
    let keys = Keys::new(vec![grant], KeysConfig::default(), client, Clock::system());
    let url = config_url.parse().unwrap();
    let hosts = vec!["keys.example".to_owned()];
    ProviderWeb::new(url, hosts, Arc::new(keys.ok().unwrap())).unwrap()
}

fn public(exempt: &[&str]) -> PublicWeb {
    let host = |text: &&str| {
        let (host, port) = text.split_once(':').map_or((*text, None), |(host, port)| {
            (host, Some(port.parse().unwrap()))
        });
        AllowedHost {
            host: host.to_owned(),
            port,
        }
    };
    PublicWeb::new(exempt.iter().map(host).collect()).unwrap()
}

#[tokio::test]
async fn strangers_name_nothing_but_public_https() {
    let web = public(&[]);
    for (url, expected) in [
        ("http://example.com/", "not https"),
        ("ftp://example.com/", "not https"),
        ("file:///etc/passwd", "no host"),
        ("javascript:alert(1)", "no host"),
        ("example.com/", "not an absolute URL"),
        ("https://example.com:8443/", "port other than 443"),
        ("https://example.com:80/", "port other than 443"),
        ("https://127.0.0.1/", "IP address"),
        ("https://2130706433/", "IP address"),
        ("https://0x7f.1/", "IP address"),
        ("https://8.8.8.8/", "IP address"),
        ("https://[::1]/", "IP address"),
        ("https://[::ffff:7f00:1]/", "IP address"),
        ("https://user@example.com/", "user information"),
        ("https://@example.com/", "user information"),
        ("https://user:pw@example.com/", "user information"),
        ("https://example.com/#part", "fragment"),
        ("https://example.com/#", "fragment"),
        ("https:\\\\example.com/", "backslashes"),
        ("https://example.com/a b", "spaces"),
        ("https://example.com/\r\nhost: x", "control"),
        ("https://", "not an absolute URL"),
    ] {
        let refused = web.send(Request::get(url, CAPS)).await.unwrap_err();
        assert!(
            matches!(refused, Error::Invalid(_) | Error::NotGranted(_)),
            "{url}: {refused}"
        );
        assert!(refused.to_string().contains(expected), "{url}: {refused}");
    }
    let long = format!("https://example.com/{}", "a".repeat(9000));
    let refused = web.send(Request::get(long, CAPS)).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_name_with_a_private_address_is_refused() {
    for name in ["localhost", "LOCALHOST"] {
        let request = Request::get(format!("https://{name}/"), CAPS);
        let refused = public(&[]).send(request).await.unwrap_err();
        assert!(matches!(refused, Error::AddressRefused(_)), "{refused:?}");
    }
}

#[tokio::test]
async fn an_exemption_is_for_its_host_and_port_only() {
    let server = Server::start(|_| String::new()).await;
    let exempt = format!("localhost:{}", server.port);
    let url = |host: &str| format!("https://{host}:{}/", server.port);
    let lenient = public(&[&exempt]);
    let outcome = lenient.send(Request::get(url("localhost"), CAPS));
    // It speaks no TLS, but it was reached.
    let outcome = outcome.await.unwrap_err();
    assert!(
        matches!(outcome, Error::Connection(_) | Error::Timeout),
        "{outcome:?}"
    );
    assert_eq!(server.connections(), 1);
    for (exempt, host) in [
        ("localhost:1", "localhost"),
        ("127.0.0.1", "localhost"),
        ("localhost", "127.0.0.1"),
    ] {
        let refused = public(&[exempt]).send(Request::get(url(host), CAPS)).await;
        assert!(matches!(refused, Err(Error::NotGranted(_))), "{refused:?}");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn strangers_get_no_post_and_no_credentials() {
    let web = public(&[]);
    let mut post = Request::get("https://example.com/", CAPS);
    post.method = Method::POST;
    assert!(matches!(web.send(post).await, Err(Error::NotGranted(_))));
    for name in ["authorization", "Cookie", "proxy-authorization"] {
        let mut request = Request::get("https://example.com/", CAPS);
        request.headers.push((name.to_owned(), "x".to_owned()));
        let refused = web.send(request).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{name}");
    }
}

#[tokio::test]
async fn the_provider_is_its_origin_and_the_endpoints_it_names() {
    let elsewhere = Server::start(|_| answer("200 OK", "", "elsewhere")).await;
    let (port, endpoint) = (Arc::new(AtomicUsize::new(0)), elsewhere.url("/token"));
    let own = Arc::clone(&port);
    let server = Server::start(move |request| {
        let issuer = format!("http://127.0.0.1:{}", own.load(Ordering::SeqCst));
        let json = "content-type: application/json\r\n";
        if request.starts_with("GET /.well-known/openid-configuration ") {
            let document = serde_json::json!({
                "issuer": issuer,
                "jwks_uri": format!("{issuer}/jwks"),
                "token_endpoint": endpoint,
                "op_policy_uri": endpoint.replace("token", "policy"),
            });
            return answer("200 OK", json, &document.to_string());
        }
        if request.starts_with("GET /jwks ") {
            let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
            let key = serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": x});
            let set = serde_json::json!({"keys": [key]});
            return answer("200 OK", json, &set.to_string());
        }
        answer("404 Not Found", "set-cookie: a=b\r\nx-y: z\r\n", "own")
    })
    .await;
    port.store(usize::from(server.port), Ordering::SeqCst);
    let web = provider(&server);
    let body_of = |url: String| {
        let sent = web.send(Request::get(url, CAPS));
        async { String::from_utf8(sent.await.unwrap().body).unwrap() }
    };
    assert_eq!(body_of(server.url("/anything?x=1")).await, "own");
    assert_eq!(body_of(elsewhere.url("/token")).await, "elsewhere");
    let own = web.send(Request::get(server.url("/"), CAPS)).await.unwrap();
    assert_eq!(own.status, 404, "any status is an answer");
    assert_eq!(
        (own.header("x-y"), own.header("set-cookie")),
        (Some("z"), None)
    );
    let reached = elsewhere.connections();
    for url in [
        elsewhere.url("/"),
        elsewhere.url("/token?x=1"),
        elsewhere.url("/policy"),
        server.url("/").replace("127.0.0.1", "localhost"),
        "https://evil.example/".to_owned(),
    ] {
        let refused = web.send(Request::get(&url, CAPS)).await;
        assert!(matches!(refused, Err(Error::NotGranted(_))), "{url}");
    }
    let plain = web.send(Request::get("http://keys.example/", CAPS)).await;
    assert!(matches!(plain, Err(Error::Invalid(_))));
    assert_eq!(elsewhere.connections(), reached);
}

#[tokio::test]
async fn caps_and_redirects() {
    let server = Server::start(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path {
            "/exact" => answer("200 OK", "", &"x".repeat(1000)),
            "/large" => answer("200 OK", "", &"x".repeat(1001)),
            "/endless" => format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(5000)),
            "/redirect" => answer("302 Found", "location: /exact\r\n", ""),
            "/zip" => answer("200 OK", "content-encoding: gzip\r\n", "not really"),
            "/cut" => {
                "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nx".to_owned()
            }
            _ => String::new(),
        }
    })
    .await;
    let web = provider(&server);
    let get = |path: &str| web.send(Request::get(server.url(path), CAPS));
    assert_eq!(get("/exact").await.unwrap().body.len(), 1000);
    assert_eq!(get("/large").await, Err(Error::TooLarge));
    assert_eq!(get("/endless").await, Err(Error::TooLarge));
    assert_eq!(get("/silence").await, Err(Error::Timeout));
    assert!(matches!(
        get("/cut").await,
        Err(Error::Connection(_) | Error::Timeout)
    ));
    let redirect = get("/redirect").await.unwrap();
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (302, Some("/exact"))
    );
    assert_eq!(get("/zip").await.unwrap().body, b"not really");
}

#[tokio::test]
async fn the_host_keeps_its_own_fields() {
    let server = Server::start(|request| answer("200 OK", "", request)).await;
    let web = provider(&server);
    let mut request = Request::get(
        server.url("/"),
        Caps {
            max_bytes: 10_000,
            ..CAPS
        },
    );
    for name in [
        "host",
        "User-Agent",
        "transfer-encoding",
        "connection",
        "accept-encoding",
    ] {
        request.headers.push((name.to_owned(), "evil".to_owned()));
    }
    request
        .headers
        .push(("accept".to_owned(), "text/plain".to_owned()));
    let echoed = String::from_utf8(web.send(request.clone()).await.unwrap().body).unwrap();
    assert!(!echoed.contains("evil"), "{echoed}");
    assert!(echoed.contains("accept: text/plain") && echoed.contains("image-generation-mcp/"));
    for (name, value) in [("a b", "x"), ("x", "a\r\nb: c"), ("", "x")] {
        let mut request = request.clone();
        request.headers.push((name.to_owned(), value.to_owned()));
        assert!(
            matches!(web.send(request).await, Err(Error::Invalid(_))),
            "{name}"
        );
    }
    let mut delete = request.clone();
    delete.method = Method::DELETE;
    assert!(matches!(web.send(delete).await, Err(Error::Invalid(_))));
    let mut large = request;
    (large.method, large.body) = (Method::POST, vec![b'x'; MAX_REQUEST_BYTES + 1]);
    assert!(matches!(web.send(large).await, Err(Error::Invalid(_))));
}
