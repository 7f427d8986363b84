//! The figures of all rounds, and their medians.

#[derive(Default)]
pub struct Results {
    figures: Vec<Figure>,
    skipped: Vec<Skipped>,
}

struct Figure {
    scenario: &'static str,
    target: &'static str,
    name: &'static str,
    values: Vec<f64>,
}

/// A target that could not be measured.
struct Skipped {
    /// None for all scenarios.
    scenario: Option<&'static str>,
    target: &'static str,
    reason: String,
}

impl Results {
    pub fn skip(&mut self, scenario: Option<&'static str>, target: &'static str, reason: String) {
        println!("  {target} is skipped: {reason}");
        if !self.skipped.iter().any(|existing| existing.scenario == scenario && existing.target == target) {
            self.skipped.push(Skipped { scenario, target, reason });
        }
    }

    pub fn skipped_in(&self, scenario: &str) -> impl Iterator<Item = (&'static str, &str)> {
        let skipped =
            self.skipped.iter().filter(move |skipped| skipped.scenario.is_none_or(|other| other == scenario));
        skipped.map(|skipped| (skipped.target, skipped.reason.as_str()))
    }

    pub fn has_skipped(&self, target: &str) -> bool {
        self.skipped.iter().any(|skipped| skipped.target == target)
    }

    pub fn add(
        &mut self,
        scenario: &'static str,
        target: &'static str,
        figures: impl IntoIterator<Item = (&'static str, f64)>,
    ) {
        for (name, value) in figures {
            let existing = self.figures.iter_mut().find(|figure| figure.matches(scenario, target, name));
            match existing {
                Some(figure) => figure.values.push(value),
                None => self.figures.push(Figure { scenario, target, name, values: vec![value] }),
            }
        }
    }

    pub fn median(&self, scenario: &str, target: &str, name: &str) -> Option<f64> {
        self.figures
            .iter()
            .find(|figure| figure.matches(scenario, target, name))
            .map(|figure| median(&figure.values))
    }

    /// In the order in which they were first measured.
    pub fn scenarios(&self) -> Vec<&'static str> {
        unique(self.figures.iter().map(|figure| figure.scenario))
    }

    pub fn names(&self, scenario: &str) -> Vec<&'static str> {
        unique(self.figures_in(scenario).map(|figure| figure.name))
    }

    pub fn rows(&self, scenario: &str) -> Vec<&'static str> {
        unique(self.figures_in(scenario).map(|figure| figure.target))
    }

    /// The sum over all scenarios and rounds: for faults.
    pub fn sum(&self, target: &str, name: &str) -> Option<f64> {
        let all = self.figures.iter().filter(|figure| figure.target == target && figure.name == name);
        all.flat_map(|figure| &figure.values).copied().reduce(|sum, value| sum + value)
    }

    fn figures_in(&self, scenario: &str) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(move |figure| figure.scenario == scenario)
    }
}

impl Figure {
    fn matches(&self, scenario: &str, target: &str, name: &str) -> bool {
        self.scenario == scenario && self.target == target && self.name == name
    }
}

fn unique<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut unique, one| {
        if !unique.contains(&one) {
            unique.push(one);
        }
        unique
    })
}

/// The mean of the middle two for an even number of values.
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
    fn median_of_odd_and_even_counts() {
        assert!((median(&[3.0, 1.0, 100.0]) - 3.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 100.0]) - 3.0).abs() < f64::EPSILON);
        assert!((median(&[7.0]) - 7.0).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn results_are_kept_per_target() {
        let mut results = Results::default();
        for (target, value) in [("chatire", 1.0), ("bun", 9.0), ("chatire", 3.0)] {
            results.add("s", target, [("x", value)]);
        }
        assert_eq!(results.median("s", "chatire", "x"), Some(2.0));
        assert_eq!(results.median("s", "bun", "x"), Some(9.0));
        assert_eq!(results.median("t", "bun", "x"), None);
        assert_eq!(results.rows("s"), ["chatire", "bun"]);
    }
}
