//! Parquet tables: columns expanded into further columns, row group by row group.
//!
//! What is there is kept: the other columns, the row groups, the metadata. One row group is in memory at a
//! time, encoded, and of its values a batch.

mod names;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array as _, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use half::f16;
use indicatif::{ProgressBar, ProgressStyle};
use maclaurin::{Expansion, Float, Kind, Polynomial, Series};
use ndarray::{ArrayD, IxDyn};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::WriterProperties;

use crate::arguments::{ExpandArguments, TypeName};
use crate::array::Array;
use crate::output::Target;
use crate::summary::{Seen, in_units};
use crate::{Failure, input, output};
use names::Names;

/// Rows that are read at once.
const ROWS: usize = 1 << 16;

/// The schema that Arrow keeps in a file's metadata, which is written anew.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// What is done to each value.
pub struct Job<'a> {
    pub arguments: &'a ExpandArguments,
    pub series: &'a Series,
    pub polynomial: &'a Polynomial,
    pub expansion: &'a Expansion,
}

/// A type of numbers that columns have.
trait Column: Float {
    type Arrow: ArrowPrimitiveType<Native = Self>;
}

impl Column for f16 {
    type Arrow = Float16Type;
}

impl Column for f32 {
    type Arrow = Float32Type;
}

impl Column for f64 {
    type Arrow = Float64Type;
}

/// Expands columns of a table into a new table; what was seen of the values, scaled.
///
/// # Errors
///
/// [`Failure::Usage`] for options and columns that do not fit, [`Failure::Read`] and [`Failure::Write`].
pub fn run(job: &Job<'_>) -> Result<Seen, Failure> {
    match job.arguments.dtype {
        TypeName::F16 => job.run::<f16>(),
        TypeName::F32 => job.run::<f32>(),
        TypeName::F64 => job.run::<f64>(),
    }
}

impl Job<'_> {
    fn run<U: Column>(&self) -> Result<Seen, Failure> {
        let arguments = self.arguments;
        let path = self.input()?;
        let fail = |reason: String| Failure::Read { path: path.into(), reason };
        let start = Instant::now();
        let file = File::open(path).map_err(|error| fail(error.to_string()))?;
        let target = Target::new(&arguments.output, arguments.writing.force, &arguments.inputs)?;
        if target.is_stream() {
            return Err(Failure::Usage("a Parquet table goes into a file, not a stream".into()));
        }
        let loaded = caught(path, || {
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
                .map_err(|error| fail(damaged(&error)))
        });
        let metadata = loaded?;
        let table = Table::<U>::new(self, path, &metadata)?;
        let (mut failed, mut seen) = (None, Seen::default());
        let written = target.write(|output| {
            let outcome = caught(path, || table.convert(&file, &metadata, output));
            seen = outcome.map_err(|failure| {
                let message = failure.to_string();
                failed = Some(failure);
                std::io::Error::other(message)
            })?;
            Ok(())
        });
        let size = match (failed, written) {
            (Some(failure), _) => return Err(failure),
            (None, written) => written?,
        };
        if !arguments.writing.quiet {
            let groups = metadata.metadata().num_row_groups();
            let rows = metadata.metadata().file_metadata().num_rows();
            let bytes = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes")];
            output::print(&format!(
                "{}: {} in {}, {} added -> {} ({}): {:.1} s\n",
                path.display(),
                output::counted(usize::try_from(rows).unwrap_or(0), "row"),
                output::counted(groups, "row group"),
                output::counted(table.added(), "column"),
                arguments.output.display(),
                in_units(size as f64, &bytes),
                start.elapsed().as_secs_f64(),
            ))?;
        }
        Ok(seen.mapped(self.expansion.scale, self.expansion.shift))
    }

    /// The one table that is read.
    fn input(&self) -> Result<&Path, Failure> {
        let arguments = self.arguments;
        let refuse = |message: &str| Err(Failure::Usage(message.into()));
        let is_table = |path: &Path| input::ending(path) == "parquet";
        let [path] = &arguments.inputs[..] else {
            return refuse("of Parquet tables one is expanded at a time");
        };
        if !is_table(path) || !is_table(&arguments.output) {
            return refuse("a Parquet table becomes one: name.parquet -o other.parquet");
        }
        if arguments.json || arguments.format.is_some() {
            return refuse("--format and --json are not for Parquet tables");
        }
        if arguments.axis.is_some() || arguments.concatenate {
            return refuse("--axis and --concatenate are for arrays: a table gets columns");
        }
        if let Some(option) = arguments.storing.given() {
            return refuse(&format!("{option} is not for Parquet tables"));
        }
        Ok(path)
    }
}

/// The table that is made of one.
struct Table<'a, U> {
    job: &'a Job<'a>,
    path: &'a Path,
    /// Which columns are expanded.
    columns: Vec<usize>,
    schema: SchemaRef,
    expansion: Expansion,
    degrees: Vec<usize>,
    /// What the column of degree 0 has in each row.
    constant: Option<U>,
}

impl<'a, U: Column> Table<'a, U> {
    fn new(
        job: &'a Job<'a>,
        path: &'a Path,
        metadata: &ArrowReaderMetadata,
    ) -> Result<Self, Failure> {
        let old = metadata.schema();
        let columns = chosen(&job.arguments.columns, old, path)?;
        let expansion = Expansion { axis: 0, stack: true, ..job.expansion.clone() };
        let degrees = match expansion.kind {
            Kind::Sum => vec![job.polynomial.order()],
            _ => expansion.degrees_of(job.polynomial)?,
        };
        let zero = ArrayD::<f64>::zeros(IxDyn(&[1]));
        let at_zero: ArrayD<U> = maclaurin::expand(&zero.view(), job.polynomial, &expansion)?;
        let is_constant = expansion.kind != Kind::Sum && degrees.first() == Some(&0);
        let constant = is_constant.then(|| at_zero[[0, 0]]);
        let names = Names {
            series: job.series,
            kind: expansion.kind,
            weighted: !job.arguments.weights.is_empty(),
            scale: expansion.scale,
            shift: expansion.shift,
        };
        let field = |name: String, nullable| Field::new(name, U::Arrow::DATA_TYPE, nullable);
        let mut fields: Vec<_> = old.fields().iter().map(|field| (**field).clone()).collect();
        fields.extend(constant.map(|_| field(names.constant(), false)));
        for &degree in &degrees[usize::from(is_constant)..] {
            fields.extend(columns.iter().map(|&column| {
                let of = old.field(column);
                field(names.of(of.name(), degree), of.is_nullable())
            }));
        }
        let count = old.fields().len();
        if let Some(new) =
            fields[count..].iter().find(|new| old.field_with_name(new.name()).is_ok())
        {
            let name = new.name();
            return Err(Failure::Usage(format!(
                "{} has a column {name:?} already, which the expansion would make: rename it",
                path.display()
            )));
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, old.metadata().clone()));
        Ok(Self { job, path, columns, schema, expansion, degrees, constant })
    }

    /// How many columns the table gets.
    fn added(&self) -> usize {
        let of_each = self.degrees.len() - usize::from(self.constant.is_some());
        usize::from(self.constant.is_some()) + of_each * self.columns.len()
    }

    /// Reads, expands and writes one row group after the other.
    fn convert(
        &self,
        file: &File,
        metadata: &ArrowReaderMetadata,
        output: &mut File,
    ) -> Result<Seen, Failure> {
        let read = |error: &dyn std::fmt::Display| Failure::Read {
            path: self.path.into(),
            reason: damaged(error),
        };
        let write = |error: &dyn std::fmt::Display| Failure::Write {
            path: self.job.arguments.output.clone(),
            reason: error.to_string(),
        };
        let parquet = metadata.metadata();
        let kept = parquet.file_metadata().key_value_metadata().cloned();
        let kept =
            kept.map(|kept| kept.into_iter().filter(|one| one.key != ARROW_SCHEMA).collect());
        let mut properties = WriterProperties::builder()
            .set_key_value_metadata(kept)
            // They end where those of the input do.
            .set_max_row_group_row_count(None)
            .set_max_row_group_bytes(None);
        if let Some(first) = parquet.row_groups().iter().flat_map(RowGroupMetaData::columns).next()
        {
            properties = properties.set_compression(first.compression());
        }
        let mut writer =
            ArrowWriter::try_new(output, self.schema.clone(), Some(properties.build()))
                .map_err(|error| write(&error))?;
        let bar = self.progress(parquet.file_metadata().num_rows());
        let mut seen = Seen::default();
        for group in 0..parquet.num_row_groups() {
            let own = file.try_clone().map_err(|error| read(&error))?;
            let rows = ParquetRecordBatchReaderBuilder::new_with_metadata(own, metadata.clone())
                .with_row_groups(vec![group])
                .with_batch_size(ROWS)
                .build()
                .map_err(|error| read(&error))?;
            for batch in rows {
                let batch = batch.map_err(|error| read(&error))?;
                let batch = self.expanded(&batch, &mut seen)?;
                bar.inc(batch.num_rows() as u64);
                writer.write(&batch).map_err(|error| write(&error))?;
            }
            writer.flush().map_err(|error| write(&error))?;
        }
        writer.close().map_err(|error| write(&error))?;
        bar.finish_and_clear();
        Ok(seen)
    }

    /// Rows with their further columns.
    fn expanded(&self, batch: &RecordBatch, seen: &mut Seen) -> Result<RecordBatch, Failure> {
        let rows = batch.num_rows();
        let mut columns = batch.columns().to_vec();
        if let Some(constant) = self.constant {
            columns.push(column::<U::Arrow>(vec![constant; rows], None));
        }
        let first = usize::from(self.constant.is_some());
        let mut planes = Vec::new();
        for &column in &self.columns {
            let source = batch.column(column);
            let values = values(source).ok_or_else(|| Failure::Read {
                path: self.path.into(),
                reason: "a column is not of the type that the schema says".into(),
            })?;
            let plane: ArrayD<U> = values.expand(self.job.polynomial, &self.expansion)?;
            *seen = seen.and(Seen::of(&values, &plane, self.constant.is_some()));
            planes.push((source, plane.into_raw_vec_and_offset().0));
        }
        for slot in first..self.degrees.len() {
            for (source, plane) in &planes {
                let values = plane[slot * rows..(slot + 1) * rows].to_vec();
                let nulls = source.nulls().cloned();
                columns.push(column::<U::Arrow>(values, nulls));
            }
        }
        RecordBatch::try_new(self.schema.clone(), columns)
            .map_err(|error| Failure::Read { path: self.path.into(), reason: damaged(&error) })
    }

    fn progress(&self, rows: i64) -> ProgressBar {
        if self.job.arguments.writing.quiet {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{bar:40} {percent}% of {len} rows, {eta} left");
        ProgressBar::new(u64::try_from(rows).unwrap_or(0))
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }
}

/// The columns that are named, each of numbers.
fn chosen(names: &[String], schema: &Schema, path: &Path) -> Result<Vec<usize>, Failure> {
    let refuse = |message: String| Err(Failure::Usage(format!("{}: {message}", path.display())));
    let fields = schema.fields().iter();
    let numbers: Vec<_> = fields
        .filter(|field| is_number(field.data_type()))
        .map(|field| field.name().as_str())
        .collect();
    let there = if numbers.is_empty() { "none".into() } else { numbers.join(", ") };
    if names.is_empty() {
        return refuse(format!("name the columns to expand with --columns, of these: {there}"));
    }
    let mut columns = Vec::new();
    for name in names {
        let Ok(column) = schema.index_of(name) else {
            return refuse(format!("there is no column {name:?}; of numbers there are: {there}"));
        };
        let kind = schema.field(column).data_type();
        if !is_number(kind) {
            return refuse(format!("column {name:?} holds {kind}, not numbers; these do: {there}"));
        }
        if columns.contains(&column) {
            return refuse(format!("column {name:?} is named twice"));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn is_number(kind: &DataType) -> bool {
    kind.is_integer() || kind.is_floating()
}

/// The values of a column of numbers, those of nulls too; integers of 32 and 64 bits as f64.
fn values(column: &ArrayRef) -> Option<Array> {
    fn typed<T: ArrowPrimitiveType>(column: &ArrayRef) -> Option<ArrayD<T::Native>> {
        let values = column.as_primitive_opt::<T>()?.values();
        ArrayD::from_shape_vec(IxDyn(&[values.len()]), values.to_vec()).ok()
    }
    Some(match column.data_type() {
        DataType::UInt8 => Array::U8(typed::<UInt8Type>(column)?),
        DataType::Int8 => Array::I8(typed::<Int8Type>(column)?),
        DataType::UInt16 => Array::U16(typed::<UInt16Type>(column)?),
        DataType::Int16 => Array::I16(typed::<Int16Type>(column)?),
        DataType::Float16 => Array::F16(typed::<Float16Type>(column)?),
        DataType::Float32 => Array::F32(typed::<Float32Type>(column)?),
        DataType::Float64 => Array::F64(typed::<Float64Type>(column)?),
        DataType::UInt32 => Array::F64(typed::<UInt32Type>(column)?.mapv(f64::from)),
        DataType::Int32 => Array::F64(typed::<Int32Type>(column)?.mapv(f64::from)),
        // Exact up to 2^53.
        DataType::UInt64 => Array::F64(typed::<UInt64Type>(column)?.mapv(|value| value as f64)),
        DataType::Int64 => Array::F64(typed::<Int64Type>(column)?.mapv(|value| value as f64)),
        _ => return None,
    })
}

fn column<T: ArrowPrimitiveType>(values: Vec<T::Native>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(values.into(), nulls))
}

/// What a decoder returns; a panic of its is a damaged file.
fn caught<T>(path: &Path, decode: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let outcome = input::decoded("Parquet", || Ok(decode()));
    outcome.unwrap_or_else(|problem| {
        Err(Failure::Read { path: path.into(), reason: problem.to_string() })
    })
}

fn damaged(error: &dyn std::fmt::Display) -> String {
    format!("it is damaged, or no Parquet table that is supported ({error}); fetch or save it anew")
}
