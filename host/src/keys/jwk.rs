//! One public key of a provider (RFC 7517), admitted by rules and parsed once.

use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse,
};
use serde_json::Value;

use super::algorithm::{Algorithm, Family};
use super::ed25519;
use super::jws::MAX_KID_CHARS;

/// A key that may be used, with the algorithms that it may be used for.
#[derive(Clone)]
pub(super) struct Key {
    kid: Option<String>,
    /// One parsed key for each algorithm: parsing is done once, not for every token.
    verifiers: Vec<(Algorithm, ParsedPublicKey)>,
}

/// Why a key is left out. The other keys of its set are still used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("not a JWK of a supported type (RSA, EC P-256/P-384/P-521, OKP Ed25519)")]
    Type,
    #[error("it holds a symmetric key")]
    Symmetric,
    #[error("it holds its private part, so that anybody could have signed with it")]
    Private,
    #[error("`use` is not `sig`")]
    Use,
    #[error("`key_ops` lacks `verify`")]
    Operations,
    #[error("`alg` is not a verified algorithm that fits the key type")]
    Algorithm,
    #[error("`kid` is longer than {MAX_KID_CHARS} characters")]
    Kid,
    #[error("a member is not base64url")]
    Encoding,
    #[error("the RSA modulus is even or not of 2048 to 8192 bits")]
    Modulus,
    #[error("the RSA exponent is even, below 3 or above 2^32")]
    Exponent,
    #[error("a coordinate has the wrong length, or the point is not on the curve")]
    Point,
    #[error("not a canonical Ed25519 point of large order")]
    Ed25519,
}

impl Key {
    /// Admits a key or says why not.
    pub(super) fn admit(value: &Value) -> Result<Self, Refused> {
        let jwk: Jwk = serde_json::from_value(value.clone()).map_err(|_| Refused::Type)?;
        // `d` is the private member of RSA, EC and OKP keys alike (RFC 7518, sections 6.2.2 and
        // 6.3.2; RFC 8037, section 2).
        if value.get("d").is_some() {
            return Err(Refused::Private);
        }
        check_purpose(&jwk.common)?;
        let pinned = pinned_algorithm(value)?;
        let verifiers = match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => rsa_verifiers(&rsa.n, &rsa.e, pinned),
            AlgorithmParameters::EllipticCurve(ec) => {
                ec_verifier(&ec.curve, (&ec.x, &ec.y), pinned)
            }
            AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => {
                ed25519_verifier(&okp.x, pinned)
            }
            AlgorithmParameters::OctetKey(_) => Err(Refused::Symmetric),
            _ => Err(Refused::Type),
        }?;
        Ok(Self {
            kid: jwk.common.key_id,
            verifiers,
        })
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithms that this key may be used for.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.verifiers.iter().map(|(algorithm, _)| *algorithm)
    }

    /// The parsed key, when it fits the algorithm.
    pub(super) fn verifier(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        self.verifiers
            .iter()
            .find(|(fits, _)| *fits == algorithm)
            .map(|(_, key)| key)
    }
}

fn check_purpose(common: &CommonParameters) -> Result<(), Refused> {
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return Err(Refused::Use);
    }
    if let Some(operations) = &common.key_operations
        && !operations.contains(&KeyOperations::Verify)
    {
        return Err(Refused::Operations);
    }
    if common
        .key_id
        .as_ref()
        .is_some_and(|kid| kid.chars().count() > MAX_KID_CHARS)
    {
        return Err(Refused::Kid);
    }
    Ok(())
}

/// The algorithm that `alg` ties the key to. Read from the raw member: the typed JWK has no name
/// for ES512.
fn pinned_algorithm(value: &Value) -> Result<Option<Algorithm>, Refused> {
    match value.get("alg") {
        None => Ok(None),
        Some(Value::String(name)) => Algorithm::named(name).map(Some).ok_or(Refused::Algorithm),
        Some(_) => Err(Refused::Algorithm),
    }
}

/// The algorithms of a family, narrowed to the pinned one.
fn usable(family: Family, pinned: Option<Algorithm>) -> Result<Vec<Algorithm>, Refused> {
    let algorithms: Vec<Algorithm> = Algorithm::ALL
        .into_iter()
        .filter(|algorithm| algorithm.family() == family)
        .filter(|algorithm| pinned.is_none_or(|pinned| pinned == *algorithm))
        .collect();
    if algorithms.is_empty() {
        Err(Refused::Algorithm)
    } else {
        Ok(algorithms)
    }
}

type Verifiers = Vec<(Algorithm, ParsedPublicKey)>;

fn rsa_verifiers(n: &str, e: &str, pinned: Option<Algorithm>) -> Result<Verifiers, Refused> {
    let (n, e) = (decode_unsigned(n)?, decode_unsigned(e)?);
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) || !is_odd(&n) {
        return Err(Refused::Modulus);
    }
    // An exponent of 1 makes every message its own signature; an even one makes no sense.
    if !is_odd(&e) || e == [1] || e.len() > 4 {
        return Err(Refused::Exponent);
    }
    let components = RsaPublicKeyComponents { n, e };
    usable(Family::Rsa, pinned)?
        .into_iter()
        .map(|algorithm| {
            let parameters = algorithm.rsa().ok_or(Refused::Algorithm)?;
            let key = components
                .to_parsed_public_key(parameters)
                .map_err(|_| Refused::Modulus)?;
            Ok((algorithm, key))
        })
        .collect()
}

fn ec_verifier(
    curve: &EllipticCurve,
    (x, y): (&str, &str),
    pinned: Option<Algorithm>,
) -> Result<Verifiers, Refused> {
    let (family, length) = match curve {
        EllipticCurve::P256 => (Family::P256, 32),
        EllipticCurve::P384 => (Family::P384, 48),
        EllipticCurve::P521 => (Family::P521, 66),
        _ => return Err(Refused::Type),
    };
    let (x, y) = (decode(x)?, decode(y)?);
    if x.len() != length || y.len() != length {
        return Err(Refused::Point);
    }
    // SEC 1, section 2.3.3: 4 marks an uncompressed point. Parsing it checks the curve equation.
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    curve_verifiers(usable(family, pinned)?, &point, Refused::Point)
}

fn ed25519_verifier(x: &str, pinned: Option<Algorithm>) -> Result<Verifiers, Refused> {
    let x = decode(x)?;
    let point: &[u8; 32] = x.as_slice().try_into().map_err(|_| Refused::Ed25519)?;
    if !ed25519::is_canonical_of_large_order(point) {
        return Err(Refused::Ed25519);
    }
    curve_verifiers(usable(Family::Ed25519, pinned)?, point, Refused::Ed25519)
}

fn curve_verifiers(
    algorithms: Vec<Algorithm>,
    point: &[u8],
    refused: Refused,
) -> Result<Verifiers, Refused> {
    algorithms
        .into_iter()
        .map(|algorithm| {
            let parameters = algorithm.curve().ok_or(Refused::Algorithm)?;
            let key = ParsedPublicKey::new(parameters, point).map_err(|_| refused)?;
            Ok((algorithm, key))
        })
        .collect()
}

fn decode(member: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD
        .decode(member)
        .map_err(|_| Refused::Encoding)
}

/// A big-endian number. RFC 7518, section 2 forbids leading zero octets; some providers put one
/// there since their big numbers are signed, and the number is the same without it.
fn decode_unsigned(member: &str) -> Result<Vec<u8>, Refused> {
    let bytes = decode(member)?;
    Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|byte| byte & 1 == 1)
}
