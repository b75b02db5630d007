//! House rules for every text file: nothing of the machine it was written on, and no note to
//! oneself left in place.

use anyhow::Result;

use crate::lint::sources::{self, Source};
use crate::workspace::Workspace;

/// Text that must not occur, in two halves so that this file does not contain it.
struct Forbidden {
    text: &'static str,
    why: &'static str,
}

const FORBIDDEN: &[Forbidden] = &[
    Forbidden {
        text: concat!("/wo", "rk/"),
        why: "a path of one machine",
    },
    Forbidden {
        text: concat!("/ro", "ot/"),
        why: "a path of one machine",
    },
    Forbidden {
        text: concat!("registry.npm", "js.org"),
        why: "the host of a package registry",
    },
    Forbidden {
        text: concat!("index.cra", "tes.io"),
        why: "the host of a package registry",
    },
    Forbidden {
        text: concat!("static.cra", "tes.io"),
        why: "the host of a package registry",
    },
    Forbidden {
        text: concat!("deb.deb", "ian.org"),
        why: "the host of a package registry",
    },
    Forbidden {
        text: concat!("\"resol", "ved\": \"http"),
        why: "the host of a package registry: set npm's `omit-lockfile-registry-resolved`",
    },
];

/// Notes to oneself, as whole words.
const NOTES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(sources::texts(workspace)?
        .iter()
        .flat_map(file_faults)
        .collect())
}

fn file_faults(source: &Source) -> Vec<String> {
    let generated = source.path.ends_with(".lock") || source.path.ends_with("package-lock.json");
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        let place = format!("{}:{number}", source.path);
        for forbidden in FORBIDDEN
            .iter()
            .filter(|forbidden| line.contains(forbidden.text))
        {
            faults.push(format!("{place}: `{}`: {}", forbidden.text, forbidden.why));
        }
        for note in NOTES
            .iter()
            .filter(|note| !generated && has_word(line, note))
        {
            faults.push(format!(
                "{place}: `{note}`: do it, or write it down where the work is planned"
            ));
        }
    }
    faults
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::{FORBIDDEN, NOTES, Source, file_faults};

    fn faults(path: &str, text: String) -> Vec<String> {
        file_faults(&Source {
            path: path.to_owned(),
            text,
        })
    }

    #[test]
    fn each_forbidden_text_is_found_with_its_line() {
        for forbidden in FORBIDDEN {
            let found = faults("docs/a.md", format!("fine\nsee {}x\n", forbidden.text));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("docs/a.md:2: "), "{found:?}");
        }
    }

    #[test]
    fn notes_are_whole_words_and_lock_files_have_none() {
        for note in NOTES {
            assert_eq!(faults("a.rs", format!("// {note}: later\n")).len(), 1);
            assert_eq!(
                faults("a.rs", format!("MA{note}S {note}_LIST\n")),
                Vec::<String>::new()
            );
            assert_eq!(
                faults("package-lock.json", format!("sha512-a/{note}/b\n")),
                Vec::<String>::new()
            );
        }
    }
}
