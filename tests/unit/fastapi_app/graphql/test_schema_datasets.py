from fastapi.testclient import TestClient

from tests.support.datasets import MemoryObjects, Publish

DATASET = (
    "query ($version: String!) { dataset(version: $version) { version songs likes seed features { feature mean } } }"
)


def test_versions_are_listed(managed: TestClient, publish: Publish) -> None:
    first, second = publish(1), publish(2)
    listed = managed.post("/graphql", json={"query": "{ datasets(first: 5) { version createdAt } }"}).json()
    assert [found["version"] for found in listed["data"]["datasets"]] == [second.version, first.version]
    for name, version in ((first.version, first), ("latest", second)):
        body = {"query": DATASET, "variables": {"version": name}}
        found = managed.post("/graphql", json=body).json()["data"]["dataset"]
        assert (found["version"], found["seed"]) == (version.version, version.parameters.seed)
        assert (found["songs"], found["likes"]) == (version.preparation.rows_kept, version.preparation.likes)
        assert {item["feature"]: item["mean"] for item in found["features"]} == {
            name: spread.mean for name, spread in version.preparation.features.items()
        }


def test_what_is_not_there_has_its_code(managed: TestClient, quiet: TestClient, objects: MemoryObjects) -> None:
    def code(client: TestClient, version: str = "latest") -> str:
        answer = client.post("/graphql", json={"query": DATASET, "variables": {"version": version}}).json()
        return str(answer["errors"][0]["extensions"]["code"])

    assert (code(managed), code(quiet)) == ("DATASET_NOT_FOUND", "NOT_MANAGED")
    objects.contents["other/dataset.json"] = b"{}"
    assert code(managed, "../other") == "DATASET_NOT_FOUND"
    objects.is_down = True
    assert code(managed) == "STORAGE_UNAVAILABLE"
