//! Which groups have surely matched where a back reference stands. .NET fails on a reference
//! to a group that has not matched, the JavaScript engine takes it for empty; so only those
//! are translated that both take alike.

/// The groups around a place, outermost first, each with the number of its alternative; and
/// how many groups had been closed.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    around: Vec<(usize, usize)>,
    closed: usize,
}

#[derive(Debug)]
struct Nest {
    at: Place,
    /// It may be left out, or is a negative look-around.
    optional: bool,
    /// It is a look-behind, which is read backwards.
    behind: bool,
    alternatives: usize,
    /// When it was closed, counted in groups.
    closed: Option<usize>,
}

/// All groups of a pattern, captures or not.
#[derive(Debug, Default)]
pub(super) struct Nests {
    all: Vec<Nest>,
    /// The place now.
    now: Place,
    /// Alternatives begun outside all groups.
    outside: usize,
    /// Each capture's group, from 1 on.
    captures: Vec<usize>,
}

/// Stands for the pattern itself.
const OUTSIDE: usize = usize::MAX;

impl Nests {
    /// Where we are.
    pub fn place(&self) -> Place {
        let mut place = self.now.clone();
        place.around.insert(0, (OUTSIDE, self.outside));
        place
    }

    /// The group that is opened next is a capture.
    pub fn capture(&mut self) {
        self.captures.push(self.all.len());
    }

    /// A group begins.
    pub fn open(&mut self, negative: bool, behind: bool) -> usize {
        let nest = self.all.len();
        let at = self.place();
        self.all.push(Nest { at, optional: negative, behind, alternatives: 1, closed: None });
        self.now.around.push((nest, 0));
        nest
    }

    /// The innermost group ends.
    pub fn close(&mut self, nest: usize, optional: bool) {
        self.now.around.pop();
        self.now.closed += 1;
        if let Some(nest) = self.all.get_mut(nest) {
            nest.optional |= optional;
            nest.closed = Some(self.now.closed);
        }
    }

    /// Another alternative begins.
    pub fn alternative(&mut self) {
        match self.now.around.last_mut() {
            Some((nest, alternative)) => {
                *alternative += 1;
                if let Some(nest) = self.all.get_mut(*nest) {
                    nest.alternatives += 1;
                }
            }
            None => self.outside += 1,
        }
    }

    /// Whether a capture has surely matched when that place is reached.
    pub fn certain(&self, capture: usize, place: &Place) -> bool {
        let group =
            capture.checked_sub(1).and_then(|at| self.captures.get(at)).and_then(|at| self.all.get(*at));
        let Some(group) = group else { return false };
        if group.optional || group.closed.is_none_or(|closed| closed > place.closed) {
            return false;
        }
        group.at.around.iter().enumerate().all(|(depth, (nest, alternative))| {
            match place.around.get(depth) {
                // Around both: the same alternative.
                Some((same, other)) if same == nest => {
                    alternative == other && !self.all.get(*nest).is_some_and(|nest| nest.behind)
                }
                // Around the group alone: it must be gone through, and in one way only.
                _ => self.all.get(*nest).is_some_and(|nest| !nest.optional && nest.alternatives == 1),
            }
        })
    }
}
