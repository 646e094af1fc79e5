//! Counts what happens, for tests that wait for events rather than for times.

use tokio::sync::watch;

/// How often something has happened so far.
pub struct Tally(watch::Sender<usize>);

impl Default for Tally {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Tally {
    /// Notes that it has happened once more.
    pub fn add(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// Returns how often it has happened.
    pub fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until it has happened so often.
    pub async fn reaches(&self, count: usize) {
        let reached = self.0.subscribe().wait_for(|so_far| count <= *so_far).await.map(|_| ());
        reached.expect("the sender lives as long as this");
    }
}
