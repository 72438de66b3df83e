"""The asset between both DAGs, and what their trigger forms ask."""

from airflow.sdk import Asset, Param

DATASET = Asset("spotify_dataset")

MODEL_PARAMS = {
    "seed": Param(
        42,
        type="integer",
        minimum=0,
        maximum=2**32 - 1,
        title="Seed",
        description="Decides every random choice. The same seed gives the same model; another one a second opinion.",
    ),
    "trials": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        maximum=500,
        title="Models to try",
        description="More of them take longer and may find a better one. Left empty, as many as "
        "the operator configured; 40 take a minute at most with a usual playlist.",
    ),
    "force": Param(
        False,
        type="boolean",
        title="Train again (force)",
        description="Train even if these songs and settings gave a model before. Otherwise that one is kept.",
    ),
}
"""They travel with the dataset, from one DAG to the other."""

ETL_PARAMS = {
    "source": Param(
        None,
        type=["null", "string"],
        title="Playlist",
        description="A link to the file on Google Drive, a public https address, s3://data/incoming/<file> or "
        "incoming/<file>. Left empty, the playlist that the operator configured.",
    ),
    "test_size": Param(
        0.3,
        type="number",
        minimum=0.1,
        maximum=0.5,
        title="Part set aside for the test",
        description="Share of the songs that no model learns from: they show how good it is. 0.3 is 30 %.",
    ),
    **MODEL_PARAMS,
}

TRAINING_PARAMS = {
    "dataset_version": Param(
        None,
        type=["null", "string"],
        title="Dataset version",
        description="As in the address of its files in S3. Left empty, the latest one.",
    ),
    **MODEL_PARAMS,
}
