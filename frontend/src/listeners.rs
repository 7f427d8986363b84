//! The listeners of one source of events.

use std::rc::Rc;

type Listener<E> = Rc<dyn Fn(&E)>;

/// The listeners are called in the order in which they were added, and live as long as the page.
pub struct Listeners<E>(Vec<Listener<E>>);

impl<E> Default for Listeners<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A source clones its listeners before it calls them, so that they may use the source.
impl<E> Clone for Listeners<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E> Listeners<E> {
    pub fn add(&mut self, listener: impl Fn(&E) + 'static) {
        self.0.push(Rc::new(listener));
    }

    pub fn call(&self, event: &E) {
        for listener in &self.0 {
            listener(event);
        }
    }
}
