//! The signatures of Kubernetes' functions.

use super::super::functions::{Signature, of};
use super::super::types::Abstract::{
    Authorizer, Cidr, Decision, Format, GroupCheck, Ip, PathCheck, Quantity, ResourceCheck, Semver,
    Url,
};
use super::super::types::Type;
use Type::{Abstract, Bool, Double, Int, String};

/// What is called by itself, a namespace before it or not.
pub(crate) fn qualified_signatures(name: &str) -> Vec<Signature> {
    match name {
        // Not of a receiver, whatever the documentation says.
        "sign" => of(&[(&[Abstract(Quantity)], Int)]),
        "quantity" => of(&[(&[String], Abstract(Quantity))]),
        "url" => of(&[(&[String], Abstract(Url))]),
        "ip" => of(&[(&[String], Abstract(Ip))]),
        "cidr" => of(&[(&[String], Abstract(Cidr))]),
        "semver" => of(&[
            (&[String], Abstract(Semver)),
            (&[String, Bool], Abstract(Semver)),
        ]),
        "isSemver" => of(&[(&[String], Bool), (&[String, Bool], Bool)]),
        "isQuantity" | "isURL" | "isIP" | "isCIDR" | "ip.isCanonical" => of(&[(&[String], Bool)]),
        "format.named" => of(&[(&[String], Type::optional(Abstract(Format)))]),
        _ => match name.strip_prefix("format.") {
            Some(format) if super::named_format::Format::named(format).is_some() => {
                of(&[(&[], Abstract(Format))])
            }
            _ => Vec::new(),
        },
    }
}

/// What is called on a receiver.
pub(crate) fn members(name: &str) -> Vec<Signature> {
    match name {
        "asInteger" => of(&[(&[Abstract(Quantity)], Int)]),
        "isInteger" => of(&[(&[Abstract(Quantity)], Bool)]),
        "asApproximateFloat" => of(&[(&[Abstract(Quantity)], Double)]),
        "add" | "sub" => of(&[
            (
                &[Abstract(Quantity), Abstract(Quantity)],
                Abstract(Quantity),
            ),
            (&[Abstract(Quantity), Int], Abstract(Quantity)),
        ]),
        "isGreaterThan" | "isLessThan" => of(&[
            (&[Abstract(Quantity), Abstract(Quantity)], Bool),
            (&[Abstract(Semver), Abstract(Semver)], Bool),
        ]),
        "compareTo" => of(&[
            (&[Abstract(Quantity), Abstract(Quantity)], Int),
            (&[Abstract(Semver), Abstract(Semver)], Int),
        ]),
        "major" | "minor" | "patch" => of(&[(&[Abstract(Semver)], Int)]),
        "validate" => of(&[(
            &[Abstract(Format), String],
            Type::optional(Type::list(String)),
        )]),
        _ => [
            url_members(name),
            address_members(name),
            authorizer_members(name),
        ]
        .concat(),
    }
}

fn url_members(name: &str) -> Vec<Signature> {
    match name {
        "getScheme" | "getHost" | "getHostname" | "getPort" | "getEscapedPath" => {
            of(&[(&[Abstract(Url)], String)])
        }
        "getQuery" => of(&[(&[Abstract(Url)], Type::map(String, Type::list(String)))]),
        _ => Vec::new(),
    }
}

fn address_members(name: &str) -> Vec<Signature> {
    match name {
        "family" => of(&[(&[Abstract(Ip)], Int)]),
        "isUnspecified"
        | "isLoopback"
        | "isLinkLocalMulticast"
        | "isLinkLocalUnicast"
        | "isGlobalUnicast" => of(&[(&[Abstract(Ip)], Bool)]),
        "ip" => of(&[(&[Abstract(Cidr)], Abstract(Ip))]),
        "masked" => of(&[(&[Abstract(Cidr)], Abstract(Cidr))]),
        "prefixLength" => of(&[(&[Abstract(Cidr)], Int)]),
        "containsIP" => of(&[
            (&[Abstract(Cidr), String], Bool),
            (&[Abstract(Cidr), Abstract(Ip)], Bool),
        ]),
        "containsCIDR" => of(&[
            (&[Abstract(Cidr), String], Bool),
            (&[Abstract(Cidr), Abstract(Cidr)], Bool),
        ]),
        _ => Vec::new(),
    }
}

fn authorizer_members(name: &str) -> Vec<Signature> {
    match name {
        "path" => of(&[(&[Abstract(Authorizer), String], Abstract(PathCheck))]),
        "group" => of(&[(&[Abstract(Authorizer), String], Abstract(GroupCheck))]),
        "serviceAccount" => of(&[(
            &[Abstract(Authorizer), String, String],
            Abstract(Authorizer),
        )]),
        "resource" => of(&[(&[Abstract(GroupCheck), String], Abstract(ResourceCheck))]),
        "subresource" | "namespace" | "name" | "fieldSelector" | "labelSelector" => {
            of(&[(&[Abstract(ResourceCheck), String], Abstract(ResourceCheck))])
        }
        "check" => of(&[
            (&[Abstract(PathCheck), String], Abstract(Decision)),
            (&[Abstract(ResourceCheck), String], Abstract(Decision)),
        ]),
        "allowed" | "errored" => of(&[(&[Abstract(Decision)], Bool)]),
        "reason" | "error" => of(&[(&[Abstract(Decision)], String)]),
        _ => Vec::new(),
    }
}
