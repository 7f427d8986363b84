//! The modules of a crate do not import each other in a circle.
//!
//! The children of each module form a graph: one depends on another if any file in or below it names a path that leads
//! into or below the other; re-exports are followed to the module that defines the name. That graph must have no circle,
//! at every level. References between a module and its own descendants do not count: `foo.rs` uses `foo/a.rs`, and
//! `foo/a.rs` may use what `foo.rs` defines. Code for tests does not count either.

use std::collections::{BTreeMap, VecDeque};

use super::{Project, Violation, module_tree::Reference, references::ModulePath};

/// For each module and each that it depends on: one place as evidence.
type Graph = BTreeMap<String, BTreeMap<String, String>>;

pub fn check(project: &Project) -> Vec<Violation> {
    let mut graphs: BTreeMap<(String, ModulePath), Graph> = BTreeMap::new();
    for reference in project.references.iter().filter(|reference| !reference.in_tests) {
        for target in &reference.targets {
            add_edge(reference, target, &mut graphs);
        }
    }
    let mut violations = Vec::new();
    for ((crate_root, parent), graph) in graphs {
        let place =
            if parent.is_empty() { crate_root } else { format!("{crate_root}: {}", parent.join("::")) };
        violations.extend(cycles(&graph).iter().map(|cycle| format!("{place}: {}", describe(cycle, &graph))));
    }
    violations
}

fn add_edge(reference: &Reference, target: &[String], graphs: &mut BTreeMap<(String, ModulePath), Graph>) {
    let common = reference.from.iter().zip(target).take_while(|(from, to)| from == to).count();
    let (Some(from), Some(to)) = (reference.from.get(common), target.get(common)) else { return };
    let parent = target.iter().take(common).cloned().collect();
    let graph = graphs.entry((reference.crate_root.clone(), parent)).or_default();
    let evidence = || format!("{}:{} names {}", reference.file, reference.line, reference.path.join("::"));
    graph.entry(from.clone()).or_default().entry(to.clone()).or_insert_with(evidence);
}

/// Circles without a common edge: the shortest first, each looked for in what is left without those before.
fn cycles(graph: &Graph) -> Vec<Vec<String>> {
    let (mut rest, mut cycles) = (graph.clone(), Vec::new());
    while let Some(cycle) = shortest_cycle(&rest) {
        for (from, to) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
            rest.get_mut(from).map(|targets| targets.remove(to));
        }
        cycles.push(cycle);
    }
    cycles
}

fn shortest_cycle(graph: &Graph) -> Option<Vec<String>> {
    let edges = graph.iter().flat_map(|(from, targets)| targets.keys().map(move |to| (from, to)));
    let cycles = edges.filter_map(|(from, to)| shortest_path(graph, to, from));
    let mut cycle = cycles.min_by_key(Vec::len)?;
    cycle.rotate_right(1);
    Some(cycle)
}

/// The modules on the way, both ends included.
fn shortest_path(graph: &Graph, start: &String, end: &String) -> Option<Vec<String>> {
    let mut previous: BTreeMap<&String, &String> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(module) = queue.pop_front() {
        if module == end {
            let mut path = vec![end.clone()];
            while let Some(step) =
                path.last().filter(|step| *step != start).and_then(|step| previous.get(step))
            {
                path.push((*step).clone());
            }
            path.reverse();
            return Some(path);
        }
        for next in graph.get(module).into_iter().flat_map(BTreeMap::keys) {
            if next != start && !previous.contains_key(next) {
                previous.insert(next, module);
                queue.push_back(next);
            }
        }
    }
    None
}

fn describe(cycle: &[String], graph: &Graph) -> String {
    let next = cycle.iter().cycle().skip(1);
    let evidence = cycle.iter().zip(next).filter_map(|(from, to)| graph.get(from)?.get(to)).cloned();
    let evidence = evidence.collect::<Vec<_>>().join("; ");
    let closed: Vec<_> = cycle.iter().chain(cycle.first()).cloned().collect();
    format!("{} ({evidence})", closed.join(" → "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    const ROOT: (&str, &str) = ("a/src/lib.rs", "mod api; mod chat; mod store;");

    #[test]
    fn whole_circle_is_printed() {
        let violations = check(&project(&[
            ROOT,
            ("a/src/api.rs", "use crate::chat;"),
            ("a/src/chat.rs", "fn f() {\n    crate::store::g(); }"),
            ("a/src/store.rs", "mod rows; pub fn g() {}"),
            ("a/src/store/rows.rs", "use crate::{api::Error, store::g};"),
        ]));
        let expected = "a/src: api → chat → store → api (a/src/api.rs:1 names crate::chat; \
                        a/src/chat.rs:2 names crate::store::g; a/src/store/rows.rs:1 names crate::api::Error)";
        assert_eq!(violations, [expected]);
    }

    #[test]
    fn circle_of_siblings_through_re_export_is_caught() {
        let violations = check(&project(&[
            ("a/src/lib.rs", "mod store;"),
            ("a/src/store.rs", "mod chats; mod users; pub use users::User;"),
            ("a/src/store/chats.rs", "use super::User; pub struct Chat;"),
            ("a/src/store/users.rs", "use super::chats::Chat; pub struct User;"),
        ]));
        let [violation] = violations.as_slice() else { panic!("{violations:?}") };
        assert!(violation.starts_with("a/src: store: chats → users → chats ("), "{violation}");
    }

    #[test]
    fn parent_and_child_and_tests_may_refer_to_each_other() {
        let violations = check(&project(&[
            ROOT,
            ("a/src/chat.rs", "mod join; use join::Join; use crate::store; pub struct Chat;"),
            ("a/src/chat/join.rs", "use super::Chat; pub struct Join;"),
            ("a/src/store.rs", "#[cfg(test)] mod tests { use crate::chat::Chat; }"),
            ("a/src/api.rs", "#[cfg(test)] use crate::chat; use crate::{chat::Chat, store};"),
        ]));
        assert_eq!(violations, [""; 0]);
    }
}
