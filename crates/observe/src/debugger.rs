//! A memory that can be asked what was done to it.

use engram_memory::online::Memory;

use crate::{analysis::AccessPatternAnalysis, error::TraceError, generator::MemoryTraceGenerator, trace::MemoryTrace};

/// A memory and what makes traces of its log.
#[derive(Clone, Debug)]
pub struct MemoryDebugger {
    memory: Memory,
    trace_generator: MemoryTraceGenerator,
}

impl MemoryDebugger {
    /// Of this memory; nothing is traced yet.
    pub fn new(memory: Memory) -> Self {
        let trace_generator = MemoryTraceGenerator::new(memory.config()).with_image(memory.initial_image().clone());
        Self { memory, trace_generator }
    }

    /// The memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The memory, to be read and written.
    ///
    /// Whoever puts another memory in its place gets errors or a trace that means nothing.
    pub fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// The memory back.
    pub fn into_memory(self) -> Memory {
        self.memory
    }

    /// Trace what is done from now on. Where tracing is enabled already, nothing changes.
    pub fn enable_tracing(&mut self) {
        if !self.trace_generator.is_enabled() {
            self.trace_generator.enable_from(self.memory.log().len());
        }
    }

    /// Trace the whole log, what was done before included.
    pub fn enable_tracing_from_start(&mut self) {
        self.trace_generator.enable();
    }

    /// The trace up to now.
    ///
    /// # Errors
    /// Tracing is not enabled.
    pub fn get_memory_trace(&self) -> Result<MemoryTrace, TraceError> {
        self.trace_generator.generate_trace(self.memory.log())
    }

    /// The trace up to now, analysed with the default options.
    ///
    /// # Errors
    /// Tracing is not enabled.
    pub fn analyze_access_patterns(&self) -> Result<AccessPatternAnalysis, TraceError> {
        Ok(AccessPatternAnalysis::from_trace(&self.get_memory_trace()?))
    }
}
