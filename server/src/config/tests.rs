//! Configurations: which value stands, what is refused, and how that is said.

use super::*;

fn with(text: &str, flags: &[(&'static str, &str)], dev: bool) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opsec-server.toml");
    std::fs::write(&path, text).unwrap();
    let flags = Flags {
        file: Some(path),
        dev,
        values: flags
            .iter()
            .map(|&(key, value)| (key, value.to_owned()))
            .collect(),
    };
    resolve(&flags, |_| None)?.config()
}

fn refused(text: &str, dev: bool) -> (&'static str, String) {
    let error = with(text, &[], dev).unwrap_err();
    (error.reason(), error.to_string())
}

#[test]
fn a_flag_stands_before_the_environment_before_the_file_before_the_default() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opsec-server.toml");
    let text = "[server]\nlisten = \"127.0.0.1:1\"\ndata_dir = \"/file\"\ndrain_delay = \"1s\"\n";
    std::fs::write(&path, text).unwrap();
    let flags = Flags {
        file: Some(path),
        dev: true,
        values: BTreeMap::from([("server.listen", "127.0.0.1:3".to_owned())]),
    };
    let environment = |name: &str| match name {
        "OPSEC_SERVER_LISTEN" => Some("127.0.0.1:2".to_owned()),
        "OPSEC_SERVER_DATA_DIR" => Some("/environment".to_owned()),
        _ => None,
    };
    let resolved = resolve(&flags, environment).unwrap();
    let config = resolved.config().unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.data_dir, Path::new("/environment"));
    assert_eq!(config.drain_delay, Duration::from_secs(1));
    assert_eq!(config.limits.calls, 256);
    let mut printed = Vec::new();
    print(&resolved, &mut printed).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    for line in [
        "server.listen = \"127.0.0.1:3\"",
        "from flag",
        "from OPSEC_SERVER_DATA_DIR",
        "opsec-server.toml:4;",
        "limits.calls = \"256\"",
        "identity.oidc = []",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
}

#[test]
fn an_unknown_key_is_named_with_its_path_and_line() {
    for (text, key, line) in [
        (
            "[server]\nlisten = \"127.0.0.1:1\"\nlissten = 1\n",
            "server.lissten",
            3,
        ),
        ("\n[server.tls]\ncertificate = \"a\"\n", "server.tls", 2),
        ("tls = 3\n", "tls", 1),
        (
            "[[identity.oidc]]\nname = \"a\"\n\nsecret = \"b\"\n",
            "identity.oidc.secret",
            4,
        ),
    ] {
        let (reason, said) = refused(text, true);
        assert_eq!(reason, "CONFIG_UNKNOWN_KEY", "{said}");
        assert!(said.contains(&format!("toml:{line}: ")), "{said}");
        assert!(said.contains(&format!("`{key}`")), "{said}");
    }
}

#[test]
fn a_value_that_is_none_is_named_with_what_it_should_be() {
    for (text, said) in [
        ("[limits]\ncalls = 0\n", "is not a number above 0"),
        ("[limits]\ntimeout = 30\n", "is not a time, as in 30s"),
        ("[limits]\nbodies = \"1GB\"\n", "is not a number of bytes"),
        (
            "[server]\nlisten = \"localhost\"\n",
            "is not an address and a port",
        ),
        ("[server]\ndrain_delay = \"1m\"\n", "at most 8s"),
        (
            "[tls]\nkey = \"a\"\n",
            "`certificate` and `key` come together",
        ),
        ("[limits]\ncalls = [1]\n", "is not one value"),
        ("[limits\n", "toml:1: "),
    ] {
        let (reason, message) = refused(text, true);
        assert_eq!(reason, "CONFIG_INVALID", "{message}");
        assert!(message.contains(said), "{message}");
    }
}

const OIDC: &str = "[[identity.oidc]]\nname = \"corp\"\nissuer = \"https://id.example.org\"\n\
                    client_id = \"opsec\"\n";

#[test]
fn what_would_let_anyone_in_is_refused() {
    let anywhere = "[server]\nlisten = \"0.0.0.0:7443\"\n";
    assert_eq!(refused(anywhere, true).0, "UNSAFE_LISTEN", "--dev");
    assert_eq!(
        refused(anywhere, false).0,
        "UNSAFE_LISTEN",
        "no authenticator"
    );
    let clear = format!("{anywhere}[access]\nroles = \"r\"\n{OIDC}");
    let (reason, said) = refused(&clear, false);
    assert_eq!(reason, "UNSAFE_LISTEN", "no TLS: {said}");
    assert!(
        refused("", false)
            .1
            .contains("no authenticator is configured")
    );
    assert!(refused(OIDC, true).1.contains("--dev knows no identity"));
    assert!(refused(OIDC, false).1.contains("without roles.toml"));
    let certificates = "[access]\nroles = \"r\"\n[[identity.mtls]]\nname = \"a\"\nca = \"b\"\n";
    assert!(refused(certificates, false).1.contains("tls.certificate"));
    assert!(with(&format!("[access]\nroles = \"r\"\n{OIDC}"), &[], false).is_ok());
}

#[test]
fn names_and_issuers_are_of_one_authenticator() {
    let roles = "[access]\nroles = \"r\"\n";
    let same = format!("{roles}{OIDC}{OIDC}");
    assert!(
        refused(&same, false)
            .1
            .contains("two authenticators have the name `corp`")
    );
    let issuer = format!("{roles}{OIDC}{}", OIDC.replace("corp", "other"));
    assert!(
        refused(&issuer, false)
            .1
            .contains("have the issuer `https://id.example.org`")
    );
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("tls.key");
    std::fs::write(&key, "").unwrap();
    let text = format!(
        "[access]\nroles = \"r\"\n[tls]\ncertificate = \"c\"\nkey = {:?}\n{OIDC}",
        key.display().to_string()
    );
    for (mode, accepted) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        match with(&text, &[], false) {
            Ok(_) => assert!(accepted, "{mode:o}"),
            Err(error) => {
                assert!(!accepted, "{mode:o}: {error}");
                assert_eq!(error.reason(), "KEY_READABLE");
            }
        }
    }
}

#[test]
fn the_example_is_a_configuration_and_the_manifests_hold_it() {
    let example = include_str!("../../../deploy/server/opsec-server.toml");
    let manifests = include_str!("../../../deploy/server/opsec-server.yaml");
    let roles = include_str!("../../../deploy/server/roles.toml");
    for line in example.lines().chain(roles.lines()) {
        assert!(manifests.contains(line), "{line}");
    }
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("tls.key");
    std::fs::write(&key, "").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let here = example.replace("/etc/opsec-tls/tls.key", &key.display().to_string());
    let commented = here.replace("\n# ", "\n");
    let optional = commented.lines().filter(|line| {
        let setting = line.split_once(" = ").map(|(key, _)| key);
        line.starts_with('[') || setting.is_some_and(|key| !key.contains(' '))
    });
    let whole = optional.collect::<Vec<_>>().join("\n");
    for text in [&here, &whole] {
        let config = with(text, &[], false).unwrap();
        crate::identity::read_roles(roles, &config.authenticators.names()).unwrap();
    }
    assert_eq!(
        with(&whole, &[], false)
            .unwrap()
            .authenticators
            .names()
            .len(),
        3
    );
}
