//! The keys that sign statements, in a directory of their owner's alone: `keys.json` says what each
//! may be used for, `<keyid>.pem` is a private key. A private key is on the disk before the ring
//! names it, and is deleted after the ring says that it signs no more.

mod command;
mod signer;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use opsec_attest::{BundleError, KeyError, KeyRing, KeyRingError, KeyState, Locking, SigningKey};
use opsec_store::StoreError;
use ring::rand::{SecureRandom as _, SystemRandom};

pub(crate) use command::keys;
pub(crate) use signer::Signer;

use crate::config::{ConfigError, is_private};

/// How long another process that changes the ring is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most bytes of a file of keys.
const LIMIT: u64 = 4 << 20;

/// Why keys cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: {source}", .path.display())]
    Ring { path: PathBuf, source: BundleError },
    #[error("{}: {source}", .path.display())]
    Key { path: PathBuf, source: KeyError },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Change(#[from] KeyRingError),
    #[error("{0} is being changed by another process")]
    Busy(String),
    #[error("the file of key {0} holds another key")]
    Other(String),
    #[error("the system gives no random bytes")]
    Chance,
    #[error("it cannot be written as JSON")]
    Unwritable,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}; export through that service with --server")]
    Locked(StoreError),
    #[error("{0}")]
    Service(String),
}

impl KeysError {
    /// The reason, which outlives releases.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Config(error) => error.reason(),
            Self::Change(KeyRingError::TooEarly { .. }) => "KEY_TOO_EARLY",
            Self::Change(_) => "KEY_STATE",
            Self::Store(error) | Self::Locked(error) => error.reason(),
            _ => "KEYS_FAILED",
        }
    }
}

/// A directory of keys.
#[derive(Debug, Clone)]
pub(crate) struct KeyDirectory {
    directory: PathBuf,
    password: Option<PathBuf>,
}

impl KeyDirectory {
    /// A directory, which need not be there yet, and a file with the password of its keys.
    pub(crate) fn new(directory: PathBuf, password: Option<PathBuf>) -> Self {
        Self {
            directory,
            password,
        }
    }

    fn ring_file(&self) -> PathBuf {
        self.directory.join("keys.json")
    }

    fn key_file(&self, id: &str) -> PathBuf {
        // INVARIANT: an id is hex, computed here or compared with what was: it leads nowhere else.
        self.directory.join(format!("{id}.pem"))
    }

    /// What each key may be used for; without a directory there is none.
    pub(crate) fn ring(&self) -> Result<KeyRing, KeysError> {
        let path = self.ring_file();
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(KeyRing::default()),
            Err(source) => return Err(KeysError::Io { path, source }),
        };
        KeyRing::read(&bytes).map_err(|source| KeysError::Ring { path, source })
    }

    /// The key of a ring that signs, if there is one.
    pub(crate) fn signing(&self, ring: &KeyRing) -> Result<Option<SigningKey>, KeysError> {
        let Some(active) = ring.active() else {
            return Ok(None);
        };
        let path = self.key_file(&active.keyid);
        is_private(&path)?;
        let io = |source| KeysError::Io {
            path: path.clone(),
            source,
        };
        let pem = read(&path).map_err(io)?;
        let pem = String::from_utf8_lossy(&pem);
        let password = self.password()?;
        let key = SigningKey::from_pem(&pem, password.as_deref());
        let key = key.map_err(|source| KeysError::Key {
            path: path.clone(),
            source,
        })?;
        if key.public().id() != active.keyid {
            return Err(KeysError::Other(active.keyid.clone()));
        }
        Ok(Some(key))
    }

    fn password(&self) -> Result<Option<Vec<u8>>, KeysError> {
        let Some(path) = &self.password else {
            return Ok(None);
        };
        is_private(path)?;
        let mut password = read(path).map_err(|source| KeysError::Io {
            path: path.clone(),
            source,
        })?;
        while password.last().is_some_and(|byte| b"\r\n".contains(byte)) {
            password.pop();
        }
        Ok(Some(password))
    }

    /// Changes the ring while no other process does.
    fn change<T>(
        &self,
        work: impl FnOnce(&mut KeyRing) -> Result<T, KeysError>,
    ) -> Result<T, KeysError> {
        self.create()?;
        let _lock = self.lock()?;
        let mut ring = self.ring()?;
        let done = work(&mut ring)?;
        let bytes = ring.bytes().map_err(|_| KeysError::Unwritable)?;
        self.write(&self.ring_file(), &bytes)?;
        Ok(done)
    }

    fn create(&self) -> Result<(), KeysError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let created = builder.create(&self.directory);
        created.map_err(|source| KeysError::Io {
            path: self.directory.clone(),
            source,
        })
    }

    fn lock(&self) -> Result<File, KeysError> {
        let path = self.directory.join("keys.lock");
        let failed = |source| KeysError::Io {
            path: path.clone(),
            source,
        };
        let file = private(OpenOptions::new().create(true).write(true).truncate(false))
            .open(&path)
            .map_err(failed)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(KeysError::Busy(self.directory.display().to_string()));
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }

    /// Writes a file beside its place and puts it there when it is whole and on the disk.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
        let part = path.with_extension("part");
        let written = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            let options = options.create(true).write(true).truncate(true);
            let mut file = private(options).open(&part)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&part, path)?;
            File::open(&self.directory)?.sync_all()
        };
        written().map_err(|source| {
            let _ = std::fs::remove_file(&part);
            KeysError::Io {
                path: path.to_owned(),
                source,
            }
        })
    }

    /// Makes a key and takes it in; the first one signs at once.
    pub(crate) fn generate(
        &self,
        algorithm: opsec_attest::Algorithm,
        now: jiff::Timestamp,
    ) -> Result<(String, KeyState), KeysError> {
        let key = SigningKey::from_seed(algorithm, &chance()?);
        let key = key.map_err(|_| KeysError::Chance)?;
        let password = self.password()?;
        self.change(|ring| {
            let added = ring.add(key.public(), now)?;
            let (id, state) = (added.keyid.clone(), added.state);
            let path = self.key_file(&id);
            let locking = password.as_deref().map(locking).transpose()?;
            let pem = key.to_pem(locking.as_ref());
            let pem = pem.map_err(|source| KeysError::Key {
                path: path.clone(),
                source,
            })?;
            self.write(&path, pem.as_bytes())?;
            Ok((id, state))
        })
    }

    /// Lets the prepared key take over, if it can be opened; the private half of the one that signed
    /// is deleted.
    pub(crate) fn rotate(
        &self,
        now: jiff::Timestamp,
        lifetime: jiff::SignedDuration,
    ) -> Result<opsec_attest::Rotated, KeysError> {
        let rotated = self.change(|ring| {
            let rotated = ring.rotate(now, lifetime)?;
            self.signing(ring)?;
            Ok(rotated)
        })?;
        if let Some(retired) = &rotated.retired {
            self.delete(retired)?;
        }
        Ok(rotated)
    }

    /// Revokes a key and deletes its private half.
    pub(crate) fn revoke(&self, id: &str, now: jiff::Timestamp) -> Result<(), KeysError> {
        self.change(|ring| Ok(ring.revoke(id, now)?))?;
        self.delete(id)
    }

    fn delete(&self, id: &str) -> Result<(), KeysError> {
        let path = self.key_file(id);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(KeysError::Io { path, source }),
        }
    }
}

fn chance<const LENGTH: usize>() -> Result<[u8; LENGTH], KeysError> {
    let mut bytes = [0; LENGTH];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| KeysError::Chance)?;
    Ok(bytes)
}

fn locking(password: &[u8]) -> Result<Locking<'_>, KeysError> {
    Ok(Locking {
        password,
        salt: chance()?,
        iv: chance()?,
    })
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}
