//! What needs what: strongly connected components (Tarjan 1972) of a small graph, in an
//! order in which they can be worked off. Without recursion, so that no depth overflows
//! wasm's stack.

use std::collections::{BTreeMap, BTreeSet, btree_set};

/// For each node, the nodes it needs; an edge to a node that is not there counts for nothing.
pub type Needs = [BTreeSet<usize>];

/// The components: each a set of nodes that need each other, in ascending order. A component
/// comes after all that it needs; where that leaves a choice, the one with the lowest node first.
pub fn components(needs: &Needs) -> Vec<Vec<usize>> {
    let mut search = Search { needs, marks: BTreeMap::new(), open: Vec::new(), found: Vec::new() };
    for node in 0..needs.len() {
        search.visit(node);
    }
    in_order(needs, &search.found)
}

struct Mark {
    /// When the node was first seen.
    order: usize,
    /// The earliest open node that it reaches.
    low: usize,
    is_open: bool,
}

struct Search<'a> {
    needs: &'a Needs,
    marks: BTreeMap<usize, Mark>,
    open: Vec<usize>,
    found: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, start: usize) {
        let mut path: Vec<(usize, btree_set::Iter<'a, usize>)> = self.enter(start).into_iter().collect();
        while let Some((node, rest)) = path.last_mut() {
            let node = *node;
            if let Some(next) = rest.next() {
                match self.marks.get(next) {
                    None => path.extend(self.enter(*next)),
                    Some(mark) if mark.is_open => {
                        let order = mark.order;
                        self.lower(node, order);
                    }
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            let Some(mark) = self.marks.get(&node) else { continue };
            let low = mark.low;
            if low == mark.order {
                self.close(node);
            }
            if let Some((parent, _)) = path.last() {
                self.lower(*parent, low);
            }
        }
    }

    /// Marks a node that was not seen before.
    fn enter(&mut self, node: usize) -> Option<(usize, btree_set::Iter<'a, usize>)> {
        let needs = self.needs.get(node)?;
        let order = self.marks.len();
        if self.marks.contains_key(&node) {
            return None;
        }
        self.marks.insert(node, Mark { order, low: order, is_open: true });
        self.open.push(node);
        Some((node, needs.iter()))
    }

    fn lower(&mut self, node: usize, to: usize) {
        if let Some(mark) = self.marks.get_mut(&node) {
            mark.low = mark.low.min(to);
        }
    }

    /// All nodes opened since this one are its component.
    fn close(&mut self, root: usize) {
        let mut component = Vec::new();
        while let Some(node) = self.open.pop() {
            if let Some(mark) = self.marks.get_mut(&node) {
                mark.is_open = false;
            }
            component.push(node);
            if node == root {
                break;
            }
        }
        component.sort_unstable();
        self.found.push(component);
    }
}

/// Kahn's order over the components, the lowest node first among those that are ready.
fn in_order(needs: &Needs, found: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let lowest = |component: &[usize]| component.first().copied().unwrap_or_default();
    // A component is known by its lowest node.
    let owner: BTreeMap<usize, usize> =
        found.iter().flat_map(|component| component.iter().map(|node| (*node, lowest(component)))).collect();
    let mut waits_for: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut wanted_by: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for component in found {
        let own = lowest(component);
        let all = component.iter().filter_map(|node| needs.get(*node)).flatten();
        let others: BTreeSet<usize> =
            all.filter_map(|need| owner.get(need)).filter(|other| **other != own).copied().collect();
        for other in &others {
            wanted_by.entry(*other).or_default().insert(own);
        }
        waits_for.insert(own, others);
    }
    let mut members: BTreeMap<usize, &Vec<usize>> =
        found.iter().map(|component| (lowest(component), component)).collect();
    let mut ready: BTreeSet<usize> =
        waits_for.iter().filter(|(_, others)| others.is_empty()).map(|(own, _)| *own).collect();
    let mut ordered = Vec::with_capacity(found.len());
    while let Some(next) = ready.pop_first() {
        ordered.extend(members.remove(&next).cloned());
        for other in wanted_by.remove(&next).unwrap_or_default() {
            let Some(rest) = waits_for.get_mut(&other) else { continue };
            rest.remove(&next);
            if rest.is_empty() {
                ready.insert(other);
            }
        }
    }
    ordered
}
