//! From a file's bytes to UTF-8.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

/// The encoding that the first bytes of a text are in.
///
/// * `sample`: from the very start; long enough to be typical. It may end inside a character.
pub fn guess(sample: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(sample) {
        return encoding;
    }
    if let Some(encoding) = utf_16_by_zeros(sample) {
        return encoding;
    }
    let cut = match std::str::from_utf8(sample) {
        Ok(_) => return UTF_8,
        Err(error) => error,
    };
    if cut.error_len().is_none() && sample.len() - cut.valid_up_to() < 4 {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    match detector.guess(None, Utf8Detection::Allow) {
        // GB 18030 reads all that GBK does, and the rest of China's characters.
        encoding if encoding == GBK => GB18030,
        encoding => encoding,
    }
}

/// Spreadsheets write "Unicode text" without a mark now and then; Latin text in it is every second byte zero.
fn utf_16_by_zeros(sample: &[u8]) -> Option<&'static Encoding> {
    let pairs = sample.len() / 2;
    if pairs < 8 {
        return None;
    }
    let zeros = |at: usize| sample.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
    match (zeros(0), zeros(1)) {
        (0, odd) if pairs / 4 < odd => Some(UTF_16LE),
        (even, 0) if pairs / 4 < even => Some(UTF_16BE),
        _ => None,
    }
}

/// Reads another reader's bytes as UTF-8, without a byte order mark; what does not decode becomes `U+FFFD`.
pub struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    raw: Box<[u8]>,
    start: usize,
    end: usize,
    /// The input has ended; and then: so has its last character.
    finished: bool,
    flushed: bool,
}

const RAW_BYTES: usize = 64 << 10;
/// The least that a decoder needs to get on.
const OUT_BYTES_MIN: usize = 16;

impl<R: Read> Decoded<R> {
    pub fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; RAW_BYTES].into(),
            start: 0,
            end: 0,
            finished: false,
            flushed: false,
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.len() < OUT_BYTES_MIN {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the buffer for decoded text is too small"));
        }
        while !self.flushed {
            if self.start == self.end && !self.finished {
                self.start = 0;
                self.end = self.inner.read(&mut self.raw)?;
                self.finished = self.end == 0;
            }
            let (result, read, written, _) = self.decoder.decode_to_utf8(&self.raw[self.start..self.end], out, self.finished);
            self.start += read;
            self.flushed = self.finished && result == CoderResult::InputEmpty;
            if 0 < written {
                return Ok(written);
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_of_the_markets_are_told_apart() {
        let russian = "Имя;Телефон;Город\nАнна Петрова;+79123456789;Екатеринбург\nИван Сидоров;89123456780;Новосибирск\n";
        let chinese = "姓名,电话,城市\n王伟,13800138000,北京市朝阳区\n李娜,13900139000,上海市浦东新区\n";
        let latin = "name,city\nMüller,Köln\nGarcía,Málaga\n";
        let cases = [
            (russian, encoding_rs::WINDOWS_1251),
            (russian, encoding_rs::KOI8_R),
            (russian, UTF_8),
            (chinese, GB18030),
            (latin, encoding_rs::WINDOWS_1252),
        ];
        for (text, encoding) in cases {
            let (bytes, _, _) = encoding.encode(text);
            let guessed = guess(&bytes);
            let mut back = String::new();
            let mut reader = Decoded::new(&bytes[..], guessed);
            io::copy(&mut reader, &mut Chunks(&mut back)).map(drop).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(back, text, "{} read as {}", encoding.name(), guessed.name());
        }
    }

    #[test]
    fn utf_16_is_read_with_and_without_a_mark() {
        let text = "name;phone\nAna;+33600000001\n";
        let plain: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(plain.iter().copied()).collect();
        for bytes in [plain, marked] {
            let mut back = String::new();
            io::copy(&mut Decoded::new(&bytes[..], guess(&bytes)), &mut Chunks(&mut back))
                .map(drop)
                .unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(back, text);
        }
    }

    #[test]
    fn a_sample_that_ends_inside_a_character_is_still_utf_8() {
        let text = "имя".as_bytes();
        assert_eq!(guess(&text[..text.len() - 1]), UTF_8);
    }

    struct Chunks<'a>(&'a mut String);

    impl io::Write for Chunks<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push_str(std::str::from_utf8(bytes).map_err(io::Error::other)?);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
