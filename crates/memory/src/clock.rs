//! The timestamps of a log, and how many accesses it still takes.

use crate::{address::TIMESTAMP_BITS, config::MemoryConfig, error::MemoryError, log::RecordId};

/// Counts accesses and timestamps.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    timestamp: u32,
    accesses: u32,
    capacity: usize,
}

impl Clock {
    pub(crate) fn new(config: &MemoryConfig) -> Self {
        Self { timestamp: 1, accesses: 0, capacity: config.access_capacity() }
    }

    /// Time starts anew with the next segment.
    pub(crate) fn restart(&mut self) {
        self.timestamp = 1;
    }

    /// The next access's timestamp.
    pub(crate) fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// How many accesses there were.
    pub(crate) fn accesses(&self) -> u32 {
        self.accesses
    }

    /// Whether another access fits; changes nothing.
    #[inline]
    pub(crate) fn check_access(&self) -> Result<(), MemoryError> {
        if self.accesses as usize >= self.capacity {
            return Err(MemoryError::CapacityReached { capacity: self.capacity });
        }
        self.check_increment(1)
    }

    /// The number and timestamp of an access that [`Self::check_access`] has let pass.
    #[inline]
    pub(crate) fn access(&mut self) -> (RecordId, u32) {
        let access = (RecordId(self.accesses), self.timestamp);
        self.accesses += 1;
        self.timestamp += 1;
        access
    }

    /// Increase the timestamp without an access.
    pub(crate) fn increment_by(&mut self, increment: u32) -> Result<(), MemoryError> {
        self.check_increment(increment)?;
        self.timestamp += increment;
        Ok(())
    }

    fn check_increment(&self, increment: u32) -> Result<(), MemoryError> {
        // The timestamp after the last access may be 2^29 itself: no access has it.
        match self.timestamp.checked_add(increment) {
            Some(later) if later <= 1 << TIMESTAMP_BITS => Ok(()),
            _ => Err(MemoryError::TimestampOverflow { timestamp: self.timestamp, increment }),
        }
    }
}
