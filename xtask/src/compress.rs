//! Compresses the built client ahead of time, with the best settings.

use std::{
    ffi::OsString,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::project;

const COMPRESSIBLE: [&str; 9] = ["css", "html", "ico", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// Writes `.br` and `.gz` beside every file that gets smaller.
pub fn compress_folder(folder: &Path) -> Result<()> {
    for path in project::list_files(folder)? {
        if path.extension().is_some_and(|extension| COMPRESSIBLE.iter().any(|known| extension == *known)) {
            let raw = fs::read(&path)?;
            for (suffix, packed) in [(".br", brotli(&raw)?), (".gz", gzip(&raw)?)] {
                if packed.len() < raw.len() {
                    fs::write(append_suffix(&path, suffix), packed)?;
                }
            }
        }
    }
    Ok(())
}

pub fn append_suffix(path: &Path, suffix: &str) -> PathBuf {
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
    fn compressed_data_can_be_restored() {
        let raw = "a message is never lost. ".repeat(200).into_bytes();
        let (packed, mut unpacked) = (brotli(&raw).unwrap(), Vec::new());
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut unpacked).unwrap();
        assert!(packed.len() < raw.len() && unpacked == raw);

        let (packed, mut unpacked) = (gzip(&raw).unwrap(), Vec::new());
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert!(packed.len() < raw.len() && unpacked == raw);
    }

    #[test]
    fn suffix_is_appended_to_the_name() {
        assert_eq!(append_suffix(Path::new("dist/a.b.js"), ".br"), Path::new("dist/a.b.js.br"));
    }
}
