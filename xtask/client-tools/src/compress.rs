//! Compresses the built client ahead of time, with the best settings.

use std::{ffi::OsString, fs, io::Write, path::Path};

use anyhow::{Context, Result};

const COMPRESSIBLE: [&str; 9] = ["css", "html", "ico", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// Writes `.br` and `.gz` beside every file of a folder that gets smaller by it.
pub fn compress_folder(folder: &Path) -> Result<()> {
    let files = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for path in files.map(|file| Ok(file?.path())).collect::<Result<Vec<_>>>()? {
        if path.is_dir() {
            compress_folder(&path)?;
        } else if path
            .extension()
            .is_some_and(|extension| COMPRESSIBLE.iter().any(|known| extension == *known))
        {
            compress_file(&path)?;
        }
    }
    Ok(())
}

fn compress_file(path: &Path) -> Result<()> {
    let raw = fs::read(path)?;
    for (suffix, packed) in [(".br", brotli(&raw)?), (".gz", gzip(&raw)?)] {
        if packed.len() < raw.len() {
            let mut name = OsString::from(path);
            name.push(suffix);
            fs::write(name, packed)?;
        }
    }
    Ok(())
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
    use std::{env, io::Read};

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
    fn only_files_that_get_smaller_are_compressed() {
        let folder = env::temp_dir().join(format!("compress-{}", std::process::id()));
        fs::create_dir_all(folder.join("inner")).unwrap();
        for (name, text) in [("inner/long.css", "a{}".repeat(200)), ("short.js", "a".into())] {
            fs::write(folder.join(name), text).unwrap();
        }
        compress_folder(&folder).unwrap();
        let is_written = |name| folder.join(name).exists();
        assert!(is_written("inner/long.css.br") && is_written("inner/long.css.gz"));
        assert!(!is_written("short.js.br") && !is_written("short.js.gz"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
