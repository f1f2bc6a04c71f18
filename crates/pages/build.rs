//! Packs the built UI (`web/dist`) into the program, compressed once here instead of at every request.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Forecourt</title>\
<body><h1>The pages are not in this build</h1>\
<p>The server runs; its API is under <code>/api</code>. To build the pages, run <code>npm ci &amp;&amp; npm run build</code> \
in the folder <code>web</code>, then build the server again (<code>make build</code> does both).</p></body></html>\n";

fn main() -> io::Result<()> {
    let missing = |name| io::Error::other(format!("cargo sets {name}"));
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| missing("CARGO_MANIFEST_DIR"))?).join("../../web/dist");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| missing("OUT_DIR"))?);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    collect(&root, "", &mut files)?;
    if !files.iter().any(|(name, _)| name == "index.html") {
        files = vec![("index.html".to_owned(), NOT_BUILT.as_bytes().to_vec())];
    }
    files.sort();

    let mut table = String::from("&[\n");
    for (number, (name, bytes)) in files.iter().enumerate() {
        let packed = gzip(bytes)?;
        let gzipped = packed.len() < bytes.len();
        let file = format!("page-{number}");
        fs::write(out.join(&file), if gzipped { &packed } else { bytes })?;
        table += &format!(
            "    PageFile {{ name: {name:?}, gzipped: {gzipped}, bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\")) }},\n"
        );
    }
    table += "]\n";
    fs::write(out.join("pages.rs"), table)
}

fn collect(folder: &Path, under: &str, files: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{under}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else if !name.ends_with(".map") {
            files.push((name, fs::read(entry.path())?));
        }
    }
    Ok(())
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
