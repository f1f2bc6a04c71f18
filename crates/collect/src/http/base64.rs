use base64::{
    DecodeError, Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Senders leave the padding out, or cut the last letter's bits as they like.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// Decodes base64 of either alphabet, with or without padding; spaces are pluses that a query decoder took for spaces.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    let plain = text.trim().replace([' ', '-'], "+").replace('_', "/");
    LENIENT.decode(plain)
}
