//! The file that maps static bearer tokens to subjects.
//!
//! ```toml
//! [tokens]
//! "6f1c..." = "alice"
//! ```

use toml::Value;

use crate::config::fault::{Problem, Report, quoted};
use crate::config::kind::text;
use crate::config::places::{self, Places};
use crate::config::secret::Secret;
use crate::config::settings;
use crate::config::values::Values;

/// A token file without a fault.
pub(super) struct TokensFile {
    pub(super) text: Secret,
    pub(super) count: usize,
}

/// Reads the file when there is to be one; each of its faults is reported.
pub(super) fn read(values: &Values, places: &Places, report: &mut Report) -> Option<TokensFile> {
    let setting = &settings::BEARER_TOKENS_FILE;
    let path = values.path(setting, places, report)?;
    let (file, problems) = match places::read(&path) {
        Ok(text) => judge(text),
        Err(problem) => (None, vec![problem]),
    };
    for problem in problems {
        report.fault(values.place(setting), problem);
    }
    file
}

/// Judges the text of a file. Problems name a token by its place, never by its text.
fn judge(text: Secret) -> (Option<TokensFile>, Vec<Problem>) {
    let table = match text.expose().parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => return (None, vec![not_toml(&error, text.expose())]),
    };
    let mut problems: Vec<Problem> = Vec::new();
    if table.keys().any(|key| key != "tokens") {
        problems.push(Problem::new("the file has more than the table `[tokens]`"));
    }
    let tokens = match table.get("tokens") {
        Some(Value::Table(tokens)) if !tokens.is_empty() => tokens,
        _ => {
            problems.push(
                Problem::new("the file has no table `[tokens]` with an entry")
                    .hint("write `[tokens]`, then lines of the form `\"token\" = \"subject\"`"),
            );
            return (None, problems);
        }
    };
    // A TOML table does not keep the order of its lines; the subject says which entry it is.
    for (token, subject) in tokens {
        let whose = match subject {
            Value::String(subject) => match text::subject(subject) {
                Ok(subject) => format!("the token of {}", quoted(&subject)),
                Err(problem) => {
                    problems.push(about("a subject", problem));
                    "a token".to_owned()
                }
            },
            _ => {
                problems.push(
                    Problem::new("a subject is not a string")
                        .hint("quote each token, in case it contains a `.`"),
                );
                "a token".to_owned()
            }
        };
        if let Err(problem) = text::token(token) {
            problems.push(about(&whose, problem));
        }
    }
    let count = tokens.len();
    let file = problems.is_empty().then_some(TokensFile { text, count });
    (file, problems)
}

fn about(whose: &str, mut problem: Problem) -> Problem {
    problem.text = format!("{whose}: {}", problem.text);
    problem
}

/// The parser's own message quotes the line, and the line may hold a secret.
pub(super) fn not_toml(error: &toml::de::Error, text: &str) -> Problem {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    if error.message().contains("duplicate key") {
        return Problem::new(format!("the same entry twice, in line {line}"));
    }
    Problem::new(format!("not valid TOML, in line {line}"))
}
