//! `attestations list | get | revoke`: the statements that a service made.

use opsec_model::API_VERSION;
use opsec_proto::v1;
use serde::Serialize;

use super::attest::write;
use crate::args::{AttestationListArgs, AttestationsCommand, ListFormat};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::service::Service;

/// Runs one of them.
///
/// # Errors
/// When there is no service, or it refuses.
pub(crate) async fn run(command: AttestationsCommand, context: &Context) -> Result<Exit, Failure> {
    let service = Service::remote(context, "keeping statements").await?;
    match command {
        AttestationsCommand::List(args) => {
            let rows = list(&service, &args, context).await?;
            output::answer(&rows)?;
        }
        AttestationsCommand::Get(args) => {
            let attestation = service.get_attestation(&args.id).await?;
            write(&attestation, args.output.as_deref())?;
        }
        AttestationsCommand::Revoke(args) => {
            service.revoke_attestation(&args.id, args.reason).await?;
            let said = format!(
                "attestation {} revoked; hand out a new trust bundle\n",
                args.id
            );
            output::answer(said.as_bytes())?;
        }
    }
    Ok(Exit::Success)
}

/// Statements, for a program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AttestationList {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    cluster: String,
    operator: String,
    result: String,
    mode: String,
    author: String,
    time_verified: String,
    valid_until: String,
    envelope_digest: String,
    keyid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Revoked>,
}

#[derive(Debug, Serialize)]
struct Revoked {
    time: String,
    author: String,
    reason: String,
}

async fn list(
    service: &Service,
    args: &AttestationListArgs,
    context: &Context,
) -> Result<Vec<u8>, Failure> {
    let named = |text: &Option<String>| text.clone().unwrap_or_default();
    let (on, operator) = (named(&args.on), named(&args.operator));
    let attestations = service.list_attestations(&on, &operator).await?;
    let list = AttestationList {
        api_version: API_VERSION,
        kind: "AttestationList",
        items: attestations.into_iter().map(item).collect(),
    };
    let mut out = Vec::new();
    match args.output.format {
        ListFormat::Json => opsec_render::json(&list, &mut out),
        ListFormat::Yaml => opsec_render::yaml(&list, &mut out),
        ListFormat::Table => {
            let rows: Vec<Vec<String>> = list.items.into_iter().map(row).collect();
            let headings = [
                "ID",
                "CLUSTER",
                "OPERATOR",
                "RESULT",
                "COLLECTED",
                "VERIFIED",
                "UNTIL",
                "REVOKED",
            ];
            opsec_render::columns(&headings, &rows, &context.layout, &mut out)
        }
    }
    .map_err(Failure::Output)?;
    Ok(out)
}

fn item(attestation: v1::Attestation) -> Item {
    let mode = attestation.mode().as_str_name();
    let mode = mode.trim_start_matches("COLLECTION_MODE_").to_owned();
    let short = |name: &str, collection: &str| name.trim_start_matches(collection).to_owned();
    Item {
        id: short(&attestation.name, "attestations/"),
        cluster: short(&attestation.cluster, "clusters/"),
        mode,
        operator: attestation.operator,
        result: attestation.result,
        author: attestation.author,
        time_verified: time(attestation.verify_time),
        valid_until: time(attestation.expire_time),
        envelope_digest: attestation.envelope_digest,
        keyid: attestation.key_id,
        revoked: attestation.revocation.map(|revocation| Revoked {
            time: time(revocation.revoke_time),
            author: revocation.author,
            reason: revocation.reason,
        }),
    }
}

fn row(item: Item) -> Vec<String> {
    vec![
        item.id,
        item.cluster,
        item.operator,
        item.result,
        item.mode,
        item.time_verified,
        item.valid_until,
        item.revoked
            .map_or_else(String::new, |revoked| revoked.reason),
    ]
}

fn time(time: Option<prost_types::Timestamp>) -> String {
    let time = time.and_then(|time| jiff::Timestamp::from_second(time.seconds).ok());
    time.map_or_else(String::new, |time| time.to_string())
}
