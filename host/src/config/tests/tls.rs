//! Certificate and key files.

use super::*;

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";

fn with_files(certificate: &str, key: &str) -> Machine {
    let mut machine = machine(&[]);
    machine
        .set_file("TLS_CERT_FILE", certificate)
        .set_file("TLS_KEY_FILE", key);
    machine
}

#[test]
fn a_chain_and_its_key() {
    let config = with_files(&CERTIFICATE.repeat(2), KEY).config();
    assert!(
        config
            .summary()
            .starts_with("transport: https on 127.0.0.1:8000")
    );
    let tls = config.tls.unwrap();
    assert_eq!(tls.certificates.len(), 2);
    let printed = format!("{tls:?}");
    let der = format!("{:?}", b"secret")
        .trim_matches(['[', ']'])
        .to_owned();
    assert!(
        !printed.contains(&der) && printed.contains("key"),
        "{printed}"
    );
}

#[test]
fn faults() {
    let certificate =
        "_TLS_CERT_FILE (environment): no PEM block `CERTIFICATE` in the file, or a damaged one";
    let key =
        "_TLS_KEY_FILE (environment): no PEM block `PRIVATE KEY` in the file, or a damaged one";
    for (cert_text, key_text, fault) in [
        ("", KEY, certificate),
        (KEY, KEY, certificate),
        (
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
            KEY,
            certificate,
        ),
        (CERTIFICATE, CERTIFICATE, key),
        (
            CERTIFICATE,
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
            key,
        ),
    ] {
        assert_eq!(with_files(cert_text, key_text).fault(), fault);
    }
    let mut half = machine(&[]);
    half.set_file("TLS_CERT_FILE", CERTIFICATE);
    assert_eq!(
        half.fault(),
        "_TLS_KEY_FILE (not set): needed by `TLS_CERT_FILE`"
    );
    let mut other_half = machine(&[]);
    other_half.set_file("TLS_KEY_FILE", KEY);
    assert_eq!(
        other_half.fault(),
        "_TLS_CERT_FILE (not set): needed by `TLS_KEY_FILE`"
    );
    let absent = machine(&[
        ("TLS_CERT_FILE", "/nowhere/c"),
        ("TLS_KEY_FILE", "/nowhere/k"),
    ]);
    assert_eq!(absent.faults().len(), 2);
}
