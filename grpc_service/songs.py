"""Converts songs of the catalogue, and questions about them, between gRPC's messages and the domain."""

from typing import Any

from google.protobuf.message import Message

from song_preference.serving.songs import CatalogueSong, Found, Origin
from song_preference.v1 import prediction_pb2 as pb

SORTS = {pb.SORT_PROBABILITY: "probability", pb.SORT_POPULARITY: "popularity"}


def question_of(message: Message) -> dict[str, Any]:
    """Return the fields of a request that are set."""
    asked = {field.name: value for field, value in message.ListFields()}
    if "sort" in asked:
        asked["sort"] = SORTS.get(asked["sort"], asked["sort"])
    return asked


def song_message(song: CatalogueSong) -> pb.CatalogueSong:
    """Return the message of a song, without a model's answer."""
    described = song.model_dump(include={field.name for field in pb.CatalogueSong.DESCRIPTOR.fields})
    return pb.CatalogueSong(**described, features=pb.Song(**song.features.model_dump()))


def scored_messages(found: Found) -> list[pb.ScoredSong]:
    """Return the messages of songs with the stored answers."""
    return [
        pb.ScoredSong(song=song_message(song), probability=song.probability, liked=song.liked, reason=song.reason)
        for song in found.songs
    ]


def index_message(origin: Origin) -> pb.SongIndex:
    """Return the message of an index."""
    return pb.SongIndex(**vars(origin))
