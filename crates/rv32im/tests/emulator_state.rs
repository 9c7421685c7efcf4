//! What guests may rely on, and what is left to look at after they went wrong.

use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex};

use engram_rv32im::layout::{HIGHEST_END, STACK_BYTES};
use engram_rv32im::system_calls::{MINUS_EBADF, MINUS_ENOSYS, TRANSFER_MAX_BYTES};
use engram_rv32im::testing::{ElfSegment, elf_file, text_segment};
use engram_rv32im::{Access, AccessError, Emulator, FaultKind, Instruction, Memory, Opcode, Outcome, Program};

const TEXT: u32 = 0x1_0000;
/// One page that can be written, one that cannot, and nothing after them.
const DATA: u32 = 0x2_0000;
const CONSTANTS: u32 = 0x2_1000;
const CONSTANTS_END: u32 = 0x2_2000;

fn i(opcode: Opcode, rd: u8, rs1: u8, imm: i32) -> Instruction {
    Instruction { opcode, rd, rs1, rs2: 0, imm }
}

fn store(opcode: Opcode, rs2: u8, rs1: u8, imm: i32) -> Instruction {
    Instruction { opcode, rd: 0, rs1, rs2, imm }
}

/// Puts a constant into a register.
fn set(register: u8, value: u32) -> [Instruction; 2] {
    let upper = value.wrapping_add(0x800) & !0xfff;
    [i(Opcode::Lui, register, 0, upper as i32), i(Opcode::Addi, register, register, value.wrapping_sub(upper) as i32)]
}

/// A system call with its arguments.
fn call(number: u32, arguments: [u32; 3]) -> Vec<Instruction> {
    let mut code = Vec::new();
    for (register, value) in [(17, number), (10, arguments[0]), (11, arguments[1]), (12, arguments[2])] {
        code.extend(set(register, value));
    }
    code.push(i(Opcode::Ecall, 0, 0, 0));
    code
}

fn program(code: &[Instruction]) -> Program {
    let data = ElfSegment { address: DATA, data: b"data".to_vec(), memory_bytes: 4096, flags: 6 };
    let constants = ElfSegment { address: CONSTANTS, data: b"constants".to_vec(), memory_bytes: 16, flags: 4 };
    let elf = elf_file(TEXT, &[text_segment(TEXT, code), data, constants]);
    Program::from_elf(&elf).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs until a fault, plain and recorded, and checks that the state is the one before the instruction at fault.
fn fault_of(code: &[Instruction]) -> FaultKind {
    let program = program(code);
    let mut emulator = Emulator::without_input(&program);
    let Err(fault) = emulator.run(1000) else { panic!("no fault in {code:?}") };
    assert_eq!(emulator.pc(), fault.pc);
    assert_eq!(emulator.run(1000), Err(fault.clone()), "a fault stays");

    let mut before = Emulator::without_input(&program);
    assert_eq!(before.run(emulator.steps()), Ok(Outcome::OutOfSteps));
    assert_eq!(before.state(), emulator.state());
    assert!(before.memory().pages().eq(emulator.memory().pages()));

    let mut recorded = Emulator::without_input(&program);
    let mut log = recorded.start_log();
    assert_eq!(recorded.record(1000, &mut log), Err(fault.clone()));
    assert_eq!(log.end, emulator.state());
    assert_eq!(log.steps.len() as u64, emulator.steps());
    assert_eq!(log.exit, None);
    fault.kind
}

/// Runs system calls and returns the emulator after the last one.
fn after<'p>(program: &'p Program, input: Box<dyn Read + Send + 'p>, calls: usize) -> Emulator<'p> {
    let mut emulator = Emulator::new(program, input);
    assert_eq!(emulator.run(9 * calls as u64), Ok(Outcome::OutOfSteps));
    emulator
}

#[test]
fn entry_finds_zero_registers_and_an_empty_argument_block() {
    let program = program(&[i(Opcode::Ebreak, 0, 0, 0)]);
    let emulator = Emulator::without_input(&program);
    let registers = emulator.registers();
    assert_eq!(registers, program.initial_registers());
    assert!(registers.iter().enumerate().all(|(number, &value)| number == 2 || value == 0));
    let sp = registers[2];
    assert_eq!(sp % 16, 0);
    for word in 0..5 {
        assert_eq!(emulator.memory().check(sp + 4 * word, 4, Access::Load), Ok(()));
        assert_eq!(emulator.memory().word(sp + 4 * word), 0);
    }
    let stack_low = program.stack_top() - STACK_BYTES;
    assert_eq!(emulator.memory().check(stack_low, STACK_BYTES, Access::Store), Ok(()));
    assert!(emulator.memory().check(stack_low - 1, 1, Access::Load).is_err());
    assert!(emulator.memory().check(program.stack_top(), 1, Access::Load).is_err());
}

#[test]
fn faults_have_their_kinds() {
    let load = |error| FaultKind::Access { access: Access::Load, error };
    let store_fault = |error| FaultKind::Access { access: Access::Store, error };
    let [lui, addi] = set(1, CONSTANTS);
    assert_eq!(fault_of(&[i(Opcode::Ebreak, 0, 0, 0)]), FaultKind::Breakpoint);
    assert_eq!(fault_of(&[i(Opcode::Lw, 1, 0, 0)]), load(AccessError::Unmapped { address: 0 }));
    assert_eq!(fault_of(&[i(Opcode::Lw, 1, 0, -2)]), load(AccessError::Unmapped { address: 0xffff_fffe }));
    let read_only = AccessError::ReadOnly { address: CONSTANTS + 8 };
    assert_eq!(fault_of(&[lui, addi, store(Opcode::Sb, 0, 1, 8)]), store_fault(read_only));
    // A misaligned store that begins in a writable page must leave that page alone too.
    let crossing = AccessError::ReadOnly { address: CONSTANTS };
    assert_eq!(fault_of(&[lui, addi, store(Opcode::Sw, 1, 1, -1)]), store_fault(crossing));
    let [lui, addi] = set(1, CONSTANTS_END);
    let past = AccessError::Unmapped { address: CONSTANTS_END };
    assert_eq!(fault_of(&[lui, addi, i(Opcode::Lh, 1, 1, -1)]), load(past));

    assert_eq!(fault_of(&[i(Opcode::Jal, 1, 0, 6)]), FaultKind::MisalignedJump { target: TEXT + 6 });
    assert_eq!(fault_of(&[i(Opcode::Jal, 1, 0, -4)]), FaultKind::OutsideProgram { target: TEXT - 4 });
    assert_eq!(fault_of(&[i(Opcode::Beq, 0, 0, 0x800)]), FaultKind::OutsideProgram { target: TEXT + 0x800 });
    assert_eq!(fault_of(&[i(Opcode::Beq, 0, 0, 2)]), FaultKind::MisalignedJump { target: TEXT + 2 });
    assert_eq!(fault_of(&[i(Opcode::Jalr, 1, 0, 3)]), FaultKind::MisalignedJump { target: 2 });
    let [lui, addi] = set(1, CONSTANTS);
    assert_eq!(fault_of(&[lui, addi, i(Opcode::Jalr, 1, 1, 1)]), FaultKind::NotExecutable { target: CONSTANTS });
    let end = FaultKind::OutsideProgram { target: TEXT + 4 };
    assert_eq!(fault_of(&[i(Opcode::Addi, 1, 1, 1)]), end);
    // The jump that is not taken goes nowhere.
    assert_eq!(fault_of(&[i(Opcode::Bne, 0, 0, 2)]), end);
}

#[test]
fn illegal_words_fault_only_when_executed() {
    let mut text = text_segment(TEXT, &[i(Opcode::Jal, 0, 0, 8), i(Opcode::Ecall, 0, 0, 0), i(Opcode::Fence, 0, 0, 0)]);
    text.data[4..8].copy_from_slice(&[0xff; 4]);
    text.data.extend([0; 4]);
    text.memory_bytes += 4;
    let program = Program::from_elf(&elf_file(TEXT, &[text])).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(program.instructions().len(), 2);
    assert_eq!((program.index_of(TEXT + 4), program.index_of(TEXT + 8)), (None, Some(1)));
    let mut emulator = Emulator::without_input(&program);
    let mut log = emulator.start_log();
    let Err(fault) = emulator.record(1000, &mut log) else { panic!("no fault") };
    assert_eq!((fault.pc, fault.kind), (TEXT + 12, FaultKind::IllegalInstruction { word: 0 }));
    assert_eq!(log.steps, [0, 1]);
}

#[test]
fn buffers_are_checked_before_anything_moves() {
    for (number, file, buffer, length, error) in [
        (63, 0, CONSTANTS - 4, 8, AccessError::ReadOnly { address: CONSTANTS }),
        (64, 1, CONSTANTS_END - 4, 8, AccessError::Unmapped { address: CONSTANTS_END }),
        (64, 2, 0xffff_ffff, 2, AccessError::Unmapped { address: 0xffff_ffff }),
    ] {
        let expected = FaultKind::Buffer { call: number, buffer, length_bytes: length, error };
        assert_eq!(fault_of(&call(number, [file, buffer, length])), expected);
    }
    let program = program(&call(63, [0, CONSTANTS - 4, 8]));
    let input = Arc::new(Mutex::new(Cursor::new(vec![1; 8])));
    let mut emulator = Emulator::new(&program, Box::new(Shared(input.clone())));
    assert!(emulator.run(1000).is_err());
    assert_eq!(input.lock().map(|cursor| cursor.position()).ok(), Some(0), "input was taken");
}

/// A stream that a test can look into.
struct Shared<T>(Arc<Mutex<T>>);

impl<T: Read> Read for Shared<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::Error::other("poisoned"))?.read(bytes)
    }
}

impl<T: Write> Write for Shared<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::Error::other("poisoned"))?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives one byte at a time and is interrupted before each, as a pipe may.
struct Reluctant(u32);

impl Read for Reluctant {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0 += 1;
        match (self.0 % 2, self.0 < 9, bytes.first_mut()) {
            (1, ..) => Err(io::ErrorKind::Interrupted.into()),
            (_, true, Some(byte)) => {
                *byte = self.0 as u8;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

#[test]
fn reads_fill_the_buffer_until_the_end() {
    let program = program(&[call(63, [0, DATA + 1, 3]), call(63, [0, DATA + 4, 9]), call(63, [0, DATA, 9])].concat());
    for (calls, returned, bytes) in
        [(1, 3, *b"d\x02\x04\x06\0\0"), (2, 1, *b"d\x02\x04\x06\x08\0"), (3, 0, *b"d\x02\x04\x06\x08\0")]
    {
        let emulator = after(&program, Box::new(Reluctant(0)), calls);
        assert_eq!(emulator.registers()[10], returned);
        let mut memory = [0; 6];
        emulator.memory().peek(DATA, &mut memory);
        assert_eq!(memory, bytes);
    }
    let mut emulator = Emulator::new(&program, Box::new(Reluctant(0)));
    let mut log = emulator.start_log();
    assert!(emulator.record(27, &mut log).is_ok());
    assert_eq!((log.reads, log.input), (vec![3, 1, 0], vec![2, 4, 6, 8]));
}

#[test]
fn transfers_have_a_limit() {
    let stack = 0x7fff_f000 - STACK_BYTES;
    let over = TRANSFER_MAX_BYTES + 5;
    let program = program(&[call(63, [0, stack + 1, over]), call(64, [1, stack + 1, over])].concat());
    let emulator = after(&program, Box::new(io::repeat(7)), 2);
    assert_eq!(emulator.registers()[10], TRANSFER_MAX_BYTES);
    assert_eq!(emulator.output(), vec![7; TRANSFER_MAX_BYTES as usize]);
    assert_eq!(emulator.memory().word(stack + TRANSFER_MAX_BYTES), 7, "one byte more was moved");
}

#[test]
fn streams_go_where_they_belong() {
    let code = [
        call(64, [1, DATA, 4]),
        call(64, [2, CONSTANTS, 9]),
        call(64, [1, 1, 0]),
        call(64, [0, DATA, 4]),
        call(63, [1, DATA, 4]),
        call(1, [0, 0, 0]),
    ]
    .concat();
    let program = program(&code);
    let (output, debug) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let mut emulator = Emulator::without_input(&program);
    emulator.set_output_sink(Box::new(Shared(output.clone())));
    emulator.set_debug_sink(Box::new(Shared(debug.clone())));
    let results = [4, 9, 0, MINUS_EBADF, MINUS_EBADF, MINUS_ENOSYS].map(|expected| {
        assert_eq!(emulator.run(9), Ok(Outcome::OutOfSteps));
        emulator.registers()[10] == expected
    });
    assert_eq!(results, [true; 6]);
    assert_eq!(emulator.output(), b"data");
    assert_eq!(output.lock().map(|bytes| bytes.clone()).ok().as_deref(), Some(&b"data"[..]));
    assert_eq!(debug.lock().map(|bytes| bytes.clone()).ok().as_deref(), Some(&b"constants"[..]));
}

#[test]
fn a_broken_host_stream_is_not_the_guests_fault() {
    let program = program(&call(64, [1, DATA, 4]));
    let mut emulator = Emulator::without_input(&program);
    emulator.set_output_sink(Box::new(Cursor::new([0u8; 2])));
    let Err(fault) = emulator.run(9) else { panic!("no fault") };
    assert_eq!(fault.kind.code(), "host-stream");
    assert!(emulator.output().is_empty());
}

#[test]
fn the_break_moves_within_its_limits() {
    let first = CONSTANTS_END;
    let limit = 0x7fff_f000 - STACK_BYTES - (64 << 10);
    let requests = [0, first + 5000, first - 1, limit + 1, u32::MAX, first, limit];
    let breaks = [first, first + 5000, first + 5000, first + 5000, first + 5000, first, limit];
    let code: Vec<Instruction> = requests.iter().flat_map(|&address| call(214, [address, 0, 0])).collect();
    let program = program(&code);
    assert_eq!((program.initial_break(), program.heap_limit()), (first, limit));
    assert!(limit < HIGHEST_END);
    let mut emulator = Emulator::without_input(&program);
    let mut mapped = Vec::new();
    for expected in breaks {
        assert_eq!(emulator.run(9), Ok(Outcome::OutOfSteps));
        assert_eq!((emulator.registers()[10], emulator.program_break()), (expected, expected));
        mapped.push(emulator.memory().check(first + 8191, 1, Access::Store).is_ok());
    }
    assert_eq!(mapped, [false, true, true, true, true, true, true]);
    assert!(emulator.memory().check(limit - 1, 1, Access::Store).is_ok());
}

#[test]
fn runs_stop_exactly_where_asked_and_exits_stay() {
    let loop_back = Instruction { opcode: Opcode::Bne, rd: 0, rs1: 1, rs2: 0, imm: -8 };
    let code = [
        set(1, 1000).to_vec(),
        vec![i(Opcode::Addi, 2, 2, 1), i(Opcode::Addi, 1, 1, -1), loop_back],
        set(10, 0x1_0102).to_vec(),
        vec![i(Opcode::Addi, 17, 0, 93), i(Opcode::Ecall, 0, 0, 0)],
    ]
    .concat();
    let program = program(&code);
    let total = 2 + 3000 + 4;
    for pieces in [1, 2, 7, 100, 2999, total] {
        let mut emulator = Emulator::without_input(&program);
        let mut log = emulator.start_log();
        while emulator.steps() + pieces < total {
            let before = emulator.steps();
            assert_eq!(emulator.record(pieces, &mut log), Ok(Outcome::OutOfSteps));
            assert_eq!(emulator.steps(), before + pieces);
        }
        let Ok(Outcome::Exited(exit)) = emulator.record(pieces, &mut log) else { panic!("no exit") };
        assert_eq!((exit.value, exit.status()), (0x1_0102, 2));
        assert_eq!((emulator.steps(), log.steps.len() as u64, log.exit), (total, total, Some(0x1_0102)));
        assert_eq!(emulator.pc(), TEXT + 4 * (code.len() as u32 - 1));
        assert_eq!(emulator.run(5), Ok(Outcome::Exited(exit)));
        assert_eq!(emulator.steps(), total);
    }
    assert_eq!(Emulator::without_input(&program).run(0), Ok(Outcome::OutOfSteps));
}

#[test]
fn a_run_continues_on_the_memory_of_another() {
    let [lui, addi] = set(1, DATA);
    let increment = [lui, addi, i(Opcode::Lw, 2, 1, 8), i(Opcode::Addi, 2, 2, 1), store(Opcode::Sw, 2, 1, 8)];
    let program = program(&increment);
    let mut memory = Memory::of(&program);
    for count in 1..=3 {
        let mut emulator = Emulator::with_memory(&program, memory, Box::new(io::empty()));
        assert_eq!(emulator.run(5), Ok(Outcome::OutOfSteps));
        memory = emulator.into_memory();
        assert_eq!(memory.word(DATA + 8), count);
    }
}
