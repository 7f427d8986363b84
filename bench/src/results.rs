//! All figures of all rounds, and their medians.

use crate::contestant::Contestant;

#[derive(Default)]
pub struct Results {
    figures: Vec<Figure>,
    /// What could not be had, and why.
    pub skipped: Vec<(Contestant, String)>,
}

struct Figure {
    scenario: &'static str,
    contestant: Contestant,
    name: &'static str,
    values: Vec<f64>,
}

impl Results {
    pub fn add(
        &mut self,
        scenario: &'static str,
        contestant: Contestant,
        figures: impl IntoIterator<Item = (&'static str, f64)>,
    ) {
        for (name, value) in figures {
            let known = self.figures.iter_mut().find(|figure| figure.is(scenario, contestant, name));
            match known {
                Some(figure) => figure.values.push(value),
                None => self.figures.push(Figure { scenario, contestant, name, values: vec![value] }),
            }
        }
    }

    pub fn median(&self, scenario: &str, contestant: Contestant, name: &str) -> Option<f64> {
        self.figures
            .iter()
            .find(|figure| figure.is(scenario, contestant, name))
            .map(|figure| median(&figure.values))
    }

    /// In the order in which they were first measured.
    pub fn scenarios(&self) -> Vec<&'static str> {
        unique(self.figures.iter().map(|figure| figure.scenario))
    }

    pub fn names(&self, scenario: &str) -> Vec<&'static str> {
        unique(self.of(scenario).map(|figure| figure.name))
    }

    pub fn contestants(&self, scenario: &str) -> Vec<Contestant> {
        let mut all = unique(self.of(scenario).map(|figure| figure.contestant));
        all.sort_unstable();
        all
    }

    /// All of a name, wherever they were measured: for what must never happen to one contestant.
    pub fn sum(&self, contestant: Contestant, name: &str) -> f64 {
        let all = self.figures.iter().filter(|figure| figure.contestant == contestant && figure.name == name);
        all.flat_map(|figure| &figure.values).sum()
    }

    fn of(&self, scenario: &str) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(move |figure| figure.scenario == scenario)
    }
}

impl Figure {
    fn is(&self, scenario: &str, contestant: Contestant, name: &str) -> bool {
        self.scenario == scenario && self.contestant == contestant && self.name == name
    }
}

fn unique<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut seen, one| {
        if !seen.contains(&one) {
            seen.push(one);
        }
        seen
    })
}

/// Of an even number the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count => f64::midpoint(sorted[(count - 1) / 2], sorted[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_one_in_the_middle() {
        assert!((median(&[3.0, 1.0, 100.0]) - 3.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 100.0]) - 3.0).abs() < f64::EPSILON);
        assert!((median(&[7.0]) - 7.0).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn rounds_of_one_contestant_are_not_mixed_with_anothers() {
        let mut results = Results::default();
        for (contestant, value) in
            [(Contestant::Chatire, 1.0), (Contestant::Bun, 9.0), (Contestant::Chatire, 3.0)]
        {
            results.add("s", contestant, [("x", value)]);
        }
        assert_eq!(results.median("s", Contestant::Chatire, "x"), Some(2.0));
        assert_eq!(results.median("s", Contestant::Bun, "x"), Some(9.0));
        assert_eq!(results.median("t", Contestant::Bun, "x"), None);
        assert_eq!(results.contestants("s"), [Contestant::Chatire, Contestant::Bun]);
    }
}
