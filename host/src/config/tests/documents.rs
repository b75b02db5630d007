//! The documents contain the table of settings byte for byte.
//!
//! `UPDATE_DOCS=1 cargo test -p image-generation-mcp documents` writes it into them.

use super::*;

const BEGIN: &str = "<!-- settings:begin -->\n";
const END: &str = "<!-- settings:end -->";

/// A document of the repository: what is before the marks, between and behind them.
fn document(name: &str) -> Option<(std::path::PathBuf, [String; 3])> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    let text = std::fs::read_to_string(&path).ok()?;
    let (before, rest) = text.split_once(BEGIN)?;
    let (between, behind) = rest.split_once(END)?;
    Some((path, [before, between, behind].map(str::to_owned)))
}

fn check(name: &str, required: bool) {
    let Some((path, [before, between, behind])) = document(name) else {
        assert!(!required, "{name} has no table between {BEGIN} and {END}");
        return;
    };
    let table = settings::markdown_table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{table}{END}{behind}")).unwrap();
        return;
    }
    assert!(
        between == table,
        "{name} is behind: run `UPDATE_DOCS=1 cargo test -p image-generation-mcp documents`"
    );
}

#[test]
fn configuration_page() {
    check("docs/configuration.md", true);
}

#[test]
fn readme() {
    check("README.md", false);
}

#[test]
fn the_table_names_every_setting_and_no_secret_default() {
    let table = settings::markdown_table();
    for setting in settings::all() {
        assert_eq!(
            table.matches(&format!("\n| `{}` |", setting.name)).count(),
            1,
            "{}",
            setting.name
        );
        assert!(setting.doc.ends_with('.'), "{}", setting.name);
        assert!(!setting.secret || setting.default == settings::Unset::Nothing);
    }
    for line in table.lines().filter(|line| line.starts_with('|')) {
        assert!(
            matches!(line.matches(" | ").count(), 2 | 3) || line.starts_with("|---"),
            "{line}"
        );
    }
}
