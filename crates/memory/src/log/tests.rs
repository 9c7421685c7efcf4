use engram_air::PrimeCharacteristicRing;

use super::*;

fn read(pointer: u32, len: usize) -> MemoryLogEntry<'static> {
    MemoryLogEntry::Read { address_space: 1, pointer, len }
}

fn write(pointer: u32, data: &[F]) -> MemoryLogEntry<'_> {
    MemoryLogEntry::Write { address_space: 1, pointer, data: data.into() }
}

/// Entries come back as they were added, those that no memory takes among them: a replay must see what it refuses.
#[test]
fn a_log_gives_back_what_was_added() {
    let cells: Vec<F> = (0..64).map(F::from_u32).collect();
    let entries = [
        write(8, &cells[..4]),
        read(8, 4),
        MemoryLogEntry::IncrementTimestampBy(u32::MAX),
        write(u32::MAX, &cells),
        write(3, &[]),
        read(0, usize::MAX),
        write(9, &cells[5..6]),
    ];
    let log: MemoryLog = entries.into_iter().collect();
    assert_eq!(log.iter().collect::<Vec<_>>(), entries);
    assert_eq!(log.iter().next_back(), entries.last().copied());
    assert_eq!((log.len(), log.is_empty(), log.get(7)), (7, false, None));
    entries.iter().enumerate().for_each(|(index, entry)| assert_eq!(log.get(index), Some(*entry)));
}

#[test]
fn a_word_is_the_write_of_its_cells() {
    let (mut words, mut cells) = (MemoryLog::new(), MemoryLog::new());
    words.push_write_word(1, 6, 0xdead_beef);
    cells.push(write(6, &[0xbeef, 0xdead].map(F::from_u32)));
    assert_eq!(words, cells);
    cells.push_read(1, 6, 2);
    assert_ne!(words, cells);
    words.push_read(1, 6, 1);
    assert_ne!(words, cells);
}

/// A record has one size, and a word needs nothing besides. What a log keeps of a write is its record and its cells.
#[test]
fn a_log_keeps_no_more_than_records_and_cells() {
    let mut log = MemoryLog::new();
    (0..100).for_each(|word| log.push_write_word(1, 2 * word, word));
    (0..100).for_each(|pointer| log.push_read(1, pointer, 1));
    (0..100).for_each(|_| log.push_increment(1));
    assert_eq!((log.records.len(), log.cells.capacity()), (300, 0));
    for cells in [1, 2, 4, 8, 16, 32] {
        let before = log.cells.len();
        log.push_write(1, 0, &vec![F::ONE; cells]);
        assert_eq!(log.cells.len(), before + cells);
    }
}
