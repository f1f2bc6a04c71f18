//! The pages that this program brings along, as the API serves them.

use std::sync::Arc;

use forecourt_api::PageFile;

pub fn packed_pages() -> Arc<[PageFile]> {
    forecourt_pages::FILES.iter().map(|file| PageFile { name: file.name, gzipped: file.gzipped, bytes: file.bytes }).collect()
}
