//! Runs steps in order and prints which one runs and about how long it takes.

use std::{
    mem,
    thread::{self, JoinHandle},
    time::Instant,
};

use anyhow::{Context, Result, anyhow};

use crate::shell;

pub struct Step {
    title: String,
    /// For a machine with two cores on which nothing is built yet.
    estimate: Option<&'static str>,
    order: Order,
    action: Box<dyn FnOnce() -> Result<()> + Send>,
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    AfterPrevious,
    /// At the same time as the steps that follow.
    Background,
    AfterBackground,
}

impl Step {
    pub fn new(title: impl Into<String>, action: impl FnOnce() -> Result<()> + Send + 'static) -> Self {
        Self { title: title.into(), estimate: None, order: Order::AfterPrevious, action: Box::new(action) }
    }

    pub fn estimate(self, estimate: &'static str) -> Self {
        Self { estimate: Some(estimate), ..self }
    }

    /// Runs at the same time as the steps that follow, up to the first that [waits](Self::after_background).
    pub fn in_background(self) -> Self {
        Self { order: Order::Background, ..self }
    }

    pub fn after_background(self) -> Self {
        Self { order: Order::AfterBackground, ..self }
    }
}

/// Runs the steps until one fails. Returns when background steps have ended, too.
pub fn run_all(steps: Vec<Step>) -> Result<()> {
    let mut background = Vec::new();
    let result = run_in_order(steps, &mut background);
    result.and(wait(background))
}

fn run_in_order(steps: Vec<Step>, background: &mut Vec<JoinHandle<Result<()>>>) -> Result<()> {
    let total = steps.len();
    for (number, step) in (1..).zip(steps) {
        if step.order == Order::AfterBackground {
            wait(mem::take(background))?;
        }
        let place = if step.order == Order::Background { " (in the background)" } else { "" };
        let estimate = step.estimate.map(|estimate| format!(", about {estimate}")).unwrap_or_default();
        shell::print_step(&format!("Step {number} of {total}{place}: {}{estimate}", step.title));
        let action = move || {
            let start = Instant::now();
            (step.action)()?;
            println!("  step {number} of {total} took {} s", start.elapsed().as_secs());
            Ok(())
        };
        if step.order == Order::Background {
            background.push(thread::spawn(action));
        } else {
            action().with_context(|| format!("step {number} failed"))?;
        }
    }
    Ok(())
}

fn wait(background: Vec<JoinHandle<Result<()>>>) -> Result<()> {
    if background.iter().any(|step| !step.is_finished()) {
        println!("  waiting for the step in the background");
    }
    background.into_iter().try_for_each(|step| step.join().map_err(|_| anyhow!("a step panicked"))?)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use anyhow::bail;

    use super::*;

    fn send(sender: &Sender<char>, letter: char) -> Step {
        let sender = sender.clone();
        Step::new(letter, move || Ok(sender.send(letter)?))
    }

    #[test]
    fn failed_step_ends_the_run() {
        let (sender, receiver) = channel();
        let steps = vec![send(&sender, 'a'), Step::new("fail", || bail!("broken")), send(&sender, 'b')];
        assert_eq!(format!("{:#}", run_all(steps).unwrap_err()), "step 2 failed: broken");
        assert_eq!(receiver.try_iter().collect::<String>(), "a");
    }

    #[test]
    fn background_step_ends_before_waiting_step() {
        let ((sender, receiver), (release, released)) = (channel(), channel());
        let background = sender.clone();
        let wait_for_b = move || {
            released.recv()?;
            Ok(background.send('a')?)
        };
        let release_a = Step::new("release", move || Ok(release.send(())?));
        let steps = vec![
            Step::new("a", wait_for_b).in_background(),
            send(&sender, 'b'),
            release_a,
            send(&sender, 'c').after_background(),
        ];
        run_all(steps).unwrap();
        assert_eq!(receiver.try_iter().collect::<String>(), "bac");
    }

    #[test]
    fn failed_background_step_is_reported() {
        let steps =
            vec![Step::new("fail", || bail!("broken")).in_background(), Step::new("go on", || Ok(()))];
        assert_eq!(run_all(steps).unwrap_err().to_string(), "broken");
    }
}
