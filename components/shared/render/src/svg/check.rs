//! The XML of a drawing, before the renderer sees it: nothing from outside, and no more elements
//! than are drawn, also when elements are used many times over.

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node, NodeId, ParsingOptions};

use super::SvgError;

/// Elements and the other nodes of the source.
const MAX_NODES: u32 = 50_000;

/// Elements inside elements, also by reference.
const MAX_DEPTH: usize = 48;

/// Elements after everything that is used was put where it is used; a letter and 32 bytes of a path
/// count as one.
const MAX_WORK: u64 = 60_000;

/// Bytes of style sheets times elements: what matching rules may cost.
const MAX_STYLE_WORK: u64 = 20_000_000;

/// Attributes that refer to a file or an address unless they refer to `#id`.
const REFERENCES: [&str; 2] = ["href", "src"];

/// Attributes that hold no number.
const FREE: [&str; 5] = ["class", "font-family", "href", "id", "style"];

/// Properties that elements inherit, so that a reference counts for each element inside.
const INHERITED: [&str; 7] = [
    "fill",
    "stroke",
    "style",
    "marker",
    "marker-start",
    "marker-mid",
    "marker-end",
];

/// Reads and checks a source. Document types are refused, and with them entities of one's own.
pub(super) fn parse(source: &str) -> Result<Document<'_>, SvgError> {
    if exceeds_depth(source) {
        return Err(too_deep());
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(source, options)
        .map_err(|error| SvgError::Syntax(error.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" {
        return Err(SvgError::Syntax(format!(
            "the outermost element is `{}`",
            shortened(root.tag_name().name())
        )));
    }
    for element in root.descendants().filter(Node::is_element) {
        refuse_outside(element)?;
    }
    Counter::new(&document).check()?;
    Ok(document)
}

/// A quick count of open tags, so that the parser is not led into the depth first. Tags inside
/// comments count too: a drawing that comes near the limit is none.
fn exceeds_depth(source: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = source;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        let tag = after.split_once('>').map_or(after, |(tag, _)| tag);
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with(['!', '?']) && !tag.ends_with('/') {
            depth += 1;
        }
        // Quoted `>` makes this count too high by a little, never by a factor.
        if depth > 4 * MAX_DEPTH {
            return true;
        }
    }
    false
}

fn refuse_outside(element: Node<'_, '_>) -> Result<(), SvgError> {
    let name = element.tag_name().name();
    if matches!(name, "image" | "feImage") {
        return Err(refused("an embedded image", name));
    }
    for attribute in element.attributes() {
        let value = attribute.value().trim();
        let is_link = REFERENCES.contains(&attribute.name()) && name != "a" && name != "script";
        if is_link && !value.is_empty() && !value.starts_with('#') {
            return Err(refused("a reference to something outside", value));
        }
        if !FREE.contains(&attribute.name()) && has_huge_number(value) {
            return Err(refused("a number of more than 13 digits", value));
        }
        if let Some(outside) = urls(value).find(|url| !url.starts_with('#')) {
            return Err(refused("a reference to something outside", outside));
        }
    }
    if name == "style" {
        let text = element.text().unwrap_or_default();
        if text.to_ascii_lowercase().contains("@import") {
            return Err(refused("a style sheet from outside", "@import"));
        }
        if let Some(outside) = urls(text).find(|url| !url.starts_with('#')) {
            return Err(refused("a reference to something outside", outside));
        }
    }
    Ok(())
}

/// Whether a number is so large that the renderer would work on it for ever: an arc becomes the
/// more curves the larger its radius is. Seven digits and an exponent of six are enough for all.
fn has_huge_number(value: &str) -> bool {
    let (mut digits, mut is_fraction, mut before) = (0, false, b' ');
    let mut letters = value.bytes().peekable();
    while let Some(letter) = letters.next() {
        let is_number = matches!(before, b'0'..=b'9' | b'.');
        before = letter;
        match letter {
            // A colour.
            b'#' => while letters.next_if(u8::is_ascii_hexdigit).is_some() {},
            b'0'..=b'9' if is_fraction => {}
            b'0' if digits == 0 => {}
            b'0'..=b'9' => digits += 1,
            b'.' => is_fraction = true,
            b'e' | b'E' if is_number => {
                letters.next_if_eq(&b'+');
                let mut exponent = 0_u32;
                while let Some(digit) = letters.next_if(u8::is_ascii_digit) {
                    exponent = exponent
                        .saturating_mul(10)
                        .saturating_add(u32::from(digit - b'0'));
                }
                if exponent > 6 {
                    return true;
                }
                (digits, is_fraction) = (0, false);
            }
            _ => (digits, is_fraction) = (0, false),
        }
        if digits > 7 {
            return true;
        }
    }
    false
}

/// What stands in each `url(...)` of a value.
fn urls(value: &str) -> impl Iterator<Item = &str> {
    value.split("url(").skip(1).map(|rest| {
        let url = rest.split_once(')').map_or(rest, |(url, _)| url);
        url.trim_matches(|letter: char| letter.is_whitespace() || letter == '"' || letter == '\'')
    })
}

/// What an element costs with everything that it shows: worked out once for each element.
struct Counter<'a, 'input> {
    document: &'a Document<'input>,
    by_id: HashMap<&'a str, Node<'a, 'input>>,
    costs: HashMap<NodeId, Option<u64>>,
}

impl<'a, 'input> Counter<'a, 'input> {
    fn new(document: &'a Document<'input>) -> Self {
        let elements = document.descendants().filter(Node::is_element);
        let by_id = elements
            .filter_map(|element| Some((element.attribute("id")?, element)))
            .collect();
        Self {
            document,
            by_id,
            costs: HashMap::new(),
        }
    }

    fn check(mut self) -> Result<(), SvgError> {
        let elements = self.document.descendants().filter(Node::is_element);
        let elements = u64::try_from(elements.count()).unwrap_or(u64::MAX);
        let total = self.cost(self.document.root_element(), 0)?;
        let styles: Vec<&str> = self
            .document
            .descendants()
            .filter(|node| node.has_tag_name("style") || node.tag_name().name() == "style")
            .flat_map(|style| style.children().filter_map(|child| child.text()))
            .collect();
        let bytes: usize = styles.iter().map(|style| style.len()).sum();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        if bytes.saturating_mul(elements) > MAX_STYLE_WORK {
            return Err(SvgError::TooMuch {
                what: "style sheets (bytes times elements)",
                max: MAX_STYLE_WORK,
            });
        }
        // A rule may hold for any element.
        let mut referred: u64 = 0;
        for url in styles.iter().flat_map(|style| urls(style)) {
            let target = url.trim_start_matches('#');
            referred = referred.saturating_add(self.reference(target, 0)?);
        }
        afforded(total.saturating_add(referred.saturating_mul(total)))?;
        Ok(())
    }

    fn cost(&mut self, node: Node<'a, 'input>, depth: usize) -> Result<u64, SvgError> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        match self.costs.get(&node.id()) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => return Err(SvgError::Loop(id(node))),
            None => {}
        }
        self.costs.insert(node.id(), None);
        let mut inside: u64 = 1 + own_work(node);
        for child in node.children() {
            let cost = if child.is_element() {
                self.cost(child, depth + 1)?
            } else {
                letters(child)
            };
            inside = inside.saturating_add(cost);
        }
        let mut total = inside;
        for attribute in node.attributes() {
            let value = attribute.value();
            let is_link = attribute.name() == "href" && value.trim().starts_with('#');
            let linked = is_link.then(|| value.trim().trim_start_matches('#'));
            for target in urls(value)
                .map(|url| url.trim_start_matches('#'))
                .chain(linked)
            {
                let cost = self.reference(target, depth + 1)?;
                let times = if INHERITED.contains(&attribute.name()) {
                    inside
                } else {
                    1
                };
                total = total.saturating_add(cost.saturating_mul(times));
            }
        }
        afforded(total)?;
        self.costs.insert(node.id(), Some(total));
        Ok(total)
    }

    /// Gradients have no content that is drawn again.
    fn reference(&mut self, target: &str, depth: usize) -> Result<u64, SvgError> {
        match self.by_id.get(target) {
            Some(element) if !element.tag_name().name().ends_with("Gradient") => {
                self.cost(*element, depth)
            }
            _ => Ok(0),
        }
    }
}

/// Long paths are like many elements; so are markers at their points.
fn own_work(node: Node<'_, '_>) -> u64 {
    let path = node.attribute("d").or_else(|| node.attribute("points"));
    let has_marker = node
        .attributes()
        .any(|attribute| attribute.name().starts_with("marker"));
    let per_unit = if has_marker { 2 } else { 32 };
    let bytes = path.map_or(0, str::len) / per_unit;
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn letters(node: Node<'_, '_>) -> u64 {
    let is_text = node.is_text()
        && node.parent().is_some_and(|parent| {
            matches!(
                parent.tag_name().name(),
                "text" | "tspan" | "textPath" | "a"
            )
        });
    let count = if is_text {
        node.text().unwrap_or_default().trim().chars().count()
    } else {
        0
    };
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn afforded(work: u64) -> Result<u64, SvgError> {
    if work <= MAX_WORK {
        return Ok(work);
    }
    Err(SvgError::TooMuch {
        what: "elements, letters and points, counted where they are used",
        max: MAX_WORK,
    })
}

fn too_deep() -> SvgError {
    SvgError::TooMuch {
        what: "elements inside each other",
        max: u64::try_from(MAX_DEPTH).unwrap_or(u64::MAX),
    }
}

fn refused(what: &'static str, found: &str) -> SvgError {
    SvgError::Refused {
        what,
        found: shortened(found),
    }
}

fn id(node: Node<'_, '_>) -> String {
    shortened(node.attribute("id").unwrap_or(node.tag_name().name()))
}

/// The beginning of what a client sent, fit for an error message.
fn shortened(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { '?' } else { letter })
        .take(60)
        .collect()
}
