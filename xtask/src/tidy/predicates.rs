//! Functions named `is_…`, `has_…`, `can_…` and `should_…` change nothing.

use syn::{
    Expr, ExprAssign, ExprBinary, ExprMethodCall, Signature,
    visit::{self, Visit},
};

use super::{Project, Violation, functions};

const PREFIXES: [&str; 4] = ["is_", "has_", "can_", "should_"];

/// Methods that store something when called on a part of `self`.
const STORING: [&str; 15] = [
    "clear",
    "fetch_add",
    "fetch_and",
    "fetch_or",
    "fetch_sub",
    "insert",
    "pop",
    "push",
    "push_back",
    "remove",
    "set",
    "store",
    "swap",
    "take",
    "update",
];

pub fn check(project: &Project) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in &project.rust {
        for function in functions::list(file) {
            let Some((signature, body)) = function.syntax else { continue };
            if !PREFIXES.iter().any(|prefix| function.name.starts_with(prefix)) {
                continue;
            }
            let mut writes = Writes::default();
            writes.visit_block(body);
            let takes_mut_self = takes_mut_self(signature).then(|| "takes `&mut self`".into());
            let reason = takes_mut_self.or_else(|| writes.0.into_iter().next());
            if let Some(reason) = reason {
                let (path, line, name) = (&file.path, function.first_line, function.name);
                violations.push(format!("{path}:{line}: `{name}` {reason}"));
            }
        }
    }
    violations
}

fn takes_mut_self(signature: &Signature) -> bool {
    signature.receiver().is_some_and(|receiver| receiver.reference.is_some() && receiver.mutability.is_some())
}

/// Writes through `self` or through a dereferenced guard; local variables may change.
#[derive(Default)]
struct Writes(Vec<String>);

impl<'a> Visit<'a> for Writes {
    fn visit_expr_assign(&mut self, assign: &'a ExprAssign) {
        self.note_assignment(&assign.left);
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_binary(&mut self, binary: &'a ExprBinary) {
        use syn::BinOp::{
            AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign, ShlAssign,
            ShrAssign, SubAssign,
        };
        if matches!(
            binary.op,
            AddAssign(_)
                | BitAndAssign(_)
                | BitOrAssign(_)
                | BitXorAssign(_)
                | DivAssign(_)
                | MulAssign(_)
                | RemAssign(_)
                | ShlAssign(_)
                | ShrAssign(_)
                | SubAssign(_)
        ) {
            self.note_assignment(&binary.left);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        let name = call.method.to_string();
        // `Iterator::take` has an argument, `Option::take` and `Cell::take` have none.
        let stores = STORING.contains(&name.as_str()) && (name != "take" || call.args.is_empty());
        if stores
            && matches!(call.receiver.as_ref(), Expr::Field(_) | Expr::MethodCall(_))
            && is_of_self(&call.receiver)
        {
            self.0.push(format!("calls `{name}` on a part of `self`"));
        }
        visit::visit_expr_method_call(self, call);
    }
}

impl Writes {
    fn note_assignment(&mut self, place: &Expr) {
        let through_guard = matches!(place, Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)));
        if through_guard || (matches!(place, Expr::Field(_) | Expr::Index(_)) && is_of_self(place)) {
            self.0.push("assigns to something that outlives it".into());
        }
    }
}

/// Whether the expression begins with `self`: `self.a.b`, `self.a[1]`, `self.a.lock()?.b`.
fn is_of_self(place: &Expr) -> bool {
    match place {
        Expr::Path(path) => path.path.is_ident("self"),
        Expr::Field(field) => is_of_self(&field.base),
        Expr::Index(index) => is_of_self(&index.expr),
        Expr::MethodCall(call) => is_of_self(&call.receiver),
        Expr::Paren(paren) => is_of_self(&paren.expr),
        Expr::Unary(unary) => is_of_self(&unary.expr),
        Expr::Try(attempt) => is_of_self(&attempt.expr),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn predicate_that_writes_is_a_violation() {
        for source in [
            "impl A { fn is_new(&mut self) -> bool { true } }",
            "impl A { fn is_new(&self) -> bool { self.seen.store(true, Relaxed) } }",
            "impl A { fn can_enter(&self) -> bool { self.seen.lock().insert(3) } }",
            "impl A { fn has_news(&self) -> bool { let mut a = self.a.lock(); *a += 1; true } }",
            "impl A { fn should_retry(mut self) -> bool { self.tries -= 1; true } }",
        ] {
            assert_eq!(check(&project(&[("a/src/lib.rs", source)])).len(), 1, "{source}");
        }
    }

    #[test]
    fn pure_predicates_and_other_names_are_allowed() {
        for source in [
            "impl A { fn is_new(&self) -> bool { let mut n = 0; n += 1; self.a.iter().take(n).any(f) } }",
            "fn has_twin(a: &[u8]) -> bool { let mut seen = Set::new(); a.iter().any(|b| !seen.insert(b)) }",
            "fn has_session(connection: &mut Connection) -> bool { true }",
            "impl A { fn touch(&mut self) -> bool { self.seen = true; self.seen } }",
        ] {
            assert!(check(&project(&[("a/src/lib.rs", source)])).is_empty(), "{source}");
        }
    }
}
