//! The keys that sign ServiceAccount tokens and verify them.

use std::path::Path;

use rcgen::KeyPair;

use crate::error::TestbedError;

/// Writes a new private key (ECDSA, P-256, PKCS#8), and its public key.
pub(crate) fn write(private: &Path, public: &Path) -> Result<(), TestbedError> {
    let pair = KeyPair::generate()?;
    let write = |path: &Path, pem: String| {
        std::fs::write(path, pem).map_err(TestbedError::file("write", path))
    };
    write(private, pair.serialize_pem())?;
    write(public, pair.public_key_pem())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_holds_its_own_kind_of_key() {
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = (folder.path().join("key"), folder.path().join("pub"));
        write(&private, &public).unwrap();
        let read = |path| std::fs::read_to_string(path).unwrap();
        assert!(read(private).starts_with("-----BEGIN PRIVATE KEY-----"));
        assert!(read(public).starts_with("-----BEGIN PUBLIC KEY-----"));
    }
}
