"""gql: it fetches the schema, checks the query with it, and sends the songs as a variable."""

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport
from songs import REST_URL, SONGS, TRUSTING, answered, report

QUERY = """query ($songs: [SongInput!]!) {
  predictBatch(songs: $songs) { answers { liked probability } }
}"""

transport = HTTPXTransport(url=f"{REST_URL}/graphql", timeout=60, verify=TRUSTING)
client = Client(transport=transport, fetch_schema_from_transport=True)
with client as session:
    answers = session.execute(GraphQLRequest(QUERY, variable_values={"songs": SONGS}))["predictBatch"]["answers"]
    codes = []
    try:
        session.execute(GraphQLRequest(QUERY, variable_values={"songs": [{**SONGS[0], "energy": 2}]}))
    except TransportQueryError as rejection:
        codes = [error["extensions"]["code"] for error in rejection.errors]
assert codes == ["INVALID_FEATURE"]
answered("gql", [answer["liked"] for answer in answers], [answer["probability"] for answer in answers])
report()
