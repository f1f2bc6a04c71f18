//! Decompression of a body as it comes in, stopped as soon as it grows beyond its limits.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::rejection::Rejection;
use crate::Limits;

/// Takes a body in pieces and holds what it decompresses to.
pub(crate) struct Inflate {
    form: Form,
    taken_bytes: usize,
    ratio_max: usize,
    bytes_max: usize,
}

enum Form {
    Plain(Bounded),
    Gzip(MultiGzDecoder<Bounded>),
    /// Whether it has zlib's header shows in the first byte: senders name both forms `deflate`.
    Deflate(Bounded),
    Zlib(ZlibDecoder<Bounded>),
    Bare(DeflateDecoder<Bounded>),
}

/// Small bodies may compress as well as they like.
const RATIO_FROM_BYTES: usize = 1 << 20;

impl Inflate {
    /// * `encoding`: the value of `Content-Encoding`, if there is one.
    pub fn new(encoding: Option<&str>, length: Option<usize>, limits: &Limits) -> Result<Self, Rejection> {
        let encoding = encoding.unwrap_or("").trim().to_ascii_lowercase();
        let plain = matches!(&*encoding, "" | "identity");
        let expected = length.unwrap_or(0).min(limits.body_bytes_max);
        let out = Bounded { bytes: Vec::with_capacity(if plain { expected } else { expected * 4 }), bytes_max: limits.inflated_bytes_max };
        let form = match &*encoding {
            "" | "identity" => Form::Plain(out),
            "gzip" | "x-gzip" => Form::Gzip(MultiGzDecoder::new(out)),
            "deflate" => Form::Deflate(out),
            _ => return Err(Rejection::UnknownEncoding { encoding: encoding.chars().take(40).collect() }),
        };
        Ok(Self { form, taken_bytes: 0, ratio_max: limits.inflated_ratio_max, bytes_max: limits.inflated_bytes_max })
    }

    /// Takes the next piece. Returns the bytes held now.
    pub fn take(&mut self, piece: &[u8]) -> Result<usize, Rejection> {
        self.taken_bytes += piece.len();
        if let (Form::Deflate(out), Some(first)) = (&mut self.form, piece.first()) {
            let out = std::mem::take(out);
            self.form = if first & 0x0F == 8 { Form::Zlib(ZlibDecoder::new(out)) } else { Form::Bare(DeflateDecoder::new(out)) };
        }
        // In small steps, so that the ratio is looked at before much has grown.
        for step in piece.chunks(4 << 10) {
            let written = match &mut self.form {
                Form::Plain(out) | Form::Deflate(out) => out.write_all(step),
                Form::Gzip(decoder) => decoder.write_all(step),
                Form::Zlib(decoder) => decoder.write_all(step),
                Form::Bare(decoder) => decoder.write_all(step),
            };
            written.map_err(|error| self.rejection(&error))?;
            let held = self.held().bytes.len();
            if RATIO_FROM_BYTES < held && self.ratio_max.saturating_mul(self.taken_bytes) < held {
                return Err(Rejection::InflatedSuspiciously { limit: self.ratio_max });
            }
        }
        Ok(self.held().bytes.len())
    }

    /// The whole body. An error when it is cut short.
    pub fn finish(mut self) -> Result<Vec<u8>, Rejection> {
        let whole = match &mut self.form {
            Form::Plain(_) | Form::Deflate(_) => Ok(()),
            Form::Gzip(decoder) => decoder.try_finish(),
            Form::Zlib(decoder) => decoder.try_finish(),
            Form::Bare(decoder) => decoder.try_finish(),
        };
        whole.map_err(|error| self.rejection(&error))?;
        Ok(std::mem::take(match &mut self.form {
            Form::Plain(out) | Form::Deflate(out) => &mut out.bytes,
            Form::Gzip(decoder) => &mut decoder.get_mut().bytes,
            Form::Zlib(decoder) => &mut decoder.get_mut().bytes,
            Form::Bare(decoder) => &mut decoder.get_mut().bytes,
        }))
    }

    /// What is held so far: of a body that was refused, its beginning.
    pub fn into_beginning(self) -> Vec<u8> {
        self.held().bytes.clone()
    }

    fn held(&self) -> &Bounded {
        match &self.form {
            Form::Plain(out) | Form::Deflate(out) => out,
            Form::Gzip(decoder) => decoder.get_ref(),
            Form::Zlib(decoder) => decoder.get_ref(),
            Form::Bare(decoder) => decoder.get_ref(),
        }
    }

    fn rejection(&self, error: &io::Error) -> Rejection {
        match (&self.form, error.kind()) {
            (_, io::ErrorKind::FileTooLarge) => Rejection::InflatedTooLarge { limit: self.bytes_max },
            (Form::Gzip(_), _) => Rejection::BrokenEncoding { encoding: "gzip" },
            _ => Rejection::BrokenEncoding { encoding: "deflate" },
        }
    }
}

/// Memory that refuses to grow over its limit.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes_max < self.bytes.len() + piece.len() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };

    use super::*;

    fn inflate(encoding: &str, body: &[u8], piece_bytes: usize) -> Result<Vec<u8>, Rejection> {
        let mut inflate = Inflate::new(Some(encoding), None, &Limits::default())?;
        for piece in body.chunks(piece_bytes) {
            inflate.take(piece)?;
        }
        inflate.finish()
    }

    macro_rules! packed {
        ($encoder:ident, $text:expr) => {{
            let mut encoder = $encoder::new(Vec::new(), Compression::best());
            encoder.write_all($text).and_then(|()| encoder.finish()).unwrap_or_default()
        }};
    }

    #[test]
    fn every_form_comes_back_whatever_the_pieces() {
        let text = "{\"batch\":[]} ".repeat(500).into_bytes();
        let two_members = [packed!(GzEncoder, &text[..100]), packed!(GzEncoder, &text[100..])].concat();
        let forms = [
            ("", text.clone()),
            ("identity", text.clone()),
            ("gzip", packed!(GzEncoder, &text)),
            (" GZIP ", two_members),
            ("deflate", packed!(ZlibEncoder, &text)),
            ("deflate", packed!(DeflateEncoder, &text)),
        ];
        for (encoding, body) in forms {
            for piece_bytes in [1, 7, 100_000] {
                assert_eq!(inflate(encoding, &body, piece_bytes).as_ref(), Ok(&text), "{encoding} in pieces of {piece_bytes}");
            }
        }
    }

    #[test]
    fn bombs_and_broken_bodies_are_stopped() {
        let zeros = vec![b'0'; 40 << 20];
        let bomb = packed!(GzEncoder, &zeros);
        assert_eq!(inflate("gzip", &bomb, 1_000_000), Err(Rejection::InflatedSuspiciously { limit: 200 }));
        let mut noise: Vec<u8> = (0..17 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        assert_eq!(inflate("", &noise, 1 << 20), Err(Rejection::InflatedTooLarge { limit: 16 << 20 }));
        noise.truncate(10_000);
        let packed = packed!(GzEncoder, &noise);
        assert_eq!(inflate("gzip", &packed[..packed.len() / 2], 64), Err(Rejection::BrokenEncoding { encoding: "gzip" }));
        assert_eq!(inflate("gzip", b"{\"batch\":[]}", 64), Err(Rejection::BrokenEncoding { encoding: "gzip" }));
        assert_eq!(inflate("br", b"", 64), Err(Rejection::UnknownEncoding { encoding: "br".into() }));
    }
}
