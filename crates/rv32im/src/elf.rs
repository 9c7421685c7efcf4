//! Reads executables. The file is hostile: no size in it is believed before it was compared with the file's own length
//! or a limit.

use object::LittleEndian;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};
use thiserror::Error;

use crate::segment::Segment;

/// Limit on the memory that a program's segments occupy at start, zero-filled parts included, in bytes.
pub const IMAGE_BYTES_MAX: u64 = 1 << 30;
/// Limit on the instruction words in a program's executable segments.
pub const INSTRUCTIONS_MAX: u64 = 1 << 22;

/// `e_flags` bit of RISC-V files whose code may have 16-bit instructions.
const FLAG_COMPRESSED: u32 = 1;

/// Why a file is not a program that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ElfError {
    /// Another kind of file.
    #[error("not an ELF file: it does not start with 7f 45 4c 46; give the linked executable of the guest program")]
    NotElf,
    /// `EI_CLASS` is not 32 bits.
    #[error("a 64-bit ELF file (class {class}); the machine is 32-bit: build with -march=rv32im -mabi=ilp32")]
    Not32Bit {
        /// `EI_CLASS`.
        class: u8,
    },
    /// `EI_DATA` is not little-endian.
    #[error("not a little-endian ELF file (encoding {encoding}); build for little-endian RISC-V")]
    NotLittleEndian {
        /// `EI_DATA`.
        encoding: u8,
    },
    /// `e_machine` is not RISC-V.
    #[error("an ELF file for machine {machine}, not for RISC-V (243); build with a RISC-V compiler, -march=rv32im")]
    NotRiscV {
        /// `e_machine`.
        machine: u16,
    },
    /// `e_type` is not `ET_EXEC` or `ET_DYN`.
    #[error("not a linked executable (ELF type {file_type}, executables have 2); link the object files first")]
    NotExecutable {
        /// `e_type`.
        file_type: u16,
    },
    /// `e_type` is `ET_DYN`.
    #[error("a position-independent executable or shared object; link with -static -no-pie")]
    PositionIndependent,
    /// There is a dynamic section or a program interpreter.
    #[error("a dynamically linked executable (program header {index} of type {segment_type}); link with -static")]
    Dynamic {
        /// Index of the program header.
        index: usize,
        /// Its `p_type`.
        segment_type: u32,
    },
    /// The entry point is where only a 16-bit instruction can be.
    #[error("the entry point {entry:#010x} is a compressed instruction; build everything with -march=rv32im, no c")]
    CompressedEntry {
        /// `e_entry`.
        entry: u32,
    },
    /// The file header or the table of program headers does not fit in the file.
    #[error("the {what} cannot be read from a file of {file_bytes} bytes; the file is damaged or cut short")]
    BadHeader {
        /// Which header.
        what: &'static str,
        /// Length of the file.
        file_bytes: usize,
    },
    /// A segment's bytes are not all in the file.
    #[error(
        "segment {index} needs bytes {offset:#x} to {end:#x} of a file of {file_bytes:#x} bytes; the file is cut short"
    )]
    SegmentTruncated {
        /// Index of the program header.
        index: usize,
        /// Where the segment's bytes start.
        offset: u64,
        /// Where they end, exclusive.
        end: u64,
        /// Length of the file.
        file_bytes: usize,
    },
    /// A segment has more bytes in the file than in memory.
    #[error("segment {index} has {file_bytes} bytes in the file but {memory_bytes} in memory; the file is damaged")]
    SegmentInverted {
        /// Index of the program header.
        index: usize,
        /// `p_filesz`.
        file_bytes: u32,
        /// `p_memsz`.
        memory_bytes: u32,
    },
    /// A segment runs over the end of the 32-bit address space.
    #[error(
        "segment {index} at {address:#010x} with {memory_bytes:#x} bytes ends above 4 GiB; correct the link script"
    )]
    SegmentOutsideMemory {
        /// Index of the program header.
        index: usize,
        /// `p_vaddr`.
        address: u32,
        /// `p_memsz`.
        memory_bytes: u32,
    },
    /// Two segments claim the same byte.
    #[error("two segments both hold address {address:#010x}; correct the link script")]
    SegmentsOverlap {
        /// First address that both hold.
        address: u32,
    },
    /// The segments are larger than [`IMAGE_BYTES_MAX`].
    #[error("the segments take {bytes} bytes of memory, more than the limit of {IMAGE_BYTES_MAX}; use a smaller .bss")]
    ImageTooLarge {
        /// Sum of the sizes of all segments.
        bytes: u64,
    },
    /// There are more instruction words than [`INSTRUCTIONS_MAX`].
    #[error(
        "the executable segments hold {words} instruction words, more than the limit of {INSTRUCTIONS_MAX}; move data \
         out of them"
    )]
    TooManyInstructions {
        /// Instruction words in executable segments.
        words: u64,
    },
    /// The entry point is not an instruction's address.
    #[error("the entry point {entry:#010x} is not a 4-byte-aligned address in an executable segment; name it with -e")]
    EntryOutsideProgram {
        /// `e_entry`.
        entry: u32,
    },
    /// The segments are scattered so that no free range can hold the stack.
    #[error("no free address range of {needed_bytes} bytes is left for the stack; link the segments closer together")]
    NoRoomForStack {
        /// Bytes of the stack and its guard.
        needed_bytes: u64,
    },
}

/// What an executable says, checked: segments sorted by address, disjoint, inside the address space and the limits.
pub(crate) struct Executable {
    pub entry: u32,
    pub segments: Vec<Segment>,
    /// `e_flags` says that there are compressed instructions. That alone is no reason to refuse the file: the flag is also set
    /// where the assembler was only allowed to use them.
    pub may_be_compressed: bool,
}

/// Reads an executable's segments.
pub(crate) fn read_executable(file: &[u8]) -> Result<Executable, ElfError> {
    check_identification(file)?;
    let header = elf::FileHeader32::<LittleEndian>::parse(file)
        .map_err(|_| ElfError::BadHeader { what: "file header", file_bytes: file.len() })?;
    check_kind(header)?;
    let program_headers = header
        .program_headers(LittleEndian, file)
        .map_err(|_| ElfError::BadHeader { what: "table of program headers", file_bytes: file.len() })?;

    let mut loaded: Vec<&elf::ProgramHeader32<LittleEndian>> = Vec::new();
    let mut image_bytes = 0;
    let mut executable_words = 0;
    for (index, program_header) in program_headers.iter().enumerate() {
        match program_header.p_type(LittleEndian) {
            segment_type @ (elf::PT_DYNAMIC | elf::PT_INTERP) => {
                return Err(ElfError::Dynamic { index, segment_type: segment_type.0 });
            }
            elf::PT_LOAD => {
                check_segment(index, program_header, file)?;
                image_bytes = u64::saturating_add(image_bytes, program_header.p_memsz(LittleEndian).into());
                if program_header.p_flags(LittleEndian).contains(elf::PF_X) {
                    let words = u64::from(program_header.p_filesz(LittleEndian)).div_ceil(4);
                    executable_words = u64::saturating_add(executable_words, words);
                }
                loaded.push(program_header);
            }
            // The template of thread-local storage lies inside a loaded segment; start-up code copies it.
            elf::PT_TLS => check_segment(index, program_header, file)?,
            _ => {}
        }
    }
    if image_bytes > IMAGE_BYTES_MAX {
        return Err(ElfError::ImageTooLarge { bytes: image_bytes });
    }
    if executable_words > INSTRUCTIONS_MAX {
        return Err(ElfError::TooManyInstructions { words: executable_words });
    }

    loaded.retain(|program_header| program_header.p_memsz(LittleEndian) > 0);
    loaded.sort_by_key(|program_header| program_header.p_vaddr(LittleEndian));
    let mut segments: Vec<Segment> = Vec::with_capacity(loaded.len());
    for program_header in loaded {
        let segment = read_segment(program_header, file)?;
        if segments.last().is_some_and(|last| last.end() > u64::from(segment.address)) {
            return Err(ElfError::SegmentsOverlap { address: segment.address });
        }
        segments.push(segment);
    }
    let may_be_compressed = header.e_flags(LittleEndian).0 & FLAG_COMPRESSED != 0;
    Ok(Executable { entry: header.e_entry(LittleEndian), segments, may_be_compressed })
}

/// The first 16 bytes: magic, class and byte order.
fn check_identification(file: &[u8]) -> Result<(), ElfError> {
    let Some(rest) = file.strip_prefix(b"\x7fELF") else { return Err(ElfError::NotElf) };
    let [class, encoding, ..] = *rest else {
        return Err(ElfError::BadHeader { what: "file header", file_bytes: file.len() });
    };
    if class != elf::ELFCLASS32.0 {
        return Err(ElfError::Not32Bit { class });
    }
    if encoding != elf::ELFDATA2LSB.0 {
        return Err(ElfError::NotLittleEndian { encoding });
    }
    Ok(())
}

fn check_kind(header: &elf::FileHeader32<LittleEndian>) -> Result<(), ElfError> {
    let machine = header.e_machine(LittleEndian);
    if machine != elf::EM_RISCV {
        return Err(ElfError::NotRiscV { machine: machine.0 });
    }
    match header.e_type(LittleEndian) {
        elf::ET_EXEC => {}
        elf::ET_DYN => return Err(ElfError::PositionIndependent),
        file_type => return Err(ElfError::NotExecutable { file_type: file_type.0 }),
    }
    Ok(())
}

/// Everything about a segment that does not depend on the others.
fn check_segment(
    index: usize,
    program_header: &elf::ProgramHeader32<LittleEndian>,
    file: &[u8],
) -> Result<(), ElfError> {
    let offset = u64::from(program_header.p_offset(LittleEndian));
    let file_bytes = program_header.p_filesz(LittleEndian);
    let memory_bytes = program_header.p_memsz(LittleEndian);
    let address = program_header.p_vaddr(LittleEndian);
    let end = offset.saturating_add(file_bytes.into());
    if file_bytes > memory_bytes {
        return Err(ElfError::SegmentInverted { index, file_bytes, memory_bytes });
    }
    if file_bytes > 0 && !usize::try_from(end).is_ok_and(|end| end <= file.len()) {
        return Err(ElfError::SegmentTruncated { index, offset, end, file_bytes: file.len() });
    }
    if u64::from(address).saturating_add(memory_bytes.into()) > 1 << 32 {
        return Err(ElfError::SegmentOutsideMemory { index, address, memory_bytes });
    }
    Ok(())
}

fn read_segment(program_header: &elf::ProgramHeader32<LittleEndian>, file: &[u8]) -> Result<Segment, ElfError> {
    let flags = program_header.p_flags(LittleEndian);
    let data = program_header
        .data(LittleEndian, file)
        .map_err(|()| ElfError::BadHeader { what: "contents of a segment", file_bytes: file.len() })?;
    Ok(Segment {
        address: program_header.p_vaddr(LittleEndian),
        data: data.into(),
        memory_bytes: program_header.p_memsz(LittleEndian),
        readable: flags.contains(elf::PF_R),
        writable: flags.contains(elf::PF_W),
        executable: flags.contains(elf::PF_X),
    })
}
