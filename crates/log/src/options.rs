use crate::error::LogError;

/// How a log behaves. Take the [`Default`] and change what matters.
#[derive(Clone, Debug)]
pub struct Options {
    /// A segment that has grown to this many bytes is sealed and the next one begun. What
    /// [`crate::Log::trim`] removes is whole segments.
    pub segment_bytes: u64,
    /// How long, in microseconds, the first waiting append lets others join before the disk is asked.
    /// 0: as soon as the disk is free, which under load gathers everything that came during the last sync.
    pub group_wait_us: u64,
    /// The largest body of one entry, in bytes.
    pub record_bytes_max: usize,
    /// The most bytes that one append may bring.
    pub frame_bytes_max: usize,
    /// Appends that wait together are written together up to this many bytes.
    pub group_bytes_max: usize,
    /// The most bytes that may wait for the disk; an append over it is refused as [`LogError::Overloaded`].
    pub queue_bytes_max: usize,
    /// What readers have already taken in: no offset below is handed out again. When the log ends
    /// before it, acknowledged records were lost, and the lost range is reported as corruption.
    pub offset_floor: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            segment_bytes: 128 << 20,
            group_wait_us: 0,
            record_bytes_max: 4 << 20,
            frame_bytes_max: 32 << 20,
            group_bytes_max: 4 << 20,
            queue_bytes_max: 64 << 20,
            offset_floor: 0,
        }
    }
}

/// No option may ask for a frame that the format cannot hold.
const FRAME_BYTES_LIMIT: usize = 1 << 30;

impl Options {
    pub(crate) fn check(&self) -> Result<(), LogError> {
        let ordered = 0 < self.record_bytes_max
            && self.record_bytes_max <= self.frame_bytes_max
            && self.frame_bytes_max <= self.queue_bytes_max
            && self.frame_bytes_max <= FRAME_BYTES_LIMIT
            && self.group_bytes_max <= FRAME_BYTES_LIMIT;
        if ordered { Ok(()) } else { Err(LogError::Options { limit: FRAME_BYTES_LIMIT }) }
    }
}
