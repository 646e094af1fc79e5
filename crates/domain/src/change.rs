//! Changes: what somebody says of one field of a record that is there already.

/// What a change says of a field: nothing, or what it is from now on.
///
/// A field that may be missing is a `Change<Option<T>>`, so that taking a value away is said as
/// clearly as giving one.
///
/// ```
/// use medilink_domain::change::Change;
///
/// let mut city = Some("Oslo");
/// Change::Keep.apply(&mut city);
/// assert_eq!(city, Some("Oslo"));
/// Change::Set(None).apply(&mut city);
/// assert_eq!(city, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// It stays what it is.
    #[default]
    Keep,
    /// It becomes this.
    Set(T),
}

impl<T> Change<T> {
    /// Says the same of a field that holds the value in another way.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Set(value) => Change::Set(into(value)),
        }
    }

    /// Changes a field, or leaves it alone.
    pub fn apply(self, field: &mut T) {
        match self {
            Self::Keep => {}
            Self::Set(value) => *field = value,
        }
    }
}
