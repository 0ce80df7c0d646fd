//! What must not be seen: tokens, keys, addresses with passwords.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use crate::domain::Lang;

/// No token or robot address is longer than this.
const LONGEST_SECRET: u64 = 16 * 1024;

/// Where a secret comes from; it is read when it is needed, and again after a change of the file.
#[derive(Clone)]
pub enum SecretSource {
    /// Given in the environment.
    Given(SecretString),
    /// In a file.
    File(PathBuf),
}

/// A secret that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret file {path} {en}", path = path.display())]
pub struct SecretError {
    /// The file.
    pub path: PathBuf,
    zh: String,
    en: String,
}

impl SecretError {
    /// One sentence in the reader's language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => format!("密钥文件 {} {}", self.path.display(), self.zh),
            Lang::En => self.to_string(),
        }
    }
}

impl SecretSource {
    /// The secret without surrounding white space.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let path = match self {
            Self::Given(secret) => return Ok(secret.clone()),
            Self::File(path) => path,
        };
        let error = |zh: String, en: String| SecretError { path: path.clone(), zh, en };
        let unreadable = |cause: std::io::Error| {
            error(
                format!("无法读取（{cause}），请检查路径与权限"),
                format!("cannot be read ({cause}); check its path and permissions"),
            )
        };
        if std::fs::metadata(path).map_err(unreadable)?.len() > LONGEST_SECRET {
            return Err(error("过大，不是密钥文件".to_owned(), "is too large to hold a secret".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let secret = text.trim_start_matches('\u{feff}').trim();
        if secret.is_empty() || secret.contains(char::is_whitespace) {
            return Err(error(
                "应只有一行密钥，不能为空或含空格".to_owned(),
                "must hold one line, the secret alone".to_owned(),
            ));
        }
        Ok(SecretString::from(secret.to_owned()))
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(***)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl PartialEq for SecretSource {
    /// Secrets given in the environment are never compared.
    fn eq(&self, other: &Self) -> bool {
        matches!((self, other), (Self::File(a), Self::File(b)) if a == b)
    }
}

/// An address that may carry a password: printed and debugged without it.
#[derive(Clone, PartialEq, Eq)]
pub struct Concealed(String);

impl Concealed {
    pub(super) fn new(address: String) -> Self {
        Self(address)
    }

    /// The whole address, for connecting.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Concealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.starts_with("sqlite:") {
            return f.write_str(&self.0);
        }
        // A password may also stand in the query (`?password=`): nothing of it is shown.
        match Url::parse(&self.0) {
            Ok(url) => {
                let host = url.host_str().unwrap_or("");
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                write!(f, "{}://{host}{port}{}", url.scheme(), url.path())
            }
            Err(_) => f.write_str("***"),
        }
    }
}

impl fmt::Debug for Concealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Concealed({self})")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_file_is_read_trimmed_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "\u{feff}123:abc\n").unwrap();
        let source = SecretSource::File(path.clone());
        assert_eq!(source.read().unwrap().expose_secret(), "123:abc");
        std::fs::write(&path, "two words").unwrap();
        assert!(source.read().unwrap_err().text(Lang::Zh).contains("token"));
        let given = SecretSource::Given("123:abc".into());
        assert!(!format!("{given:?}").contains("abc"));
    }

    #[test]
    fn a_missing_secret_file_is_named() {
        let error = SecretSource::File("/nowhere/token".into()).read().unwrap_err();
        assert!(error.to_string().contains("/nowhere/token"), "{error}");
    }

    #[test]
    fn passwords_in_addresses_are_not_shown() {
        let url = Concealed::new("postgres://bob:hunter2@db.example:5433/xuncha?password=hunter2".to_owned());
        assert_eq!(url.to_string(), "postgres://db.example:5433/xuncha");
        assert!(!format!("{url:?}").contains("hunter2"));
        assert_eq!(Concealed::new("sqlite://a.db".to_owned()).to_string(), "sqlite://a.db");
    }
}
