//! `cluster register | list | delete`: the clusters that a service knows.

use std::collections::BTreeMap;

use opsec_model::API_VERSION;
use opsec_proto::v1;
use serde::Serialize;

use crate::args::{ClusterCommand, ClusterListArgs, ForgetArgs, ListFormat, RegisterArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::service::Service;

/// Runs one of them.
///
/// # Errors
/// When the service refuses.
pub(crate) async fn run(command: ClusterCommand, context: &Context) -> Result<Exit, Failure> {
    let service = Service::remote(context, "keeping clusters").await?;
    let answer = match command {
        ClusterCommand::Register(args) => register(&service, args).await?,
        ClusterCommand::List(args) => list(&service, &args, context).await?,
        ClusterCommand::Delete(ForgetArgs { id }) => {
            let read = service.get_cluster(&id).await?;
            service.delete_cluster(read).await?;
            format!("cluster {id} deleted\n").into_bytes()
        }
    };
    output::answer(&answer)?;
    Ok(Exit::Success)
}

async fn register(service: &Service, args: RegisterArgs) -> Result<Vec<u8>, Failure> {
    let cluster = v1::Cluster {
        name: format!("clusters/{}", args.id),
        uid: args.uid,
        labels: args.labels.into_iter().collect(),
        ..v1::Cluster::default()
    };
    let created = service.create_cluster(cluster).await?;
    Ok(format!("cluster {} registered\n", short(&created.name)).into_bytes())
}

/// Clusters, for a program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterList {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    id: String,
    uid: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
}

async fn list(
    service: &Service,
    args: &ClusterListArgs,
    context: &Context,
) -> Result<Vec<u8>, Failure> {
    let clusters = service.list_clusters().await?.into_iter();
    let list = ClusterList {
        api_version: API_VERSION,
        kind: "ClusterList",
        items: clusters
            .map(|cluster| Item {
                id: short(&cluster.name).to_owned(),
                uid: cluster.uid,
                labels: cluster.labels.into_iter().collect(),
            })
            .collect(),
    };
    let mut out = Vec::new();
    match args.output.format {
        ListFormat::Json => opsec_render::json(&list, &mut out),
        ListFormat::Yaml => opsec_render::yaml(&list, &mut out),
        ListFormat::Table => {
            let rows: Vec<Vec<String>> = list.items.into_iter().map(row).collect();
            let headings = ["ID", "UID", "LABELS"];
            opsec_render::columns(&headings, &rows, &context.layout, &mut out)
        }
    }
    .map_err(Failure::Output)?;
    Ok(out)
}

fn row(item: Item) -> Vec<String> {
    let labels = item.labels.iter();
    let labels: Vec<String> = labels
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    vec![item.id, item.uid, labels.join(",")]
}

fn short(name: &str) -> &str {
    name.strip_prefix("clusters/").unwrap_or(name)
}
