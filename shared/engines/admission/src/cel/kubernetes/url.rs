//! Absolute URLs, as Go's `net/url` reads them.
//! <https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library>

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use super::super::evaluate::{Evaluated, Failure};
use super::super::value::{Key, Value};

/// A URL in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    scheme: String,
    /// What follows a scheme that no slash follows.
    opaque: String,
    user: Option<Vec<Vec<u8>>>,
    host: Vec<u8>,
    path: String,
    query: String,
    /// Whether there is a `?` and nothing after it.
    empty_query: bool,
    /// Whether one slash follows the scheme.
    no_authority: bool,
    fragment: String,
}

/// The part of a URL that characters stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    Host,
    Zone,
    /// Anywhere that every escape is read.
    Other,
}

fn refused<T>() -> Result<T, Failure> {
    Failure::error("URL parse error during conversion from string")
}

/// Whether it is a URL as a request has it, without a fragment.
pub(super) fn parse_request(text: &str) -> Result<(), Failure> {
    split(text, true).map(drop)
}

/// Reads a URL: it must be absolute, or a path from the root.
pub(super) fn parse(text: &str) -> Result<Url, Failure> {
    // As a request it has no fragment: `#` then belongs to what it stands in.
    parse_request(text)?;
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    let mut url = split(before, false)?;
    let unescaped = unescape(fragment, Place::Other)?;
    url.fragment = escaped(fragment, &unescaped, b"!()*?");
    Ok(url)
}

fn split(text: &str, as_request: bool) -> Result<Url, Failure> {
    let mut url = Url {
        scheme: String::new(),
        opaque: String::new(),
        user: None,
        host: Vec::new(),
        path: String::new(),
        query: String::new(),
        empty_query: false,
        no_authority: false,
        fragment: String::new(),
    };
    let control = |byte: u8| byte < b' ' || byte == 0x7f;
    if text.bytes().any(control) || text.is_empty() && as_request {
        return refused();
    }
    if text == "*" {
        "*".clone_into(&mut url.path);
        return Ok(url);
    }
    let (scheme, rest) = scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    url.empty_query = rest.ends_with('?') && rest.matches('?').count() == 1;
    let (mut rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    query.clone_into(&mut url.query);
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            rest.clone_into(&mut url.opaque);
            return Ok(url);
        }
        let first = rest.split('/').next().unwrap_or_default();
        if as_request || first.contains(':') {
            return refused();
        }
    }
    let authority = rest
        .strip_prefix("//")
        .filter(|_| !scheme.is_empty() || !as_request && !rest.starts_with("///"));
    if let Some(authority) = authority {
        let end = authority.find('/').unwrap_or(authority.len());
        let (authority, path) = authority.split_at(end);
        url.read_authority(authority)?;
        rest = path;
    } else {
        url.no_authority = true;
    }
    let path = unescape(rest, Place::Path)?;
    url.path = escaped(rest, &path, b"");
    Ok(url)
}

/// The scheme and what follows it; no scheme where none can be.
fn scheme(text: &str) -> Result<(&str, &str), Failure> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return refused(),
            b':' => {
                let (scheme, rest) = text.split_at(at);
                return Ok((scheme, rest.strip_prefix(':').unwrap_or(rest)));
            }
            _ => break,
        }
    }
    Ok(("", text))
}

impl Url {
    fn read_authority(&mut self, authority: &str) -> Result<(), Failure> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = read_host(&self.scheme, host)?;
        let Some(user) = user else {
            return Ok(());
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
        if !user.chars().all(allowed) {
            return refused();
        }
        let parts = user.splitn(2, ':').map(|part| unescape(part, Place::Other));
        self.user = Some(parts.collect::<Result<_, _>>()?);
        Ok(())
    }

    /// Host and port, each as it is shown.
    fn host_and_port(&self) -> Result<(String, String), Failure> {
        let whole = text(&self.host)?;
        let (mut host, mut port) = (whole.as_str(), "");
        if let Some((before, after)) = whole.rsplit_once(':')
            && after.bytes().all(|byte| byte.is_ascii_digit())
        {
            (host, port) = (before, after);
        }
        if let Some(inner) = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
        {
            host = inner;
        }
        Ok((host.to_owned(), port.to_owned()))
    }

    fn query_value(&self) -> Evaluated {
        let mut found: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
        for part in self.query.split('&') {
            if part.is_empty() || part.contains(';') {
                continue;
            }
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let plain = |piece: &str| unescape(&piece.replace('+', " "), Place::Other);
            // What is not well escaped is left out.
            let (Ok(key), Ok(value)) = (plain(key), plain(value)) else {
                continue;
            };
            let key = Key::String(Rc::from(text(&key)?));
            found
                .entry(key)
                .or_default()
                .push(Value::text(text(&value)?));
        }
        let members = found
            .into_iter()
            .map(|(key, values)| (key, Value::list(values)));
        Ok(Value::Map(Rc::new(members.collect())))
    }
}

fn text(bytes: &[u8]) -> Result<String, Failure> {
    String::from_utf8(bytes.to_vec())
        .map_or_else(|_| Failure::unknown("a URL that is no UTF-8"), Ok)
}

fn read_host(scheme: &str, host: &str) -> Result<Vec<u8>, Failure> {
    match host.rfind('[') {
        Some(0) => return read_literal(host),
        Some(_) => return refused(),
        None => {}
    }
    if let Some(first) = host.find(':') {
        let strict = matches!(scheme, "http" | "https");
        let at = if strict { Some(first) } else { host.rfind(':') };
        let port = at.and_then(|at| host.get(at..)).unwrap_or_default();
        if !is_port(port) {
            return refused();
        }
    }
    unescape(host, Place::Host)
}

/// An IPv6 address in brackets, with a zone and a port where there are.
fn read_literal(host: &str) -> Result<Vec<u8>, Failure> {
    let Some((inner, port)) = host
        .strip_prefix('[')
        .and_then(|host| host.rsplit_once(']'))
    else {
        return refused();
    };
    if !is_port(port) {
        return refused();
    }
    let (address, zone) = match inner.find("%25") {
        Some(at) => inner.split_at(at),
        None => (inner, ""),
    };
    let mut unescaped = unescape(address, Place::Host)?;
    let is_address = std::str::from_utf8(&unescaped)
        .ok()
        .and_then(|text| text.parse::<IpAddr>().ok())
        .is_some_and(|address| address.is_ipv6());
    let zone = unescape(zone, Place::Zone)?;
    // A zone is `%` and at least one character.
    if !is_address || zone.len() == 1 {
        return refused();
    }
    unescaped.extend(zone);
    let mut whole = vec![b'['];
    whole.extend(unescaped);
    whole.push(b']');
    whole.extend(unescape(port, Place::Host)?);
    Ok(whole)
}

fn is_port(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads escapes; a host takes only some characters, escaped or not.
fn unescape(escaped: &str, place: Place) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.bytes();
    let in_host = matches!(place, Place::Host | Place::Zone);
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            if in_host && byte.is_ascii() && !is_host_byte(byte) {
                return refused();
            }
            out.push(byte);
            continue;
        }
        let hex = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (hex(bytes.next()), hex(bytes.next())) else {
            return refused();
        };
        let Ok(value) = u8::try_from(high * 16 + low) else {
            return refused();
        };
        let allowed = match place {
            Place::Host => !value.is_ascii() || value == b'%',
            Place::Zone => value == b'%' || value == b' ' || is_host_byte(value),
            Place::Path | Place::Other => true,
        };
        if !allowed {
            return refused();
        }
        out.push(value);
    }
    Ok(out)
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!\"$&'()*+,-.:;<=>[]_~".contains(&byte)
}

/// A path or a fragment as it is shown: as it was written where that is well escaped, else escaped
/// anew. What a fragment may have besides is `more`.
fn escaped(written: &str, bytes: &[u8], more: &[u8]) -> String {
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"$&+,-./:;=@_~".contains(&byte) || more.contains(&byte)
    };
    let kept = |byte: u8| plain(byte) || b"!'()*[]%".contains(&byte);
    if written.bytes().all(kept) {
        return written.to_owned();
    }
    bytes
        .iter()
        .map(|&byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// A member function of a URL.
pub(super) fn member(name: &str, url: &Url, rest: &[Value]) -> Option<Evaluated> {
    let [] = rest else {
        return None;
    };
    Some(match name {
        "getScheme" => Ok(Value::text(&url.scheme)),
        "getHost" => text(&url.host).map(Value::text),
        "getHostname" => url.host_and_port().map(|(host, _)| Value::text(host)),
        "getPort" => url.host_and_port().map(|(_, port)| Value::text(port)),
        "getEscapedPath" => Ok(Value::text(&url.path)),
        "getQuery" => url.query_value(),
        _ => return None,
    })
}
