"""What a pipeline does: has an operator attested, and verifies the statement without the service, by
another implementation of DSSE than the service's own."""

import base64
import datetime
import json
import subprocess
import sys

import grpc
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from opsec.v1 import (
    attestation_pb2,
    attestation_pb2_grpc,
    baseline_pb2,
    baseline_pb2_grpc,
    cluster_pb2,
    cluster_pb2_grpc,
    snapshot_pb2,
)

UID = "11111111-2222-4333-8444-555555555555"
IMAGE = "registry.example.com/shop@sha256:" + "ab" * 32
BASELINE = b"""\
apiVersion: kubectl-opsec.dev/v1alpha1
kind: OperatorBaseline
metadata: {name: default}
spec:
  attestation: {minimumCollection: CLIENT_ASSERTED}
"""


def facts():
    """A cluster with one Deployment on it, as it was read just now."""
    workload = {
        "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": "shop"},
        "template": {
            "metadata": {"name": ""},
            "spec": {"containers": [{"name": "manager", "image": IMAGE}]},
        },
    }
    now = datetime.datetime.now(datetime.timezone.utc)
    return snapshot_pb2.Snapshot(
        source=snapshot_pb2.Source(kind=snapshot_pb2.SOURCE_KIND_CLUSTER),
        gathered_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        cluster_uid=UID,
        facts=[
            snapshot_pb2.KindFacts(
                group="kubectl-opsec.dev",
                resource="workloads",
                objects_json=json.dumps([workload]).encode(),
            )
        ],
    )


def keys(bundle):
    """The keys of a trust bundle, as the judge knows keys."""
    schemes = {"ed25519": "ed25519", "ecdsa-p256-sha256": "ecdsa-sha2-nistp256"}
    return [
        SSlibKey.from_crypto(
            load_pem_public_key(key["publicKeyPem"].encode()),
            keyid=key["keyid"],
            scheme=schemes[key["algorithm"]],
        )
        for key in bundle["keys"]
    ]


def main(address, plugin, folder):
    channel = grpc.insecure_channel(address)
    attestations = attestation_pb2_grpc.AttestationServiceStub(channel)
    cluster_pb2_grpc.ClusterServiceStub(channel).CreateCluster(
        cluster_pb2.CreateClusterRequest(
            cluster=cluster_pb2.Cluster(name="clusters/prod-1", uid=UID)
        )
    )
    baseline_pb2_grpc.BaselineServiceStub(channel).CreateBaseline(
        baseline_pb2.CreateBaselineRequest(baseline=baseline_pb2.Baseline(document=BASELINE))
    )
    attested = attestations.Attest(
        attestation_pb2.AttestRequest(snapshot=facts(), operator="shop", allow_failed=True)
    ).attestation
    answer = attestations.GetTrustBundle(attestation_pb2.GetTrustBundleRequest())
    bundle = json.loads(answer.trust_bundle)

    envelope = Envelope.from_dict(json.loads(attested.envelope))
    assert set(envelope.verify(keys(bundle), 1)) == {attested.key_id}
    statement = json.loads(envelope.payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    subjects = [subject["digest"]["sha256"] for subject in statement["subject"]]
    assert "ab" * 32 in subjects, subjects
    assert statement["predicate"]["target"]["imagesComplete"] is True

    # Bytes that say something else are not what was signed.
    said = json.loads(attested.envelope)
    other = envelope.payload.replace(b'"FAILED"', b'"PASSED"')
    assert other != envelope.payload
    said["payload"] = base64.b64encode(other).decode()
    try:
        Envelope.from_dict(said).verify(keys(bundle), 1)
    except VerificationError:
        pass
    else:
        raise AssertionError("a payload that was changed verifies")

    # The plugin comes to the same offline: authentic, and the operator fails.
    with open(f"{folder}/shop.dsse.json", "wb") as file:
        file.write(attested.envelope)
    with open(f"{folder}/trust.json", "wb") as file:
        file.write(answer.trust_bundle)
    line = [plugin, "verify", f"{folder}/shop.dsse.json", "--trust-bundle", f"{folder}/trust.json"]
    line += ["--cluster-uid", UID, "--operator", "shop", "--image", IMAGE.split("@")[1]]
    verified = subprocess.run(line, capture_output=True, text=True, check=False)
    assert verified.returncode == 1, verified
    assert "authentic, result FAILED" in verified.stdout, verified
    print("all of it held")


if __name__ == "__main__":
    main(*sys.argv[1:])
