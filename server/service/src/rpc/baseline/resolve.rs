//! Which baseline applies to an operator.

use opsec_access::{Method, Target};
use opsec_model::OperatorSummary;
use opsec_proto::v1;
use tonic::Request;

use super::Baselines;
use crate::context::require;
use crate::failure::Failure;
use crate::rpc::encode;
use crate::use_case::baselines::read_cluster_name;
use crate::use_case::select::{Applying, Choice, Selector};

impl Baselines {
    pub(super) async fn resolve(
        &self,
        request: Request<v1::ResolveBaselineRequest>,
    ) -> Result<v1::ResolveBaselineResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let request = request.into_inner();
        let cluster = read_cluster(&request.cluster)?;
        if request.operator.is_empty() {
            let message = "it names the operator, as in `cert-manager`".to_owned();
            return Err(Failure::Field {
                field: "operator",
                message,
            });
        }
        let target = Target::Pair {
            cluster: cluster.as_deref().unwrap_or_default(),
            operator: &request.operator,
        };
        require(&caller, Method::ResolveBaseline, target).await?;
        let (namespace, name) = match request.operator.split_once('~') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
            None => (None, request.operator),
        };
        let mut namespaces = request.namespaces;
        namespaces.extend(namespace);
        namespaces.sort();
        namespaces.dedup();
        let operator = OperatorSummary {
            name,
            namespaces,
            ..OperatorSummary::default()
        };
        let knows = self.context.keeper.knows_clusters();
        if let Some(id) = cluster.clone().filter(|_| knows) {
            self.context
                .run(move |context| context.registered(&id))
                .await?;
        }
        let baselines = self.context.keeper.baselines()?;
        let selector = Selector {
            baselines: &baselines,
            choice: Choice::Applies,
            // Of no cluster, as files are: what is for every cluster applies.
            applying: Applying::On(cluster),
        };
        let (selected, _) = selector.select(&operator)?;
        Ok(v1::ResolveBaselineResponse {
            baseline: Some(encode::resolved(selected)),
            passed_over: selector
                .passed_over(&operator)?
                .into_iter()
                .map(|stored| v1::PassedOverBaseline {
                    name: encode::resource(stored.name()),
                    reason: "a component runs outside its operatorNamespaces, or where it runs was not said".to_owned(),
                })
                .collect(),
        })
    }
}

/// A cluster by id, with or without its collection.
fn read_cluster(text: &str) -> Result<Option<String>, Failure> {
    match text {
        "" => Ok(None),
        text if text.contains('/') => read_cluster_name("cluster", text).map(Some),
        text => read_cluster_name("cluster", &format!("clusters/{text}")).map(Some),
    }
}
