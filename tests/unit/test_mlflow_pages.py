from song_preference.mlflow_pages import experiments_page, run_page, version_page

VIEW = "?workflowType=machine_learning"


def test_each_page_opens_in_the_view_for_trained_models_where_mlflow_takes_one() -> None:
    assert experiments_page("http://m") == f"http://m/#/experiments{VIEW}"
    assert run_page("http://m", "f00d", "3") == f"http://m/#/experiments/3/runs/f00d{VIEW}"
    assert run_page("http://m", "f00d", None) == "http://m/#/runs/f00d"
    assert version_page("http://m", "a model", "2") == f"http://m/#/models/a%20model/versions/2{VIEW}"
