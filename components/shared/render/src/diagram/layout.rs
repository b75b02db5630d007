//! Where the boxes go: layer by layer (Sugiyama, Tagawa and Toda, 1981), in an order that crosses
//! few arrows.

use super::graph::Graph;
use crate::fonts::{self, Face};
use crate::markup::{Area, wrapped};

/// Height of letters.
pub(super) const LETTERS: f32 = 15.0;

/// Distance of lines.
pub(super) const LINE: f32 = 19.0;

/// Widest text in a box.
const WIDEST: f32 = 150.0;

/// Space between layers without labels, and between boxes of one layer.
const GAPS: (f32, f32) = (70.0, 26.0);

/// Widest text of an arrow.
pub(super) const WIDEST_LABEL: f32 = 140.0;

/// Height of the letters of an arrow.
pub(super) const LABEL_LETTERS: f32 = LETTERS * 0.8;

/// Boxes with their places, from 0 on.
#[derive(Debug)]
pub(super) struct Placed {
    /// One for each node.
    pub boxes: Vec<Area>,
    pub width: f32,
    pub height: f32,
}

/// The text of a box.
pub(super) fn lines(label: &str) -> Vec<String> {
    wrapped(label, Face::Regular, LETTERS, (WIDEST, 4))
}

pub(super) fn place(graph: &Graph) -> Placed {
    let sizes: Vec<(f32, f32)> = graph.nodes.iter().map(|node| size(&node.label)).collect();
    let layers = ordered(graph);
    // Along the layers, and across them.
    let measure = |node: usize| {
        let (width, height) = sizes.get(node).copied().unwrap_or_default();
        if graph.is_down {
            (height, width)
        } else {
            (width, height)
        }
    };
    let across_of = |layer: &[usize]| {
        let boxes: f32 = layer.iter().map(|node| measure(*node).1 + GAPS.1).sum();
        (boxes - GAPS.1).max(0.0)
    };
    let breadth = layers
        .iter()
        .map(|layer| across_of(layer))
        .fold(0.0, f32::max);
    let mut boxes = vec![
        Area {
            x: 0.0,
            y: 0.0,
            width: 0.0,
            height: 0.0
        };
        graph.nodes.len()
    ];
    let between = gap(graph);
    let mut along = 0.0;
    for layer in &layers {
        let depth = layer
            .iter()
            .map(|node| measure(*node).0)
            .fold(0.0, f32::max);
        let mut across = (breadth - across_of(layer)) / 2.0;
        for &node in layer {
            let (length, side) = measure(node);
            let (x, y) = (along + (depth - length) / 2.0, across);
            if let Some(area) = boxes.get_mut(node) {
                *area = if graph.is_down {
                    Area {
                        x: y,
                        y: x,
                        width: side,
                        height: length,
                    }
                } else {
                    Area {
                        x,
                        y,
                        width: length,
                        height: side,
                    }
                };
            }
            across += side + GAPS.1;
        }
        along += depth + between;
    }
    // Arrows that lead back go around below.
    let back = graph.edges.iter().filter(|edge| {
        let layer = |node: usize| graph.nodes.get(node).map_or(0, |node| node.layer);
        layer(edge.to) <= layer(edge.from)
    });
    let spare = if back.count() > 0 { 70.0 } else { 0.0 };
    let (length, breadth) = ((along - between).max(1.0), (breadth + spare).max(1.0));
    let (width, height) = if graph.is_down {
        (breadth, length)
    } else {
        (length, breadth)
    };
    Placed {
        boxes,
        width,
        height,
    }
}

/// Space between layers: enough for the longest text of an arrow, and the arrow beside it.
fn gap(graph: &Graph) -> f32 {
    let widths = graph
        .edges
        .iter()
        .filter(|edge| !edge.label.is_empty())
        .map(|edge| {
            let width = fonts::width(&edge.label, Face::Regular, LABEL_LETTERS).min(WIDEST_LABEL);
            if graph.is_down {
                LINE + 44.0
            } else {
                width + 64.0
            }
        });
    widths.fold(GAPS.0, f32::max)
}

fn size(label: &str) -> (f32, f32) {
    let lines = lines(label);
    let widest = lines
        .iter()
        .map(|line| fonts::width(line, Face::Regular, LETTERS))
        .fold(40.0, f32::max);
    let rows = f32::from(u8::try_from(lines.len().max(1)).unwrap_or(4));
    (widest + 28.0, rows * LINE + 20.0)
}

/// The nodes of each layer, sorted by the middle of their neighbours in the layer before.
fn ordered(graph: &Graph) -> Vec<Vec<usize>> {
    let count = graph
        .nodes
        .iter()
        .map(|node| node.layer + 1)
        .max()
        .unwrap_or(0);
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (position, node) in graph.nodes.iter().enumerate() {
        if let Some(layer) = layers.get_mut(node.layer) {
            layer.push(position);
        }
    }
    for _ in 0..4 {
        let mut places = vec![0; graph.nodes.len()];
        for layer in &mut layers {
            // Whole numbers, a thousand to a place, so that the order is the same everywhere.
            let mut keyed: Vec<(usize, usize, usize)> = layer
                .iter()
                .enumerate()
                .map(|(index, node)| {
                    (
                        middle(graph, *node, &places).unwrap_or(index * 1000),
                        index,
                        *node,
                    )
                })
                .collect();
            keyed.sort_unstable();
            for (index, (_, _, node)) in keyed.iter().enumerate() {
                if let Some(place) = places.get_mut(*node) {
                    *place = index;
                }
            }
            *layer = keyed.into_iter().map(|(_, _, node)| node).collect();
        }
    }
    layers
}

fn middle(graph: &Graph, node: usize, places: &[usize]) -> Option<usize> {
    let layer = graph.nodes.get(node)?.layer;
    let before: Vec<usize> = graph
        .edges
        .iter()
        .filter(|edge| edge.to == node)
        .filter(|edge| {
            graph
                .nodes
                .get(edge.from)
                .is_some_and(|from| from.layer < layer)
        })
        .filter_map(|edge| places.get(edge.from).copied())
        .collect();
    let sum: usize = before.iter().sum();
    (sum * 1000).checked_div(before.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::graph::Graph;
    use super::*;

    fn overlap(one: &Area, other: &Area) -> bool {
        one.x < other.x + other.width
            && other.x < one.x + one.width
            && one.y < other.y + other.height
            && other.y < one.y + one.height
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn boxes_never_overlap_and_are_inside(
            pairs in proptest::collection::vec((0..12_u8, 0..12_u8), 1..30), is_down: bool,
        ) {
            let direction = if is_down { "direction: down\n" } else { "" };
            let lines: Vec<String> = pairs.iter().map(|(from, to)| format!("node {from} -> another node {to}")).collect();
            let graph = Graph::read(&format!("{direction}{}", lines.join("\n"))).unwrap();
            let placed = place(&graph);
            for (position, one) in placed.boxes.iter().enumerate() {
                prop_assert!(one.x >= 0.0 && one.y >= 0.0);
                prop_assert!(one.x + one.width <= placed.width + 0.01, "{one:?} in {}", placed.width);
                prop_assert!(one.y + one.height <= placed.height + 0.01);
                for other in placed.boxes.iter().skip(position + 1) {
                    prop_assert!(!overlap(one, other), "{one:?} {other:?}");
                }
            }
        }
    }
}
