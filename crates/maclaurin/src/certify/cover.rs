//! Rectangles that cover a half-plane, nearest first, halved where nothing is proven yet.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::path::meets;
use super::region::{Guard, Rectangle};
use crate::number::Interval64;

/// A tree of rectangles relative to the expansion point.
pub(super) struct Cover {
    nodes: Vec<Node>,
    queue: BinaryHeap<Pending>,
    /// Rectangles without a proven neighbour yet.
    waiting: Vec<Pending>,
}

/// Where a rectangle stands in the tree.
pub(super) type NodeIndex = usize;

struct Node {
    place: Rectangle,
    state: State,
}

enum State {
    Open,
    /// Free of singularities, with the branches there.
    Proven(Vec<Guard>),
    /// Four quarters, from that node on.
    Quartered(NodeIndex),
}

/// A rectangle still to be proven, the nearest one first.
#[derive(Clone, Copy)]
pub(super) struct Pending {
    pub distance: f64,
    pub node: NodeIndex,
    pub place: Rectangle,
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> Ordering {
        other.distance.total_cmp(&self.distance)
    }
}

impl Cover {
    /// The upper half of the square of half-width `far`, in two parts.
    pub(super) fn new(far: f64) -> Self {
        let (left, right) = (Interval64::between(-far, 0.0), Interval64::between(0.0, far));
        let (nodes, queue) = (Vec::new(), BinaryHeap::new());
        let mut cover = Self { nodes, queue, waiting: Vec::new() };
        cover.add((left, right));
        cover.add((right, right));
        cover
    }

    fn add(&mut self, place: Rectangle) {
        let node = self.nodes.len();
        self.nodes.push(Node { place, state: State::Open });
        self.queue.push(Pending { distance: distance(&place), node, place });
    }

    /// The nearest rectangle that is not proven and has not been put off.
    pub(super) fn next(&mut self) -> Option<Pending> {
        self.queue.pop()
    }

    /// Puts a rectangle off until a neighbour is proven.
    pub(super) fn put_off(&mut self, pending: Pending) {
        self.waiting.push(pending);
    }

    /// A lower bound of the distance of everything that is not proven, `far` at most.
    pub(super) fn open_from(&self, far: f64) -> f64 {
        self.queue.iter().chain(&self.waiting).map(|pending| pending.distance).fold(far, f64::min)
    }

    pub(super) fn split(&mut self, node: NodeIndex) {
        self.nodes[node].state = State::Quartered(self.nodes.len());
        let place = self.nodes[node].place;
        let halves = |side: Interval64| {
            let middle = side.middle();
            [Interval64::between(side.low, middle), Interval64::between(middle, side.high)]
        };
        for re in halves(place.0) {
            for im in halves(place.1) {
                self.add((re, im));
            }
        }
    }

    pub(super) fn prove(&mut self, node: NodeIndex, guards: Vec<Guard>) {
        self.nodes[node].state = State::Proven(guards);
        self.wake(&self.nodes[node].place.clone());
    }

    fn wake(&mut self, place: &Rectangle) {
        let neighbours = self.waiting.extract_if(.., |pending| meets(&pending.place, place));
        self.queue.extend(neighbours);
    }

    /// The branches on the proven rectangle that shares with `place` the point nearest to the
    /// expansion point, if that is nearer than `limit`; and how far it is.
    pub(super) fn neighbour(&self, place: &Rectangle, limit: f64) -> Option<(&[Guard], f64)> {
        let apart = |other: &Rectangle| {
            let shared = |a: Interval64, b: Interval64| Interval64 {
                low: a.low.max(b.low),
                high: a.high.min(b.high),
            };
            distance(&(shared(other.0, place.0), shared(other.1, place.1)))
        };
        let met = self.meeting(place).into_iter().map(|(guards, other)| (guards, apart(other)));
        let nearest = met.min_by(|a, b| a.1.total_cmp(&b.1));
        nearest.filter(|(_, apart)| *apart < limit)
    }

    /// The proven rectangles of the tree that meet `place`.
    fn meeting(&self, place: &Rectangle) -> Vec<(&[Guard], &Rectangle)> {
        let (mut stack, mut found) = (vec![0, 1], Vec::new());
        while let Some(index) = stack.pop() {
            let node = &self.nodes[index];
            if !meets(&node.place, place) {
                continue;
            }
            match &node.state {
                State::Quartered(first) => stack.extend(*first..first + 4),
                State::Proven(guards) => found.push((&guards[..], &node.place)),
                State::Open => {}
            }
        }
        found
    }
}

/// A lower bound of the distance of a rectangle from the expansion point, exactly 0 if it
/// contains it.
pub(super) fn distance(place: &Rectangle) -> f64 {
    let (x, y) = (place.0.mignitude(), place.1.mignitude());
    if y == 0.0 {
        x
    } else if x == 0.0 {
        y
    } else {
        Interval64::point(x).square().add(Interval64::point(y).square()).low.sqrt().next_down()
    }
}
