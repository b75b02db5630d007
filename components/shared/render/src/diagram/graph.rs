//! Boxes and arrows, out of a prompt.

use serde_json::Value;

use super::GRAMMAR;
use crate::prompt::{Fields, PromptError, read};
use crate::theme::{THEMES, Theme};

/// Boxes of a diagram.
const MAX_NODES: usize = 60;

/// Arrows of a diagram.
const MAX_EDGES: usize = 150;

/// What is drawn.
#[derive(Debug)]
pub(super) struct Graph {
    pub title: Option<String>,
    pub is_down: bool,
    pub theme: &'static Theme,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// A box.
#[derive(Debug, PartialEq)]
pub(super) struct Node {
    pub id: String,
    pub label: String,
    /// Its distance from the beginning.
    pub layer: usize,
}

/// An arrow between boxes, by their positions.
#[derive(Debug, PartialEq)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    pub label: String,
}

impl Graph {
    pub(super) fn read(prompt: &str) -> Result<Self, PromptError> {
        let fields = read(prompt, GRAMMAR)?;
        let is_down = fields.choice("direction", "`right` or `down`", |word| match word {
            "down" | "TD" | "TB" => Some(true),
            "right" | "LR" => Some(false),
            _ => None,
        })?;
        let theme = fields.choice(
            "theme",
            format!("one of {}", Theme::names()),
            Theme::from_name,
        )?;
        let mut graph = Self {
            title: fields.text("title"),
            is_down: is_down.unwrap_or(false),
            theme: theme.unwrap_or(&THEMES[0]),
            nodes: Vec::new(),
            edges: Vec::new(),
        };
        graph.add_json(&fields)?;
        for line in fields.prose.iter().chain(&fields.items) {
            graph.add_line(line, &fields)?;
        }
        if graph.nodes.is_empty() {
            return Err(fields.missing("boxes"));
        }
        if graph.nodes.len() > MAX_NODES || graph.edges.len() > MAX_EDGES {
            let found = format!("{} and {}", graph.nodes.len(), graph.edges.len());
            return Err(fields.wrong(
                "nodes",
                format!("at most {MAX_NODES} boxes and {MAX_EDGES} arrows"),
                &found,
            ));
        }
        graph.layer();
        Ok(graph)
    }

    fn add_json(&mut self, fields: &Fields) -> Result<(), PromptError> {
        for node in entries(fields, "nodes")? {
            let id = text(node, "id").or_else(|| node.as_str().map(str::to_owned));
            let id = id.or_else(|| text(node, "label")).ok_or_else(|| {
                fields.wrong(
                    "nodes",
                    "a list of `{\"id\", \"label\"}`",
                    &node.to_string(),
                )
            })?;
            let position = self.node(&id);
            if let (Some(label), Some(node)) = (text(node, "label"), self.nodes.get_mut(position)) {
                node.label = label;
            }
        }
        for edge in entries(fields, "edges")? {
            let ends = text(edge, "from").zip(text(edge, "to"));
            let (from, to) = ends.ok_or_else(|| {
                fields.wrong("edges", "a list of `{\"from\", \"to\"}`", &edge.to_string())
            })?;
            let (from, to) = (self.node(&from), self.node(&to));
            let label = text(edge, "label").unwrap_or_default();
            self.edges.push(Edge { from, to, label });
        }
        Ok(())
    }

    /// A line such as `a[First] -> b -> c: label`, or a box alone.
    fn add_line(&mut self, line: &str, fields: &Fields) -> Result<(), PromptError> {
        let line = line
            .replace("-->", "->")
            .replace('→', "->")
            .replace("=>", "->");
        let mut parts: Vec<&str> = line.split("->").map(str::trim).collect();
        let mut label = String::new();
        if parts.len() > 1
            && let Some(last) = parts.pop()
        {
            let (name, note) = last.rsplit_once(':').unwrap_or((last, ""));
            label = note.trim().to_owned();
            parts.push(name.trim());
        }
        if parts.iter().any(|part| part.is_empty()) {
            return Err(fields.wrong("edges", "lines such as `A -> B: label`", &line));
        }
        let ends: Vec<usize> = parts.iter().map(|part| self.named(part)).collect();
        for (from, to) in ends.iter().zip(ends.iter().skip(1)) {
            self.edges.push(Edge {
                from: *from,
                to: *to,
                label: label.clone(),
            });
        }
        Ok(())
    }

    /// The box of `id`, `id[label]` or `id(label)`.
    fn named(&mut self, text: &str) -> usize {
        let open = text.find(['[', '(', '{']);
        let label = open
            .and_then(|at| text.split_at_checked(at))
            .and_then(|(id, rest)| {
                let label = rest
                    .trim_matches(|letter| "[](){}\"".contains(letter))
                    .trim();
                (!id.trim().is_empty() && !label.is_empty()).then(|| (id.trim(), label.to_owned()))
            });
        let (id, label) = match label {
            Some((id, label)) => (id, Some(label)),
            None => (text, None),
        };
        let position = self.node(id);
        if let (Some(label), Some(node)) = (label, self.nodes.get_mut(position)) {
            node.label = label;
        }
        position
    }

    /// The position of a box, which is made when there is none of that name.
    fn node(&mut self, id: &str) -> usize {
        if let Some(position) = self.nodes.iter().position(|node| node.id == id) {
            return position;
        }
        self.nodes.push(Node {
            id: id.to_owned(),
            label: id.to_owned(),
            layer: 0,
        });
        self.nodes.len() - 1
    }

    /// Puts each box one layer behind the last of those that point to it. Arrows that would lead
    /// back to where they come from are not followed.
    fn layer(&mut self) {
        let forward = self.forward();
        // As many rounds as the longest way can have arrows.
        for _ in 0..self.nodes.len() {
            let mut is_settled = true;
            for &(from, to) in &forward {
                let least = self.nodes.get(from).map_or(0, |node| node.layer + 1);
                if let Some(node) = self.nodes.get_mut(to).filter(|node| node.layer < least) {
                    node.layer = least;
                    is_settled = false;
                }
            }
            if is_settled {
                break;
            }
        }
    }

    /// The arrows that close no circle with those before them.
    fn forward(&self) -> Vec<(usize, usize)> {
        let mut forward: Vec<(usize, usize)> = Vec::new();
        for edge in &self.edges {
            if !reaches(&forward, edge.to, edge.from) {
                forward.push((edge.from, edge.to));
            }
        }
        forward
    }
}

/// Whether a way along the arrows leads from one box to the other; each leads to itself.
fn reaches(arrows: &[(usize, usize)], from: usize, to: usize) -> bool {
    let mut seen = vec![from];
    let mut next = 0;
    while let Some(&here) = seen.get(next) {
        if here == to {
            return true;
        }
        for (_, after) in arrows.iter().filter(|(start, _)| *start == here) {
            if !seen.contains(after) {
                seen.push(*after);
            }
        }
        next += 1;
    }
    false
}

fn entries<'a>(fields: &'a Fields, key: &'static str) -> Result<&'a [Value], PromptError> {
    match fields.value(key) {
        None => Ok(&[]),
        Some(Value::Array(entries)) if entries.len() <= 2 * MAX_EDGES => Ok(entries),
        Some(_) => Err(fields.wrong(key, "a list, in JSON", "something else")),
    }
}

fn text(entry: &Value, key: &str) -> Option<String> {
    let value = entry.get(key)?;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(prompt: &str) -> Vec<(String, usize)> {
        let graph = Graph::read(prompt).unwrap();
        graph
            .nodes
            .into_iter()
            .map(|node| (node.label, node.layer))
            .collect()
    }

    #[test]
    fn lines_and_json_are_the_same_graph() {
        let expected = [
            ("First".to_owned(), 0),
            ("b".to_owned(), 1),
            ("c".to_owned(), 2),
        ];
        assert_eq!(layers("a[First] -> b --> c: then"), expected);
        let json = r#"{"nodes": [{"id": "a", "label": "First"}, "b"], "edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]}"#;
        assert_eq!(layers(json), expected);
    }

    #[test]
    fn circles_have_layers_too() {
        let found = layers("a -> b\nb -> c\nc -> a\na -> a");
        assert_eq!(
            found.iter().map(|(_, layer)| *layer).collect::<Vec<_>>(),
            [0, 1, 2]
        );
    }

    #[test]
    fn mistakes_say_what_is_right() {
        let many: String = (0..70).map(|number| format!("n{number}\n")).collect();
        let cases = [
            ("title: x", "the prompt has no boxes"),
            ("a -> ", "`edges` must be lines such as `A -> B: label`"),
            (
                "direction: up\na",
                "`direction` must be `right` or `down`: `up`",
            ),
            (r#"{"edges": [{"from": "a"}]}"#, "`edges` must be a list of"),
            (
                many.as_str(),
                "`nodes` must be at most 60 boxes and 150 arrows: `70 and 0`",
            ),
        ];
        for (prompt, message) in cases {
            let text = Graph::read(prompt).unwrap_err().to_string();
            assert!(text.starts_with(message), "{prompt}: {text}");
        }
    }
}
