"""grpcio without stubs: both services as reflection describes them."""

from pathlib import Path

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpcurl import channel_to, method
from songs import CA_FILE, GRPC_ADDRESS, HAS_TLS, MODEL, ROWS, SONGS, answered, report

OURS, OPEN_INFERENCE = "song_preference.v1.PredictionService", "inference.GRPCInferenceService"

authority = Path(CA_FILE).read_bytes() if CA_FILE else None

with channel_to(GRPC_ADDRESS, grpc.ssl_channel_credentials(authority) if HAS_TLS else None) as channel:
    database = ProtoReflectionDescriptorDatabase(channel)
    assert {OURS, OPEN_INFERENCE, "grpc.health.v1.Health"} <= set(database.get_services())
    pool = DescriptorPool(database)
    ours = method(channel, pool, OURS, "PredictBatch")({"songs": SONGS}).answers
    tensor = {
        "name": "features",
        "datatype": "FP64",
        "shape": [len(ROWS), 4],
        "contents": {"fp64_contents": [value for row in ROWS for value in row]},
    }
    infer = method(channel, pool, OPEN_INFERENCE, "ModelInfer")
    outputs = {output.name: output for output in infer({"model_name": MODEL, "inputs": [tensor]}).outputs}
answered("reflection", [answer.liked for answer in ours], [answer.probability for answer in ours])
answered(
    "reflection, open inference protocol",
    outputs["label"].contents.int64_contents,
    outputs["probability"].contents.fp32_contents,
)
report()
