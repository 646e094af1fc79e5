//! Chance that repeats itself: the same choices for the same seed, whatever the machine.

/// A stream of choices (`SplitMix64`). Nothing secret may come of it.
pub(super) struct Chance(u64);

impl Chance {
    /// Begins a stream.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number from zero to just below an end, or zero if there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        let number = self.next().checked_rem(end).unwrap_or(0);
        usize::try_from(number).unwrap_or(0)
    }

    /// Answers yes so many times in a hundred.
    pub(super) fn of_a_hundred(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// Picks one, or nothing from nothing.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let at = self.below(from.len());
        from.get(at).copied()
    }

    /// Picks a word, or the empty one from nothing.
    pub(super) fn word(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from).unwrap_or_default()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything() {
        let stream = |seed| {
            let mut chance = Chance::new(seed);
            (0..64).map(|_| chance.below(1000)).collect::<Vec<_>>()
        };

        assert_eq!(stream(1), stream(1));
        assert_ne!(stream(1), stream(2));
    }

    #[test]
    fn nothing_is_picked_from_nothing() {
        assert_eq!(Chance::new(1).pick::<u8>(&[]), None);
        assert_eq!(Chance::new(1).below(0), 0);
    }
}
