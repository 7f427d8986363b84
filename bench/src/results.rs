//! All figures of all rounds, and their medians.

#[derive(Default)]
pub struct Results {
    figures: Vec<Figure>,
    skipped: Vec<Skipped>,
}

struct Figure {
    scenario: &'static str,
    who: &'static str,
    name: &'static str,
    values: Vec<f64>,
}

/// What could not be had, and why.
struct Skipped {
    /// None: in all of them.
    scenario: Option<&'static str>,
    who: &'static str,
    why: String,
}

impl Results {
    pub fn skip(&mut self, scenario: Option<&'static str>, who: &'static str, why: String) {
        println!("  {who} is skipped: {why}");
        if !self.skipped.iter().any(|known| known.scenario == scenario && known.who == who) {
            self.skipped.push(Skipped { scenario, who, why });
        }
    }

    pub fn skipped_in(&self, scenario: &str) -> impl Iterator<Item = (&'static str, &str)> {
        let here =
            self.skipped.iter().filter(move |skipped| skipped.scenario.is_none_or(|other| other == scenario));
        here.map(|skipped| (skipped.who, skipped.why.as_str()))
    }

    pub fn has_skipped(&self, who: &str) -> bool {
        self.skipped.iter().any(|skipped| skipped.who == who)
    }

    pub fn add(
        &mut self,
        scenario: &'static str,
        who: &'static str,
        figures: impl IntoIterator<Item = (&'static str, f64)>,
    ) {
        for (name, value) in figures {
            let known = self.figures.iter_mut().find(|figure| figure.is(scenario, who, name));
            match known {
                Some(figure) => figure.values.push(value),
                None => self.figures.push(Figure { scenario, who, name, values: vec![value] }),
            }
        }
    }

    pub fn median(&self, scenario: &str, who: &str, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.is(scenario, who, name)).map(|figure| median(&figure.values))
    }

    /// In the order in which they were first measured.
    pub fn scenarios(&self) -> Vec<&'static str> {
        unique(self.figures.iter().map(|figure| figure.scenario))
    }

    pub fn names(&self, scenario: &str) -> Vec<&'static str> {
        unique(self.of(scenario).map(|figure| figure.name))
    }

    pub fn rows(&self, scenario: &str) -> Vec<&'static str> {
        unique(self.of(scenario).map(|figure| figure.who))
    }

    /// All of a name, wherever and whenever it was measured: for what must never happen.
    pub fn sum(&self, who: &str, name: &str) -> Option<f64> {
        let all = self.figures.iter().filter(|figure| figure.who == who && figure.name == name);
        all.flat_map(|figure| &figure.values).copied().reduce(|sum, value| sum + value)
    }

    fn of(&self, scenario: &str) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(move |figure| figure.scenario == scenario)
    }
}

impl Figure {
    fn is(&self, scenario: &str, who: &str, name: &str) -> bool {
        self.scenario == scenario && self.who == who && self.name == name
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
        for (who, value) in [("chatire", 1.0), ("bun", 9.0), ("chatire", 3.0)] {
            results.add("s", who, [("x", value)]);
        }
        assert_eq!(results.median("s", "chatire", "x"), Some(2.0));
        assert_eq!(results.median("s", "bun", "x"), Some(9.0));
        assert_eq!(results.median("t", "bun", "x"), None);
        assert_eq!(results.rows("s"), ["chatire", "bun"]);
    }
}
