//! Compresses once, as well as can be, what is served many times.

use std::{
    ffi::OsString,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::project;

const COMPRESSIBLE: [&str; 9] = ["css", "html", "ico", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// Lays `.br` and `.gz` beside every file that gains by it.
pub fn all(folder: &Path) -> Result<()> {
    for path in project::files(folder)? {
        if path.extension().is_some_and(|kind| COMPRESSIBLE.iter().any(|known| kind == *known)) {
            let raw = fs::read(&path)?;
            for (suffix, packed) in [(".br", brotli(&raw)?), (".gz", gzip(&raw)?)] {
                if packed.len() < raw.len() {
                    fs::write(beside(&path, suffix), packed)?;
                }
            }
        }
    }
    Ok(())
}

pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn brotli(raw: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let best = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &raw[..], &mut packed, &best)?;
    Ok(packed)
}

fn gzip(raw: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(raw)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_compressed_comes_out_again() {
        let raw = "a message is never lost. ".repeat(200).into_bytes();
        let (packed, mut unpacked) = (brotli(&raw).unwrap(), Vec::new());
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut unpacked).unwrap();
        assert!(packed.len() < raw.len() && unpacked == raw);

        let (packed, mut unpacked) = (gzip(&raw).unwrap(), Vec::new());
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert!(packed.len() < raw.len() && unpacked == raw);
    }

    #[test]
    fn the_name_stays_whole() {
        assert_eq!(beside(Path::new("dist/a.b.js"), ".br"), Path::new("dist/a.b.js.br"));
    }
}
