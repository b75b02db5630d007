//! Forms and queries: one reading or none.

use oauth::form::{FormError, MAX_BYTES, MAX_PARAMETERS, Parameters, encode};
use policy::types::{HttpRequest, RequestHead};
use proptest::prelude::*;

fn body(content_type: &[&str], body: &str) -> HttpRequest {
    let headers = content_type
        .iter()
        .map(|value| ("content-type".to_owned(), (*value).to_owned()));
    HttpRequest {
        head: RequestHead {
            headers: headers.collect(),
            ..RequestHead::default()
        },
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn values_are_decoded_once() {
    let text = "/authorize?client_id=a%2Bb&state=x+y%20z&resource=https%3A%2F%2Fh%2Fmcp%3Fq%3D1&n%61me=%C3%A9&e=&flag";
    let parameters = Parameters::of_query(text).unwrap();
    let table = [
        ("client_id", Some("a+b")),
        ("state", Some("x y z")),
        ("resource", Some("https://h/mcp?q=1")),
        ("name", Some("é")),
        ("e", None),
        ("flag", None),
        ("absent", None),
    ];
    for (name, value) in table {
        assert_eq!(parameters.value(name), value, "{name}");
    }
    assert_eq!(
        Parameters::of_query("/authorize"),
        Ok(Parameters::default())
    );
}

#[test]
fn what_has_two_readings_is_refused() {
    let long = format!("a={}", "x".repeat(MAX_BYTES));
    let many: String = (0..=MAX_PARAMETERS).map(|n| format!("p{n}=1&")).collect();
    let table = [
        ("a=1&a=1", FormError::Repeated),
        ("a=1&a=", FormError::Repeated),
        ("a&a", FormError::Repeated),
        ("a=1&%61=2", FormError::Repeated),
        ("resource=a&resource=b", FormError::SeveralResources),
        ("a=%", FormError::Encoding),
        ("a=%4", FormError::Encoding),
        ("a=%4g", FormError::Encoding),
        ("a=%+1", FormError::Encoding),
        ("a=%ff", FormError::Encoding),
        ("a=%c0%af", FormError::Encoding),
        ("a=%ed%a0%80", FormError::Encoding),
        ("a=é", FormError::Encoding),
        ("a=b c", FormError::Encoding),
        ("a=b\r\nc", FormError::Encoding),
        ("a=\0", FormError::Encoding),
        (&long, FormError::TooLarge),
        (&many, FormError::TooLarge),
    ];
    for (text, expected) in table {
        assert_eq!(
            Parameters::parse(text.as_bytes()),
            Err(expected),
            "{text:.60}"
        );
    }
    assert_eq!(FormError::Repeated.code(), "invalid_request");
    assert_eq!(FormError::SeveralResources.code(), "invalid_target");
}

#[test]
fn a_body_says_that_it_is_a_form() {
    for good in [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8",
        "Application/X-WWW-Form-URLEncoded ;charset=UTF-8",
    ] {
        let parameters = Parameters::of_body(&body(&[good], "code=1")).unwrap();
        assert_eq!(parameters.value("code"), Some("1"));
    }
    let form = "application/x-www-form-urlencoded";
    let table: [&[&str]; 6] = [
        &[],
        &["application/json"],
        &["multipart/form-data; boundary=x"],
        &["text/plain"],
        &["application/x-www-form-urlencodedx"],
        &[form, form],
    ];
    for types in table {
        let read = Parameters::of_body(&body(types, "code=1"));
        assert_eq!(read, Err(FormError::ContentType), "{types:?}");
    }
}

#[test]
fn parameters_are_not_printed() {
    let parameters = Parameters::parse(b"code=secret-value").unwrap();
    assert_eq!(format!("{parameters:?}"), "Parameters([1 parameters])");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again(values in prop::collection::vec(".*", 0..20)) {
        let names: Vec<String> = (0..values.len()).map(|n| format!("p{n}")).collect();
        let pairs: Vec<(&str, &str)> =
            names.iter().zip(&values).map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let text = encode(&pairs);
        prop_assume!(text.len() <= MAX_BYTES);
        let parameters = Parameters::parse(text.as_bytes()).unwrap();
        for (name, value) in pairs {
            prop_assert_eq!(parameters.value(name).unwrap_or_default(), value);
        }
    }

    #[test]
    fn bytes_are_parameters_or_an_error(bytes: Vec<u8>) {
        let _ = Parameters::parse(&bytes);
    }
}
