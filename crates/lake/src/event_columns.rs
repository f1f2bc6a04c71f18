//! Event rows as Arrow columns, in the order of [`crate::tables::EVENTS`].

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, Float64Builder, Int32Builder, Int64Builder, RecordBatch, StringDictionaryBuilder, StringViewBuilder,
        TimestampMicrosecondBuilder,
    },
    datatypes::Int32Type,
    error::ArrowError,
};
use forecourt_model::EventRow;

use crate::tables::EVENTS;

/// Collects rows into columns.
pub struct EventColumns {
    bucket: Int32Builder,
    profile_id: Int64Builder,
    ts: TimestampMicrosecondBuilder,
    event: StringDictionaryBuilder<Int32Type>,
    /// `type`, then channel … model.
    words: [StringViewBuilder; 8],
    value: Float64Builder,
    /// currency, session_id, url, properties, traits, source, message_id.
    texts: [StringViewBuilder; 7],
    fragment_id: Int64Builder,
    log_offset: Int64Builder,
    /// received_at, original_at, sent_at.
    times: [TimestampMicrosecondBuilder; 3],
    /// click_ids, referrer_host, landing_host, channel_by.
    marks: [StringViewBuilder; 4],
}

impl EventColumns {
    pub fn with_capacity(rows: usize) -> Self {
        let time = || TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC");
        // A trickle makes batches of one row: their blocks must be small too.
        let block_bytes = (rows as u32).saturating_mul(64).clamp(256, 1 << 16);
        let text = || StringViewBuilder::with_capacity(rows).with_fixed_block_size(block_bytes);
        Self {
            bucket: Int32Builder::with_capacity(rows),
            profile_id: Int64Builder::with_capacity(rows),
            ts: time(),
            event: StringDictionaryBuilder::new(),
            words: std::array::from_fn(|_| text()),
            value: Float64Builder::with_capacity(rows),
            texts: std::array::from_fn(|_| text()),
            fragment_id: Int64Builder::with_capacity(rows),
            log_offset: Int64Builder::with_capacity(rows),
            times: std::array::from_fn(|_| time()),
            marks: std::array::from_fn(|_| text()),
        }
    }

    pub fn push(&mut self, row: &EventRow) {
        self.bucket.append_value(bucket_of(row.profile_id.0));
        self.profile_id.append_value(row.profile_id.0);
        self.ts.append_value(row.ts_us);
        self.event.append_value(row.event);
        let words = [row.channel, row.utm_source, row.utm_medium, row.campaign, row.region, row.dealer, row.model];
        let words = std::iter::once(Some(row.event_type)).chain(words);
        for (builder, word) in self.words.iter_mut().zip(words) {
            builder.append_option(word);
        }
        self.value.append_option(row.value);
        let texts =
            [row.currency, row.session_id, row.url, Some(row.properties), row.traits.as_deref(), Some(row.source), Some(row.message_id)];
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
        self.fragment_id.append_value(row.fragment_id);
        self.log_offset.append_value(row.offset as i64);
        for (builder, us) in self.times.iter_mut().zip([Some(row.received_us), row.original_us, row.sent_us]) {
            builder.append_option(us);
        }
        let marks = [row.click_ids, row.referrer_host, row.landing_host];
        for (builder, mark) in self.marks.iter_mut().zip(marks.into_iter().chain([row.channel_by])) {
            builder.append_option(mark);
        }
    }

    pub fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.bucket.finish()),
            Arc::new(self.profile_id.finish()),
            Arc::new(self.ts.finish()),
            Arc::new(self.event.finish()),
        ];
        columns.extend(self.words.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        columns.push(Arc::new(self.value.finish()));
        columns.extend(self.texts.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        columns.push(Arc::new(self.fragment_id.finish()));
        columns.push(Arc::new(self.log_offset.finish()));
        columns.extend(self.times.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        columns.extend(self.marks.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        RecordBatch::try_new(EVENTS.schema(), columns)
    }
}

/// The bucket of a profile id: its top four bits after the sign.
pub fn bucket_of(profile_id: i64) -> i32 {
    (profile_id >> 59) as i32
}

#[cfg(test)]
mod tests {
    use forecourt_model::ProfileId;

    use super::*;
    use crate::tables::ColumnType;

    #[test]
    fn a_row_fills_each_column_by_its_name() -> Result<(), ArrowError> {
        let row = EventRow {
            profile_id: ProfileId(i64::MAX),
            fragment_id: 7,
            ts_us: 1,
            event: "car_viewed",
            event_type: "track",
            channel: Some("channel"),
            utm_source: Some("utm_source"),
            utm_medium: Some("utm_medium"),
            campaign: Some("campaign"),
            region: Some("region"),
            dealer: Some("dealer"),
            model: Some("model"),
            value: Some(2.5),
            currency: Some("currency"),
            session_id: Some("session_id"),
            url: Some("url"),
            properties: "properties",
            traits: Some("traits".into()),
            source: "source",
            message_id: "message_id",
            offset: 9,
            received_us: 2,
            original_us: Some(3),
            sent_us: None,
            click_ids: Some("click_ids"),
            referrer_host: Some("referrer_host"),
            landing_host: Some("landing_host"),
            channel_by: Some("channel_by"),
        };
        let mut columns = EventColumns::with_capacity(1);
        columns.push(&row);
        let batch = columns.finish()?;
        for column in EVENTS.columns {
            let mut array = batch[column.name].clone();
            if column.kind == ColumnType::Time {
                array = arrow::compute::cast(&array, &arrow::datatypes::DataType::Int64)?;
            }
            let array = arrow::compute::cast(&array, &arrow::datatypes::DataType::Utf8)?;
            let text = arrow::array::AsArray::as_string::<i32>(&array);
            let text = arrow::array::Array::is_valid(text, 0).then(|| text.value(0).to_owned());
            let expected = match column.name {
                "bucket" => Some("15".to_owned()),
                "profile_id" => Some(i64::MAX.to_string()),
                "ts" => Some("1".to_owned()),
                "event" => Some("car_viewed".to_owned()),
                "type" => Some("track".to_owned()),
                "value" => Some("2.5".to_owned()),
                "fragment_id" => Some("7".to_owned()),
                "log_offset" => Some("9".to_owned()),
                "received_at" => Some("2".to_owned()),
                "original_at" => Some("3".to_owned()),
                "sent_at" => None,
                name => Some(name.to_owned()),
            };
            assert_eq!(text, expected, "{}", column.name);
        }
        Ok(())
    }
}
