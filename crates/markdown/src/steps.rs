//! Counts the work of the parser in tests: time would depend on the machine.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// Adds the bytes or entries that the caller may look at.
pub fn add(count: usize) {
    #[cfg(test)]
    COUNT.set(COUNT.get() + count);
    #[cfg(not(test))]
    let _ = count;
}

/// The steps of a call.
#[cfg(test)]
pub fn count(call: impl FnOnce()) -> usize {
    let before = COUNT.get();
    call();
    COUNT.get() - before
}
