//! Who writes: of several replicas the one that holds the Lease. It is taken and renewed by replacing
//! it in the version that was read, so that of two that try one fails; what is held by someone else is
//! believed for as long as nothing moves, by our own clock and never by theirs.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::sync::watch;

use crate::say::{Say, Weight};

/// Which Lease, and how it is held.
#[derive(Debug, Clone)]
pub(crate) struct LeaseOptions {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Who holds it, unlike any other process.
    pub(crate) identity: String,
    /// How long it is believed of one that does not renew it.
    pub(crate) duration: Duration,
}

/// One of those that would lead.
pub(crate) struct Elector {
    leases: Api<Lease>,
    options: LeaseOptions,
    say: Say,
    /// The version that was seen last, and when it was seen first.
    seen: Option<(String, Instant)>,
    leading: watch::Sender<bool>,
    trouble: Option<String>,
}

impl Elector {
    pub(crate) fn new(client: Client, options: LeaseOptions, say: Say) -> Self {
        Self {
            leases: Api::namespaced(client, &options.namespace),
            options,
            say,
            seen: None,
            leading: watch::Sender::new(false),
            trouble: None,
        }
    }

    /// Whether it leads, as it changes.
    pub(crate) fn leading(&self) -> watch::Receiver<bool> {
        self.leading.subscribe()
    }

    /// Tries, and renews, for ever. What is not renewed within two thirds of its duration is given up
    /// before anyone else may take it.
    pub(crate) async fn run(&mut self) {
        let retry = self.options.duration / 5;
        let give_up = self.options.duration * 2 / 3;
        let mut renewed: Option<Instant> = None;
        loop {
            let patience = match renewed {
                Some(at) => give_up.saturating_sub(at.elapsed()),
                None => give_up,
            };
            let began = Instant::now();
            let tried = tokio::time::timeout(patience, self.attempt()).await;
            let holds = match tried {
                Ok(Ok(holds)) => {
                    self.trouble = None;
                    Some(holds)
                }
                Ok(Err(error)) => {
                    self.troubled(&error.to_string());
                    None
                }
                Err(_) => {
                    self.troubled("the API server does not answer in time");
                    None
                }
            };
            match holds {
                // It counts from before the request: the others count from when they see it.
                Some(true) => renewed = Some(began),
                Some(false) => renewed = None,
                None if renewed.is_some_and(|at| at.elapsed() >= give_up) => renewed = None,
                None => {}
            }
            self.tell(renewed.is_some());
            tokio::time::sleep(retry).await;
        }
    }

    fn tell(&self, leads: bool) {
        let changed = self.leading.send_if_modified(|before| {
            let changed = *before != leads;
            *before = leads;
            changed
        });
        if changed {
            let event = if leads { "leading" } else { "following" };
            let who = [("identity", self.options.identity.as_str())];
            (self.say)(Weight::Info, event, &who);
        }
    }

    fn troubled(&mut self, why: &str) {
        if self.trouble.as_deref() != Some(why) {
            (self.say)(Weight::Warning, "lease_failed", &[("message", why)]);
            self.trouble = Some(why.to_owned());
        }
    }

    /// Takes or renews it: whether it is held now.
    async fn attempt(&mut self) -> Result<bool, kube::Error> {
        let now = MicroTime(crate::clock::now());
        let found = self.leases.get_opt(&self.options.name).await?;
        let Some(mut lease) = found else {
            let spec = self.held(LeaseSpec::default(), now);
            let lease = Lease {
                metadata: ObjectMeta {
                    name: Some(self.options.name.clone()),
                    ..ObjectMeta::default()
                },
                spec: Some(spec),
            };
            return self.replace(lease).await;
        };
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        let since = match &self.seen {
            Some((seen, since)) if *seen == version => *since,
            _ => Instant::now(),
        };
        self.seen = Some((version, since));
        let spec = lease.spec.take().unwrap_or_default();
        let holder = spec.holder_identity.as_deref().unwrap_or_default();
        let seconds = u64::try_from(spec.lease_duration_seconds.unwrap_or_default());
        let believed = Duration::from_secs(seconds.unwrap_or_default());
        let is_free = holder.is_empty() || since.elapsed() > believed;
        if holder != self.options.identity && !is_free {
            return Ok(false);
        }
        lease.spec = Some(self.held(spec, now));
        self.replace(lease).await
    }

    /// A PUT creates what is absent, and with its name: that right can be limited to the name.
    async fn replace(&mut self, lease: Lease) -> Result<bool, kube::Error> {
        let parameters = PostParams::default();
        let creates = lease.metadata.resource_version.is_none();
        let replaced = self.leases.replace(&self.options.name, &parameters, &lease);
        match replaced.await {
            Ok(lease) => {
                let version = lease.metadata.resource_version.unwrap_or_default();
                self.seen = Some((version, Instant::now()));
                Ok(true)
            }
            // Another was faster: a version that is no longer there, or one where there was none.
            Err(kube::Error::Api(status))
                if status.code == 409 || (creates && status.code == 422) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn held(&self, before: LeaseSpec, now: MicroTime) -> LeaseSpec {
        let is_mine = before.holder_identity.as_ref() == Some(&self.options.identity);
        let transitions = before.lease_transitions.unwrap_or_default();
        let seconds = i32::try_from(self.options.duration.as_secs().max(1));
        LeaseSpec {
            acquire_time: match before.acquire_time {
                Some(since) if is_mine => Some(since),
                _ => Some(now.clone()),
            },
            holder_identity: Some(self.options.identity.clone()),
            lease_duration_seconds: Some(seconds.unwrap_or(i32::MAX)),
            lease_transitions: Some(transitions.saturating_add(i32::from(!is_mine))),
            renew_time: Some(now),
            ..before
        }
    }

    /// Lets go of it, so that another need not wait.
    pub(crate) async fn release(&mut self) {
        if !*self.leading.borrow() {
            return;
        }
        self.tell(false);
        let found = self.leases.get_opt(&self.options.name).await;
        let Ok(Some(mut lease)) = found else { return };
        let Some(spec) = &mut lease.spec else { return };
        if spec.holder_identity.as_ref() != Some(&self.options.identity) {
            return;
        }
        spec.holder_identity = Some(String::new());
        spec.lease_duration_seconds = Some(1);
        let parameters = PostParams::default();
        let released = self.leases.replace(&self.options.name, &parameters, &lease);
        let event = match released.await {
            Ok(_) => "lease_released",
            Err(_) => "lease_not_released",
        };
        (self.say)(Weight::Info, event, &[]);
    }
}
