//! Changes that need approval.

use opsec_proto::v1;

use crate::{Fixture, reason, someone, with, written};

const ALL: [&str; 3] = ["*", "*", "*"];
const SPEC: &str = "{appliesTo: {operators: [shop-operator]}, failOn: high}";

async fn propose(fixture: &Fixture) -> v1::BaselineRevision {
    let mut editor = fixture.by(Some(someone("ed", "editor", ALL))).baselines;
    let request = v1::CreateBaselineRequest {
        baseline: Some(written("shop", SPEC)),
        ..v1::CreateBaselineRequest::default()
    };
    let created = editor.create_baseline(request).await.unwrap().into_inner();
    created.proposal.unwrap()
}

fn approve(proposal: &v1::BaselineRevision) -> v1::ApproveBaselineRevisionRequest {
    v1::ApproveBaselineRevisionRequest {
        name: proposal.name.clone(),
        etag: proposal.etag.clone(),
        ..v1::ApproveBaselineRevisionRequest::default()
    }
}

async fn applies(fixture: &Fixture) -> String {
    let mut client = fixture.dev().baselines;
    let request = v1::ResolveBaselineRequest {
        operator: "shop-operator".to_owned(),
        ..v1::ResolveBaselineRequest::default()
    };
    let answer = client.resolve_baseline(request).await.unwrap();
    answer.into_inner().baseline.unwrap().name
}

#[tokio::test]
async fn a_proposal_applies_once_an_approver_approves_it() {
    let fixture = with(true);
    let proposal = propose(&fixture).await;
    assert_eq!(proposal.state(), v1::RevisionState::Proposed);
    assert_eq!(applies(&fixture).await, "baselines/default");
    let mut editor = fixture.by(Some(someone("ed", "editor", ALL))).baselines;
    let refused = editor
        .approve_baseline_revision(approve(&proposal))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "ROLE_MISSING");
    let mut itself = fixture.by(Some(someone("ed", "approver", ALL))).baselines;
    let refused = itself
        .approve_baseline_revision(approve(&proposal))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "SELF_APPROVAL");
    let mut approver = fixture.by(Some(someone("al", "approver", ALL))).baselines;
    let answer = approver
        .approve_baseline_revision(approve(&proposal))
        .await
        .unwrap();
    let revision = answer.into_inner().revision.unwrap();
    assert_eq!(revision.state(), v1::RevisionState::Approved);
    assert_eq!(revision.author, "corp/user:ed");
    assert_eq!(revision.decider, "corp/user:al");
    assert_eq!(applies(&fixture).await, "baselines/shop");
    let refused = approver
        .approve_baseline_revision(approve(&proposal))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "NOT_PROPOSED");
}

#[tokio::test]
async fn an_editor_withdraws_its_own_proposal_and_no_others() {
    let fixture = with(true);
    let proposal = propose(&fixture).await;
    let reject = v1::RejectBaselineRevisionRequest {
        name: proposal.name.clone(),
        etag: proposal.etag.clone(),
        ..v1::RejectBaselineRevisionRequest::default()
    };
    let mut other = fixture.by(Some(someone("eve", "editor", ALL))).baselines;
    let refused = other
        .reject_baseline_revision(reject.clone())
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "ROLE_MISSING");
    let mut own = fixture.by(Some(someone("ed", "editor", ALL))).baselines;
    let rejected = own
        .reject_baseline_revision(reject)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        rejected.revision.unwrap().state(),
        v1::RevisionState::Rejected
    );
    assert_eq!(applies(&fixture).await, "baselines/default");
}
