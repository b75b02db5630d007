//! Links between the documents of the project lead to files that exist. Links to the web are not
//! followed.

use std::path::Path;

use anyhow::Result;

use crate::lint::sources::{self, Source};
use crate::workspace::Workspace;

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for source in sources::texts(workspace)?
        .iter()
        .filter(|source| source.path.ends_with(".md"))
    {
        let folder = workspace
            .root
            .join(Path::new(&source.path).parent().unwrap_or(Path::new("")));
        for (number, target) in local_links(source) {
            if !folder.join(&target).exists() {
                faults.push(format!(
                    "{}:{number}: no such file: `{target}`",
                    source.path
                ));
            }
        }
    }
    Ok(faults)
}

/// Line number and file of each link to a file, without what follows `#`. Code is no link.
fn local_links(source: &Source) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(source.text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect();
        let targets = prose
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', ' ']).next());
        let files = targets.map(|target| target.split('#').next().unwrap_or_default());
        let local = files.filter(|file| {
            !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:")
        });
        links.extend(local.map(|file| (number, file.to_owned())));
    }
    links
}

#[cfg(test)]
mod tests {
    use super::{Source, local_links};

    #[test]
    fn links_to_files_are_found_and_others_are_not() {
        let text = "\
See [one](a.md), [two](../b.md#part \"title\") and ![picture](c.png).
[web](https://example.org/x.md) [part](#here) [mail](mailto:a@example.org) `[code](d.md)`
[`named in code`](e.md)
```
[block](f.md)
```
[after](g.md)
";
        let source = Source {
            path: "docs/x.md".to_owned(),
            text: text.to_owned(),
        };
        let expected = [
            (1, "a.md"),
            (1, "../b.md"),
            (1, "c.png"),
            (3, "e.md"),
            (7, "g.md"),
        ];
        assert_eq!(
            local_links(&source),
            expected.map(|(line, file)| (line, file.to_owned()))
        );
    }
}
