//! Parquet tables: `./test --parquet`.
#![cfg(feature = "parquet")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_array::{
    Array, ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray, UInt8Array,
};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::metadata::{KeyValue, RowGroupMetaData};
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

const FUNCTION: [&str; 4] = ["-f", "softplus", "--order", "4"];

struct Folder(TempDir);

impl Folder {
    /// A folder with a table of two row groups.
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        let fields = vec![
            Field::new("a", DataType::Float64, true),
            Field::new("name", DataType::Utf8, false),
            Field::new("b", DataType::UInt8, false),
            Field::new("n", DataType::Int32, true),
        ];
        let schema = Arc::new(Schema::new(fields));
        let kept = KeyValue::new("station".to_owned(), Some("Zürich".to_owned()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(vec![kept]))
            .build();
        let file = File::create(folder.path("in.parquet")).unwrap();
        let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties)).unwrap();
        for rows in [700, 300] {
            let a: Float64Array =
                (0..rows).map(|i| (i % 10 != 3).then(|| f64::from(i) / 500.0 - 0.5)).collect();
            let name: StringArray = (0..rows).map(|i| Some(format!("row {i}"))).collect();
            let b: UInt8Array = (0..rows).map(|i| Some((i % 251) as u8)).collect();
            let n: Int32Array = (0..rows).map(Some).collect();
            let columns: Vec<ArrayRef> =
                vec![Arc::new(a), Arc::new(name), Arc::new(b), Arc::new(n)];
            writer.write(&RecordBatch::try_new(schema.clone(), columns).unwrap()).unwrap();
            writer.flush().unwrap();
        }
        writer.close().unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, output: &str, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_maclaurin"))
            .arg("expand")
            .arg(self.path("in.parquet"))
            .arg("-o")
            .arg(self.path(output))
            .args(FUNCTION)
            .args(more)
            .output()
            .unwrap()
    }

    fn done(&self, output: &str, more: &[&str]) -> String {
        let result = self.run(output, more);
        assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
        String::from_utf8(result.stdout).unwrap()
    }

    fn refused(&self, output: &str, more: &[&str]) -> String {
        let result = self.run(output, more);
        assert!(!result.status.success(), "{}", String::from_utf8_lossy(&result.stdout));
        String::from_utf8(result.stderr).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn table(&self, name: &str) -> ParquetRecordBatchReaderBuilder<File> {
        ParquetRecordBatchReaderBuilder::try_new(File::open(self.path(name)).unwrap()).unwrap()
    }
}

#[test]
fn columns_are_added_and_all_else_is_kept() {
    let folder = Folder::new();
    let text = folder.done("out.parquet", &["--columns", "a,b", "--constant"]);
    assert!(text.contains("1000 rows in 2 row groups, 7 columns added"), "{text}");
    assert!(text.contains("(certified)"), "{text}");
    let table = folder.table("out.parquet");
    let names: Vec<_> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
    // Those of TaylorFeatures.get_feature_names_out.
    let expected =
        ["a", "name", "b", "n", "log(2)", "a/2", "b/2", "a^2/8", "b^2/8", "-a^4/192", "-b^4/192"];
    assert_eq!(names, expected);
    let rows: Vec<_> =
        table.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(rows, [700, 300]);
    let kept = table.metadata().file_metadata().key_value_metadata().unwrap();
    let station = kept.iter().find(|one| one.key == "station").unwrap();
    assert_eq!(station.value.as_deref(), Some("Zürich"));
    assert_eq!(table.metadata().row_group(0).column(0).compression(), Compression::SNAPPY);
    let new: Vec<_> = table.build().unwrap().map(Result::unwrap).collect();
    let old = folder.table("in.parquet").build().unwrap().map(Result::unwrap);
    for (old, new) in old.zip(&new) {
        assert_eq!(old.columns(), &new.columns()[..4]);
        let column = |index: usize| new.column(index).as_primitive::<Float32Type>();
        let a = old.column(0).as_primitive::<arrow_array::types::Float64Type>();
        for row in 0..old.num_rows() {
            assert_eq!(column(4).value(row), 2f32.ln());
            assert_eq!(column(5).is_null(row), a.is_null(row));
            if a.is_valid(row) {
                let x = a.value(row);
                assert_eq!(column(5).value(row), (0.5 * x) as f32);
                assert!((f64::from(column(9).value(row)) + x.powi(4) / 192.0).abs() < 1e-9);
            }
        }
    }
    let more = ["--columns", "a", "--kind", "sum", "--dtype", "f64", "--force", "--scale", "2"];
    folder.done("out.parquet", &more);
    let table = folder.table("out.parquet");
    let last = table.schema().field(4).clone();
    assert_eq!(
        (last.name().as_str(), last.data_type()),
        ("softplus(2*a) to 4", &DataType::Float64)
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = Folder::new();
    let before = folder.names();
    for (more, part) in [
        (&[][..], "name the columns to expand with --columns, of these: a, b, n"),
        (&["--columns", "c"], "there is no column \"c\"; of numbers there are: a, b, n"),
        (&["--columns", "name"], "column \"name\" holds Utf8, not numbers"),
        (&["--columns", "a,a"], "named twice"),
        (&["--columns", "a", "--axis", "0"], "a table gets columns"),
        (&["--columns", "a", "--memory", "1GB"], "--memory is not for Parquet tables"),
        (&["--columns", "a", "--json"], "not for Parquet tables"),
    ] {
        let message = folder.refused("out.parquet", more);
        assert!(message.contains(part), "{message}");
    }
    assert!(folder.refused("out.npy", &["--columns", "a"]).contains("a Parquet table becomes one"));
    assert!(folder.refused("in.parquet", &["--columns", "a", "--force"]).contains("that is read"));
    assert_eq!(folder.names(), before);
    folder.done("out.parquet", &["--columns", "n"]);
    fs::rename(folder.path("out.parquet"), folder.path("in.parquet")).unwrap();
    let message = folder.refused("out.parquet", &["--columns", "n"]);
    assert!(message.contains("has a column \"n/2\" already"), "{message}");
}

/// `TABLE_DAMAGES=2000` damages it more often.
#[test]
fn damaged_tables_are_refused_and_nothing_is_half_written() {
    let count = std::env::var("TABLE_DAMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let folder = Folder::new();
    let whole = fs::read(folder.path("in.parquet")).unwrap();
    let before = folder.names();
    let (mut state, mut read) = (7_usize, 0);
    let mut below = |end: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    };
    for case in 0..count {
        let mut bytes = whole.clone();
        if case % 2 == 0 {
            bytes.truncate(below(whole.len()));
        } else {
            // Every other one in what stands behind the data.
            let reach = if case % 4 == 1 { whole.len() } else { 2500 };
            let at = whole.len() - 1 - below(reach);
            bytes[at] ^= 1 << below(8);
        }
        fs::write(folder.path("in.parquet"), &bytes).unwrap();
        let result = folder.run("out.parquet", &["--columns", "a,b"]);
        let message = String::from_utf8_lossy(&result.stderr).into_owned();
        if result.status.success() {
            read += 1;
            assert!(case % 2 == 1, "{case}");
            fs::remove_file(folder.path("out.parquet")).unwrap();
        } else {
            assert!(result.status.code().is_some_and(|code| code <= 2), "{case}: {message}");
            assert!(message.starts_with("error: ") && !message.contains("panicked"), "{message}");
            assert!(message.contains("in.parquet"), "{case}: {message}");
        }
        assert_eq!(folder.names(), before, "{case}: {message}");
    }
    println!("{count} damaged tables, {read} of them read");
}
