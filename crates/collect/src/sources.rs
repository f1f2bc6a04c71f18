use std::{collections::HashMap, fmt, sync::Arc};

use forecourt_model::hook::HookMapping;

/// What brings events in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Stands in each record of the log.
    pub id: String,
    pub name: String,
    /// A disabled source's senders are told so, and nothing of theirs is kept.
    pub enabled: bool,
    /// How bodies of another program's webhook are read.
    pub mapping: Option<Arc<HookMapping>>,
}

/// The sources by write key. Keys are looked up by their hash, so that the time of a look-up says nothing about a key.
#[derive(Clone, Default)]
pub struct Sources {
    by_key: HashMap<[u8; 32], Arc<Source>>,
}

impl Sources {
    pub fn insert(&mut self, write_key: &str, source: Source) {
        self.by_key.insert(hash(write_key), Arc::new(source));
    }

    pub fn of_id(&self, id: &str) -> Option<&Arc<Source>> {
        self.by_key.values().find(|source| source.id == id)
    }

    pub fn find(&self, write_key: &str) -> Option<&Arc<Source>> {
        self.by_key.get(&hash(write_key))
    }
}

impl<K: AsRef<str>> FromIterator<(K, Source)> for Sources {
    fn from_iter<I: IntoIterator<Item = (K, Source)>>(pairs: I) -> Self {
        let mut sources = Self::default();
        for (write_key, source) in pairs {
            sources.insert(write_key.as_ref(), source);
        }
        sources
    }
}

/// Without the keys.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.by_key.values()).finish()
    }
}

fn hash(write_key: &str) -> [u8; 32] {
    *blake3::hash(write_key.as_bytes()).as_bytes()
}
