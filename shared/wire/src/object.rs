//! Objects by name, lines of files, notices, and where facts are from.

use opsec_model::{
    Kind, Notice, NoticeCode, ObjectRef, OlmInstallation, ServiceAccountRef, Source, SourceLine,
};
use opsec_proto::v1;

use crate::field::{FieldError, Problem, each};
use crate::words::{
    decode_install_mode, decode_source_kind, encode_install_mode, encode_source_kind,
};

/// An object's name for the wire.
pub fn encode_object(object: &ObjectRef) -> v1::ObjectRef {
    let ObjectRef {
        kind,
        namespace,
        name,
        group,
    } = object.clone();
    v1::ObjectRef {
        kind,
        namespace,
        name,
        group,
    }
}

/// An object's name from the wire.
pub fn decode_object(object: v1::ObjectRef) -> ObjectRef {
    let v1::ObjectRef {
        kind,
        namespace,
        name,
        group,
    } = object;
    ObjectRef {
        kind,
        namespace,
        name,
        group,
    }
}

/// A ServiceAccount for the wire.
pub fn encode_account(account: &ServiceAccountRef) -> v1::ServiceAccountRef {
    let ServiceAccountRef { namespace, name } = account.clone();
    v1::ServiceAccountRef { namespace, name }
}

/// A ServiceAccount from the wire.
pub fn decode_account(account: v1::ServiceAccountRef) -> ServiceAccountRef {
    let v1::ServiceAccountRef { namespace, name } = account;
    ServiceAccountRef { namespace, name }
}

pub(crate) fn encode_line(source: &SourceLine) -> v1::SourceLine {
    let SourceLine {
        file,
        document,
        line,
    } = source.clone();
    v1::SourceLine {
        file,
        document,
        line,
    }
}

pub(crate) fn decode_line(source: v1::SourceLine) -> SourceLine {
    let v1::SourceLine {
        file,
        document,
        line,
    } = source;
    SourceLine {
        file,
        document,
        line,
    }
}

/// Notices for the wire.
pub fn encode_notices(notices: &[Notice]) -> Vec<v1::Notice> {
    notices.iter().map(encode_notice).collect()
}

/// Notices from the wire, in a field of that name.
///
/// # Errors
/// When a code is not known to this version.
pub fn decode_notices(field: &str, notices: Vec<v1::Notice>) -> Result<Vec<Notice>, FieldError> {
    each(field, notices, decode_notice)
}

fn encode_notice(notice: &Notice) -> v1::Notice {
    let Notice {
        code,
        message,
        object,
        source,
    } = notice;
    v1::Notice {
        code: code_word(*code),
        message: message.clone(),
        object: object.as_ref().map(encode_object),
        source: source.as_ref().map(encode_line),
    }
}

fn decode_notice(notice: v1::Notice) -> Result<Notice, FieldError> {
    let v1::Notice {
        code,
        message,
        object,
        source,
    } = notice;
    Ok(Notice {
        code: read_code(code)?,
        message,
        object: object.map(decode_object),
        source: source.map(decode_line),
    })
}

/// The word of a code as its JSON has it, so that both forms agree by construction.
fn code_word(code: NoticeCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(word)) => word,
        // A unit variant serialises to a string.
        _ => String::new(),
    }
}

fn read_code(word: String) -> Result<NoticeCode, FieldError> {
    let value = serde_json::Value::String(word.clone());
    serde_json::from_value(value).map_err(|_| FieldError::new("code", Problem::Newer(word)))
}

/// Where facts are from, for the wire.
pub fn encode_source(source: &Source) -> v1::Source {
    let Source {
        kind,
        context,
        cluster,
        olm_installations,
    } = source;
    v1::Source {
        kind: encode_source_kind(*kind),
        context: context.clone(),
        cluster: cluster.clone(),
        olm_installations: olm_installations.iter().map(encode_installation).collect(),
    }
}

/// Where facts are from, from the wire.
///
/// # Errors
/// When the kind of source is not known to this version.
pub fn decode_source(source: v1::Source) -> Result<Source, FieldError> {
    let v1::Source {
        kind,
        context,
        cluster,
        olm_installations,
    } = source;
    Ok(Source {
        kind: decode_source_kind("kind", kind)?,
        context,
        cluster,
        olm_installations: each("olm_installations", olm_installations, decode_installation)?,
    })
}

fn encode_installation(installation: &OlmInstallation) -> v1::OlmInstallation {
    let OlmInstallation {
        cluster_service_version,
        package,
        install_mode,
        namespace,
        target_namespaces,
        owned_kinds,
    } = installation.clone();
    v1::OlmInstallation {
        cluster_service_version,
        package,
        install_mode: encode_install_mode(install_mode),
        namespace,
        target_namespaces,
        owned_kinds: owned_kinds.iter().map(encode_kind).collect(),
    }
}

fn decode_installation(installation: v1::OlmInstallation) -> Result<OlmInstallation, FieldError> {
    let v1::OlmInstallation {
        cluster_service_version,
        package,
        install_mode,
        namespace,
        target_namespaces,
        owned_kinds,
    } = installation;
    Ok(OlmInstallation {
        cluster_service_version,
        package,
        install_mode: decode_install_mode("install_mode", install_mode)?,
        namespace,
        target_namespaces,
        owned_kinds: owned_kinds.into_iter().map(decode_kind).collect(),
    })
}

pub(crate) fn encode_kind(kind: &Kind) -> v1::Kind {
    let Kind { resource, group } = kind.clone();
    v1::Kind { group, resource }
}

pub(crate) fn decode_kind(kind: v1::Kind) -> Kind {
    Kind::new(kind.resource, kind.group)
}
