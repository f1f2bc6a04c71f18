//! Packs the built tracker (`tracker/dist/t.js`) into the program, compressed once here instead of at every request.

use std::{
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
};

const NOT_BUILT: &[u8] =
    b"console.warn(\"forecourt: the tracker is not in this build: run `npm ci && npm run build` in the folder tracker, then build the server again\");\n";

fn main() -> io::Result<()> {
    let missing = |name| io::Error::other(format!("cargo sets {name}"));
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| missing("CARGO_MANIFEST_DIR"))?).join("../../tracker/dist");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| missing("OUT_DIR"))?);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", root.display());
    let script = fs::read(root.join("t.js")).unwrap_or_else(|_| NOT_BUILT.to_vec());
    let mut encoder = flate2::write::GzEncoder::new(fs::File::create(out.join("t.js.gz"))?, flate2::Compression::best());
    encoder.write_all(&script)?;
    encoder.finish()?;
    Ok(())
}
