//! The machine's table of contents: every circuit that executes an instruction, a system call or a step of one.

use engram_rv32im::Opcode;

macro_rules! chips {
    ($($(#[$doc:meta])* $chip:ident $([$($opcode:ident)+])? $name:literal asks $entry:ident;)+) => {
        /// A circuit of the machine that executes something.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Chip {
            $($(#[$doc])* $chip $((chips!(@type $($opcode)+)))?,)+
            /// An instruction of the extension with this id, which is no chip of [`CHIPS`]: see [`crate::custom`].
            Custom(u16),
        }

        /// A chip but for its opcode.
        #[derive(Clone, Copy)]
        enum Kind {
            $($chip,)+
            Custom,
        }

        /// The chips of each kind.
        const KINDS: &[&[Chip]] = &[$(chips!(@each $chip $($($opcode)+)?),)+];

        impl Chip {
            #[inline]
            const fn kind(self) -> Kind {
                match self {
                    $(Self::$chip { .. } => Kind::$chip,)+
                    Self::Custom(_) => Kind::Custom,
                }
            }

            /// Its name, for people.
            pub fn name(self) -> &'static str {
                let name = match self.kind() {
                    $(Kind::$chip => $name,)+
                    Kind::Custom => "custom",
                };
                if name.is_empty() { self.opcode().map_or(name, Opcode::name) } else { name }
            }

            /// The chip whose ROM entry it looks up. Chips that share an instruction look up the same one.
            fn entry(self) -> Self {
                match self.kind() {
                    $(Kind::$chip => chips!(@entry self $entry),)+
                    Kind::Custom => self,
                }
            }
        }
    };
    (@type $($opcode:ident)+) => { Opcode };
    (@each $chip:ident) => { &[Chip::$chip] };
    (@each $chip:ident $($opcode:ident)+) => { &[$(Chip::$chip(Opcode::$opcode)),+] };
    (@entry $own:ident Own) => { $own };
    (@entry $own:ident $entry:ident) => { Chip::$entry };
}

// What a chip executes; its name, empty where it is its opcode's; the chip whose ROM entry it looks up. What writes its rows is in
// `chip_rows.rs`.
chips! {
    /// An instruction without effect: a fence, or one that writes to x0.
    Nothing "nothing" asks Own;
    /// `rd = constant`: `lui`, `auipc`.
    Constant "constant" asks Own;
    /// `rd = rs1 op rs2` or `rd = rs1 op immediate`.
    Arithmetic [
        Add Addi Sub And Andi Or Ori Xor Xori Slt Slti Sltu Sltiu Sll Slli Srl Srli Sra Srai
        Mul Mulh Mulhsu Mulhu Div Divu Rem Remu
    ] "" asks Own;
    /// A conditional branch.
    Branch [Beq Bne Blt Bge Bltu Bgeu] "" asks Own;
    /// `jal rd, target`.
    JumpAndLink "jal" asks Own;
    /// `jal x0, target`.
    Jump "jump" asks Own;
    /// `jalr rd, offset(rs1)`.
    JumpAndLinkRegister "jalr" asks Own;
    /// `jalr x0, offset(rs1)`.
    JumpRegister "jump register" asks Own;
    /// A load within one word.
    Load [Lb Lbu Lh Lhu Lw] "" asks Own;
    /// A store within one word.
    Store [Sb Sh Sw] "" asks Own;
    /// A load or store at an address that its width does not divide; it looks up that instruction's entry.
    Misaligned "misaligned" asks Own;
    /// System call 63 on descriptor 0: starts a transfer of input.
    ReadCall "read call" asks Own;
    /// System call 64 on descriptor 1: starts a transfer of output.
    WriteCall "write call" asks ReadCall;
    /// System call 64 on descriptor 2: output that the proof does not bind.
    DebugCall "debug call" asks ReadCall;
    /// System call 63 or 64 on another descriptor.
    BadDescriptorCall "bad descriptor call" asks ReadCall;
    /// System calls 93 and 94.
    ExitCall "exit call" asks ReadCall;
    /// System call 214, of which the entry holds the limits.
    BreakCall "break call" asks Own;
    /// Any other system call.
    UnknownCall "unknown call" asks ReadCall;
    /// A step of a transfer: four bytes of input into a word of memory.
    ReadWord "read word" asks Own;
    /// A step of a transfer: a byte of input into memory.
    ReadByte "read byte" asks Own;
    /// A step of a transfer: a word of memory into a word of output.
    WriteWord "write word" asks Own;
    /// A step of a transfer: a byte of memory into output.
    WriteByte "write byte" asks Own;
    /// The end of a transfer.
    TransferEnd "transfer end" asks Own;
}

/// Every chip once. Its position is its number, everywhere.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
pub const CHIPS: [Chip; 60] = {
    let mut chips = [Chip::Nothing; 60];
    let (mut number, mut kind) = (0, 0);
    while kind < KINDS.len() {
        let mut of_kind = 0;
        while of_kind < KINDS[kind].len() {
            chips[number] = KINDS[kind][of_kind];
            (number, of_kind) = (number + 1, of_kind + 1);
        }
        kind += 1;
    }
    assert!(number == chips.len(), "the number of chips is another");
    chips
};

/// Numbers of chips, by kind and opcode.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "evaluated by the compiler")]
const NUMBERS: [[u16; Opcode::ALL.len()]; KINDS.len()] = {
    let mut numbers = [[0; Opcode::ALL.len()]; KINDS.len()];
    let mut number = 0;
    while number < CHIPS.len() {
        numbers[CHIPS[number].kind() as usize][CHIPS[number].opcode_number()] = number as u16;
        number += 1;
    }
    numbers
};

/// The opcode of the extension with id 0.
#[expect(clippy::as_conversions, reason = "evaluated by the compiler")]
const FIRST_CUSTOM_OPCODE: u32 = CHIPS.len() as u32 + 1;

impl Chip {
    /// The chip's position in [`CHIPS`]; those of extensions follow, by id.
    #[inline]
    pub fn number(self) -> usize {
        match self {
            Self::Custom(id) => CHIPS.len().saturating_add(id.into()),
            _ => self.listed().into(),
        }
    }

    /// The position in [`CHIPS`] of a chip that is there.
    #[inline]
    #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "the table has every kind and every opcode")]
    fn listed(self) -> u16 {
        NUMBERS[self.kind() as usize][self.opcode_number()]
    }

    #[inline]
    const fn opcode(self) -> Option<Opcode> {
        match self {
            Self::Arithmetic(opcode) | Self::Branch(opcode) | Self::Load(opcode) | Self::Store(opcode) => Some(opcode),
            _ => None,
        }
    }

    #[inline]
    #[expect(clippy::as_conversions, reason = "an opcode's place among all of them")]
    const fn opcode_number(self) -> usize {
        match self.opcode() {
            Some(opcode) => opcode as usize,
            None => 0,
        }
    }

    /// Does it execute a system call, or a step of one?
    #[inline]
    pub fn is_call(self) -> bool {
        (Self::ReadCall.number()..CHIPS.len()).contains(&self.number())
    }

    /// The opcode that the chip looks up in the ROM: a chip's number plus one, as zero is no instruction.
    pub fn rom_opcode(self) -> u32 {
        match self.entry() {
            Self::Custom(id) => FIRST_CUSTOM_OPCODE.saturating_add(id.into()),
            chip => u32::from(chip.listed()).saturating_add(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chip_is_listed_once() {
        for (number, chip) in CHIPS.iter().enumerate() {
            assert_eq!(chip.number(), number, "{}", chip.name());
        }
    }

    #[test]
    fn constraints_and_messages_stay_within_the_degree_bound() {
        for chip in CHIPS {
            let circuit = chip.circuit();
            assert!(circuit.degree() <= engram_air::circuit::DEGREE_MAX, "{}: {}", chip.name(), circuit.degree());
            for interaction in &circuit.interactions {
                let degree = interaction.fields.iter().map(engram_air::Expr::degree).max().unwrap_or(0);
                assert!(degree <= 1, "{}: message \"{}\" is not linear", chip.name(), interaction.label);
            }
        }
    }

    #[test]
    fn the_clock_cannot_run_faster_than_messages() {
        // What keeps times from wrapping around p: a row advances the clock by at most its number of messages.
        for chip in CHIPS {
            let circuit = chip.circuit();
            let accesses = circuit.interactions.iter().filter(|i| i.label == "takes what was there");
            assert!(accesses.count() < circuit.interactions.len(), "{}", chip.name());
        }
    }
}
