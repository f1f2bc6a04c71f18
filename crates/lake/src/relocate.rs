//! Rows in files whose profile was merged into another: copied to the new profile's bucket, deleted where they were.
//!
//! The copies wait in the tail and the deletes in the list of files, so that queries see both at once; the next flush
//! commits both in one snapshot.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use arrow::array::RecordBatch;
use forecourt_model::{BUCKETS, Move};

use crate::{
    DataFile, Inner, LakeError,
    catalogue::{Delete, DeleteOf},
    event_columns::bucket_of,
    moves::{Moves, fragment_ids, with_profiles},
    order::Keys,
    parquet_in::{OpenFile, positions_where, selection_of},
    parquet_out::write_delete_file,
    tables::EVENTS,
    threads,
};

/// What is to be done with one file: profiles to look for, with the times of their rows.
struct Search {
    file: Arc<DataFile>,
    /// Rising.
    profile_ids: Vec<i64>,
}

/// What was found in one file.
struct Found {
    file: Arc<DataFile>,
    positions: Vec<u64>,
    /// With their new profiles.
    rows: Vec<RecordBatch>,
}

/// Applies the merges that were noted to the rows in files. The caller holds the work lock.
pub(crate) async fn apply(inner: &Inner) -> Result<(), LakeError> {
    let (moves, searches) = {
        let mut state = inner.state();
        let moves = std::mem::take(&mut state.file_moves);
        let searches = searches(&moves, &state.events);
        (moves, searches)
    };
    if searches.is_empty() {
        return Ok(());
    }
    let threads = inner.options.threads;
    let resolved = Moves::of(&moves);
    let found = threads::blocking(move || {
        let (found, done) = threads::each(threads, searches, |search| find(search, &resolved));
        done.map(|()| found)
    })
    .await;
    let mut state = inner.state();
    match found {
        Ok(found) => {
            for Found { file, positions, rows } in found.into_iter().filter(|found| !found.positions.is_empty()) {
                state.replace(Arc::new(file.with_deleted(&positions)));
                rows.into_iter().for_each(|batch| state.tail.push(batch));
            }
            state.changed();
            Ok(())
        }
        Err(error) => {
            // Nothing was changed: the next try looks again, before whatever came meanwhile.
            let later = std::mem::replace(&mut state.file_moves, moves);
            state.file_moves.extend(later);
            Err(error)
        }
    }
}

fn searches(moves: &[Move], files: &[Vec<Arc<DataFile>>]) -> Vec<Search> {
    // A chain a → b → c moves the rows of both a and b: each is looked for under the name it has in files.
    let mut by_bucket: Vec<BTreeMap<i64, (i64, i64)>> = vec![BTreeMap::new(); usize::from(BUCKETS)];
    for moved in moves {
        let Some(profiles) = usize::try_from(bucket_of(moved.from.0)).ok().and_then(|bucket| by_bucket.get_mut(bucket)) else { continue };
        let times = profiles.entry(moved.from.0).or_insert((moved.first_us, moved.last_us));
        *times = (times.0.min(moved.first_us), times.1.max(moved.last_us));
    }
    let mut searches = Vec::new();
    for (profiles, files) in by_bucket.iter().zip(files) {
        for file in files {
            let may_have = |(id, times): &(&i64, &(i64, i64))| {
                file.profile_ids.0 <= **id && **id <= file.profile_ids.1 && file.overlaps(times.0, times.1)
            };
            let profile_ids: Vec<i64> = profiles.iter().filter(may_have).map(|(id, _)| *id).collect();
            if !profile_ids.is_empty() {
                searches.push(Search { file: file.clone(), profile_ids });
            }
        }
    }
    searches
}

fn find(search: Search, moves: &Moves) -> Result<Found, LakeError> {
    let Search { file, profile_ids } = search;
    let open = OpenFile::open(&file)?;
    let ranges = open.ranges_with("profile_id", &profile_ids);
    let is_wanted = |columns: &[&arrow::array::Int64Array], row: usize| {
        let [ids, fragments, ..] = columns else { return false };
        let (id, fragment) = (ids.value(row), fragments.value(row));
        profile_ids.binary_search(&id).is_ok() && moves.resolve(id, fragment, 0) != id
    };
    let positions = positions_where(&file, &EVENTS, &["profile_id", "fragment_id"], Some(ranges), is_wanted)?;
    let mut rows = Vec::new();
    if !positions.is_empty() {
        for batch in open.read(&EVENTS, None, Some(selection_of(&positions, open.rows())))? {
            let batch = batch?;
            // Rows in files are older than every merge that is still to be applied.
            let keys = Keys::of(&batch);
            let whose = keys.profile_ids().iter().zip(fragment_ids(&batch)?);
            let resolved = whose.map(|(id, fragment)| moves.resolve(*id, *fragment, 0)).collect();
            rows.push(with_profiles(&batch, resolved)?);
        }
    }
    Ok(Found { file, positions, rows })
}

/// Writes the delete file that holds all deleted rows of `file`.
pub(crate) fn write_deletes(data_dir: &Path, file: &Arc<DataFile>) -> Result<Delete, LakeError> {
    let positions = file.deleted.clone().unwrap_or_default();
    let written = write_delete_file(data_dir, &EVENTS, &file.path, &positions)?;
    Ok(Delete { of: DeleteOf::Held(file.clone()), positions, written })
}
