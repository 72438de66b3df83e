"""Parts that both DAGs use: forms, links and the kind of task."""
