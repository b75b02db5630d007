//! Keys that sign test tokens, one for each algorithm.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::keys::Algorithm;

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// RSA keys take a second each to make, so tests share two.
static RSA: LazyLock<[RsaKeyPair; 2]> =
    LazyLock::new(|| [0, 1].map(|_| RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));

enum Pair {
    Rsa(&'static RsaKeyPair),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

/// A key pair of the provider.
pub(crate) struct TestKey {
    pub(crate) kid: &'static str,
    pub(crate) algorithm: Algorithm,
    pair: Pair,
}

impl TestKey {
    pub(crate) fn new(algorithm: Algorithm, kid: &'static str) -> Self {
        let ec = |parameters| Pair::Ec(Box::new(EcdsaKeyPair::generate(parameters).unwrap()));
        let pair = match algorithm {
            Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::EdDsa => Pair::Ed(Box::new(Ed25519KeyPair::generate().unwrap())),
            _ => Pair::Rsa(&RSA[0]),
        };
        Self {
            kid,
            algorithm,
            pair,
        }
    }

    /// The same names and another key pair.
    pub(crate) fn stranger(&self) -> Self {
        let mut stranger = Self::new(self.algorithm, self.kid);
        if let Pair::Rsa(pair) = &mut stranger.pair {
            *pair = &RSA[1];
        }
        stranger
    }

    /// The public key, without `alg` and `use`.
    pub(crate) fn bare_jwk(&self) -> Value {
        match &self.pair {
            Pair::Rsa(pair) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "kid": self.kid, "n": b64(parts.n), "e": b64(parts.e)})
            }
            Pair::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let crv = match self.algorithm {
                    Algorithm::Es256 => "P-256",
                    Algorithm::Es384 => "P-384",
                    _ => "P-521",
                };
                json!({"kty": "EC", "kid": self.kid, "crv": crv, "x": b64(x), "y": b64(y)})
            }
            Pair::Ed(pair) => {
                let x = b64(pair.public_key().as_ref());
                json!({"kty": "OKP", "kid": self.kid, "crv": "Ed25519", "x": x})
            }
        }
    }

    /// The public key as providers publish it.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = self.bare_jwk();
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.algorithm.name());
        jwk
    }

    /// A token with the usual header.
    pub(crate) fn token(&self, payload: &str) -> String {
        self.token_with(json!({"typ": "at+jwt", "kid": self.kid}), payload)
    }

    /// A token with that header, to which `alg` is added.
    pub(crate) fn token_with(&self, mut header: Value, payload: &str) -> String {
        header["alg"] = json!(self.algorithm.name());
        self.token_raw(header.to_string(), payload)
    }

    /// A correctly signed token, whatever the header says.
    pub(crate) fn token_raw(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let input = format!("{}.{}", b64(header), b64(payload));
        let signature = self.sign(self.algorithm, input.as_bytes());
        format!("{input}.{}", b64(signature))
    }

    pub(crate) fn sign(&self, algorithm: Algorithm, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, input).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(input).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match algorithm {
                    Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
                    Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
                    Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
                    Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
                    Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
                    _ => &signature::RSA_PSS_SHA512,
                };
                let mut signed = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, input, &mut signed).unwrap();
                signed
            }
        }
    }
}
