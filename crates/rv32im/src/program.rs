//! A loaded program: its instructions, its initial memory and its debug information.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::elf::{ElfError, read_executable};
use crate::extension::{Extensions, NoExtensions};
use crate::instruction::Instruction;
use crate::layout::Layout;
use crate::segment::Segment;
use crate::source_lines::{SourceLines, read_symbols};

/// A run of instruction words at consecutive addresses.
#[derive(Clone, Debug)]
pub(crate) struct CodeRegion {
    /// Address of the first word, a multiple of 4.
    pub start: u32,
    /// For each word its index in [`Program::instructions`], or [`NOT_AN_INSTRUCTION`].
    pub indices: Box<[u32]>,
    /// The words themselves.
    pub words: Box<[u32]>,
}

impl CodeRegion {
    /// Position of the word at `pc`.
    fn word_of(&self, pc: u32) -> Option<usize> {
        let word = usize::try_from(pc.checked_sub(self.start)? / 4).ok()?;
        (pc.is_multiple_of(4) && word < self.words.len()).then_some(word)
    }
}

/// Marks a word of a code region that does not decode.
pub(crate) const NOT_AN_INSTRUCTION: u32 = u32::MAX;

/// A program, ready to run. Cloning shares the contents.
#[derive(Clone)]
pub struct Program(Arc<Contents>);

struct Contents {
    elf: Box<[u8]>,
    entry: u32,
    instructions: Box<[(u32, Instruction)]>,
    regions: Box<[CodeRegion]>,
    segments: Box<[Segment]>,
    layout: Layout,
    may_be_compressed: bool,
    extensions: Arc<dyn Extensions>,
    symbols: OnceLock<Vec<(u32, String)>>,
}

impl Program {
    /// Loads a static RV32IM executable, in which custom instructions are illegal.
    ///
    /// # Errors
    /// Any file that is not a static, little-endian 32-bit RISC-V executable within the limits
    /// [`IMAGE_BYTES_MAX`](crate::elf::IMAGE_BYTES_MAX) and [`INSTRUCTIONS_MAX`](crate::elf::INSTRUCTIONS_MAX).
    pub fn from_elf(elf: &[u8]) -> Result<Program, ElfError> {
        Program::from_elf_with(elf, Arc::new(NoExtensions))
    }

    /// Loads a static RV32IM executable, in which the custom instructions of `extensions` are legal.
    ///
    /// # Errors
    /// As for [`from_elf`](Self::from_elf).
    pub fn from_elf_with(elf: &[u8], extensions: Arc<dyn Extensions>) -> Result<Program, ElfError> {
        let executable = read_executable(elf)?;
        let (entry, segments, may_be_compressed) =
            (executable.entry, executable.segments, executable.may_be_compressed);
        let occupied: Vec<(u32, u64)> = segments.iter().map(|segment| (segment.address, segment.end())).collect();
        let layout = Layout::around(&occupied)?;

        let mut instructions = Vec::new();
        let mut regions = Vec::new();
        for segment in segments.iter().filter(|segment| segment.executable) {
            let Some(start) = segment.words().next() else { continue };
            let (mut indices, mut words) = (vec![], vec![]);
            for address in segment.words() {
                let word = u32::from_le_bytes([0, 1, 2, 3].map(|lane| segment.byte(address | lane)));
                words.push(word);
                match Instruction::decode_with(word, &*extensions) {
                    Some(instruction) => {
                        indices.push(u32::try_from(instructions.len()).unwrap_or(NOT_AN_INSTRUCTION));
                        instructions.push((address, instruction));
                    }
                    None => indices.push(NOT_AN_INSTRUCTION),
                }
            }
            regions.push(CodeRegion { start, indices: indices.into(), words: words.into() });
        }

        let program = Program(Arc::new(Contents {
            elf: elf.into(),
            entry,
            instructions: instructions.into(),
            regions: regions.into(),
            segments: segments.into(),
            layout,
            may_be_compressed,
            extensions,
            symbols: OnceLock::new(),
        }));
        match program.word_at(entry) {
            Some(_) => Ok(program),
            None if program.compressed_at(entry).is_some() => Err(ElfError::CompressedEntry { entry }),
            None => Err(ElfError::EntryOutsideProgram { entry }),
        }
    }

    /// The file that the program was loaded from.
    #[must_use]
    pub fn elf(&self) -> &[u8] {
        &self.0.elf
    }

    /// Address of the first instruction to execute, a multiple of 4.
    #[must_use]
    pub fn entry(&self) -> u32 {
        self.0.entry
    }

    /// Every legal instruction with its address, in order of address. Words that do not decode are left out.
    #[must_use]
    pub fn instructions(&self) -> &[(u32, Instruction)] {
        &self.0.instructions
    }

    /// The position in [`instructions`](Self::instructions) of the one at `pc`.
    #[must_use]
    pub fn index_of(&self, pc: u32) -> Option<u32> {
        let (region, word) = self.locate(pc)?;
        region.indices.get(word).copied().filter(|&index| index != NOT_AN_INSTRUCTION)
    }

    /// The instruction at `pc`; `None` where [`index_of`](Self::index_of) has none.
    #[must_use]
    pub fn instruction_at(&self, pc: u32) -> Option<Instruction> {
        let index = usize::try_from(self.index_of(pc)?).ok()?;
        self.0.instructions.get(index).map(|&(_, instruction)| instruction)
    }

    /// The extensions that it was loaded with.
    #[must_use]
    pub fn extensions(&self) -> &Arc<dyn Extensions> {
        &self.0.extensions
    }

    /// The word at `pc`, legal or not; `None` where `pc` is misaligned or outside the executable segments.
    #[must_use]
    pub fn word_at(&self, pc: u32) -> Option<u32> {
        let (region, word) = self.locate(pc)?;
        region.words.get(word).copied()
    }

    /// The 16 bits at `pc` where they are a compressed instruction: the file says that it has some, and the word at `pc`, if
    /// there is one, is no 32-bit instruction. Two zero bytes are the instruction that is illegal by definition and are
    /// not meant here.
    pub(crate) fn compressed_at(&self, pc: u32) -> Option<u16> {
        let is_code = |segment: &&Segment| segment.executable && segment.contains(pc) && segment.contains(pc | 1);
        let segment =
            self.0.segments.iter().filter(|_| self.0.may_be_compressed && pc.is_multiple_of(2)).find(is_code)?;
        let parcel = u16::from_le_bytes([0, 1].map(|lane| segment.byte(pc | lane)));
        (parcel != 0 && (!pc.is_multiple_of(4) || parcel & 3 != 3)).then_some(parcel)
    }

    fn locate(&self, pc: u32) -> Option<(&CodeRegion, usize)> {
        let region = self.0.regions.get(self.region_of(pc)?)?;
        Some((region, region.word_of(pc)?))
    }

    /// Number of the region that holds the word at `pc`, a multiple of 4.
    pub(crate) fn region_of(&self, pc: u32) -> Option<usize> {
        let number = self.0.regions.partition_point(|region| region.start <= pc).checked_sub(1)?;
        self.0.regions.get(number)?.word_of(pc).map(|_| number)
    }

    pub(crate) fn regions(&self) -> &[CodeRegion] {
        &self.0.regions
    }

    /// The initial memory: disjoint ranges in order of address. All other memory is zero.
    pub fn image(&self) -> impl ExactSizeIterator<Item = &Segment> {
        self.0.segments.iter()
    }

    /// Where the stack and the heap are.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// End of the highest segment, rounded up to a page: what the first `brk` returns.
    #[must_use]
    pub fn initial_break(&self) -> u32 {
        self.0.layout.initial_break
    }

    /// The highest break that `brk` grants.
    #[must_use]
    pub fn heap_limit(&self) -> u32 {
        self.0.layout.heap_limit
    }

    /// End of the stack, exclusive.
    #[must_use]
    pub fn stack_top(&self) -> u32 {
        self.0.layout.stack_top
    }

    /// The registers at entry: all zero but `sp` (register 2), which points at an empty argument block of zero words.
    #[must_use]
    pub fn initial_registers(&self) -> [u32; 32] {
        let mut registers = [0; 32];
        registers[2] = self.0.layout.initial_stack_pointer();
        registers
    }

    /// Debug information, parsed anew; for many look-ups keep the result.
    #[must_use]
    pub fn source_lines(&self) -> Option<SourceLines> {
        SourceLines::parse(&self.0.elf)
    }

    /// `file:line` of the instruction at `pc`, where the program has debug information.
    #[must_use]
    pub fn source_line(&self, pc: u32) -> Option<String> {
        self.source_lines()?.line(pc)
    }

    /// The function or other label at or before `pc`, where the program has a symbol table.
    #[must_use]
    pub fn symbol(&self, pc: u32) -> Option<Symbol<'_>> {
        let symbols = self.0.symbols.get_or_init(|| read_symbols(&self.0.elf));
        let following = symbols.partition_point(|&(address, _)| address <= pc);
        let (address, name) = symbols.get(following.checked_sub(1)?)?;
        self.word_at(pc)?;
        Some(Symbol { name, offset_bytes: pc.saturating_sub(*address) })
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("entry", &format_args!("{:#010x}", self.0.entry))
            .field("instructions", &self.0.instructions.len())
            .field("segments", &self.0.segments.len())
            .finish_non_exhaustive()
    }
}

/// A place relative to a label of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// The label's name, demangled.
    pub name: &'a str,
    /// Distance from the label.
    pub offset_bytes: u32,
}

impl fmt::Display for Symbol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset_bytes {
            0 => f.write_str(self.name),
            offset => write!(f, "{}+{offset:#x}", self.name),
        }
    }
}
