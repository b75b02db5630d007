//! Clients that publish their metadata at an `https` address (client id metadata documents), with a
//! certificate that only who trusts the tests' own authority accepts.
//!
//! The address of such a document has no port, so all of them are at `https://localhost/`, which one
//! server of the test process serves. Where it may not listen on port 443, there are none.

use std::collections::BTreeMap;
use std::env;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::artifacts;
use crate::keys::encode;
use crate::oauth_client::{REDIRECT, random};
use crate::tls;

/// A published document.
pub struct ClientDocument {
    path: String,
    server: &'static Server,
}

/// What is published.
#[derive(Clone)]
pub struct Published {
    /// Status line and header fields, each ending with CR LF.
    pub head: String,
    /// The document.
    pub body: Value,
    /// Spaces after the document.
    pub padding: usize,
}

struct Server {
    authority: PathBuf,
    pages: Arc<Mutex<BTreeMap<String, Page>>>,
}

struct Page {
    text: String,
    fetched: usize,
}

impl ClientDocument {
    /// Publishes a document of a public client with [`REDIRECT`]; `change` makes it another one.
    /// `None`, and a loud line, when it cannot be served; a failure where `CI` is `true`.
    pub fn publish(change: impl FnOnce(&mut Published)) -> Option<Self> {
        let server = server()?;
        let path = format!("/{}/client.json", encode(&random()[..9]));
        let document = Self { path, server };
        let address = document.address();
        let mut published = Published {
            head: "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n".into(),
            body: json!({
                "client_id": address,
                "client_name": "Published Painter",
                "client_uri": "https://localhost/",
                "redirect_uris": [REDIRECT],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }),
            padding: 0,
        };
        change(&mut published);
        let page = Page {
            text: published.text(),
            fetched: 0,
        };
        let mut pages = server.pages.lock().unwrap();
        pages.insert(document.path.clone(), page);
        drop(pages);
        Some(document)
    }

    /// The address, which is the client's id.
    pub fn address(&self) -> String {
        format!("https://localhost{}", self.path)
    }

    /// The certificate of the authority, as a file.
    pub fn authority(&self) -> &str {
        self.server.authority.to_str().unwrap()
    }

    /// How often the document was fetched.
    pub fn fetched(&self) -> usize {
        self.server.pages.lock().unwrap()[&self.path].fetched
    }
}

impl Published {
    fn text(&self) -> String {
        let body = format!("{}{}", self.body, " ".repeat(self.padding));
        let length = body.len();
        let head = &self.head;
        format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
    }
}

/// The server of all tests, on a thread of its own: each test has a runtime that ends with it.
fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let listener = match std::net::TcpListener::bind("127.0.0.1:443") {
            Ok(listener) => listener,
            Err(error) => {
                let missing = format!(
                    "cannot listen on port 443: {error}\nhint: `sysctl net.ipv4.ip_unprivileged_port_start=443`"
                );
                assert!(env::var("CI").as_deref() != Ok("true"), "{missing}");
                // Not by a macro, whose output the test harness would keep to itself.
                let _ = writeln!(std::io::stderr(), "SKIPPED: client documents: {missing}");
                return None;
            }
        };
        listener.set_nonblocking(true).unwrap();
        let authority = artifacts::shared_directory("authority").join("ca.pem");
        let (acceptor, pem) = tls::acceptor("localhost");
        std::fs::write(&authority, pem).unwrap();
        let pages = Arc::default();
        let served = Arc::clone(&pages);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(serve(listener, acceptor, served));
        });
        Some(Server { authority, pages })
    });
    server.as_ref()
}

async fn serve(
    listener: std::net::TcpListener,
    acceptor: TlsAcceptor,
    pages: Arc<Mutex<BTreeMap<String, Page>>>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, pages) = (acceptor.clone(), Arc::clone(&pages));
        tokio::spawn(async move {
            // Who does not trust us hangs up.
            let _ = answer(acceptor, stream, pages).await;
        });
    }
}

async fn answer(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    pages: Arc<Mutex<BTreeMap<String, Page>>>,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let text = match pages.lock().unwrap().get_mut(path) {
        Some(page) => {
            page.fetched += 1;
            page.text.clone()
        }
        None => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".into(),
    };
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
