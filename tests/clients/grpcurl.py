#!/usr/bin/env python
"""What grpcurl does with the options that the documents use, for machines without it: a call by reflection."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToJson, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


def channel_to(address: str, credentials: grpc.ChannelCredentials | None) -> grpc.Channel:
    """Return a channel with TLS, or without where there are no credentials."""
    return grpc.secure_channel(address, credentials) if credentials else grpc.insecure_channel(address)


def method(channel: grpc.Channel, pool: DescriptorPool, service: str, name: str) -> Callable[[dict[str, Any]], Any]:
    """Return a function that calls a method with a message in the form of JSON."""
    found = pool.FindServiceByName(service).FindMethodByName(name)
    request, response = GetMessageClass(found.input_type), GetMessageClass(found.output_type)
    call = channel.unary_unary(
        f"/{service}/{name}", request_serializer=request.SerializeToString, response_deserializer=response.FromString
    )
    return lambda message: call(ParseDict(message, request()), timeout=60)


def main() -> None:
    """Print the answer as grpcurl does."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("-plaintext", action="store_true")
    for option in ("-cacert", "-cert", "-key"):
        parser.add_argument(option, type=lambda path: Path(path).read_bytes())
    parser.add_argument("-d", dest="message", type=json.loads, default={})
    parser.add_argument("address")
    parser.add_argument("method")
    asked = parser.parse_args()
    credentials = grpc.ssl_channel_credentials(asked.cacert, asked.key, asked.cert)
    with channel_to(asked.address, None if asked.plaintext else credentials) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        try:
            print(MessageToJson(method(channel, pool, *asked.method.split("/"))(asked.message)))
        except grpc.RpcError as error:
            sys.exit(f"ERROR:\n  Code: {error.code().name}\n  Message: {error.details()}")


if __name__ == "__main__":
    main()
