from urllib.parse import urlsplit

from playwright.sync_api import Browser, Route, expect

from fastapi_app.graphql.router import ASSETS


def test_graphiql_needs_no_other_server_and_runs_its_example(chromium: Browser, environment: dict[str, str]) -> None:
    """Its own introspection passes the limits, too: else there would be no documentation."""
    home = environment["FASTAPI_URL"]
    outside, complaints, loaded = list[str](), list[str](), set[str]()

    def fetch(route: Route) -> None:
        if route.request.url.startswith(f"{home}/"):
            loaded.add(urlsplit(route.request.url).path.rpartition("/")[2])
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    page = chromium.new_page()
    page.route("**/*", fetch)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{home}/graphql")
    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text('"probability"')
    page.get_by_role("button", name="Show Documentation Explorer").click()
    expect(page.locator(".graphiql-doc-explorer")).to_contain_text("Query")
    page.close()
    assert loaded >= set(ASSETS)
    assert outside == []
    assert complaints == []
