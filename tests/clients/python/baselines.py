"""What a platform team's script does: lists operators, checks, and keeps baselines."""

import sys

import grpc
from google.rpc import error_details_pb2, status_pb2
from opsec.v1 import (
    baseline_pb2,
    baseline_pb2_grpc,
    check_pb2,
    check_pb2_grpc,
    cluster_pb2,
    cluster_pb2_grpc,
)

DOCUMENT = b"""\
apiVersion: kubectl-opsec.dev/v1alpha1
kind: OperatorBaseline
metadata: {name: cache-operator}
spec:
  appliesTo: {operators: [cache-operator]}
  failOn: critical
"""


def reason(error):
    """The reason of an error, for programs."""
    status = status_pb2.Status()
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            status.ParseFromString(value)
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info.reason
    return ""


def refused(call, request, code, expected):
    """A call that must be refused so."""
    try:
        call(request)
    except grpc.RpcError as error:
        assert error.code() == code, error
        assert reason(error) == expected, (reason(error), expected)
        return
    raise AssertionError(f"not refused with {expected}")


def main(address, manifest):
    channel = grpc.insecure_channel(address)
    checks = check_pb2_grpc.CheckServiceStub(channel)
    baselines = baseline_pb2_grpc.BaselineServiceStub(channel)
    clusters = cluster_pb2_grpc.ClusterServiceStub(channel)

    with open(manifest, "rb") as file:
        content = file.read()
    documents = check_pb2.RawDocuments(
        files=[check_pb2.RawDocument(name="as-shipped.yaml", content=content)]
    )
    operators = checks.ListOperators(check_pb2.ListOperatorsRequest(documents=documents))
    assert [one.name for one in operators.operators] == ["cache-operator"]

    judged = checks.Check(check_pb2.CheckRequest(documents=documents))
    assert judged.results[0].baseline.revision == 0
    assert not judged.registered

    created = baselines.CreateBaseline(
        baseline_pb2.CreateBaselineRequest(baseline=baseline_pb2.Baseline(document=DOCUMENT))
    ).baseline
    assert created.revision == 1 and created.author == "dev"
    refused(
        baselines.CreateBaseline,
        baseline_pb2.CreateBaselineRequest(baseline=baseline_pb2.Baseline(document=DOCUMENT)),
        grpc.StatusCode.ALREADY_EXISTS,
        "BASELINE_EXISTS",
    )
    stricter = DOCUMENT.replace(b"critical", b"low")
    change = baseline_pb2.Baseline(name=created.name, document=stricter, etag=created.etag)
    updated = baselines.UpdateBaseline(baseline_pb2.UpdateBaselineRequest(baseline=change)).baseline
    assert updated.revision == 2
    refused(
        baselines.UpdateBaseline,
        baseline_pb2.UpdateBaselineRequest(baseline=change),
        grpc.StatusCode.ABORTED,
        "ETAG_STALE",
    )

    judged = checks.Check(check_pb2.CheckRequest(documents=documents))
    assert judged.results[0].baseline.name == "baselines/cache-operator"
    assert judged.results[0].baseline.revision == 2

    refused(
        checks.Check,
        check_pb2.CheckRequest(documents=documents, cluster="prod-1"),
        grpc.StatusCode.FAILED_PRECONDITION,
        "CLUSTER_MISMATCH",
    )
    refused(
        checks.Check,
        check_pb2.CheckRequest(documents=documents, record=True),
        grpc.StatusCode.FAILED_PRECONDITION,
        "NOT_RECORDABLE",
    )

    registered = clusters.CreateCluster(
        cluster_pb2.CreateClusterRequest(
            cluster=cluster_pb2.Cluster(name="clusters/prod-1", uid="11111111-2222-4333-8444-555555555555")
        )
    ).cluster
    assert registered.name == "clusters/prod-1" and registered.etag

    watch = baselines.WatchBaselines(baseline_pb2.WatchBaselinesRequest(), timeout=30)
    first = next(watch)
    assert first.kind == baseline_pb2.WATCH_KIND_CURRENT and first.revision == 2
    assert next(watch).kind == baseline_pb2.WATCH_KIND_SYNCED
    back = baselines.RollbackBaseline(
        baseline_pb2.RollbackBaselineRequest(name=updated.name, revision=1, etag=updated.etag)
    ).baseline
    changed = next(watch)
    assert changed.kind == baseline_pb2.WATCH_KIND_CHANGED and changed.revision == 3
    assert changed.effective_digest == back.effective_digest
    watch.cancel()

    deleted = baselines.DeleteBaseline(
        baseline_pb2.DeleteBaselineRequest(name=back.name, etag=back.etag)
    )
    assert deleted.revision == 4
    refused(
        baselines.GetBaseline,
        baseline_pb2.GetBaselineRequest(name=back.name),
        grpc.StatusCode.NOT_FOUND,
        "BASELINE_NOT_FOUND",
    )
    print("all of it held")


if __name__ == "__main__":
    main(*sys.argv[1:])
