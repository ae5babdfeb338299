//! Values under small numbers that are used again.

/// A vector with holes. Finding, adding and removing take constant time.
pub(crate) struct Slab<T> {
    entries: Vec<Option<T>>,
    holes: Vec<u32>,
}

/// An empty slab keeps the memory of this many entries.
const KEEP: usize = 1024;

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new(), holes: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.holes.len()
    }

    /// The key that the next insert gives.
    pub(crate) fn next_key(&self) -> u32 {
        match self.holes.last() {
            Some(hole) => *hole,
            None => u32::try_from(self.entries.len()).expect("fewer than four billion at once"),
        }
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(hole) = self.holes.pop() {
            self.entries[hole as usize] = Some(value);
            return hole;
        }
        let key = self.next_key();
        self.entries.push(Some(value));
        key
    }

    pub(crate) fn get(&self, key: u32) -> Option<&T> {
        self.entries.get(key as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        self.entries.get_mut(key as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, key: u32) -> Option<T> {
        let value = self.entries.get_mut(key as usize)?.take()?;
        self.holes.push(key);
        if self.holes.len() == self.entries.len() && self.entries.len() > KEEP {
            // Empty: a past burst keeps no memory.
            *self = Self::new();
        }
        Some(value)
    }

    pub(crate) fn into_values(self) -> impl Iterator<Item = T> {
        self.entries.into_iter().flatten()
    }
}
