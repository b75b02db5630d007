//! The token file, and each way in which it can be wrong.

use super::*;

const OTHER: &str = "ffeeddccbbaa99887766554433221100";

fn with_file(text: &str) -> Machine {
    let mut machine = machine(&[]);
    machine.set_file("BEARER_TOKENS_FILE", text);
    machine
}

#[test]
fn tokens_and_subjects() {
    let text = format!("# for CI\n[tokens]\n\"{TOKEN}\" = \"alice\"\n{OTHER} = 'ci bot'\n");
    let config = with_file(&text).config();
    assert_eq!(config.tenant().auth.mode, AuthMode::Bearer);
    assert_eq!(config.tenant().auth.static_tokens, 2);
}

#[test]
fn faults() {
    for (text, fault) in [
        (
            String::new(),
            "the file has no table `[tokens]` with an entry",
        ),
        (
            "[tokens]".to_owned(),
            "the file has no table `[tokens]` with an entry",
        ),
        (
            "tokens = 3".to_owned(),
            "the file has no table `[tokens]` with an entry",
        ),
        (
            format!("[tokens]\n{TOKEN} = 'a'\n[more]\n"),
            "the file has more than the table `[tokens]`",
        ),
        (
            format!("[tokens]\n{TOKEN} = 'a'\n{TOKEN} = 'b'\n"),
            "the same entry twice, in line 3",
        ),
        (
            format!("[tokens]\n{TOKEN} = 'a'\n\n\"{OTHER}\n"),
            "not valid TOML, in line 4",
        ),
        (
            format!("[tokens]\n{TOKEN} = 'a'\nshort = 'bob'\n"),
            "the token of `bob`: too easy to guess: about 24 bits, needs 128",
        ),
        (
            format!("[tokens]\n\"{TOKEN} x\" = 'bob'\n"),
            "the token of `bob`: not a bearer token: only letters, digits and `-._~+/` with any `=` at the end",
        ),
        (
            format!("[tokens]\n{TOKEN} = ''\n"),
            "a subject: not from 1 to 255 characters: 0 characters",
        ),
        (
            format!("[tokens]\n{TOKEN} = \"a\\nb\"\n"),
            "a subject: contains a control character",
        ),
        (
            format!("[tokens]\n{TOKEN} = 7\n"),
            "a subject is not a string",
        ),
        (
            format!("[tokens]\n{TOKEN}.{OTHER} = 'dots'\n"),
            "a subject is not a string",
        ),
    ] {
        let machine = with_file(&text);
        assert_eq!(
            machine.fault(),
            format!("_BEARER_TOKENS_FILE (environment): {fault}")
        );
        let printed = machine.load().unwrap_err().to_string();
        assert!(
            !printed.contains(TOKEN) && !printed.contains(OTHER),
            "{printed}"
        );
    }
}

#[test]
fn all_faults_of_a_file_at_once() {
    let text = "x = 1\n[tokens]\nshort = 'a'\nbrief = 'b'\n";
    assert_eq!(with_file(text).faults().len(), 3);
}

#[test]
fn files_that_cannot_be_read() {
    let mut machine = machine(&[("BEARER_TOKENS_FILE", "~/absent.toml")]);
    let expected = format!("cannot read `{}/absent.toml`", machine.home().display());
    assert!(machine.fault().contains(&expected), "{}", machine.fault());

    let path = machine.home().join("large");
    std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    machine.set(
        "IMAGE_GENERATION_MCP_BEARER_TOKENS_FILE",
        path.to_str().unwrap(),
    );
    assert!(machine.fault().contains("larger than 1048576 bytes"));

    std::fs::write(&path, b"\xff\xfe").unwrap();
    assert!(machine.fault().contains("not UTF-8"));
}
