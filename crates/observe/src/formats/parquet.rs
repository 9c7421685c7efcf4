//! Traces as Parquet.

use std::{io::Write, sync::Arc};

use parquet::{
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};

use crate::{error::WriteError, record::TraceRecord};

/// Most rows of a row group.
pub const ROW_GROUP_ROWS_MAX: usize = 1 << 16;

/// The schema. Lists have the three levels that Parquet's specification of logical types asks for.
const SCHEMA: &str = "
    message memory_trace {
        required int32 record (INTEGER(32, false));
        required int32 timestamp (INTEGER(32, false));
        required binary operation (STRING);
        required int32 space (INTEGER(32, false));
        required binary space_name (STRING);
        required int32 pointer (INTEGER(32, false));
        required int32 len (INTEGER(32, false));
        required int32 gap (INTEGER(32, false));
        required int32 splits (INTEGER(32, false));
        required int32 merges (INTEGER(32, false));
        required group before (LIST) {
            repeated group list { required int32 element (INTEGER(32, false)); }
        }
        required group after (LIST) {
            repeated group list { required int32 element (INTEGER(32, false)); }
        }
    }";

/// Writes records as Parquet: one row a record, in groups of up to [`ROW_GROUP_ROWS_MAX`], not compressed but with
/// dictionaries.
///
/// Integers are unsigned, `operation` and `space_name` are strings, `before` and `after` are lists of integers. It holds one row
/// group, which is at most some 60 MiB, and a few hundred bytes a group already written, for the file's footer. A file without
/// footer cannot be read: call [`Self::finish`].
pub struct ParquetTraceWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: Vec<TraceRecord>,
}

impl<W: Write + Send> ParquetTraceWriter<W> {
    /// Write the file's head.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn new(output: W) -> Result<Self, WriteError> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = WriterProperties::builder().set_created_by("engram-observe".into()).build();
        Ok(Self { writer: SerializedFileWriter::new(output, schema, Arc::new(properties))?, rows: vec![] })
    }

    /// Write a record.
    ///
    /// # Errors
    /// The output does not take the row group that the record fills.
    pub fn write(&mut self, record: &TraceRecord) -> Result<(), WriteError> {
        self.rows.push(record.clone());
        if self.rows.len() == ROW_GROUP_ROWS_MAX {
            self.write_group()?;
        }
        Ok(())
    }

    /// Write what is left and the footer, and return the output.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn finish(mut self) -> Result<W, WriteError> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        let mut output = self.writer.into_inner()?;
        output.flush()?;
        Ok(output)
    }

    fn write_group(&mut self) -> Result<(), WriteError> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        // In the order of the schema.
        write_integers(&mut group, rows.iter().map(|row| row.record))?;
        write_integers(&mut group, rows.iter().map(|row| row.timestamp))?;
        write_names(&mut group, rows.iter().map(|row| row.operation.name()))?;
        write_integers(&mut group, rows.iter().map(|row| row.space))?;
        write_names(&mut group, rows.iter().map(|row| &*row.space_name))?;
        write_integers(&mut group, rows.iter().map(|row| row.pointer))?;
        write_integers(&mut group, rows.iter().map(|row| row.len))?;
        write_integers(&mut group, rows.iter().map(|row| row.gap))?;
        write_integers(&mut group, rows.iter().map(|row| row.splits))?;
        write_integers(&mut group, rows.iter().map(|row| row.merges))?;
        write_lists(&mut group, rows.iter().map(|row| row.before.as_slice()))?;
        write_lists(&mut group, rows.iter().map(|row| row.after.as_slice()))?;
        group.close()?;
        Ok(())
    }
}

/// A column of unsigned integers, whose 32 bits Parquet keeps in a signed type.
fn write_integers<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: impl Iterator<Item = u32>,
) -> Result<(), ParquetError> {
    let values: Vec<i32> = values.map(u32::cast_signed).collect();
    write_column(group, |column| match column {
        ColumnWriter::Int32ColumnWriter(column) => column.write_batch(&values, None, None),
        _ => Err(schema_differs()),
    })
}

fn write_names<'a, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: impl Iterator<Item = &'a str>,
) -> Result<(), ParquetError> {
    let values: Vec<ByteArray> = values.map(ByteArray::from).collect();
    write_column(group, |column| match column {
        ColumnWriter::ByteArrayColumnWriter(column) => column.write_batch(&values, None, None),
        _ => Err(schema_differs()),
    })
}

/// A column of lists: an element's definition level is 1, that of an empty list 0; a list's first element has repetition level 0,
/// the others 1.
fn write_lists<'a, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    lists: impl Iterator<Item = &'a [u32]>,
) -> Result<(), ParquetError> {
    let (mut values, mut definition, mut repetition) = (vec![], vec![], vec![]);
    for list in lists {
        values.extend(list.iter().map(|value| value.cast_signed()));
        definition.push(i16::from(!list.is_empty()));
        repetition.push(0);
        definition.extend(list.iter().skip(1).map(|_| 1));
        repetition.extend(list.iter().skip(1).map(|_| 1));
    }
    write_column(group, |column| match column {
        ColumnWriter::Int32ColumnWriter(column) => column.write_batch(&values, Some(&definition), Some(&repetition)),
        _ => Err(schema_differs()),
    })
}

fn write_column<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    write: impl FnOnce(&mut ColumnWriter<'_>) -> Result<usize, ParquetError>,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.ok_or_else(schema_differs)?;
    write(column.untyped())?;
    column.close()
}

/// The columns that are written are those of the schema, in its order.
fn schema_differs() -> ParquetError {
    ParquetError::General("the schema has other columns than the writer, which is a defect of the library".into())
}
