//! The credentials of WeChat accounts (公众号授权): a TOML file of its own, one table an account.
//!
//! ```toml
//! [A001]                      # 账号编号 as registered
//! app_id = "wx0123456789abcdef"
//! secret_file = "A001.secret" # beside this file; or: secret = "…"
//! # api = "https://…"          # only where the office asks through a gateway of its own
//! ```
//!
//! Where the secret is sent is said here and nowhere else: the registry's cells come from the units.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use url::{Host, Url};

use super::problem::{ConfigError, Place, Problem, line_column};
use super::secret::SecretSource;

/// What an account's official interface is asked with.
#[derive(Debug, Clone, PartialEq)]
pub struct Credential {
    /// `AppID`.
    pub app_id: String,
    /// `AppSecret`.
    pub secret: SecretSource,
    /// Root of the interface where it is not the official one.
    pub api: Option<String>,
}

/// Credentials by 账号编号.
pub type Credentials = BTreeMap<String, Credential>;

const KEYS: &str = "app_id, secret_file, secret, api";

/// Reads the file of `[wechat] credentials_file`; every problem with its line and key.
///
/// With `allow_private` an interface on this machine may be asked without TLS.
pub fn read_credentials(path: &Path, allow_private: bool) -> Result<Credentials, ConfigError> {
    let name = ("公众号凭据文件", "the file of WeChat credentials");
    let text = super::read_named(path, name, ("", "")).map_err(|problem| ConfigError::new(vec![problem]))?;
    let text = text.trim_start_matches('\u{feff}');
    let at = |span: std::ops::Range<usize>| {
        let (line, column) = line_column(text, span.start);
        Place::File { path: path.to_owned(), line, column }
    };
    let mut problems = Vec::new();
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        // Not the parser's own words: they may repeat a secret.
        problems.push(Problem::new(
            at(error.span().unwrap_or_default()),
            None,
            "不符合 TOML 语法，请检查引号、括号和等号".to_owned(),
            "not valid TOML; check quotes, brackets and the equals sign".to_owned(),
        ));
    }
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut credentials = Credentials::new();
    for (account, value) in root.get_ref() {
        let name = account.get_ref().to_string();
        let DeValue::Table(table) = value.get_ref() else {
            problems.push(Problem::new(
                at(account.span()),
                Some(&name),
                "应为一节：[账号编号]".to_owned(),
                "must be a table: [account_id]".to_owned(),
            ));
            continue;
        };
        let (mut app_id, mut secret, mut api) = (None, Vec::new(), None);
        for (key, value) in table {
            let full = format!("{name}.{}", key.get_ref());
            let Some(text) = value.get_ref().as_str().map(str::trim).filter(|text| !text.is_empty()) else {
                let (zh, en) = ("应为非空文字（加引号）".to_owned(), "needs text in quotes".to_owned());
                problems.push(Problem::new(at(value.span()), Some(&full), zh, en));
                continue;
            };
            match key.get_ref().as_ref() {
                "app_id" => app_id = Some(text.to_owned()),
                "secret" => secret.push(SecretSource::Given(text.to_owned().into())),
                "secret_file" => secret.push(SecretSource::File(folder.join(text))),
                "api" => match api_root(text, allow_private) {
                    Some(root) => api = Some(root),
                    None => problems.push(Problem::new(
                        at(value.span()),
                        Some(&full),
                        "须为 https 网址，只写到主机和端口".to_owned(),
                        "must be an https address, host and port alone".to_owned(),
                    )),
                },
                _ => problems.push(Problem::new(
                    at(key.span()),
                    Some(&full),
                    format!("没有这个键，可用的有：{KEYS}"),
                    format!("there is no such key; there are: {KEYS}"),
                )),
            }
        }
        let one = (secret.len() == 1).then(|| secret.pop()).flatten();
        match (app_id, one) {
            (Some(app_id), Some(secret)) => drop(credentials.insert(name, Credential { app_id, secret, api })),
            _ => problems.push(Problem::new(
                at(account.span()),
                Some(&name),
                "须写明 app_id，以及 secret_file 或 secret 其中之一".to_owned(),
                "needs app_id, and one of secret_file and secret".to_owned(),
            )),
        }
    }
    if problems.is_empty() { Ok(credentials) } else { Err(ConfigError::new(problems)) }
}

/// The root of an interface that may be told a secret: `None` for anything but `https://host[:port]`.
fn api_root(text: &str, allow_private: bool) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    let is_private_line = url.scheme() == "http" && is_loopback && allow_private;
    let is_root = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let names_nobody = url.username().is_empty() && url.password().is_none();
    ((url.scheme() == "https" || is_private_line) && is_root && names_nobody)
        .then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::domain::Lang;

    fn read(text: &str) -> Result<Credentials, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.secret"), "s3cret\n").unwrap();
        let path = folder.path().join("wechat.toml");
        std::fs::write(&path, text).unwrap();
        let read = read_credentials(&path, false);
        if let Ok(found) = &read {
            for credential in found.values() {
                assert_eq!(credential.secret.read().unwrap().expose_secret(), "s3cret");
            }
        }
        read
    }

    #[test]
    fn a_table_an_account_with_its_secret_beside_it() {
        let found = read(
            "[A001]\napp_id = \"wx1\"\nsecret_file = \"a.secret\"\n[\"微-2\"]\napp_id = 'wx2'\nsecret = 's3cret'\n",
        );
        let found = found.unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["A001", "微-2"]);
        assert!(!format!("{found:?}").contains("s3cret"));
    }

    #[test]
    fn a_secret_is_sent_over_tls_or_within_the_machine() {
        for (given, allow_private, root) in [
            ("https://gateway.example.cn:8443/", false, Some("https://gateway.example.cn:8443")),
            ("https://gateway.example.cn", false, Some("https://gateway.example.cn")),
            ("http://127.0.0.1:8080", true, Some("http://127.0.0.1:8080")),
            ("http://[::1]:8080", true, Some("http://[::1]:8080")),
            ("http://127.0.0.1:8080", false, None),
            ("http://gateway.example.cn", true, None),
            ("http://10.0.0.1", true, None),
            ("https://gateway.example.cn/wechat", false, None),
            ("https://who@gateway.example.cn", false, None),
            ("ftp://127.0.0.1", true, None),
            ("gateway.example.cn", true, None),
        ] {
            assert_eq!(api_root(given, allow_private).as_deref(), root, "{given} {allow_private}");
        }
        let found = read("[A001]\napp_id = \"wx1\"\nsecret = \"s3cret\"\napi = \"https://g.example.cn\"\n").unwrap();
        assert_eq!(found["A001"].api.as_deref(), Some("https://g.example.cn"));
    }

    #[test]
    fn a_missing_file_is_called_what_it_is() {
        let said = read_credentials(Path::new("/no/such/wechat.toml"), false).unwrap_err().text(Lang::Zh);
        assert!(said.contains("公众号凭据文件无法读取") && !said.contains("init"), "{said}");
    }

    #[test]
    fn a_problem_names_file_line_and_key_and_no_secret() {
        for (text, place, key) in [
            ("[A001]\napp_id = \"wx1\"\n", "wechat.toml:1:2", "A001"),
            ("[A001]\napp_id = \"wx1\"\nsecret = \"s3cret\"\nsecret_file = \"a\"\n", "wechat.toml:1:2", "A001"),
            ("[A001]\napp_id = 1\nsecret = \"s3cret\"\n", "wechat.toml:2:10", "A001.app_id"),
            ("[A001]\nappid = \"wx1\"\nsecret = \"s3cret\"\n", "wechat.toml:2:1", "A001.appid"),
            ("A001 = \"wx1\"\n", "wechat.toml:1:1", "A001"),
            ("[A001]\napp_id = \"wx1\"\nsecret = \"s3cret\"\napi = \"http://a.cn\"\n", "wechat.toml:4:7", "A001.api"),
            ("[A001]\nsecret = s3cret\n", "wechat.toml:2:", ""),
        ] {
            let error = read(text).unwrap_err().text(Lang::En);
            assert!(error.contains(place) && error.contains(key), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
