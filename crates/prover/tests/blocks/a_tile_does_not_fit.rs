//! A run is covered by a block where no row of it holds, or not where one does.

use engram_prover::{
    testing::{Assembler, ZERO},
    tile::{Cover, Tile, Tiler},
};
use engram_rv32im::{
    Opcode::*,
    system_calls::SYS_EXIT,
    testing::{ElfSegment, SplitMix64},
};
use engram_rv32im_air::block::{Block, BlockPath};

use super::{
    alias_programs::alias_elf,
    exercises::{P, P2, T, X},
    forced::{Guest, blocks_of, forced_blocks},
};

fn guest(data: &[ElfSegment], write: impl FnOnce(&mut Assembler)) -> Guest {
    let mut assembler = Assembler::default();
    write(&mut assembler);
    assembler.call(SYS_EXIT, [0, 0, 0]);
    Guest::new(&assembler.elf(data), &[])
}

/// A page of memory.
fn page(address: u32) -> ElfSegment {
    ElfSegment { address, data: vec![0xa5; 0x100], memory_bytes: 0x1000, flags: 6 }
}

/// Whether it is covered in one go or as it grows makes no difference.
#[test]
fn a_cover_that_grows_is_the_same() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for _ in 0..20 {
        let guest = Guest::new(&alias_elf([random.next_u64(), random.next_u64()], 30), &[]);
        let log = guest.log();
        let blocks = forced_blocks(&guest.program, &log, 200, || 1 + random.below(40) as usize);
        let tiler = Tiler::new(&guest.program, &blocks);
        let mut whole = Cover::default();
        tiler.advance(&log, &mut whole, true);

        let mut growing = log.clone();
        growing.steps.clear();
        let mut cover = Cover::default();
        while growing.steps.len() < log.steps.len() {
            let more = (growing.steps.len() + random.below(30) as usize).min(log.steps.len());
            growing.steps.extend_from_slice(&log.steps[growing.steps.len()..more]);
            tiler.advance(&growing, &mut cover, false);
        }
        tiler.advance(&growing, &mut cover, true);
        assert_eq!((&cover.tiles, cover.steps), (&whole.tiles, whole.steps));
        assert!(blocks_of(&whole.tiles) > 0);
        let mut covered = 0;
        for tile in &whole.tiles {
            covered += match tile {
                Tile::Single => 1,
                Tile::Block(number) => {
                    let path = &blocks[usize::from(*number)].path;
                    assert_eq!(path.steps, log.steps[covered..covered + path.steps.len()]);
                    path.steps.len()
                }
            };
        }
        assert_eq!(covered, log.steps.len());
    }
}

/// Of blocks that fit the longest is taken; one that goes on elsewhere does not fit.
#[test]
fn a_block_that_goes_elsewhere_is_not_taken() {
    let mut start = 0;
    let guest = guest(&[], |a| {
        a.immediate(Addi, X, ZERO, 3);
        start = a.here();
        a.immediate(Addi, X, X, -1);
        a.branch(Bne, X, ZERO, -1);
    });
    let (first, pc) = (guest.program.program().index_of(start).unwrap(), start >> 2);
    let block = |rounds: usize, final_pc: u32| {
        let steps = [first, first + 1].repeat(rounds);
        Block::new(guest.program.decoded(), BlockPath { steps, final_pc }).unwrap()
    };
    let cover = |blocks: &[Block]| {
        let mut cover = Cover::default();
        Tiler::new(&guest.program, blocks).advance(&guest.log(), &mut cover, true);
        cover.tiles.into_iter().filter(|tile| *tile != Tile::Single).collect::<Vec<_>>()
    };
    let (back, out) = (pc, pc + 2);
    assert_eq!(cover(&[block(1, back), block(2, back)]), [Tile::Block(1)]);
    assert_eq!(cover(&[block(1, back)]), [Tile::Block(0); 2]);
    assert_eq!(cover(&[block(1, out), block(1, back)]), [Tile::Block(1), Tile::Block(1), Tile::Block(0)]);
    assert_eq!(cover(&[block(3, back), block(4, out)]), []);
    assert_eq!(cover(&[block(1, back), block(3, out)]), [Tile::Block(1)]);
    for blocks in [vec![block(1, out), block(1, back)], vec![block(3, out), block(2, back)]] {
        // Cut within the loop, a segment ends where the log says that execution stands.
        for segment_steps in [3, 4, 5, 100] {
            assert_eq!(guest.check(blocks.clone(), segment_steps).0, guest.end_without_blocks());
        }
    }
}

#[test]
fn a_misaligned_access_is_proven_by_itself() {
    let mut addresses = 0..0;
    let guest = guest(&[page(0x0100_0000)], |a| {
        a.set(P, 0x0100_0000);
        a.immediate(Addi, P2, P, 0);
        a.immediate(Addi, X, ZERO, 4);
        addresses.start = a.here();
        a.immediate(Lw, T, P, 0);
        a.immediate(Lw, ZERO, P2, 0);
        a.store(Sh, T, P2, 0);
        addresses.end = a.here();
        a.immediate(Addi, P2, P2, 1);
        a.immediate(Addi, X, X, -1);
        a.branch(Bne, X, ZERO, -5);
    });
    let (end, rows) = guest.check(vec![guest.straight_block(addresses)], u64::MAX);
    assert_eq!(end, guest.end_without_blocks());
    assert_eq!(rows, 1, "of four offsets one is aligned");
}

/// A base and an offset that together leave the address space and come back at its other end.
#[test]
fn an_address_that_wraps_around_is_not_proven_by_a_block() {
    for (memory, base, offset) in [(0, 0xffff_ff00, 0x200), (0xffff_f000, 0x100, -0x100)] {
        let mut addresses = 0..0;
        let guest = guest(&[page(memory)], |a| {
            a.set(P, base);
            addresses.start = a.here();
            a.immediate(Addi, P, P, offset);
            a.immediate(Lw, T, P, offset);
            a.store(Sw, T, P, offset + 4);
            addresses.end = a.here();
        });
        let (end, _) = guest.check(vec![guest.straight_block(addresses)], u64::MAX);
        assert_eq!(end, guest.end_without_blocks(), "{memory:#x}");
    }
}
