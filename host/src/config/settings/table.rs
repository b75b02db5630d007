//! The table of settings as the documents show it.

use super::{GROUPS, Kind, Meaning, PREFIX, Setting, Status, Unset};

/// All settings in Markdown: a table for each group. The documents contain it byte for byte.
#[must_use]
pub fn markdown_table() -> String {
    let mut text = format!(
        "Every name begins with `{PREFIX}`, which is left out here: `PORT` is `{PREFIX}PORT`.\n"
    );
    for (title, settings) in GROUPS {
        text.push_str(&format!("\n**{title}**\n\n"));
        let effective = settings
            .iter()
            .all(|setting| setting.status == Status::Effective);
        text.push_str(if effective { HEADER } else { RESERVED_HEADER });
        for setting in *settings {
            let cells = if effective {
                row(setting)
            } else {
                reserved_row(setting)
            };
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    text
}

const HEADER: &str = "| Name | Default | Values | Meaning |\n|---|---|---|---|\n";
const RESERVED_HEADER: &str = "| Name | When set | Meaning |\n|---|---|---|\n";

fn row(setting: &Setting) -> Vec<String> {
    let default = match setting.default {
        Unset::Value(value) => format!("`{value}`{}", size(setting.kind, value)),
        Unset::Derived(words) => words.to_owned(),
        Unset::Nothing => "not set".to_owned(),
    };
    let values = if setting.secret {
        format!("{}; secret", setting.kind.words())
    } else {
        setting.kind.words()
    };
    vec![
        format!("`{}`", setting.name),
        default,
        values,
        meaning(setting),
    ]
}

fn reserved_row(setting: &Setting) -> Vec<String> {
    let when_set = match setting.status {
        Status::Unenforced => "the server refuses to start",
        Status::Inert | Status::Effective => "a warning",
    };
    vec![
        format!("`{}`", setting.name),
        when_set.to_owned(),
        meaning(setting),
    ]
}

fn meaning(setting: &Setting) -> String {
    let mut text = setting.doc.to_owned();
    for alias in setting.aliases {
        let name = alias.variable.strip_prefix(PREFIX);
        let name = name.map_or_else(
            || format!("`{}` (without the prefix)", alias.variable),
            |name| format!("`{name}`"),
        );
        text.push_str(&match alias.meaning {
            Meaning::Same => format!(" Also {name}."),
            Meaning::Switch { on, off } => {
                format!(" Also {name}: `true` is `{on}`, `false` is `{off}`.")
            }
        });
    }
    text
}

/// A size in bytes is easier to read in its unit.
fn size(kind: Kind, value: &str) -> String {
    match (kind, value.parse::<u64>()) {
        (Kind::Bytes { .. }, Ok(bytes)) if bytes >= 1 << 20 => format!(" ({} MiB)", bytes >> 20),
        (Kind::Bytes { .. }, Ok(bytes)) => format!(" ({} KiB)", bytes >> 10),
        _ => String::new(),
    }
}
