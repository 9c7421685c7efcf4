//! From addresses to source lines and labels: the optional parts of an executable. Damage in them is treated as their
//! absence, since no run depends on them.

use std::sync::Arc;

use addr2line::gimli::{Dwarf, EndianArcSlice, RunTimeEndian, SectionId};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

/// A program's line table.
pub struct SourceLines {
    context: addr2line::Context<EndianArcSlice<RunTimeEndian>>,
}

impl SourceLines {
    /// Reads the DWARF sections of an executable; `None` when there are none.
    pub(crate) fn parse(elf: &[u8]) -> Option<SourceLines> {
        let file = object::File::parse(elf).ok()?;
        file.section_by_name(".debug_line")?;
        let load = |id: SectionId| {
            let data = file.section_by_name(id.name()).and_then(|section| section.data().ok()).unwrap_or(&[]);
            Ok::<_, std::convert::Infallible>(EndianArcSlice::new(Arc::from(data), RunTimeEndian::Little))
        };
        let Ok(dwarf) = Dwarf::load(load);
        let context = addr2line::Context::from_dwarf(dwarf).ok()?;
        Some(SourceLines { context })
    }

    /// `file:line` of the instruction at `pc`.
    #[must_use]
    pub fn line(&self, pc: u32) -> Option<String> {
        let (file, line) = self.location(pc)?;
        Some(format!("{file}:{line}"))
    }

    /// File and line of the instruction at `pc`.
    #[must_use]
    pub fn location(&self, pc: u32) -> Option<(String, u32)> {
        let location = self.context.find_location(u64::from(pc)).ok()??;
        Some((location.file?.to_owned(), location.line?))
    }
}

/// Labels in order of address; where several share an address, one of them.
pub(crate) fn read_symbols(elf: &[u8]) -> Vec<(u32, String)> {
    let Ok(file) = object::File::parse(elf) else { return Vec::new() };
    let mut symbols: Vec<(u32, String)> = file
        .symbols()
        .filter(|symbol| symbol.is_definition() || symbol.kind() == SymbolKind::Label)
        .filter(|symbol| matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Label | SymbolKind::Unknown))
        .filter_map(|symbol| {
            let name = symbol.name().ok().filter(|name| !name.is_empty() && !name.starts_with('$'))?;
            let name = addr2line::demangle_auto(name.into(), None).into_owned();
            Some((u32::try_from(symbol.address()).ok()?, name))
        })
        .collect();
    symbols.sort();
    symbols.dedup_by_key(|&mut (address, _)| address);
    symbols
}
