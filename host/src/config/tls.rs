//! The certificate and key with which the server speaks HTTPS.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::fault::{Problem, Report};
use super::places::{self, Places};
use super::settings::{self, Setting};
use super::values::Values;

/// What the server shows to clients. Whether key and certificate fit is checked by rustls.
#[derive(Debug)]
pub struct Tls {
    /// The chain, the server's own certificate first; never empty.
    pub certificates: Vec<CertificateDer<'static>>,
    /// The key of the first certificate.
    pub key: PrivateKeyDer<'static>,
}

impl Tls {
    pub(super) fn resolve(values: &Values, places: &Places, report: &mut Report) -> Option<Self> {
        let (cert_file, key_file) = (&settings::TLS_CERT_FILE, &settings::TLS_KEY_FILE);
        match (values.is_set(cert_file), values.is_set(key_file)) {
            (false, false) => return None,
            (true, true) => {}
            (false, true) => report.fault(values.place(cert_file), needed("TLS_KEY_FILE")),
            (true, false) => report.fault(values.place(key_file), needed("TLS_CERT_FILE")),
        }
        let mut read = |setting: &Setting| {
            let path = values.path(setting, places, report)?;
            match places::read(&path) {
                Ok(pem) => Some(pem),
                Err(problem) => {
                    report.fault(values.place(setting), problem);
                    None
                }
            }
        };
        let (cert_pem, key_pem) = (read(cert_file), read(key_file));
        let certificates = cert_pem.and_then(|pem| {
            let parsed: Result<Vec<_>, _> =
                CertificateDer::pem_slice_iter(pem.expose().as_bytes()).collect();
            let usable = parsed.ok().filter(|chain| !chain.is_empty());
            usable.or_else(|| {
                // The parser's message can quote a line of the file.
                let problem =
                    Problem::new("no PEM block `CERTIFICATE` in the file, or a damaged one");
                report.fault(values.place(cert_file), problem);
                None
            })
        });
        let key = key_pem.and_then(|pem| {
            let parsed = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).ok();
            parsed.or_else(|| {
                let problem =
                    Problem::new("no PEM block `PRIVATE KEY` in the file, or a damaged one")
                        .hint("an encrypted key must be decrypted first");
                report.fault(values.place(key_file), problem);
                None
            })
        });
        Some(Self {
            certificates: certificates?,
            key: key?,
        })
    }
}

fn needed(by: &str) -> Problem {
    Problem::new(format!("needed by `{by}`"))
}
