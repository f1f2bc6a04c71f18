use std::time::Duration;

/// What a sender may ask of the border. A refusal names the limit that it went over.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest body of a request as it travels, in bytes.
    pub body_bytes_max: usize,
    /// The largest body after decompression, in bytes.
    pub inflated_bytes_max: usize,
    /// How many times larger than it travelled a compressed body may become, once it is over 1 MiB.
    pub inflated_ratio_max: usize,
    /// The most items in one batch.
    pub batch_items_max: usize,
    /// The largest item, in bytes of JSON.
    pub event_bytes_max: usize,
    /// The deepest nesting of an item's objects and lists.
    pub event_depth_max: usize,
    /// The most bytes of bodies held in memory over all requests; above it senders get a 503.
    pub inflight_bytes_max: usize,
    /// Requests per second and source; 0 for no limit.
    pub requests_per_second: u32,
    /// How long a sender may pause within a body.
    pub body_pause: Duration,
    /// How long a body may take in all.
    pub body_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 4 << 20,
            inflated_bytes_max: 16 << 20,
            inflated_ratio_max: 200,
            batch_items_max: 2_500,
            event_bytes_max: 32 << 10,
            event_depth_max: 64,
            inflight_bytes_max: 256 << 20,
            requests_per_second: 0,
            body_pause: Duration::from_secs(10),
            body_time: Duration::from_secs(60),
        }
    }
}
