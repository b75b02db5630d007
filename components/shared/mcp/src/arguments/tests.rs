//! The rules, as tables.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};

use super::{MAX_FAULTS, check_arguments};

/// The faults of arguments against a schema with these properties, one a line.
fn faults(properties: Value, arguments: Value) -> String {
    let schema = json!({"type": "object", "properties": properties, "required": ["must"]});
    let (schema, arguments) = (schema.as_object().unwrap(), arguments.as_object().unwrap());
    match check_arguments(schema, arguments) {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn names_what_is_unknown_and_what_is_missing() {
    let text = faults(json!({"must": {}, "may": {}}), json!({"mast": 1}));
    let expected = "unknown argument: `mast`\nhint: known arguments are `may`, `must`\n\
                    missing argument: `must`";
    assert_eq!(text, expected);
    let open = json!({"type": "object", "additionalProperties": true});
    let any = json!({"x": 1});
    let (open, any) = (open.as_object().unwrap(), any.as_object().unwrap());
    assert!(check_arguments(open, any).is_ok());
    let text = check_arguments(&serde_json::Map::new(), any).unwrap_err();
    let expected = "unknown argument: `x`\nhint: there are no arguments here";
    assert_eq!(text.to_string(), expected);
}

#[test]
fn names_what_has_the_wrong_type_or_value() {
    for (schema, value, fault) in [
        (
            json!({"type": "string"}),
            json!(1),
            "`must` must be string, not number",
        ),
        (
            json!({"type": "string"}),
            json!(null),
            "`must` must be string, not null",
        ),
        (
            json!({"type": "integer"}),
            json!(1.5),
            "`must` must be integer, not number",
        ),
        (
            json!({"type": "number"}),
            json!("1"),
            "`must` must be number, not string",
        ),
        (
            json!({"type": "boolean"}),
            json!(0),
            "`must` must be boolean, not number",
        ),
        (
            json!({"type": "array"}),
            json!({}),
            "`must` must be array, not object",
        ),
        (
            json!({"type": "object"}),
            json!([]),
            "`must` must be object, not array",
        ),
        (
            json!({"type": ["string", "null"]}),
            json!(true),
            "`must` must be string or null, not boolean",
        ),
        (
            json!({"enum": ["a", 1]}),
            json!("b"),
            "`must` must be one of \"a\", 1",
        ),
        (json!({"const": "a"}), json!("b"), "`must` must be \"a\""),
        (json!({"minimum": 1}), json!(0), "`must` must be at least 1"),
        (
            json!({"maximum": 1}),
            json!(1.5),
            "`must` must be at most 1",
        ),
        (
            json!({"exclusiveMinimum": 0}),
            json!(0),
            "`must` must be more than 0",
        ),
        (
            json!({"exclusiveMaximum": 2}),
            json!(2),
            "`must` must be less than 2",
        ),
        (
            json!({"minLength": 1}),
            json!(""),
            "`must` must have at least 1 characters",
        ),
        (
            json!({"maxLength": 1}),
            json!("\u{1f34e}x"),
            "`must` must have at most 1 characters",
        ),
        (
            json!({"minItems": 1}),
            json!([]),
            "`must` must have at least 1 items",
        ),
        (
            json!({"maxItems": 0}),
            json!([1]),
            "`must` must have at most 0 items",
        ),
        (
            json!({"items": {"type": "string"}}),
            json!(["a", 1]),
            "`must[1]` must be string, not number",
        ),
        (
            json!({"properties": {"x": {"type": "string"}}}),
            json!({"x": 1, "y": 2}),
            "`must.x` must be string, not number\nunknown argument: `must.y`\n\
             hint: known arguments are `x`",
        ),
        (
            json!({"anyOf": [{"type": "integer", "minimum": 3}, {"type": "null"}]}),
            json!(2),
            "`must` must be at least 3",
        ),
        (
            json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
            json!([]),
            "`must` fits none of the allowed forms",
        ),
    ] {
        assert_eq!(
            faults(json!({"must": schema}), json!({"must": value})),
            fault
        );
    }
}

#[test]
fn accepts_what_fits() {
    for (schema, value) in [
        (json!({"type": "integer"}), json!(3.0)),
        (json!({"type": "integer"}), json!(u64::MAX)),
        (json!({"type": "number"}), json!(3)),
        (json!({"type": ["string", "null"]}), json!(null)),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            json!(null),
        ),
        (
            json!({"type": "string", "maxLength": 1}),
            json!("\u{1f34e}"),
        ),
        (json!({"type": "object"}), json!({"anything": 1})),
        (json!({"enum": ["a"]}), json!("a")),
        (json!({"minimum": 1, "maximum": 1}), json!(1)),
        (json!(true), json!([1])),
        (json!({"$ref": "#/$defs/x"}), json!(7)),
    ] {
        let text = faults(json!({"must": schema}), json!({"must": value}));
        assert_eq!(text, "", "{schema} {value}");
    }
}

#[test]
fn tells_a_few_faults_of_many_and_clips_names() {
    let mut arguments = json!({"must": 1});
    for index in 0..1000 {
        arguments[format!("{index}{}", "x".repeat(1000))] = json!(index);
    }
    let text = faults(json!({"must": {}}), arguments);
    assert_eq!(text.matches("unknown argument").count(), MAX_FAULTS);
    assert!(text.ends_with("and 984 more"), "{text}");
    assert!(text.len() < MAX_FAULTS * 300);
}
