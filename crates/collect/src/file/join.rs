//! Values looked up in a second file beside the imported one.

use std::{
    path::{Component, Path},
    sync::Arc,
};

use rustc_hash::FxHashMap;

use super::{ImportError, detect, field::Columns, mapping::Join, reader::Reader};

/// From key to value.
pub type Table = FxHashMap<String, String>;

/// Each file is read once, however many fields it serves.
#[derive(Default)]
pub struct Joins {
    loaded: Vec<(Join, Arc<Table>)>,
}

impl Joins {
    /// * `imported`: the file that is imported; the joined one lies beside it.
    ///
    /// Errors: [`ImportError::Mapping`] for a file elsewhere or a column that it does not have.
    pub fn table(&mut self, imported: &Path, join: &Join) -> Result<Arc<Table>, ImportError> {
        let same = |held: &&(Join, Arc<Table>)| held.0.file == join.file && held.0.key == join.key && held.0.column == join.column;
        if let Some((_, table)) = self.loaded.iter().find(same) {
            return Ok(table.clone());
        }
        let table = Arc::new(load(imported, join)?);
        self.loaded.push((join.clone(), table.clone()));
        Ok(table)
    }
}

fn load(imported: &Path, join: &Join) -> Result<Table, ImportError> {
    // A mapping may come from another machine: it names a neighbour and cannot reach anything else.
    let mut parts = Path::new(&join.file).components();
    if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
        let told = format!("`join.file` is `{}`: give a file's name alone, it is looked for beside the imported file", join.file);
        return Err(ImportError::Mapping(told));
    }
    let path = imported.parent().unwrap_or(Path::new("")).join(&join.file);
    let detected = detect(&path)?;
    let columns = Columns::of(&detected);
    let (key, value) = (columns.find("join.key", &join.key)?, columns.find("join.column", &join.column)?);
    let mut wanted = vec![key, value];
    wanted.sort_unstable();
    wanted.dedup();
    let mut reader = Reader::open(&detected, wanted)?;
    let mut table = Table::default();
    while let Some(block) = reader.next_block()? {
        for row in (0..block.rows()).map(|index| block.row(index)).filter(|row| row.fault().is_none()) {
            if let (Some(key), Some(value)) = (row.cell(key).text(), row.cell(value).text()) {
                table.entry(key.into_owned()).or_insert_with(|| value.into_owned());
            }
        }
    }
    Ok(table)
}
