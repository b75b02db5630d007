//! Tokens that others made: the examples of the RFCs, and jsonwebtoken as a second signer.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::idp::Reply;
use super::signer::b64;
use super::*;

async fn verify(jwk: Value, token: &str) -> Result<(), Failure> {
    let setup = Setup::new(&[]).await;
    setup.idp.jwks(Reply::Json(json!({"keys": [jwk]})));
    setup.verify(token).await
}

/// RFC 7515, appendix A.2.
#[tokio::test]
async fn rfc_7515_rs256() {
    let jwk = json!({
        "kty": "RSA",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1\
              Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaS\
              HSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6\
              _I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "e": "AQAB"
    });
    let token = "eyJhbGciOiJSUzI1NiJ9\
        .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
        .cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5\
        jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1\
        L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYE\
        UipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    verify(jwk, token).await.unwrap();
}

/// RFC 7515, appendix A.3.
#[tokio::test]
async fn rfc_7515_es256() {
    let jwk = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    });
    let token = "eyJhbGciOiJFUzI1NiJ9\
        .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
        .DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    verify(jwk, token).await.unwrap();
}

/// RFC 8037, appendix A.4. Its payload is a sentence: the signature holds, and what it covers is
/// not a set of claims.
#[tokio::test]
async fn rfc_8037_eddsa() {
    let jwk = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    });
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc\
        .hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let outcome = verify(jwk.clone(), token).await;
    assert_eq!(
        outcome,
        Err(Failure::Malformed("payload: not a JSON object".to_owned()))
    );
    let forged = token.replace("hgyY0il", "igyY0il");
    assert_eq!(verify(jwk, &forged).await, Err(Failure::SignatureInvalid));
}

#[tokio::test]
async fn tokens_signed_by_jsonwebtoken() {
    let claims = json!({"sub": "alice"});

    let ed = Ed25519KeyPair::generate().unwrap();
    let signing = EncodingKey::from_ed_der(ed.to_pkcs8v1().unwrap().as_ref());
    let token = encode(
        &Header::new(jsonwebtoken::Algorithm::EdDSA),
        &claims,
        &signing,
    )
    .unwrap();
    let x = b64(ed.public_key().as_ref());
    verify(json!({"kty": "OKP", "crv": "Ed25519", "x": x}), &token)
        .await
        .unwrap();

    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let signing = EncodingKey::from_ec_der(ec.to_pkcs8v1().unwrap().as_ref());
    let token = encode(
        &Header::new(jsonwebtoken::Algorithm::ES256),
        &claims,
        &signing,
    )
    .unwrap();
    let (x, y) = ec.public_key().as_ref()[1..].split_at(32);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)});
    verify(jwk, &token).await.unwrap();
}
